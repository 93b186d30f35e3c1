"""Changes within a stream: values that come one after the other, such as whether each rating agrees with the others."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from weakhitl.arrays import ArrayLike
from weakhitl.errors import UsageError
from weakhitl.votes import FloatArray

Method = Literal["adwin", "page-hinkley"]


@dataclass(frozen=True)
class Change:
    """A place where a stream's mean has changed.

    Attributes
    ----------
    at
        Position of the first value of what is new: where the values up to ``noticed`` part best into two means.
    noticed
        Position of the value at which it was noticed.
    before, after
        Means from the last change to ``at``, and from there to ``noticed``.

    """

    at: int
    noticed: int
    before: float
    after: float

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return asdict(self)


def stream_changes(values: ArrayLike, *, method: Method = "adwin", delta: float = 0.002) -> tuple[Change, ...]:
    """Find where the mean of a stream changes, looking at each value once and in order.

    Parameters
    ----------
    values
        Numbers from 0 to 1, oldest first.
    method
        ``adwin`` keeps a window that shrinks when its parts differ by more than chance; ``page-hinkley`` adds up what
        exceeds the mean so far, which is quicker at small steady rises and has no bound on false alarms.
    delta
        Of ADWIN: the chance of a false alarm at one step. How often that makes a stream without a change give an alarm
        is measured in ``benchmarks/drift.py``.

    Raises
    ------
    UsageError
        A value is no number from 0 to 1, or the package river is not installed.

    References
    ----------
    A. Bifet, R. Gavalda (2007), Learning from time-changing data with adaptive windowing; E. S. Page (1954), Continuous
    inspection schemes. Both as river has them.

    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not ((numbers >= 0) & (numbers <= 1)).all():
        raise UsageError("a stream holds numbers from 0 to 1, one after the other")
    try:
        from river import drift
    except ImportError:
        raise UsageError("changes within a stream need: pip install 'weakhitl[stream]'") from None
    made: dict[str, Any] = {"adwin": partial(drift.ADWIN, delta=delta), "page-hinkley": drift.PageHinkley}
    detector = made[method]()
    found: list[Change] = []
    start = 0
    for place, value in enumerate(numbers.tolist()):
        detector.update(value)
        if detector.drift_detected:
            at = start + _split(numbers[start : place + 1])
            found.append(Change(at, place, float(numbers[start:at].mean()), float(numbers[at : place + 1].mean())))
            start = at
    return tuple(found)


def _split(numbers: FloatArray) -> int:
    """Give the place that parts values best into two means (the CUSUM estimator); at least one on each side."""
    n = len(numbers)
    first = np.arange(1, n)
    sums = numbers.cumsum()
    gap = sums[:-1] / first - (sums[-1] - sums[:-1]) / (n - first)
    return int(np.argmax(first * (n - first) * gap**2)) + 1


def joined(changes: Sequence[Change], values: ArrayLike) -> tuple[Change, ...]:
    """Put alarms together that follow each other in the same direction: one change that went on being noticed."""
    numbers = np.asarray(values, dtype=np.float64)
    found: list[Change] = []
    for one in changes:
        last = found[-1] if found else None
        if last is not None and (one.after > one.before) == (last.after > last.before):
            after = float(numbers[last.at : one.noticed + 1].mean())
            found[-1] = Change(last.at, one.noticed, last.before, after)
        else:
            found.append(one)
    return tuple(found)
