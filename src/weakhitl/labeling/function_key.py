"""What a function's votes depend on, as far as it can be seen, in one hash.

What cannot be seen whole is never trusted: such a function has no key.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import decode_source
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from weakhitl.labeling.function import LabelingFunction, adopted
from weakhitl.labeling.mapper import LambdaMapper, get_hashable
from weakhitl.labeling.plain_form import UnseenError, plain_form
from weakhitl.labeling.portable import is_installed
from weakhitl.labeling.reached import Reached
from weakhitl.labeling.rule import Rule
from weakhitl.schema import LabelSchema

_VERSIONS = (version("weakhitl"), version("polars"))


def function_key(function: LabelingFunction, schema: LabelSchema) -> str | None:
    """Hash what a function's votes depend on; None where that cannot be seen whole.

    Covered: the function's source and all of its file but other labeling functions; the values of the global names
    that it and its helpers use, that they close over, of their defaults and in their classes; files of the project that
    it imports, in the same way; the versions of other packages it imports, of Python and of weakhitl; resources; its
    preprocessors in the same way; the classes. A value has to be plain, or the key is None.

    Not seen: files, services and environment variables that it reads, the time, chance, and state that it changes.
    """
    names = schema.classes, schema.skip, sorted(schema.former.items())
    parts: list[Any] = [_VERSIONS, sys.version, names, function.name]
    try:
        parts.append(plain_form(function.resources))
        parts += [_callable(one, function) for one in (function.function, *_unwrapped(function.pre))]
    except UnseenError:
        return None
    return hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()


def _unwrapped(preprocessors: Iterable[Any]) -> Iterator[Any]:
    """Give the functions that preprocessors are made of, with what runs before them."""
    for one in preprocessors:
        if isinstance(one, LambdaMapper):
            yield from _unwrapped(one.pre)
            yield one.function
            if one.memoize and one.memoize_key is not get_hashable:
                yield one.memoize_key
        else:
            yield one


def _callable(one: Any, owner: LabelingFunction) -> list[Any]:
    if not isinstance(one, FunctionType):
        raise UnseenError
    module = sys.modules.get(one.__module__)
    file = getattr(module, "__file__", None)
    if module is None or file is None or one.__module__ == "__main__":
        raise UnseenError
    kept = _kept_statements(module, Path(file), owner)
    imported: dict[Path, ModuleType] = {Path(file).resolve(): module}
    texts = [[statement.source for statement in kept], _imported(kept, module, imported)]
    reached = Reached(imported)
    reached.add(one.__qualname__, one)
    for path, other in [*imported.items()][1:]:
        names = {name for statement in _statements(_text(path)) for name in statement.uses | statement.binds}
        reached.add_globals(vars(other), sorted(names), f"{other.__name__}.")
    return [one.__qualname__, texts, reached.values]


def _plain_function(value: Any) -> Any:
    return getattr(adopted(value), "function", None)


@dataclass(frozen=True)
class _Statement:
    """A statement of a file: its source, the names it binds (if it does nothing else), the names and imports in it."""

    source: str
    binds: frozenset[str]
    uses: frozenset[str]
    imports: tuple[ast.Import | ast.ImportFrom, ...]


@lru_cache(maxsize=64)
def _statements(text: str) -> tuple[_Statement, ...]:
    """Take a file's text apart, once for all functions in it."""
    found = []
    for node in ast.parse(text).body:
        inner = list(ast.walk(node))
        uses = frozenset(one.id for one in inner if isinstance(one, ast.Name))
        imports = tuple(one for one in inner if isinstance(one, ast.Import | ast.ImportFrom))
        found.append(_Statement(ast.unparse(node), _bound(node), uses, imports))
    return tuple(found)


def _bound(node: ast.stmt) -> frozenset[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return frozenset([node.name])
    if isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
        return frozenset(target.id for target in node.targets if isinstance(target, ast.Name))
    return frozenset()


def _kept_statements(module: ModuleType, file: Path, owner: LabelingFunction) -> list[_Statement]:
    """Statements of a file without its other labeling functions, but those that the rest uses."""
    try:
        statements = _statements(_text(file))
    except (OSError, ValueError, SyntaxError):
        raise UnseenError from None
    others = {
        name
        for name, value in vars(module).items()
        if isinstance(adopted(value), LabelingFunction | Rule) and _plain_function(value) is not owner.function
    }
    dropped = {at for at, one in enumerate(statements) if one.binds and one.binds <= others}
    while True:
        used = frozenset().union(*(one.uses for at, one in enumerate(statements) if at not in dropped))
        needed = {at for at in dropped if statements[at].binds & used}
        if not needed:
            break
        dropped -= needed
    return [one for at, one in enumerate(statements) if at not in dropped]


def _imported(statements: Iterable[_Statement], module: ModuleType, seen: dict[Path, ModuleType]) -> list[Any]:
    """Versions of installed packages that are imported, and texts of other files, which join ``seen``."""
    found: list[Any] = []
    for name in sorted(_import_names(statements, module)):
        imported = sys.modules.get(name)
        file = getattr(imported, "__file__", None)
        if imported is None or file is None:
            found.append((name, getattr(imported, "__version__", "")))
            continue
        path = Path(file).resolve()
        if is_installed(path):
            found.append((name, str(getattr(imported, "__version__", ""))))
        elif path not in seen and path.suffix == ".py":
            seen[path] = imported
            found.append((name, _text(path), _imported(_statements(_text(path)), imported, seen)))
    return found


def _text(path: Path) -> str:
    return decode_source(path.read_bytes())


def _import_names(statements: Iterable[_Statement], module: ModuleType) -> set[str]:
    names: set[str] = set()
    for one in (inner for statement in statements for inner in statement.imports):
        if isinstance(one, ast.Import):
            names |= {alias.name for alias in one.names}
        else:
            base = module.__package__ if one.level else ""
            origin = ".".join(filter(None, [base, one.module]))
            names |= {origin, *(f"{origin}.{alias.name}" for alias in one.names)}
    names = {name for name in names if name.partition(".")[0] != "weakhitl"}  # its version is in every key
    return {name for name in names if name and name in sys.modules}
