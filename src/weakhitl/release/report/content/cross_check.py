"""Our coefficients against independent packages, on the very ratings of a release."""

from typing import Any

import numpy as np

from weakhitl.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha, pairwise_cohen_kappa
from weakhitl.votes import Votes

TOLERANCE = 1e-9


def cross_check(votes: Votes) -> list[dict[str, Any]]:
    """Compare unweighted values; a coefficient that is undefined here is left out.

    krippendorff computes alpha on all items; statsmodels Fleiss' kappa on the items with the commonest number
    of ratings (it takes equal numbers only), and Cohen's kappa on the pair that shares most items.
    """
    checks = [_alpha(votes), _fleiss(votes), _cohen(votes)]
    return [check for check in checks if check is not None]


def _compared(figure: str, package: str, ours: float, theirs: float) -> dict[str, Any]:
    agree = bool(abs(ours - theirs) <= TOLERANCE)
    return {
        "figure": figure,
        "package": package,
        "ours": ours,
        "theirs": float(theirs),
        "agree": agree,
    }


def _alpha(votes: Votes) -> dict[str, Any] | None:
    import krippendorff

    ours = krippendorff_alpha(votes).value
    if ours is None:
        return None
    counts = votes.class_counts()
    theirs = krippendorff.alpha(
        value_counts=counts[counts.any(axis=1)],
        value_domain=list(votes.schema.values),
        level_of_measurement=votes.schema.level,
    )
    return _compared(f"Krippendorff's alpha ({votes.schema.level})", "krippendorff", ours, theirs)


def _fleiss(votes: Votes) -> dict[str, Any] | None:
    from statsmodels.stats import inter_rater

    ratings = votes.class_counts().sum(axis=1)
    if not (ratings >= 2).any():
        return None
    commonest = int(np.bincount(ratings[ratings >= 2]).argmax())
    part = votes.take_items(ratings == commonest)
    ours = fleiss_kappa(part).value
    if ours is None:
        return None
    theirs = inter_rater.fleiss_kappa(part.class_counts())
    return _compared(f"Fleiss' kappa (items with {commonest} ratings)", "statsmodels", ours, theirs)


def _cohen(votes: Votes) -> dict[str, Any] | None:
    from statsmodels.stats import inter_rater

    pairs = pairwise_cohen_kappa(votes).dropna(subset=["kappa"])
    if pairs.empty:
        return None
    largest = pairs.iloc[int(pairs["n"].to_numpy().argmax())]
    first, second = str(largest["first"]), str(largest["second"])
    ours = cohen_kappa(votes, first, second).value
    matrix = votes.take_sources([first, second]).to_matrix()
    matrix = matrix[(matrix >= 0).all(axis=1)].astype(int)
    k = len(votes.schema)
    table = np.bincount(matrix[:, 0] * k + matrix[:, 1], minlength=k * k).reshape(k, k)
    theirs = inter_rater.cohens_kappa(table, return_results=False)
    return None if ours is None else _compared(f"Cohen's kappa ({first} and {second})", "statsmodels", ours, theirs)
