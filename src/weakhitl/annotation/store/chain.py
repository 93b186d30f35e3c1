"""Events in a chain of hashes: none can be changed, dropped or put in between unseen."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, bindparam, insert, select, update

from weakhitl.annotation.store import tables

FIRST = ""
"""What the first event follows."""

TAKEN_BACK = "taken-back"
"""The kind of an event by which an earlier one counts no more; its body names that one's number."""


_STATE = select(tables.state.c.number, tables.state.c.hash)
_MOVE = update(tables.state).values(number=bindparam("to"), hash=bindparam("with_hash"))


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes
    ----------
    kind
        batch, rating, correction, undo, flag, person, revoked, guideline, again, arrival, shown, votes or taken-back.
    actor
        Who did it; empty for the command line.
    item
        What it is about, if it is one item.
    body
        The rest; JSON can hold it.
    id
        Made where it happened, so that sending it twice stores it once.
    time
        ISO 8601, UTC.

    """

    kind: str
    actor: str = ""
    item: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid4().hex)
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))

    def row(self, number: int, previous: str) -> dict[str, Any]:
        """Give the row of the table, hash included."""
        body = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        row = {"number": number, "id": self.id, "kind": self.kind, "time": self.time, "actor": self.actor}
        row |= {"item": self.item, "body": body}
        return row | {"hash": event_hash(previous, list(row.values()))}


def event_hash(previous: str, cells: Sequence[Any]) -> str:
    """Hash an event's number, id, kind, time, actor, item and body, and the hash of the event before."""
    text = json.dumps([previous, *cells], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def append(connection: Connection, events: Iterable[Event]) -> list[int]:
    """Append events and give their numbers; the connection has to be the writer's."""
    number, previous = connection.execute(_STATE).one()
    rows = []
    for one in events:
        number += 1
        rows.append(one.row(number, previous))
        previous = rows[-1]["hash"]
    if rows:
        connection.execute(insert(tables.event), rows)
        connection.execute(_MOVE, {"to": number, "with_hash": previous})
    return [row["number"] for row in rows]


def tick(connection: Connection) -> int:
    """Give a number that is larger than all before it."""
    value = connection.execute(select(tables.state.c.ticks)).scalar_one() + 1
    connection.execute(update(tables.state).values(ticks=value))
    return int(value)


def taken_back(connection: Connection) -> list[int]:
    """Give the numbers of the events that were taken back."""
    query = select(tables.event.c.body).where(tables.event.c.kind == TAKEN_BACK)
    return [json.loads(body)["event"] for body in connection.execute(query).scalars()]


def chain_faults(connection: Connection) -> Iterator[str]:
    """Say what is wrong with the chain; nothing if it holds."""
    number, previous = 0, FIRST
    rows = connection.execute(select(tables.event).order_by(tables.event.c.number))
    for *cells, stored in rows:
        number += 1
        if cells[0] != number:
            yield f"event {number:,} is missing: event {cells[0]:,} comes next"
            number = cells[0]
        if event_hash(previous, cells) != stored:
            yield f"event {number:,} is not what was written, or follows another one"
        previous = stored
    last, end = connection.execute(_STATE).one()
    if (last, end) != (number, previous):
        yield f"the chain ends at event {number:,}; the last one written was {last:,}"
