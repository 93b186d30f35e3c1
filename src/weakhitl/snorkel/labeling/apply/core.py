"""Appliers: they run functions over data points and give a label matrix, as in ``snorkel.labeling.apply``."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from weakhitl.labeling.function import LabelingFunction, adopted

__all__ = ["ApplierMetadata", "BaseLFApplier", "LFApplier", "check_unique_names", "label_points"]


_BLOCK = 256
"""Points that all functions see before the next ones: few enough to stay in the processor's cache meanwhile."""


class ApplierMetadata(NamedTuple):
    """What an applier has to say beside the matrix: function -> how often it failed."""

    faults: dict[str, int]


def check_unique_names(names: Sequence[str]) -> None:
    """Raise ``ValueError`` where two functions have one name."""
    if repeated := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"names of labeling functions occur twice: {', '.join(repeated)}")


def label_points(lfs: Sequence[Any], points: Sequence[Any], fault_tolerant: bool) -> tuple[np.ndarray, dict[str, int]]:
    """Give ``L[point, function]`` and how often each function failed, which only fault-tolerant runs allow."""
    matrix = np.empty((len(points), len(lfs)), dtype=int)
    failed = [0] * len(lfs)
    calls = [_bare(lf) for lf in lfs]
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        for column, call in enumerate(calls):
            if fault_tolerant:
                given, faults = _tolerated(call, block)
                failed[column] += faults
            else:
                given = np.fromiter(map(call, block), dtype=int, count=len(block))  # a list in between takes longer
            matrix[start : start + len(block), column] = given
    return np.maximum(matrix, -1, out=matrix), {lf.name: n for lf, n in zip(lfs, failed, strict=True) if n}


def _tolerated(call: Callable[[Any], Any], points: Sequence[Any]) -> tuple[Any, int]:
    """Give what a function votes, -1 where it raises, and how often it does."""
    given: list[Any] = []
    failed = 0
    while len(given) < len(points):
        try:  # what was given before an exception stays, so that the length says where it was raised
            given.extend(map(call, points[len(given) :] if given else points))
            if len(given) < len(points):  # a StopIteration ends map in silence
                given.append(call(points[len(given)]))
        except Exception:  # noqa: BLE001 - tolerating whatever it raises is what was asked for
            failed += 1
            given.append(-1)
    return given, failed


def _bare(lf: Any) -> Callable[[Any], Any]:
    """Give the function itself where nothing comes before it: what is around a short one takes as long as it does."""
    ours = adopted(lf)
    return ours.function if isinstance(ours, LabelingFunction) and not (ours.pre or ours.resources) else lf


class BaseLFApplier:
    """What all appliers share.

    Parameters
    ----------
    lfs
        The functions. Raises ``ValueError`` where two have one name.

    """

    def __init__(self, lfs: Iterable[Any]) -> None:
        self._lfs = list(lfs)
        self._lf_names = [lf.name for lf in self._lfs]
        check_unique_names(self._lf_names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}, LFs: {self._lf_names}"

    def _given(self, matrix: np.ndarray, faults: dict[str, int], return_meta: bool) -> Any:
        return (matrix, ApplierMetadata(faults)) if return_meta else matrix


class LFApplier(BaseLFApplier):
    """Runs functions over a list of data points, or over the rows of an array.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from weakhitl.snorkel.labeling import labeling_function
    >>> @labeling_function()
    ... def is_big(x):
    ...     return 1 if x.num > 42 else 0
    >>> LFApplier([is_big]).apply([SimpleNamespace(num=10), SimpleNamespace(num=100)])
    array([[0],
           [1]])

    """

    def apply(
        self,
        data_points: Sequence[Any] | np.ndarray,
        progress_bar: bool = True,
        fault_tolerant: bool = False,
        return_meta: bool = False,
    ) -> Any:
        """Give the label matrix; with ``return_meta`` also the faults, which are allowed if ``fault_tolerant``."""
        points: Any = data_points if isinstance(data_points, list | np.ndarray) else list(data_points)
        return self._given(*label_points(self._lfs, points, fault_tolerant), return_meta)
