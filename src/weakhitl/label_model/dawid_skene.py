"""Dawid and Skene's model of noisy voters, and its one-parameter form, as maximum a posteriori fits."""

from typing import Literal

import numpy as np

from weakhitl.balance import Balance, class_balance
from weakhitl.label_model.confusion import ConfusionFit, Prior, evidence_of, fit_confusion, problem
from weakhitl.label_model.model import AdditiveModel, Training
from weakhitl.votes import FloatArray


class DawidSkene(AdditiveModel):
    """One confusion matrix per source, EM in log space; gold items are clamped and teach the error rates.

    Abstentions carry no evidence. The class balance is uniform unless given or ``"estimate"``: with one-class
    functions and ignored abstentions it is not identified, and an EM that frees it runs away. ``LabelModel``
    tells which case it has.

    Parameters
    ----------
    balance
        Class shares, by name or in the order of the classes, positive, summing to 1; uniform by default;
        ``"estimate"`` frees them.
    prior_votes
        Pseudo-votes per row of a confusion matrix; their centre is the source's own accuracy. By default one for
        each class, as in Bayes and Laplace's prior: with a fixed number, an error that a source has not made
        yet would count the more the more classes there are.
    prior_accuracy
        Accuracy of a source of which nothing is known.
    max_iter
        Bound on the EM steps.
    tol
        The fit has converged when no probability moves by more than this.

    Attributes
    ----------
    confusion_
        ``confusion_[source, true, voted]``; rows sum to 1.
    soft_votes_
        ``soft_votes_[source, true, voted]``: expected votes, what ``confusion_`` rests on beside its prior.
    prior_votes_
        The pseudo-votes that were used.
    class_balance_
        The k class shares that were used.
    n_iter_, converged_
        EM steps taken, and whether ``tol`` was met.

    References
    ----------
    A. P. Dawid, A. M. Skene (1979), Maximum likelihood estimation of observer error-rates using the EM
    algorithm, Applied Statistics 28(1).

    Examples
    --------
    >>> matrix = [[0, 0, 1]] * 60 + [[1, 1, 0]] * 60    # the third source is always wrong
    >>> DawidSkene().fit(matrix).predict([[0, -1, 0], [-1, -1, 1], [-1, -1, -1]])
    array([ 0,  0, -1])

    """

    learns_from_gold = True
    _one_coin = False

    def __init__(
        self,
        balance: Balance | Literal["estimate"] | None = None,
        prior_votes: float | None = None,
        prior_accuracy: float = 0.7,
        max_iter: int = 500,
        tol: float = 1e-4,
    ) -> None:
        self.balance = balance
        self.prior_votes = prior_votes
        self.prior_accuracy = prior_accuracy
        self.max_iter = max_iter
        self.tol = tol

    def _learn(self, training: Training) -> None:
        self.prior_votes_ = float(training.rows.k if self.prior_votes is None else self.prior_votes)
        estimate = isinstance(self.balance, str) and self.balance == "estimate"
        balance = class_balance(None if estimate else self.balance, self.schema_)
        found = fit_confusion(
            problem(training, balance, estimate=estimate),
            Prior(self.prior_votes_, self.prior_accuracy),
            max_iter=self.max_iter,
            tol=self.tol,
            one_coin=self._one_coin,
        )
        self._keep(found)

    def _keep(self, found: ConfusionFit) -> None:
        self.confusion_, self.soft_votes_, self.class_balance_ = found.confusion, found.soft, found.balance
        self.n_iter_, self.converged_ = found.n_iter, found.converged
        self.evidence_, self.intercept_ = evidence_of(found.confusion), np.log(found.balance)


class OneCoin(DawidSkene):
    """One accuracy per source, the same for every class, errors spread evenly.

    Far fewer parameters than ``DawidSkene``: better where sources vote seldom or classes are many. Parameters
    and attributes are those of ``DawidSkene``, and ``accuracy_[source]``.

    References
    ----------
    Y. Zhang, X. Chen, D. Zhou, M. I. Jordan (2016), Spectral methods meet EM: a provably optimal algorithm for
    crowdsourcing, Journal of Machine Learning Research 17.

    Examples
    --------
    >>> model = OneCoin().fit([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]] * 50)
    >>> model.accuracy_.round(2)
    array([1. , 1. , 0.5])

    """

    _one_coin = True
    accuracy_: FloatArray

    def _keep(self, found: ConfusionFit) -> None:
        super()._keep(found)
        self.accuracy_ = found.confusion[:, 0, 0]
