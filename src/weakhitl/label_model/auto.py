"""The default label model: learns what votes identify, and leaves the rest to majority and gold."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from weakhitl.balance import Balance, class_balance
from weakhitl.errors import DataError
from weakhitl.label_model.confusion import Prior, Problem, against_first, evidence_of, fit_confusion
from weakhitl.label_model.information import information_evidence, learnable
from weakhitl.label_model.majority import majority_balance
from weakhitl.label_model.model import AdditiveModel, Training, logits, row_max, softmax
from weakhitl.label_model.rows import Rows
from weakhitl.label_model.teaching import LEAST_GOLD, Lesson, is_selected, teach
from weakhitl.label_model.temperature import conflict_temperature, held_out_temperature
from weakhitl.label_model.twins import evidence_shares
from weakhitl.votes import FloatArray

_TIE = 1e-6
_LEAST_LEARNABLE = 3
"""Two sources that disagree do not show which of them errs."""


class LabelModel(AdditiveModel):
    """The model that we recommend when nothing else is known; it says what it could learn and what not.

    - Sources that vote several classes (people, judges, classifiers), three of them or more: Dawid and Skene's
      confusion matrices, learned by EM. Their majority vote sets the class balance; what a source votes in error for
      one class it is expected to vote in error for others.
    - Other sources, such as functions that vote one class or abstain: their error rates are not identified by
      votes. Nothing is learned of them without gold: a majority vote in which a rare vote says more than a
      common one.
    - Near-duplicates share their evidence instead of doubling it.
    - Where votes that are held out disagree with the others more than the model expects, because sources err on the
      same items, it is made less sure: a temperature, which changes no label. So it is where no source is learned and
      votes conflict more than such of ``prior_accuracy`` would.
    - Gold labels teach every vote's weight as far as cross-validation proves that it helps; EM does not see them, so
      that they can prove it. Those that are surely no random sample teach nothing. With ``people`` the lesson is about
      the other sources alone, as they are where nobody was asked.
    - Without a given balance, items with votes for one class only keep that class, unless gold speaks against it: where
      the model without gold would have given it up already, they keep it.

    Parameters
    ----------
    balance
        Class shares, by name or in the order of the classes, positive, summing to 1. Without: those of the majority
        vote of the sources that vote several classes, where three of them or more vote on half of the covered items,
        else uniform. ``balance_reason_`` says which.
    prior_accuracy
        Accuracy of a vote of which nothing is known.
    max_iter, tol
        Of the EM: bound on its steps, and the change in a probability at which it has converged.
    seed
        Of the folds in which gold labels are cross-validated.
    people
        Sources that are asked about some items, such as annotators. What they say of gold items takes no part in the
        lesson: they would be all that is learned, and most other items have no such votes.

    Attributes
    ----------
    evidence_, intercept_
        ``evidence_[source, voted, class]`` and ``intercept_[class]``: logits are their sum over the votes.
    class_balance_, balance_reason_
        The k class shares, and where they come from.
    learned_
        ``learned_[source]``: whether its confusion matrix was learned from votes.
    confusion_, soft_votes_
        As in ``DawidSkene``; nan for a source that was not learned.
    prior_votes_
        As in ``DawidSkene``.
    shares_
        ``shares_[source]``: how much of its evidence counts; below 1 for near-duplicates.
    temperature_
        What log-odds were divided by, 1 or more, before any lesson: so that held-out votes are predicted best or,
        where no source is learned, that votes may conflict as often as they do.
    errors_are_shared_, votes_conflict_
        Whether it is surely above 1 (95 % bound), by votes held out: sources err on the same items; by conflicts: votes
        are right less often than ``prior_accuracy``.
    lesson_
        What gold labels changed (a ``Lesson``), or None.
    lesson_reason_
        Why there is a lesson or none.
    gold_is_selected_
        Whether the gold is surely no random sample, so that it teaches nothing.
    n_iter_, converged_
        EM steps taken, and whether ``tol`` was met.

    Examples
    --------
    >>> matrix = [[0, -1, 1], [0, -1, -1], [-1, 1, 1], [0, 1, -1]]
    >>> model = LabelModel().fit(matrix)
    >>> model.balance_reason_
    'uniform: fewer than 3 of 3 sources vote several classes'
    >>> model.predict_proba(matrix).argmax(axis=1)
    array([1, 0, 1, 1])

    """

    learns_from_gold = True

    def __init__(
        self,
        balance: Balance | None = None,
        prior_accuracy: float = 0.7,
        max_iter: int = 500,
        tol: float = 1e-4,
        seed: int = 0,
        people: Sequence[str] | None = None,
    ) -> None:
        self.balance = balance
        self.prior_accuracy = prior_accuracy
        self.max_iter = max_iter
        self.tol = tol
        self.seed = seed
        self.people = people

    def _learn(self, training: Training) -> None:
        rows = training.rows
        self.shares_ = evidence_shares(rows)
        able = learnable(rows.votes_by_class())
        self.learned_ = able & (able.sum() >= _LEAST_LEARNABLE)
        learned = rows if self.learned_.all() else rows.of_sources(self.learned_)
        obstacle = self._obstacle(rows, learned)
        self.class_balance_, self.balance_reason_ = class_balance(self.balance, self.schema_), obstacle
        if not obstacle:
            self.class_balance_ = majority_balance(learned, self.shares_[self.learned_])
            self.balance_reason_ = f"estimated by majority vote of the {learned.m} sources that vote several classes"
        self.prior_votes_ = float(rows.k)
        prior = Prior(self.prior_votes_, self.prior_accuracy, by_habit=not obstacle)
        evidence = information_evidence(rows, prior.accuracy) * self.shares_[:, None, None]
        self._learn_confusion(rows, learned, evidence, prior)
        evidence[self.learned_] = (evidence_of(self.confusion_) * self.shares_[:, None, None])[self.learned_]
        self._cool(rows, evidence)
        self._learn_from_gold(training)
        self.keeps_unanimous_ = self.balance is None

    def _obstacle(self, rows: Rows, learned: Rows) -> str:
        """Why the class balance is not estimated but given or uniform; empty where nothing stands against it."""
        if self.balance is not None:
            return "given"
        if not learned.m:
            return f"uniform: fewer than {_LEAST_LEARNABLE} of {rows.m} sources vote several classes"
        covered = rows.counts @ (rows.cells.n_votes > 0)
        if rows.counts @ (learned.cells.n_votes > 0) < 0.5 * covered:
            return "uniform: the sources that vote several classes are on less than half of the covered items"
        return ""

    def _learn_confusion(self, rows: Rows, learned: Rows, evidence: FloatArray, prior: Prior) -> None:
        able = self.learned_
        self.confusion_ = np.full((rows.m, rows.k, rows.k), np.nan)
        self.soft_votes_ = np.full((rows.m, rows.k, rows.k), np.nan)
        self.n_iter_, self.converged_ = 0, True
        if not learned.m:
            return
        fixed = np.where(able[:, None, None], 0.0, evidence)
        given = Problem(
            rows=learned,
            share=self.shares_[able],
            balance=self.class_balance_,
            offset=0.0 if able.all() else against_first(logits(rows.cells, fixed, np.zeros(rows.k))),
        )
        found = fit_confusion(given, prior, max_iter=self.max_iter, tol=self.tol)
        self.confusion_[able], self.soft_votes_[able] = found.confusion, found.soft
        self.n_iter_, self.converged_ = found.n_iter, found.converged

    def _cool(self, rows: Rows, evidence: FloatArray) -> None:
        """Divide the log-odds by a temperature: of votes held out, or where nothing is learned by their conflicts."""
        intercept, is_learned = np.log(self.class_balance_), bool(self.learned_.any())
        if is_learned:
            found = held_out_temperature(rows, evidence, intercept, self.confusion_, self.learned_)
        else:
            found = conflict_temperature(
                rows, self.prior_accuracy, None if self.balance is None else self.class_balance_
            )
        self.temperature_, is_shown = found
        self.errors_are_shared_, self.votes_conflict_ = is_shown and is_learned, is_shown and not is_learned
        self.evidence_, self.intercept_ = evidence / self.temperature_, intercept / self.temperature_

    def _learn_from_gold(self, training: Training) -> None:
        taught = self._taught()
        if not taught.all():
            training = replace(training, rows=training.rows.of_sources(taught))
        known, evidence = training.known, self.evidence_[taught]
        self.lesson_: Lesson | None = None
        self.gold_is_selected_ = False
        if training.gold is None:
            self.lesson_reason_ = "no gold labels"
            return
        if len(known) < LEAST_GOLD:
            self.lesson_reason_ = f"{len(known)} gold items with a vote; fewer than {LEAST_GOLD} can prove nothing"
            return
        self.gold_is_selected_ = self._is_selected(training, evidence)
        if self.gold_is_selected_:
            self.lesson_reason_ = (
                f"the {len(known)} gold items are surely no random sample (the model is more, or less, sure of them "
                "than of the rest), so what holds for them need not hold elsewhere; label items drawn by lot"
            )
            return
        cells = training.cells_of(known)
        lesson = teach(cells, logits(cells, evidence, self.intercept_), training.gold[known], self.seed)
        self.evidence_[taught], self.intercept_ = lesson.added_to(evidence, self.intercept_)
        self.lesson_ = lesson
        self.lesson_reason_ = f"{len(known)} gold items: {lesson.gain:+.3f} log-likelihood each, cross-validated"

    def _taught(self) -> npt.NDArray[np.bool_]:
        """``mask[source]``: whether gold teaches its weight."""
        people = list(self.people or ())
        if unknown := sorted({*people} - {*self.sources_}):
            raise DataError("votes", [f"there is no source {name!r}, which is among the people" for name in unknown])
        return ~np.isin(np.array(self.sources_, dtype=object), people)

    def _is_selected(self, training: Training, evidence: FloatArray) -> bool:
        rows, known = training.rows, training.known
        voted = rows.cells.n_votes > 0
        gold = np.bincount(rows.locate(known), minlength=len(rows.counts)).astype(np.float64)
        sure = row_max(softmax(logits(rows.cells, evidence, self.intercept_)))
        return is_selected(sure, rows.counts * voted, gold)

    def _proba(self, rows: Rows) -> FloatArray:
        proba = super()._proba(rows)
        if not self.keeps_unanimous_:
            return proba
        if self.lesson_ is None:
            return _unanimous_kept(proba, proba, rows)
        taught, evidence = self._taught(), self.evidence_.copy()
        evidence[taught], intercept = self.lesson_.taken_from(evidence[taught], self.intercept_)
        return _unanimous_kept(proba, softmax(logits(rows.cells, evidence, intercept)), rows)


def _unanimous_kept(proba: FloatArray, without_gold: FloatArray, rows: Rows) -> FloatArray:
    """Where all votes are for one class that the model without gold does not put first, let it trade places."""
    counts = rows.class_counts()
    total = rows.cells.n_votes
    agreed = np.flatnonzero((row_max(counts) == total) & (total > 0))
    voted = counts[agreed].argmax(axis=1)
    others = np.where(np.eye(rows.k, dtype=bool)[voted], -1.0, without_gold[agreed])
    given_up = without_gold[agreed, voted] - others.max(axis=1) < _TIE
    agreed, voted = agreed[given_up], voted[given_up]
    best = proba[agreed].argmax(axis=1)
    moved = voted != best
    at = agreed[moved]
    proba[at, voted[moved]], proba[at, best[moved]] = proba[at, best[moved]], proba[at, voted[moved]]
    two = np.sort(proba[agreed], axis=1)[:, -2:]
    tied = two[:, 1] - two[:, 0] < _TIE
    proba[agreed[tied]] = 0.999 * proba[agreed[tied]] + 0.001 * np.eye(rows.k)[voted[tied]]
    return proba
