"""Columns of a wide table that hold no ratings, such as ids and texts, where nobody has said which ones do."""

from collections import Counter
from collections.abc import Mapping, Sequence

from weakhitl.errors import DataError

_FEWEST_ROWS = 4


def require_ratings(columns: Mapping[str, Sequence[str]], where: str, hint: str) -> None:
    """Raise ``DataError`` naming the columns that look like anything but ratings; ``hint`` is the way on.

    ``columns`` maps names to cells that are not empty. A column of ids has another value in each of four rows or more,
    of which no other column holds half; one of texts shares no value with the others, which share some.
    """
    faults = [
        f"column {name!r} {why}; {hint}"
        for name, cells in columns.items()
        if (why := _what_it_looks_like(cells, [other for key, other in columns.items() if key != name]))
    ]
    if faults:
        raise DataError(where, faults)


def _what_it_looks_like(cells: Sequence[str], others: Sequence[Sequence[str]]) -> str:
    held = Counter(value for other in others for value in {*other})
    own = {*cells}
    if len(own) == len(cells) >= _FEWEST_ROWS and sum(value not in held for value in own) * 2 >= len(own):
        return "has another value in each row, as if it named the items"
    if len(own) > 1 and own.isdisjoint(held) and max(held.values(), default=0) > 1:
        return "shares no value with the others, as if it were no annotator's"
    return ""
