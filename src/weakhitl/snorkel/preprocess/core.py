"""Preprocessors: mappers that run before a labeling function, as in ``snorkel.preprocess``."""

from weakhitl.snorkel.map.core import BaseMapper, LambdaMapper, Mapper, lambda_mapper

__all__ = ["BasePreprocessor", "LambdaPreprocessor", "Preprocessor", "preprocessor"]

BasePreprocessor = BaseMapper


class Preprocessor(Mapper):
    """A mapper that runs before a labeling function."""


class LambdaPreprocessor(LambdaMapper):
    """A preprocessor made of a function."""


class preprocessor(lambda_mapper):  # noqa: N801 - Snorkel's name
    """Decorate a function to make a preprocessor of it.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> @preprocessor(memoize=True)
    ... def lower(x):
    ...     x.text = x.text.lower()
    ...     return x
    >>> lower(SimpleNamespace(text="Hi")).text
    'hi'

    """

    makes = LambdaPreprocessor
