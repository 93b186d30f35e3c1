"""The report's chapters: what is said of the figures in ``report.json``."""

from collections.abc import Callable
from functools import partial

from weakhitl.release.report.section import Chapter, Content, Section
from weakhitl.release.report.sections import agreement, audit, changes, closing, hardest, making, people, verdict

Maker = Callable[[Content], Section]

CHAPTERS: dict[str, tuple[Maker, ...]] = {
    "Gate": (verdict.gate, verdict.parts, verdict.waivers),
    "Making of the labels": (making.making, making.confidence),
    "Classes": (making.classes,),
    "Sources": (making.functions,),
    "Agreement": (
        agreement.agreement,
        agreement.paradox,
        agreement.by_class,
        agreement.by_slice,
        agreement.confused,
        agreement.by_coder,
        agreement.pairs,
    ),
    "People": (people.annotators, people.pilot),
    "Audit": (
        audit.calibration,
        partial(audit.confusion, which="functions and people"),
        partial(audit.confusion, which="functions alone"),
        partial(audit.confusion, which="people"),
    ),
    "Hardest items": (hardest.hardest,),
    "Groups": (changes.groups, changes.classes_of_groups),
    "Drift": (changes.drift, changes.figures_before, changes.functions_before),
    "Cost and time": (people.cost, people.key_figures),
    "Limits and proof": (closing.limits, closing.recalled, closing.undefined, closing.cross_checked),
    "Use": (closing.cite, closing.verify),
}
"""Heading in the contents -> its sections, in reading order."""


def chapters_of(report: Content) -> list[Chapter]:
    """Give the chapters in reading order; sections and chapters that have nothing to say are left out."""
    made = [
        Chapter(title, tuple(section for section in (make(report) for make in makers) if not section.empty))
        for title, makers in CHAPTERS.items()
    ]
    return [chapter for chapter in made if chapter.sections]
