"""What a person at the page does: get an item, rate it, take it back, flag it."""

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from weakhitl.annotation import queue
from weakhitl.annotation.arrivals import Arrivals
from weakhitl.annotation.people import Person
from weakhitl.annotation.slips import Answer, Given, Last, Nothing, Rules, Stored
from weakhitl.annotation.standing import Standing
from weakhitl.annotation.store import ADJUDICATOR, ANNOTATOR, GOLD, REPEAT, AnnotationStore, Event, chain, tables
from weakhitl.annotation.store.database import in_parts
from weakhitl.annotation.store.store import record, retire
from weakhitl.annotation.taking_back import TakenBack, take_back
from weakhitl.errors import StateError, UsageError
from weakhitl.routing.batch import ROUTING

_APART = 20
"""Ratings that lie between an item and its repeat."""

_rating, _lease, _event = tables.rating.c, tables.lease.c, tables.event.c

_MINE = (_lease.person == bindparam("who")) & (_lease.role != ADJUDICATOR)
_HELD = select(_lease.item, _lease.role, _lease.since, _lease.suggested).where(_MINE, _lease.active.is_(True))
_OF_ITEM = (
    select(_lease.role, _lease.since, _lease.suggested, _lease.active)
    .where(_lease.item == bindparam("of_item"))
    .order_by(_lease.active.desc())
)
_LEASES = _OF_ITEM.where(_MINE)
_LEASES_AS = _OF_ITEM.where(_lease.person == bindparam("who"), _lease.role == bindparam("as_role"))
_KNOWN = select(_event.number, _event.actor).where(_event.id == bindparam("of_id"))
_RATED = (_rating.annotator == bindparam("who")) & (_rating.role != ADJUDICATOR) & (_rating.retired == 0)
_SAID = (
    select(_rating.role)
    .where(_rating.annotator == bindparam("who"), _rating.item == bindparam("of_item"), _rating.retired == 0)
    .order_by(_rating.number.desc())
)
_SAID_AT_ALL = _SAID.where(_rating.role != ADJUDICATOR)
_SAID_AS = _SAID.where(_rating.role == bindparam("as_role"))
_DONE = select(func.count()).where(_RATED)
_LAST = (
    select(_rating.item, _rating.label, _rating.guideline, _rating.role, _rating.suggested, _rating.time)
    .where(_RATED)
    .order_by(_rating.number.desc())
    .limit(1)
)


class Desk:
    """The store and the rules together.

    Parameters
    ----------
    store
        Where it is all kept.
    rules
        How items are given out.
    clock
        Seconds since 1970.

    """

    def __init__(self, store: AnnotationStore, rules: Rules, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.rules = rules
        self._clock = clock
        self._standing = Standing(rules, clock)

    # Giving out ---------------------------------------------------------------------------------------------------

    def next(self, person: Person) -> Given | Nothing:
        """Give the item that a person has, or a new one."""
        with self.store.database.write() as connection:
            queue.expire(connection, self._clock())
            return self._next(connection, person)

    def _next(self, connection: Connection, person: Person) -> Given | Nothing:
        now = self._clock()
        held = connection.execute(_HELD, {"who": person.name}).first()
        if held is not None:
            queue.extend(connection, held.item, person.name, held.role, now + self.rules.lease)
            return Given(held.item, held.role, held.since, now + self.rules.lease, held.suggested)
        done = self._done(connection, person)
        if person.quota is not None and done >= person.quota:
            return Nothing("quota")
        kinds = self._standing.kinds(connection, person.name)
        if not kinds:
            return Nothing("qualify")
        chosen = self._known_item(connection, person, done)
        if chosen is None:
            found = queue.find_free(connection, person.name, kinds, person.skills)
            chosen = None if found is None else (found, ANNOTATOR)
        if chosen is None:
            return Nothing("empty" if ROUTING in kinds else "qualify")
        item, role = chosen
        suggested = role == ANNOTATOR and _chance("suggest", person.name, item) < self.rules.show_share
        queue.take(connection, item, person.name, role, now, now + self.rules.lease, suggested=suggested)
        return Given(item, role, now, now + self.rules.lease, suggested)

    def _done(self, connection: Connection, person: Person) -> int:
        """Count a person's ratings, where something depends on it."""
        if person.quota is None and not self.rules.gold_share and not self.rules.repeat_share:
            return 0
        return int(connection.execute(_DONE, {"who": person.name}).scalar_one())

    def _known_item(self, connection: Connection, person: Person, done: int) -> tuple[str, str] | None:
        """Give a gold item or a repeat, when it is time for one."""
        chance = _chance("known", person.name, str(done))
        if chance < self.rules.gold_share:
            return self._gold_item(connection, person)
        if chance < self.rules.gold_share + self.rules.repeat_share:
            return self._repeat(connection, person)
        return None

    def _gold_item(self, connection: Connection, person: Person) -> tuple[str, str] | None:
        mine = select(_rating.item).where(_rating.annotator == person.name, _rating.role == GOLD)
        had = set(connection.execute(mine).scalars())
        left = [item for item in self.rules.gold if item not in had]
        return (min(left, key=lambda item: _chance("gold", person.name, item)), GOLD) if left else None

    def _repeat(self, connection: Connection, person: Person) -> tuple[str, str] | None:
        mine = select(_rating.item).where(_rating.annotator == person.name, _rating.retired == 0)
        again = set(connection.execute(mine.where(_rating.role == REPEAT)).scalars())
        first = list(connection.execute(mine.where(_rating.role == ANNOTATOR).order_by(_rating.number)).scalars())
        gone = {*again, *self.rules.withdrawn()}
        left = [item for item in first[: max(0, len(first) - _APART)] if item not in gone]
        return (left[0], REPEAT) if left else None

    def heartbeat(self, person: Person, item: str) -> bool:
        """Keep an item for a person who still looks at it; False where it is not theirs any more."""
        with self.store.database.write() as connection:
            now = self._clock()
            queue.expire(connection, now)
            held = connection.execute(
                select(_lease.role).where(_lease.person == person.name, _lease.item == item, _lease.active.is_(True))
            ).scalar()
            return held is not None and queue.extend(connection, item, person.name, held, now + self.rules.lease)

    def decide_next(self, person: Person, waiting: Sequence[str]) -> Given | Nothing:
        """Give an adjudicator the first of the waiting items that no other adjudicator has."""
        with self.store.database.write() as connection:
            now = self._clock()
            queue.expire(connection, now)
            running = select(_lease.item, _lease.person, _lease.since).where(
                _lease.role == ADJUDICATOR, _lease.active.is_(True)
            )
            held = {row.item: row for row in connection.execute(running)}
            mine = [item for item in waiting if item in held and held[item].person == person.name]
            free = [item for item in waiting if item not in held]
            if not mine and not free:
                return Nothing("empty")
            until = now + self.rules.lease
            if mine:
                queue.extend(connection, mine[0], person.name, ADJUDICATOR, until)
                return Given(mine[0], ADJUDICATOR, held[mine[0]].since, until, suggested=False)
            queue.take(connection, free[0], person.name, ADJUDICATOR, now, until)
            return Given(free[0], ADJUDICATOR, now, until, suggested=False)

    # Taking in ----------------------------------------------------------------------------------------------------

    def submit(self, person: Person, answer: Answer, role: str | None = None) -> Stored:
        """Store an answer, once however often it is sent.

        It has to be about an item that the person was given (a second answer corrects the first). An answer that comes
        after the item went to somebody else is kept as surplus. Raises ``StateError`` where it was never theirs, and
        ``UsageError`` where the label is no class.
        """
        with self.store.database.write() as connection:
            return self._submit(connection, person, answer, role)

    def submit_and_next(self, person: Person, answer: Answer) -> tuple[Stored, Given | Nothing]:
        """Store an answer and give the next item, in one step."""
        with self.store.database.write() as connection:
            return self._submit(connection, person, answer, None), self._next(connection, person)

    def _submit(self, connection: Connection, person: Person, answer: Answer, role: str | None) -> Stored:
        self._check(answer)
        known = connection.execute(_KNOWN, {"of_id": answer.id}).first()
        if known is not None:
            if known.actor != person.name:
                raise StateError(f"the id {answer.id!r} belongs to another answer; make a new one for each")
            return Stored(known.number, known=True)
        queue.expire(connection, self._clock())
        lease = self._lease(connection, person, answer.item, role)
        before = self._said(connection, person, answer.item, role)
        if lease is None and before is None:
            raise StateError(f"item {answer.item!r} was not given to {person.name!r}; ask for the next item")
        made_as = lease.role if lease is not None else str(before)
        event = self._event(person, answer, made_as, lease, correction=before == made_as)
        (number,) = record(connection, [event])
        if lease is not None:
            queue.end(connection, answer.item, person.name, made_as, active=lease.active)
        if made_as != ANNOTATOR:
            return Stored(number)
        settled = queue.settle_one(connection, answer.item, self._standing.counting(connection))
        if settled is not None and settled.kind == "pilot":
            self._standing.look_again(connection)
        late = lease is not None and not lease.active and self._standing.answer(answer.label) is not None
        return Stored(number, surplus=late and settled is not None and settled.had == settled.has)

    def _check(self, answer: Answer) -> None:
        known = {*self.rules.schema.classes, *self.rules.schema.skip, *self.rules.schema.former}
        if answer.label is not None and answer.label not in known:
            raise UsageError(f"{answer.label!r} is not a class; {self.rules.schema.expected(answer.label)}")

    def _lease(self, connection: Connection, person: Person, item: str, role: str | None) -> Any:
        """Find what the person was given, even if it ran out."""
        query = _LEASES if role is None else _LEASES_AS
        return connection.execute(query, {"who": person.name, "of_item": item, "as_role": role}).first()

    def _said(self, connection: Connection, person: Person, item: str, role: str | None) -> str | None:
        """Give the role of the person's latest answer on an item."""
        query = _SAID_AT_ALL if role is None else _SAID_AS
        return connection.execute(query, {"who": person.name, "of_item": item, "as_role": role}).scalar()

    def _event(self, person: Person, answer: Answer, role: str, lease: Any, *, correction: bool) -> Event:
        spent = self._clock() - lease.since if lease is not None else None
        seconds = answer.seconds if answer.seconds is not None else spent
        if seconds is not None:
            seconds = round(max(0.0, min(seconds, self.rules.idle, seconds if spent is None else spent)), 2)
        body = {"label": answer.label, "role": role, "guideline": answer.guideline, "seconds": seconds}
        if answer.note:
            body["note"] = answer.note
        if answer.suggestion:
            body |= {"suggestion": answer.suggestion, "suggested": bool(lease is not None and lease.suggested)}
        return Event("correction" if correction else "rating", person.name, answer.item, body, answer.id)

    def undo(self, person: Person) -> Given | None:
        """Take back a person's last answer, and give them its item again; None where there is nothing to take back."""
        with self.store.database.write() as connection:
            now = self._clock()
            last = connection.execute(_LAST, {"who": person.name}).first()
            if last is None:
                return None
            self._give_back(connection, person)
            record(connection, [Event("undo", person.name, last.item, {"role": last.role})])
            until = now + self.rules.lease
            queue.take(connection, last.item, person.name, last.role, now, until, suggested=last.suggested)
            if last.role == ANNOTATOR:
                self._settle(connection, [last.item])
            return Given(last.item, last.role, now, until, last.suggested)

    def _give_back(self, connection: Connection, person: Person) -> None:
        for held in connection.execute(_HELD, {"who": person.name}).all():
            queue.end(connection, held.item, person.name, held.role, active=True)
            if held.role == ANNOTATOR:
                self._settle(connection, [held.item])

    def flag(self, person: Person, item: str, note: str, id: str) -> None:  # noqa: A002 - as everywhere
        """Note that something is wrong with an item, for whoever runs the project. Stored once per id."""
        with self.store.database.write() as connection:
            if connection.execute(select(_event.number).where(_event.id == id)).first() is None:
                chain.append(connection, [Event("flag", person.name, item, {"note": note}, id)])

    # Counting -----------------------------------------------------------------------------------------------------

    def settle(self, items: Sequence[str] | None = None) -> None:
        """Count again what items have: after ratings came another way, or the rules changed."""
        with self.store.database.write() as connection:
            self._settle(connection, items)

    def ask_again(self, items: Sequence[str], why: str, classes: Sequence[str] = ()) -> int:
        """Set annotators' ratings of items aside and ask for them again; give how many were set aside.

        ``classes`` are those that somebody gave the items, if they were chosen by that.
        """
        body = {"items": list(items), "why": why, "classes": list(classes)}
        with self.store.database.write() as connection:
            done = retire(connection, items, Event("again", body=body))
            self._settle(connection, items)
            return done

    def withdraw(self, items: Sequence[str]) -> None:
        """Ask nobody about these items any more; whoever has one open is told that it is not theirs."""
        if self.store.database.exists:
            with self.store.database.write() as connection:
                queue.close(connection, items)

    def take_back(self) -> TakenBack:
        """Take back what was routed last: a batch, or items that were asked again; see ``take_back``."""
        if not self.store.database.exists:
            raise StateError("nothing was routed that could be taken back")
        arrived = {one.item for one in Arrivals(self.store).all() if one.asked}
        with self.store.database.write() as connection:
            done = take_back(connection, arrived)
            self._settle(connection, done.items)
            return done

    def is_empty(self) -> bool:
        """Say whether every item has all its ratings; a pilot is left out."""
        with self.store.database.read() as connection:
            return connection.execute(_wanting(None).limit(1)).first() is None

    def overview(self) -> dict[str, int]:
        """Count the queue's items: all, done, waiting, with somebody."""
        with self.store.database.read() as connection:
            return queue.overview(connection)

    def unfinished(self, items: Sequence[str]) -> list[str]:
        """Give those of the items that still want ratings."""
        with self.store.database.read() as connection:
            return [item for part in in_parts(items) for item in connection.execute(_wanting(part)).scalars()]

    def last(self, person: Person) -> Last | None:
        """Give a person's last answer, and how many they gave; None before the first."""
        with self.store.database.read() as connection:
            found = connection.execute(_LAST, {"who": person.name}).first()
            if found is None:
                return None
            number = connection.execute(_DONE, {"who": person.name}).scalar_one()
        return Last(found.item, self.rules.schema.now(found.label), found.time, found.guideline, number)

    def decided(self, but: Collection[str] = ()) -> set[str]:
        """Give the items that somebody has decided on, ``but`` these people."""
        query = select(_rating.item).where(
            _rating.role == ADJUDICATOR, _rating.retired == 0, _rating.annotator.not_in(but)
        )
        with self.store.database.read() as connection:
            return set(connection.execute(query).scalars())

    def rated(self, person: Person) -> set[str]:
        """Give the items that a person has rated, other than by deciding."""
        query = select(_rating.item).where(
            _rating.annotator == person.name, _rating.role != ADJUDICATOR, _rating.retired == 0
        )
        with self.store.database.read() as connection:
            return set(connection.execute(query).scalars())

    def may_see(self, person: Person, item: str) -> bool:
        """Say whether an item was given to a person."""
        with self.store.database.read() as connection:
            given = select(_lease.item).where(_lease.person == person.name, _lease.item == item)
            rated = select(_rating.item).where(_rating.annotator == person.name, _rating.item == item)
            return any(connection.execute(query.limit(1)).first() is not None for query in (given, rated))

    def _settle(self, connection: Connection, items: Sequence[str] | None) -> None:
        queue.settle(connection, items, self._standing.counting(connection))


def _wanting(items: Sequence[str] | None) -> Select[Any]:
    """Select those of the items (of all, without any) that still want ratings."""
    columns = tables.task.c
    query = select(columns.item).where(columns.kind != "pilot", (columns.free > 0) | (columns.leased > 0))
    return query if items is None else query.where(columns.item.in_(items))


def _chance(*of: str) -> float:
    """Draw a number from 0 to 1 that is always the same for the same things."""
    digest = hashlib.sha256("\0".join(of).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64
