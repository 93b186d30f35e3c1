"""Figures of two dimensions: calibration, and which labels are mistaken for which."""

from typing import Any

from weakhitl.release.report.figures.svg import across, box, clipped, dot, drawing, line, text

Content = dict[str, Any]

_PANELS = ((10.0, 46.0), (60.0, 96.0))
_DEEP = 200
MOST_CLASSES = 12
"""So many classes still make a matrix that can be read."""


def calibration(report: Content) -> str:
    """Draw accuracy over confidence by bins, with exact intervals; on the diagonal they are the same."""
    found = report["audit"]["calibration"]
    if not any(one["bins"] for one in found.values()):
        return ""
    parts = []
    for (name, one), span in zip(found.items(), _PANELS, strict=False):
        parts += _panel(name, one["bins"], span)
    said = "; ".join(
        f"{name}, confidence {row['confidence']:.2f}: {row['accuracy']:.2f} right of {row['items']:.0f}"
        for name, one in found.items()
        for row in one["bins"]
    )
    return drawing("calibration", "Accuracy by confidence, on the audit", said + ".", _DEEP + 66, parts)


def _panel(name: str, bins: list[Content], span: tuple[float, float]) -> list[str]:
    top, low = 26.0, 26.0 + _DEEP
    parts = [text((span[0], 14), name), line((span[0], low), (span[1], top), "diagonal")]
    for tick in (0.0, 0.5, 1.0):
        x, y = across(tick, span=span), low - tick * _DEEP
        parts += [line((span[0], y), (span[1], y), "grid"), line((x, top), (x, low), "grid")]
        parts += [
            text((span[0] - 1.5, y + 4), f"{tick:g}", "muted", "end"),
            text((x, low + 16), f"{tick:g}", "muted", "middle"),
        ]
    for row in bins:
        x = across(row["confidence"], span=span)
        parts.append(line((x, low - row["accuracy_low"] * _DEEP), (x, low - row["accuracy_high"] * _DEEP), "rod"))
        parts.append(dot((x, low - row["accuracy"] * _DEEP), "c1"))
    return [*parts, text((sum(span) / 2, low + 34), "confidence", "muted", "middle")]


def confusion(report: Content, which: str) -> str:
    """Draw the counts of labels against decisions, darker where more of a label's items are."""
    classes = [row["class"] for row in report["classes"]]
    matrix = report["audit"]["confusion"][which]["counts"]
    k = len(classes)
    if k > MOST_CLASSES or not any(map(sum, matrix)):
        return ""
    left, each, deep, top = 26.0, 73.0 / k, 34, 36
    letters = max(3, round(52 / k))
    parts = [text((0, 12), "label", "muted"), text((left, 12), "decided", "muted")]
    for at, name in enumerate(classes):
        parts.append(text((left + each * (at + 0.5), 30), clipped(name, letters), "small", "middle"))
        parts.append(text((0, top + deep * at + 21), clipped(name, 12), "small"))
        total = max(sum(matrix[at]), 1)
        for to, count in enumerate(matrix[at]):
            shade = f"heat{round(4 * count / total)}" + (" right" if at == to else "")
            corner = (left + each * to + 0.3, top + deep * at + 1.5)
            parts.append(box(corner, (each - 0.6, deep - 3), shade))
            parts.append(text((left + each * (to + 0.5), top + deep * at + 21), f"{count:,}", "cell", "middle"))
    said = "; ".join(
        f"labelled {name}: "
        + ", ".join(f"{count} decided {to}" for to, count in zip(classes, row, strict=True) if count)
        for name, row in zip(classes, matrix, strict=True)
    )
    return drawing(f"confusion-{which}", f"Labels of {which} against decisions", said + ".", top + deep * k + 4, parts)
