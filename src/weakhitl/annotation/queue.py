"""The queue: which item a person is given next, for how long, and how many people an item still wants.

Items wait in two lanes, each in the order of its turns: those that came back (abandoned, undone, or rated differently
by different people) first, then the others. A cursor per person and lane remembers how far they have come, so that the
next item is found at once however many there are: what came back has a turn after every cursor.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, update

from weakhitl.annotation.overlap import Overlap
from weakhitl.annotation.store import ANNOTATOR, chain, tables
from weakhitl.annotation.store.store import EVERYBODY

BACK, FRESH = 0, 1
"""The lanes."""

_task, _lease, _rating, _cursor = tables.task.c, tables.lease.c, tables.rating.c, tables.cursor.c


def find_free(connection: Connection, person: str, kinds: Sequence[str], skills: Iterable[str]) -> str | None:
    """Give the first item that a person may have, and move their cursor to it; None if there is none."""
    for lane in (BACK, FRESH):
        for kind in kinds:
            found = [_first(connection, person, kind, skill, lane) for skill in ("", *skills)]
            first = min(filter(None, found), key=lambda row: row.turn, default=None)
            if first is not None:
                _advance(connection, person, kind, first.skill, lane, first.turn)
                return str(first.item)
    return None


def _first(connection: Connection, person: str, kind: str, skill: str, lane: int) -> Any:
    mine = (_cursor.person == person) & (_cursor.kind == kind) & (_cursor.skill == skill) & (_cursor.lane == lane)
    start = connection.execute(select(_cursor.turn).where(mine)).scalar() or 0
    place = (_task.free > 0) & (_task.kind == kind) & (_task.skill == skill) & (_task.lane == lane)
    had = exists().where(
        (_rating.item == _task.item)
        & (_rating.annotator == person)
        & (_rating.role == ANNOTATOR)
        & (_rating.retired == 0)
    )
    query = select(_task.item, _task.skill, _task.turn).where(place, _task.turn > start, ~had)
    found = connection.execute(query.order_by(_task.turn).limit(1)).first()
    if found is None:  # so that what is theirs already is passed once, not each time
        last = connection.execute(select(func.max(_task.turn)).where(place)).scalar()
        if last is not None and last > start:
            _advance(connection, person, kind, skill, lane, last)
    return found


def _advance(connection: Connection, person: str, kind: str, skill: str, lane: int, turn: int) -> None:
    key = {"person": person, "kind": kind, "skill": skill, "lane": lane}
    where = and_(*(tables.cursor.c[name] == value for name, value in key.items()))
    if not connection.execute(update(tables.cursor).where(where).values(turn=turn)).rowcount:
        connection.execute(insert(tables.cursor).values(**key, turn=turn))


def take(
    connection: Connection, item: str, person: str, role: str, now: float, until: float, *, suggested: bool = False
) -> None:
    """Lease an item to a person."""
    key = {"item": item, "person": person, "role": role}
    connection.execute(delete(tables.lease).where(_of(item, person, role)))
    connection.execute(insert(tables.lease).values(**key, since=now, until=until, active=True, suggested=suggested))
    if role == ANNOTATOR:
        values = {"leased": _task.leased + 1, "free": _task.free - 1}
        connection.execute(update(tables.task).where(_task.item == item).values(values))


def extend(connection: Connection, item: str, person: str, role: str, until: float) -> bool:
    """Prolong a lease that still runs; say whether it did."""
    running = _of(item, person, role) & _lease.active.is_(True)
    return bool(connection.execute(update(tables.lease).where(running).values(until=until)).rowcount)


def end(connection: Connection, item: str, person: str, role: str) -> None:
    """End a lease; the item has to be settled then."""
    active = connection.execute(select(_lease.active).where(_of(item, person, role))).scalar()
    connection.execute(delete(tables.lease).where(_of(item, person, role)))
    if active and role == ANNOTATOR:
        connection.execute(update(tables.task).where(_task.item == item).values(leased=_task.leased - 1))


def expire(connection: Connection, now: float) -> int:
    """Take back what was abandoned, and give how many items."""
    over = _lease.active.is_(True) & (_lease.until < now)
    rows = connection.execute(select(_lease.item, _lease.person, _lease.role).where(over)).all()
    for item, person, role in rows:
        connection.execute(update(tables.lease).where(_of(item, person, role)).values(active=False))
        if role == ANNOTATOR:
            back = {"lane": BACK, "turn": chain.tick(connection)}
            values = {"leased": _task.leased - 1, "free": _task.free + 1, **back}
            connection.execute(update(tables.task).where(_task.item == item).values(values))
    return len(rows)


@dataclass(frozen=True)
class Counting:
    """What is counted: ``rule`` gives the rule for an overlap, ``person`` and ``label`` say whose and which answers."""

    rule: Callable[[int | None], Overlap]
    person: Callable[[str], bool]
    label: Callable[[str | None], bool]


def settle(connection: Connection, items: Sequence[str] | None, counting: Counting) -> None:
    """Count again what items have and how many people they want; all items without ``items``."""
    for part in _parts(items):
        columns = (_task.item, _task.overlap, _task.have, _task.leased, _task.free)
        tasks = connection.execute(select(*columns).where(*_among(_task.item, part))).all()
        query = select(_rating.item, _rating.annotator, _rating.label).where(
            _rating.role == ANNOTATOR, _rating.retired == 0, *_among(_rating.item, part)
        )
        labels: dict[str, list[str]] = {}
        for item, annotator, label in connection.execute(query.order_by(_rating.number)):
            if counting.label(label) and counting.person(annotator):
                labels.setdefault(item, []).append(label)
        for task in tasks:
            _settle_one(connection, task, labels.get(task.item, []), counting.rule(task.overlap))


def _settle_one(connection: Connection, task: Any, labels: list[str], rule: Overlap) -> None:
    wanted = rule.wanted(labels)
    have = rule.counted(labels)
    free = max(0, (EVERYBODY if wanted is None else wanted) - have - task.leased)
    if (have, free) == (task.have, task.free):
        return
    values = {"have": have, "free": free}
    if free > task.free:  # somebody who passed it may have it now
        values |= {"lane": BACK, "turn": chain.tick(connection)}
    connection.execute(update(tables.task).where(_task.item == task.item).values(values))


def overview(connection: Connection) -> dict[str, int]:
    """Count the queue's items, those that are done, and those that somebody has at the moment.

    A pilot is left out: everybody rates it, so it is never done.
    """
    counted = _task.kind != "pilot"
    total = connection.execute(select(func.count()).where(counted)).scalar_one()
    wanting = (_task.free > 0) | (_task.leased > 0)
    waiting = connection.execute(select(func.count()).where(counted, wanting)).scalar_one()
    leased = connection.execute(select(func.count()).where(_lease.active.is_(True))).scalar_one()
    return {"items": total, "done": total - waiting, "waiting": waiting, "with somebody": leased}


def _of(item: str, person: str, role: str) -> ColumnElement[bool]:
    return and_(_lease.item == item, _lease.person == person, _lease.role == role)


def _among(column: ColumnElement[Any], part: Sequence[str] | None) -> list[ColumnElement[bool]]:
    return [] if part is None else [column.in_(part)]


def _parts(items: Sequence[str] | None) -> Iterable[Sequence[str] | None]:
    if items is None:
        return [None]
    return [items[start : start + 500] for start in range(0, len(items), 500)]
