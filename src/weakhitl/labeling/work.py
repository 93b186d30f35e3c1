"""Run functions on some rows: the piece of work that every engine hands out."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.errors import LabelingFunctionError, SchemaError, WeakHITLError
from weakhitl.labeling.chunk import Chunk
from weakhitl.labeling.function import LabelingFunction
from weakhitl.labeling.portable import packed, unpacked
from weakhitl.labeling.rule import Rule, run_rules
from weakhitl.schema import LabelSchema
from weakhitl.vote_names import in_order
from weakhitl.votes import IntArray, Votes

Function = LabelingFunction | Rule | Callable[..., Any]
Report = Callable[[int], None]

_STEP = 1000
"""Rows between two reports of progress."""


@dataclass(frozen=True)
class Faults:
    """The exceptions of one labeling function: how many, the first one, and its item."""

    function: str
    count: int
    item: object
    error: str
    traceback: str

    def __str__(self) -> str:
        times = "once" if self.count == 1 else f"{self.count:,} times"
        return f"{self.function!r} failed {times}, first on item {self.item}: {self.error}"


@dataclass
class Part:
    """What functions gave on some rows.

    Attributes
    ----------
    ids
        The rows' ids.
    codes
        Function -> class indices of the rows it ran on.
    failed
        Function -> positions, among the rows it ran on, of those on which it raised.
    faults
        Function -> its faults.
    seconds
        Function -> how long it ran.
    error
        What stops the run, if anything does.
    interrupted
        Whether Ctrl-C came in between: the last function's codes end early.

    """

    ids: pd.Index
    codes: dict[str, IntArray] = field(default_factory=dict)
    failed: dict[str, list[int]] = field(default_factory=dict)
    faults: dict[str, Faults] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    error: WeakHITLError | None = None
    interrupted: bool = False

    def votes(self, names: Sequence[str], schema: LabelSchema) -> Votes:
        """Put the columns together."""
        return Votes.from_matrix(
            np.column_stack([self.codes[name] for name in names]), schema, pd.RangeIndex(len(self.ids)), names
        )


@dataclass(frozen=True)
class Work:
    """Functions, ready to run on rows anywhere: in this process, in another, on another machine.

    Attributes
    ----------
    functions
        The functions; names differ.
    schema
        The classes.
    stop
        Whether the first exception stops the run.
    id
        Column that holds the ids of rows that come as a bare table.

    """

    functions: Sequence[Function]
    schema: LabelSchema
    stop: bool = False
    id: str | None = None

    @cached_property
    def names(self) -> list[str]:
        """The functions' names."""
        return [str(getattr(function, "name", "")) for function in self.functions]

    def __call__(self, chunk: Chunk) -> Part:
        """Run all functions on a chunk; never raises for what a function does."""
        return self.run(chunk, lambda _: None)

    def run(self, chunk: Chunk, report: Report) -> Part:
        """Run all functions; ``report`` is called with rows times functions done."""
        part = Part(chunk.ids)
        try:
            self._run_rules(chunk, part)
            done = len(part.codes) * len(chunk)
            for name, function in zip(self.names, self.functions, strict=True):
                if not isinstance(function, Rule):
                    self._run_written(name, function, chunk, part, _shifted(report, done))
                    done += len(chunk)
                if part.interrupted:
                    break
        except WeakHITLError as error:
            part.error = error
        return part

    def _run_rules(self, chunk: Chunk, part: Part) -> None:
        """Run the rules, as many together as can be; those share their time equally."""
        rules = [function for function in self.functions if isinstance(function, Rule)]
        groups = [[rule for rule in rules if not rule.alone], *([rule] for rule in rules if rule.alone)]
        for group in filter(None, groups):
            start = perf_counter()
            for rule, codes in zip(group, run_rules(group, chunk, self.schema), strict=True):
                part.codes[rule.name] = codes
            seconds = (perf_counter() - start) / len(group)
            part.seconds |= {rule.name: seconds for rule in group}

    def _run_written(self, name: str, function: Any, chunk: Chunk, part: Part, report: Report) -> None:
        todo = chunk.todo.get(name)
        if todo is not None and len(todo) == len(chunk):
            todo = None  # all rows, in their order
        ids = chunk.ids if todo is None else chunk.ids[todo]
        start = perf_counter()
        given = _Given(name, ids, self.stop)
        if isinstance(function, LabelingFunction) and function.batch:
            given.from_table(function, chunk.frame if todo is None else chunk.frame.iloc[todo])
        elif len(ids):
            given.from_rows(function, chunk.rows if todo is None else [chunk.rows[at] for at in todo], report)
        part.codes[name] = _encode(function, name, given.votes, ids, self.schema)
        part.failed[name] = given.failed
        part.interrupted = given.interrupted
        if given.first is not None:
            part.faults[name] = given.faults()
        part.seconds[name] = perf_counter() - start

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._pickled, self.stop, self.id)

    @cached_property
    def _pickled(self) -> bytes:
        return packed((tuple(self.functions), self.schema))


def _shifted(report: Report, done: int) -> Report:
    return lambda at: report(done + at)


def _restored(pickled: bytes, stop: bool, id: str | None) -> Work:
    functions, schema = unpacked(pickled)
    work = Work(functions, schema, stop=stop, id=id)
    vars(work)["_pickled"] = pickled  # should it travel on
    return work


class _Given:
    """What one function gives, row by row or table by table; an exception is a fault of its row and no more."""

    def __init__(self, name: str, items: pd.Index, stop: bool) -> None:
        self.votes: list[Any] = []
        self.failed: list[int] = []
        self.first: tuple[object, BaseException] | None = None
        self.interrupted = False
        self._name = name
        self._items = items
        self._stop = stop

    def from_rows(self, function: Any, rows: Sequence[Any], report: Report) -> None:
        """Call a function on each row."""
        call = function.plain if isinstance(function, LabelingFunction) else function
        given = self.votes
        while len(given) < len(rows):
            start = len(given)
            stop = min(start - start % _STEP + _STEP, len(rows))
            report(start - start % _STEP)
            try:
                # What was given before an exception stays in the list, so that its length says where it was raised.
                given.extend(map(call, rows[start:stop]))
                if len(given) < stop:  # a StopIteration, as of a bare next(), ends map in silence
                    given.append(call(rows[len(given)]))
            except KeyboardInterrupt:
                self.interrupted = True
                return
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a fault of a function is counted, whatever it is
                self._fail(error)

    def from_table(self, function: LabelingFunction, table: pd.DataFrame) -> None:
        """Call a batch function on a table; where it raises, on halves of it, down to the rows that are at fault."""
        waiting = [table.copy()] if len(table) else []  # what it sets there is nobody else's
        while waiting:
            part = waiting.pop()
            try:
                votes = _listed(in_order(function(part), part.index))
            except KeyboardInterrupt:
                self.interrupted = True
                return
            except (Exception, SystemExit) as error:  # noqa: BLE001
                if len(part) == 1:
                    self._fail(error)
                else:
                    waiting += [part.iloc[len(part) // 2 :], part.iloc[: len(part) // 2]]
                continue
            if len(votes) != len(part):
                raise LabelingFunctionError(
                    self._name, f"gave {len(votes):,} votes for a table of {len(part):,} rows; expected one for each"
                )
            self.votes += votes

    def _fail(self, error: BaseException) -> None:
        at = len(self.votes)
        if self._stop:
            what = f"failed on item {self._items[at]}: {type(error).__name__}: {error}"
            raise LabelingFunctionError(self._name, what) from error
        self.first = self.first or (self._items[at], error)
        self.failed.append(at)
        self.votes.append(None)

    def faults(self) -> Faults:
        """Sum up; there is at least one."""
        if self.first is None:
            raise AssertionError("no fault to sum up")
        item, error = self.first
        text = "".join(traceback.format_exception(error))
        return Faults(self._name, len(self.failed), item, f"{type(error).__name__}: {error}", text)


def _listed(votes: Any) -> list[Any]:
    """Votes of a batch function as a list; missing cells abstain."""
    listed: list[Any] = votes.tolist() if isinstance(votes, np.ndarray | pd.Series) else list(votes)
    return [_of_cell(vote) for vote in listed]


def _of_cell(vote: Any) -> Any:
    """Abstain for a cell that is missing or empty; give the index that pandas keeps as a float because others are."""
    if isinstance(vote, float):
        return None if np.isnan(vote) else int(vote) if vote.is_integer() else vote
    return None if vote is pd.NA or (isinstance(vote, str) and not vote) else vote


_USUAL = {int, str, type(None)}


def _encode(function: Any, name: str, given: list[Any], items: pd.Index, schema: LabelSchema) -> IntArray:
    """Class indices of what a function returned; the usual kinds by one look-up each."""
    if {*map(type, given)} <= _USUAL:  # bool and float are none: True == 1, and would find its place
        codes: dict[Any, int] = {label: schema.encode(label) for label in (*schema.classes, *schema.skip, None)}
        codes |= {code: code for code in schema.indices}
        try:
            return np.fromiter(map(codes.__getitem__, given), dtype=np.int32, count=len(given))
        except KeyError:
            pass  # the slow way says whose it is
    found = [_encode_one(function, name, vote, at, schema) for vote, at in zip(given, items[: len(given)], strict=True)]
    return np.array(found, dtype=np.int32)


def _encode_one(function: Any, name: str, vote: Any, item: object, schema: LabelSchema) -> int:
    try:
        return schema.encode(_of_cell(vote))
    except (SchemaError, TypeError):
        code = getattr(getattr(function, "function", None), "__code__", None)
        raise LabelingFunctionError(
            code.co_filename if code else "labeling functions",
            f"{name!r} returned {vote!r} for item {item}; {schema.expected(vote)}",
        ) from None
