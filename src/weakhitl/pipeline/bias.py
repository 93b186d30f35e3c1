"""Bias: how labels, functions and people fare in each group of the items."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.agreement import krippendorff_alpha
from weakhitl.annotation.quality import told_by_others
from weakhitl.errors import StateError, UsageError, WeakHITLError
from weakhitl.estimate import Estimate, exact_share
from weakhitl.gate import Assessment, Subject
from weakhitl.gate.accuracy import release_accuracy
from weakhitl.monitor import Shift, group_confidence, largest_gap
from weakhitl.monitor.drift import corrected
from weakhitl.monitor.shifts import share_shift
from weakhitl.pipeline.workspace import Workspace
from weakhitl.ranges import require_share
from weakhitl.schema import ABSTAIN
from weakhitl.vote_names import positions
from weakhitl.wording import number_of

SMALLEST = 20
"""Items that a group needs: figures of fewer say little, and may say too much about single ones."""

_Measure = Callable[[Subject, float], Estimate]


@dataclass(frozen=True)
class Bias:
    """How groups differ.

    Attributes
    ----------
    column
        Whose values are the groups.
    sizes
        Group -> how many items it has.
    small
        Groups that are left out because they have too few.
    figures
        Figure -> group -> estimate, intervals simultaneous for the groups.
    gaps
        Figure -> the largest difference between two groups, with bounds that account for having looked for it.
    shifts
        Class mixes of each group against the others, and each person's agreement with the others in each group against
        the rest of their ratings; p corrected for all of them (Holm).
    advice
        What to do, where a gap is surely there.

    """

    column: str
    sizes: dict[str, int]
    small: tuple[str, ...]
    figures: dict[str, dict[str, Estimate]]
    gaps: dict[str, Estimate]
    shifts: tuple[Shift, ...]
    advice: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give all of it, ready for JSON."""
        figures = {
            name: {group: one.to_dict() for group, one in groups.items()} for name, groups in self.figures.items()
        }
        gaps = {name: one.to_dict() for name, one in self.gaps.items()}
        shifts = [shift.to_dict() for shift in self.shifts]
        return {**vars(self), "figures": figures, "gaps": gaps, "shifts": shifts}


def bias(
    workspace: Workspace, column: str, *, confidence: float = 0.95, smallest: int = SMALLEST, seed: int = 0
) -> Bias:
    """Compare the groups that a column makes.

    Parameters
    ----------
    workspace
        The project.
    column
        Of the data.
    confidence
        Two-sided, of all groups of a figure together.
    smallest
        Items that a group needs.
    seed
        Of permutations.

    Raises
    ------
    UsageError
        The data has no such column, or it makes fewer than two groups that are large enough; or the
        confidence is no share.

    """
    require_share("confidence", confidence, such_as=0.95)
    subject = Subject.of(workspace.assess([column]))
    parts = subject.slices(column)
    sizes = {name: int(part.listed.sum()) for name, part in parts.items()}
    kept = {name: part for name, part in parts.items() if sizes[name] >= smallest}
    if len(kept) < 2:
        raise UsageError(_nothing_to_compare(column, sizes, smallest))
    each = group_confidence(confidence, len(kept))
    has_functions = workspace.config.has_functions
    measures = {what: measure for what, measure in _FIGURES.items() if has_functions or what not in _OF_FUNCTIONS}
    figures = {what: {name: measure(part, each) for name, part in kept.items()} for what, measure in measures.items()}
    gaps = {what: largest_gap(groups, confidence) for what, groups in figures.items()}
    rng = np.random.default_rng(seed)
    shifts = [*_class_mixes(kept, rng), *_people(subject, kept, smallest, rng)]
    return Bias(
        column,
        sizes,
        tuple(name for name in parts if name not in kept),
        figures,
        gaps,
        tuple(corrected(shifts, 1 - confidence, 0.05)),
        tuple(_advice(column, gaps)),
    )


def metric_frame(workspace: Workspace, columns: Sequence[str], metrics: Any) -> Any:
    """Give fairlearn's ``MetricFrame`` of the functions' labels against what the random audit decided.

    For metrics that are not among ours. Its figures have no intervals, and small groups are in it.

    Parameters
    ----------
    workspace
        The project.
    columns
        Of the data, whose values, all combinations of them, are the groups.
    metrics
        A function of truth and labels (class names; empty where the functions give none), or name -> function.

    Raises
    ------
    WeakHITLError
        fairlearn is not installed.
    UsageError
        The data has no such column.
    StateError
        Nothing is decided.

    """
    try:
        frame = import_module("fairlearn.metrics").MetricFrame
    except ImportError as error:
        raise WeakHITLError("this needs fairlearn: pip install 'weakhitl[fairness]'") from error
    assessment = workspace.assess(columns)
    decided = assessment.decided_audit
    if decided.empty:
        raise StateError("no item of a random audit has been adjudicated yet: `weakhitl status` says what comes next")
    names = np.array([*assessment.evidence.schema.classes, ""], dtype=object)
    labels = pd.Series(assessment.automatic.labels, index=assessment.evidence.items)[decided.index]
    groups = assessment.evidence.context.attributes.loc[decided.index, list(columns)].fillna("(missing)")
    return frame(
        metrics=metrics,
        y_true=names[decided.to_numpy(dtype=np.int64)],
        y_pred=names[labels.to_numpy(dtype=np.int64)],
        sensitive_features=groups,
    )


def _accuracy(part: Subject, confidence: float) -> Estimate:
    return release_accuracy(_assessment(part), confidence=confidence, within=part.listed)


def _agreement(part: Subject, confidence: float) -> Estimate:
    votes = part.votes
    return krippendorff_alpha(
        votes, weights=part.weights, level=votes.schema.level, confidence=confidence, seed=part.seed
    )


def _released(part: Subject, confidence: float) -> Estimate:
    return exact_share(
        int(_assessment(part).released[part.listed].sum()), int(part.listed.sum()), "no item", confidence
    )


def _covered(part: Subject, confidence: float) -> Estimate:
    counts = _assessment(part).evidence.functions.class_counts()[part.listed]
    return exact_share(int(counts.any(axis=1).sum()), len(counts), "no item", confidence)


def _overturned(part: Subject, confidence: float) -> Estimate:
    """Share of the functions' labels that decisions on the random audit overturn."""
    assessment = _assessment(part)
    items = assessment.evidence.items
    decided = assessment.decided_audit
    decided = decided[decided.index.isin(items[part.listed])]
    labels = assessment.automatic.labels[items.get_indexer(decided.index)]
    known = labels != ABSTAIN
    wrong = int((labels[known] != decided.to_numpy()[known]).sum())
    return exact_share(wrong, int(known.sum()), "no audited item of it has a label and a decision", confidence)


_OF_FUNCTIONS = {"overturned", "covered"}

_FIGURES: dict[str, _Measure] = {
    "accuracy": _accuracy,
    "overturned": _overturned,
    "agreement": _agreement,
    "released": _released,
    "covered": _covered,
}
"""Accuracy of the release by the audit; share of the functions' labels that the audit overturns; Krippendorff's alpha
of people; share of the items that would be released; share on which some function votes. The last two are counted over
all items; their intervals are for items like these."""


def _class_mixes(parts: dict[str, Subject], rng: np.random.Generator) -> list[Shift]:
    """Compare the labels of each group with those of the others."""
    found = []
    for name, part in parts.items():
        final = _assessment(part).final
        classes = [str(one) for one in final.schema.classes]
        inside = np.bincount(final.labels[part.listed & (final.labels != ABSTAIN)], minlength=len(classes))
        others = np.zeros(len(final.labels), dtype=bool)
        for other, one in parts.items():
            others |= one.listed if other != name else False
        outside = np.bincount(final.labels[others & (final.labels != ABSTAIN)], minlength=len(classes))
        if inside.sum() and outside.sum():
            found.append(share_shift("classes", name, (outside, inside), classes, rng))
    return found


def _people(subject: Subject, parts: dict[str, Subject], smallest: int, rng: np.random.Generator) -> list[Shift]:
    """Compare how often each person is with the others' majority, in a group and elsewhere."""
    votes = subject.votes
    counts = votes.class_counts()
    row, column, label = votes.entries()
    others = counts[row].astype(np.int64)
    others[np.arange(len(row)), label] -= 1
    told, agrees = told_by_others(others, label)
    group = np.full(len(votes), len(parts))
    for code, part in enumerate(parts.values()):
        group[positions(votes.items, part.votes.items)] = code
    shape = len(votes.sources), len(parts) + 1, 2
    cells = np.ravel_multi_index((column[told], group[row[told]], (agrees[told] > 0).astype(int)), shape)
    times = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)[:, :, ::-1]
    found = []
    for code, name in enumerate(parts):
        for person, mine in zip(votes.sources, times, strict=True):
            inside, everywhere = mine[code], mine.sum(axis=0)
            pair = everywhere - inside, inside
            if min(side.sum() for side in pair) >= smallest:
                values = ["with the others", "against"]
                found.append(share_shift("annotator", f"{person} in {name}", pair, values, rng))
    return found


def _nothing_to_compare(column: str, sizes: dict[str, int], smallest: int) -> str:
    large = [name for name, size in sizes.items() if size >= smallest]
    found = f"{large[0]!r} alone" if large else "none"
    return (
        f"of the {number_of(len(sizes), 'group')} that {column!r} makes, {found} has {smallest} items or more, so that "
        "there is nothing to compare; name a column with fewer values, or lower --smallest"
    )


def _advice(column: str, gaps: dict[str, Estimate]) -> list[str]:
    sure = {name for name, gap in gaps.items() if gap.low is not None and gap.low > 0}
    texts = []
    if sure & {"accuracy", "overturned"}:
        texts.append(f'labels are worse in some group: send more of it to people ([routing] stratify = "{column}")')
    if "agreement" in sure:
        texts.append(
            "people agree less in some group: give it examples in the guideline, or raters who know it (skill)"
        )
    if sure & {"covered", "released"}:
        texts.append("functions reach some group less: write some for its words (`weakhitl lfs --gaps`)")
    if sure:
        texts.append(
            f'keep it from growing: [[gate.check]] metric = "accuracy-gap", slice = "{column}", at_most = 0.1; for '
            "training, weight rows by the inverse of their group's share"
        )
    return texts


def _assessment(part: Subject) -> Assessment:
    if part.assessment is None:
        raise TypeError("bias needs a project")
    return part.assessment
