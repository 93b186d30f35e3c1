"""Read files of rows in parts, so that memory does not grow with the rows.

Every part shows a cell as the whole file would: a column of integers that lacks one somewhere holds floats throughout.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from weakhitl.csv_files import csv_faults, require_rows, separator
from weakhitl.errors import DataError
from weakhitl.files import (
    json_rows,
    parquet_faults,
    read_table,
    require_columns,
    table_files,
    table_kind,
)

Part: TypeAlias = "pd.DataFrame | pa.Table"

_PASS = 100_000
"""Rows that a pass over one column reads at a time."""

_BUFFER = 1 << 20
"""Bytes of a file that are read at a time: a mapped file would stay in memory whole."""

_HELD = 500_000
"""Rows of a Parquet file that may be in memory at a time, where its row groups are not larger."""

_NUMBERS = {"int", "uint", "float"}
"""Kinds of cells that pandas holds as floats where several stand in a column, or some are missing."""

_DTYPES = {"int": np.dtype("int64"), "uint": np.dtype("uint64"), "bool": np.dtype("bool")}
"""Pandas' type of a column whose cells are all there and of one kind."""

_TYPES = {"str": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "uint": pa.uint64(), "float": pa.float64()}
"""Arrow's type of a column by the one kind of its cells; others are found by looking."""


@dataclass
class _Columns:
    """Columns in the order in which they occur, what kinds of cells each holds, and the rows, where they are known."""

    kinds: dict[str, set[str]] = field(default_factory=dict)
    rows: int | None = 0

    def add(self, kinds: dict[str, set[str]], rows: int | None) -> None:
        """Add a file's; a column that one of two files lacks is missing there."""
        if self.kinds:
            for name in kinds.keys() ^ self.kinds.keys():
                self.kinds.setdefault(name, set()).add("missing")
        for name, found in kinds.items():
            self.kinds.setdefault(name, set()).update(found)
        self.rows = None if rows is None or self.rows is None else self.rows + rows

    def dtypes(self) -> dict[str, Any]:
        """Give the types that columns of one kind of cells have in every part; others hold objects."""
        text: Any = pd.Series(["a string"]).dtype
        found: dict[str, Any] = {}
        for name, kinds in self.kinds.items():
            if len(kinds) == 1 and kinds <= _DTYPES.keys():
                found[name] = _DTYPES[next(iter(kinds))]
            elif kinds & _NUMBERS and kinds <= {*_NUMBERS, "missing"}:
                found[name] = np.dtype("float64")
            elif "str" in kinds and kinds <= {"str", "missing"}:
                found[name] = text
        return found


class TableStream:
    """A CSV, TSV, JSON Lines, Parquet or .xlsx file, or a folder of them, in parts; cells are those of ``read_table``.

    Raises ``DataError`` at once for what is missing, empty or no table, and for all faults of CSV and JSON Lines files.
    """

    def __init__(self, path: Path | str) -> None:
        self.where = str(path)
        self._files = table_files(Path(path))

    @property
    def columns(self) -> list[str]:
        """All columns, in the order in which the files name them."""
        return list(self._columns.kinds)

    @property
    def rows(self) -> int | None:
        """How many rows there are; None where only reading would tell."""
        return self._columns.rows

    def parts(self, size: int, columns: list[str] | None = None) -> Iterator[Part]:
        """Give the rows in their order, ``size`` at a time, fewer where a file ends; Parquet as arrow tables."""
        dtypes = self._columns.dtypes()
        for part in self._as_stored(size, self.columns if columns is None else columns):
            yield _as_pandas_holds_it(part, dtypes)

    def _as_stored(self, size: int, names: list[str]) -> Iterator[Part]:
        """Give the same rows with the files' own cells: integers beside a gap are integers."""
        for path in self._files:
            for part in _PARTS[table_kind(path)](path, size, names):
                same = isinstance(part, pa.Table) or list(part.columns) == names
                yield part if same else part.reindex(columns=names)

    def column(self, name: str) -> "pd.Series[Any]":
        """Read one column whole. Raises ``DataError`` for a column that is not there."""
        require_columns(pd.DataFrame(columns=self.columns), [name], self.where)
        parts = self.parts(_PASS, [name])
        found = [part[name] if isinstance(part, pd.DataFrame) else part.column(name).to_pandas() for part in parts]
        whole: pd.Series[Any] = pd.concat(found, ignore_index=True)
        return whole

    @cached_property
    def schema(self) -> pa.Schema:
        """One arrow type for each column, over all parts; what no one type holds is text, in JSON where it was none."""
        fixed = {name: self._fixed_type(name) for name in self.columns}
        open_ = [name for name, found in fixed.items() if found is None]
        found = self._nested_types(open_) if open_ else {}
        return pa.schema([(name, fixed[name] or found[name]) for name in self.columns])

    def tables(self, size: int) -> Iterator[pa.Table]:
        """Give the rows as arrow tables of ``schema``; integers stay what they are, beside a gap, too."""
        schema = self.schema
        texts = {name for name, kinds in self._columns.kinds.items() if kinds <= {"str", "missing"}}
        for part in self._as_stored(size, self.columns):
            yield _arrow(part, schema, texts)

    def _fixed_type(self, name: str) -> pa.DataType | None:
        """Give the type of cells that are no lists, objects or what else only Parquet has; several kinds are text."""
        kinds = self._columns.kinds[name] - {"missing"}
        if not kinds:
            return pa.string()
        if len(kinds) == 1 and kinds <= _TYPES.keys():
            return _TYPES[next(iter(kinds))]
        if kinds <= _NUMBERS:
            return pa.float64()
        return pa.string() if len(kinds - {"other"}) > 1 or "big" in kinds else None

    def _nested_types(self, names: list[str]) -> dict[str, pa.DataType]:
        """Find one type for lists, objects and what else Parquet has; text where JSON has none in common."""
        found: dict[str, list[pa.DataType]] = {name: [] for name in names}
        for part in self._as_stored(_PASS, names):
            for name, types in found.items():
                kind = part.schema.field(name).type if isinstance(part, pa.Table) else _inferred(part[name])
                if kind not in types:  # in the order in which they occur, which is that of an object's keys
                    types.append(kind)
        return {name: self._one_type(name, types) for name, types in found.items()}

    def _one_type(self, name: str, types: list[pa.DataType]) -> pa.DataType:
        schemas = [pa.schema([(name, one)]) for one in types]
        try:
            found = pa.unify_schemas(schemas, promote_options="permissive").field(0).type
            return pa.string() if _has_no_field(found) else found
        except pa.ArrowException as error:
            if "other" not in self._columns.kinds[name]:
                return pa.string()
            raise DataError(self.where, f"its parts hold columns of different types ({error})") from error

    @cached_property
    def _columns(self) -> _Columns:
        columns, faults = _Columns(), []
        for path in self._files:
            try:
                columns.add(*_LOOK[table_kind(path)](path))
            except DataError as error:
                faults += [f"{path.name}: {fault}" if len(self._files) > 1 else fault for fault in error.faults]
        if faults:
            raise DataError(self.where, faults)
        return columns


def _arrow(part: Part, schema: pa.Schema, texts: set[str]) -> pa.Table:
    """Make an arrow table of a part; where the schema has text, cells of columns that are not ``texts`` become JSON."""
    if isinstance(part, pa.Table):
        cells = [_cast(part.column(one.name), one.type) for one in schema]
        return pa.table(cells, schema)
    columns = [_arrow_column(part[one.name], one.type, is_text=one.name in texts) for one in schema]
    return pa.table(columns, schema)


def _cast(cells: Any, kind: pa.DataType) -> Any:
    """Let a number be the nearest float where the column holds floats, as pandas does."""
    return cells.cast(kind, safe=not pa.types.is_floating(kind))


def _as_pandas_holds_it(part: Part, dtypes: dict[str, Any]) -> Part:
    """Give numbers the types that they have in the whole file; a column that an arrow table lacks is of texts."""
    if isinstance(part, pd.DataFrame):
        return part.astype({name: dtype for name, dtype in dtypes.items() if name in part})
    columns = {}
    for name in part.column_names:
        cells = part.column(name)
        if dtypes.get(name) == np.float64:
            cells = _cast(cells, pa.float64())
        columns[name] = cells.cast(pa.string()) if pa.types.is_null(cells.type) and name in dtypes else cells
    return pa.table(columns)


def _arrow_column(cells: "pd.Series[Any]", kind: pa.DataType, *, is_text: bool) -> Any:
    if pa.types.is_string(kind) and not is_text:
        return pa.array([_as_text(cell) for cell in cells], kind)
    return pa.array(cells.astype("float64" if pa.types.is_floating(kind) else object), kind, from_pandas=True)


def _inferred(cells: "pd.Series[Any]") -> pa.DataType:
    """Ask arrow which type holds the cells; text where none does."""
    try:
        return pa.array(cells.astype(object), from_pandas=True).type
    except (pa.ArrowException, OverflowError):  # the latter of an integer of more than 64 bits
        return pa.string()


def _as_text(cell: Any) -> str | None:
    missing = cell is None or (isinstance(cell, float) and np.isnan(cell))
    return None if missing else cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _look_at_csv(path: Path) -> tuple[dict[str, set[str]], int | None]:
    require_rows(path)
    part = next(_csv_parts(path, 1), None)
    if part is None or part.empty:
        raise DataError(str(path), "the file has no rows; expected at least one")
    return {str(name): {"str"} for name in part.columns}, None


def _look_at_json(path: Path) -> tuple[dict[str, set[str]], int | None]:
    kinds: dict[str, set[str]] = {}
    rows = 0
    faults: list[str] = []
    for row in json_rows(path, faults):
        for name, cell in row.items():
            known = kinds.get(name)
            if known is None:
                known = kinds[name] = {"missing"} if rows else set()
            known.add(_kind_of(cell))
        if len(row) < len(kinds):
            for name in kinds.keys() - row.keys():
                kinds[name].add("missing")
        rows += 1
    if faults:
        raise DataError(str(path), faults)
    if not rows:
        raise DataError(str(path), "the file has no rows; expected at least one")
    return kinds, rows


def _kind_of(cell: Any) -> str:
    if cell is None:
        return "missing"
    kind = type(cell).__name__
    return "big" if kind == "int" and abs(cell) >= 2**63 else kind


def _look_at_parquet(path: Path) -> tuple[dict[str, set[str]], int | None]:
    with parquet_faults(path), pq.ParquetFile(path) as file:
        rows = file.metadata.num_rows
        kinds = {
            one.name: {_arrow_kind(one.type)} | ({"missing"} if _has_nulls(file, at, one.name) else set())
            for at, one in enumerate(file.schema_arrow)
        }
    if not rows:
        raise DataError(str(path), "the file has no rows; expected at least one")
    return kinds, rows


def _arrow_kind(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "uint" if pa.types.is_uint64(kind) else "int"
    if pa.types.is_floating(kind):
        return "float"
    return "str" if _is_text(kind) else "other"


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_view(kind)


def _is_view(kind: pa.DataType) -> bool:
    """Whether arrow holds the texts in a way for which it lacks many functions; older releases do not know it."""
    return str(kind) == "string_view"


def _has_no_field(kind: pa.DataType) -> bool:
    """Whether an object without keys is in there, which Parquet cannot hold."""
    fields = [kind.field(at).type for at in range(kind.num_fields)]
    return (pa.types.is_struct(kind) and not fields) or any(map(_has_no_field, fields))


def _has_nulls(file: pq.ParquetFile, at: int, name: str) -> bool:
    """Whether a flat column of integers lacks a cell; for other kinds it does not matter."""
    if not pa.types.is_integer(file.schema_arrow.field(at).type):
        return False
    leaf = [column for column in range(file.metadata.num_columns) if file.schema.column(column).path == name]
    for group in range(file.metadata.num_row_groups):
        statistics = file.metadata.row_group(group).column(leaf[0]).statistics
        if statistics is None or not statistics.has_null_count:
            return any(batch.column(0).null_count for batch in file.iter_batches(_PASS, columns=[name]))
        if statistics.null_count:
            return True
    return False


def _look_at_sheet(path: Path) -> tuple[dict[str, set[str]], int | None]:
    table = read_table(path)
    return {str(name): {"str"} for name in table.columns}, len(table)


_LOOK = {"csv": _look_at_csv, "jsonl": _look_at_json, "parquet": _look_at_parquet, "xlsx": _look_at_sheet}


def _csv_parts(path: Path, size: int, names: list[str] | None = None) -> Iterator[pd.DataFrame]:
    wanted = None if names is None else set(names)
    with (
        csv_faults(path),
        pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            sep=separator(path),
            chunksize=size,
            usecols=None if wanted is None else lambda name: name in wanted,
        ) as reader,
    ):
        yield from reader


def _sheet_parts(path: Path, size: int, names: list[str]) -> Iterator[pd.DataFrame]:
    table = read_table(path)
    table = table[[name for name in names if name in table]]
    yield from (table.iloc[start : start + size] for start in range(0, len(table), size))


def _json_parts(path: Path, size: int, _: list[str]) -> Iterator[pd.DataFrame]:
    rows: list[dict[str, Any]] = []
    for row in json_rows(path, []):
        rows.append(row)
        if len(rows) == size:
            yield pd.DataFrame(rows, dtype=object)
            rows = []
    if rows:
        yield pd.DataFrame(rows, dtype=object)


def _parquet_parts(path: Path, size: int, names: list[str]) -> Iterator[pa.Table]:
    with parquet_faults(path), pq.ParquetFile(path, buffer_size=_BUFFER) as file:
        for batch in _batches(file, size, [name for name in names if name in file.schema_arrow.names]):
            columns = {}
            for name in names:
                there = name in batch.schema.names
                column = batch.column(name) if there else pa.nulls(len(batch))
                columns[name] = column.cast(pa.string()) if _is_view(column.type) else column
            yield pa.table(columns)


_PARTS: dict[str, Callable[[Path, int, list[str]], Iterator[Part]]] = {
    "csv": _csv_parts,
    "jsonl": _json_parts,
    "parquet": _parquet_parts,
    "xlsx": _sheet_parts,
}


def _batches(file: pq.ParquetFile, size: int, names: list[str]) -> Iterator[Any]:
    """Read some row groups at a time: a reader holds on to what it has read until it ends."""
    together: list[int] = []
    rows = 0
    for group in range(file.metadata.num_row_groups):
        together.append(group)
        rows += file.metadata.row_group(group).num_rows
        if rows >= _HELD or group == file.metadata.num_row_groups - 1:
            yield from file.iter_batches(size, row_groups=together, columns=names)
            together, rows = [], 0
