"""Raters on a scale: who rates higher than the others, and by how much."""

import numpy as np
from scipy.stats import t as student

from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.ranges import require_share
from weakhitl.votes import FloatArray, Votes, require_votes

_ROUNDING = 1e-9


def leniency(votes: Votes, *, confidence: float = 0.95) -> dict[str, Estimate]:
    """How much higher each rater rates than the others do on the same items; negative for one who rates lower.

    The mean over the items that others rated, too, of the rater's value minus the mean of theirs, with Student's
    interval: items are independent, and the other raters are these, lenient or severe. Values are ranks at ordinal
    level, so that 1 is a step of the scale, and the numbers themselves at interval and ratio level.

    Parameters
    ----------
    votes
        Ratings of classes in order.
    confidence
        Two-sided, of each interval.

    Returns
    -------
    dict
        Rater -> estimate, in the order of the sources, of those who rated. Undefined where no other rated the items; no
        interval where there is one item, or the difference is the same on all.

    Raises
    ------
    UsageError
        The level is nominal: its classes are in no order; or the confidence is no share.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> schema = LabelSchema(["poor", "fair", "good"], level="ordinal")
    >>> votes = Votes.from_matrix([[0, 1], [1, 1], [1, 2], [0, 2], [2, 2]], schema, sources=["ana", "bo"])
    >>> print(leniency(votes)["bo"])
    0.800 [-0.239, 1.839]

    """
    require_votes(votes)
    require_share("confidence", confidence, such_as=0.95)
    if votes.schema.level == "nominal":
        raise UsageError(
            "leniency: classes at nominal level are in no order; give the schema level='ordinal' or 'interval'"
        )
    value = np.asarray(votes.schema.values)
    row, column, label = votes.entries()
    counts = votes.class_counts()
    others = counts.sum(axis=1)[row] - 1
    above = value[label] - ((counts @ value)[row] - value[label]) / np.maximum(others, 1)
    order = np.argsort(column, kind="stable")
    above, others = above[order], others[order]
    ends = np.searchsorted(column[order], np.arange(len(votes.sources) + 1))
    return {
        name: _mean(above[start:end][others[start:end] > 0], confidence)
        for name, start, end in zip(votes.sources, ends[:-1], ends[1:], strict=True)
        if end > start
    }


def _mean(above: FloatArray, confidence: float) -> Estimate:
    """Estimate the mean over items."""
    n, method = len(above), "mean difference from the other raters; Student's interval"
    if not n:
        reason = "nobody else rated these items"
        return Estimate(None, confidence=confidence, method=method, reason=reason, kind="no-pairs")
    mean, spread = float(above.mean()), float(above.std(ddof=1)) if n > 1 else 0.0
    if spread < _ROUNDING:
        reason = "a single item" if n == 1 else "the difference is the same on every item"
        return Estimate(
            mean,
            confidence=confidence,
            n_units=n,
            n_pairable=n,
            method=method,
            reason=reason,
            kind="too-few" if n == 1 else "little-variation",
        )
    se = spread / n**0.5
    half = float(student.ppf((1 + confidence) / 2, n - 1)) * se
    return Estimate(mean, mean - half, mean + half, se, confidence, n, n, method=method)
