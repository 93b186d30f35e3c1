"""What a page shows of an item: its fields, each in its way, with nothing in them that could run."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import nh3
import pandas as pd
from markupsafe import Markup, escape

from weakhitl.annotation.media import media_kind

Kind = Literal["text", "html", "image", "audio", "video", "file"]

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
