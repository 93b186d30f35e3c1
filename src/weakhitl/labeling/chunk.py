"""Some rows, as each kind of function looks at them."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from keyword import iskeyword
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from weakhitl.files import require_columns
from weakhitl.votes import IntArray

View = Literal["text", "lower", "numbers"]


class Row(SimpleNamespace):
    """One row, as a labeling function sees it: ``x.text`` and ``x["text"]`` are the same cell."""

    def __getitem__(self, column: str) -> Any:
        try:
            return self.__dict__[column]
        except KeyError:
            raise KeyError(self._missing(column)) from None

    def __getattr__(self, column: str) -> Any:
        if column.startswith("__"):
            raise AttributeError(column)
        raise AttributeError(self._missing(column))

    def get(self, column: str, default: Any = None) -> Any:
        """Give a cell, or ``default`` where there is no such column."""
        return self.__dict__.get(column, default)

    def _missing(self, column: str) -> str:
        return f"the row has no column {column!r}; the columns are {', '.join(self.__dict__)}"


class SharedRow(Row):
    """A row that all functions look at: it cannot be changed. A copy of it is a ``Row``, which can."""

    def __setattr__(self, column: str, cell: Any) -> None:
        raise AttributeError(self._shared(column))

    def __delattr__(self, column: str) -> None:
        raise AttributeError(self._shared(column))

    def __setitem__(self, column: str, cell: Any) -> None:
        raise AttributeError(self._shared(column))

    def __reduce__(self) -> tuple[Any, ...]:
        return Row, (), self.__dict__

    def _shared(self, column: str) -> str:
        return f"all functions share the row, so none may set {column!r}; a @preprocessor may, as it gets a copy"


class Chunk:
    """Some rows of the items; each view of them is made when it is first asked for.

    Attributes
    ----------
    ids
        The rows' ids.
    todo
        Function name -> positions of the rows that it has to run on; a function that is not there runs on all.

    """

    def __init__(self, table: pd.DataFrame | pa.Table, ids: pd.Index) -> None:
        self.ids = ids
        self.todo: dict[str, IntArray] = {}
        self._table = table
        self._views: dict[tuple[View, str], pl.Series] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._table, self.ids, self.todo)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a table whose index holds the ids, in pandas' usual types: no ``pd.NA``."""
        if isinstance(self._table, pd.DataFrame):
            return usual_types(self._table)
        frame: pd.DataFrame = self._table.to_pandas(ignore_metadata=True).set_axis(self.ids)
        return frame

    @cached_property
    def rows(self) -> list[SharedRow]:
        """The rows one by one."""
        names = [str(name) for name in self.frame.columns]
        columns = [cells_of(self.frame.iloc[:, at]) for at in range(len(names))]
        with uncollected():
            return list(map(_row_maker(names), *columns))

    def require(self, columns: Sequence[str]) -> None:
        """Raise ``DataError`` naming every column that is not there."""
        names = self._table.column_names if isinstance(self._table, pa.Table) else self._table.columns
        require_columns(pd.DataFrame(columns=list(names)), columns, "items (for rules)")

    def view(self, view: View, name: str) -> pl.Series:
        """Give a column as polars sees it; what is missing is null.

        As text a whole number has no fraction, whatever type holds it; as numbers, other text is null.
        """
        if (view, name) not in self._views:
            if view == "lower":
                cells = self.view("text", name).str.to_lowercase()
            elif view == "text":
                cells = _as_text(self._column(name))
            else:
                cells = self._column(name).cast(pl.Float64, strict=False).fill_nan(None)
            self._views[view, name] = cells
        return self._views[view, name]

    def _column(self, name: str) -> pl.Series:
        if isinstance(self._table, pa.Table):
            kind = self._table.schema.field(name).type
            if _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
                return _from_arrow(self._table.column(name))
        return from_pandas(self._table[name] if isinstance(self._table, pd.DataFrame) else self.frame[name])


def usual_types(table: pd.DataFrame) -> pd.DataFrame:
    """Give columns of pandas' nullable types their usual ones: the truth of ``pd.NA`` is an error."""
    nullable = [at for at, kind in enumerate(table.dtypes) if getattr(kind, "na_value", None) is pd.NA]
    if nullable:
        table = table.copy(deep=False)
        for at in nullable:
            table.isetitem(at, pa.array(table.iloc[:, at], from_pandas=True).to_pandas().array)
    return table


def cells_of(column: "pd.Series[Any]") -> list[Any]:
    """List a column's cells; one that is missing is None, NaN in a column of numbers, or NaT in one of times.

    >>> cells_of(pd.Series(["a", None])), cells_of(pd.Series([1, None]))
    (['a', None], [1.0, nan])
    """
    cells: list[Any] = column.tolist()
    if column.dtype.kind == "O":  # texts and objects, where NaN would be true
        for at in np.flatnonzero(column.isna().to_numpy()):
            cells[at] = None
    return cells


def _row_maker(names: Sequence[str]) -> Callable[..., SharedRow]:
    """Give what makes a row of its cells: a function with the names written out, which is twice as quick as a dict."""
    if not all(name.isidentifier() and not iskeyword(name) for name in names) or len({*names}) < len(names):
        return lambda *cells: SharedRow(**dict(zip(names, cells, strict=True)))
    given = [f"_{at}" for at in range(len(names))]
    fields = ", ".join(f"{name}={cell}" for name, cell in zip(names, given, strict=True))
    maker: Callable[..., SharedRow] = eval(f"lambda {', '.join(given)}: _Row({fields})", {"_Row": SharedRow})  # noqa: S307 - identifiers
    return maker


@contextmanager
def uncollected() -> Iterator[None]:
    """Make many objects without looking for garbage among all there are, which takes several times as long."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _restored(table: pd.DataFrame | pa.Table, ids: pd.Index, todo: dict[str, IntArray]) -> Chunk:
    chunk = Chunk(table, ids)
    chunk.todo = todo
    return chunk


def from_pandas(cells: "pd.Series[Any]") -> pl.Series:
    """Give a column to polars: numbers as they are, everything else as text; missing cells are null."""
    if pd.api.types.is_integer_dtype(cells) and not cells.hasnans:
        return pl.Series(cells.to_numpy())
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return pl.Series(cells.to_numpy(dtype=np.float64, na_value=np.nan)).fill_nan(None)
    if isinstance(cells.dtype, pd.StringDtype):
        return _from_arrow(pa.array(cells, from_pandas=True))
    given, missing = cells.tolist(), cells.isna().to_numpy()
    kinds = {type(cell) for cell, gone in zip(given, missing, strict=True) if not gone}
    if kinds <= {int, float} and kinds:
        return pl.Series([None if gone else float(cell) for cell, gone in zip(given, missing, strict=True)])
    if missing.any() or kinds != {str}:
        given = [None if gone else str(cell) for cell, gone in zip(given, missing, strict=True)]
    return pl.Series(given, dtype=pl.String)


def _from_arrow(cells: Any) -> pl.Series:
    given: Any = pl.from_arrow(cells)
    series: pl.Series = given.fill_nan(None) if given.dtype.is_float() else given
    return series


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _as_text(cells: pl.Series) -> pl.Series:
    if cells.dtype == pl.String:
        return cells
    text = cells.cast(pl.String)
    return text.str.replace(r"\.0$", "") if cells.dtype.is_float() else text
