"""Mappers: functions from a row to a row that run before labeling functions, memoized where that pays; as Snorkel's."""

import inspect
import pickle
from collections.abc import Callable, Hashable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, overload

import numpy as np
import pandas as pd

Point = Any
Key = Callable[[Any], Hashable]


def is_hashable(obj: Any) -> bool:
    """Whether ``hash`` takes it: some classes have the method in order to refuse."""
    try:
        hash(obj)
    except Exception:  # noqa: BLE001 - whatever it raises, it is not hashable
        return False
    return True


def get_hashable(obj: Any) -> Hashable:
    """Give something hashable that says what an object holds. Raises ``ValueError`` where there is nothing."""
    if is_hashable(obj):
        return obj  # type: ignore[no-any-return]
    if isinstance(obj, SimpleNamespace):
        obj = vars(obj)
    if isinstance(obj, dict | pd.Series):
        return frozenset((key, get_hashable(value)) for key, value in obj.items())
    if isinstance(obj, list | tuple):
        return tuple(map(get_hashable, obj))
    if isinstance(obj, np.ndarray):
        return obj.tobytes()
    raise ValueError(f"{obj!r} cannot be memoized: nothing hashable says what it holds; give memoize_key=…")


def get_parameters(f: Callable[..., Any], allow_args: bool = False, allow_kwargs: bool = False) -> list[str]:
    """Name a function's parameters. Raises ``ValueError`` for ``*args`` and ``**kwargs`` that are not allowed."""
    found = inspect.getfullargspec(f)
    if found.varargs is not None and not allow_args:
        raise ValueError(f"{f.__name__} has *{found.varargs}; expected named parameters")
    if found.varkw is not None and not allow_kwargs:
        raise ValueError(f"{f.__name__} has **{found.varkw}; expected named parameters")
    return found.args


class BaseMapper:
    """What all mappers share: those that run before it, a copy of the data point, and memoization.

    Parameters
    ----------
    name
        Name of the mapper.
    pre
        Mappers to run before it.
    memoize
        Whether what it gave for a data point is kept, and given again.
    memoize_key
        From a data point to the key under which that is kept; ``get_hashable`` unless given.

    """

    def __init__(self, name: str, pre: Sequence["BaseMapper"], memoize: bool, memoize_key: Key | None = None) -> None:
        self.name = name
        self.memoize = memoize
        self.pre = list(pre)
        self.memoize_key = memoize_key or get_hashable
        self.reset_cache()

    def reset_cache(self) -> None:
        """Forget what was kept."""
        self._cache: dict[Hashable, Point] = {}

    def _generate_mapped_data_point(self, x: Point) -> Point | None:
        raise NotImplementedError

    def __call__(self, x: Point) -> Point | None:
        """Map a copy of a data point."""
        key = self.memoize_key(x) if self.memoize else None
        if self.memoize and key in self._cache:
            return self._cache[key]
        mapped = pickle.loads(pickle.dumps(x))  # noqa: S301 - our own bytes; copy.deepcopy shares a Series' cells
        for mapper in self.pre:
            mapped = mapper(mapped)
        mapped = self._generate_mapped_data_point(mapped)
        if self.memoize:
            self._cache[key] = mapped
        return mapped

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.name}, Pre: {self.pre}"


class Mapper(BaseMapper):
    """A mapper whose ``run`` takes some fields of the data point and gives new ones, or None.

    Parameters
    ----------
    name
        Name of the mapper.
    field_names
        Parameter of ``run`` -> field of the data point; without it they have the same names.
    mapped_field_names
        Key that ``run`` gives -> field of the new data point; without it they have the same names.
    pre, memoize, memoize_key
        As for ``BaseMapper``.

    """

    def __init__(
        self,
        name: str,
        field_names: Mapping[str, str] | None = None,
        mapped_field_names: Mapping[str, str] | None = None,
        pre: Sequence[BaseMapper] | None = None,
        memoize: bool = False,
        memoize_key: Key | None = None,
    ) -> None:
        if field_names is None:
            field_names = {field: field for field in get_parameters(self.run)[1:]}
        self.field_names = field_names
        self.mapped_field_names = mapped_field_names
        super().__init__(name, pre or [], memoize, memoize_key)

    def run(self, **kwargs: Any) -> Mapping[str, Any] | None:
        """Give new fields; to be written by a subclass."""
        raise NotImplementedError

    def _update_fields(self, x: Point, mapped_fields: Mapping[str, Any]) -> Point:
        for field, value in mapped_fields.items():
            setattr(x, field, value)
        return x

    def _generate_mapped_data_point(self, x: Point) -> Point | None:
        given = {parameter: getattr(x, field) for parameter, field in self.field_names.items()}
        fields = self.run(**given)
        if fields is None:
            return None
        if self.mapped_field_names is not None:
            fields = {field: fields[key] for key, field in self.mapped_field_names.items()}
        return self._update_fields(x, fields)


class LambdaMapper(BaseMapper):
    """A mapper made of a function from a data point to a data point, which may change the copy that it is given."""

    def __init__(
        self,
        name: str,
        f: Callable[[Point], Point | None],
        pre: Sequence[BaseMapper] | None = None,
        memoize: bool = False,
        memoize_key: Key | None = None,
    ) -> None:
        self.function = f
        super().__init__(name, pre or [], memoize, memoize_key)

    def _generate_mapped_data_point(self, x: Point) -> Point | None:
        return self.function(x)


class lambda_mapper:  # noqa: N801 - Snorkel's name
    """Decorate a function to make a mapper of it.

    Examples
    --------
    >>> @lambda_mapper()
    ... def both(x):
    ...     x.both = f"{x.title} {x.body}"
    ...     return x
    >>> both(SimpleNamespace(title="a", body="b")).both
    'a b'

    """

    makes: type[LambdaMapper] = LambdaMapper

    def __init__(
        self,
        name: str | None = None,
        pre: Sequence[BaseMapper] | None = None,
        memoize: bool = False,
        memoize_key: Key | None = None,
    ) -> None:
        if callable(name):
            raise ValueError(f"@{type(self).__name__} is missing parentheses; write @{type(self).__name__}()")  # noqa: TRY004 - as Snorkel
        self.name = name
        self.pre = pre
        self.memoize = memoize
        self.memoize_key = memoize_key

    def __call__(self, f: Callable[[Point], Point | None]) -> LambdaMapper:
        """Wrap the function."""
        return self.makes(self.name or f.__name__, f, self.pre, self.memoize, self.memoize_key)


@overload
def preprocessor(function: Callable[[Point], Point], /) -> LambdaMapper: ...
@overload
def preprocessor(
    *,
    name: str | None = None,
    pre: Sequence[BaseMapper] | None = None,
    memoize: bool = False,
    memoize_key: Key | None = None,
) -> Callable[[Callable[[Point], Point]], LambdaMapper]: ...
def preprocessor(
    function: Callable[[Point], Point] | None = None,
    /,
    *,
    name: str | None = None,
    pre: Sequence[BaseMapper] | None = None,
    memoize: bool = False,
    memoize_key: Key | None = None,
) -> LambdaMapper | Callable[[Callable[[Point], Point]], LambdaMapper]:
    """Make a preprocessor of a function from a row to a row; bare or with arguments.

    It gets a copy of the row, so that it may set fields. With ``memoize`` what it gives for a row is kept in memory, so
    that it runs once for all functions that name it in ``pre``; ``memoize_key`` gives the key of a row, by default all
    of its cells. ``pre`` names preprocessors that run before it.

    Examples
    --------
    >>> @preprocessor(memoize=True)
    ... def with_words(x):
    ...     x.words = x.text.lower().split()
    ...     return x
    >>> with_words(SimpleNamespace(text="Hello you")).words
    ['hello', 'you']

    """

    def wrap(wrapped: Callable[[Point], Point]) -> LambdaMapper:
        return LambdaMapper(name or wrapped.__name__, wrapped, pre, memoize, memoize_key)

    return wrap if function is None else wrap(function)
