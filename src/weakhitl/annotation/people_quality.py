"""How well each person rates: against gold, against the others, against themselves, how fast, and in what patterns."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from weakhitl.annotation.people_patterns import Pattern, find_patterns
from weakhitl.annotation.people_ratings import Answers, read_answers
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate, exact_bounds
from weakhitl.gold import GoldByItem
from weakhitl.ranges import require_amount, require_share
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import FloatArray, IntArray
from weakhitl.wording import number_of

MEASURES = ("gold_accuracy", "loo_agreement", "self_consistency", "seconds_median", "seconds_p10")

AGAINST_OTHERS: dict[str, Any] = {
    "what": ("rating that can be compared with others'", "ratings that can be compared with others'"),
    "method": "agreement with the others' ratings of the item, where these tell of it",
}
"""How ``loo_agreement`` is called, as an argument of ``share_estimate``."""

_FAST = 0.1


@dataclass(frozen=True)
class AnnotatorQuality:
    """What can be said of one person's ratings.

    Attributes
    ----------
    name
        The person.
    ratings, skips
        Items they answered with a class, and without one; repeats and adjudications not counted.
    gold_accuracy
        Share of their ratings on items with gold that say the gold class.
    loo_agreement
        Share of their ratings that say the one leading class of the others on the item, of those that do or say none
        of their leading classes; on a scale, where near ratings agree in part, their mean agreement with the others.
        Whom it compares them with are these others, right or wrong; and where one class is common, chance alone
        agrees often: ``weakhitl.kappa_with_group`` takes that out.
    self_consistency
        Share of their repeats that say what they said first, under the same guideline.
    seconds_median, seconds_p10
        Time a rating took them: the median, and what a tenth of their ratings stay under.
    patterns
        Patterns that were found: significant among all people and patterns, and large.
    untested
        Patterns that could not be looked for, with the reason as evidence.

    """

    name: str
    ratings: int
    skips: int
    gold_accuracy: Estimate
    loo_agreement: Estimate
    self_consistency: Estimate
    seconds_median: Estimate
    seconds_p10: Estimate
    patterns: tuple[Pattern, ...] = ()
    untested: tuple[Pattern, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return {**asdict(self), "patterns": [*map(asdict, self.patterns)], "untested": [*map(asdict, self.untested)]}


def annotator_quality(
    ratings: pd.DataFrame,
    schema: LabelSchema,
    *,
    gold: GoldByItem | None = None,
    min_evidence: int = 20,
    confidence: float = 0.95,
    floor_seconds: float = 2.0,
    seed: int = 0,
) -> list[AnnotatorQuality]:
    """Measure every annotator.

    Shares have Clopper and Pearson's interval: it holds whatever the share and the number, also for people who are
    nearly always right, where Wilson's is too short at one end; and it is for the upper end that people are excluded.
    Ratings on different items count as independent, of this person and with these others; each interval holds for one
    look, so decide beforehand when to look.

    Parameters
    ----------
    ratings
        One rating a row, in order of arrival: item, annotator, label (a class name, a skip answer or missing); and
        where there are such columns: role (annotator, adjudicator, gold, repeat; all are annotators without it),
        guideline (a hash), time (ISO 8601, may be empty), seconds (may be nan). An adjudicator's rows are left out.
    schema
        The classes.
    gold
        Item -> class (name or index), for some items; items that nobody rated may be among them.
    min_evidence
        Ratings that a figure, or a test for a pattern, needs before anything is said.
    confidence
        Two-sided confidence of each interval. ``1 - confidence`` is also the greatest chance that any pattern is found
        of anybody, in a crowd in which nobody has one.
    floor_seconds
        Ratings under it are too quick to have been read; for the pattern "too fast".
    seed
        Of the shuffles for the pattern "periodic".

    Returns
    -------
    list
        In the order in which people first occur. What is undefined has a reason: so many are there, so many needed.

    Raises
    ------
    DataError
        With every missing id and unknown label, role or time.

    Examples
    --------
    >>> rows = [(f"i{n}", who, "yes" if n % 2 else "no") for n in range(20) for who in ("ana", "bo", "cy")]
    >>> ratings = pd.DataFrame(rows, columns=["item", "annotator", "label"]).assign(role="annotator")
    >>> ana, *_ = annotator_quality(ratings, LabelSchema(["no", "yes"]), gold={"i1": "yes"})
    >>> print(ana.loo_agreement, ana.gold_accuracy, sep="; ")
    1.000 [0.832, 1.000]; undefined: 1 rating on an item with gold; 20 are needed

    References
    ----------
    C. J. Clopper, E. S. Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the
    binomial, Biometrika 26.

    """
    _check_settings(min_evidence, confidence, floor_seconds)
    answers = read_answers(ratings, schema, gold)
    patterns = find_patterns(
        answers, min_evidence=min_evidence, level=1 - confidence, floor_seconds=floor_seconds, seed=seed
    )
    skips = np.bincount(answers.person[answers.label == ABSTAIN], minlength=len(answers.people))
    measure = partial(_measures, answers, needed=min_evidence, confidence=confidence)
    return [
        AnnotatorQuality(
            name=name,
            ratings=len(rows),
            skips=int(skips[who]),
            **measure(who, rows),
            patterns=tuple(one for one in patterns[who] if one.p is not None and one.p <= 1 - confidence),
            untested=tuple(one for one in patterns[who] if one.p is None),
        )
        for who, (name, rows) in enumerate(zip(answers.people, answers.rows_of_people(), strict=True))
    ]


def quality_table(qualities: Sequence[AnnotatorQuality]) -> pd.DataFrame:
    """Put people in a table.

    Returns
    -------
    DataFrame
        One row a person: annotator, ratings, skips; of each measure its value, ``_low`` and ``_high`` (NA where
        undefined); ``patterns``: the names of those found, with ", " between them.

    """
    table = pd.DataFrame(
        {
            "annotator": [one.name for one in qualities],
            "ratings": [one.ratings for one in qualities],
            "skips": [one.skips for one in qualities],
        }
    )
    for name in MEASURES:
        estimates = [getattr(one, name) for one in qualities]
        for part, ending in (("value", ""), ("low", "_low"), ("high", "_high")):
            table[name + ending] = pd.array([getattr(estimate, part) for estimate in estimates], dtype="Float64")
    table["patterns"] = [", ".join(pattern.name for pattern in one.patterns) for one in qualities]
    return table


def share_estimate(
    hits: float, n: int, *, needed: int, confidence: float, what: tuple[str, str], method: str
) -> Estimate:
    """Estimate a share with Clopper and Pearson's interval; undefined under ``needed``. ``what``: one of it, many."""
    method = f"{method}; Clopper-Pearson interval"
    facts = _facts(n, confidence, method)
    if n < needed:
        return _undefined(f"{n} {what[0] if n == 1 else what[1]}; {needed} are needed", facts)
    low, high = map(float, exact_bounds(hits, n, confidence))
    share = hits / n
    return Estimate(share, low, high, float(np.sqrt(share * (1 - share) / n)), **facts)


def quantile_estimate(values: FloatArray, at: float, *, needed: int, confidence: float, missing: str = "") -> Estimate:
    """Estimate a quantile of times, with the interval between two of the sorted values.

    It holds for any distribution: the number of values under the true quantile is binomial. No time is under 0, so that
    0 is the lower end where no value is low enough. ``missing``: why there are no values at all.

    Source: G. J. Hahn, W. Q. Meeker (1991), Statistical Intervals, section 5.2.

    >>> print(quantile_estimate(np.arange(1.0, 21.0), 0.5, needed=20, confidence=0.95))
    10.500 [6.000, 15.000]

    """
    n, name = len(values), "median" if at == 0.5 else f"{at:.0%} quantile"
    facts = _facts(n, confidence, f"{name} of the seconds a rating took; interval from order statistics")
    if missing or n < needed:
        return _undefined(missing or f"{number_of(n, 'rating')} with a known time; {needed} are needed", facts)
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    below, above = binom.ppf(tails, n, at).astype(np.int64)
    ordered, value = np.sort(values), float(np.quantile(values, at))
    if above >= n:
        reason = f"{n} ratings are too few for an upper end at {confidence:.0%} confidence"
        return Estimate(value, reason=reason, kind="too-few", **facts)
    return Estimate(value, float(ordered[below - 1]) if below else 0.0, float(ordered[above]), **facts)


def _facts(n: int, confidence: float, method: str) -> dict[str, Any]:
    return {"n_units": n, "n_sources": 1, "confidence": confidence, "method": method}


def _undefined(reason: str, facts: dict[str, Any]) -> Estimate:
    return Estimate(None, reason=reason, kind="too-few" if facts["n_units"] else "nothing-measured", **facts)


def _check_settings(min_evidence: int, confidence: float, floor_seconds: float) -> None:
    require_amount("floor_seconds", floor_seconds)
    require_share("confidence", confidence, such_as=0.95)
    if min_evidence < 1:
        raise UsageError(f"min_evidence is {min_evidence}; expected at least 1")


def _measures(answers: Answers, who: int, rows: IntArray, *, needed: int, confidence: float) -> dict[str, Estimate]:
    label = answers.label[rows]
    golden = answers.gold[rows] != ABSTAIN
    told, agrees = answers.told_by_others(rows)
    repeats = answers.repeats[answers.repeats[:, 0] == who]
    share = partial(share_estimate, needed=needed, confidence=confidence)
    missing = "the ratings have no column 'seconds'" if answers.seconds is None else ""
    seconds = np.zeros(0) if answers.seconds is None else answers.seconds[rows]
    time = partial(
        quantile_estimate, seconds[~np.isnan(seconds)], needed=needed, confidence=confidence, missing=missing
    )
    return {
        "gold_accuracy": share(
            int((label == answers.gold[rows])[golden].sum()),
            int(golden.sum()),
            what=("rating on an item with gold", "ratings on items with gold"),
            method="share of ratings that say the gold class",
        ),
        "loo_agreement": share(float(agrees.sum()), int(told.sum()), **AGAINST_OTHERS),
        "self_consistency": share(
            int((repeats[:, 1] == repeats[:, 2]).sum()),
            len(repeats),
            what=("item rated twice under one guideline", "items rated twice under one guideline"),
            method="share of repeats that say what the first rating said",
        ),
        "seconds_median": time(0.5),
        "seconds_p10": time(_FAST),
    }
