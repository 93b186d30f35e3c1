"""Labeling functions as Snorkel has them: from a data point to a class index, -1 abstains."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from weakhitl.snorkel.map.core import BaseMapper

__all__ = ["LabelingFunction", "labeling_function"]


class LabelingFunction:
    """A named function of a data point.

    Parameters
    ----------
    name
        Its name.
    f
        Called with the data point and, by keyword, the resources; gives a class index, or -1 to abstain.
    resources
        Values that the function needs.
    pre
        Preprocessors, applied to the data point in this order.

    Raises
    ------
    ValueError
        When called: a preprocessor gave None.

    """

    def __init__(
        self,
        name: str,
        f: Callable[..., int],
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[BaseMapper] | None = None,
    ) -> None:
        self.name = name
        self._f = f
        self._resources = resources or {}
        self._pre = list(pre or [])

    def __call__(self, x: Any) -> int:
        """Label a data point."""
        for preprocessor in self._pre:
            x = preprocessor(x)
            if x is None:
                raise ValueError(f"the preprocessor {getattr(preprocessor, 'name', preprocessor)!r} gave None")
        return self._f(x, **self._resources)

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.name}, Preprocessors: {self._pre}"


class labeling_function:  # noqa: N801 - Snorkel's name
    """Decorate a function to make a labeling function of it; with parentheses, also where they are empty.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> @labeling_function(resources={"least": 42})
    ... def is_big(x, least):
    ...     return 1 if x.num > least else -1
    >>> is_big(SimpleNamespace(num=50))
    1

    """

    def __init__(
        self,
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[BaseMapper] | None = None,
    ) -> None:
        if callable(name):
            raise ValueError("@labeling_function is missing parentheses; write @labeling_function()")
        self.name = name
        self.resources = resources
        self.pre = pre

    def __call__(self, f: Callable[..., int]) -> LabelingFunction:
        """Wrap the function."""
        return LabelingFunction(self.name or f.__name__, f, self.resources, self.pre)
