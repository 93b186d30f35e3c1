"""The Spark engine: a partition is a task of the current Spark session."""

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pandas as pd

from weakhitl.errors import UsageError
from weakhitl.labeling.chunk import Chunk
from weakhitl.labeling.engines.protocol import ids_of
from weakhitl.labeling.work import Part, Report, Work

_ROWS = 20_000


class SparkEngine:
    """Runs work on the current Spark session; where there is none, on one that Spark's own settings describe.

    A Spark DataFrame's partitions are worked on where they are; other items are cut into chunks and sent. Without an
    ``id`` column the ids are 0..n-1 in the order of the partitions.
    """

    def __init__(self) -> None:
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise UsageError("the spark engine needs Spark: pip install 'weakhitl[spark]'") from error
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else workers are whichever python3 comes first
        self._context: Any = SparkSession.builder.getOrCreate().sparkContext

    def split(self, items: Any) -> Any:
        """Give a Spark DataFrame as it is; its partitions are Spark's own affair."""
        return items if hasattr(items, "rdd") and hasattr(items, "schema") else None

    def run(self, work: Work, partitions: Any, report: Report) -> Iterator[Part]:
        """Run the work on every partition."""
        if hasattr(partitions, "rdd"):
            names = list(partitions.columns)
            rows = partitions.rdd if work.id is not None else partitions.rdd.zipWithIndex()
            yield from rows.mapPartitions(lambda given: _work_on(work, given, names)).collect()
            return
        chunks = iter(partitions)
        together = 2 * self._context.defaultParallelism
        while some := list(islice(chunks, together)):
            yield from self._context.parallelize(some, len(some)).map(work).collect()


def _work_on(work: Work, rows: Iterable[Any], names: list[str]) -> Iterator[Part]:
    rows = iter(rows)
    while some := list(islice(rows, _ROWS)):
        if work.id is None:
            cells, ids = [row for row, _ in some], pd.Index([at for _, at in some])
            table = pd.DataFrame(cells, columns=names, dtype=object).set_axis(ids)
        else:
            table = pd.DataFrame(some, columns=names, dtype=object)
            ids = ids_of(table, work.id)
        yield work(Chunk(table.set_axis(ids), ids))
