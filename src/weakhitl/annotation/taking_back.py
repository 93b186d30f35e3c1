"""Take back what was routed last by mistake, as long as nobody has said anything about it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from weakhitl.annotation.store import Event, chain, tables
from weakhitl.annotation.store.database import in_parts
from weakhitl.errors import StateError
from weakhitl.routing import REQUESTED
from weakhitl.wording import number_of

BATCH, AGAIN = "batch", "again"
"""What routing does: it draws a batch, or asks items again."""

_event, _rating, _routed, _task = tables.event.c, tables.rating.c, tables.routed.c, tables.task.c


@dataclass(frozen=True)
class TakenBack:
    """What was taken back.

    Attributes
    ----------
    kind
        ``batch`` or ``again``.
    items
        Those that nobody is asked about now, or not again.
    ratings
        How many ratings count again that had been set aside.

    """

    kind: str
    items: tuple[str, ...]
    ratings: int = 0


def take_back(connection: Connection, arrived: Collection[str]) -> TakenBack:
    """Take back the last batch, or the last time that items were asked again; the connection has to be the writer's.

    Items that ``arrived`` with a question of their own go on being asked about. Who has an item of it open is told that
    it is not theirs. Raises ``StateError`` where there is nothing, where the last batch is of items that somebody asked
    for, and where something was said about its items since.
    """
    row = connection.execute(
        select(_event.number, _event.kind, _event.body)
        .where(_event.kind.in_([BATCH, AGAIN]), _event.number.not_in(chain.taken_back(connection)))
        .order_by(_event.number.desc())
        .limit(1)
    ).first()
    if row is None:
        raise StateError("nothing was routed that could be taken back")
    body = json.loads(row.body)
    if row.kind == BATCH and body["kind"] == REQUESTED:
        raise StateError("the last batch holds items that somebody asked for by name, or that arrived; it stays")
    items = body["items"] if row.kind == AGAIN else _items(connection, body["number"])
    _check_nothing_said(connection, row.number, items)
    chain.append(connection, [Event(chain.TAKEN_BACK, body={"event": row.number, "items": list(items)})])
    for part in in_parts(items):
        connection.execute(delete(tables.lease).where(tables.lease.c.item.in_(part)))
        connection.execute(update(tables.task).where(_task.item.in_(part)).values(leased=0))
    if row.kind == AGAIN:
        restored = update(tables.rating).where(_rating.retired == row.number).values(retired=0)
        return TakenBack(AGAIN, tuple(items), connection.execute(restored).rowcount)
    for part in in_parts([item for item in items if item not in arrived]):
        connection.execute(delete(tables.task).where(_task.item.in_(part)))
    connection.execute(delete(tables.routed).where(_routed.batch == body["number"]))
    connection.execute(delete(tables.batch).where(tables.batch.c.number == body["number"]))
    # The next batch may get the same places in the queue, which people would have passed.
    connection.execute(delete(tables.cursor))
    return TakenBack(BATCH, tuple(items))


def _items(connection: Connection, batch: int) -> list[str]:
    return list(connection.execute(select(_routed.item).where(_routed.batch == batch)).scalars())


def _check_nothing_said(connection: Connection, since: int, items: Sequence[str]) -> None:
    said: set[Any] = set()
    for part in in_parts(items):
        said |= set(
            connection.execute(select(_rating.item).where(_rating.number > since, _rating.item.in_(part))).scalars()
        )
    if said:
        raise StateError(
            f"people have said something about {number_of(len(said), 'item')} of the {len(items):,} since they were "
            "routed: what was asked and answered stays"
        )
