"""How many ratings an item needs: more where people differ, up to a maximum."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Overlap:
    """The rule for one item.

    Attributes
    ----------
    first
        Ratings that every item gets; None where everybody rates it.
    most
        Ratings that an item gets at most while people differ on it; none more than ``first`` where it is less, or None.
    settled
        Share of the ratings that the leading class needs, with no other as large, for people not to differ.

    Examples
    --------
    >>> rule = Overlap(first=2, most=5, settled=0.6)
    >>> [rule.wanted(labels) for labels in ("a", "aa", "ab", "aba", "abca", "abcab")]
    [2, 2, 3, 3, 5, 5]

    """

    first: int | None
    most: int | None
    settled: float

    def counted(self, labels: Sequence[str]) -> int:
        """Give how many of an item's ratings, from the first on, count; what comes later is surplus."""
        if self.first is None:
            return len(labels)
        at = min(self.first, len(labels))
        while at < min(self._limit, len(labels)) and not self._agree(labels[:at]):
            at += 1
        return at

    def wanted(self, labels: Sequence[str]) -> int | None:
        """Give how many ratings the item wants in all, after these; None where everybody's."""
        if self.first is None:
            return None
        if len(labels) < self.first:
            return self.first
        at = self.counted(labels)
        differ = at < self._limit and not self._agree(labels[:at])
        return at + 1 if differ else at

    @property
    def _limit(self) -> int:
        return max(self.first or 0, self.most or 0)

    def _agree(self, labels: Sequence[str]) -> bool:
        (_, best), *others = Counter(labels).most_common(2) or [("", 0)]
        alone = not others or others[0][1] < best
        return alone and best >= self.settled * len(labels)
