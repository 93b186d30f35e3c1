"""Our label model behind the signature of ``snorkel.labeling.model.LabelModel``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from weakhitl.label_model import LabelModel as OurLabelModel, load_model, save_model
from weakhitl.schema import LabelSchema
from weakhitl.snorkel.labeling.model.baselines import BaseLabeler
from weakhitl.votes import Votes

__all__ = ["LabelModel"]

_OPTIMIZER = frozenset(
    [
        *("n_epochs", "lr", "l2", "optimizer", "optimizer_config", "lr_scheduler", "lr_scheduler_config"),
        *("prec_init", "log_freq", "mu_eps"),
    ]
)


class LabelModel(BaseLabeler):
    """Consolidates the label matrix with ``weakhitl.LabelModel``.

    It takes what Snorkel's model takes. What steers Snorkel's optimizer is accepted and has no effect: there is none.

    Parameters
    ----------
    cardinality
        Number of classes.

    """

    def __init__(self, cardinality: int = 2, **kwargs: Any) -> None:
        super().__init__(cardinality, **kwargs)
        self._model: OurLabelModel | None = None
        self._L: np.ndarray | None = None
        self.p = np.full(cardinality, 1 / cardinality)

    def fit(
        self,
        L_train: np.ndarray,
        Y_dev: Sequence[int] | np.ndarray | None = None,
        class_balance: Sequence[float] | None = None,
        progress_bar: bool = True,
        seed: int = 0,
        **kwargs: Any,
    ) -> "LabelModel":
        """Fit ``L[item, function]``.

        ``class_balance`` gives the class shares; ``Y_dev``, labels of other items, is used to estimate them. Raises
        ``ValueError`` for labels beyond the cardinality, shares that do not fit, and settings that Snorkel has not.
        """
        if unknown := sorted(kwargs.keys() - _OPTIMIZER):
            raise ValueError(f"unknown settings {', '.join(unknown)}; Snorkel's are {', '.join(sorted(_OPTIMIZER))}")
        matrix = self._checked(L_train)
        balance = self._balance(class_balance, Y_dev)
        self._model = OurLabelModel(balance=balance, seed=seed).fit(self._votes(matrix))
        self.p = np.full(self.cardinality, 1 / self.cardinality) if balance is None else balance
        self._L = matrix
        return self

    def predict_proba(self, L: np.ndarray) -> np.ndarray:
        """Give ``probs[item, class]``; an item without votes has the given class shares, equal ones without any."""
        matrix = self._checked(L)
        probs = np.array(self._fitted().predict_proba(self._votes(matrix)))
        probs[(matrix == -1).all(axis=1)] = self.p
        return probs

    def get_conditional_probs(self) -> np.ndarray:
        """``P[function, vote + 1, class]``: how often a function gives a vote where the model sees a class."""
        matrix, classes = self._trained(), range(-1, self.cardinality)
        probs = self.predict_proba(matrix)
        mass = np.maximum(probs.sum(axis=0), 1e-12)
        return np.stack([np.stack([(column == vote) @ probs / mass for vote in classes]) for column in matrix.T])

    def get_weights(self) -> np.ndarray:
        """Give for each function how often the model takes its votes to be right, in [1e-6, 1]."""
        matrix = self._trained()
        probs = self.predict_proba(matrix)
        rows = np.arange(len(matrix))
        right = [np.where(column >= 0, probs[rows, np.maximum(column, 0)], 0.0).sum() for column in matrix.T]
        weights: np.ndarray = np.clip(np.array(right) / np.maximum((matrix >= 0).sum(axis=0), 1), 1e-6, 1.0)
        return weights

    def save(self, destination: str | Path) -> None:
        """Save the fitted model, in our own format, without pickle."""
        save_model(self._fitted(), destination)

    def load(self, source: str | Path) -> None:
        """Take over a saved model; what is asked of the training votes needs another ``fit``."""
        model = load_model(source)
        if not isinstance(model, OurLabelModel):
            raise TypeError(f"{source} holds a {type(model).__name__}; expected a LabelModel")
        self._model, self._L = model, None
        self.cardinality = len(model.class_balance_)
        given = model.balance is not None
        self.p = model.class_balance_ if given else np.full(self.cardinality, 1 / self.cardinality)

    def _checked(self, L: np.ndarray) -> np.ndarray:
        matrix = np.asarray(L)
        if matrix.ndim != 2:
            raise ValueError(f"L has shape {matrix.shape}; expected (items, functions)")
        if matrix.size and (matrix.min() < -1 or matrix.max() >= self.cardinality):
            raise ValueError(
                f"L holds labels from {matrix.min()} to {matrix.max()}; "
                f"with cardinality={self.cardinality} they are -1 to {self.cardinality - 1}"
            )
        return matrix.astype(np.int64)

    def _votes(self, matrix: np.ndarray) -> Votes:
        return Votes.from_matrix(matrix, LabelSchema.numbered(self.cardinality))

    def _balance(self, shares: Sequence[float] | None, labels: Sequence[int] | np.ndarray | None) -> Any:
        if shares is not None:
            given = np.asarray(shares, dtype=np.float64)
        elif labels is not None:
            found = np.asarray(labels)
            given = np.bincount(found[found >= 0], minlength=self.cardinality).astype(np.float64)
        else:
            return None
        if len(given) != self.cardinality or not (given > 0).all():
            raise ValueError(
                f"class shares {given.tolist()}; expected {self.cardinality} positive ones: Y_dev needs every class"
            )
        return given / given.sum()

    def _fitted(self) -> OurLabelModel:
        if self._model is None:
            raise ValueError("the model has not been fitted yet")
        return self._model

    def _trained(self) -> np.ndarray:
        if self._L is None:
            raise ValueError("the model has not been fitted in this session; fit it first")
        return self._L
