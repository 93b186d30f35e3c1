"""Figures of change and of many: classes before and after, and kappa of every pair of annotators."""

from typing import Any

from weakhitl.release.report.figures.svg import LEFT, RIGHT, across, dot, drawing, legend, line, name, scale, text

Content = dict[str, Any]

PAIR_ITEMS = 10
"""Pairs of annotators are drawn when they share so many items."""


def classes_before_and_now(report: Content) -> str:
    """Draw each class's released share in the last release and in this one."""
    drift = report["drift"]
    rows = [] if drift is None else drift["classes"]
    if not rows:
        return ""
    top = max(max(row["before"], row["now"]) for row in rows) * 1.08 or 1.0
    height = 26 + 40 * len(rows)
    parts = [*legend([("c2", f"release {drift['version']}"), ("c1", "now")], 12), *scale((0.0, top), height, 30)]
    for at, row in enumerate(rows):
        y = 26 + 40 * at
        before, now = across(row["before"], 0, top), across(row["now"], 0, top)
        parts += [
            name((0, y + 3), (60, 17), row["class"], "label"),
            text((100, y + 15), f"{row['before']:.1%} → {row['now']:.1%}", "number", "end"),
            line((before, y + 28), (now, y + 28), "rod"),
            dot((before, y + 28), "c2"),
            dot((now, y + 28), "c1"),
        ]
    said = "; ".join(f"{row['class']} {row['before']:.1%}, now {row['now']:.1%}" for row in rows[:12])
    return drawing("drift", "Class shares in the last release and now", said + ".", height + 20, parts)


def pairs(report: Content) -> str:
    """Draw kappa of every pair with enough shared items, sorted, with intervals."""
    enough = [p for p in report["agreement"]["pairs"] if p["n"] >= PAIR_ITEMS and p["kappa"] is not None]
    rows = sorted(enough, key=lambda pair: pair["kappa"])
    if not rows:
        return ""
    lowest = min([p["low"] for p in rows if p["low"] is not None] + [rows[0]["kappa"], 0.0])
    low, deep, left = (-1.0 if lowest < -0.5 else (-0.5 if lowest < 0 else 0.0)), 170.0, 9.0
    parts = []

    def down(value: float) -> float:
        return round(8 + deep * (1 - (max(value, low) - low) / (1 - low)), 1)

    for tick in (low, 0.0, 0.5, 1.0):
        parts += [line((left, down(tick)), (RIGHT, down(tick)), "grid"),
                  text((left - 1.5, down(tick) + 4), f"{tick:g}", "muted", "end")]  # fmt: skip
    for at, pair in enumerate(rows):
        x = left + LEFT + (RIGHT - left - 2 * LEFT) * (at + 0.5) / len(rows)
        if pair["low"] is not None:
            parts.append(line((x, down(pair["low"])), (x, down(pair["high"])), "rod pale"))
        parts.append(dot((x, down(pair["kappa"])), "c1", 4.5 if len(rows) < 40 else 2))
    parts.append(text((left, deep + 28), f"Cohen's kappa of {len(rows):,} pairs, sorted", "muted"))
    said = f"{len(rows):,} pairs of annotators; kappa from {rows[0]['kappa']:.2f} to {rows[-1]['kappa']:.2f}."
    return drawing("pairs", "Cohen's kappa of each pair of annotators, with 95 % intervals", said, deep + 36, parts)
