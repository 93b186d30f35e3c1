"""How the labels were made, as a flow with counts."""

from typing import Any

from weakhitl.release.report.figures.bars import ORIGIN_STYLES
from weakhitl.release.report.figures.svg import arrow, box, drawing, legend, line, text
from weakhitl.release.report.section import is_released

Content = dict[str, Any]

_LEFT, _RIGHT = (1.0, 47.0), (53.0, 99.0)
_DEEP = 66
_GAP = 30


def making(report: Content) -> str:
    """Draw items into functions and people, both into the label model, and from there what is released or withheld."""
    counts = report["counts"]
    people = _people(report)
    steps = [
        (0, (1.0, 99.0), f"{counts['items']:,} items", ["the dataset"]),
        (1, _LEFT, f"{counts['functions']:,} functions" if counts["functions"] else "no functions", _functions(counts)),
        (1, _RIGHT, f"{sum(counts['routed'].values()):,} routed", people[0]),
        (2, _RIGHT, f"{counts['annotators']:,} people", people[1]),
        (3, _LEFT, "label model", [report["label_model"]["name"], "one ledger of all votes"]),
        (3, _RIGHT, "adjudicator", [f"{report['adjudication']['decided']:,} items decided", "stands above the model"]),
        (4, (1.0, 99.0), f"{counts['released']:,} {_word(report)}", [f"{_withheld(counts):,} withheld"]),
    ]
    parts = [part for row, span, title, lines in steps for part in _step(row, span, title, lines)]
    links = [(24, 0, 1), (76, 0, 1), (76, 1, 2), (24, 1, 3), (76, 2, 3), (24, 3, 4), (76, 3, 4)]
    arrows = [part for x, start, end in links for part in _link(float(x), start, end)]
    bend = _top(2) + 50
    arrows += [line((53.0, bend), (35.0, bend), "link"), line((35.0, bend), (35.0, _top(3)), "link")]
    arrows.append(arrow((35.0, _top(3))))
    bottom = _top(4) + _DEEP
    shown = [*arrows, *parts, *_origins(counts, bottom + 14)]
    return drawing("making", "How the labels were made", _said(report), bottom + 52, shown)


def _said(report: Content) -> str:
    counts = report["counts"]
    decided = report["adjudication"]["decided"]
    return (
        f"{counts['items']:,} items; functions vote on {counts['covered_by_functions']:,}; "
        f"{sum(counts['routed'].values()):,} go to people, who give {counts['ratings']:,} ratings; the adjudicator "
        f"decides {decided:,}; {counts['released']:,} {_word(report)}, {_withheld(counts):,} withheld."
    )


def _word(report: Content) -> str:
    return "released" if is_released(report) else "would be released"


def _withheld(counts: Content) -> int:
    return int(counts["items"] - counts["released"])


def _functions(counts: Content) -> list[str]:
    if not counts["functions"]:
        return ["people label everything"]
    return [f"{counts['function_votes']:,} votes", f"on {counts['covered_by_functions']:,} items"]


def _people(report: Content) -> tuple[list[str], list[str]]:
    counts = report["counts"]
    routed = counts["routed"]
    reasons = [f"{count:,} {name}" for name, count in sorted(routed.items())]
    counted = counts["ratings_by_fate"].get("counted", 0)
    lines = [", ".join(reasons[:1]), ", ".join(reasons[1:])] if reasons else ["nothing was routed"]
    return [words for words in lines if words], [f"{counts['ratings']:,} ratings", f"{counted:,} of them count"]


def _top(row: int) -> float:
    return float(row * (_DEEP + _GAP))


def _step(row: int, span: tuple[float, float], title: str, lines: list[str]) -> list[str]:
    middle, top = sum(span) / 2, _top(row)
    return [
        box((span[0], top), (span[1] - span[0], _DEEP), "step"),
        text((middle, top + 22), title, "strong", "middle"),
        *(text((middle, top + 39 + 16 * at), words, "muted", "middle") for at, words in enumerate(lines[:2])),
    ]


def _link(x: float, start: int, end: int) -> list[str]:
    return [line((x, _top(start) + _DEEP), (x, _top(end) - 6), "link"), arrow((x, _top(end)))]


def _origins(counts: Content, y: float) -> list[str]:
    """Draw what the released labels come from, as one bar, with the withheld at its end."""
    named = list(counts["released_by_origin"].items())
    parts, x, total = [], 1.0, max(counts["items"], 1)
    for style, (name, count) in zip(ORIGIN_STYLES, named, strict=False):
        wide = 98 * count / total
        parts.append(box((x, y), (wide, 12), style, f"{name}: {count:,}"))
        x += wide
    parts.append(box((x, y), (99 - x, 12), "held", f"withheld: {_withheld(counts):,}"))
    short = {"people": "with people"}
    entries = [(style, short.get(name, name)) for style, (name, _) in zip(ORIGIN_STYLES, named, strict=False)]
    return parts + legend([*entries, ("held", "withheld")], y + 32)
