"""Counts as bars: classes and confidence by origin of the label, sources by coverage, conflicts and accuracy."""

from typing import Any

from weakhitl.release.report.figures.svg import (
    LEFT,
    RIGHT,
    across,
    box,
    dot,
    drawing,
    legend,
    line,
    name,
    scale,
    text,
)

Content = dict[str, Any]

ORIGIN_STYLES = ("c1", "c2", "c3", "c4")
_SHORT = {"people": "with people"}
_MOST = 100


def classes(report: Content) -> str:
    """Draw the released share of each class by origin, and its share of the dataset by the audit as an interval."""
    rows = report["classes"]
    total = max(sum(row["released"] for row in rows), 1)
    highs = [row["in_dataset"]["high"] or 0.0 for row in rows]
    top = min(1.0, max([row["share"] for row in rows] + highs) * 1.08) or 1.0
    names = list(rows[0]["by_origin"])
    keys = [(ORIGIN_STYLES[at], _SHORT.get(origin, origin)) for at, origin in enumerate(names)]
    parts = legend([*keys, ("ink", "in dataset")], 12)
    height = 26 + 48 * len(rows)
    parts += scale((0.0, top), height, 30)
    for at, row in enumerate(rows):
        parts += _class(row, 26 + 48 * at, total, top)
    said = "; ".join(f"{row['class']} {row['share']:.1%} of the released" for row in rows[:12])
    return drawing("classes", "Share of each class: released, and in the dataset", said + ".", height + 20, parts)


def _class(row: Content, y: float, total: int, top: float) -> list[str]:
    parts = [
        name((0, y + 3), (64, 17), row["class"], "label"),
        text((100, y + 15), f"{row['share']:.1%}", "number", "end"),
    ]
    x = LEFT
    for style, count in zip(ORIGIN_STYLES, row["by_origin"].values(), strict=False):
        wide = (RIGHT - LEFT) * count / total / top
        parts.append(box((x, y + 21), (wide, 13), style))
        x += wide
    whole = row["in_dataset"]
    if whole["value"] is not None:
        start, end = across(whole["low"], 0, top), across(whole["high"], 0, top)
        parts += [
            line((start, y + 39), (end, y + 39), "beam"),
            dot((across(whole["value"], 0, top), y + 39), "ink", 3.5),
        ]
    return parts


def confidence(report: Content) -> str:
    """Draw a histogram of the confidence, by where the label came from."""
    edges, items = report["confidence"]["edges"], report["confidence"]["items"]
    totals = [sum(counts) for counts in zip(*items.values(), strict=True)]
    tallest, deep, top = max([*totals, 1]), 150, 58
    parts = legend([(ORIGIN_STYLES[at], _SHORT.get(origin, origin)) for at, origin in enumerate(items)], 12)
    parts += scale((0.0, 1.0), top + deep, top)
    least = across(report["policy"]["min_confidence"])
    threshold = [
        line((least, top - 8), (least, top + deep), "bar"),
        text(
            (least, top - 13),
            f"released from {report['policy']['min_confidence']:g}",
            "muted",
            "end" if least > 50 else "start",
        ),
    ]
    written = []
    for at, total in enumerate(totals):
        y, start = float(top + deep), across(edges[at])
        for style, counts in zip(ORIGIN_STYLES, items.values(), strict=False):
            high = deep * counts[at] / tallest
            y -= high
            parts.append(box((start + 0.4, y), (across(edges[at + 1]) - start - 0.8, high), style))
        if total:
            middle = (start + across(edges[at + 1])) / 2
            written.append(text((middle, y - 4), _brief(total), "halo", "middle"))
    parts += [*threshold, *written]
    said = f"Items by confidence, labels under {report['policy']['min_confidence']:g} withheld: " + "; ".join(
        f"{edges[at]:.1f} to {edges[at + 1]:.1f}: {total:,}" for at, total in enumerate(totals) if total
    )
    return drawing("confidence", "Items by confidence of their label", said + ".", top + deep + 20, parts)


def _brief(count: int) -> str:
    """Write a count in few letters.

    >>> _brief(950), _brief(12_345), _brief(3_400_000)
    ('950', '12k', '3.4M')

    """
    if count < 10_000:
        return f"{count}"
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


_NAMES, _COVER, _RIGHT = (0.0, 38.0), (41.0, 66.0), (71.0, 98.0)


def functions(report: Content) -> str:
    """Draw coverage and conflicts of each function, and its accuracy on the audit with the interval."""
    rows = sorted(report["functions"], key=lambda row: -row["coverage"])[:_MOST]
    most = max([row["coverage"] for row in rows] + [1e-9])
    top, each = 42, 20
    bottom = top + each * len(rows) + 2
    parts = [
        text((_COVER[0], 12), "% voted on", "muted"),
        text((_COVER[0], 27), "in conflict", "conflicted"),
        text((_RIGHT[0], 12), "accuracy", "muted"),
        text((_RIGHT[0], 27), "on the audit", "muted"),
        *scale((0.0, 100 * most), bottom, top - 6, _COVER, most=3),
        *scale((0.0, 1.0), bottom, top - 6, _RIGHT, most=2),
    ]
    for at, row in enumerate(rows):
        parts += _function(row, top + each * at, most)
    said = "; ".join(f"{row['name']} votes on {row['coverage']:.1%}" for row in rows[:12])
    return drawing("functions", "Coverage, conflicts and accuracy of each function", said + ".", bottom + 20, parts)


def _function(row: Content, y: float, most: float) -> list[str]:
    wide = _COVER[1] - _COVER[0]
    parts = [
        name((_NAMES[0], y), (_NAMES[1] - _NAMES[0], 18), row["name"]),
        box((_COVER[0], y + 3), (wide * row["coverage"] / most, 12), "c1", row["name"]),
        box((_COVER[0], y + 6), (wide * row["conflicts"] / most, 6), "fail"),
    ]
    accuracy = row["accuracy"]
    if accuracy["value"] is not None:
        low, value, high = (across(accuracy[end], span=_RIGHT) for end in ("low", "value", "high"))
        parts += [line((low, y + 9), (high, y + 9), "rod"), dot((value, y + 9), "c1", 3.5)]
    return parts
