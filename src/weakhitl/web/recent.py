"""Figures as of a few seconds ago: to count anew takes longer than to give somebody an item."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")

_KEPT = 5.0
"""Seconds that a figure is shown at least."""
_SHARE = 10
"""A figure is shown this many times as long as it takes to count: of a large crowd, little else would be done."""


class Recent(Generic[_T]):
    """What ``count()`` gave, counted anew when it is old.

    Examples
    --------
    >>> from itertools import count
    >>> numbers = count()
    >>> recent = Recent(lambda: next(numbers))
    >>> recent(), recent()
    (0, 0)

    """

    def __init__(self, count: Callable[[], _T]) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._found: list[_T] = []
        self._until = 0.0

    def __call__(self) -> _T:
        """Give the figure; those who ask while it is counted wait for it."""
        with self._lock:
            if not self._found or time.monotonic() >= self._until:
                begun = time.monotonic()
                self._found = [self._count()]
                now = time.monotonic()
                self._until = now + max(_KEPT, _SHARE * (now - begun))
            return self._found[0]
