"""How results and long runs show themselves in notebooks: small tables and bars without colours of their own."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib import import_module
from time import monotonic
from typing import Any

_PAUSE = 0.1
"""Seconds between two looks of a bar."""


def html_table(header: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "", note: str = "") -> str:
    """Give a table as HTML; everything is escaped.

    >>> html_table(["class"], [["<b>"]])
    '<table><thead><tr><th scope="col">class</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'

    """
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    below = f"<p>{escape(note)}</p>" if note else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


class CellBar:
    """A bar below a notebook's cell; it needs no widgets, which many notebooks lack."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._done = 0
        self._total: int | None = None
        self._handle: Any = None
        self._shown = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        """Show how much is done, and of how much, where that is known."""
        self._done, self._total = done, total
        if monotonic() - self._shown >= _PAUSE:
            self._show()

    def end(self) -> None:
        """Show what was reached; it ends what runs on and on where nobody knew of how many."""
        if self._handle is not None:
            self._total = self._done if self._total is None else self._total
            self._show()

    def _show(self) -> None:
        ipython: Any = import_module("IPython.display")
        self._shown = monotonic()
        found = ipython.HTML(bar_html(self._label, self._done, self._total))
        if self._handle is None:
            self._handle = ipython.display(found, display_id=True)
        else:
            self._handle.update(found)


def bar_html(label: str, done: int, total: int | None) -> str:
    """Give a bar as HTML, with the part that is done, or the number where nobody knows of how many.

    >>> bar_html("functions", 1200, 4000)
    '<label>functions <progress value="1200" max="4000"></progress> 30%</label>'
    >>> bar_html("functions", 1200, None)
    '<label>functions <progress></progress> 1,200</label>'

    """
    if total is None:
        size, part = "", f"{done:,}"
    else:
        size, part = f' value="{done}" max="{total}"', f"{done / max(total, 1):.0%}"
    return f"<label>{escape(label)} <progress{size}></progress> {part}</label>"


def new_axes(width: float, height: float) -> Any:
    """Make axes of matplotlib's, in inches, that a notebook shows by itself: pyplot knows of them."""
    pyplot: Any = import_module("matplotlib.pyplot")
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1]
