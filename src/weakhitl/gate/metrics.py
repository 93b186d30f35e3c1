"""What the gate can measure: a table from names to figures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.agreement import COEFFICIENTS, Uncertainty, coder_agreement
from weakhitl.annotation.counting import COUNTED
from weakhitl.config import CheckSection
from weakhitl.estimate import Estimate, Kind, exact_bounds
from weakhitl.gate.accuracy import late_items, release_accuracy
from weakhitl.gate.assessment import Assessment
from weakhitl.gate.audit import sequential_accuracy
from weakhitl.gate.calibration import release_calibration
from weakhitl.gate.subject import Subject
from weakhitl.wording import number_of

Measure = Callable[[Subject, CheckSection, float], Estimate]
"""From subject, check and two-sided confidence to an estimate whose ends are one-sided bounds."""

_NOTHING: Kind = "nothing-measured"

TALK = "find the classes that people confuse (`weakhitl agreement`), sharpen the guideline, qualify people on a pilot"
_LABELS = "improve functions or route more items; see in the report which classes are wrong"
_EVEN = "route more items of the group that fares worst, and write functions or a guideline for it"
_DECIDE = "have the audit rated and decided; weakhitl status says how"
_AUDIT_THEM = "weakhitl route: its audit is drawn from all items that nobody has rated, so from these, too"
_COVER = "write functions for what none covers, route more items, or lower release.min_confidence"


@dataclass(frozen=True)
class Metric:
    """One thing that the gate can measure.

    Attributes
    ----------
    measure
        The figure.
    advice
        What to do after a fail.
    ratings_alone
        Whether a bare table of ratings is enough.
    preconditions
        Whether min_units, min_minority and min_overlap apply.
    sequential
        Whether it has bounds that hold at every look.
    between
        Whether it compares the slices with each other: ``measure`` is then of one of them.
    lacks
        What the figure still lacks, and what to do about it; empty texts where it lacks nothing.
    lower_is_better
        Whether its bar is an ``at_most``.
    least, most
        What the figure cannot be below, or above.

    """

    measure: Measure
    advice: str
    ratings_alone: bool = False
    preconditions: bool = False
    sequential: bool = False
    between: bool = False
    lacks: "Callable[[Subject, Estimate], tuple[str, str]]" = lambda *_: ("", "")
    lower_is_better: bool = False
    least: float = 0.0
    most: float = 1.0

    @property
    def counts(self) -> bool:
        """Whether it counts something, so that its bar may exceed 1."""
        return self.most == np.inf


def agreement(subject: Subject, check: CheckSection, confidence: float, *, name: str) -> Estimate:
    """Agreement of the people who count; for the dataset, where items have weights."""
    how: Uncertainty = {"confidence": confidence, "seed": subject.seed}
    if check.sequential:
        how["interval"] = "sequence"
    return COEFFICIENTS[name](subject.votes, weights=subject.weights, **how)


def least_units(subject: Subject, check: CheckSection) -> int:
    """Pairable items that the check needs: more where a rare large distance may not have shown itself yet."""
    level = subject.votes.schema.level
    graded = {"krippendorff-alpha": level != "nominal", "agreement-gap": level != "nominal", "gwet-ac2": True}
    return check.least_units(graded=graded.get(check.metric, False))


def accuracy(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Share of released labels that the adjudicator would call right."""
    assessment = _assessment(subject)
    if check.sequential:
        return sequential_accuracy(assessment, subject.members, confidence=confidence, predictions=check.predictions)
    return release_accuracy(assessment, confidence=confidence, within=subject.members)


def _without_a_decision(subject: Subject, estimate: Estimate, *, fate: str) -> tuple[str, str]:
    """Name that of which nothing is known, its fate till then, and the way on; what waits comes first."""
    if estimate.value is None:
        return "", ""
    assessment = _assessment(subject)
    late, waiting = late_items(assessment, subject.members), estimate.n_units - estimate.n_pairable
    wait = number_of(waiting, "audited item waits", "audited items wait")
    whats = [f"{wait} for a decision"] if waiting else []
    whats += [f"{number_of(late, 'released item')} came after the audit was drawn"] if late else []
    told = [f"{', and '.join(whats)}; till then they {fate}"] if whats else []
    told += _reservations(assessment, subject.members, fate)
    return "; ".join(told), _DECIDE if waiting else _AUDIT_THEM if late else ""


def _reservations(assessment: Assessment, members: np.ndarray, fate: str) -> list[str]:
    """Say what no decision will mend: audited items that were recalled, functions that changed after the audit."""
    items, told = assessment.evidence.items, []
    if gone := int(np.isin(items[assessment.recalled & members], assessment.decisions.index).sum()):
        told.append(f"{number_of(gone, 'audited item was', 'audited items were')} recalled: they {fate}")
    if seen := assessment.evidence.context.decided_before_change:
        told.append(
            f"functions changed their votes on the audit after {number_of(seen, 'item')} of it had been decided; where "
            "that was seen, this is flattered"
        )
    return told


def coverage(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Share of the items that would be released; counted, not sampled, so it has no error."""
    del check
    return _counted(_assessment(subject).released[subject.listed], confidence, "counted over the whole dataset")


def conflict(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Share of the items with a function's vote on which functions vote different classes; counted."""
    del check
    counts = _assessment(subject).evidence.functions.class_counts()[subject.members]
    voted = counts.any(axis=1)
    return _counted((counts[voted] > 0).sum(axis=1) > 1, confidence, "counted over the items that functions vote on")


def annotator_quality(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Agreement with the others of the person who agrees least, with an exact interval for the number of ratings.

    Everybody with five ratings or more is looked at; the bounds are Bonferroni's for so many people.
    """
    del check
    table = coder_agreement(subject.votes)
    table = table[table["compared"] >= _LEAST_RATINGS]
    facts: dict[str, Any] = {"confidence": confidence, "n_units": len(subject.votes), "n_sources": len(table)}
    method = f"leave-one-out agreement of the lowest of {len(table)} people, Clopper-Pearson, Bonferroni"
    if table.empty:
        reason = f"nobody has {_LEAST_RATINGS} ratings that others can be compared with"
        return Estimate(None, reason=reason, kind="too-few", method=method, **facts)
    n, share = table["compared"].to_numpy(dtype=float), table["agreement"].to_numpy(dtype=float)
    low, high = exact_bounds(share * n, n, 1 - (1 - confidence) / len(table))
    worst = int(share.argmin())
    se = float(np.sqrt(share[worst] * (1 - share[worst]) / n[worst]))
    facts |= {"n_pairable": int(n[worst]), "method": f"{method}; here {table.index[worst]}"}
    return Estimate(float(share[worst]), float(low.min()), float(high.min()), se, **facts)


_LEAST_RATINGS = 5


def calibration_error(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Give the calibration error of the released labels."""
    del check
    return release_calibration(_assessment(subject), subject.members, confidence=confidence)


def class_drift(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Half the summed absolute differences between the class shares of this release and of the last; counted."""
    del check
    assessment = _assessment(subject)
    previous = assessment.evidence.context.previous
    if previous is None:
        return Estimate(0.0, 0.0, 0.0, 0.0, confidence, method="there is no earlier release to drift from")
    labels = assessment.final.labels[assessment.released & subject.members]
    if not len(labels):
        return Estimate(None, confidence=confidence, reason="nothing would be released", kind=_NOTHING)
    classes = assessment.evidence.schema.classes
    share = np.bincount(labels, minlength=len(classes)) / len(labels)
    before = {str(name): float(value) for name, value in previous["classes"].items()}
    gone = sum(value for name, value in before.items() if name not in classes)
    apart = float(np.abs(share - [before.get(name, 0.0) for name in classes]).sum() + gone) / 2
    method = f"total variation distance from release {previous['version']}, counted"
    return Estimate(apart, apart, apart, 0.0, confidence, len(labels), method=method)


def open_adjudications(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Count the items that wait for the adjudicator."""
    del check
    assessment = _assessment(subject)
    here = assessment.evidence.items[subject.members]
    waiting = float(assessment.adjudication_queue["item"].isin(here).sum())
    return Estimate(waiting, waiting, waiting, 0.0, confidence, len(here), method="items, counted")


def stale_ratings(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Share of the ratings that count which were made under another guideline than the present one; counted."""
    del check
    table = _counting(_assessment(subject), subject)
    if table.empty:
        return Estimate(None, confidence=confidence, reason="no rating counts yet", kind=_NOTHING)
    present = _assessment(subject).evidence.context.guideline
    return _counted(table["guideline"].ne(present).to_numpy(), confidence, "ratings, counted")


def data_age(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
    """Days since the last rating that counts."""
    del check
    table = _counting(_assessment(subject), subject)
    times = table["time"][table["time"].ne("")]
    if times.empty:
        return Estimate(None, confidence=confidence, reason="no rating that counts carries a time", kind=_NOTHING)
    last = max(datetime.fromisoformat(time) for time in times)
    days = max((subject.as_of - last).total_seconds() / 86400, 0.0)
    return Estimate(days, days, days, 0.0, confidence, len(times), method=f"days since {last.date()}")


def count_of_units(subject: Subject, check: CheckSection, confidence: float, *, what: str) -> Estimate:
    """Items with two ratings, those with a rating off the commonest class, or ratings per rated item; counted."""
    del check
    percent = COEFFICIENTS["percent-agreement"](subject.votes, interval="linearized")
    number = {
        "rated-items": float(percent.n_pairable),
        "minority-items": float(percent.n_minority or 0),
        "overlap": overlap(percent.n_units, subject.votes.n_votes),
    }[what]
    return Estimate(number, number, number, 0.0, confidence, percent.n_units, method="counted")


def overlap(n_rated: int, n_ratings: int) -> float:
    """Mean number of ratings per rated item; 0 without any."""
    return n_ratings / n_rated if n_rated else 0.0


def _counting(assessment: Assessment, subject: Subject) -> pd.DataFrame:
    """Ratings that count, with guideline and time."""
    fates = assessment.counted.ratings
    counted = fates[fates["fate"] == COUNTED][["item", "annotator"]]
    here = assessment.evidence.items[subject.members]
    table = assessment.evidence.ratings
    table = table[table["role"] == "annotator"].reindex(
        columns=[*table.columns.drop(["guideline", "time"], errors="ignore"), "guideline", "time"], fill_value=""
    )
    return table[table["item"].isin(here)].merge(counted, on=["item", "annotator"])


def _counted(holds: np.ndarray, confidence: float, method: str) -> Estimate:
    if not len(holds):
        return Estimate(None, confidence=confidence, method=method, reason="there is no such item", kind=_NOTHING)
    share = float(np.mean(holds))
    return Estimate(share, share, share, 0.0, confidence, len(holds), len(holds), method=method)


def _assessment(subject: Subject) -> Assessment:
    if subject.assessment is None:
        raise TypeError("this metric needs a project; `ratings_alone` says which do not")
    return subject.assessment


METRICS: dict[str, Metric] = {
    **{
        name: Metric(
            partial(agreement, name=name),
            TALK,
            ratings_alone=True,
            preconditions=True,
            sequential=True,
            least=0.0 if name == "percent-agreement" else -1.0,
        )
        for name in COEFFICIENTS
    },
    "release-accuracy": Metric(
        accuracy, _LABELS, sequential=True, lacks=partial(_without_a_decision, fate="count as wrong")
    ),
    "coverage": Metric(coverage, _COVER),
    "conflict": Metric(
        conflict, "see which functions conflict (`weakhitl lfs`), and repair or drop them", lower_is_better=True
    ),
    "annotator-quality": Metric(
        annotator_quality, "look at this person's ratings (`weakhitl agreement`), and talk", ratings_alone=True
    ),
    "accuracy-gap": Metric(accuracy, _EVEN, between=True, lower_is_better=True),
    "coverage-gap": Metric(coverage, _EVEN, between=True, lower_is_better=True),
    "agreement-gap": Metric(
        partial(agreement, name="krippendorff-alpha"),
        _EVEN,
        ratings_alone=True,
        preconditions=True,
        between=True,
        lower_is_better=True,
        most=2.0,
    ),
    "calibration-error": Metric(
        calibration_error,
        "give gold labels, so that the label model learns its weights",
        lacks=partial(_without_a_decision, fate="may be anything"),
        lower_is_better=True,
    ),
    "class-drift": Metric(
        class_drift, "find out whether the world has changed or the functions have", lower_is_better=True
    ),
    "open-adjudications": Metric(
        open_adjudications,
        "weakhitl export --adjudication queue.csv, decide, weakhitl import --adjudication queue.csv",
        lower_is_better=True,
        most=np.inf,
    ),
    "stale-ratings": Metric(
        stale_ratings, "have these items rated again under the present guideline", lower_is_better=True
    ),
    "data-age": Metric(data_age, "route and rate a new batch", lower_is_better=True, most=np.inf),
    **{
        name: Metric(
            partial(count_of_units, what=name),
            "route more items, or more ratings of each",
            ratings_alone=True,
            most=np.inf,
        )
        for name in ("rated-items", "minority-items", "overlap")
    },
}
"""Name of a metric -> how it is measured."""
