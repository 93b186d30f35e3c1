"""Imports by which a file gets another file than the one beside it: Python keeps one module of a name."""

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from weakhitl.labeling.portable import is_installed


def mistaken_imports(path: Path, folders: Sequence[Path]) -> dict[str, tuple[Path, Path]]:
    """Give the names for which a file, or what it imports, got another file of the user's: name -> got, meant.

    A name means a file in the first of ``folders`` that has one. What is installed may have the same name.
    """
    found: dict[str, tuple[Path, Path]] = {}
    waiting, seen = [path], set()
    while waiting:
        for name in _imported(waiting.pop()):
            got, meant = _file_of(name), _beside(name, folders)
            if got is None or meant is None or name in seen or is_installed(got):
                continue
            seen.add(name)
            if got == meant:
                waiting.append(got)
            else:
                found[name] = got, meant
    return found


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _file_of(name: str) -> Path | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return None if file is None else Path(file).resolve()


def _beside(name: str, folders: Sequence[Path]) -> Path | None:
    places = (place for folder in folders for place in (folder / name / "__init__.py", folder / f"{name}.py"))
    return next((place.resolve() for place in places if place.is_file()), None)
