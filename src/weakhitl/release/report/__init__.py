"""The report: one set of figures, shown as JSON, Markdown and a self-contained HTML page."""

from weakhitl.release.report.content import agreement_content, hardest_items, report_content
from weakhitl.release.report.document import Report
from weakhitl.release.report.render import render_html, render_markdown
from weakhitl.release.report.section import UNRELEASED

__all__ = [
    "UNRELEASED",
    "Report",
    "agreement_content",
    "hardest_items",
    "render_html",
    "render_markdown",
    "report_content",
]
