"""What a plain table of ratings may say beside item, annotator and label: role, guideline, time, seconds, note."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from weakhitl.annotation.formats.content import plain
from weakhitl.annotation.formats.reading import KINDS, duration, utc
from weakhitl.annotation.store import ANNOTATOR, ROLES
from weakhitl.files import Fault

_HASH = "([0-9a-f]{64})?"
"""Of a guideline, or nothing."""
_READ: dict[str, Callable[[Any], Any]] = {"time": utc, "seconds": duration}


def read_facts(table: pd.DataFrame, others: Collection[str]) -> tuple[pd.DataFrame, list[Fault]]:
    """Read such columns where they are there, and say which cells are no times or numbers, by their rows from 0.

    ``others`` are columns that say something else, such as the dataset's. Roles and guidelines are ours, or not looked
    at.

    >>> read_facts(pd.DataFrame({"time": ["2024-05-01 12:30", "noon"], "role": ["boss", ""]}), ())[1]
    [(1, "time 'noon' is not a time in ISO 8601, 1970 to 2199; rename the column if it says something else")]

    """
    found, faults = pd.DataFrame(index=table.index), []
    names = [name for name in table.columns if name not in others]
    if "role" in names and (roles := roles_of(table)) is not None:
        found["role"] = roles
    if "guideline" in names and (hashes := table["guideline"].map(_text)).str.fullmatch(_HASH).all():
        found["guideline"] = hashes
    if "note" in names:
        found["note"] = table["note"].map(_text)
    for name, convert in _READ.items():
        if name in names:
            values = [_converted(convert, cell) for cell in table[name].map(plain)]
            found[name] = [value for value, _ in values]
            faults += [(row, f"{name} {what}") for row, (_, what) in enumerate(values) if what]
    return found, faults


def roles_of(table: pd.DataFrame) -> "pd.Series[str] | None":
    """``role`` of each row, an annotator's where the cell is empty; None where the column is missing or means other."""
    if "role" not in table:
        return None
    roles = table["role"].map(_text).replace("", ANNOTATOR)
    return roles if roles.isin(ROLES).all() else None


def annotators_rows(table: pd.DataFrame, others: Collection[str]) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """``mask[row]`` of what was said as an annotator, by the column role, and what to tell of the rest.

    ``others`` are columns that say something else.
    """
    roles = None if "role" in others else roles_of(table)
    if roles is None:
        return np.ones(len(table), dtype=bool), []
    rated = (roles == ANNOTATOR).to_numpy()
    left = roles[~rated].value_counts(sort=False).items()
    return rated, [f"{number:,} left out: rows with the role {role}" for role, number in left]


def _text(cell: Any) -> str:
    return str(plain(cell) or "")


def _converted(convert: Callable[[Any], Any], cell: Any) -> tuple[Any, str]:
    """Give the value of a cell, and what is wrong with it."""
    try:
        return convert(cell), ""
    except (TypeError, ValueError):
        return convert(None), f"{cell!r} is not a {KINDS[convert]}; rename the column if it says something else"
