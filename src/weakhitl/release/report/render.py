"""Draw the report as one self-contained HTML page and as Markdown."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from weakhitl.release.report.sections import headline, limits, sections_of

Report = dict[str, Any]


def render_html(report: Report) -> str:
    """Give one HTML file: no external request, light and dark, printable."""
    return _environment(escape=True).from_string(_template("report.html")).render(_context(report))


def render_markdown(report: Report) -> str:
    """Give the same sections as Markdown tables."""
    return _environment(escape=False).from_string(_template("report.md")).render(_context(report))


def _context(report: Report) -> dict[str, Any]:
    word, why = headline(report)
    return {
        "report": report,
        "word": word,
        "why": why,
        "limits": limits(report),
        "sections": sections_of(report),
    }


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
    return environment


def _template(name: str) -> str:
    return files("weakhitl.release.report").joinpath(name).read_text(encoding="utf-8")
