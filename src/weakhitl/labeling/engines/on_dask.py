"""The Dask engine: a partition is a task of Dask's own scheduler."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pandas as pd

from weakhitl.errors import UsageError
from weakhitl.labeling.chunk import Chunk
from weakhitl.labeling.engines.protocol import ids_of
from weakhitl.labeling.work import Part, Report, Work

_TOGETHER = 16
"""Chunks of local items that are sent together, so that not all of them are in memory."""


class DaskEngine:
    """Runs work on the scheduler that Dask is set to.

    That is the cluster of the current client, else the one that Dask's setting ``scheduler-address`` (the environment's
    ``DASK_SCHEDULER_ADDRESS``) names, else Dask's default.

    A Dask DataFrame's partitions are worked on where they are; other items are cut into chunks and sent.
    """

    def __init__(self) -> None:
        try:
            import dask
        except ImportError as error:
            raise UsageError("the dask engine needs Dask: pip install 'weakhitl[dask]'") from error
        self._dask: Any = dask
        if dask.config.get("scheduler-address", None) is not None:
            from distributed import get_client

            try:
                get_client()
            except ValueError:
                from distributed import Client

                self._client: Any = Client()  # type: ignore[no-untyped-call]  # stays current as long as the engine is there

    def split(self, items: Any) -> list[Any] | None:
        """Give a Dask DataFrame's partitions."""
        if hasattr(items, "to_delayed") and hasattr(items, "npartitions"):
            return list(items.to_delayed())
        return None

    def run(self, work: Work, partitions: Iterable[Any], report: Report) -> Iterator[Part]:
        """Run the work on every partition."""
        task = self._dask.delayed(_work_on, pure=False)
        shared = self._dask.delayed(work, pure=False, traverse=False)
        if isinstance(partitions, list):
            yield from self._dask.compute(*[task(shared, partition) for partition in partitions])
            return
        waiting = iter(partitions)
        while together := list(islice(waiting, _TOGETHER)):
            chunks = [self._dask.delayed(chunk, pure=False, traverse=False) for chunk in together]
            yield from self._dask.compute(*[task(shared, chunk) for chunk in chunks])


def _work_on(work: Work, partition: Chunk | pd.DataFrame) -> Part:
    if isinstance(partition, Chunk):
        return work(partition)
    ids = ids_of(partition, work.id)
    return work(Chunk(partition.set_axis(ids), ids))
