"""A section of the report, and how numbers are written in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Report = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """One section; ``figure`` draws it as SVG from the report, ``short`` tables stand open."""

    title: str
    text: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figure: Callable[[Report], str] | None = None
    short: bool = False

    @property
    def anchor(self) -> str:
        """The section's id in the page."""
        return self.title.lower().replace(" ", "-").replace("'", "")


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
