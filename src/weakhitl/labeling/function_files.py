"""Which Python files of the listed files and folders hold labeling functions, and which are there for import."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FunctionFile:
    """A Python file of labeling functions, or of what they import, and the listed folder in which it is."""

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


def _python_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found += [] if _is_apart(path) else _python_files(path)
        elif path.suffix == ".py":
            found.append(path)
    return found


def _is_apart(folder: Path) -> bool:
    """Whether a folder is none of the user's own here: hidden, a link, an environment, another project or a release."""
    if folder.name.startswith(".") or folder.name == "__pycache__" or folder.is_symlink():
        return True
    return any((folder / name).exists() for name in ("pyvenv.cfg", "weakhitl.toml"))
