"""Accuracies in closed form, from the agreement of three sources at a time."""

from itertools import combinations

import numpy as np
from scipy import sparse
from scipy.special import expit

from weakhitl.balance import Balance, class_balance
from weakhitl.errors import UsageError
from weakhitl.label_model.model import LabelModelBase, Training
from weakhitl.label_model.rows import Rows
from weakhitl.ranges import require_share
from weakhitl.votes import FloatArray, IntArray

_CLIP = 0.99
_LEAST_SHARED = 10
_MOST_PARTNERS = 40
_MOST_SOURCES = 2000


class Triplets(LabelModelBase):
    """Accuracies from agreements: no iteration, no start, several classes by one against the rest.

    With votes of +1 and -1, two sources that err independently agree on average by the product of their
    correlations with the truth; three agreements give each of the three. The median over all triplets is
    taken, and sources are assumed better than chance. Agreement is measured where both vote, so functions
    that vote one class have none: they are taken for as accurate as ``prior_accuracy``.

    Parameters
    ----------
    balance
        Class shares; uniform by default.
    prior_accuracy
        Accuracy of a source that no triplet identifies.

    Attributes
    ----------
    correlation_
        ``correlation_[class, source]``: of its votes with the truth, class against the rest; accuracy of such a
        vote is half of one more.
    identified_
        ``identified_[class, source]``: whether a triplet gave it.

    References
    ----------
    D. Fu, M. Chen, F. Sala, S. Hooper, K. Fatahalian, C. Ré (2020), Fast and three-rious: speeding up weak
    supervision with triplet methods, ICML.

    Examples
    --------
    >>> matrix = [[0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0], [0, 1, 0], [1, 0, 1]] * 20
    >>> model = Triplets().fit(matrix)
    >>> model.correlation_[0].round(2)
    array([0.58, 0.58, 0.58])

    """

    def __init__(self, balance: Balance | None = None, prior_accuracy: float = 0.7) -> None:
        self.balance = balance
        self.prior_accuracy = prior_accuracy

    def _learn(self, training: Training) -> None:
        require_share("prior_accuracy", self.prior_accuracy, such_as=0.7)
        rows = training.rows
        self.class_balance_ = class_balance(self.balance, self.schema_)
        if rows.m > _MOST_SOURCES:
            raise UsageError(
                f"{rows.m:,} sources; Triplets compares all pairs of up to {_MOST_SOURCES:,}; use LabelModel"
            )
        found = [_correlations(*_agreements(rows, label), 2 * self.prior_accuracy - 1) for label in range(rows.k)]
        self.correlation_ = np.array([values for values, _ in found])
        self.identified_ = np.array([known for _, known in found])

    def _proba(self, rows: Rows) -> FloatArray:
        odds = np.log((1 + self.correlation_) / (1 - self.correlation_))
        sign = np.where(np.eye(rows.k, dtype=bool), 1.0, -1.0)
        weights = (odds.T[:, None, :] * sign[None, :, :]).reshape(-1, rows.k)
        scores = expit(rows.cells @ weights + np.log(self.class_balance_ / (1 - self.class_balance_)))
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _agreements(rows: Rows, label: int) -> tuple[FloatArray, FloatArray]:
    """``mean[i, j]`` of the products of two sources' votes (+1 for the class, -1 for others), and how many."""
    m, k = rows.m, rows.k
    table = rows.cells.table()
    source, voted = table.indices // k, table.indices % k
    weights = np.repeat(rows.counts, np.diff(table.indptr))

    def product(values: FloatArray) -> FloatArray:
        shape = (len(rows.counts), m)
        left, right = (sparse.csr_array((part, source, table.indptr), shape) for part in (values, values * weights))
        return np.asarray((left.T @ right).toarray())

    shared = product(np.ones(len(source)))
    products = product(np.where(voted == label, 1.0, -1.0))
    by_class = rows.votes_by_class()
    varied = (by_class[:, label] > 0) & (by_class.sum(axis=1) > by_class[:, label])
    shared = np.where(np.outer(varied, varied), shared, 0.0)
    return np.divide(products, shared, out=np.zeros((m, m)), where=shared > 0), shared


def _correlations(mean: FloatArray, shared: FloatArray, otherwise: float) -> tuple[FloatArray, np.ndarray]:
    """``correlation[source]``: the median over the triplets, ``otherwise`` where there is none."""
    m = len(mean)
    values, known = np.full(m, otherwise), np.zeros(m, dtype=bool)
    enough = shared >= _LEAST_SHARED
    for source in range(m):
        partners = _partners(source, enough, shared)
        roots = [
            np.sqrt(abs(mean[source, i] * mean[source, j] / mean[i, j]))
            for i, j in combinations(partners, 2)
            if enough[i, j] and mean[i, j]
        ]
        if roots:
            values[source], known[source] = min(float(np.median(roots)), _CLIP), True
    return values, known


def _partners(source: int, enough: np.ndarray, shared: FloatArray) -> IntArray:
    """Find the sources that share most items with this one; not all, as triplets grow with their square."""
    others = np.flatnonzero(enough[source])
    others = others[others != source]
    return np.asarray(others[np.argsort(-shared[source, others], kind="stable")[:_MOST_PARTNERS]])
