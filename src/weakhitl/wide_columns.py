"""Columns of a wide table that hold no ratings, such as ids and texts, where nobody has said which ones do."""

from collections import Counter
from collections.abc import Mapping, Sequence

from weakhitl.errors import DataError
from weakhitl.label_names import whole

_FEWEST_ROWS = 4


def require_ratings(columns: Mapping[str, Sequence[str]], where: str, hint: str) -> None:
    """Raise ``DataError`` naming the columns that look like anything but ratings; ``hint`` is the way on.

    ``columns`` maps names to cells that are not empty. A column of ids has another value in each of four rows or more,
    of which no other column holds half, or counts them from 0 or 1; one of texts shares no value with the others,
    which share some. Whole numbers are the same with and without a zero fraction.
    """
    written = {name: [*map(whole, cells)] for name, cells in columns.items()}
    faults = [
        f"column {name!r} {why}; {hint}"
        for name, cells in written.items()
        if (why := _what_it_looks_like(cells, [other for key, other in written.items() if key != name]))
    ]
    if faults:
        raise DataError(where, faults)


def _what_it_looks_like(cells: Sequence[str], others: Sequence[Sequence[str]]) -> str:
    held = Counter(value for other in others for value in {*other})
    own, n = {*cells}, len(cells)
    if n >= _FEWEST_ROWS and any(cells == [*map(str, range(first, first + n))] for first in (0, 1)):
        return "counts the rows, as if it named the items"
    if len(own) == n >= _FEWEST_ROWS and sum(value not in held for value in own) * 2 >= len(own):
        return "has another value in each row, as if it named the items"
    if len(own) > 1 and own.isdisjoint(held) and max(held.values(), default=0) > 1:
        return "shares no value with the others, as if it were no annotator's"
    return ""
