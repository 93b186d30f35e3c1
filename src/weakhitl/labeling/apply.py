"""Run labeling functions over items."""

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal

import numpy as np
import pandas as pd

from weakhitl.brief import Brief
from weakhitl.errors import DataError, LabelingFunctionError, UsageError
from weakhitl.labeling.cache import Memory, VoteCache
from weakhitl.labeling.chunk import Chunk
from weakhitl.labeling.engines import Engine, make_engine
from weakhitl.labeling.function import adopted
from weakhitl.labeling.items import item_chunks
from weakhitl.labeling.progress import Progress, reported
from weakhitl.labeling.work import Faults, Function, Part, Work
from weakhitl.schema import LabelSchema, require_schema
from weakhitl.vote_names import is_unique
from weakhitl.votes import Votes

OnError = Literal["abstain", "raise"]

_SAVED_EVERY = 30.0
"""Seconds between two times that votes are put in the cache while a run goes on."""


@dataclass(frozen=True, repr=False)
class Run(Brief):
    """What a run of labeling functions gave: the votes, the faults, and seconds per function."""

    votes: Votes
    faults: tuple[Faults, ...]
    seconds: Mapping[str, float]

    def slow(self) -> list[str]:
        """Name the functions that take more than a second and ten times as long as the middle one."""
        middle = float(np.median(list(self.seconds.values()))) if self.seconds else 0.0
        return [name for name, seconds in self.seconds.items() if seconds > max(1.0, 10 * middle)]


class LabelingFunctionWarning(UserWarning):
    """A labeling function raised exceptions; it abstained there."""


def apply(
    functions: Iterable[Function],
    items: Any,
    schema: LabelSchema,
    *,
    id: str | None = None,
    on_error: OnError = "abstain",
    max_faults: float = 0.5,
    engine: str | Engine = "local",
    processes: int = 1,
    progress: Progress | bool = False,
) -> Votes:
    """Run labeling functions over items and give their votes.

    Parameters
    ----------
    functions
        The functions, written or declared (or Snorkel's own); names must differ.
    items
        A DataFrame, a list of dicts, or the path of a CSV, TSV, JSON Lines or Parquet file or a folder of them, which
        is read in chunks; with the engine ``dask`` or ``spark`` also a DataFrame of theirs.
    schema
        The classes.
    id
        Name of the id column. Without it the ids are a DataFrame's index, else 0..n-1.
    on_error
        Whether a function that raises abstains on that item, with a warning at the end, or stops the run.
    max_faults
        A function that fails on a larger share of the items stops the run, and so does one that fails on all.
    engine
        ``local``, ``dask``, ``spark``, or an engine of your own. All give the same votes.
    processes
        How many processes the local engine uses; it pays where functions are slow.
    progress
        Whether a bar says how far it is, in a terminal or a notebook; or a function that is told (done, in all).

    Returns
    -------
    Votes
        Of shape (items, functions).

    Raises
    ------
    DataError
        The items are missing, empty, or have missing or duplicate ids.
    LabelingFunctionError
        A function returned what is no class, or failed too often.
    UsageError
        The engine is not there.

    Examples
    --------
    >>> from weakhitl import ABSTAIN, LabelingFunction
    >>> spam = LabelingFunction("spam", lambda x: "SPAM" if "win" in x.text else ABSTAIN)
    >>> apply([spam], [{"text": "win!"}, {"text": "hi"}], LabelSchema(["HAM", "SPAM"])).to_matrix()
    array([[ 1],
           [-1]], dtype=int8)

    """
    chosen = make_engine(engine, processes)
    with reported(progress, "labeling functions") as told:
        result = run(
            functions, items, schema, id=id, progress=told, engine=chosen, on_error=on_error, max_faults=max_faults
        )
    if result.faults:
        text = "; ".join(map(str, result.faults))
        warnings.warn(
            f"labeling functions abstained where they failed: {text}",
            LabelingFunctionWarning,
            stacklevel=2,
        )
    return result.votes


def run(
    functions: Iterable[Function],
    items: Any,
    schema: LabelSchema,
    *,
    id: str | None = None,
    progress: Progress | None = None,
    cache: VoteCache | None = None,
    engine: Engine | None = None,
    on_error: OnError = "abstain",
    max_faults: float = 0.5,
) -> Run:
    """Run functions over items, see ``apply``; ``progress`` is told rows times functions, done and in all.

    With a cache only functions that changed run, and the others only on rows that changed. It keeps what was voted
    before a run is interrupted. Partitions of an engine's own kind are not looked up in it.
    """
    require_schema(schema)
    if callable(functions):
        raise UsageError("expected a list of labeling functions, found a function; put it in brackets")
    listed = [adopted(function) for function in functions]
    work = Work(listed, schema, stop=_stops(on_error, max_faults), id=id)
    _check_names(listed, work.names)
    engine = engine or make_engine("local")
    collected = _Collected(work, progress, max_faults)
    native = engine.split(items)
    if native is not None:
        collected.add_all(engine.run(work, native, collected.report))
    else:
        collected.rows, collected.index, chunks = item_chunks(items, id)
        memory = None if cache is None else Memory(cache, listed, schema)
        collected.add_all(engine.run(work, _prepared(chunks, memory), collected.report), memory)
    return collected.run()


def _prepared(chunks: Iterator[Chunk], memory: Memory | None) -> Iterator[Chunk]:
    for chunk in chunks:
        yield chunk if memory is None else memory.prepare(chunk)


class _Collected:
    """Parts put together as they come."""

    def __init__(self, work: Work, progress: Progress | None, max_faults: float) -> None:
        self.rows: int | None = None
        self.index: pd.Index | None = None
        self._work = work
        self._progress = progress
        self._max_faults = max_faults
        self._done = 0
        self._ids: list[pd.Index] = []
        self._votes: list[Votes] = []
        self._first: dict[str, Faults] = {}
        self._failed: Counter[str] = Counter()
        self._seconds = dict.fromkeys(work.names, 0.0)

    def report(self, done: int) -> None:
        """Tell how far the current part is."""
        if self._progress is not None:
            width = len(self._work.names)
            self._progress(self._done * width + done, None if self.rows is None else self.rows * width)

    def add_all(self, parts: Iterator[Part], memory: Memory | None = None) -> None:
        """Take parts in their order; whatever stops this, what was learnt is kept."""
        saved, whole = monotonic(), False
        try:
            for part in parts:
                if memory is not None:
                    memory.complete(part)
                self._add(part)
                if memory is not None and monotonic() - saved > _SAVED_EVERY:
                    memory.save(whole=False)
                    saved = monotonic()
            whole = True
        finally:
            if memory is not None:
                memory.save(whole=whole)

    def _add(self, part: Part) -> None:
        if part.error is not None:
            raise part.error
        if part.interrupted:
            raise KeyboardInterrupt
        for name, faults in part.faults.items():
            self._first.setdefault(name, faults)
            self._failed[name] += faults.count
        if part.faults and self.rows is not None:
            self._check(self.rows)
        for name, seconds in part.seconds.items():
            self._seconds[name] += seconds
        if self.index is None:
            self._ids.append(part.ids)
        self._votes.append(part.votes(self._work.names, self._work.schema))
        self._done += len(part.ids)
        self.report(0)

    def run(self) -> Run:
        """Give all, or raise what stops the run."""
        if not self._done:
            raise DataError("items", "there are no items")
        faults = self._check(self._done)
        return Run(Votes.concatenate(self._votes, self._index()), faults, self._seconds)

    def _check(self, rows: int) -> tuple[Faults, ...]:
        """Give the faults so far; raise as soon as they are too many for so many rows."""
        found = [replace(first, count=self._failed[name]) for name, first in self._first.items()]
        faults = sorted(found, key=lambda fault: self._work.names.index(fault.function))
        if bad := [fault for fault in faults if fault.count == rows or fault.count > self._max_faults * rows]:
            raise LabelingFunctionError("labeling functions", [self._too_many(fault, rows) for fault in bad])
        return tuple(faults)

    def _too_many(self, fault: Faults, rows: int) -> str:
        if fault.count == rows:
            return f"{fault} (every item){_texts_for_numbers(fault)}"
        share = f"{fault.count / rows:.0%} of the items; max_faults allows {self._max_faults:.0%}"
        return f"{fault} ({share}; return ABSTAIN where there is nothing to look at)"

    def _index(self) -> pd.Index:
        if self.index is not None:
            return self.index
        ids = self._ids[0].append(self._ids[1:]) if len(self._ids) > 1 else self._ids[0]
        if not is_unique(ids):
            raise DataError("items", "the index has duplicate ids; name a column that has none with id=…")
        return ids


def _texts_for_numbers(fault: Faults) -> str:
    """Say what every cell of a CSV file is, where a function seems to take one for a number."""
    mixed = fault.error.startswith("TypeError") and "'str'" in fault.error and re.search("'(int|float)'", fault.error)
    return "; all cells of CSV and TSV files are texts: float(...) makes a number of one" if mixed else ""


def _stops(on_error: str, max_faults: float) -> bool:
    if on_error not in {"abstain", "raise"}:
        raise UsageError(f"on_error = {on_error!r}; expected 'abstain' or 'raise'")
    if not 0 <= max_faults <= 1:
        raise UsageError(f"max_faults = {max_faults!r}; expected a share from 0 to 1")
    return on_error == "raise"


def _check_names(functions: Sequence[object], names: Sequence[str]) -> None:
    if not functions:
        raise UsageError("no labeling functions were given")
    for function, name in zip(functions, names, strict=True):
        if not name or not callable(function):
            what = repr(getattr(function, "__name__", function))
            raise UsageError(f"{what} is no labeling function; decorate it with @labeling_function")
    if repeated := sorted(name for name, times in Counter(names).items() if times > 1):
        raise LabelingFunctionError("labeling functions", [f"the name {name!r} occurs twice" for name in repeated])
