"""The queue: which item a person is given next, for how long, and how many people an item still wants.

Items wait in two lanes, each in the order of its turns: those that came back (abandoned, undone, or rated differently
by different people) first, then the others. A cursor per person and lane remembers how far they have come, so that the
next item is found at once however many there are: what came back has a turn after every cursor.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, select, update

from weakhitl.annotation.overlap import Overlap
from weakhitl.annotation.store import ANNOTATOR, chain, tables
from weakhitl.annotation.store.database import in_parts
from weakhitl.annotation.store.store import EVERYBODY

BACK, FRESH = 0, 1
"""The lanes."""

_task, _lease, _rating, _cursor = tables.task.c, tables.lease.c, tables.rating.c, tables.cursor.c


# Statements are made once: making one takes longer than a database needs to answer it.

_CURSORS = select(_cursor.kind, _cursor.skill, _cursor.lane, _cursor.turn).where(_cursor.person == bindparam("who"))

_PLACE = (
    (_task.free > 0)
    & (_task.kind == bindparam("of_kind"))
    & (_task.skill == bindparam("of_skill"))
    & (_task.lane == bindparam("of_lane"))
    & (_task.turn > bindparam("start"))
)

_FIRST = (
    select(_task.item, _task.turn)
    .where(
        _PLACE,
        ~exists().where(
            (_rating.item == _task.item)
            & (_rating.annotator == bindparam("who"))
            & (_rating.role == ANNOTATOR)
            & (_rating.retired == 0)
        ),
    )
    .order_by(_task.turn)
    .limit(1)
)

_LAST = select(func.max(_task.turn)).where(_PLACE)

_ADVANCE = (
    update(tables.cursor)
    .where(
        _cursor.person == bindparam("who"),
        _cursor.kind == bindparam("of_kind"),
        _cursor.skill == bindparam("of_skill"),
        _cursor.lane == bindparam("of_lane"),
    )
    .values(turn=bindparam("to"))
)

_LEASED = (
    (_lease.item == bindparam("of_item")) & (_lease.person == bindparam("who")) & (_lease.role == bindparam("as_role"))
)

_DROP_LEASE = delete(tables.lease).where(_LEASED)
_EXTEND = update(tables.lease).where(_LEASED, _lease.active.is_(True)).values(until=bindparam("to"))
_OVER = select(_lease.item, _lease.person, _lease.role).where(_lease.active.is_(True), _lease.until < bindparam("now"))

_TAKEN = (
    update(tables.task).where(_task.item == bindparam("of_item")).values(leased=_task.leased + 1, free=_task.free - 1)
)
_ENDED = update(tables.task).where(_task.item == bindparam("of_item")).values(leased=_task.leased - 1)

_TASK = select(_task.item, _task.kind, _task.overlap, _task.have, _task.leased, _task.free)
_LABELS = (
    select(_rating.item, _rating.annotator, _rating.label)
    .where(_rating.role == ANNOTATOR, _rating.retired == 0)
    .order_by(_rating.number)
)
_TASK_OF_ONE = _TASK.where(_task.item == bindparam("of_item"))
_LABELS_OF_ONE = _LABELS.where(_rating.item == bindparam("of_item"))
_SETTLED = update(tables.task).where(_task.item == bindparam("of_item"))
_COUNT = _SETTLED.values(have=bindparam("has"), free=bindparam("left"))
_COUNT_BACK = _SETTLED.values(have=bindparam("has"), free=bindparam("left"), lane=BACK, turn=bindparam("to"))


def find_free(connection: Connection, person: str, kinds: Sequence[str], skills: Iterable[str]) -> str | None:
    """Give the first item that a person may have, and move their cursor to it; None if there is none."""
    rows = connection.execute(_CURSORS, {"who": person})
    cursors = {(kind, skill, lane): turn for kind, skill, lane, turn in rows}
    for lane in (BACK, FRESH):
        for kind in kinds:
            found = [_first(connection, person, (kind, skill, lane), cursors) for skill in ("", *skills)]
            first = min(filter(None, found), default=None)
            if first is not None:
                turn, item, skill = first
                _advance(connection, person, (kind, skill, lane), turn, cursors)
                return item
    return None


_Lane = tuple[str, str, int]


def _first(connection: Connection, person: str, lane: _Lane, cursors: dict[_Lane, int]) -> tuple[int, str, str] | None:
    """Give turn, item and skill of the first item in a lane that a person has not had."""
    place = {**dict(zip(("of_kind", "of_skill", "of_lane"), lane, strict=True)), "start": cursors.get(lane, 0)}
    found = connection.execute(_FIRST, {**place, "who": person}).first()
    if found is not None:
        return found.turn, str(found.item), lane[1]
    last = connection.execute(_LAST, place).scalar()
    if last is not None:  # so that what is theirs already is passed once, not each time
        _advance(connection, person, lane, last, cursors)
    return None


def _advance(connection: Connection, person: str, lane: _Lane, turn: int, cursors: dict[_Lane, int]) -> None:
    names = ("kind", "skill", "lane")
    if lane in cursors:
        where = {f"of_{name}": value for name, value in zip(names, lane, strict=True)}
        connection.execute(_ADVANCE, {**where, "who": person, "to": turn})
    else:
        values = dict(zip(names, lane, strict=True))
        connection.execute(insert(tables.cursor), {**values, "person": person, "turn": turn})
    cursors[lane] = turn


def take(
    connection: Connection, item: str, person: str, role: str, now: float, until: float, *, suggested: bool = False
) -> None:
    """Lease an item to a person."""
    connection.execute(_DROP_LEASE, _leased(item, person, role))
    row = {"item": item, "person": person, "role": role, "since": now, "until": until, "active": True}
    connection.execute(insert(tables.lease), {**row, "suggested": suggested})
    if role == ANNOTATOR:
        connection.execute(_TAKEN, {"of_item": item})


def extend(connection: Connection, item: str, person: str, role: str, until: float) -> bool:
    """Prolong a lease that still runs; say whether it did."""
    return bool(connection.execute(_EXTEND, {**_leased(item, person, role), "to": until}).rowcount)


def end(connection: Connection, item: str, person: str, role: str, *, active: bool) -> None:
    """End a lease; the item has to be settled then."""
    connection.execute(_DROP_LEASE, _leased(item, person, role))
    if active and role == ANNOTATOR:
        connection.execute(_ENDED, {"of_item": item})


def close(connection: Connection, items: Sequence[str]) -> None:
    """End the leases of items that nobody is asked about any more."""
    for part in in_parts(items):
        connection.execute(delete(tables.lease).where(_lease.item.in_(part)))
        connection.execute(update(tables.task).where(_task.item.in_(part)).values(leased=0, free=0))


def expire(connection: Connection, now: float) -> int:
    """Take back what was abandoned, and give how many items."""
    rows = connection.execute(_OVER, {"now": now}).all()
    for item, person, role in rows:
        which = (_lease.item == item) & (_lease.person == person) & (_lease.role == role)
        connection.execute(update(tables.lease).where(which).values(active=False))
        if role == ANNOTATOR:
            back = {"lane": BACK, "turn": chain.tick(connection)}
            values = {"leased": _task.leased - 1, "free": _task.free + 1, **back}
            connection.execute(update(tables.task).where(_task.item == item).values(values))
    return len(rows)


def _leased(item: str, person: str, role: str) -> dict[str, str]:
    return {"of_item": item, "who": person, "as_role": role}


@dataclass(frozen=True)
class Counting:
    """What is counted: ``rule`` gives the rule for an overlap, ``person`` says whose answers, ``answer`` which class.

    ``withdrawn`` are the items that want nobody, whatever they have.
    """

    rule: Callable[[int | None], Overlap]
    person: Callable[[str], bool]
    answer: Callable[[str | None], str | None]
    withdrawn: Collection[str] = frozenset()

    def class_of(self, person: str, label: str | None) -> str | None:
        """Give the class of an answer that counts, else None."""
        return self.answer(label) if self.person(person) else None


@dataclass(frozen=True)
class Settled:
    """An item of the queue: its kind, and how many ratings it had and has that count."""

    kind: str
    had: int
    has: int


def settle_one(connection: Connection, item: str, counting: Counting) -> Settled | None:
    """Count again what an item has and how many people it wants; None where it is not in the queue."""
    task = connection.execute(_TASK_OF_ONE, {"of_item": item}).first()
    if task is None:
        return None
    rows = connection.execute(_LABELS_OF_ONE, {"of_item": item})
    labels = [said for _, who, label in rows if (said := counting.class_of(who, label)) is not None]
    return Settled(task.kind, task.have, _settle(connection, [task], {item: labels}, counting)[item])


def settle(connection: Connection, items: Sequence[str] | None, counting: Counting) -> None:
    """Do so for many items; for all without ``items``."""
    for part in [None] if items is None else in_parts(items):
        tasks = connection.execute(_TASK.where(*_among(_task.item, part))).all()
        labels: dict[str, list[str]] = {}
        for item, who, label in connection.execute(_LABELS.where(*_among(_rating.item, part))):
            if (said := counting.class_of(who, label)) is not None:
                labels.setdefault(item, []).append(said)
        _settle(connection, tasks, labels, counting)


def _settle(
    connection: Connection, tasks: Sequence[Any], labels: Mapping[str, list[str]], counting: Counting
) -> dict[str, int]:
    """Write down what has changed, all items at once; give how many ratings each item has that count."""
    found, back, others = {}, [], []
    for task in tasks:
        rule, said = counting.rule(task.overlap), labels.get(task.item, [])
        wanted, has = rule.wanted(said), rule.counted(said)
        left = max(0, (EVERYBODY if wanted is None else wanted) - has - task.leased)
        left = 0 if task.item in counting.withdrawn else left
        values = {"of_item": task.item, "has": has, "left": left}
        if left > task.free:  # somebody who passed it may have it now
            back.append({**values, "to": chain.tick(connection)})
        elif (has, left) != (task.have, task.free):
            others.append(values)
        found[task.item] = has
    for statement, rows in ((_COUNT_BACK, back), (_COUNT, others)):
        if rows:
            connection.execute(statement, rows)
    return found


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


def _among(column: ColumnElement[Any], part: Sequence[str] | None) -> list[ColumnElement[bool]]:
    return [] if part is None else [column.in_(part)]
