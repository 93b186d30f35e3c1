"""How labels and people are written: whole numbers, order, and names that look alike."""

import re
from collections.abc import Iterable
from math import isfinite
from unicodedata import normalize

from weakhitl.errors import DataError

ALIKE = "differ by case, spaces or accents' encoding alone"
"""What ``look_alikes`` finds, in words."""

_WHOLE = re.compile(r"([+-]?\d+)\.0+")


def whole(label: str) -> str:
    """Write a whole number as one, that pandas made a float of because a cell beside it was missing; else the label.

    >>> whole("1.0"), whole("1.50"), whole("v1.0")
    ('1', '1.50', 'v1.0')

    """
    found = _WHOLE.fullmatch(label)
    return label if found is None else found[1]


def in_order(labels: Iterable[str]) -> tuple[list[str], bool]:
    """Give the distinct labels, numbers by value and others by the alphabet; and say whether they are numbers.

    Whole numbers are written as such, see ``whole``.

    >>> in_order(["10", "9", "1.5", "9.0"]), in_order(["low", "1", "1.0"])
    ((['1.5', '9', '10'], True), (['1', '1.0', 'low'], False))

    """
    found = {*labels}
    by_value = are_numbers(found)
    return ordered({*map(whole, found)} if by_value else found), by_value


def ordered(names: Iterable[str]) -> list[str]:
    """Give the distinct names, by value where all are numbers, else by the alphabet.

    >>> ordered(["10", "9", "9"]), ordered(["10", "9", "none"])
    (['9', '10'], ['10', '9', 'none'])

    """
    found = {*names}
    return sorted(sorted(found), key=float) if are_numbers(found) else sorted(found)


def are_numbers(names: Iterable[str]) -> bool:
    """Say whether all names are finite numbers."""
    try:
        return all(isfinite(float(name)) for name in names)
    except ValueError:
        return False


def look_alikes(names: Iterable[str]) -> list[list[str]]:
    """Give the names that differ by case, spaces or the encoding of accents alone, those that are alike together.

    >>> look_alikes(["yes", "no", "Yes", "no ", "maybe"])
    [['Yes', 'yes'], ['no', 'no ']]

    """
    alike: dict[str, list[str]] = {}
    for name in sorted({*names}):
        alike.setdefault(" ".join(normalize("NFKC", name).split()).casefold(), []).append(name)
    return [group for group in alike.values() if len(group) > 1]


def require_distinct(labels: Iterable[str], where: str, hint: str) -> None:
    """Raise ``DataError`` where labels that are to be classes differ by case or spaces alone; ``hint``: the way on."""
    faults = [
        f"labels {', '.join(map(repr, group))} {ALIKE}: make them one, or {hint}" for group in look_alikes(labels)
    ]
    if faults:
        raise DataError(where, faults)
