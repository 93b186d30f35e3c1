"""Tables of ratings with a row a rating (long), or a row an item and a column an annotator (wide)."""

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from weakhitl.errors import DataError
from weakhitl.files import require_columns
from weakhitl.label_names import whole
from weakhitl.vote_table import with_names

Columns: TypeAlias = tuple[str, str, str]
"""Names of the columns with item, annotator and label."""

ITEM = "item"
"""The column of items unless another is named."""

HINT = "--item, --annotator and --label name others; --wide '*' if each annotator has a column"
"""What may help where columns are missing in a file."""


def as_long(
    table: pd.DataFrame,
    columns: Columns,
    wide: str | Sequence[str] = (),
    where: str = "ratings",
    hint: str = HINT,
    classes: Collection[str] = (),
) -> tuple[pd.DataFrame, Columns, npt.NDArray[np.intp]]:
    """Give a table with a row a rating, its columns of item, annotator and label, and the row that each comes from.

    ``wide`` are the annotators' columns of a wide table, names or patterns (``rater_*``); the item's column is never
    one of them. Items, annotators and labels are texts, whatever the table held; ``classes`` are names that are known.
    Raises ``DataError`` for missing columns, every name or pattern that fits none, and every cell that is a list.

    >>> table = pd.DataFrame({"item": ["i1", "i2"], "ana": ["yes", "no"], "bo": ["yes", ""]})
    >>> as_long(table, ("item", "annotator", "label"), wide=["*"])[0].to_dict("list")
    {'item': ['i1', 'i1', 'i2', 'i2'], 'annotator': ['ana', 'bo', 'ana', 'bo'], 'label': ['yes', 'yes', 'no', '']}

    """
    if not wide:
        require_columns(table, columns, where, hint)
        named = with_names(table, columns, classes, where)
        return named.assign(**{columns[1]: _people(named[columns[1]])}), columns, np.arange(len(table))
    wide, item = [wide] if isinstance(wide, str) else wide, columns[0]
    require_columns(table, [item], where, hint)
    names = [str(name) for name in table.columns]
    others = [name for name in names if name != item]
    if wrong := [one for one in wide if not any(_fits(name, one) for name in others)]:
        raise DataError(where, [f"no column is, or fits, {one!r}; the columns are {', '.join(names)}" for one in wrong])
    people = [name for name in others if any(_fits(name, one) for one in wide)]
    long, columns, rows = _melted(table.set_axis(names, axis=1), item, people)
    return with_names(long, columns, classes, where, rows.tolist()), columns, rows


def _people(names: "pd.Series[str]") -> "pd.Series[str]":
    """Take people who are all called 1.0, 2.0 and so on for numbers beside which cells are missing."""
    filled = names[names.ne("")].unique()
    numbers = {name: whole(name) for name in filled}
    return names.replace(numbers) if all(name != number for name, number in numbers.items()) else names


def _fits(name: str, wanted: str) -> bool:
    """Say whether a column is meant: by its name, which may hold brackets, or by a pattern.

    >>> _fits("rater[1]", "rater[1]"), _fits("rater_2", "rater_*"), _fits("text", "rater_*")
    (True, True, False)

    """
    return name == wanted or fnmatchcase(name, wanted)


def _melted(
    table: pd.DataFrame, item: str, people: Sequence[str]
) -> tuple[pd.DataFrame, Columns, npt.NDArray[np.intp]]:
    """Make a row of each cell of the annotators' columns, in the order of the items; other columns stay."""
    columns = (item, "annotator", "label")
    cells = table[list(people)].to_numpy(dtype=object)
    rows = np.repeat(np.arange(len(table)), len(people))
    kept = [item, *(name for name in table.columns if name not in (*people, *columns))]
    long = table[kept].iloc[rows].reset_index(drop=True)
    annotators = np.tile(np.array(people, dtype=object), len(table))
    return long.assign(annotator=annotators, label=cells.ravel()), columns, rows
