"""Bias: how release, classes and accuracy differ between groups of items."""

from typing import Any

import numpy as np

from weakhitl.estimate import Estimate
from weakhitl.gate import Assessment, Subject
from weakhitl.gate.accuracy import release_accuracy
from weakhitl.monitor import group_confidence, largest_gap
from weakhitl.release.report.content.labels import Labelled

SMALLEST = 10
"""A group of fewer items is not shown: it says little of the group, and perhaps too much of somebody."""

_MOST = 30
_CONFIDENCE = 0.95


def groups_content(assessment: Assessment, labelled: Labelled) -> dict[str, Any]:
    """Column that the policy looks at -> its groups, and the largest gaps between any two of them."""
    subject = Subject.of(assessment)
    return {
        column: _column(subject, column, assessment, labelled) for column in assessment.evidence.config.gate.columns
    }


def _column(subject: Subject, column: str, assessment: Assessment, labelled: Labelled) -> dict[str, Any]:
    values = subject.column(column).reindex(assessment.evidence.items)
    codes, names = values.factorize(sort=True)
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    shown = [int(at) for at in np.argsort(-sizes, kind="stable") if sizes[at] >= SMALLEST][:_MOST]
    confidence = group_confidence(_CONFIDENCE, len(shown))
    kept = np.ones(len(codes), dtype=bool) if assessment.withheld is None else ~assessment.withheld
    rows, accuracies = [], {}
    for at in sorted(shown):
        mask = np.asarray(codes == at)
        name = str(names[at])
        accuracy = release_accuracy(assessment, confidence=_CONFIDENCE, within=mask & kept)
        rows.append({"group": name, "accuracy": accuracy.to_dict()} | _group(mask, assessment, labelled))
        accuracies[name] = release_accuracy(assessment, confidence=confidence, within=mask & kept)
    left = sizes.sum() - sizes[shown].sum()
    return {
        "groups": rows,
        "left_out": {"groups": len(names) - len(shown), "items": int(left), "without_value": int((codes < 0).sum())},
        "smallest": SMALLEST,
        "gaps": {
            "released share": largest_gap({row["group"]: _counted(row) for row in rows}, _CONFIDENCE).to_dict(),
            "accuracy": largest_gap(accuracies, _CONFIDENCE).to_dict(),
        },
    }


def _counted(row: dict[str, Any]) -> Estimate:
    share = row["released_share"]
    return Estimate(share, share, share, 0.0, _CONFIDENCE, row["items"], row["items"], method="items, counted")


def _group(mask: np.ndarray, assessment: Assessment, labelled: Labelled) -> dict[str, Any]:
    classes = assessment.evidence.schema.classes
    released = mask & labelled.released
    n, total = int(released.sum()), int(mask.sum())
    counts = np.bincount(labelled.labels[released], minlength=len(classes))
    return {
        "items": total,
        "released": n,
        "released_share": n / total,
        "classes": {name: int(count) for name, count in zip(classes, counts, strict=True)},
    }
