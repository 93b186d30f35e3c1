"""What is known of every item of the dataset, as a file, written and compared a part at a time."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from weakhitl.gate import Assessment
from weakhitl.votes import IntArray

PART = 100_000
"""Rows in memory at a time."""


class Labels:
    """The final labels of an assessment, in the words of a release."""

    def __init__(self, assessment: Assessment) -> None:
        self.final = assessment.final
        self.released = np.asarray(assessment.released)
        self._origin = assessment.origin
        self._names = np.array([*assessment.evidence.schema.classes, None], dtype=object)

    @cached_property
    def places(self) -> IntArray:
        """Places of the released items in the dataset."""
        return np.flatnonzero(self.released)

    def columns(self, at: IntArray) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Give label, probability and provenance of some items."""
        part = self.final.take_items(at)
        labels = pa.array(self._names[part.labels], pa.string())
        provenance = np.asarray(self._origin.categories, dtype=object)[self._origin.codes[at]]
        return labels, pa.array(part.confidence, pa.float64()), pa.array(provenance, pa.string())

    def table(self, start: int, stop: int) -> pa.Table:
        """One row per item: its class probabilities, label, probability of that, provenance, whether released."""
        at = np.arange(start, stop)
        rows = self.final.rows[self.final.which[at]]
        names = [f"p:{name}" for name in self.final.schema.classes]
        label, probability, provenance = self.columns(at)
        columns: dict[str, Any] = {"item": pa.array(self.final.items[at].astype(str), pa.string())}
        columns |= {name: pa.array(rows[:, code], pa.float64()) for code, name in enumerate(names)}
        columns |= {"label": label, "probability": probability, "provenance": provenance}
        return pa.table(columns | {"released": pa.array(self.released[at], pa.bool_())})

    def tables(self) -> Iterator[pa.Table]:
        """Give ``table`` for all items, a part at a time."""
        n = len(self.final.items)
        for start in range(0, max(n, 1), PART):
            yield self.table(start, min(start + PART, n))

    def frame(self) -> pd.DataFrame:
        """Give the whole table."""
        table: pd.DataFrame = pa.concat_tables(self.tables()).to_pandas()
        return table


def write_tables(path: Path, tables: Iterator[pa.Table]) -> None:
    """Write parts of one table as a Parquet file, a row group each."""
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
