"""Which labels need no person: a confidence from which on their error is surely small, by a random audit."""

from bisect import bisect_left
from dataclasses import dataclass
from math import ceil, floor, log, log1p
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import hypergeom

from weakhitl.arrays import ArrayLike
from weakhitl.brief import Brief
from weakhitl.errors import DataError, UsageError
from weakhitl.gate import Assessment
from weakhitl.ranges import require_share
from weakhitl.routing import REQUESTED
from weakhitl.routing.batch import ROUTING
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray

Claims = tuple[IntArray, FloatArray]
"""``label[item]``, a class index or ABSTAIN, and ``confidence[item]``: what some model says of the items."""

_STEPS = 30
"""Cutoffs that are tried at most; between two of them little is lost, and each may end the sequence."""

_LUCK = 0.1
"""Risk that fewer audited items than expected fall above the first cutoff, so that nothing can be shown."""


@dataclass(frozen=True)
class Cutoff:
    """A confidence, and what the audit says of the labels from there on.

    Attributes
    ----------
    confidence
        Labels with this confidence or more are meant.
    accepted
        How many of the items have such a label, audited ones included.
    audited, errors
        How many of the audited items have, and how many of those labels are wrong or have no decision yet.
    error
        Upper bound of the share of wrong labels among the accepted, at the confidence that was asked for; of this
        cutoff alone.
    holds
        Whether it is shown, together with all stricter ones, that the error is as small as asked for.

    """

    confidence: float
    accepted: int
    audited: int
    errors: int
    error: float
    holds: bool


@dataclass(frozen=True, repr=False)
class ErrorThreshold(Brief):
    """From which confidence on labels can be accepted without a person.

    Attributes
    ----------
    items, audited
        How many items it was sought for, and how many of them a random audit looked at.
    error, confidence
        What was asked for: the largest share of wrong labels among the accepted, and how surely.
    cutoffs
        What was tried, the strictest first.
    reason
        Why no label can be accepted; None where some can.

    """

    items: int
    audited: int
    error: float
    confidence: float
    cutoffs: tuple[Cutoff, ...]
    reason: str | None

    @property
    def best(self) -> Cutoff | None:
        """The lowest cutoff that holds; None where none does."""
        held = [cutoff for cutoff in self.cutoffs if cutoff.holds]
        return held[-1] if held else None

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        best = self.best
        return {
            "cutoff": None if best is None else best.confidence,
            "accepted": 0 if best is None else best.accepted,
            "items": self.items,
            "audited": self.audited,
            "error": self.error,
            "confidence": self.confidence,
            "cutoffs": [vars(cutoff) for cutoff in self.cutoffs],
            "reason": self.reason,
        }


def error_threshold(
    scores: ArrayLike,
    audited: ArrayLike,
    wrong: ArrayLike,
    *,
    error: float = 0.02,
    confidence: float = 0.95,
) -> ErrorThreshold:
    """Find the lowest confidence from which on at most a share ``error`` of the labels is wrong.

    The cutoffs to try follow from ``scores`` alone. They are tested one after the other, the strictest first, each by
    the exact (hypergeometric) test that more than the share is wrong, until one cannot be ruled out. So the error
    among the accepted is larger than asked for with probability at most ``1 - confidence``, whatever the scores are
    worth; scores that say little only make that fewer labels are accepted.

    Parameters
    ----------
    scores
        ``scores[item]``: the confidence of each item's label, audited or not.
    audited
        Positions of a simple random sample of these items, or a mask of all.
    wrong
        ``wrong[audited item]``: whether its label is.
    error
        Between 0 and 1, both excluded.
    confidence
        One-sided.

    References
    ----------
    A. N. Angelopoulos et al. (2021), Learn then Test: calibrating predictive algorithms to achieve risk control
    (fixed sequence testing).

    Raises
    ------
    UsageError
        For an error or confidence that is not between 0 and 1.
    DataError
        For positions that are none, and where ``wrong`` does not fit them.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.linspace(1, 0.5, 2000)
    >>> audited = np.arange(0, 2000, 4)
    >>> best = error_threshold(scores, audited, scores[audited] < 0.7, error=0.05).best
    >>> round(best.confidence, 2), best.accepted, best.audited, best.errors
    (0.7, 1191, 298, 0)

    """
    _require_shares(error, confidence)
    marks, sample, faulty = _sample(scores, audited, wrong)
    cutoffs: list[Cutoff] = []
    holds = True
    for mark in _marks(marks, len(sample), error, 1 - confidence):
        above = marks[sample] >= mark
        size, n, k = int((marks >= mark).sum()), int(above.sum()), int(faulty[above].sum())
        holds = holds and bool(hypergeom.cdf(k, size, _too_many(size, error), n) <= 1 - confidence)
        cutoffs.append(Cutoff(float(mark), size, n, k, upper_share(size, n, k, confidence), holds))
    reason = _reason(cutoffs, len(sample), error, confidence)
    return ErrorThreshold(len(marks), len(sample), error, confidence, tuple(cutoffs), reason)


def _sample(
    scores: ArrayLike, audited: ArrayLike, wrong: ArrayLike
) -> tuple[FloatArray, IntArray, npt.NDArray[np.bool_]]:
    """Read what was audited, as positions, and whose label is wrong. Raises ``DataError`` where they do not fit."""
    marks, sample, faulty = np.asarray(scores, dtype=np.float64), np.atleast_1d(audited), np.atleast_1d(wrong)
    if sample.dtype == bool and sample.shape == marks.shape:
        sample = np.flatnonzero(sample)
    faults = []
    if sample.size and not np.issubdtype(sample.dtype, np.integer):
        faults.append(f"audited holds {sample.dtype}; expected positions of items, or a mask of all")
    elif len(np.unique(sample)) < len(sample) or ((sample < 0) | (sample >= len(marks))).any():
        faults.append(f"audited holds a position twice, or one that is not in 0..{len(marks) - 1}")
    if faulty.shape != sample.shape:
        faults.append(f"wrong has the shape {faulty.shape}; expected one for each of {len(sample):,} audited items")
    if faults:
        raise DataError("audit", faults)
    return marks, sample.astype(np.int64), faulty.astype(bool)


def _require_shares(error: float, confidence: float) -> None:
    require_share("error", error, such_as=0.02)
    require_share("confidence", confidence, such_as=0.95)


def thresholds(
    assessment: Assessment,
    claims: Claims | None = None,
    *,
    error: float = 0.02,
    confidence: float = 0.95,
    by_class: bool = False,
) -> dict[str, ErrorThreshold]:
    """Find from which confidence on labels need no person.

    Without ``claims`` they are the labels that functions alone give the items of the last batch's frame that were not
    routed for their disagreement; of these the batch's audit is a random sample. With them, the items are all of the
    frame, of which it is one, too. An audited item without a decision counts as an error.

    Returns
    -------
    dict
        ``all`` -> the threshold, or class name -> its own, which hold together (Bonferroni).

    """
    _require_shares(error, confidence)
    rest, audited = _audited_rest(assessment, whole=claims is not None)
    labels, scores = claims or _of_functions(assessment)
    decisions = assessment.decisions.reindex(assessment.evidence.items[audited])
    if (labels[rest] == ABSTAIN).all():
        reason = "no item that the last batch left to its label has one without people"
        return {"all": ErrorThreshold(0, len(audited), error, confidence, (), reason)}
    if decisions.isna().all():
        reason = f"none of {len(audited):,} audited items has been adjudicated: `weakhitl export --adjudication`"
        return {"all": ErrorThreshold(len(rest), len(audited), error, confidence, (), reason)}
    decided = decisions.fillna(ABSTAIN).to_numpy(dtype=np.int64)
    wrong = (decided == ABSTAIN) | (decided != labels[audited])
    names = list(assessment.evidence.schema.classes) if by_class else ["all"]
    found = {}
    for code, name in enumerate(map(str, names)):
        mine = (labels[rest] == code) if by_class else (labels[rest] != ABSTAIN)
        members = rest[mine]
        sampled = np.isin(audited, members)
        at = np.searchsorted(members, audited[sampled])
        found[name] = error_threshold(
            scores[members], at, wrong[sampled], error=error, confidence=1 - (1 - confidence) / len(names)
        )
    return found


def accepted_items(
    assessment: Assessment, found: dict[str, ErrorThreshold], claims: Claims | None = None
) -> np.ndarray:
    """``mask[item]``: whose label needs no person; ``found`` is what ``thresholds`` gave."""
    rest, _ = _audited_rest(assessment, whole=claims is not None)
    labels, scores = claims or _of_functions(assessment)
    mask = np.zeros(len(labels), dtype=bool)
    for name, threshold in found.items():
        if (best := threshold.best) is not None:
            mine = labels != ABSTAIN if name == "all" else labels == assessment.evidence.schema.encode(name)
            mask |= mine & (scores >= best.confidence)
    outside = np.ones(len(labels), dtype=bool)
    outside[rest] = False
    return mask & ~outside


def least_audit(error: float, confidence: float) -> int:
    """Audited items without an error that it takes to show an error of at most a share.

    >>> least_audit(0.02, 0.95), least_audit(0.05, 0.95)
    (149, 59)

    """
    return ceil(log(1 - confidence) / log1p(-error))


def upper_share(size: int, n: int, k: int, confidence: float) -> float:
    """One-sided upper bound of the share of errors among ``size`` items, ``k`` of ``n`` random ones being errors.

    Exact: the largest number of errors that is not ruled out by the hypergeometric distribution.

    >>> upper_share(1000, 149, 0, 0.95), upper_share(10, 10, 1, 0.95)
    (0.018, 0.1)

    """
    if not n:
        return 1.0
    low, high = k, size - (n - k)
    while low < high:  # the probability of so few falls with the number of errors
        middle = (low + high + 1) // 2
        if hypergeom.cdf(k, size, middle, n) > 1 - confidence:
            low = middle
        else:
            high = middle - 1
    return low / size


def _too_many(size: int, error: float) -> int:
    """Smallest number of errors that is more than the share."""
    return min(floor(error * size + 1e-9) + 1, size)


def _marks(scores: FloatArray, n: int, error: float, risk: float) -> FloatArray:
    """Choose the cutoffs by the scores alone: the first leaves just enough audited items to show something."""
    levels, counts = np.unique(-scores, return_counts=True)
    sizes = np.cumsum(counts)
    first = bisect_left(sizes, True, key=lambda size: _is_enough(int(size), len(scores), n, error, risk))
    if first == len(sizes):
        return np.zeros(0)
    wanted = np.geomspace(sizes[first], sizes[-1], _STEPS)
    chosen = np.unique(np.searchsorted(sizes, np.floor(wanted)))
    return np.asarray(-levels[chosen[chosen >= first]])


def _is_enough(size: int, items: int, n: int, error: float, risk: float) -> bool:
    """Whether so many items hold, most likely, enough of the audited to show something if none is wrong."""
    likely = int(hypergeom.ppf(_LUCK, items, size, n))
    return bool(likely and hypergeom.cdf(0, size, _too_many(size, error), likely) <= risk)


def _reason(cutoffs: list[Cutoff], audited: int, error: float, confidence: float) -> str | None:
    if cutoffs and cutoffs[0].holds:
        return None
    if not cutoffs:
        return (
            f"{audited:,} audited items are too few: it takes about {least_audit(error, confidence):,} without an "
            f"error to show that at most {error:.3g} are wrong"
        )
    first = cutoffs[0]
    return (
        f"of the {first.audited:,} audited items whose labels are surest (confidence {first.confidence:.3f} and more) "
        f"{first.errors:,} are wrong or undecided: up to {first.error:.1%} of such labels may be wrong"
    )


def _of_functions(assessment: Assessment) -> Claims:
    return assessment.automatic.labels, assessment.automatic.confidence


def _audited_rest(assessment: Assessment, *, whole: bool) -> tuple[IntArray, IntArray]:
    """Positions of what functions alone label, or of the whole frame, and of the random sample of it; in order."""
    batches = assessment.evidence.batches
    routing = [number for number, batch in enumerate(batches) if batch.kind == ROUTING]
    if not routing or not len(batches[routing[-1]].drawn_for_audit):
        raise UsageError("there is no random audit: run `weakhitl route` with an audit, and have it decided")
    items, last = assessment.evidence.items, batches[routing[-1]]
    asked_later = [batch for batch in batches[routing[-1] :] if batch.kind == REQUESTED]
    others = [item for batch in (*batches[: routing[-1]], *asked_later) for item in batch.items]
    chosen = last.items[:0] if whole else last.items[last.above_cut()]
    rest = np.flatnonzero(~items.isin(others) & ~items.isin(chosen))
    return rest, rest[items[rest].isin(last.drawn_for_audit)]
