"""Which texts are other: configuration, functions, guidelines."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

_FOLDERS = ("labeling_functions", "guidelines", "gate")
_CONFIG = "weakhitl.toml"
_MOST = 1 << 20
"""Bytes of a file that is compared line by line."""


@dataclass(frozen=True)
class TextChange:
    """A file that is new, gone or other; ``lines`` are a unified diff, empty for what is large or no text."""

    path: str
    status: str
    lines: tuple[str, ...]

    @property
    def added(self) -> int:
        """How many lines came."""
        return sum(line.startswith("+") for line in self.lines[2:])

    @property
    def removed(self) -> int:
        """How many lines went."""
        return sum(line.startswith("-") for line in self.lines[2:])


def text_changes(before: Path, after: Path) -> list[TextChange]:
    """Compare the configuration, the functions with their word lists, the guidelines and the gate's own checks."""
    names = sorted({*_names(before), *_names(after)})
    changes = [_change(before, after, name) for name in [_CONFIG, *names]]
    return [change for change in changes if change is not None]


def _names(folder: Path) -> Iterator[str]:
    for part in _FOLDERS:
        for path in sorted((folder / part).rglob("*")):
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _change(before: Path, after: Path, name: str) -> TextChange | None:
    contents = [path.read_bytes() if path.is_file() else None for path in (before / name, after / name)]
    if contents[0] == contents[1]:
        return None
    status = "new" if contents[0] is None else "gone" if contents[1] is None else "changed"
    was, now = (_lines(content) for content in contents)
    if was is None or now is None:
        return TextChange(name, status, ())
    lines = unified_diff(was, now, name, name, lineterm="")
    return TextChange(name, status, tuple(lines))


def _lines(content: bytes | None) -> list[str] | None:
    """Give a file's lines; None where it is large, or no text."""
    if content is None:
        return []
    try:
        return content.decode().splitlines() if len(content) <= _MOST else None
    except UnicodeDecodeError:
        return None
