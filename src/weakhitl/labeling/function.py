"""A labeling function: a rule of thumb in plain Python that votes on one row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

RowFunction = Callable[..., Any]


class Row:
    """One row, as a labeling function sees it: ``x.text`` and ``x["text"]`` are the same cell."""

    def __init__(self, cells: Mapping[str, Any]) -> None:
        self.__dict__.update(cells)

    def __getitem__(self, column: str) -> Any:
        try:
            return self.__dict__[column]
        except KeyError:
            raise KeyError(self._missing(column)) from None

    def __getattr__(self, column: str) -> Any:
        if column.startswith("__"):
            raise AttributeError(column)
        raise AttributeError(self._missing(column))

    def __repr__(self) -> str:
        return f"Row({self.__dict__!r})"

    def get(self, column: str, default: Any = None) -> Any:
        """Give a cell, or ``default`` where there is no such column."""
        return self.__dict__.get(column, default)

    def _missing(self, column: str) -> str:
        return f"the row has no column {column!r}; the columns are {', '.join(self.__dict__)}"


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
        Preprocessors, applied to the row in this order; each takes a row and returns one.

    """

    def __init__(
        self,
        name: str,
        function: RowFunction,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Callable[[Any], Any]] | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.resources = dict(resources or {})
        self.pre = tuple(pre or ())
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__

    def __call__(self, x: Any) -> Any:
        """Vote on one row."""
        for preprocessor in self.pre:
            x = preprocessor(x)
        return self.function(x, **self.resources)

    @property
    def plain(self) -> RowFunction:
        """What votes on one row, with nothing around it where nothing is needed: the quickest to call."""
        return self if self.pre or self.resources else self.function

    def __repr__(self) -> str:
        return f"LabelingFunction({self.name!r})"


@overload
def labeling_function(function: RowFunction, /) -> LabelingFunction: ...
@overload
def labeling_function(
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] | None = None,
) -> Callable[[RowFunction], LabelingFunction]: ...
def labeling_function(
    function: RowFunction | None = None,
    /,
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] | None = None,
) -> LabelingFunction | Callable[[RowFunction], LabelingFunction]:
    """Make a labeling function of a plain function; bare or with arguments.

    Examples
    --------
    >>> @labeling_function
    ... def asks_to_subscribe(x):
    ...     return "SPAM" if "subscribe" in x.text.lower() else None
    >>> asks_to_subscribe
    LabelingFunction('asks_to_subscribe')
    >>> asks_to_subscribe(Row({"text": "Subscribe!"}))
    'SPAM'

    """

    def wrap(wrapped: RowFunction) -> LabelingFunction:
        return LabelingFunction(name or wrapped.__name__, wrapped, resources, pre)

    if function is None:
        return wrap
    if not callable(function):
        raise TypeError(f"labeling_function takes its arguments by keyword, as in name={function!r}")
    return wrap(function)
