"""Key figures of a project: how much people do, what it changes, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.annotation import ANNOTATOR
from weakhitl.annotation.people_quality import quantile_estimate
from weakhitl.estimate import Estimate, exact_share
from weakhitl.gate import Assessment
from weakhitl.gate.accuracy import error_reduction, still_waiting
from weakhitl.schema import ABSTAIN
from weakhitl.wording import number_of

_FEWEST = 20
"""Times without which nothing is said of their mean or median."""

_COUNT = "a count, not a sample"


@dataclass(frozen=True)
class Kpi:
    """What a key figure is: its name for programs, its name for people, what it means, and its unit."""

    name: str
    title: str
    meaning: str
    unit: str = ""


KPIS = (
    Kpi("intervention-rate", "Human intervention", "Share of the labelled items on which a person's rating counts."),
    Kpi(
        "overturn-rate",
        "Overturned",
        "Share of the decided audit in which the adjudicator says otherwise than the functions, where they label.",
    ),
    Kpi(
        "error-reduction",
        "Errors removed",
        "Share of all items labelled wrongly, or not at all, without people, minus that with them; by the audit.",
    ),
    Kpi(
        "review-time",
        "Time for a rating",
        "Median of the active seconds of annotators' ratings, each capped at `[annotation] idle`.",
        "s",
    ),
    Kpi(
        "cost-per-released-item",
        "Cost of a released item",
        "People's time at `[annotation] cost_per_hour`, and what judges took, for each item that would be released.",
        "money",
    ),
    Kpi(
        "cost-per-error-removed",
        "Cost of a removed error",
        "The same cost for each wrong label that people removed, as many as the audit shows.",
        "money",
    ),
    Kpi(
        "saved-share",
        "Saved against all by hand",
        "One minus the cost over that of `[routing] overlap` ratings of every item, at the mean time of a rating.",
    ),
)
"""All key figures, in reading order."""


def kpis(assessment: Assessment) -> dict[str, Estimate]:
    """Name -> key figure, with a 95 % interval where it is an estimate, and the reason where it is undefined."""
    seconds = _seconds(assessment)
    cost = _cost(assessment)
    reduction = error_reduction(assessment)
    found = {
        "intervention-rate": _intervention(assessment),
        "overturn-rate": _overturned(assessment),
        "error-reduction": reduction,
        "review-time": quantile_estimate(
            seconds, 0.5, needed=_FEWEST, confidence=0.95, missing="" if len(seconds) else "the ratings carry no times"
        ),
        "cost-per-released-item": _each(cost, int(assessment.released.sum())),
        "cost-per-error-removed": _per_error(cost, reduction, len(assessment.evidence.items)),
        "saved-share": _saved(assessment, cost, seconds),
    }
    return {kpi.name: found[kpi.name] for kpi in KPIS}


def kpi_text(figure: Mapping[str, Any], unit: str = "") -> str:
    """Write a key figure, as ``Estimate.to_dict`` gives it: shares in percent, what is undefined by its reason.

    Examples
    --------
    >>> kpi_text(Estimate(0.25, 0.2, 0.31).to_dict())
    '25.0% [20.0%, 31.0%]'
    >>> kpi_text(Estimate(None, reason="nobody rated").to_dict())
    'undefined: nobody rated'

    """

    def one(number: float) -> str:
        return {"": f"{number:.1%}", "s": f"{number:,.1f} s"}.get(unit, f"{number:,.4f}")

    if figure["value"] is None:
        return f"undefined: {figure['reason']}"
    if figure["low"] is None:
        return f"{one(figure['value'])} (no interval: {figure['reason']})"
    if figure["low"] == figure["high"] and figure["method"] == _COUNT:
        return one(figure["value"])
    return f"{one(figure['value'])} [{one(figure['low'])}, {one(figure['high'])}]"


def interventions(assessment: Assessment) -> pd.DataFrame:
    """Give for each month with ratings how many items were first rated in it, and the share of all items so far."""
    ratings = assessment.evidence.ratings
    times = pd.to_datetime(ratings["time"], utc=True, errors="coerce", format="ISO8601")
    first = times.groupby(ratings["item"]).min().dropna()
    months = first.dt.strftime("%Y-%m").value_counts().sort_index()
    share = months.cumsum() / max(len(assessment.evidence.items), 1)
    return pd.DataFrame({"month": months.index, "items": months.to_numpy(), "share_so_far": share.to_numpy()})


def _intervention(assessment: Assessment) -> Estimate:
    known = assessment.final.known
    people = assessment.evidence.items[known].isin(_rated(assessment))
    return _share_of(int(people.sum()), int(known.sum()), "no item has a label")


def _rated(assessment: Assessment) -> set[Any]:
    """Items on which somebody's rating or decision counts."""
    votes = assessment.counted.votes
    rated = votes.items[np.flatnonzero(votes.class_counts().any(axis=1))]
    return {*rated, *assessment.decisions.index[assessment.decisions != ABSTAIN]}


def _overturned(assessment: Assessment) -> Estimate:
    if waiting := assessment.audit_waiting:
        return _unknown(still_waiting(waiting))
    decided = assessment.decided_audit
    labels = assessment.automatic.labels[assessment.evidence.items.get_indexer(decided.index)]
    known = labels != ABSTAIN
    other = int((labels[known] != decided.to_numpy(dtype=np.int64)[known]).sum())
    return exact_share(other, int(known.sum()), "no audited item with a label of functions has been adjudicated")


def _seconds(assessment: Assessment) -> np.ndarray:
    """Active seconds of annotators' ratings, of those that carry them."""
    ratings = assessment.evidence.ratings
    if "seconds" not in ratings:
        return np.zeros(0)
    mine = ratings.loc[(ratings["role"] == ANNOTATOR).to_numpy(), "seconds"]
    read = pd.to_numeric(mine, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(read[np.isfinite(read)])


def _cost(assessment: Assessment) -> float | str:
    """Sum up money for people and judges, or say why it is not known."""
    evidence = assessment.evidence
    hourly, ratings = evidence.config.annotation.cost_per_hour, evidence.ratings
    judges = sum(evidence.context.spent.values())
    if ratings.empty:
        return judges
    if hourly is None:
        return "what an hour costs is not configured ([annotation] cost_per_hour)"
    times = pd.to_numeric(ratings["seconds"], errors="coerce") if "seconds" in ratings else pd.Series(dtype=float)
    if times.isna().any() or times.empty:
        return f"{int(times.isna().sum()) or len(ratings):,} of {len(ratings):,} ratings carry no time"
    return judges + float(times.sum()) / 3600 * hourly


def _each(cost: float | str, items: int) -> Estimate:
    if isinstance(cost, str):
        return _unknown(cost)
    return _counted(cost / items, items) if items else _unknown("nothing would be released")


def _per_error(cost: float | str, reduction: Estimate, n: int) -> Estimate:
    if isinstance(cost, str):
        return _unknown(cost)
    if reduction.value is None or reduction.low is None or reduction.high is None:
        return _unknown(f"errors removed: {reduction.reason}")
    if reduction.value <= 0:
        return _unknown("the audit shows no error that people removed")
    value, least = cost / (reduction.value * n), cost / (reduction.high * n)
    method = "cost over the errors that the audit shows; the interval is that of the errors"
    facts: dict[str, Any] = {"n_units": reduction.n_units, "n_pairable": reduction.n_pairable, "method": method}
    if reduction.low <= 0:
        reason = f"at least {least:,.4g}; there may be no error removed at all"
        return Estimate(value, reason=reason, kind="little-variation", **facts)
    return Estimate(value, least, cost / (reduction.low * n), None, 0.95, **facts)


def _saved(assessment: Assessment, cost: float | str, seconds: np.ndarray) -> Estimate:
    if isinstance(cost, str):
        return _unknown(cost)
    if len(seconds) < _FEWEST:
        return _unknown(f"{number_of(len(seconds), 'rating')} with a known time; {_FEWEST} are needed")
    config = assessment.evidence.config
    by_hand = len(assessment.evidence.items) * config.routing.overlap * (config.annotation.cost_per_hour or 0.0) / 3600
    mean, half = float(seconds.mean()), 1.96 * float(seconds.std(ddof=1)) / len(seconds) ** 0.5
    if not by_hand or mean <= half:
        return _unknown("the ratings took no time, or differ too much to tell their mean")
    value, low, high = (1 - cost / (by_hand * time) for time in (mean, mean - half, mean + half))
    method = "mean time of the ratings; normal interval"
    return Estimate(value, low, high, None, 0.95, len(seconds), len(seconds), method=method)


def _share_of(k: int, n: int, nothing: str) -> Estimate:
    return _counted(k / n, n) if n else _unknown(nothing)


def _counted(value: float, n: int) -> Estimate:
    return Estimate(value, value, value, 0.0, 1.0, n, n, method=_COUNT)


def _unknown(reason: str) -> Estimate:
    return Estimate(None, reason=reason, kind="nothing-measured")
