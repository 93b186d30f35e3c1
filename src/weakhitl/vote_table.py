"""Long tables of votes: read their cells, find their faults."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import infer_dtype

from weakhitl.errors import DataError, SchemaError
from weakhitl.files import Fault, raise_row_faults, read_table, require_columns
from weakhitl.schema import ABSTAIN, LabelSchema, require_schema
from weakhitl.vote_names import item_index, positions

Codes = npt.NDArray[np.int64]


def table_entries(
    table: pd.DataFrame, schema: LabelSchema, columns: tuple[str, str, str], items: Iterable[Hashable] | None = None
) -> tuple[tuple[Codes, Codes, Codes], pd.Index, list[str]]:
    """Read a table by its columns of items, sources and labels: the votes' entries, the items and the sources.

    Both keep the order in which they first occur, unless ``items`` lists them. Raises ``DataError`` with all faults.
    """
    require_schema(schema)
    item, source, label = columns
    require_columns(table, columns, "vote table", "item=, source= and label= name others")
    if nested := nested_faults(table, columns):
        raise DataError("vote table", [f"row {at + 1}: {what}" for at, what in sorted(nested)])
    codes, faults = encode_labels(table[label], schema)
    faults += missing_faults(table, [item, source])
    row, distinct = pd.factorize(table[item])
    column, names = pd.factorize(table[source])
    index = pd.Index(distinct if items is None else item_index(items))
    if items is not None:
        row = np.append(positions(index, pd.Index(distinct)), ABSTAIN)[row]
        faults += _unknown_items(table[item], np.setdiff1d(np.flatnonzero(row < 0), [at for at, _ in faults]))
    clean = (row >= 0) & (column >= 0)
    clean[[at for at, _ in faults]] = False
    keep = np.flatnonzero(clean)
    order, starts = cell_order(row[keep], column[keep])
    order = keep[order]
    wrong = conflicting_rows(order, starts, codes)
    faults += [(int(at), conflict_fault(table, [item, source], at)) for at in wrong]
    if faults:
        raise DataError("vote table", [f"row {at + 1}: {what}" for at, what in sorted(faults)])
    first = order[starts]
    return (row[first], column[first], codes[first]), index, [str(name) for name in names]


def _unknown_items(items: "pd.Series[Any]", rows: Codes) -> list[Fault]:
    names = items.iloc[rows].tolist()
    return [(int(row), f"item {name!r} is not among the items") for row, name in zip(rows, names, strict=True)]


def read_names(path: Path | str, columns: Sequence[str], known: Collection[str] = ()) -> pd.DataFrame:
    """Read a file in which these columns hold ids, names or labels, see ``with_names``."""
    table = read_table(path)
    require_columns(table, columns, str(path))
    return with_names(table, columns, known, str(path))


def with_names(
    table: pd.DataFrame, columns: Sequence[str], known: Collection[str], where: str, rows: Sequence[int] | None = None
) -> pd.DataFrame:
    """Make texts of the cells of these columns, see ``as_texts``; ``rows`` are those of the file that they come from.

    Raises ``DataError`` with every cell that is a list or an object.
    """
    nested = nested_faults(table, columns)
    raise_row_faults(where, nested if rows is None else [(int(rows[at]), what) for at, what in nested])
    return table.assign(**{name: as_texts(table[name], known) for name in columns})


def as_texts(cells: "pd.Series[Any]", known: Collection[str] = ()) -> "pd.Series[str]":
    """Give ids, names or labels as a CSV holds them: texts, empty where missing.

    A whole float is the integer that it was before pandas found a missing one beside it, unless ``known`` holds it.

    >>> as_texts(pd.Series([7, None, 1.0])).tolist(), as_texts(pd.Series([7, None, 1.0]), ["1.0"]).tolist()
    (['7', '', '1'], ['7', '', '1.0'])

    """
    if infer_dtype(cells, skipna=False) == "string":
        return cells
    return cells.astype(object).map(lambda cell: _as_text(cell, known))


def _as_text(cell: Any, known: Collection[str]) -> str:
    if pd.isna(cell):
        return ""
    text = str(cell)
    return text.removesuffix(".0") if isinstance(cell, float | np.floating) and text not in known else text


def encode_labels(labels: "pd.Series[Any]", schema: LabelSchema) -> tuple[Codes, list[Fault]]:
    """Turn a column of class names into indices; faults for what is neither name, skip answer nor missing."""
    codes = np.full(len(labels), ABSTAIN, dtype=np.int64)
    faults: list[Fault] = []
    positions, distinct = pd.factorize(labels)
    for number, value in enumerate(distinct):
        at = np.flatnonzero(positions == number)
        if not isinstance(value, str):
            hint = "a long table holds class names as strings: table.astype({'label': str})"
            faults += [(int(row), f"label {value!r} is {type(value).__name__}; {hint}") for row in at]
            continue
        try:
            codes[at] = schema.encode(value)
        except SchemaError as error:
            faults += [(int(row), f"label {error.faults[0]}") for row in at]
    return codes, faults


def missing_faults(table: pd.DataFrame, columns: Sequence[str]) -> list[Fault]:
    """Find cells of id columns that are missing or empty."""
    faults: list[Fault] = []
    for name in columns:
        positions, distinct = pd.factorize(table[name])
        blank = np.flatnonzero(np.asarray(distinct == "", dtype=bool))
        empty = (positions < 0) | np.isin(positions, blank) if len(blank) else positions < 0
        faults += [(int(row), f"no {name}") for row in np.flatnonzero(empty)]
    return faults


def nested_faults(table: pd.DataFrame, columns: Sequence[str]) -> list[Fault]:
    """Find cells that are lists or objects, as JSON and Parquet hold them: they are no ids and no labels."""
    return [
        (row, f"{name} {cell!r} is a {type(cell).__name__}; expected a text")
        for name in columns
        if infer_dtype(table[name], skipna=True).startswith("mixed")
        for row, cell in enumerate(table[name])
        if not isinstance(cell, Hashable)
    ]


def conflict_faults(table: pd.DataFrame, codes: Codes, key: Sequence[str]) -> list[Fault]:
    """Find rows that give a second, different label for one (item, source)."""
    item, source = (pd.factorize(table[name])[0] for name in key)
    keep = np.flatnonzero((item >= 0) & (source >= 0))
    order, starts = cell_order(item[keep], source[keep])
    return [(int(row), conflict_fault(table, key, row)) for row in conflicting_rows(keep[order], starts, codes)]


def conflict_fault(table: pd.DataFrame, key: Sequence[str], row: int) -> str:
    """Say that somebody labelled an item twice."""
    item, source = (table[name].iloc[[row]].tolist()[0] for name in key)
    return f"{source!r} has already given item {item!r} another label"


def conflicting_rows(order: Codes, starts: npt.NDArray[np.bool_], codes: Codes) -> Codes:
    """Find the rows whose label is not that of the first row of the same item and source; see ``cell_order``."""
    first = codes[order[starts]][np.cumsum(starts) - 1]
    return np.sort(order[codes[order] != first])


def cell_order(item: Codes, source: Codes) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """Sort rows by item, then source, then place; and where a new (item, source) begins in that order."""
    cell = item * (int(source.max(initial=0)) + 1) + source
    steps = np.diff(cell)
    if (steps > 0).all():
        return np.arange(len(cell)), np.ones(len(cell), dtype=bool)
    order = np.arange(len(cell)) if (steps >= 0).all() else np.argsort(cell, kind="stable")
    starts = np.ones(len(cell), dtype=bool)
    starts[1:] = np.diff(cell[order]) > 0
    return order, starts
