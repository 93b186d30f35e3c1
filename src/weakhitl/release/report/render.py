"""Draw the report as one self-contained HTML page and as Markdown."""

import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from weakhitl.release.report.sections import chapters_of
from weakhitl.release.report.sections.verdict import draw_gate, facts, headline, not_drawn

Content = dict[str, Any]

_CODE = re.compile(r"`([^`]+)`")
_VERDICTS = ("pass", "fail", "undecided", "waived")


def render_html(report: Content) -> str:
    """Give one HTML file: no external request, light and dark, printable."""
    context = _context(report) | {"style": _template("report.css"), "gate": draw_gate(report), "verdicts": _VERDICTS}
    context["more"] = not_drawn(report)
    return _environment(escape=True).from_string(_template("report.html")).render(context)


def render_markdown(report: Content) -> str:
    """Give the same sections as Markdown tables."""
    return _environment(escape=False).from_string(_template("report.md")).render(_context(report))


def _context(report: Content) -> dict[str, Any]:
    word, why = headline(report)
    return {"report": report, "word": word, "why": why, "facts": facts(report), "chapters": chapters_of(report)}


@cache
def _environment(*, escape: bool) -> Environment:
    environment = Environment(
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    environment.filters["prose"] = _prose
    return environment


def _prose(text: str) -> Markup:
    """Escape a sentence; what stands between backticks is code.

    >>> print(_prose("`a < b` & c"))
    <code>a &lt; b</code> &amp; c

    """
    return Markup(_CODE.sub(r"<code>\1</code>", escape(text)))  # noqa: S704 - escaped just before


def _template(name: str) -> str:
    return files("weakhitl.release.report").joinpath(name).read_text(encoding="utf-8")
