"""A labeling function: a rule of thumb in plain Python that votes on one row, or on a table of rows at once."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, overload

from weakhitl.labeling.chunk import SharedRow

RowFunction = Callable[..., Any]


class LabelingFunction:
    """A named function from a row to a class name, a class index, or ABSTAIN (-1) or None.

    Parameters
    ----------
    name
        The source's name in the votes.
    function
        Called with the row and, by keyword, the resources.
    resources
        Values that the function needs, such as a word list.
    pre
        Preprocessors, applied to a copy of the row in this order; each takes a row and returns one.
    batch
        Whether the function (and each of ``pre``) takes a DataFrame of some rows instead of a row. It gives an array
        of votes, one for each; what it says of a row must not depend on the other rows.

    """

    def __init__(
        self,
        name: str,
        function: RowFunction,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Callable[[Any], Any]] | None = None,
        *,
        batch: bool = False,
    ) -> None:
        self.name = name
        self.function = function
        self.resources = dict(resources or {})
        self.pre = tuple(pre or ())
        self.batch = batch
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__

    def __call__(self, x: Any) -> Any:
        """Vote on one row; a batch function, on a table."""
        if self.pre and isinstance(x, SharedRow):
            x = copy(x)
        for preprocessor in self.pre:
            x = preprocessor(x)
        return self.function(x, **self.resources)

    @property
    def plain(self) -> RowFunction:
        """What votes on one row, with nothing around it where nothing is needed: the quickest to call."""
        return self if self.pre or self.resources else self.function

    def __repr__(self) -> str:
        return f"LabelingFunction({self.name!r})"


def adopted(function: Any) -> Any:
    """Give a function that was made with Snorkel, or under its names, as one of ours; others as they are."""
    parts: list[Any] = [getattr(function, name, None) for name in ("name", "_f", "_resources", "_pre")]
    if type(function).__name__ != "LabelingFunction" or any(part is None for part in parts):
        return function
    return LabelingFunction(*parts)


@overload
def labeling_function(function: RowFunction, /) -> LabelingFunction: ...
@overload
def labeling_function(
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] | None = None,
    batch: bool = False,
) -> Callable[[RowFunction], LabelingFunction]: ...
def labeling_function(
    function: RowFunction | None = None,
    /,
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] | None = None,
    batch: bool = False,
) -> LabelingFunction | Callable[[RowFunction], LabelingFunction]:
    """Make a labeling function of a plain function; bare or with arguments.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> import pandas as pd
    >>> @labeling_function
    ... def asks_to_subscribe(x):
    ...     return "SPAM" if "subscribe" in x.text.lower() else None
    >>> asks_to_subscribe
    LabelingFunction('asks_to_subscribe')
    >>> asks_to_subscribe(SimpleNamespace(text="Subscribe!"))
    'SPAM'
    >>> @labeling_function(batch=True)
    ... def is_short(table):
    ...     return np.where(table["text"].str.len() < 5, "HAM", None)
    >>> is_short(pd.DataFrame({"text": ["Hi!", "Subscribe!"]})).tolist()
    ['HAM', None]

    """

    def wrap(wrapped: RowFunction) -> LabelingFunction:
        return LabelingFunction(name or wrapped.__name__, wrapped, resources, pre, batch=batch)

    if function is None:
        return wrap
    if not callable(function):
        raise TypeError(f"labeling_function takes its arguments by keyword, as in name={function!r}")
    return wrap(function)
