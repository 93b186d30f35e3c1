"""Items that arrived one by one: what was decided of each, and those of them that wait for people."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from weakhitl.annotation import queue
from weakhitl.annotation.store import AnnotationStore, Event, chain, tables
from weakhitl.errors import StateError
from weakhitl.routing.batch import ROUTING

Outcome = Literal["accepted", "routed", "unlabelled"]
"""It has a label, and nobody needs to look; people are asked; it has no label, and goes to nobody."""

KIND = "arrival"

_event = tables.event.c


@dataclass(frozen=True)
class Arrival:
    """An item that came, and what was decided.

    Attributes
    ----------
    item, row
        Its id, and its cells without the id.
    said
        The class and confidence that came with it: ``{"label": ..., "confidence": ...}``; empty where none did.
    outcome
        What was decided.
    label, confidence
        The class that it has or most likely has, None where nothing is known; confidence is None where a rule said so.
    by
        What decided: ``rule:NAME``, ``upstream`` or ``model``, with what stood against it in brackets.
    watched
        Whether it was accepted and is shown to people all the same, by lot.

    """

    item: str
    row: Mapping[str, Any]
    said: Mapping[str, Any]
    outcome: Outcome
    label: str | None
    confidence: float | None
    by: str
    watched: bool = False

    @property
    def asked(self) -> bool:
        """Whether people are asked about it."""
        return self.outcome == "routed" or self.watched


class Arrivals:
    """The arrivals in a store; none is changed or forgotten."""

    def __init__(self, store: AnnotationStore) -> None:
        self._store = store

    def find(self, item: str) -> Arrival | None:
        """Give what was decided of an item; None where it did not arrive."""
        if not self._store.database.exists:
            return None
        with self._store.database.read() as connection:
            return self._find(connection, item)

    def add(self, arrival: Arrival, actor: str, overlap: int, skill: str = "") -> Arrival:
        """Keep an arrival, and queue its item before all others if people are asked; give what stands.

        An item that comes again gets the answer that it got. Raises ``StateError`` where it came with other cells or
        another class then, or was routed otherwise.
        """
        with self._store.database.write() as connection:
            before = self._find(connection, arrival.item)
            if before is not None:
                if (before.row, before.said) != (arrival.row, arrival.said):
                    raise StateError(f"item {arrival.item!r} arrived before, with other cells or another class")
                return before
            body = {name: value for name, value in asdict(arrival).items() if name != "item"}
            chain.append(connection, [Event(KIND, actor, arrival.item, body, id=_id(arrival.item))])
            if arrival.asked:
                _queue(connection, arrival.item, overlap, skill)
        return arrival

    def items(self) -> set[str]:
        """Name the items that arrived."""
        if not self._store.database.exists:
            return set()
        with self._store.database.read() as connection:
            return set(connection.execute(select(_event.item).where(_event.kind == KIND)).scalars())

    def all(self) -> list[Arrival]:
        """List all arrivals, oldest first."""
        return [self._arrival(str(one.item), one.body) for one in self._store.events(kind=KIND)]

    def _find(self, connection: Connection, item: str) -> Arrival | None:
        body = connection.execute(select(_event.body).where(_event.id == _id(item))).scalar()
        return None if body is None else self._arrival(item, json.loads(body))

    def _arrival(self, item: str, body: Mapping[str, Any]) -> Arrival:
        """Read an arrival, its classes by today's names."""
        former, said = self._store.former, dict(body["said"])
        if "label" in said:
            said["label"] = former.get(said["label"], said["label"])
        return Arrival(item=item, **{**body, "said": said, "label": former.get(body["label"], body["label"])})


def _id(item: str) -> str:
    return f"{KIND}:{item}"


def _queue(connection: Connection, item: str, overlap: int, skill: str) -> None:
    if connection.execute(select(tables.task.c.item).where(tables.task.c.item == item)).first() is not None:
        raise StateError(f"item {item!r} is with people already")
    # Somebody waits for the answer: it goes before what can wait.
    row = {"item": item, "kind": ROUTING, "skill": skill, "overlap": overlap, "have": 0, "leased": 0}
    place = {"free": overlap, "lane": queue.BACK, "turn": chain.tick(connection)}
    connection.execute(insert(tables.task), {**row, **place})
