"""Buckets of items and scores of predictions, as in ``snorkel.analysis``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn import metrics as sk

from weakhitl.labeling.compare import get_label_buckets, get_label_instances
from weakhitl.snorkel.utils import filter_labels, to_int_label_array

__all__ = ["METRICS", "Scorer", "get_label_buckets", "get_label_instances", "metric_score"]

_Metric = Callable[[np.ndarray, np.ndarray, np.ndarray | None], float]


def _of_two(function: Callable[..., float], **settings: Any) -> _Metric:
    return lambda golds, preds, probs: float(function(golds, preds, **settings))


def _coverage(golds: np.ndarray, preds: np.ndarray, probs: np.ndarray | None) -> float:
    return float(np.mean(preds != -1))


def _roc_auc(golds: np.ndarray, preds: np.ndarray, probs: np.ndarray | None) -> float:
    if probs is None:
        raise ValueError("roc_auc needs probs")
    return float(sk.roc_auc_score(golds, probs[:, 1] if probs.ndim == 2 else probs))


METRICS: dict[str, _Metric] = {
    "accuracy": _of_two(sk.accuracy_score),
    "coverage": _coverage,
    "precision": _of_two(sk.precision_score, zero_division=0),
    "recall": _of_two(sk.recall_score, zero_division=0),
    "f1": _of_two(sk.f1_score, zero_division=0),
    "f1_micro": _of_two(sk.f1_score, average="micro"),
    "f1_macro": _of_two(sk.f1_score, average="macro"),
    "fbeta": _of_two(sk.fbeta_score, beta=1.0, zero_division=0),
    "matthews_corrcoef": _of_two(sk.matthews_corrcoef),
    "roc_auc": _roc_auc,
}
"""Name -> metric of gold labels, predictions and probabilities."""


def metric_score(
    golds: np.ndarray | None = None,
    preds: np.ndarray | None = None,
    probs: np.ndarray | None = None,
    metric: str = "accuracy",
    filter_dict: Mapping[str, Sequence[int]] | None = None,
) -> float:
    """Score predictions; ``filter_dict`` names labels, such as -1, whose items are left out.

    Coverage does not leave out predictions. Raises ``ValueError`` for an unknown metric.
    """
    if metric not in METRICS:
        raise ValueError(f"there is no metric {metric!r}; the metrics are {', '.join(METRICS)}")
    wanted = {name: labels for name, labels in (filter_dict or {}).items() if (metric, name) != ("coverage", "preds")}
    given = {"golds": golds, "preds": preds}
    arrays: dict[str, np.ndarray | None] = {
        name: None if one is None else to_int_label_array(one) for name, one in given.items()
    }
    arrays["probs"] = probs
    if wanted:
        arrays = filter_labels(arrays, wanted)
    first, second = (np.zeros(0) if arrays[name] is None else arrays[name] for name in ("golds", "preds"))
    return METRICS[metric](np.asarray(first), np.asarray(second), arrays["probs"])


class Scorer:
    """Scores predictions by several metrics."""

    def __init__(self, metrics: Sequence[str] | None = None, abstain_label: int | None = -1) -> None:
        self.metrics = list(metrics or ["accuracy"])
        self.abstain_label = abstain_label

    def score(self, golds: np.ndarray, preds: np.ndarray, probs: np.ndarray | None = None) -> dict[str, float]:
        """Give each metric; items whose label is the one that abstains are left out."""
        unwanted = {} if self.abstain_label is None else {"golds": [self.abstain_label], "preds": [self.abstain_label]}
        return {name: metric_score(golds, preds, probs, name, unwanted) for name in self.metrics}
