"""Whose answers count at the desk, remembered for a while: to find out takes longer than to give somebody an item."""

from collections.abc import Callable

from sqlalchemy import Connection, select

from weakhitl.annotation import queue
from weakhitl.annotation.overlap import Overlap
from weakhitl.annotation.quality import qualify
from weakhitl.annotation.slips import Rules
from weakhitl.annotation.store import ANNOTATOR, tables
from weakhitl.annotation.store.store import read_ratings, table_of
from weakhitl.routing.batch import PILOT, ROUTING
from weakhitl.votes import Votes

_QUALIFIED_FOR = 5.0
_EXCLUDED_FOR = 60.0
"""Seconds that who qualifies, and who is excluded, is remembered: the latter takes a look at all ratings."""

_rating = tables.rating.c


class Standing:
    """Who counts, by the pilot and by the rule on people's quality.

    Parameters
    ----------
    rules
        How items are given to people.
    clock
        Seconds since 1970.

    """

    def __init__(self, rules: Rules, clock: Callable[[], float]) -> None:
        self._rules = rules
        self._clock = clock
        self._looked_at_pilot = -_QUALIFIED_FOR
        self._batches: frozenset[str] = frozenset()
        self._qualified: frozenset[str] | None = None
        self._looked_at_all = -_EXCLUDED_FOR
        self._excluded: frozenset[str] = frozenset()

    def kinds(self, connection: Connection, person: str) -> list[str]:
        """Give the kinds of items that a person gets: after a pilot only those who qualify go on; none if excluded."""
        qualified = self._who_qualifies(connection)
        if person in self._who_is_excluded(connection):
            return []
        if qualified is not None and person not in qualified:
            return [PILOT]
        return [PILOT, ROUTING] if PILOT in self._batches else [ROUTING]

    def counting(self, connection: Connection) -> queue.Counting:
        """Give what the queue counts by."""
        rules = self._rules
        qualified, excluded = self._who_qualifies(connection), self._who_is_excluded(connection)

        def rule(first: int | None) -> Overlap:
            return Overlap(first, rules.most, rules.settled)

        def counts(person: str) -> bool:
            return (qualified is None or person in qualified) and person not in excluded

        return queue.Counting(rule, counts, self.answer, rules.withdrawn())

    def answer(self, label: str | None) -> str | None:
        """Give the class that a label is, in today's names; None for a skip."""
        return self._rules.schema.name(self._rules.schema.encode(label))

    def look_again(self, connection: Connection) -> None:
        """After a rating on the pilot: whoever counts now, or no more, changes what all items have."""
        before = self._qualified
        self._looked_at_pilot = -_QUALIFIED_FOR
        if self._who_qualifies(connection) != before:
            queue.settle(connection, None, self.counting(connection))

    def _who_qualifies(self, connection: Connection) -> frozenset[str] | None:
        """Name those who qualify on the pilot; None where there is no pilot, or nothing after it yet."""
        if self._clock() - self._looked_at_pilot >= _QUALIFIED_FOR:
            self._batches = frozenset(connection.execute(select(tables.batch.c.kind).distinct()).scalars())
            over = PILOT in self._batches and len(self._batches) > 1
            self._qualified = self._qualify(connection) if over else None
            self._looked_at_pilot = self._clock()
        return self._qualified

    def _qualify(self, connection: Connection) -> frozenset[str]:
        on_pilot = select(tables.task.c.item).where(tables.task.c.kind == PILOT)
        rows = connection.execute(
            select(_rating.item, _rating.annotator, _rating.label).where(
                _rating.role == ANNOTATOR, _rating.retired == 0, _rating.item.in_(on_pilot), _rating.label.is_not(None)
            )
        )
        table = table_of(rows, ["item", "annotator", "label"])
        if table.empty:
            return frozenset()
        votes = Votes.from_long(table, self._rules.schema, source="annotator")
        people = qualify(votes, self._rules.min_agreement, self._rules.min_ratings)
        return frozenset(map(str, people.index[people["qualified"]]))

    def _who_is_excluded(self, connection: Connection) -> frozenset[str]:
        """Name those whose answers do not count, by the rule; what they rated wants others when that is found out."""
        if self._rules.exclude is None or self._clock() - self._looked_at_all < _EXCLUDED_FOR:
            return self._excluded
        self._looked_at_all = self._clock()
        found = frozenset(self._rules.exclude(read_ratings(connection, self._rules.schema.former)))
        if found != self._excluded:
            self._excluded = found
            queue.settle(connection, None, self.counting(connection))
        return found
