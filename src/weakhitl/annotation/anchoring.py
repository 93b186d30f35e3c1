"""Anchoring: whether people say what a suggestion says because it was shown to them."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from weakhitl.annotation.people_ratings import with_roles
from weakhitl.annotation.store import ANNOTATOR, GOLD
from weakhitl.errors import RowsError
from weakhitl.estimate import Estimate
from weakhitl.files import require_columns
from weakhitl.ranges import require_share
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_table import encode_labels


def anchoring(
    ratings: pd.DataFrame, schema: LabelSchema, *, min_evidence: int = 20, confidence: float = 0.95
) -> Estimate:
    """Estimate by how much agreement with the suggestion rises when it is shown.

    Positive: people follow what they see. It needs ratings for which a suggestion was there but hidden, at random;
    where it was hidden on the hard items only, the figure is about those.

    Each share has Wilson's interval at its effective number of ratings, since ratings of one item stand and fall
    together; Newcombe's method puts them together. People are held fixed.

    Parameters
    ----------
    ratings
        item, annotator, label; role, where not all are annotators; ``suggested``: the class shown with the item, empty
        where none was; ``suggestion``: the class that was or would have been shown, empty where there was none.
    schema
        The classes.
    min_evidence
        Ratings needed with the suggestion shown, and hidden.
    confidence
        Two-sided confidence of the interval.

    Returns
    -------
    Estimate
        Undefined, with the reason, without these columns or with too few ratings. ``n_units``: items.

    Raises
    ------
    DataError
        A label, or a suggestion, is not a class.

    References
    ----------
    R. G. Newcombe (1998), Interval estimation for the difference between independent proportions, method 10;
    J. N. K. Rao, A. J. Scott (1992), A simple method for the analysis of clustered binary data.

    """
    require_share("confidence", confidence, such_as=0.95)
    require_columns(ratings, ["item", "annotator", "label"], "ratings")
    ratings = with_roles(ratings)
    facts: dict[str, Any] = {"confidence": confidence, "method": "agreement with the suggestion, shown minus hidden"}
    if absent := [name for name in ("suggested", "suggestion") if name not in ratings.columns]:
        reason = f"the ratings have no column {' and no column '.join(map(repr, absent))}"
        return Estimate(None, reason=reason, kind="nothing-measured", **facts)
    rows = _comparable(ratings.reset_index(drop=True), schema)
    shown = rows[rows["shown"]]
    hidden = rows[~rows["shown"]]
    facts |= {"n_units": rows["item"].nunique(), "n_sources": rows["annotator"].nunique()}
    if min(len(shown), len(hidden)) < min_evidence:
        reason = (
            f"{len(shown)} ratings with a suggestion shown, {len(hidden)} with it hidden; {min_evidence} needed of each"
        )
        return Estimate(None, reason=reason, kind="too-few" if len(rows) else "nothing-measured", **facts)
    facts["method"] += f", of {len(shown)} and {len(hidden)} ratings; Newcombe's interval at the effective numbers"
    one, low, high = _wilson(shown, confidence)
    other, other_low, other_high = _wilson(hidden, confidence)
    value = one - other
    return Estimate(
        value,
        float(value - np.hypot(one - low, other_high - other)),
        float(value + np.hypot(high - one, other - other_low)),
        **facts,
    )


def _comparable(ratings: pd.DataFrame, schema: LabelSchema) -> pd.DataFrame:
    """Give item, annotator, ``agrees``, ``shown`` of each first rating that has a class and had a suggestion."""
    ratings = ratings.reset_index(drop=True)
    table = ratings[ratings["role"].isin([ANNOTATOR, GOLD])].drop_duplicates(["item", "annotator"])
    codes, faults = {}, []
    for name in ("label", "suggested", "suggestion"):
        cells = table[name].astype(object).where(table[name].notna(), None)
        codes[name], wrong = encode_labels(cells if name == "label" else cells.where(cells != "", None), schema)
        faults += [(int(table.index[at]), f"{name}: {what}") for at, what in wrong]
    if faults:
        raise RowsError("ratings", sorted(faults))
    shown = codes["suggested"] != ABSTAIN
    suggestion = np.where(shown, codes["suggested"], codes["suggestion"])
    table = table[["item", "annotator"]].assign(agrees=(codes["label"] == suggestion).astype(float), shown=shown)
    rated: pd.DataFrame = table[(suggestion != ABSTAIN) & (codes["label"] != ABSTAIN)]
    return rated


def _wilson(rows: pd.DataFrame, confidence: float) -> tuple[float, float, float]:
    """Share of ratings that agree and Wilson's interval at the effective number of ratings.

    The design effect is the variance between items over that of independent ratings, at least 1; where all ratings
    agree, or none, it cannot be seen, and each item counts once. It is estimated, so the quantile is Student's.
    """
    from statsmodels.stats.proportion import proportion_confint  # slow to import, and seldom needed

    n, share = len(rows), float(rows["agrees"].mean())
    sums = (rows["agrees"] - share).groupby(rows["item"]).sum().to_numpy()
    effective = float(len(sums))
    if 0 < share < 1 and len(sums) > 1:
        effect = len(sums) / (len(sums) - 1) * (n - 1) / n * float((sums**2).sum()) / (n * share * (1 - share))
        effective = n / max(1.0, effect)
    alpha = 2 * norm.sf(t.ppf((1 + confidence) / 2, max(len(sums) - 1, 1)))
    low, high = proportion_confint(share * effective, effective, alpha=alpha, method="wilson")
    return share, float(low), float(high)
