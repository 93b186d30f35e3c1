"""Label models of other packages, where they are installed, behind the same methods."""

from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.arrays import ArrayLike
from weakhitl.balance import Balance, class_balance
from weakhitl.consensus import hard_labels
from weakhitl.errors import DataError, UsageError
from weakhitl.gold import Gold
from weakhitl.label_model.ledger import VotesLike, matched
from weakhitl.label_model.model import LabelModelBase, Training
from weakhitl.label_model.rows import Rows
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray


class SnorkelLabelModel(LabelModelBase):
    """Snorkel's own ``LabelModel``: needs ``pip install 'weakhitl[snorkel]'``.

    Parameters
    ----------
    balance
        Class shares; uniform by default.
    n_epochs
        Of its gradient descent.
    seed
        It seeds Python's, numpy's and torch's global generators.

    """

    def __init__(self, balance: Balance | None = None, n_epochs: int = 500, seed: int = 0) -> None:
        self.balance = balance
        self.n_epochs = n_epochs
        self.seed = seed

    def _learn(self, training: Training) -> None:
        require("snorkel", "snorkel")
        from snorkel.labeling.model import LabelModel

        votes = training.votes
        if len(votes.sources) < 3:
            raise DataError("votes", f"{len(votes.sources)} sources; Snorkel's label model needs at least 3")
        self.class_balance_ = class_balance(self.balance, votes.schema)
        self.model_ = LabelModel(cardinality=len(votes.schema), verbose=False)
        self.model_.fit(
            votes.to_matrix().astype(np.int64),
            n_epochs=self.n_epochs,
            seed=self.seed,
            class_balance=self.class_balance_.tolist(),
            progress_bar=False,
        )

    def _proba(self, rows: Rows) -> FloatArray:
        matrix = np.full((len(rows.cells), rows.m), -1, dtype=np.int64)
        row, cell = rows.cells.table().tocoo().coords
        matrix[row, cell // rows.k] = cell % rows.k
        return np.array(self.model_.predict_proba(matrix))


class CrowdKitModel(LabelModelBase):
    """An aggregator of crowd-kit: needs ``pip install 'weakhitl[crowd]'``. It labels the votes that it was fitted on.

    Parameters
    ----------
    balance
        Class shares for items without votes; uniform by default.
    name
        Name of a class in ``crowdkit.aggregation``, such as GLAD, KOS (two classes only) or MMSR.
    seed
        For those that take one.

    """

    def __init__(self, balance: Balance | None = None, name: str = "GLAD", seed: int = 0) -> None:
        self.balance = balance
        self.name = name
        self.seed = seed

    def _learn(self, training: Training) -> None:
        require("crowdkit", "crowd")
        import crowdkit.aggregation as crowdkit

        rows = training.rows
        if self.name == "KOS" and rows.k != 2:
            raise DataError("votes", f"{rows.k} classes; KOS takes two")
        self.class_balance_ = class_balance(self.balance, self.schema_)
        make: Any = getattr(crowdkit, self.name, None)
        if make is None:
            raise UsageError(f"crowd-kit has no aggregator {self.name!r}; there are GLAD, KOS and MMSR, among others")
        model = make(random_state=self.seed) if self.name in {"KOS", "MMSR"} else make()
        row, column, label = training.votes.entries()
        table = pd.DataFrame({"task": row, "worker": column, "label": label})
        self.fitted_on_ = training.votes.take_items(np.arange(len(training.votes)))
        if hasattr(model, "fit_predict_proba"):
            found = model.fit_predict_proba(table)
            self.proba_ = found.reindex(index=range(len(training.votes)), columns=range(rows.k)).fillna(0.0).to_numpy()
        else:
            labels = model.fit_predict(table).reindex(range(len(training.votes))).to_numpy()
            self.proba_ = (labels[:, None] == np.arange(rows.k)).astype(np.float64)

    def _proba(self, rows: Rows) -> FloatArray:
        raise UsageError(f"crowd-kit's {self.name} labels only the votes that it was fitted on")

    def fit_predict_proba(
        self, votes: VotesLike, gold: Gold | None = None, sample_weight: ArrayLike | None = None
    ) -> FloatArray:
        """``fit``, then ``predict_proba`` of the same votes."""
        return self.fit(votes, gold, sample_weight).predict_proba(votes)

    def predict_proba(self, votes: VotesLike) -> FloatArray:
        """``proba[item, class]`` of the votes that the model was fitted on; ``DataError`` for others."""
        if matched(votes, self) != self.fitted_on_:
            raise DataError("votes", f"differ from those that crowd-kit's {self.name} was fitted on; fit them")
        silent = self.proba_.sum(axis=1) == 0
        return np.where(silent[:, None], self.class_balance_, self.proba_)

    def predict(self, votes: VotesLike) -> IntArray:
        """Class indices; ABSTAIN for a tie and where nobody voted."""
        proba = self.predict_proba(votes)
        return np.where(self.proba_.sum(axis=1) > 0, hard_labels(proba), ABSTAIN)


def require(module: str, extra: str) -> None:
    """Raise ``UsageError`` if an optional package is not there."""
    if find_spec(module) is None:
        raise UsageError(f"this label model needs the package {module}: pip install 'weakhitl[{extra}]'")
