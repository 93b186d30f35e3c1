"""MACE: sources that either know the class or guess from a habit."""

import numpy as np

from weakhitl.balance import Balance, class_balance
from weakhitl.label_model.confusion import evidence_of, soft_votes
from weakhitl.label_model.fixed_point import accelerate
from weakhitl.label_model.model import AdditiveModel, Training, log_normalized, logits, softmax_and_total, vote_shares
from weakhitl.votes import FloatArray


class MACE(AdditiveModel):
    """A source knows the class with its competence, and else votes from a distribution of its own.

    It tells spammers, who always vote the same, from people who err. EM with a Beta(.5, .5) prior on
    competence and a Dirichlet(10) one on habits, as in the paper, at their posterior means.

    Parameters
    ----------
    balance
        Class shares; uniform by default.
    max_iter, tol
        Bound on the EM steps, and the change in a probability at which it has converged.

    Attributes
    ----------
    competence_
        ``competence_[source]``: how often it knows the class.
    habit_
        ``habit_[source, voted]``: what it votes when it does not; rows sum to 1.
    n_iter_, converged_
        EM steps taken, and whether ``tol`` was met.

    References
    ----------
    D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy (2013), Learning whom to trust with MACE, NAACL.

    Examples
    --------
    >>> matrix = [[0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1]] * 25    # the last one always votes 1
    >>> model = MACE().fit(matrix)
    >>> bool(model.competence_[0] > .9 and model.competence_[3] < .1)
    True

    """

    def __init__(self, balance: Balance | None = None, max_iter: int = 500, tol: float = 1e-4) -> None:
        self.balance = balance
        self.max_iter = max_iter
        self.tol = tol

    def _learn(self, training: Training) -> None:
        rows = training.rows
        self.class_balance_ = class_balance(self.balance, self.schema_)

        def step(parameters: FloatArray) -> tuple[FloatArray, float]:
            competence, habit = _unpack(parameters, rows.m, rows.k)
            joint = logits(rows.cells, evidence_of(_confusion(competence, habit)), np.log(self.class_balance_))
            posterior, total = softmax_and_total(joint)
            soft = soft_votes(rows.cells, posterior * rows.counts[:, None], rows.m, rows.k)
            return _pack(*_maximize(soft, competence, habit)), float(rows.counts @ total)

        def normalize(parameters: FloatArray) -> FloatArray:
            competence, habit = np.split(parameters, [rows.m])
            return np.concatenate([np.minimum(competence, 0.0), log_normalized(habit.reshape(rows.m, rows.k)).ravel()])

        soft = soft_votes(rows.cells, vote_shares(rows) * rows.counts[:, None], rows.m, rows.k)
        start = _maximize(soft, np.full(rows.m, 0.5), np.full((rows.m, rows.k), 1 / rows.k))
        found = accelerate(step, _pack(*start), normalize, max_iter=self.max_iter, tol=self.tol)
        self.competence_, self.habit_ = _unpack(found.value, rows.m, rows.k)
        self.n_iter_, self.converged_ = found.n_iter, found.converged
        self.evidence_ = evidence_of(_confusion(self.competence_, self.habit_))
        self.intercept_ = np.log(self.class_balance_)


def _confusion(competence: FloatArray, habit: FloatArray) -> FloatArray:
    """``confusion[source, true, voted]``."""
    known = competence[:, None, None] * np.eye(habit.shape[1])
    return np.asarray(known + (1 - competence)[:, None, None] * habit[:, None, :])


def _maximize(soft: FloatArray, competence: FloatArray, habit: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split right votes into knowing and lucky guessing; competence and habit from expected counts."""
    right = np.diagonal(soft, axis1=1, axis2=2)
    knew = competence[:, None] / (competence[:, None] + (1 - competence)[:, None] * habit)
    knowing = (right * knew).sum(axis=1)
    guessed = soft.sum(axis=1) - right * knew
    k = habit.shape[1]
    competence = (knowing + 0.5) / (soft.sum(axis=(1, 2)) + 1.0)
    return competence, (guessed + 10.0 / k) / (guessed.sum(axis=1, keepdims=True) + 10.0)


def _pack(competence: FloatArray, habit: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.concatenate([competence, habit.ravel()])))


def _unpack(parameters: FloatArray, m: int, k: int) -> tuple[FloatArray, FloatArray]:
    """Keep competence below 1, which an extrapolation can reach and where no error would be possible any more."""
    return np.minimum(np.exp(parameters[:m]), 1 - 1e-9), np.exp(parameters[m:]).reshape(m, k)
