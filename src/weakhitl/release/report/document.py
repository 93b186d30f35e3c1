"""The report as an object, for Python and notebooks."""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Self

from weakhitl.errors import DataError, StateError
from weakhitl.files import write_json, write_text
from weakhitl.release.manifest import MANIFEST
from weakhitl.release.report.render import render_html, render_markdown
from weakhitl.release.report.sections.verdict import headline

JSON, MARKDOWN, HTML = "report.json", "report.md", "report.html"


@dataclass(frozen=True, repr=False)
class Report:
    """A report: figures, and the pages that show them.

    Attributes
    ----------
    content
        All figures, as ``report.json`` has them.

    """

    content: dict[str, Any] = field(hash=False)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read the ``report.json`` of a release or a refusal; ``path`` is that file or its folder.

        Raises ``DataError`` where there is none, or it is no report.
        """
        file = Path(path)
        file = file / JSON if file.is_dir() else file
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(str(file), f"cannot be read as a report ({error})") from error
        if not isinstance(content, dict) or "gate" not in content:
            raise DataError(str(file), "is no report of weakhitl: it has no gate")
        return cls(content)

    def to_dict(self) -> dict[str, Any]:
        """Give all figures, ready for JSON; a copy."""
        return deepcopy(self.content)

    def to_html(self) -> str:
        """Give the page: one file, no external request, light and dark, printable."""
        return render_html(self.content)

    def to_markdown(self) -> str:
        """Give the same sections as Markdown tables."""
        return render_markdown(self.content)

    def save(self, folder: Path | str) -> Path:
        """Write report.json, report.md and report.html into a folder, which is made; give the page's path.

        Raises ``StateError`` where the folder is a release, which nothing may change.
        """
        place = Path(folder)
        if (place / MANIFEST).exists():
            raise StateError(f"{place} is a release, which nothing may change; choose another folder")
        place.mkdir(parents=True, exist_ok=True)
        write_json(place / JSON, self.content)
        write_text(place / MARKDOWN, self.to_markdown())
        write_text(place / HTML, self.to_html())
        return place / HTML

    def __repr__(self) -> str:
        word, _ = headline(self.content)
        return f"<Report of {self.content['name']} {self.content['version']}: {word}>"

    def _repr_html_(self) -> str:
        """Show the page in a frame of its own, so that neither it nor the notebook changes the other's looks."""
        page = escape(self.to_html(), quote=True)
        title = escape(repr(self).strip("<>"), quote=True)
        style = "width:100%;height:42rem;border:1px solid #8886;border-radius:4px"
        return f'<iframe sandbox title="{title}" style="{style}" srcdoc="{page}"></iframe>'
