"""Items: what labeling functions run over, whole or in chunks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from weakhitl.errors import DataError, UsageError
from weakhitl.files import raise_row_faults, read_table, require_columns
from weakhitl.frames import as_pandas
from weakhitl.labeling.chunk import Chunk, usual_types
from weakhitl.table_stream import TableStream
from weakhitl.vote_names import is_unique, require_one_level
from weakhitl.vote_table import missing_faults, nested_faults
from weakhitl.wording import named_twice

Items = pd.DataFrame | Sequence[Mapping[str, Any]] | str | Path

_ROWS = 20_000
"""Rows of a chunk."""


def read_items(items: Items, id: str | None = None) -> pd.DataFrame:
    """Read items into a table whose index holds the ids, each present and unique; those of a file are strings."""
    path = items if isinstance(items, str | Path) else None
    where = str(path) if path is not None else "items"
    table = read_table(items) if isinstance(items, str | Path) else _as_table(items)
    if table.empty:
        raise DataError(where, "there are no items")
    if twice := named_twice([str(name) for name in table.columns]):
        raise DataError(where, twice)
    if id is not None:
        require_columns(table, [id], where)
        ids = _ids(table[id], id, where, as_text=path is not None)
        table = table.assign(**{id: ids}).set_axis(ids)
    require_one_level(table.index)
    if not is_unique(table.index) or table.index.hasnans:
        raise DataError(where, "the index has missing or duplicate ids; name a column that has none with id=…")
    return table


def _as_table(items: Any) -> pd.DataFrame:
    items = as_pandas(items)
    if isinstance(items, Mapping) and any(hasattr(part, "column_names") for part in items.values()):
        raise DataError("items", f"are the datasets {', '.join(map(str, items))}; expected one of them")
    kind = type(items).__name__
    first = next(iter(items), None) if isinstance(items, Sequence | pd.Series | np.ndarray) else None
    if isinstance(first, str):
        hint = "such as pd.DataFrame({'text': texts})"
        raise DataError("items", f"are a {kind} of texts; expected a DataFrame, a list of dicts or a path, {hint}")
    try:
        return pd.DataFrame(items)
    except (ValueError, TypeError) as error:
        hint = "; collect() it first" if hasattr(items, "collect") else ""
        raise DataError("items", f"are a {kind}; expected a DataFrame, a list of dicts or a path{hint}") from error


def item_chunks(items: Items, id: str | None = None) -> tuple[int | None, pd.Index | None, Iterator[Chunk]]:
    """Give the number of rows and their ids, where they are known beforehand, and the rows in chunks.

    Of a file only the ids are read whole, and checked, before the first chunk; the rest is read as it is needed.
    """
    for engine, mark in (("dask", "to_delayed"), ("spark", "rdd")):
        if hasattr(items, mark):
            raise UsageError(f"items are a DataFrame of {engine.title()}; run them with engine={engine!r}")
    if not isinstance(items, str | Path):
        table = usual_types(read_items(items, id))  # before it is cut: each part may look otherwise
        starts = range(0, len(table), _ROWS)
        parts = (table.iloc[at : at + _ROWS] for at in starts)
        return len(table), table.index, (Chunk(part, part.index) for part in parts)
    stream = TableStream(items)
    if id is None:
        return stream.rows, None, _file_chunks(stream)
    ids = _ids(stream.column(id), id, stream.where, as_text=True)
    return len(ids), ids, _file_chunks(stream, id, ids)


def _file_chunks(stream: TableStream, id: str = "", ids: pd.Index | None = None) -> Iterator[Chunk]:
    start = 0
    for part in stream.parts(_ROWS):
        stop = start + len(part)
        if ids is None:
            yield _chunk(part, pd.RangeIndex(start, stop))
        elif isinstance(part, pd.DataFrame):
            yield _chunk(part.assign(**{id: ids[start:stop]}), ids[start:stop])
        else:
            text = pa.array(ids[start:stop], pa.string())
            yield _chunk(part.set_column(part.column_names.index(id), id, text), ids[start:stop])
        start = stop


def _chunk(part: pd.DataFrame | pa.Table, ids: pd.Index) -> Chunk:
    return Chunk(part.set_axis(ids) if isinstance(part, pd.DataFrame) else part, ids)


def _ids(column: "pd.Series[Any]", id: str, where: str, *, as_text: bool) -> pd.Index:
    """Check ids, naming all that are missing or occur before."""
    raise_row_faults(where, nested_faults(pd.DataFrame({id: column}), [id]))
    ids: pd.Index = pd.Index(column.astype(str) if as_text else column, name=None)
    if not (column.isna().any() or (ids == "").any()) and is_unique(ids):
        return ids
    faults = missing_faults(pd.DataFrame({id: column}), [id])
    repeated = column.duplicated() & ~column.isin(["", None])
    again = zip(np.flatnonzero(repeated), column[repeated].tolist(), strict=True)
    faults += [(int(row), f"id {name!r} occurs before") for row, name in again]
    raise_row_faults(where, faults)
    return ids
