"""Cohen's kappa of every pair of sources at once."""

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import norm

from weakhitl.agreement.distances import Similarity, agreement_weights
from weakhitl.ranges import require_share
from weakhitl.votes import FloatArray, IntArray, Votes, require_votes


def pairwise_cohen_kappa(votes: Votes, *, weighting: Similarity = "identity", confidence: float = 0.95) -> pd.DataFrame:
    """Cohen's kappa of all pairs of sources that share an item.

    Parameters
    ----------
    votes
        Ratings.
    weighting
        As for ``cohen_kappa``: with classes in order those that are close agree in part.
    confidence
        Two-sided, of each interval.

    Returns
    -------
    DataFrame
        One row per pair: ``first``, ``second``, ``n`` (shared items), ``agreement`` (as a share, in part where
        weighted), ``kappa``, ``se``, ``low``, ``high``. The standard error is the large-sample one, so the interval
        is rough for few items; kappa and interval are missing (NA) where one class alone was used, and the
        interval where its width would be zero: that says that the sample is small, not that kappa is certain.

    References
    ----------
    J. L. Fleiss, J. Cohen, B. S. Everitt (1969), Large sample standard errors of kappa and weighted kappa.

    """
    require_votes(votes)
    require_share("confidence", confidence, such_as=0.95)
    first, second, tables = _confusions(votes)
    n = tables.sum(axis=(1, 2))
    similarity = agreement_weights(weighting, votes.schema.values)
    kappa, se = _kappa(tables / n[:, None, None], n, similarity)
    se = np.where(se > 1e-6, se, np.nan)  # the variance is a difference of near-equal sums: less is rounding
    half = norm.ppf((1 + confidence) / 2) * se
    names = np.array(votes.sources, dtype=object)
    numbers = {
        "kappa": kappa,
        "se": se,
        "low": np.maximum(kappa - half, -1),
        "high": np.minimum(kappa + half, 1),
    }
    table = pd.DataFrame(
        {
            "first": names[first],
            "second": names[second],
            "n": n.astype(np.int64),
            "agreement": (tables * similarity).sum(axis=(1, 2)) / n,
        }
    )
    return table.assign(**{name: pd.array(column, dtype="Float64") for name, column in numbers.items()})


def _confusions(votes: Votes) -> tuple[IntArray, IntArray, FloatArray]:
    """Positions of the pairs that share items, and ``tables[pair, class of first, class of second]``.

    Counted over the distinct vote rows; pairs without a shared item take no memory.
    """
    patterns = votes.patterns()
    row, column, label = patterns.votes.entries()
    m, k = len(votes.sources), len(votes.schema)
    shape = (len(patterns.counts), m * k)
    one = sparse.csr_array((np.ones(len(row)), (row, column * k + label)), shape=shape)
    times = sparse.csr_array((patterns.counts[row].astype(np.float64), (row, column * k + label)), shape=shape)
    joint = (one.T @ times).tocoo()
    first, second = joint.row // k, joint.col // k
    upper = first < second
    pair = first[upper].astype(np.int64) * m + second[upper]
    found, at = np.unique(pair, return_inverse=True)
    tables = np.zeros((len(found), k, k))
    tables[at.reshape(-1), joint.row[upper] % k, joint.col[upper] % k] = joint.data[upper]
    return found // m, found % m, tables


def _kappa(p: FloatArray, n: FloatArray, similarity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Kappa and its standard error; ``p[pair, class, class]`` are shares that sum to 1."""
    rows, columns = p.sum(axis=2), p.sum(axis=1)
    observed = (p * similarity).sum(axis=(1, 2))
    # What a class of the one may expect to find of the other.
    met = (columns @ similarity)[:, :, None] + (rows @ similarity)[:, None, :]
    expected = ((rows @ similarity) * columns).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan)
        left = (1 - kappa)[:, None, None]
        squares = (p * (similarity - met * left) ** 2).sum(axis=(1, 2))
        variance = (squares - (kappa - expected * (1 - kappa)) ** 2) / (1 - expected) ** 2 / n
        return kappa, np.sqrt(np.maximum(variance, 0))
