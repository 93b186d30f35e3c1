"""The end model: a classifier that learns from the consensus, and says of each item what it would without it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from weakhitl.errors import DataError, UsageError, WeakHITLError
from weakhitl.feedback.columns import as_items, clean, column_kinds, features
from weakhitl.files import atomic_write, require_columns, write_json
from weakhitl.votes import FloatArray

MODEL, FACTS = "end_model.skops", "end_model.json"
LEAST_LIKELY = 0.02
"""Class probabilities below this are not learned from: they cost time and say nothing."""

_DENSE_BYTES = 2**31
"""What the items' features may take where a classifier needs them written out."""
_HARMLESS = ["numpy.dtype"]
"""What encoders hold and skops asks about; making one runs nothing."""


class EndModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier of items, fitted on class probabilities instead of labels.

    Each item is learned from once for each class, weighted by its probability, which is the expected loss over what the
    label may be (noise-aware training). It is fitted ``folds`` times without a part of the items and once with all.

    Parameters
    ----------
    classes
        Names, in the order of the probabilities' columns.
    estimator
        A classifier with ``predict_proba`` and sample weights, its class or its import path; None for logistic
        regression.
    folds
        In how many parts the items are cut.
    seed
        Of the cut.

    Attributes
    ----------
    out_of_fold_
        ``out_of_fold_[item, class]``: probabilities by the model that was fitted without the item's part.
    model_
        The pipeline that was fitted on all items.
    kinds_
        The columns that it reads -> what each holds.

    References
    ----------
    A. Ratner et al. (2016), Data programming (noise-aware loss); V. Chernozhukov et al. (2018), Double/debiased
    machine learning (cross-fitting).

    Examples
    --------
    >>> texts = [f"{text} {n}" for n in range(10) for text in ("free money", "win money now", "see you at noon")]
    >>> table, spam = pd.DataFrame({"text": texts}), np.array([0.9, 0.8, 0.1] * 10)
    >>> model = EndModel(["HAM", "SPAM"]).fit(table, np.column_stack([1 - spam, spam]))
    >>> model.predict(pd.DataFrame({"text": ["money money", "noon"]}))
    array([1, 0])

    """

    def __init__(self, classes: Sequence[str], estimator: Any = None, folds: int = 5, seed: int = 0) -> None:
        self.classes = classes
        self.estimator = estimator
        self.folds = folds
        self.seed = seed

    def fit(self, table: pd.DataFrame, probabilities: FloatArray) -> Self:
        """Fit on the rows of a table and ``probabilities[item, class]``; rows that are all nan are only predicted.

        Raises ``UsageError`` for an estimator without sample weights or one that fails, and ``DataError`` where there
        are too few items or all are of one class.
        """
        table = as_items(table)
        shape = len(table), len(self.classes)
        try:
            target = np.asarray(probabilities, dtype=np.float64)
        except ValueError:
            raise DataError("probabilities", f"are no numbers; expected {shape} of them") from None
        if target.shape != shape:
            raise DataError("probabilities", f"have the shape {target.shape}; expected {shape}")
        known = np.flatnonzero(~np.isnan(target).any(axis=1))
        if len(known) < 2 * self.folds:
            raise DataError(
                "items", f"{len(known)} have a label; expected at least {2 * self.folds}, two for each fold"
            )
        if len(found := np.flatnonzero((target[known] >= LEAST_LIKELY).any(axis=0))) < 2:
            only = [str(self.classes[int(code)]) for code in found]
            raise DataError(
                "items", f"all that have a label are of one class ({', '.join(only)}): nothing to tell apart"
            )
        estimator = LogisticRegression(max_iter=2000) if self.estimator is None else as_estimator(self.estimator)
        if "sample_weight" not in signature(estimator.fit).parameters:
            raise UsageError(
                f"{type(estimator).__name__} takes no sample weights, so it cannot learn from probabilities"
            )
        self.kinds_ = column_kinds(table)
        table = clean(table, self.kinds_)
        self.out_of_fold_ = np.full(target.shape, np.nan)
        for learned, left in KFold(self.folds, shuffle=True, random_state=self.seed).split(known):
            fitted = _fit(estimator, self.kinds_, table.iloc[known[learned]], target[known[learned]])
            self.out_of_fold_[known[left]] = _probabilities(fitted, table.iloc[known[left]], len(self.classes))
        self.model_ = _fit(estimator, self.kinds_, table.iloc[known], target[known])
        if len(rest := np.flatnonzero(np.isnan(target).any(axis=1))):
            self.out_of_fold_[rest] = _probabilities(self.model_, table.iloc[rest], len(self.classes))
        return self

    def predict_proba(self, table: pd.DataFrame) -> FloatArray:
        """Give ``probabilities[item, class]``. Raises ``DataError`` for missing columns."""
        check_is_fitted(self, "model_")
        table = as_items(table)
        require_columns(table, list(self.kinds_), "items")
        return _probabilities(self.model_, clean(table, self.kinds_), len(self.classes))

    def predict(self, table: pd.DataFrame) -> np.ndarray:
        """Give class indices."""
        return np.asarray(self.predict_proba(table).argmax(axis=1))

    def save(self, folder: Path, facts: dict[str, Any]) -> None:
        """Write the fitted model (skops, no pickle) and what is known of it. Needs skops."""
        skops = _skops()
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / MODEL) as file:
            file.write(skops.dumps(self.model_))
        write_json(folder / FACTS, {"classes": list(self.classes), "columns": self.kinds_, **facts})

    @classmethod
    def load(cls, folder: Path | str) -> "EndModel":
        """Read a model that ``save`` wrote. Raises ``DataError`` where it holds anything but known estimators."""
        skops = _skops()
        path = Path(folder)
        try:
            facts = json.loads((path / FACTS).read_text(encoding="utf-8"))
            if strange := sorted({*skops.get_untrusted_types(file=path / MODEL)} - {*_HARMLESS}):
                raise DataError(str(path / MODEL), f"holds {', '.join(strange)}, which may run code; it is not loaded")
            model = cls(facts["classes"])
            model.model_ = skops.load(path / MODEL, trusted=_HARMLESS)
            model.kinds_ = dict(facts["columns"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(str(path), f"holds no end model: {error}") from error
        return model


def as_estimator(given: Any) -> Any:
    """Take a classifier, or make one of its class or import path, such as ``sklearn.ensemble.RandomForestClassifier``.

    Raises ``UsageError`` for what is none.
    """
    name = estimator_name(given)
    try:
        kind = _imported(given) if isinstance(given, str) else given
        made = kind() if isinstance(kind, type) else kind
    except (Exception, SystemExit) as error:  # it may be the user's own
        raise UsageError(
            f"estimator {name!r}: {error}; expected a class such as sklearn.ensemble.RandomForestClassifier"
        ) from error
    if missing := [method for method in ("fit", "predict_proba") if not hasattr(made, method)]:
        raise UsageError(f"estimator {name!r} has no {missing[-1]}; expected a classifier with probabilities")
    return made


def _imported(path: str) -> Any:
    module, _, attribute = path.rpartition(".")
    return getattr(import_module(module), attribute)


def estimator_name(given: Any) -> str | None:
    """Give the import path of a classifier, an object or its class; None where none is given."""
    if given is None or isinstance(given, str):
        return given
    kind = given if isinstance(given, type) else type(given)
    return f"{kind.__module__}.{kind.__qualname__}"


def _fit(estimator: Any, kinds: dict[str, str], table: pd.DataFrame, target: FloatArray) -> Pipeline:
    """Fit what reads the columns on the items, and the classifier on each item once for each class."""
    row, code = np.nonzero(target >= LEAST_LIKELY)
    alike = len(np.unique(code)) == 1  # a part in which a rare class is missing; few classifiers can be fitted to that
    chosen = DummyClassifier() if alike else clone(estimator)
    pipeline = Pipeline([("columns", features(table, kinds)), ("classifier", chosen)])
    seen = pipeline["columns"].fit_transform(table)
    classifier, weights = pipeline["classifier"], target[row, code]
    with _named(classifier):
        try:
            classifier.fit(seen[row], code, sample_weight=weights)
        except TypeError:
            if not issparse(seen):
                raise
            _require_memory(classifier, len(row), seen.shape[1])
            seen = pipeline["columns"].set_params(sparse_threshold=0).fit_transform(table)
            classifier.fit(seen[row], code, sample_weight=weights)
    return pipeline


def _require_memory(classifier: Any, n: int, features: int) -> None:
    if (size := 8 * n * features) > _DENSE_BYTES:
        raise UsageError(
            f"{type(classifier).__name__} takes no sparse table, and its features of texts would take "
            f"{size / 1e9:.0f} GB without; choose a classifier that does, such as LogisticRegression, or columns "
            "without texts"
        )


def _probabilities(pipeline: Pipeline, table: pd.DataFrame, k: int) -> FloatArray:
    found = np.zeros((len(table), k))
    with _named(pipeline["classifier"]):
        found[:, pipeline.classes_] = pipeline.predict_proba(table)
    if not (np.isfinite(found) & (found >= 0)).all():
        raise UsageError(f"{type(pipeline['classifier']).__name__} gave probabilities that are none, such as nan")
    return found


@contextmanager
def _named(classifier: Any) -> Iterator[None]:
    """Name the classifier, which is the user's choice, where it fails."""
    try:
        yield
    except WeakHITLError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"{type(classifier).__name__} failed: {type(error).__name__}: {error}") from error


def _skops() -> Any:
    try:
        return import_module("skops.io")
    except ImportError as error:
        raise WeakHITLError("end models are kept by skops: pip install 'weakhitl[train]'") from error
