"""Labels and probabilities, as in ``snorkel.utils``."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from weakhitl.arrays import ArrayLike

__all__ = ["filter_labels", "preds_to_probs", "probs_to_preds", "to_int_label_array"]

_POLICIES = ("abstain", "random", "true-random")


def probs_to_preds(probs: ArrayLike, tie_break_policy: str = "random", tol: float = 1e-5) -> np.ndarray:
    """Give the most probable class of each row.

    Parameters
    ----------
    probs
        ``probs[item, class]``, two classes at least.
    tie_break_policy
        What to give where several are most probable: ``abstain`` (-1), ``random`` (one of them, by the SHA-1 hash of
        the row's number, as in Snorkel), or ``true-random``.
    tol
        Probabilities that are nearer than this are tied.

    Examples
    --------
    >>> probs_to_preds([[0.5, 0.5], [0.2, 0.8]], "abstain")
    array([-1,  1])

    """
    given = np.asarray(probs, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] < 2:
        raise ValueError(
            f"probs must have probabilities of at least 2 classes, a column each; their shape is {given.shape}"
        )
    if tie_break_policy not in _POLICIES:
        raise ValueError(
            f"tie_break_policy={tie_break_policy!r}: policy not recognized; expected {', '.join(_POLICIES)}"
        )
    tied = np.abs(given - given.max(axis=1, keepdims=True)) < tol
    found: np.ndarray = tied.argmax(axis=1)
    for row in np.flatnonzero(tied.sum(axis=1) != 1):
        found[row] = _one_of(np.flatnonzero(tied[row]), int(row), tie_break_policy)
    return found


def _one_of(classes: np.ndarray, row: int, policy: str) -> int:
    if policy == "abstain":
        return -1
    if policy == "true-random":
        return int(np.random.choice(classes))  # noqa: NPY002 - Snorkel's users seed this one
    digest = hashlib.sha1(str(row).encode(), usedforsecurity=False).hexdigest()
    return int(classes[int(digest, 16) % len(classes)])


def preds_to_probs(preds: np.ndarray, num_classes: int) -> np.ndarray:
    """Give probability 1 to each predicted class. Raises ``ValueError`` for abstentions."""
    if np.any(preds < 0):
        raise ValueError("an abstention has no probabilities; filter these rows out first")
    probs: np.ndarray = np.eye(num_classes)[preds.squeeze()]
    return probs


def to_int_label_array(X: ArrayLike, flatten_vector: bool = True) -> np.ndarray:
    """Give whole numbers as integers, in one dimension unless told otherwise. Raises ``ValueError`` for others."""
    given = np.asarray(X)
    if np.any(np.mod(given, 1) != 0):
        raise ValueError("labels hold a non-integer value")
    whole = given.astype(int)
    if not flatten_vector:
        return whole
    flat = np.atleast_1d(whole.squeeze())
    if flat.ndim != 1:
        raise ValueError(f"labels of shape {given.shape} cannot be flattened to a 1d np.array")
    return flat


def filter_labels(
    label_dict: Mapping[str, np.ndarray | None], filter_dict: Mapping[str, Sequence[int]]
) -> dict[str, np.ndarray | None]:
    """Leave out the items on which any of several arrays holds a value that is not wanted.

    Examples
    --------
    >>> labels = {"gold": np.array([-1, 0, 1]), "pred": np.array([0, 0, -1])}
    >>> filter_labels(labels, {"gold": [-1], "pred": [-1]})["pred"]
    array([0])

    """
    masks = [
        ~np.isin(given, filter_dict[name])
        for name, given in label_dict.items()
        if given is not None and name in filter_dict
    ]
    keep = np.logical_and.reduce(masks).squeeze()
    return {name: None if given is None else given[keep] for name, given in label_dict.items()}
