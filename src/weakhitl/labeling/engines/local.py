"""The local engine: this process, or some processes of this machine."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain
from typing import Any

from weakhitl.errors import LabelingFunctionError, UsageError
from weakhitl.labeling.chunk import Chunk
from weakhitl.labeling.work import Part, Report, Work

_PATIENCE = 3
"""So many workers may die before one more chunk is done."""


@dataclass(frozen=True)
class LocalEngine:
    """Runs work here.

    With ``processes`` above 1 chunks go to so many other processes: that pays where functions are slow Python, and
    costs where they are quick, since rows have to travel. A chunk whose worker dies is tried again.
    """

    processes: int = 1

    def __post_init__(self) -> None:
        if self.processes < 1:
            raise UsageError(f"processes = {self.processes}; expected at least 1")

    def split(self, items: Any) -> None:
        """Take chunks only."""
        return

    def run(self, work: Work, partitions: Iterable[Chunk], report: Report) -> Iterator[Part]:
        """Run the work on each chunk."""
        if self.processes == 1:
            for chunk in partitions:
                yield work.run(chunk, report)
            return
        yield from self._elsewhere(work, iter(partitions))

    def _elsewhere(self, work: Work, chunks: Iterator[Chunk]) -> Iterator[Part]:
        from joblib import Parallel, delayed

        sent: deque[Chunk] = deque()
        pending: Iterable[Chunk] = chunks
        deaths = 0

        def tasks(given: Iterable[Chunk]) -> Iterator[Any]:
            for chunk in given:
                sent.append(chunk)
                yield delayed(work)(chunk)

        while True:
            pool = Parallel(n_jobs=self.processes, return_as="generator", batch_size=1)
            try:
                for part in pool(tasks(pending)):
                    sent.popleft()
                    deaths = 0
                    yield part
            except BrokenProcessPool as error:
                deaths += 1
                if deaths == _PATIENCE:
                    raise LabelingFunctionError(
                        "labeling functions",
                        f"worker processes died {deaths} times on items {sent[0].ids[0]} to {sent[-1].ids[-1]}, by a "
                        "crash or for want of memory; run with one process to see which function it is",
                    ) from error
                pending = chain(list(sent), chunks)
                sent.clear()
            else:
                return
