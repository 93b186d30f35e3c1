"""Remember what functions voted, so that only what was edited, and only rows that are new, run again.

A vote is looked up by the content of the row and by all that we can see the function depend on. What cannot be seen is
never trusted: such a function runs again.
"""

import hashlib
import os
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from weakhitl.files import atomic_write
from weakhitl.labeling.chunk import Chunk, from_pandas
from weakhitl.labeling.function import LabelingFunction
from weakhitl.labeling.function_key import function_key
from weakhitl.labeling.plain_form import UnseenError, plain_form
from weakhitl.labeling.work import Part
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import IntArray

_KEPT = 200
"""Functions, old versions included, that are remembered; more where one run has more."""

_SEEDS = (1, 0x9E3779B97F4A7C15)
"""Of the two hashes of a text; they are the same in one release of polars, which is part of every key."""

_CELLS = (str, bytes, int, float, bool, type(None), complex, date, time, timedelta, Decimal, UUID, np.generic)


Lanes = npt.NDArray[np.uint64]
"""``lanes[row]``: 128 bits that say what a row holds, as two numbers; in columns, which compare quickly."""


@dataclass(frozen=True)
class VoteCache:
    """Votes by function and row, in a folder that may be deleted at any time."""

    folder: Path

    def read(self, key: str) -> tuple[Lanes, IntArray]:
        """Give the rows that a function is known to have run on, and its votes there."""
        try:
            stored = np.load(self._path(key), allow_pickle=False)
        except (OSError, ValueError, EOFError):  # not there, or damaged, which is the same
            stored = None
        if stored is None or stored.ndim != 2 or stored.shape[1] != 3 or stored.dtype != np.uint64:
            stored = np.zeros((0, 3), dtype=np.uint64)
        return stored[:, :2], stored[:, 2].astype(np.int32) + ABSTAIN

    def write(self, key: str, rows: Lanes, votes: IntArray) -> None:
        """Remember a function's votes on these rows, and nothing else of it."""
        with atomic_write(self._path(key)) as file:
            np.save(file, np.asfortranarray(np.column_stack([rows, (votes - ABSTAIN).astype(np.uint64)])))

    def forget(self, used: Collection[str]) -> None:
        """Delete the oldest functions where there are many, but none of those that are in use."""
        others = [path for path in self.folder.glob("*.npy") if path.stem not in used]
        too_many = len(others) + len(used) - _KEPT
        if too_many > 0:
            for path in sorted(others, key=lambda path: path.stat().st_mtime)[:too_many]:
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npy"


class Memory:
    """What one run of functions knows from earlier runs, and what it learns.

    Each chunk is shown to ``prepare`` before it is worked on, and what comes out to ``complete``, in the same order.
    """

    def __init__(self, cache: VoteCache, functions: Sequence[object], schema: LabelSchema) -> None:
        self._cache = cache
        # Before any of them runs: what functions change while they run is no part of what they are.
        own = [function for function in functions if isinstance(function, LabelingFunction)]
        keys = {function.name: function_key(function, schema) for function in own}
        self._keys = {name: key for name, key in keys.items() if key is not None}
        self._known = self._read()
        self._waiting: deque[tuple[Lanes, dict[str, tuple[IntArray, IntArray]]]] = deque()
        self._learnt: dict[str, list[tuple[Lanes, IntArray]]] = {name: [] for name in self._keys}
        self._start = 0

    def _read(self) -> "dict[str, _Known]":
        """Read what is known; functions that know the same rows share them."""
        shared: list[Lanes] = []
        known = {}
        for name, key in self._keys.items():
            rows, votes = self._cache.read(key)
            same = next((one for one in shared if np.array_equal(one, rows)), None)
            if same is None:
                shared.append(rows)
            known[name] = _Known(rows if same is None else same, votes)
        return known

    def prepare(self, chunk: Chunk) -> Chunk:
        """Say on which rows each function has to run."""
        lanes = row_fingerprints(chunk.frame) if self._keys else np.zeros((0, 2), dtype=np.uint64)
        found = {}
        for name, known in self._known.items():
            codes, missing = known.look_up(lanes, self._start)
            chunk.todo[name] = missing
            found[name] = codes, missing
        self._start += len(chunk)
        self._waiting.append((lanes, found))
        return chunk

    def complete(self, part: Part) -> None:
        """Put what is known into a part, and learn what is new; of a part that was interrupted only the latter."""
        lanes, found = self._waiting.popleft()
        for name, (codes, missing) in found.items():
            new = part.codes.get(name)
            if new is None:
                continue
            sound = np.ones(len(new), dtype=bool)
            sound[part.failed[name]] = False  # a row on which it failed is tried again
            at = missing[: len(new)]
            codes[at] = new
            part.codes[name] = codes
            every = len(at) == len(lanes) and sound.all()  # then no copy: all functions share one
            self._learnt[name].append((lanes if every else lanes[at[sound]], new[sound]))

    def save(self, *, whole: bool) -> None:
        """Keep what was learnt; after a whole run nothing else of these functions."""
        for name, learnt in self._learnt.items():
            known = self._known[name]
            if not any(len(votes) for _, votes in learnt) and not (whole and known.unused):
                continue
            rows, votes = known.kept(whole=whole)
            rows = np.concatenate([rows, *(lanes for lanes, _ in learnt)])
            votes = np.concatenate([votes, *(new for _, new in learnt)]).astype(np.int32)
            self._cache.write(self._keys[name], rows, votes)
        self._cache.forget(set(self._keys.values()))


class _Known:
    """Rows that a function has run on, and its votes on them."""

    def __init__(self, rows: Lanes, votes: IntArray) -> None:
        self._rows, self._votes = rows, votes
        self._used = np.zeros(len(rows), dtype=bool)

    @cached_property
    def _order(self) -> IntArray:
        return np.argsort(self._rows[:, 0], kind="stable")

    @property
    def unused(self) -> bool:
        """Whether a row was not asked for."""
        return not self._used.all()

    def look_up(self, lanes: Lanes, start: int) -> tuple[IntArray, IntArray]:
        """Give the votes, -1 where unknown, and the positions of unknown rows; ``start`` is where they may stand."""
        stop = start + len(lanes)
        if np.array_equal(self._rows[start:stop], lanes):
            self._used[start:stop] = True
            return self._votes[start:stop].copy(), np.zeros(0, dtype=np.int64)
        codes = np.full(len(lanes), ABSTAIN, dtype=np.int32)
        if not len(self._rows):
            return codes, np.arange(len(lanes))
        place = np.searchsorted(self._rows[self._order, 0], lanes[:, 0])
        at = self._order[np.minimum(place, len(self._order) - 1)]
        same = (self._rows[at] == lanes).all(axis=1)
        codes[same] = self._votes[at[same]]
        self._used[at[same]] = True
        return codes, np.flatnonzero(~same)

    def kept(self, *, whole: bool) -> tuple[Lanes, IntArray]:
        """Give the rows that are worth keeping: after a whole run those that were asked for."""
        return (self._rows[self._used], self._votes[self._used]) if whole else (self._rows, self._votes)


def row_fingerprints(table: pd.DataFrame) -> Lanes:
    """``lanes[row]``: 128 bits over the values and types of all cells and the columns' names."""
    lanes = np.zeros((len(table), 2), dtype=np.uint64)
    for at, name in enumerate(table.columns):
        kind, cells = _cell_lanes(table.iloc[:, at])
        salt = hashlib.blake2b(repr((at, name, kind)).encode(), digest_size=16).digest()
        lanes = _mix(lanes ^ _mix(cells + np.frombuffer(salt, dtype=np.uint64)))
    return np.asfortranarray(lanes)


def _cell_lanes(cells: "pd.Series[Any]") -> tuple[str, Lanes]:
    """Give two numbers for each cell of a column, and the kind of all cells."""
    if isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "iufb":
        bits = cells.to_numpy().astype(np.float64 if cells.dtype.kind == "f" else np.int64).view(np.uint64)
        return cells.dtype.str, np.column_stack([bits, bits])
    text: pl.Series | None
    if isinstance(cells.dtype, pd.StringDtype) and not cells.hasnans:
        given, text = [], from_pandas(cells)
    else:
        given = cells.tolist()
        text = pl.Series(given, dtype=pl.String) if {*map(type, given)} == {str} else None
    if text is not None:
        return "str", np.column_stack([text.hash(seed).to_numpy() for seed in _SEEDS])
    return "any", np.frombuffer(b"".join(map(_cell_digest, given)), dtype=np.uint64).reshape(-1, 2)


def _cell_digest(cell: Any) -> bytes:
    try:
        text = repr((type(cell), cell if isinstance(cell, _CELLS) else plain_form(cell)))
    except UnseenError:
        return os.urandom(16)  # the row is never known
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _mix(lanes: Lanes) -> Lanes:
    """Scramble each number reversibly (the finaliser of SplitMix64); the two lanes differently."""
    mixed = lanes * np.array([0x9E3779B97F4A7C15, 0xD1B54A32D192ED03], dtype=np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
