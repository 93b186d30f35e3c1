"""What a page shows of an item: its fields, each in its way, with nothing in them that could run."""

import mimetypes
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import nh3
import pandas as pd
from markupsafe import Markup, escape

from weakhitl.errors import DataError

Kind = Literal["text", "html", "image", "audio", "video", "file"]

_MEDIA = ("image", "audio", "video")
_TAGS = nh3.ALLOWED_TAGS - {"img"}


@dataclass(frozen=True)
class Field:
    """A column of an item: how it is shown, and its content (text or markup; empty for media)."""

    name: str
    kind: Kind
    content: Markup
    raw: str


def fields_of(
    row: Mapping[str, Any], columns: Sequence[str], media: Iterable[str], html: Iterable[str], spans: Sequence[str] = ()
) -> list[Field]:
    """Make the fields of a row; cells without content are left out. ``spans`` are passages to be marked in texts."""
    found = []
    for name in columns:
        cell = row[name]
        if cell is None or (not isinstance(cell, list | dict) and pd.isna(cell)) or cell == "":
            continue
        raw = str(cell)
        if name in media:
            found.append(Field(name, media_kind(raw), Markup(), raw))
        elif name in html:
            found.append(Field(name, "html", Markup(nh3.clean(raw, tags=_TAGS)), raw))  # noqa: S704 - just cleaned
        else:
            found.append(Field(name, "text", _marked(raw, spans), raw))
    return found


def media_kind(name: str) -> Kind:
    """Say how a file is shown, by its ending. An SVG may hold scripts, so it is only offered as a file."""
    kind = (mimetypes.guess_type(name)[0] or "").partition("/")[0]
    if name.lower().endswith((".svg", ".svgz")) or kind not in _MEDIA:
        return "file"
    return kind  # type: ignore[return-value]  # one of _MEDIA


def media_path(root: Path, cell: str) -> Path:
    """Find a file of the project that a cell names.

    Raises ``DataError`` for what is absolute, leads out of the folder, goes through a link, or is no file.
    """
    inside = Path(cell)
    if inside.is_absolute() or ".." in inside.parts or "\\" in cell or "\0" in cell or re.match(r"^\w+:", cell):
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


def _marked(text: str, spans: Sequence[str]) -> Markup:
    """Escape a text, and mark passages in it."""
    if not spans:
        return escape(text)
    parts, at = Markup(), 0
    for found in re.finditer("|".join(sorted(map(re.escape, {*spans}), key=len, reverse=True)), text):
        parts += escape(text[at : found.start()]) + Markup("<mark>%s</mark>") % found.group()
        at = found.end()
    return parts + escape(text[at:])


@lru_cache(maxsize=8)
def guideline_html(text: str) -> Markup:
    """Render Markdown without any HTML of its own."""
    from markdown_it import MarkdownIt

    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return Markup(nh3.clean(rendered, tags=_TAGS))  # noqa: S704 - just cleaned
