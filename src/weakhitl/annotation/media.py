"""Media: files of a project that people look at or listen to."""

import mimetypes
import re
from pathlib import Path
from typing import Literal

from weakhitl.errors import DataError

_MEDIA = ("image", "audio", "video")


def media_kind(name: str) -> Literal["image", "audio", "video", "file"]:
    """Say how a file is shown, by its ending. An SVG may hold scripts, so it is only offered as a file."""
    kind = (mimetypes.guess_type(name, strict=False)[0] or "").partition("/")[0]
    if name.lower().endswith((".svg", ".svgz")) or kind not in _MEDIA:
        return "file"
    return kind  # type: ignore[return-value]  # one of _MEDIA


def media_path(root: Path, cell: str) -> Path:
    """Find a file of the project that a cell names.

    Raises ``DataError`` for what is absolute, leads out of the folder, goes through a link, or is no file.
    """
    inside = Path(cell)
    if "\\" in cell:
        raise DataError(cell, "has a backslash; write paths from the project's folder, with /")
    if inside.is_absolute() or ".." in inside.parts or "\0" in cell or re.match(r"^\w+:", cell):
        raise DataError(cell, "is no path inside of the project's folder")
    path = root
    for part in inside.parts:
        path /= part
        if part.startswith("."):
            raise DataError(cell, "is hidden; such files are not shown")
        if path.is_symlink():
            raise DataError(cell, "leads through a link; such files are not shown")
    if not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
        raise DataError(cell, "there is no such file in the project's folder")
    return path
