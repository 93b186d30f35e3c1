"""Tables of votes, long or wide: read their cells, find their faults."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import infer_dtype

from weakhitl.errors import DataError, SchemaError
from weakhitl.files import Fault, raise_row_faults, read_table, require_columns
from weakhitl.frames import as_pandas
from weakhitl.label_names import in_order, require_distinct
from weakhitl.schema import ABSTAIN, LabelSchema, require_schema
from weakhitl.vote_names import item_index, positions
from weakhitl.wide_columns import require_ratings
from weakhitl.wording import number_of

Codes = npt.NDArray[np.int64]

_MOST_CLASSES = 1_000
"""So many labels are more likely texts or ids than classes."""


_WHERE = "vote table"
_WIDE_HINT = "item= names the column of items, sources= those of votes"


@dataclass(frozen=True)
class Entries:
    """What a table says: positions of items and sources and class indices, one per vote, and what they refer to."""

    cells: tuple[Codes, Codes, Codes]
    schema: LabelSchema
    items: pd.Index
    sources: list[str]


def long_entries(
    table: pd.DataFrame,
    schema: LabelSchema | None,
    columns: tuple[str, str, str],
    items: Iterable[Hashable] | None = None,
) -> Entries:
    """Read a table by its columns of items, sources and labels.

    Items and sources keep the order in which they first occur, unless ``items`` lists the items. Without a schema the
    classes are the labels. Raises ``DataError`` with all faults.
    """
    item, source, label = columns
    table = as_pandas(table)
    require_columns(table, columns, _WHERE, "item=, source= and label= name others")
    if nested := nested_faults(table, columns):
        raise DataError(_WHERE, [f"row {at + 1}: {what}" for at, what in sorted(nested)])
    schema = _schema_of(table[label], schema)
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
        raise DataError(_WHERE, [f"row {at + 1}: {what}" for at, what in sorted(faults)])
    first = order[starts]
    return Entries((row[first], column[first], codes[first]), schema, index, [str(name) for name in names])


def wide_entries(
    table: pd.DataFrame | Mapping[str, Sequence[Any]],
    schema: LabelSchema | None,
    item: str,
    sources: Sequence[str] | None,
) -> Entries:
    """Read a table with a row an item and a column a source; empty cells are no votes.

    The items are the column ``item`` where there is one, else the index; ``sources`` are all other columns. Without a
    schema the classes are the labels. Raises ``DataError`` with all faults.
    """
    table = _frame(table)
    table = table.set_axis([str(name) for name in table.columns], axis=1)
    names = [name for name in table.columns if name != item] if sources is None else [*map(str, sources)]
    require_columns(table, names, _WHERE, "sources= names the columns of votes")
    index = pd.Index(table[item]) if item in table else table.index
    cells = pd.Series(table[names].to_numpy(dtype=object).ravel(), dtype=object)
    cells = cells.mask(cells.eq(""), None)
    if nested := nested_faults(pd.DataFrame({"label": cells}), ["label"]):
        raise DataError(_WHERE, [_cell_fault(index, names, fault) for fault in nested])
    if schema is None and sources is None:
        require_ratings({name: _filled(table[name]) for name in names}, _WHERE, _WIDE_HINT)
    schema = _schema_of(cells, schema)
    codes, faults = encode_labels(cells, schema)
    if faults:
        raise DataError(_WHERE, [_cell_fault(index, names, fault) for fault in sorted(faults)])
    row, column = np.divmod(np.arange(len(codes)), max(len(names), 1))
    return Entries((row, column, codes), schema, index, names)


def _frame(table: pd.DataFrame | Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    table = as_pandas(table)
    if isinstance(table, pd.DataFrame):
        return table
    if not isinstance(table, Mapping):
        expected = "expected a DataFrame or lists by source: {'ana': […], 'bo': […]}"
        raise DataError(_WHERE, f"is a {type(table).__name__}; {expected}")
    lengths = {name: len(labels) for name, labels in table.items()}
    if len({*lengths.values()}) > 1:
        raise DataError(_WHERE, f"sources have different numbers of labels: {lengths}")
    return pd.DataFrame({name: list(labels) for name, labels in table.items()})


def _filled(cells: "pd.Series[Any]") -> list[str]:
    return [text for text in as_texts(cells.dropna()) if text]


def _cell_fault(items: pd.Index, names: Sequence[str], fault: Fault) -> str:
    at, what = fault
    row, column = divmod(at, len(names))
    return f"item {items[[row]].tolist()[0]!r}, {names[column]!r}: {what}"


def _schema_of(labels: "pd.Series[Any]", schema: LabelSchema | None) -> LabelSchema:
    """Take the labels that occur for the classes, unless there is a schema."""
    if schema is not None:
        require_schema(schema)
        return schema
    found, _ = in_order({_as_text(label, ()) for label in labels.dropna().unique()})
    if not 2 <= len(found) <= _MOST_CLASSES:
        some = f" ({', '.join(map(repr, found[:2]))}{', …' if len(found) > 2 else ''})" if found else ""
        raise DataError(
            _WHERE, f"{number_of(len(found), 'different label')}{some}; name the classes: LabelSchema(['HAM', 'SPAM'])"
        )
    require_distinct(found, _WHERE, "name the classes with a LabelSchema")
    return LabelSchema(found)


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
    """Turn a column of class names into indices; faults for what is neither name, skip answer nor missing.

    A number is a name, as in a file: 1 is the class called 1, wherever it stands.
    """
    codes = np.full(len(labels), ABSTAIN, dtype=np.int64)
    faults: list[Fault] = []
    positions, distinct = pd.factorize(labels)
    for number, value in enumerate(distinct):
        at = np.flatnonzero(positions == number)
        hint = "" if isinstance(value, str) else "; class indices go to Votes.from_matrix"
        try:
            codes[at] = schema.encode(_as_text(value, schema.classes))
        except SchemaError as error:
            faults += [(int(row), f"label {error.faults[0]}{hint}") for row in at]
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
