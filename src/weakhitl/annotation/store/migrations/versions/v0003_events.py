"""Events in a chain, the queue, and people with links."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from weakhitl.annotation.store.chain import FIRST, Event, append

revision = "0003"
down_revision = "0002"

_STATE = sa.table("state", *map(sa.column, ("id", "number", "hash", "ticks")))
_RATING = sa.table(
    "rating",
    *map(
        sa.column,
        ("number", "item", "annotator", "role", "label", "guideline", "time", "seconds", "note", "suggestion"),
    ),
    sa.column("suggested", sa.Boolean),
    sa.column("retired"),
)


def upgrade() -> None:
    """Make the new tables, and tell what was there as events."""
    connection = op.get_bind()
    old = connection.execute(
        sa.text("SELECT item, annotator, label, role, guideline, time FROM rating ORDER BY number")
    ).all()
    op.drop_table("rating")
    _make_tables()
    connection.execute(sa.insert(_STATE).values(id=1, number=0, hash=FIRST, ticks=0))
    _tell_batches(connection)
    _tell_ratings(connection, old)
    _make_tasks(connection)


def _make_tables() -> None:
    op.create_table(
        "state",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("ticks", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("item", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("event_of_item", "event", ["item"])
    op.create_table(
        "rating",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("guideline", sa.Text, nullable=False),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float(53)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("suggestion", sa.Text, nullable=False),
        sa.Column("suggested", sa.Boolean, nullable=False),
        sa.Column("retired", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("item", "annotator", "role", "retired", name="one_rating"),
    )
    op.create_index("rating_of_annotator", "rating", ["annotator", "role"])
    op.create_table(
        "task",
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("skill", sa.Text, nullable=False),
        sa.Column("overlap", sa.Integer),
        sa.Column("have", sa.Integer, nullable=False),
        sa.Column("leased", sa.Integer, nullable=False),
        sa.Column("free", sa.Integer, nullable=False),
        sa.Column("lane", sa.Integer, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "free_task",
        "task",
        ["kind", "skill", "lane", "turn"],
        sqlite_where=sa.text("free > 0"),
        postgresql_where=sa.text("free > 0"),
    )
    op.create_table(
        "lease",
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("suggested", sa.Boolean, nullable=False),
    )
    op.create_index("lease_end", "lease", ["active", "until"])
    op.create_index("lease_of_person", "lease", ["person"])
    op.create_table(
        "cursor",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("skill", sa.Text, primary_key=True),
        sa.Column("lane", sa.Integer, primary_key=True),
        sa.Column("turn", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "person",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("token", sa.Text, unique=True),
        sa.Column("skills", sa.Text, nullable=False),
        sa.Column("quota", sa.Integer),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_table(
        "login",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
    )
    op.create_index("login_of_person", "login", ["person"])
    op.create_table(
        "guideline",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )


def _tell_batches(connection: sa.Connection) -> None:
    heads = connection.execute(sa.text("SELECT number, kind, seed, overlap, frame FROM batch ORDER BY number")).all()
    names = ("number", "kind", "seed", "overlap", "frame")
    append(connection, [Event("batch", body=dict(zip(names, row, strict=True)), time="") for row in heads])


def _tell_ratings(connection: sa.Connection, old: Sequence[Any]) -> None:
    events, rows = [], []
    for item, annotator, label, role, guideline, time in old:
        told = {"label": label, "role": role, "guideline": guideline}
        events.append(Event("rating", annotator, item, told, time=time))
        rows.append(told | {"item": item, "annotator": annotator, "time": time})
    blank = {"seconds": None, "note": "", "suggestion": "", "suggested": False, "retired": 0}
    numbers = append(connection, events)
    if rows:
        connection.execute(
            sa.insert(_RATING),
            [row | blank | {"number": number} for row, number in zip(rows, numbers, strict=True)],
        )


def _make_tasks(connection: sa.Connection) -> None:
    """Queue what was routed; the queue counts what it has when it first looks."""
    connection.execute(
        sa.text(
            "INSERT INTO task (item, kind, skill, overlap, have, leased, free, lane, turn) "
            "SELECT routed.item, batch.kind, '', batch.overlap, 0, 0, coalesce(batch.overlap, 1000000), 1, "
            "routed.place FROM routed JOIN batch ON routed.batch = batch.number"
        )
    )
