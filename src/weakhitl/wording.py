"""Wording: numbers and lists in sentences."""

from collections import Counter
from collections.abc import Sequence

_NAMED = 8
"""Names that a sentence holds of a long list."""


def number_of(number: int, one: str, many: str = "") -> str:
    """Put a number before what it counts, in the singular or, ``one`` with an s unless given, in the plural.

    >>> number_of(1, "item waits", "items wait"), number_of(2000, "item")
    ('1 item waits', '2,000 items')
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def a_few(names: Sequence[str], between: str = ", ", most: int = _NAMED) -> str:
    """List names; of many the first few, ``most`` of them, and how many more there are.

    >>> a_few(["a", "b"])
    'a, b'
    >>> a_few([str(number) for number in range(1000)])
    '0, 1, 2, 3, 4, 5, 6, 7 and 992 more'
    """
    # One that is left out takes as much room as saying so.
    if len(names) <= most + 1:
        return between.join(names)
    return f"{between.join(names[:most])} and {len(names) - most:,} more"


def named_twice(columns: Sequence[str]) -> list[str]:
    """Say which names stand more than once over the columns of a table.

    >>> named_twice(["item", "label", "label"])
    ["column 'label' occurs 2 times"]
    """
    times = Counter(columns)
    return [f"column {name!r} occurs {times[name]} times" for name in times if times[name] > 1]
