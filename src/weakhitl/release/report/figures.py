"""The report's figures: inline SVG whose colours are CSS variables, so that they follow light and dark."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

Report = dict[str, Any]

PAIR_ITEMS = 10
"""Pairs of annotators are drawn when they share so many items."""

_MOST_ROWS = 60
_VARIABLES = {
    "#010101": "var(--ink)",
    "#020202": "var(--muted)",
    "#030303": "var(--rule)",
    "#040404": "var(--first)",
    "#050505": "var(--second)",
    "#060606": "var(--third)",
    "#0a0a0a": "var(--fourth)",
    "#070707": "var(--pass)",
    "#080808": "var(--fail)",
    "#090909": "var(--undecided)",
}
_INK, _MUTED, _RULE, _FIRST, _SECOND, _THIRD, _FOURTH, _PASS, _FAIL, _UNDECIDED = _VARIABLES
_ORIGIN_COLOURS = (_FIRST, _SECOND, _THIRD, _FOURTH)


def gate(report: Report) -> str:
    """Draw each check's interval against its bar."""
    checks = [check for check in report["gate"]["checks"] if _is_share(check)]
    colours = {"pass": _PASS, "fail": _FAIL, "undecided": _UNDECIDED, "waived": _UNDECIDED}
    if not checks:
        return ""
    with _axes(rows=len(checks), label="Each check's interval against its bar") as (ax, out):
        _intervals(
            ax,
            [check["estimate"] for check in checks],
            [colours[check["status"]] for check in checks],
        )
        for y, check in enumerate(checks):
            bar = check["at_least"] if check["at_least"] is not None else check["at_most"]
            ax.plot([bar] * 2, [y - 0.32, y + 0.32], color=_INK, linewidth=2)
            ax.text(
                bar,
                y - 0.38,
                f"bar {bar:g}",
                color=_MUTED,
                fontsize=8,
                ha="center",
                va="bottom",
            )
        _row_names(ax, [f"{check['name']}: {check['status']}" for check in checks])
        _unit_axis(ax, [check["estimate"]["low"] for check in checks])
    return out.getvalue()


def _is_share(check: dict[str, Any]) -> bool:
    """Whether a check's figure fits an axis that ends at 1: counts and days do not."""
    numbers = [check["estimate"]["value"], check["estimate"]["high"], check["at_least"], check["at_most"]]
    return numbers[0] is not None and all(number is None or abs(number) <= 1 for number in numbers)


def classes(report: Report) -> str:
    """Draw released items per class, by where the label came from."""
    rows = report["classes"]
    with _axes(rows=len(rows), label="Released items per class, by origin of the label") as (
        ax,
        out,
    ):
        _stacked(ax, {name: [row["by_origin"][name] for row in rows] for name in rows[0]["by_origin"]})
        _row_names(ax, [row["class"] for row in rows])
        ax.set_xlabel("released items")
    return out.getvalue()


def confidence(report: Report) -> str:
    """Draw a histogram of the confidence, by where the label came from."""
    edges, items = report["confidence"]["edges"], report["confidence"]["items"]
    with _axes(height=2.6, label="Items by confidence of their label") as (ax, out):
        base = np.zeros(len(edges) - 1)
        for (name, counts), colour in zip(items.items(), _ORIGIN_COLOURS, strict=False):
            ax.bar(
                edges[:-1],
                counts,
                width=np.diff(edges) * 0.92,
                bottom=base,
                align="edge",
                color=colour,
                label=name,
            )
            base += counts
        least = report["policy"]["min_confidence"]
        ax.axvline(least, color=_INK, linewidth=1.5)
        ax.text(
            least,
            base.max() * 1.03,
            f"released from {least:g} ",
            color=_INK,
            fontsize=8,
            ha="right",
        )
        ax.set_xlim(0, 1)
        ax.set_xlabel("confidence")
        ax.set_ylabel("items")
        _legend(ax)
    return out.getvalue()


def functions(report: Report) -> str:
    """Draw coverage of each function, with the part where another source votes another class."""
    rows = sorted(report["functions"], key=lambda row: -row["coverage"])[:_MOST_ROWS]
    with _axes(rows=len(rows), row_height=0.24, label="Coverage and conflicts of each function") as (ax, out):
        y = np.arange(len(rows))
        ax.barh(y, [100 * row["coverage"] for row in rows], color=_FIRST, height=0.7, label="votes")
        ax.barh(
            y,
            [100 * row["conflicts"] for row in rows],
            color=_FAIL,
            height=0.3,
            label="of these in conflict",
        )
        _row_names(ax, [row["name"] for row in rows])
        ax.set_xlabel("% of all items")
        _legend(ax)
    return out.getvalue()


def agreement(report: Report) -> str:
    """Draw the coefficients for the dataset and for the parts of the routed items."""
    named = dict(report["agreement"]["dataset"])
    named |= {f"alpha, {part} items alone": estimate for part, estimate in report["agreement"]["parts"].items()}
    return _forest(named, "Agreement coefficients with 95 % intervals")


def by_class(report: Report) -> str:
    """Draw alpha of each class against the rest."""
    return _forest(report["agreement"]["by_class"], "Krippendorff's alpha of each class, with 95 % intervals")


def pairs(report: Report) -> str:
    """Draw kappa of every pair with enough shared items, sorted, with intervals."""
    enough = [p for p in report["agreement"]["pairs"] if p["n"] >= PAIR_ITEMS and p["kappa"] is not None]
    rows = sorted(enough, key=lambda pair: pair["kappa"])
    if not rows:
        return ""
    with _axes(height=2.6, label="Cohen's kappa of each pair of annotators, sorted, with 95 % intervals") as (
        ax,
        out,
    ):
        x = np.arange(len(rows))
        drawn = [(at, p["low"], p["high"]) for at, p in enumerate(rows) if p["low"] is not None]
        if drawn:
            ax.vlines(
                *zip(*drawn, strict=True),
                color=_FIRST,
                alpha=0.35,
                linewidth=max(0.6, 50 / len(rows)),
            )
        ax.scatter(x, [p["kappa"] for p in rows], color=_FIRST, s=9, zorder=3)
        ax.axhline(0, color=_MUTED, linewidth=0.8)
        ax.set_xticks([])
        ax.set_xlabel(f"{len(rows):,} pairs, sorted")
        ax.set_ylabel("Cohen's kappa")
    return out.getvalue()


def _forest(named: dict[str, dict[str, Any]], label: str) -> str:
    shown = {name: estimate for name, estimate in named.items() if estimate["value"] is not None}
    if not shown:
        return ""
    with _axes(rows=len(shown), label=label) as (ax, out):
        _intervals(ax, list(shown.values()), [_FIRST] * len(shown))
        _row_names(ax, list(shown))
        _unit_axis(ax, [estimate["low"] for estimate in shown.values()])
    return out.getvalue()


def _intervals(ax: Any, estimates: Sequence[dict[str, Any]], colours: Sequence[str]) -> None:
    for y, (estimate, colour) in enumerate(zip(estimates, colours, strict=True)):
        if estimate["low"] is not None:
            ax.plot(
                [estimate["low"], estimate["high"]],
                [y, y],
                color=colour,
                linewidth=5,
                alpha=0.45,
                solid_capstyle="butt",
            )
        ax.plot(estimate["value"], y, "o", color=colour, markersize=7)
        ax.annotate(f"{estimate['value']:.2f}", (estimate["value"], y), (0, -14), textcoords="offset points",
                    color=_INK, fontsize=8, ha="center")  # fmt: skip


def _stacked(ax: Any, parts: dict[str, list[int]]) -> None:
    base = np.zeros(len(next(iter(parts.values()))))
    for (name, counts), colour in zip(parts.items(), _ORIGIN_COLOURS, strict=False):
        ax.barh(np.arange(len(counts)), counts, left=base, color=colour, height=0.65, label=name)
        base += counts
    _legend(ax)


def _row_names(ax: Any, names: Sequence[str]) -> None:
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.45, -0.6)


def _unit_axis(ax: Any, lows: Sequence[float | None]) -> None:
    ax.set_xlim(min([0.0, *(low for low in lows if low is not None)]), 1.02)
    ax.grid(axis="x", color=_RULE, linewidth=0.6)
    ax.set_axisbelow(True)


def _legend(ax: Any) -> None:
    ax.legend(
        frameon=False,
        labelcolor=_INK,
        fontsize=8,
        ncols=3,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderpad=0,
    )


@contextmanager
def _axes(
    *, label: str, rows: int = 0, row_height: float = 0.46, height: float = 0.0
) -> Iterator[tuple[Any, io.StringIO]]:
    """Give axes to draw on; at the end the stream holds the SVG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    out = io.StringIO()
    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "weakhitl",
        "font.size": 9,
        "font.family": "sans-serif",
        "text.parse_math": False,
    }
    with rc_context(style):
        figure = Figure(figsize=(7.2, height or 0.85 + row_height * rows), layout="constrained")
        figure.patch.set_alpha(0)
        ax = figure.add_subplot()
        ax.patch.set_alpha(0)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        for side in ("bottom", "left"):
            ax.spines[side].set_color(_RULE)
        ax.tick_params(colors=_MUTED, labelcolor=_INK, length=3)
        ax.xaxis.label.set_color(_MUTED)
        ax.yaxis.label.set_color(_MUTED)
        yield ax, out
        raw = io.StringIO()
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None})
    out.write(_inline(raw.getvalue(), label))


def _inline(svg: str, label: str) -> str:
    """Make matplotlib's SVG fit for a page: no prolog, no ids that clash, CSS colours, a name for readers."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', rf'\1 role="img" aria-label="{label}"', svg, count=1)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg.replace("font: 9px 'DejaVu Sans', 'Bitstream Vera Sans'", "font: 9px")
