"""The EM of Dawid and Skene over grouped vote rows: confusion matrices with a prior, gold clamped."""

from dataclasses import dataclass, replace

import numpy as np

from weakhitl.label_model.fixed_point import accelerate
from weakhitl.label_model.indicator import Indicator
from weakhitl.label_model.model import Training, log_normalized, logits, row_max, row_sum, vote_shares
from weakhitl.label_model.rows import Rows
from weakhitl.ranges import require_amount, require_share
from weakhitl.votes import FloatArray

_GREAT = 600.0
"""Greater log-odds are shifted by their row's maximum, or their exponentials could overflow; others by 0, which is
faster."""


@dataclass(frozen=True)
class Prior:
    """What is believed of a source before it votes.

    Each row of its confusion matrix has ``votes`` pseudo-votes; their centre is the source's own accuracy
    over all classes, itself drawn towards ``accuracy`` by as many. So a rare class borrows from the others, and a
    source without votes is as good as ``accuracy`` says.

    Errors are spread evenly, or, ``by_habit``, as the source's errors with all classes are.
    """

    votes: float
    accuracy: float
    by_habit: bool = False

    def __post_init__(self) -> None:
        require_share("prior_accuracy", self.accuracy, such_as=0.7)
        require_amount("prior_votes", self.votes, above=True)

    def confusion(self, soft: FloatArray) -> FloatArray:
        """``prior[source, true, voted]``, rows that sum to 1, from ``soft[source, true, voted]``."""
        k = soft.shape[1]
        accuracy = self.own_accuracy(soft)[:, None, None]
        error = (1 - accuracy) / (k - 1)
        if self.by_habit and k > 2:
            error = (1 - accuracy) * self._habit(soft, error)
        return np.asarray(np.where(np.eye(k, dtype=bool), accuracy, error))

    def own_accuracy(self, soft: FloatArray) -> FloatArray:
        """``accuracy[source]`` over all classes."""
        right = np.trace(soft, axis1=1, axis2=2) + self.votes * self.accuracy
        return np.asarray(right / (soft.sum(axis=(1, 2)) + self.votes))

    def _habit(self, soft: FloatArray, error: FloatArray) -> FloatArray:
        """``share[source, true, voted]`` of the errors: how often it errs into a class, on items of any other.

        That rate is drawn towards the even ``error[source, 1, 1]`` by as many pseudo-votes.
        """
        wrong = ~np.eye(soft.shape[1], dtype=bool)
        votes, errors = soft.sum(axis=2), (soft * wrong).sum(axis=1)
        others = votes.sum(axis=1, keepdims=True) - votes
        rate = (errors + self.votes * error[:, :, 0]) / (others + self.votes)
        spread = rate[:, None, :] * wrong
        return np.asarray(spread / spread.sum(axis=2, keepdims=True))


@dataclass(frozen=True)
class Problem:
    """What EM works on.

    Attributes
    ----------
    rows
        Vote rows with the counts of the items that have no gold.
    share
        ``share[source]``: how much of a source's evidence counts; below 1 for near-duplicates.
    balance
        Class shares; where EM starts if they are estimated.
    offset
        ``offset[row, class - 1]``: log-odds against the first class from other evidence, held fixed.
    known
        ``known[source, true, voted]``: votes on the items with gold.
    known_classes
        ``known_classes[class]``: how many of those items there are of each class.
    balance_rows
        ``weight[row]`` with which a row speaks for the class balance; None holds the balance fixed.

    """

    rows: Rows
    share: FloatArray
    balance: FloatArray
    offset: FloatArray | float = 0.0
    known: FloatArray | float = 0.0
    known_classes: FloatArray | float = 0.0
    balance_rows: FloatArray | None = None


@dataclass(frozen=True)
class ConfusionFit:
    """A fitted model: ``soft`` and ``confusion[source, true, voted]``, ``balance[class]``."""

    soft: FloatArray
    confusion: FloatArray
    balance: FloatArray
    n_iter: int
    converged: bool


def problem(training: Training, balance: FloatArray, *, estimate: bool) -> Problem:
    """Clamp the gold items of a training set: their rows leave the unknown ones."""
    rows, known = training.rows, training.known
    counts = rows.counts.copy()
    soft, classes = np.zeros((rows.m, rows.k, rows.k)), np.zeros(rows.k)
    if len(known):
        assert training.gold is not None  # noqa: S101  # known is empty without gold
        truth = np.eye(rows.k)[training.gold[known]]
        soft = soft_votes(Indicator.of_table(training.cells_of(known)), truth, rows.m, rows.k)
        classes = truth.sum(axis=0)
        np.subtract.at(counts, rows.locate(known), 1.0)
    voted = counts * (rows.cells.n_votes > 0)
    return Problem(
        replace(rows, counts=counts),
        np.ones(rows.m),
        balance,
        known=soft,
        known_classes=classes,
        balance_rows=voted if estimate else None,
    )


def soft_votes(cells: Indicator, weights: FloatArray, m: int, k: int) -> FloatArray:
    """``soft[source, true, voted]`` from ``cells[row, source * k + voted]`` and ``weights[row, true]``."""
    return cells.sums(weights).reshape(m, k, weights.shape[1]).transpose(0, 2, 1)


def fit_confusion(given: Problem, prior: Prior, *, max_iter: int, tol: float, one_coin: bool = False) -> ConfusionFit:
    """Run EM from the vote shares to its fixed point.

    Class 0 is what the others leave: posteriors and votes are worked out for k - 1 classes.
    """
    rows = given.rows
    total = rows.votes_by_class()
    cut = rows.m * rows.k * rows.k

    def maximize(others: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        by_others = soft_votes(rows.cells, others * rows.counts[:, None], rows.m, rows.k)
        first = np.maximum(total - by_others.sum(axis=1), 0.0)
        soft = np.concatenate([first[:, None], by_others], axis=1) + given.known
        balance = given.balance
        if given.balance_rows is not None:
            shares = given.balance_rows @ others
            first_share = max(given.balance_rows.sum() - shares.sum(), 0.0)
            balance = np.concatenate([[first_share], shares]) + given.known_classes + 1.0
        return soft, _confusion(soft, prior, one_coin=one_coin), balance / balance.sum()

    def step(parameters: FloatArray) -> tuple[FloatArray, float]:
        others, likelihood = _expect(given, total, parameters[:cut], parameters[cut:])
        _, confusion, balance = maximize(others)
        return _pack(confusion, balance), likelihood

    def normalize(parameters: FloatArray) -> FloatArray:
        confusion = log_normalized(parameters[:cut].reshape(-1, rows.k))
        return np.concatenate([confusion.ravel(), log_normalized(parameters[cut:])])

    _, confusion, balance = maximize(vote_shares(rows, given.share)[:, 1:])
    found = accelerate(step, _pack(confusion, balance), normalize, max_iter=max_iter, tol=tol)
    others, _ = _expect(given, total, found.value[:cut], found.value[cut:])
    soft, confusion, balance = maximize(others)
    return ConfusionFit(soft, confusion, balance, found.n_iter, found.converged)


def evidence_of(confusion: FloatArray) -> FloatArray:
    """``evidence[source, voted, class]``: log-likelihood of a vote."""
    return np.asarray(np.log(confusion).transpose(0, 2, 1))


def against_first(logs: FloatArray) -> FloatArray:
    """Log-odds of the other classes against the first, along the last axis."""
    return np.asarray(logs[..., 1:] - logs[..., :1])


def _confusion(soft: FloatArray, prior: Prior, *, one_coin: bool) -> FloatArray:
    if one_coin:
        return prior.confusion(soft)
    votes = soft + prior.votes * prior.confusion(soft)
    return np.asarray(votes / votes.sum(axis=2, keepdims=True))


def _pack(confusion: FloatArray, balance: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.concatenate([confusion.ravel(), balance])))


def _expect(given: Problem, total: FloatArray, confusion: FloatArray, balance: FloatArray) -> tuple[FloatArray, float]:
    """``posterior[row, class - 1]`` of all classes but the first, and the log-likelihood but for a constant."""
    rows, counts = given.rows, given.rows.counts
    evidence = confusion.reshape(rows.m, rows.k, rows.k).transpose(0, 2, 1) * given.share[:, None, None]
    odds = logits(rows.cells, against_first(evidence), against_first(balance)) + given.offset
    top = np.maximum(row_max(odds), 0.0) if odds.max(initial=0.0) > _GREAT else np.zeros(1)
    exponentials = np.exp(odds - top[:, None])
    sums = row_sum(exponentials) + np.exp(-top)
    first = float((total * evidence[:, :, 0]).sum() + counts.sum() * balance[0])
    return exponentials / sums[:, None], first + float(counts @ (np.log(sums) + top))
