"""Remember what functions voted, so that only what was edited, and only rows that are new, run again.

A vote is looked up by the content of the row and by all that we can see the function depend on. What cannot be seen is
never trusted: such a function runs again.
"""

import ast
import hashlib
import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any
from uuid import UUID
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.util import hash_array

from weakhitl.files import atomic_write
from weakhitl.labeling.chunk import Chunk
from weakhitl.labeling.function import LabelingFunction
from weakhitl.labeling.portable import is_installed
from weakhitl.labeling.rule import Rule
from weakhitl.labeling.work import Part
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import IntArray

_KEPT = 200
"""Functions, old versions included, that are remembered."""

_CELLS = (str, bytes, int, float, bool, type(None), complex, date, time, timedelta, Decimal, UUID, np.generic)
_LEAVES = (str, bytes, int, float, bool, type(None), complex)


Lanes = npt.NDArray[np.uint64]
"""``lanes[row]``: 128 bits that say what a row holds, as two numbers."""


@dataclass(frozen=True)
class VoteCache:
    """Votes by function and row, in a folder that may be deleted at any time."""

    folder: Path

    def read(self, key: str) -> tuple[Lanes, IntArray]:
        """Give the rows that a function is known to have run on, and its votes there."""
        try:
            with np.load(self._path(key), allow_pickle=False) as file:
                rows, votes = file["rows"], file["votes"]
        except (OSError, ValueError, KeyError, BadZipFile):  # not there, or damaged, which is the same
            return np.zeros((0, 2), dtype=np.uint64), np.zeros(0, dtype=np.int32)
        return rows, votes

    def write(self, key: str, rows: Lanes, votes: IntArray) -> None:
        """Remember a function's votes on these rows, and nothing else of it."""
        with atomic_write(self._path(key)) as file:
            np.savez(file, rows=rows, votes=votes)
        old = sorted(self.folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        for path in old[:-_KEPT]:
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


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
    return lanes


def _cell_lanes(cells: "pd.Series[Any]") -> tuple[str, Lanes]:
    """Give two numbers for each cell of a column, and the kind of all cells."""
    if isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "iufb":
        bits = cells.to_numpy().astype(np.float64 if cells.dtype.kind == "f" else np.int64).view(np.uint64)
        return cells.dtype.kind, np.column_stack([bits, bits])
    given = cells.tolist()
    if all(type(cell) is str for cell in given):
        text = np.array(given, dtype=object)
        keys = ("weakhitl row one", "weakhitl row two")
        return "str", np.column_stack([hash_array(text, hash_key=key, categorize=False) for key in keys])
    return "any", np.frombuffer(b"".join(map(_cell_digest, given)), dtype=np.uint64).reshape(-1, 2)


def _cell_digest(cell: Any) -> bytes:
    try:
        text = repr((type(cell), cell if isinstance(cell, _CELLS) else _plain(cell)))
    except _UnseenError:
        return os.urandom(16)  # the row is never known
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _mix(lanes: Lanes) -> Lanes:
    """Scramble each number reversibly (the finaliser of SplitMix64); the two lanes differently."""
    mixed = lanes * np.array([0x9E3779B97F4A7C15, 0xD1B54A32D192ED03], dtype=np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def function_key(function: LabelingFunction, schema: LabelSchema) -> str | None:
    """Hash what a function's votes depend on; None where that cannot be seen whole.

    Covered: the function's source and all of its file but other labeling functions; the values of the global names
    that it and its helpers use; files of the project that it imports, in the same way; the versions of other packages
    it imports, of Python and of weakhitl; values that it closes over, defaults and resources; its preprocessors in the
    same way; the classes. A value has to be plain, or the key is None.

    Not seen: files, services and environment variables that it reads, the time, chance, and state that it changes.
    """
    parts: list[Any] = [version("weakhitl"), sys.version, schema.classes, schema.skip, function.name]
    try:
        parts.append(_plain(function.resources))
        parts += [_callable(one, function) for one in (function.function, *function.pre)]
    except _UnseenError:
        return None
    return hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()


class _UnseenError(Exception):
    """Something that a function depends on cannot be hashed."""


def _callable(one: Any, owner: LabelingFunction) -> list[Any]:
    if not isinstance(one, FunctionType):
        raise _UnseenError
    module = sys.modules.get(one.__module__)
    file = getattr(module, "__file__", None)
    if module is None or file is None or one.__module__ == "__main__":
        raise _UnseenError
    inside = [cell.cell_contents for cell in one.__closure__ or ()]
    return [
        one.__qualname__,
        _plain(inside),
        _plain(one.__defaults__),
        _plain(one.__kwdefaults__),
        _values(module, _global_names(one.__code__)),
        _module_source(module, Path(file), owner),
    ]


def _plain(value: Any) -> Any:
    """Give a form whose ``repr`` says all there is to know of a value. Raises ``_UnseenError`` where there is none."""
    if isinstance(value, _LEAVES):
        return value
    kind = type(value)
    plain: list[Any] | None = None
    if kind in (tuple, list):
        plain = [_plain(one) for one in value]
    elif kind in (set, frozenset):
        plain = sorted(map(repr, map(_plain, value)))
    elif kind is dict:
        plain = [(_plain(key), _plain(one)) for key, one in value.items()]
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        plain = [str(value.dtype), value.shape, value.tobytes()]
    elif isinstance(value, re.Pattern):
        plain = [value.pattern, int(value.flags)]
    if plain is None:
        raise _UnseenError
    return [kind.__name__, *plain]


def _module_source(module: ModuleType, file: Path, owner: LabelingFunction) -> list[Any]:
    """Source of a file without its other labeling functions, and of what it imports."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        raise _UnseenError from None
    others = {
        name
        for name, value in vars(module).items()
        if isinstance(value, LabelingFunction | Rule) and value is not owner
    }
    dropped = [node for node in tree.body if _names(node) and _names(node) <= others]
    kept = [node for node in tree.body if node not in dropped]
    while needed := [node for node in dropped if _names(node) & _used(kept)]:
        kept += needed
        dropped = [node for node in dropped if node not in needed]
    source = [ast.unparse(node) for node in tree.body if node in kept]
    return [source, _imported(kept, module, {file.resolve()})]


def _values(module: ModuleType, names: Iterable[str]) -> list[Any]:
    """Values of a file's global names, and of those that the functions among them use: not all are in its source."""
    known, waiting = vars(module), [*names]
    found: dict[str, Any] = {}
    while waiting:
        name = waiting.pop()
        if name in found or name not in known:
            continue
        value = known[name]
        value = value.function if isinstance(value, LabelingFunction) else value
        found[name] = None
        if isinstance(value, FunctionType):
            waiting += _global_names(value.__code__) if value.__module__ == module.__name__ else []
        elif isinstance(value, type):
            methods = [one for one in vars(value).values() if isinstance(one, FunctionType)]
            waiting += [
                inner for one in methods if value.__module__ == module.__name__ for inner in _global_names(one.__code__)
            ]
        elif not isinstance(value, ModuleType | Rule):
            found[name] = _plain(value)
    return sorted(found.items())


def _global_names(code: CodeType) -> list[str]:
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return [*code.co_names, *(name for one in inner for name in _global_names(one))]


def _names(node: ast.stmt) -> set[str]:
    """Names that a statement binds, where it does nothing else."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def _used(nodes: Iterable[ast.AST]) -> set[str]:
    return {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}


def _imported(nodes: Iterable[ast.AST], module: ModuleType, seen: set[Path]) -> list[Any]:
    """Versions of installed packages that are imported, and sources of other files, with what those import."""
    found: list[Any] = []
    for name in sorted(_import_names(nodes, module)):
        imported = sys.modules.get(name)
        file = getattr(imported, "__file__", None)
        if imported is None or file is None:
            found.append((name, getattr(imported, "__version__", "")))
            continue
        path = Path(file).resolve()
        if is_installed(path):
            found.append((name, str(getattr(imported, "__version__", ""))))
        elif path not in seen and path.suffix == ".py":
            seen.add(path)
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text).body
            found.append((name, text, _values(imported, _used(tree)), _imported(tree, imported, seen)))
    return found


def _import_names(nodes: Iterable[ast.AST], module: ModuleType) -> set[str]:
    names: set[str] = set()
    for one in (inner for node in nodes for inner in ast.walk(node)):
        if isinstance(one, ast.Import):
            names |= {alias.name for alias in one.names}
        elif isinstance(one, ast.ImportFrom):
            base = module.__package__ if one.level else ""
            origin = ".".join(filter(None, [base, one.module]))
            names |= {origin, *(f"{origin}.{alias.name}" for alias in one.names)}
    names = {name for name in names if name.partition(".")[0] != "weakhitl"}  # its version is in every key
    return {name for name in names if name and name in sys.modules}
