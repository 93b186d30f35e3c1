"""Estimates as points on their intervals, one below the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weakhitl.release.report.figures.svg import across, box, dot, drawing, line, name, scale, text

Content = dict[str, Any]

_ROW = 44
_WIDE = 5
_NAMES = 64.0
"""Per cent of the width for names; the rest is for numbers."""
_MOST_CHECKS = 8
_WORST = ("fail", "undecided", "waived", "pass")


@dataclass(frozen=True)
class Row:
    """A name, an estimate, the colour's class, and where there is one its bar."""

    name: str
    estimate: Content
    style: str = "c1"
    bar: float | None = None


def gate(report: Content) -> str:
    """Draw each check's interval against its bar; counts and days, which fit no scale of shares, are left out."""
    rows = [
        Row(f"{check['name']}: {check['status']}", check["estimate"], check["status"], _bar(check))
        for check in shown_checks(report)
    ]
    return forest("gate", "Each check's interval against its bar", rows)


def shown_checks(report: Content) -> list[Content]:
    """Give the checks that page one has room for: of many, those that did not pass first."""
    checks = [check for check in report["gate"]["checks"] if is_share(check)]
    if len(checks) <= _MOST_CHECKS:
        return checks
    return sorted(checks, key=lambda check: _WORST.index(check["status"]))[:_MOST_CHECKS]


def _bar(check: Content) -> float:
    return float(check["at_least"] if check["at_least"] is not None else check["at_most"])


def is_share(check: Content) -> bool:
    """Whether a check's figure fits a scale that ends at 1: counts and days do not."""
    numbers = [check["estimate"]["value"], check["estimate"]["high"], check["at_least"], check["at_most"]]
    return all(number is None or abs(number) <= 1 for number in numbers)


def estimates(key: str, title: str, named: Mapping[str, Content]) -> str:
    """Draw estimates by name; where none has a value, nothing."""
    if all(estimate["value"] is None for estimate in named.values()):
        return ""
    return forest(key, title, [Row(words, estimate) for words, estimate in named.items()])


def forest(key: str, title: str, rows: Sequence[Row]) -> str:
    """Draw rows on a scale that ends at 1 and begins at 0, or lower where an interval does."""
    if not rows:
        return ""
    lows = [row.estimate["low"] for row in rows if row.estimate["low"] is not None]
    low = -1.0 if min([0.0, *lows]) < -0.5 else (-0.5 if min([0.0, *lows]) < 0 else 0.0)
    bottom = _ROW * len(rows) + 2
    parts = scale((low, 1.0), bottom, 22)
    for at, row in enumerate(rows):
        parts += _drawn(row, at * _ROW, low)
    said = "; ".join(f"{row.name} {short(row.estimate)}" for row in rows[:12])
    return drawing(key, title, said + ".", bottom + 20, parts)


def _drawn(row: Row, top: float, low: float) -> list[str]:
    estimate, y = row.estimate, top + 30
    parts = [
        name((0, top + 4), (_NAMES, 17), row.name, "label"),
        text((100, top + 16), short(estimate), "number", "end"),
    ]
    if estimate["value"] is not None:
        if estimate["low"] is not None:
            start, end = across(estimate["low"], low), across(estimate["high"], low)
            parts.append(box((start, y - _WIDE), (max(end - start, 0.3), 2 * _WIDE), f"{row.style} pale"))
        parts.append(dot((across(estimate["value"], low), y), row.style))
    if row.bar is not None:
        x = across(row.bar, low)
        parts.append(line((x, y - 9), (x, y + 9), "bar"))
    return parts


def short(estimate: Content) -> str:
    """Write an estimate in two places, with its interval."""
    if estimate["value"] is None:
        return "undefined"
    if estimate["low"] is None:
        return f"{estimate['value']:.2f}, no interval"
    return f"{estimate['value']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"
