"""Remember what functions voted, so that only what was edited, and only rows that are new, run again.

A vote is looked up by the content of the row and by all that we can see the function depend on. What cannot be seen is
never trusted: such a function runs again.
"""

import ast
import hashlib
import re
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from weakhitl.files import atomic_write
from weakhitl.labeling.function import LabelingFunction
from weakhitl.labeling.rule import Rule
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import IntArray

_KEPT = 200
"""Functions, old versions included, that are remembered."""

_LEAVES = (str, bytes, int, float, bool, type(None), complex)
_PLACES = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")]


@dataclass(frozen=True)
class VoteCache:
    """Votes by function and row, in a folder that may be deleted at any time."""

    folder: Path

    def look_up(self, key: str, rows: "np.ndarray") -> tuple[IntArray, np.ndarray]:
        """``votes[row]`` and ``known[row]`` of distinct, sorted fingerprints."""
        votes, known = np.full(len(rows), ABSTAIN, dtype=np.int64), np.zeros(len(rows), dtype=bool)
        path = self._path(key)
        if not path.exists():
            return votes, known
        try:
            with np.load(path, allow_pickle=False) as file:
                stored, labels = file["rows"], file["votes"]
        except (OSError, ValueError, KeyError, BadZipFile):
            return votes, known  # damaged: as if it were not there
        if np.array_equal(stored, rows):
            return labels.astype(np.int64), np.ones(len(rows), dtype=bool)
        if len(stored):
            at = np.minimum(np.searchsorted(stored, rows), len(stored) - 1)
            known = stored[at] == rows
            votes[known] = labels[at[known]]
        return votes, known

    def store(self, key: str, rows: "np.ndarray", votes: IntArray) -> None:
        """Remember the votes on distinct, sorted fingerprints, and nothing else of this function."""
        with atomic_write(self._path(key)) as file:
            np.savez(file, rows=rows, votes=votes.astype(np.int32))
        old = sorted(self.folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        for path in old[:-_KEPT]:
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def row_fingerprints(table: pd.DataFrame) -> "np.ndarray":
    """``fingerprint[row]``: 16 bytes over the values and types of all cells."""
    columns = [table.iloc[:, at].tolist() for at in range(table.shape[1])]
    key = hashlib.blake2b(repr(list(table.columns)).encode(), digest_size=16).digest()
    cells = zip(*columns, strict=True)
    digests = [hashlib.blake2b(repr(one).encode("utf-8", "surrogatepass"), digest_size=16, key=key) for one in cells]
    return np.frombuffer(b"".join(digest.digest() for digest in digests), dtype="S16")


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
        if any(path.is_relative_to(place) for place in _PLACES):
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
