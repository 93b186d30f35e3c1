"""Voters, as in ``snorkel.labeling.model``."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from weakhitl.files import write_text
from weakhitl.snorkel.analysis import Scorer
from weakhitl.snorkel.utils import probs_to_preds

__all__ = ["BaseLabeler", "MajorityClassVoter", "MajorityLabelVoter", "RandomVoter"]


class BaseLabeler(ABC):
    """What all label models share: predictions with ties broken, scores, files.

    Parameters
    ----------
    cardinality
        Number of classes.

    """

    def __init__(self, cardinality: int = 2, **kwargs: Any) -> None:
        self.cardinality = cardinality

    @abstractmethod
    def predict_proba(self, L: np.ndarray) -> np.ndarray:
        """Give ``probs[item, class]``."""

    def predict(self, L: np.ndarray, return_probs: bool | None = False, tie_break_policy: str = "abstain") -> Any:
        """Give class indices, ties broken by ``probs_to_preds``; with ``return_probs`` also the probabilities."""
        probs = self.predict_proba(L)
        labels = probs_to_preds(probs, tie_break_policy)
        return (labels, probs) if return_probs else labels

    def score(
        self,
        L: np.ndarray,
        Y: np.ndarray,
        metrics: Sequence[str] | None = ("accuracy",),
        tie_break_policy: str = "abstain",
    ) -> dict[str, float]:
        """Give metrics of the predictions; items that are abstained from are left out of all but coverage."""
        labels, probs = self.predict(L, return_probs=True, tie_break_policy=tie_break_policy)
        return Scorer(metrics).score(Y, labels, probs)

    def save(self, destination: str | Path) -> None:
        """Save the model, as JSON."""
        plain = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()}
        write_text(destination, json.dumps(plain))

    def load(self, source: str | Path) -> None:
        """Take over a saved model."""
        given = json.loads(Path(source).read_text(encoding="utf-8"))
        vars(self).update(
            {name: np.array(value) if isinstance(value, list) else value for name, value in given.items()}
        )


class RandomVoter(BaseLabeler):
    """Gives random probabilities."""

    def predict_proba(self, L: np.ndarray) -> np.ndarray:
        """Give random probabilities, of NumPy's global generator, as Snorkel's users seed it."""
        given = np.random.rand(len(L), self.cardinality)  # noqa: NPY002 - Snorkel's users seed this one
        return np.asarray(given / given.sum(axis=1, keepdims=True))


class MajorityClassVoter(BaseLabeler):
    """Gives every item the commonest class."""

    balance: np.ndarray

    def fit(self, balance: Any, *args: Any, **kwargs: Any) -> None:
        """Take the class shares."""
        self.balance = np.asarray(balance, dtype=np.float64)

    def predict_proba(self, L: np.ndarray) -> np.ndarray:
        """Share 1 among the commonest classes."""
        best = (self.balance == self.balance.max()).astype(np.float64)
        return np.tile(best / best.sum(), (len(L), 1))


class MajorityLabelVoter(BaseLabeler):
    """Gives every item the class with most votes.

    Examples
    --------
    >>> MajorityLabelVoter().predict_proba(np.array([[0, 0, -1], [-1, 0, 1], [-1, -1, -1]]))
    array([[1. , 0. ],
           [0.5, 0.5],
           [0.5, 0.5]])

    """

    def predict_proba(self, L: np.ndarray) -> np.ndarray:
        """Share 1 among the classes with most votes; all of them, where there is no vote."""
        matrix = np.asarray(L)
        counts = np.stack([(matrix == code).sum(axis=1) for code in range(self.cardinality)], axis=1)
        best = (counts == counts.max(axis=1, keepdims=True)).astype(np.float64)
        return np.asarray(best / best.sum(axis=1, keepdims=True))
