"""A section of the report, and how numbers are written in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Content = dict[str, Any]

UNRELEASED = "unreleased"
"""The version of a report on a project as it is, of which nothing is released."""


@dataclass(frozen=True)
class Section:
    """A title, a sentence or two, a figure, and the table behind it.

    Attributes
    ----------
    title
        Unique in the report; its anchor follows from it.
    text
        Paragraphs.
    header, rows
        The table; a section without rows but with paragraphs says why there is none.
    figure
        Draws the figure as SVG from the report; ``""`` where there is nothing to draw.
    short
        The table stands open.
    points
        A list below the paragraphs.

    """

    title: str
    text: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figure: Callable[[Content], str] | None = None
    short: bool = False
    points: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it has nothing to say: a table is announced, and there is none."""
        return not self.rows and (bool(self.header) or not (self.text or self.points))

    @property
    def anchor(self) -> str:
        """The section's id in the page."""
        return anchor(self.title)


@dataclass(frozen=True)
class Chapter:
    """Sections under one heading of the contents."""

    title: str
    sections: tuple[Section, ...]

    @property
    def anchor(self) -> str:
        """The chapter's id in the page."""
        return anchor(self.title)


def is_released(report: Content) -> bool:
    """Whether the report is that of a release, not of a refusal or of a project as it is."""
    return bool(report["gate"]["status"] == "pass" and report["version"] != UNRELEASED)


def anchor(title: str) -> str:
    """Make an id of a title.

    >>> anchor("How the labels' classes were made")
    'how-the-labels-classes-were-made'

    """
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


def estimate_text(estimate: dict[str, Any]) -> str:
    """Write an estimate and its interval, or why there is none."""
    if estimate["value"] is None:
        return f"undefined: {estimate['reason']}"
    if estimate["low"] is None:
        return f"{estimate['value']:.3f} (no interval: {estimate['reason']})"
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def kappa_text(row: dict[str, Any]) -> str:
    """Write a pair's kappa and its interval, or why there is none."""
    if row["kappa"] is None:
        return "undefined: one class alone"
    if row["low"] is None:
        return f"{row['kappa']:.2f} (no interval)"
    return f"{row['kappa']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"


def share_text(value: float | None) -> str:
    """Write a share as per cent.

    >>> share_text(0.1234), share_text(None)
    ('12.3%', 'none')

    """
    return "none" if value is None else f"{value:.1%}"


def percent_text(estimate: dict[str, Any]) -> str:
    """Write an estimate of a share as per cent with its interval, or why there is none."""
    if estimate["value"] is None:
        return f"undefined: {estimate['reason']}"
    if estimate["low"] is None:
        return f"{estimate['value']:.1%} (no interval: {estimate['reason']})"
    return f"{estimate['value']:.1%} [{estimate['low']:.1%}, {estimate['high']:.1%}]"


def accuracy_text(estimate: dict[str, Any]) -> str:
    """Write an accuracy with its interval and number; where that leaves more than half of the scale open, say so."""
    if estimate["value"] is None:
        return percent_text(estimate)
    wide = estimate["low"] is None or estimate["high"] - estimate["low"] > 0.5
    return f"{percent_text(estimate)} of {estimate['n_units']:,}" + (", too few to tell" if wide else "")
