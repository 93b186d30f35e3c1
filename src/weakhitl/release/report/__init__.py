"""The report: one set of figures, shown as JSON, Markdown and a self-contained HTML page."""

from weakhitl.release.report.content import agreement_content, report_content
from weakhitl.release.report.render import render_html, render_markdown

__all__ = ["agreement_content", "render_html", "render_markdown", "report_content"]
