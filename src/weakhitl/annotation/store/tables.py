"""The tables of the store, as they are in its newest version; ``migrations`` leads there from every earlier one.

``event`` is what happened, and never changed. ``batch`` and ``routed`` are what was drawn, ``rating`` what people say
now: it follows from the events. ``task``, ``lease`` and ``cursor`` serve the queue, ``person`` and ``login`` the doors.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

state = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("ticks", BigInteger, nullable=False),
)
"""One row: the last event's number and hash, and a counter. Every writer takes it first, so there is one at a time."""

event = Table(
    "event",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("item", Text),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("event_of_item", "item"),
)

batch = Table(
    "batch",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("overlap", Integer),
    Column("frame", Integer, nullable=False),
)

routed = Table(
    "routed",
    metadata,
    Column("place", Integer, primary_key=True),
    Column("batch", Integer, ForeignKey("batch.number"), nullable=False),
    Column("item", Text, nullable=False, unique=True),
    Column("reason", Text, nullable=False),
    Column("probability", Float(53), nullable=False),
    Column("rank", Integer, nullable=False),
)

rating = Table(
    "rating",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("item", Text, nullable=False),
    Column("annotator", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("label", Text),
    Column("guideline", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("seconds", Float(53)),
    Column("note", Text, nullable=False),
    Column("suggestion", Text, nullable=False),
    Column("suggested", Boolean, nullable=False),
    Column("retired", BigInteger, nullable=False),
    UniqueConstraint("item", "annotator", "role", "retired", name="one_rating"),
    Index("rating_of_annotator", "annotator", "role"),
)
"""``number`` is the rating's first event; ``retired`` the event that asked for the item again, 0 for what stands."""

task = Table(
    "task",
    metadata,
    Column("item", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("skill", Text, nullable=False),
    Column("overlap", Integer),
    Column("have", Integer, nullable=False),
    Column("leased", Integer, nullable=False),
    Column("free", Integer, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("turn", BigInteger, nullable=False),
)
_free = task.c.free > 0
Index("free_task", task.c.kind, task.c.skill, task.c.lane, task.c.turn, sqlite_where=_free, postgresql_where=_free)
"""``free`` is how many more people may be given the item now: wanted, less had, less leased."""

lease = Table(
    "lease",
    metadata,
    Column("item", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("since", Float(53), nullable=False),
    Column("until", Float(53), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("suggested", Boolean, nullable=False),
    Index("lease_end", "active", "until"),
    Index("lease_of_person", "person"),
)

"""``active`` until it is over; then it stays, so that a late rating is known to be of somebody who was asked."""

cursor = Table(
    "cursor",
    metadata,
    Column("person", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("skill", Text, primary_key=True),
    Column("lane", Integer, primary_key=True),
    Column("turn", BigInteger, nullable=False),
)
"""How far a person has come in a lane: what is before is theirs already, or comes back with a later turn."""

person = Table(
    "person",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("token", Text, unique=True),
    Column("skills", Text, nullable=False),
    Column("quota", Integer),
    Column("created", Text, nullable=False),
)
"""``token`` is the hash of the link's secret; NULL once it is revoked."""

login = Table(
    "login",
    metadata,
    Column("key", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("until", Float(53), nullable=False),
    Index("login_of_person", "person"),
)

guideline = Table(
    "guideline",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("time", Text, nullable=False),
    Column("text", Text, nullable=False),
)
