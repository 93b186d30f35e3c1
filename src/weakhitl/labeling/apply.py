"""Run labeling functions over items."""

import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.errors import DataError, LabelingFunctionError, SchemaError, UsageError
from weakhitl.files import raise_row_faults, read_table, require_columns
from weakhitl.labeling.cache import VoteCache, function_key, row_fingerprints
from weakhitl.labeling.function import LabelingFunction, Row
from weakhitl.labeling.rule import Rule, column_of
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_table import missing_faults
from weakhitl.votes import IntArray, Votes

Items = pd.DataFrame | Sequence[Mapping[str, Any]] | str | Path
Progress = Callable[[int, int], None]

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


@dataclass(frozen=True)
class Run:
    """What a run of labeling functions gave: the votes, the faults, and seconds per function."""

    votes: Votes
    faults: tuple[Faults, ...]
    seconds: Mapping[str, float]


class LabelingFunctionWarning(UserWarning):
    """A labeling function raised exceptions; it abstained there."""


def apply(
    functions: Iterable[LabelingFunction | Rule],
    items: Items,
    schema: LabelSchema,
    *,
    id: str | None = None,
) -> Votes:
    """Run labeling functions over items and give their votes.

    Parameters
    ----------
    functions
        The functions, written or declared; names must differ.
    items
        A DataFrame, a list of dicts, or the path of a CSV, JSON Lines or Parquet file.
    schema
        The classes.
    id
        Name of the id column. Without it the ids are a DataFrame's index, else 0..n-1.

    Returns
    -------
    Votes
        Of shape (items, functions). A function that raises abstains on that item, with a warning at the end.

    Raises
    ------
    DataError
        The items are missing, empty, or have missing or duplicate ids.
    LabelingFunctionError
        A function returned what is no class, or raised on every item.

    Examples
    --------
    >>> spam = LabelingFunction("spam", lambda x: "SPAM" if "win" in x.text else ABSTAIN)
    >>> apply([spam], [{"text": "win!"}, {"text": "hi"}], LabelSchema(["HAM", "SPAM"])).to_matrix()
    array([[ 1],
           [-1]], dtype=int8)

    """
    result = run(functions, read_items(items, id), schema)
    if result.faults:
        text = "; ".join(map(str, result.faults))
        warnings.warn(
            f"labeling functions abstained where they failed: {text}",
            LabelingFunctionWarning,
            stacklevel=2,
        )
    return result.votes


def read_items(items: Items, id: str | None = None) -> pd.DataFrame:
    """Read items into a table whose index holds the ids, each present and unique."""
    path = items if isinstance(items, str | Path) else None
    table = read_table(items) if isinstance(items, str | Path) else pd.DataFrame(items)
    where = str(path) if path is not None else "items"
    if table.empty:
        raise DataError(where, "there are no items")
    if id is not None:
        require_columns(table, [id], where)
        faults = missing_faults(table, [id])
        repeated = table[id].duplicated() & ~table[id].isin(["", None])
        faults += [(int(row), f"id {table[id].iloc[row]!r} occurs before") for row in np.flatnonzero(repeated)]
        raise_row_faults(where, faults)
        if path is not None:  # whatever the file's format: the id 7 of a Parquet file is "7" in the ratings
            table[id] = table[id].astype(str)
        table = table.set_index(id, drop=False).rename_axis(None)
    if table.index.has_duplicates or table.index.hasnans:
        raise DataError(where, "the index has missing or duplicate ids; name a column that has none with id=…")
    return table


def run(
    functions: Iterable[LabelingFunction | Rule],
    table: pd.DataFrame,
    schema: LabelSchema,
    progress: Progress | None = None,
    cache: VoteCache | None = None,
) -> Run:
    """Run functions over a table whose index holds the ids; see ``apply``.

    With a cache only functions that changed run, and the others only on rows that changed.
    """
    listed = list(functions)
    _check_functions(listed)
    rules = _RuleColumns(table, [function for function in listed if isinstance(function, Rule)])
    written = _Written(table, schema, cache, listed)
    columns, faults, seconds = [], [], {}
    n = len(table)
    for done, function in enumerate(listed):
        report = _reporter(progress, done * n, len(listed) * n)
        start = perf_counter()
        if isinstance(function, Rule):
            column, fault = function.votes(rules[function.column], schema), None
            report(n - n % _STEP)
        else:
            column, fault = written.run(function, report)
        seconds[function.name] = perf_counter() - start
        columns.append(column)
        faults += [fault] if fault else []
    if total := [fault for fault in faults if fault.count == n]:
        raise LabelingFunctionError("labeling functions", [f"{fault} (every item)" for fault in total])
    votes = Votes.from_matrix(np.column_stack(columns), schema, table.index, [f.name for f in listed])
    return Run(votes, tuple(faults), seconds)


class _Written:
    """Runs functions that are written in Python, on the rows that the cache does not know."""

    def __init__(
        self,
        table: pd.DataFrame,
        schema: LabelSchema,
        cache: VoteCache | None,
        functions: Sequence[LabelingFunction | Rule],
    ) -> None:
        self._table = table
        self._schema = schema
        self._cache = cache
        # Before any of them runs: what functions change while they run is no part of what they are.
        own = [function for function in functions if isinstance(function, LabelingFunction)]
        self._keys = {} if cache is None else {function.name: function_key(function, schema) for function in own}

    @cached_property
    def _rows(self) -> list[Row]:
        """The rows as functions see them."""
        names = list(self._table.columns)
        columns = [self._table.iloc[:, at].tolist() for at in range(len(names))]
        return [Row(dict(zip(names, cells, strict=True))) for cells in zip(*columns, strict=True)]

    @cached_property
    def _distinct(self) -> "tuple[np.ndarray, IntArray, IntArray]":
        """Distinct fingerprints in order, the first row of each, and which one each row has."""
        return np.unique(row_fingerprints(self._table), return_index=True, return_inverse=True)

    def run(self, function: LabelingFunction, report: Callable[[int], None]) -> tuple[IntArray, Faults | None]:
        """Give the column of votes, and the faults."""
        items = self._table.index
        key = self._keys.get(function.name)
        if self._cache is None or key is None:
            return _run_one(function, self._rows, items, self._schema, report)[:2]
        fingerprints, first, inverse = self._distinct
        votes, known = self._cache.look_up(key, fingerprints)
        column = votes[inverse]
        if known.all():
            return column, None
        new = np.flatnonzero(~known[inverse])
        rows = self._rows if len(new) == len(items) else [self._rows[at] for at in new]
        column[new], fault, failed = _run_one(function, rows, items[new], self._schema, report)
        sound = np.ones(len(fingerprints), dtype=bool)
        sound[inverse[new[failed]]] = False  # a row on which it failed is tried again
        self._cache.store(key, fingerprints[sound], column[first[sound]])
        return column, fault


class _RuleColumns:
    """The columns that rules look at, each given to polars once. Raises ``DataError`` naming every missing one."""

    def __init__(self, table: pd.DataFrame, rules: Sequence[Rule]) -> None:
        require_columns(table, list(dict.fromkeys(rule.column for rule in rules)), "items (for rules)")
        self._table = table
        self._columns: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._columns:
            self._columns[name] = column_of(self._table[name], name)
        return self._columns[name]


def _run_one(
    function: LabelingFunction,
    rows: Sequence[Row],
    items: pd.Index,
    schema: LabelSchema,
    report: Callable[[int], None],
) -> tuple[IntArray, Faults | None, list[int]]:
    """Give the votes, the faults, and the positions of the rows that raised them."""
    call = function.plain if isinstance(function, LabelingFunction) else function
    given: list[Any] = []
    failed: list[int] = []
    first: tuple[object, Exception] | None = None
    while len(given) < len(rows):
        start = len(given)
        report(start - start % _STEP)
        try:
            # What was given before an exception stays in the list, so that its length says where it was raised.
            given.extend(map(call, rows[start : start - start % _STEP + _STEP]))
        except Exception as error:  # noqa: BLE001 - a fault of a function is counted, whatever it is
            first = first or (items[len(given)], error)
            failed.append(len(given))
            given.append(None)
    column = _encode(function, given, items, schema)
    if first is None:
        return column, None, failed
    item, fault = first
    text = "".join(traceback.format_exception(fault))
    return column, Faults(function.name, len(failed), item, f"{type(fault).__name__}: {fault}", text), failed


def _encode(function: LabelingFunction, given: list[Any], items: pd.Index, schema: LabelSchema) -> IntArray:
    """Class indices of what a function returned; the usual kinds by one look-up each."""
    if {*map(type, given)} <= _USUAL:  # bool and float are none: True == 1, and would find its place
        codes: dict[Any, int] = {None: ABSTAIN} | {code: code for code in range(ABSTAIN, len(schema))}
        codes |= {name: schema.encode(name) for name in (*schema.classes, *schema.skip)}
        try:
            return np.array([codes[vote] for vote in given], dtype=np.int64)
        except KeyError:
            pass  # the slow way says whose it is
    return np.array([_encode_one(function, vote, at, schema) for vote, at in zip(given, items, strict=True)])


_USUAL = {int, str, type(None)}


def _encode_one(function: LabelingFunction, vote: Any, item: object, schema: LabelSchema) -> int:
    try:
        return schema.encode(vote)
    except (SchemaError, TypeError):
        code = getattr(getattr(function, "function", None), "__code__", None)
        raise LabelingFunctionError(
            code.co_filename if code else "labeling functions",
            f"{function.name!r} returned {vote!r} for item {item}; {schema.expected(vote)}",
        ) from None


def _check_functions(functions: Sequence[LabelingFunction | Rule]) -> None:
    if not functions:
        raise UsageError("no labeling functions were given")
    names = [str(getattr(function, "name", "")) for function in functions]
    for function, name in zip(functions, names, strict=True):
        if not name:
            raise UsageError(f"{function!r} is no labeling function; decorate it with @labeling_function")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise LabelingFunctionError("labeling functions", [f"the name {name!r} occurs twice" for name in repeated])


def _reporter(progress: Progress | None, offset: int, total: int) -> Callable[[int], None]:
    if progress is None:
        return lambda _: None

    def report(at: int) -> None:
        if at % _STEP == 0:
            progress(offset + at, total)

    return report
