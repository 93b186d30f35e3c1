"""Which files of the listed files and folders hold labeling functions, which are for import, and which they read."""

import ast
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from weakhitl.errors import ConfigError

_LONGEST_PATH = 1024


@dataclass(frozen=True)
class FunctionFile:
    """A file of labeling functions, of what they import or read, and the listed folder in which it is."""

    path: Path
    root: Path

    @property
    def name(self) -> str:
        """Where it is in the folder, as ``spam/urls.py``."""
        return self.path.relative_to(self.root).as_posix()

    @property
    def is_helper(self) -> bool:
        """Whether it is there for others to import: it or its folder begins with an underscore, or is a package."""
        inside = self.path.relative_to(self.root)
        packages = [(self.root / folder / "__init__.py").is_file() for folder in list(inside.parents)[:-1]]
        return any(packages) or any(part.startswith("_") for part in inside.parts)


def function_files(paths: Iterable[str | Path]) -> list[FunctionFile]:
    """List the Python files that ``discover`` would read, each once, helpers included."""
    files: dict[Path, FunctionFile] = {}
    for root in map(Path, paths):
        for path in _python_files(root) if root.is_dir() else [root]:
            files.setdefault(path.resolve(), FunctionFile(path, root if root.is_dir() else root.parent))
    return list(files.values())


def named_files(paths: Iterable[str | Path]) -> list[FunctionFile]:
    """List the other files of the listed folders that their Python files name, such as word lists.

    A file is named where a text in the code is its name, or a path that ends with it.
    """
    files: dict[Path, FunctionFile] = {}
    for root in (folder for folder in map(Path, paths) if folder.is_dir()):
        named = {name for path in _python_files(root) for name in _names_in(path)}
        for path in _all_files(root):
            if path.suffix != ".py" and path.name in named and path.is_file():
                files.setdefault(path.resolve(), FunctionFile(path, root))
    return list(files.values())


def placed_files(files: Iterable[Path], paths: Iterable[str | Path]) -> list[FunctionFile]:
    """Place files among the listed files and folders of functions, where these look for them.

    Raises ``ConfigError`` naming every one that is not there, is code, or is in none of these folders.
    """
    roots = [_straight(path if path.is_dir() else path.parent) for path in map(Path, paths)]
    found, faults = [], []
    for file in map(_straight, files):
        root = next((root for root in roots if file.is_relative_to(root)), None)
        if not file.is_file():
            faults.append(f"[labeling] files: {file}: there is no such file")
        elif file.suffix == ".py":
            faults.append(f"[labeling] files: {file} is code, which a release carries in any case")
        elif root is None:
            faults.append(
                f"[labeling] files: {file} is in no folder of functions, where a release keeps what they read"
            )
        else:
            found.append(FunctionFile(file, root))
    if faults:
        raise ConfigError("weakhitl.toml", faults)
    return found


def _straight(path: Path) -> Path:
    """Give a path without ``..``, so that what is in a folder can be told by its beginning; links stay."""
    return Path(os.path.normpath(path))


def _names_in(path: Path) -> set[str]:
    """Give the last part of every text in a Python file; none where it is no Python."""
    try:
        with warnings.catch_warnings():  # of odd escapes they are warned of where they are imported
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return set()
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text.replace("\\", "/").rpartition("/")[2] for text in texts if len(text) <= _LONGEST_PATH}


def _python_files(folder: Path) -> list[Path]:
    return [path for path in _all_files(folder) if path.suffix == ".py"]


def _all_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not path.is_dir():
            yield path
        elif not _is_apart(path):
            yield from _all_files(path)


def _is_apart(folder: Path) -> bool:
    """Whether a folder is none of the user's own here: hidden, a link, an environment, another project or a release."""
    if folder.name.startswith(".") or folder.name == "__pycache__" or folder.is_symlink():
        return True
    return any((folder / name).exists() for name in ("pyvenv.cfg", "weakhitl.toml"))
