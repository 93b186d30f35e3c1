"""Which source voted which class, as a matrix that is multiplied and never written out where rows can be numbered."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from typing import Any

import numpy as np
from scipy import sparse

from weakhitl.votes import FloatArray, IntArray

_MOST_VALUES = 1 << 12
"""Values of one block of sources: its table stays in the cache."""


@dataclass(frozen=True)
class _Block:
    """Some of the cells: ``table[value, cell] = 1``, and ``codes[row]``, which value a row has.

    No codes where every row is a value of its own.
    """

    table: Any
    codes: IntArray | None = None

    @cached_property
    def transposed(self) -> Any:
        return self.table.T

    @cached_property
    def _starts(self) -> IntArray | None:
        """Where the rows of each value that occurs start, if they are in the order of their values; else None."""
        if self.codes is None or (steps := np.diff(self.codes, prepend=-1)).min(initial=0) < 0:
            return None
        return np.flatnonzero(steps)

    def look_up(self, weights: FloatArray) -> FloatArray:
        values = np.asarray(self.table @ weights)
        return values if self.codes is None else values.take(self.codes, axis=0, mode="clip")

    def sums(self, values: FloatArray) -> FloatArray:
        return np.asarray(self.transposed @ self._by_value(values))

    def _by_value(self, values: FloatArray) -> FloatArray:
        """``sum[value, ...]`` of ``values[row, ...]``; many times faster for rows in the order of their values."""
        if self.codes is None:
            return values
        sums = np.zeros((self.table.shape[0], *values.shape[1:]))
        if self._starts is not None:
            sums[self.codes[self._starts]] = np.add.reduceat(values, self._starts, axis=0)
            return sums
        by_column = sums.reshape(len(sums), -1)
        for at, column in enumerate(values.reshape(len(values), -1).T):
            by_column[:, at] = np.bincount(self.codes, weights=column, minlength=len(sums))
        return sums

    def pairs(self, other: "_Block", weights: FloatArray) -> Any:
        """``sum[cell, cell of other]`` of ``weights[row]`` over the rows with both votes, by how their values meet."""
        if self.codes is None or other.codes is None:  # then there is one block
            return self.transposed @ (sparse.diags_array(weights) @ other.table)
        shape = self.table.shape[0], other.table.shape[0]
        met = sparse.coo_array((weights, (self.codes, other.codes)), shape=shape).tocsr()
        return self.transposed @ (met @ other.table)

    def take(self, rows: Any) -> Any:
        return self.table[rows if self.codes is None else self.codes[rows]]


@dataclass(frozen=True)
class Indicator:
    """``cells[row, source * k + voted] = 1``, in blocks of sources side by side."""

    blocks: tuple[_Block, ...]

    @classmethod
    def of_table(cls, table: Any) -> "Indicator":
        """Take ``table[row, cell]``, sparse, as it is."""
        return cls((_Block(table),))

    @classmethod
    def of_keys(cls, keys: IntArray, m: int, k: int) -> "Indicator":
        """Take rows that are numbers: their digits to base k + 1 are the votes, 0 abstains; the first source leads."""
        codes: list[IntArray] = []
        for sources in reversed(source_blocks(m, k)):
            keys, part = np.divmod(keys, (k + 1) ** (sources.stop - sources.start))
            codes.append(part)
        return cls.of_codes(codes[::-1], m, k)

    @classmethod
    def of_codes(cls, codes: Sequence[IntArray], m: int, k: int) -> "Indicator":
        """Take ``codes[block][row]``, the numbers of the rows' votes in each of ``source_blocks``.

        A step of EM then costs one look-up for each row and block, however many of its sources voted.
        """
        found = zip(source_blocks(m, k), codes, strict=True)
        return cls(tuple(_Block(_possible(sources.stop - sources.start, k), part) for sources, part in found))

    def __len__(self) -> int:
        first = self.blocks[0]
        return int(first.table.shape[0]) if first.codes is None else len(first.codes)

    def __matmul__(self, weights: FloatArray) -> FloatArray:
        """``sum[row, ...]`` of ``weights[cell, ...]`` over the votes of each row."""
        return reduce(np.add, (block.look_up(weights[cells]) for block, cells in self._with_cells))

    def sums(self, values: FloatArray) -> FloatArray:
        """``sum[cell, ...]`` of ``values[row, ...]`` over the rows with that vote."""
        return np.concatenate([block.sums(values) for block in self.blocks])

    @cached_property
    def n_votes(self) -> FloatArray:
        """``n_votes[row]``: how many sources voted."""
        return self @ np.ones(sum(block.table.shape[1] for block in self.blocks))

    def pairs(self, weights: FloatArray) -> Any:
        """``sum[cell, cell]`` of ``weights[row]`` over the rows with both votes; sparse."""
        return sparse.block_array([[one.pairs(other, weights) for other in self.blocks] for one in self.blocks])

    def of_cells(self, mask: Any) -> "Indicator":
        """Keep the cells of a mask."""
        return Indicator(tuple(_Block(block.table[:, mask[cells]], block.codes) for block, cells in self._with_cells))

    def take(self, rows: Any) -> Any:
        """``table[row, cell]`` of some rows, sparse."""
        return sparse.hstack([block.take(rows) for block in self.blocks], format="csr")

    def table(self) -> Any:
        """``table[row, cell]``, sparse."""
        return self.take(slice(None))

    @cached_property
    def _with_cells(self) -> list[tuple[_Block, slice]]:
        ends = np.cumsum([0, *(block.table.shape[1] for block in self.blocks)])
        return [(block, slice(ends[at], ends[at + 1])) for at, block in enumerate(self.blocks)]


def source_blocks(m: int, k: int) -> list[slice]:
    """Cut the sources into blocks of few possible rows, about as wide as each other."""
    width = max(1, int(np.log(_MOST_VALUES) / np.log(k + 1)))
    n = max(1, -(-m // width))
    return [slice(m * at // n, m * (at + 1) // n) for at in range(n)]


@lru_cache(maxsize=16)
def _possible(width: int, k: int) -> Any:
    """``table[value, source * k + voted]`` of all rows that so many sources can have; never changed."""
    values = np.arange((k + 1) ** width)
    digits = values[:, None] // (k + 1) ** np.arange(width - 1, -1, -1) % (k + 1)
    row, column = np.nonzero(digits)
    cells = column * k + digits[row, column] - 1
    return sparse.csr_array((np.ones(len(row)), (row, cells)), shape=(len(values), width * k))
