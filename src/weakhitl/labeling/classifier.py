"""Labeling functions made of classifiers: they vote where they are sure enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.errors import LabelingFunctionError
from weakhitl.labeling.function import LabelingFunction


@dataclass(frozen=True)
class _Vote:
    """Votes the most probable class of a fitted classifier, of those that reach their threshold."""

    model: Any
    columns: str | list[str]
    thresholds: dict[Any, float]

    def __call__(self, table: pd.DataFrame) -> "np.ndarray":
        probabilities = np.asarray(self.model.predict_proba(table[self.columns]), dtype=np.float64)
        bars = np.array([self.thresholds[label] for label in np.asarray(self.model.classes_).tolist()])
        enough = np.where(probabilities >= bars, probabilities, -1.0)
        votes = np.array([*np.asarray(self.model.classes_).tolist(), None], dtype=object)
        return votes[np.where(enough.max(axis=1) >= 0, enough.argmax(axis=1), -1)]


def classifier(
    name: str, model: Any, columns: str | Sequence[str] = "text", *, threshold: float | Mapping[Any, float] = 0.8
) -> LabelingFunction:
    """Make a labeling function of a fitted classifier as scikit-learn has them.

    Parameters
    ----------
    name
        The source's name in the votes.
    model
        Has ``classes_`` (class names or indices, as in the label schema) and ``predict_proba``.
    columns
        What ``predict_proba`` is given: one column by its name, or a table of several by a list of names.
    threshold
        The probability from which it votes; a mapping gives one for each class that it may vote. Probabilities should
        be calibrated, and the classifier must not have been fitted on the items that it votes on: there it is surer
        than it should be.

    Returns
    -------
    LabelingFunction
        A batch function; it abstains where no class reaches its threshold.

    Raises
    ------
    LabelingFunctionError
        The model is not fitted, has no probabilities, or a threshold is for a class that it does not know.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit(pd.DataFrame({"words": [1, 2, 30, 40]}), ["HAM", "HAM", "SPAM", "SPAM"])
    >>> by_length = classifier("by_length", model, ["words"], threshold=0.9)
    >>> by_length(pd.DataFrame({"words": [1, 16, 50]})).tolist()
    ['HAM', None, 'SPAM']

    """
    where = f"classifier {name!r}"
    missing = [needed for needed in ("classes_", "predict_proba") if not hasattr(model, needed)]
    if missing:
        raise LabelingFunctionError(
            where, f"{type(model).__name__} has no {' and no '.join(missing)}; expected a fitted classifier with both"
        )
    known = np.asarray(model.classes_).tolist()
    given = threshold if isinstance(threshold, Mapping) else dict.fromkeys(known, threshold)
    faults = [
        f"threshold for {label!r}, which is none of {', '.join(map(str, known))}"
        for label in given
        if label not in known
    ]
    faults += [f"threshold {bar!r}; expected a probability" for bar in given.values() if not 0 <= bar <= 1]
    if faults:
        raise LabelingFunctionError(where, faults)
    thresholds = {label: given.get(label, np.inf) for label in known}
    return LabelingFunction(
        name, _Vote(model, columns if isinstance(columns, str) else list(columns), thresholds), batch=True
    )
