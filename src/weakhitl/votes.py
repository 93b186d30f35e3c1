"""The vote ledger: who voted which class on which item."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from weakhitl.arrays import ArrayLike
from weakhitl.brief import Brief
from weakhitl.errors import DataError, SchemaError, UsageError
from weakhitl.frames import as_pandas
from weakhitl.notebook import html_table
from weakhitl.schema import ABSTAIN, LabelSchema, require_schema
from weakhitl.vote_matrix import column_names, compact, extremes, label_faults, label_matrix
from weakhitl.vote_names import item_index, name_faults, positions, source_names
from weakhitl.vote_storage import (
    Cells,
    DenseCells,
    Entries,
    SparseCells,
    cells_of_entries,
    cells_of_matrix,
    label_dtype,
    stacked_cells,
)
from weakhitl.vote_table import cell_order, long_entries, wide_entries
from weakhitl.wording import number_of

IntArray = npt.NDArray[np.integer[Any]]
FloatArray = npt.NDArray[np.float64]

_MOST_CLASSES = 10_000
"""A class index beyond is more likely a mistake, such as an id, than one of so many classes."""
_JOINED = 1 << 19
"""Rows that are worked on at a time."""
_SHOWN = 50
"""Sources that a notebook shows."""


@dataclass(frozen=True, repr=False)
class Patterns(Brief):
    """The distinct vote rows and how often each occurs.

    Attributes
    ----------
    votes
        The distinct rows as votes; items are the patterns' numbers.
    counts
        ``counts[pattern]``: how many items show it.
    inverse
        ``inverse[item]``: the pattern of each item, so that per-pattern results are gathered by indexing.

    """

    votes: "Votes"
    counts: IntArray
    inverse: IntArray


class Votes:
    """Votes of sources (labeling functions, annotators, judges) on items; frozen.

    Made by ``from_matrix``, ``from_long``, ``from_wide`` or ``from_entries``. Inside, a dense (items, sources) array
    or a sparse one, whichever is smaller (``vote_storage``); outside, the same views.

    Attributes
    ----------
    items
        Item ids, unique, as a pandas Index of length n.
    sources
        Names of the sources, unique, m of them.
    schema
        The classes that votes refer to by index.

    """

    __slots__ = ("_cells", "items", "schema", "sources")

    items: pd.Index
    sources: tuple[str, ...]
    schema: LabelSchema
    _cells: Cells

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("make Votes with Votes.from_matrix, from_long, from_wide or from_entries")

    @classmethod
    def from_matrix(
        cls,
        matrix: ArrayLike | pd.DataFrame,
        schema: LabelSchema | None = None,
        items: Iterable[Hashable] | None = None,
        sources: Iterable[str] | None = None,
        *,
        copy: bool = True,
    ) -> Self:
        """Take Snorkel's matrix: (n, m) class indices, -1 or NaN abstains.

        Items default to a DataFrame's index, else 0..n-1, sources to its column names, else ``source_0``.., classes to
        ``0``, ``1``.. as far as they occur. Raises ``DataError`` for a wrong shape, labels out of range and duplicate
        items or sources. Without ``copy`` the matrix itself is kept, which saves memory if it does not change while the
        votes are used.

        Examples
        --------
        >>> votes = Votes.from_matrix([[0, -1], [1, 1]], LabelSchema(["HAM", "SPAM"]))
        >>> votes.to_long()
           item    source label
        0     0  source_0   HAM
        1     1  source_0  SPAM
        2     1  source_1  SPAM

        """
        matrix = as_pandas(matrix)
        if isinstance(matrix, pd.DataFrame):
            items = matrix.index if items is None else items
            sources = column_names(matrix) if sources is None else sources
        if schema is not None:
            require_schema(schema)
        array = label_matrix(matrix)
        n, m = array.shape
        index = pd.RangeIndex(n) if items is None else item_index(items, n)
        names = source_names([f"source_{j}" for j in range(m)] if sources is None else sources, m)
        dtype = np.dtype(np.int8) if schema is None else label_dtype(schema)
        dense, n_votes, lowest, highest = compact(array, dtype) if copy else (array.view(), 0, *extremes(array))
        if schema is None:
            if highest >= _MOST_CLASSES:
                raise DataError("vote matrix", f"holds class index {highest}; for so many classes, give a schema")
            schema = LabelSchema.numbered(max(highest + 1, 2))
        dtype = label_dtype(schema)
        faults = name_faults(index, names)
        if lowest < ABSTAIN or highest >= len(schema):
            faults += label_faults(array, schema, index, names)
        if faults:
            raise DataError("vote matrix", faults)
        if not copy:
            return cls._frozen(DenseCells(dense), index, names, schema)
        if dense.dtype != dtype:
            dense = array.astype(dtype)
        return cls._frozen(cells_of_matrix(dense, n_votes), index, names, schema)

    @classmethod
    def from_entries(
        cls,
        entries: tuple[ArrayLike, ArrayLike, ArrayLike],
        schema: LabelSchema,
        items: Iterable[Hashable],
        sources: Iterable[str],
    ) -> Self:
        """Take parallel arrays of item positions, source positions and class indices, one per vote.

        Each (item, source) pair at most once; -1 labels are dropped. Raises ``DataError`` else.
        """
        require_schema(schema)
        row, column, label = (np.asarray(part, dtype=np.int64) for part in entries)
        keep = label != ABSTAIN
        row, column, label = row[keep], column[keep], label[keep]
        index, names = item_index(items), source_names(sources)
        n, m = len(index), len(names)
        faults = name_faults(index, names)
        if label.size and (label.min() < 0 or label.max() >= len(schema)):
            faults.append(f"labels must lie in 0..{len(schema) - 1}; {schema.expected()}")
        order, starts = cell_order(row, column)
        if not starts.all():
            faults.append("a source voted twice on one item")
        if faults:
            raise DataError("votes", faults)
        cells = cells_of_entries((row[order], column[order], label[order]), (n, m), label_dtype(schema))
        return cls._frozen(cells, index, names, schema)

    @classmethod
    def from_long(
        cls,
        table: pd.DataFrame,
        schema: LabelSchema | None = None,
        item: str = "item",
        source: str = "annotator",
        label: str = "label",
        *,
        items: Iterable[Hashable] | None = None,
    ) -> Self:
        """Take a long table with one vote a row; labels are class names, skip answers or missing.

        Items and sources keep the order in which they first occur, unless ``items`` lists the items; classes default
        to the labels that occur, numbers by value, others by the alphabet. The same vote twice counts once. Raises
        ``DataError`` naming every missing id, unknown label, unknown item, and every source that voted two classes on
        one item.

        Examples
        --------
        >>> table = pd.DataFrame({"item": ["a", "a", "b"], "annotator": ["ana", "bo", "bo"],
        ...                       "label": ["HAM", "SPAM", "SPAM"]})
        >>> Votes.from_long(table, LabelSchema(["HAM", "SPAM"])).to_matrix()
        array([[ 0,  1],
               [-1,  1]], dtype=int8)

        """
        read = long_entries(table, schema, (item, source, label), items)
        return cls.from_entries(read.cells, read.schema, read.items, read.sources)

    @classmethod
    def from_wide(
        cls,
        table: pd.DataFrame | Mapping[str, Sequence[Any]],
        schema: LabelSchema | None = None,
        item: str = "item",
        sources: Sequence[str] | None = None,
    ) -> Self:
        """Take a table with a row an item and a column a source; cells are class names, skip answers or missing.

        The items are the column ``item`` if there is one, else the index; ``sources`` default to all other columns,
        classes to the labels that occur, numbers by value, others by the alphabet. Raises ``DataError`` naming every
        unknown label, and items and sources that occur twice.

        Examples
        --------
        >>> Votes.from_wide({"ana": ["HAM", "SPAM"], "bo": ["SPAM", None]}).to_long()
           item source label
        0     0    ana   HAM
        1     0     bo  SPAM
        2     1    ana  SPAM

        """
        read = wide_entries(table, schema, item, sources)
        return cls.from_entries(read.cells, read.schema, read.items, read.sources)

    @classmethod
    def concatenate(cls, parts: Sequence["Votes"], items: Iterable[Hashable] | None = None) -> Self:
        """Put votes of the same sources on different items one below the other.

        ``items`` replaces the parts' own ids. Raises ``DataError`` for other sources and for an item that occurs twice,
        ``SchemaError`` for other classes.

        Examples
        --------
        >>> first, second = (Votes.from_matrix([[at, -1]], LabelSchema(["HAM", "SPAM"]), [at]) for at in (0, 1))
        >>> Votes.concatenate([first, second]).to_matrix()
        array([[ 0, -1],
               [ 1, -1]], dtype=int8)

        """
        if not parts:
            raise DataError("votes", "there are no parts; expected at least one")
        sources, schema = parts[0].sources, parts[0].schema
        if any(part.sources != sources for part in parts):
            raise DataError("votes", "the parts have different sources")
        if any(part.schema != schema for part in parts):
            raise SchemaError("votes", "the parts have different classes")
        n = sum(map(len, parts))
        index = item_index(parts[0].items.append([part.items for part in parts[1:]]) if items is None else items, n)
        if faults := name_faults(index, ()):
            raise DataError("votes", faults)
        return cls._below(parts, index)

    @classmethod
    def _below(cls, parts: Sequence["Votes"], items: pd.Index) -> Self:
        """Put votes of the same sources one below the other; ``items`` are unique."""
        sources, schema = parts[0].sources, parts[0].schema
        cells = [part._cells for part in parts]  # noqa: SLF001 - of its own kind
        below = stacked_cells(cells, len(sources), label_dtype(schema))
        return cls._frozen(below, items, sources, schema)

    @classmethod
    def _frozen(cls, cells: Cells, items: pd.Index, sources: tuple[str, ...], schema: LabelSchema) -> Self:
        votes = object.__new__(cls)
        for name, value in zip(cls.__slots__, (cells, items, schema, sources), strict=True):
            object.__setattr__(votes, name, value)
        return votes

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Votes are frozen; cannot set {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Votes.from_entries, (self.entries(), self.schema, self.items, self.sources)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        sizes = {"item": len(self), "source": len(self.sources), "vote": self.n_votes}
        return f"<Votes: {', '.join(number_of(size, what) for what, size in sizes.items())}>"

    def _repr_html_(self) -> str:
        """Show in a notebook how often each source votes each class."""
        _, column, label = self.entries()
        k, m = len(self.schema), len(self.sources)
        counts = np.bincount(column * k + label, minlength=m * k).reshape(m, k)
        rows = [
            (name, *(f"{count:,}" for count in row), f"{row.sum() / max(len(self), 1):.1%}")
            for name, row in zip(self.sources[:_SHOWN], counts, strict=False)
        ]
        more = f"{m - _SHOWN:,} more sources" if m > _SHOWN else ""
        return html_table(["source", *self.schema.classes, "coverage"], rows, repr(self).strip("<>"), more)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Votes):
            return NotImplemented
        return (
            self.schema == other.schema
            and self.sources == other.sources
            and self.items.equals(other.items)
            and all(np.array_equal(a, b) for a, b in zip(self.entries(), other.entries(), strict=True))
        )

    __hash__ = None  # type: ignore[assignment]  # equality compares arrays

    @property
    def n_votes(self) -> int:
        """How many votes there are; abstentions are none."""
        return self._cells.n_votes

    @property
    def is_sparse(self) -> bool:
        """Whether they are kept as compressed rows, which take less memory where votes are few."""
        return isinstance(self._cells, SparseCells)

    def entries(self) -> Entries:
        """Give item positions, source positions and class indices, one per vote, sorted by item, source."""
        return self._cells.entries()

    def compressed(self) -> Entries:
        """Give ``indptr``, source positions and class indices: item i has those from indptr[i] to indptr[i + 1]."""
        return self._cells.compressed()

    def to_matrix(self) -> IntArray:
        """Give the (n, m) integer matrix, -1 abstains; a fresh copy."""
        return self._cells.matrix()

    def to_long(self) -> pd.DataFrame:
        """Give one row per vote: item, source, label (a class name)."""
        row, column, label = self.entries()
        return pd.DataFrame(
            {
                "item": self.items[row],
                "source": np.array(self.sources, dtype=object)[column],
                "label": np.array(self.schema.classes, dtype=object)[label],
            }
        )

    def class_counts(self) -> IntArray:
        """``counts[item, class]``: how many sources voted each class on each item."""
        n, k = len(self), len(self.schema)
        counts = np.empty((n, k), dtype=np.int64)
        for start in range(0, n, _JOINED):
            part = counts[start : start + _JOINED]
            row, _, label = self._cells.rows(slice(start, start + _JOINED)).entries()
            part[:] = np.bincount(row * k + label, minlength=part.size).reshape(-1, k)
        return counts

    def patterns(self) -> Patterns:
        """Group equal rows; the order of the patterns does not depend on the order of the items."""
        cells, inverse, counts = self._cells.grouped(len(self.schema) + 1)
        distinct = Votes._frozen(cells, pd.RangeIndex(len(counts)), self.sources, self.schema)
        return Patterns(distinct, counts, inverse)

    def row_keys(self, at: slice | IntArray, sources: slice = slice(None)) -> IntArray:
        """``key[item]`` of some items: what some sources vote, as digits to base k + 1; 0 abstains, the first leads.

        For less than 2 ** 63 possible keys.
        """
        return self._cells.row_keys(at, sources, len(self.schema) + 1)

    def take_items(self, positions: ArrayLike) -> "Votes":
        """Keep the items at these positions (or where this mask is true), in this order."""
        at = np.asarray(positions)
        at = np.flatnonzero(at) if at.dtype == bool else at if at.size else at.astype(np.intp)
        return Votes._frozen(self._cells.rows(at), self.items[at], self.sources, self.schema)

    def reindex(self, items: Iterable[Hashable]) -> "Votes":
        """Give the votes on exactly these items, in this order; one without votes has only abstentions."""
        index = item_index(items)
        position = index.get_indexer(self.items)
        row, column, label = self.entries()
        keep = position[row] >= 0
        entries = position[row[keep]], column[keep], label[keep]
        return Votes.from_entries(entries, self.schema, index, self.sources)

    def take_sources(self, sources: Iterable[str]) -> "Votes":
        """Keep these sources, in this order. Raises ``DataError`` for a name that is not there."""
        names = tuple(sources)
        position = {name: at for at, name in enumerate(self.sources)}
        if unknown := [name for name in names if name not in position]:
            raise DataError("votes", [f"there is no source {name!r}" for name in unknown])
        new = np.full(len(self.sources), -1, dtype=np.int64)
        new[[position[name] for name in names]] = np.arange(len(names))
        row, column, label = self.entries()
        keep = new[column] >= 0
        entries = row[keep], new[column[keep]], label[keep]
        return Votes.from_entries(entries, self.schema, self.items, names)

    def join(self, other: "Votes") -> "Votes":
        """Add the sources of ``other``, whose votes are matched by item; its unknown items are an error."""
        if other.schema != self.schema:
            raise SchemaError("votes", "cannot join votes with different label schemas")
        position = positions(self.items, other.items)
        if (position < 0).any():
            missing = other.items[position < 0]
            raise DataError("votes", [f"item {name!r} is not among the items" for name in missing])
        if shared := sorted(set(self.sources) & set(other.sources)):
            raise DataError("votes", [f"source {name!r} is in both" for name in shared])
        added = np.full(len(self), ABSTAIN, dtype=np.int32)
        added[position] = np.arange(len(other), dtype=np.int32)
        parts = [self._beside(other, added, start) for start in range(0, max(len(self), 1), _JOINED)]
        return Votes._below(parts, self.items)

    def _beside(self, other: "Votes", added: IntArray, start: int) -> "Votes":
        """Join some rows, numbered from 0; ``added[item]`` is the position of an item in ``other``, or -1."""
        here = slice(start, start + _JOINED)
        row, column, label = self._cells.rows(here).entries()
        at = np.flatnonzero(added[here] >= 0)
        row_, column_, label_ = other.take_items(added[here][at]).entries()
        entries = (
            np.concatenate([row, at[row_]]),
            np.concatenate([column, column_ + len(self.sources)]),
            np.concatenate([label, label_]),
        )
        items = pd.RangeIndex(len(added[here]))
        return Votes.from_entries(entries, self.schema, items, self.sources + other.sources)


def require_votes(given: object) -> None:
    """Raise ``UsageError`` for what is no ``Votes``: of a bare matrix nobody knows whether rows are items or raters."""
    if not isinstance(given, Votes):
        raise UsageError(
            f"expected Votes, found {type(given).__name__}: Votes.from_long takes a table with a vote a row, "
            "Votes.from_wide one with a row an item and a column a source, or lists: {'ana': […], 'bo': […]}; "
            "Votes.from_matrix takes class indices"
        )
