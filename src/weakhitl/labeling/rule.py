"""Declared labeling functions: rules without code, run by polars over whole columns at once."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from ahocorasick_rs import AhoCorasick, Implementation

from weakhitl.errors import LabelingFunctionError
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import IntArray

_WORD = re.compile(r"\w")


class Rule(ABC):
    """A labeling function that is declared instead of written.

    It can stand wherever a labeling function can; called with a row it votes on that row.

    Attributes
    ----------
    name
        The source's name in the votes.
    column
        The column that it looks at.

    """

    def __init__(self, name: str, column: str) -> None:
        self.name = name
        self.column = column

    def __call__(self, x: Any) -> Any:
        """Vote on one row: a class name, or ABSTAIN."""
        cell = x[self.column] if isinstance(x, Mapping) else getattr(x, self.column)
        label = self.labels(column_of(pd.Series([cell]), self.column))[0]
        return ABSTAIN if label is None else label

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @abstractmethod
    def labels(self, cells: pl.Series) -> list[str | None]:
        """Class names of the cells of the rule's column; None abstains."""

    def votes(self, cells: pl.Series, schema: LabelSchema) -> IntArray:
        """Class indices of the cells, -1 abstains. Raises ``LabelingFunctionError`` for a label that is no class."""
        codes = {label: _code(self.name, label, schema) for label in self.known_labels()}
        return np.array([ABSTAIN if label is None else codes[label] for label in self.labels(cells)], dtype=np.int64)

    @abstractmethod
    def known_labels(self) -> list[str]:
        """Every label that the rule can give."""


class _OneLabel(Rule):
    """A rule that votes one class where its condition holds."""

    def __init__(self, name: str, column: str, label: str) -> None:
        super().__init__(name, column)
        self.label = label

    @abstractmethod
    def holds(self, cells: pl.Series) -> pl.Series:
        """``holds[cell]``, null counts as no."""

    def labels(self, cells: pl.Series) -> list[str | None]:
        return [self.label if found else None for found in self.holds(cells)]

    def votes(self, cells: pl.Series, schema: LabelSchema) -> IntArray:
        mask = self.holds(cells).fill_null(value=False).to_numpy()
        return np.where(mask, _code(self.name, self.label, schema), ABSTAIN).astype(np.int64)

    def known_labels(self) -> list[str]:
        return [self.label]


class _Regex(_OneLabel):
    def __init__(self, name: str, pattern: str, label: str, column: str) -> None:
        super().__init__(name, column, label)
        self.pattern = pattern
        try:
            pl.Series([""]).str.contains(pattern)
        except pl.exceptions.ComputeError as error:
            lines = [line.strip() for line in str(error).splitlines()]
            reason = next((line.removeprefix("error: ") for line in lines if line.startswith("error:")), lines[0])
            raise LabelingFunctionError(
                f"rule {name!r}",
                f"the pattern {pattern!r} is not one of Rust's regular expressions: {reason}; "
                "write a Python function for look-around and back-references",
            ) from None

    def holds(self, cells: pl.Series) -> pl.Series:
        return cells.cast(pl.String).str.contains(self.pattern)


class _Gazetteer(_OneLabel):
    def __init__(self, name: str, terms: Iterable[str], label: str, column: str, *, whole_words: bool) -> None:
        super().__init__(name, column, label)
        self.terms = _terms(name, terms)
        self.whole_words = whole_words

    @cached_property
    def _automaton(self) -> AhoCorasick:
        return AhoCorasick(self.terms, implementation=Implementation.ContiguousNFA, store_patterns=False)

    def holds(self, cells: pl.Series) -> pl.Series:
        find = self._automaton.find_matches_as_indexes
        found = [
            text is not None and any(self._stands(text, start, stop) for _, start, stop in find(text, overlapping=True))
            for text in cells.cast(pl.String).str.to_lowercase()
        ]
        return pl.Series(found, dtype=pl.Boolean)

    def _stands(self, text: str, start: int, stop: int) -> bool:
        """Whether a match is no part of a longer word, where that is asked for."""
        if not self.whole_words:
            return True
        return not _WORD.match(text[start - 1 : start]) and not _WORD.match(text[stop : stop + 1])


class _Threshold(_OneLabel):
    def __init__(self, name: str, column: str, label: str, above: float | None, below: float | None) -> None:
        super().__init__(name, column, label)
        self.above, self.below = above, below

    def holds(self, cells: pl.Series) -> pl.Series:
        numbers = cells.cast(pl.Float64, strict=False)
        holds = numbers.is_not_null() & numbers.is_not_nan()
        if self.above is not None:
            holds &= numbers > self.above
        if self.below is not None:
            holds &= numbers < self.below
        return holds


class _Lookup(Rule):
    def __init__(self, name: str, table: Mapping[str, str], column: str, *, lower: bool) -> None:
        super().__init__(name, column)
        self.table = {key.lower() if lower else key: label for key, label in table.items()}
        self.lower = lower

    def labels(self, cells: pl.Series) -> list[str | None]:
        text = cells.cast(pl.String)
        keys = text.str.to_lowercase() if self.lower else text
        return [None if key is None else self.table.get(key) for key in keys]

    def known_labels(self) -> list[str]:
        return sorted(set(self.table.values()))


def regex(name: str, pattern: str, *, label: str, column: str = "text") -> Rule:
    r"""Vote ``label`` where the pattern is found in the column.

    Patterns are those of Rust's regex crate: Unicode, linear time, no look-around and no back-references; ``(?i)``
    ignores case. Raises ``LabelingFunctionError`` for a pattern that it cannot run.

    Examples
    --------
    >>> rule = regex("check_out", "(?i)check.*out", label="SPAM")
    >>> rule({"text": "Check this out"}), rule({"text": "great song"})
    ('SPAM', -1)

    """
    return _Regex(name, pattern, label, column)


def keyword(name: str, words: Iterable[str], *, label: str, column: str = "text", whole_words: bool = True) -> Rule:
    """Vote ``label`` where one of the words occurs in the column, in any case; by itself, unless told otherwise.

    Examples
    --------
    >>> rule = keyword("money", ["win", "free cash"], label="SPAM")
    >>> rule({"text": "FREE cash!"}), rule({"text": "windy"})
    ('SPAM', -1)

    """
    escaped = [_alone(word) if whole_words else re.escape(word) for word in _terms(name, words)]
    return _Regex(name, f"(?i)(?:{'|'.join(escaped)})", label, column)


def _alone(word: str) -> str:
    """Match a word with no word character beside it: beside a letter that is an edge, beside a sign it is none."""
    before, after = (r"\b" if _WORD.match(end) else r"\B" for end in (word[0], word[-1]))
    return f"{before}{re.escape(word)}{after}"


def gazetteer(name: str, terms: Iterable[str], *, label: str, column: str = "text", whole_words: bool = True) -> Rule:
    """Vote ``label`` where one of very many terms occurs in the column, in any case, by Aho and Corasick's automaton.

    Examples
    --------
    >>> rule = gazetteer("cities", ["new york", "york", "oslo"], label="PLACE")
    >>> rule({"text": "In New York"}), rule({"text": "a yorkshire pudding"})
    ('PLACE', -1)

    """
    return _Gazetteer(name, terms, label, column, whole_words=whole_words)


def threshold(name: str, column: str, *, label: str, above: float | None = None, below: float | None = None) -> Rule:
    """Vote ``label`` where the column's number is above, below, or between; a cell that is no number abstains.

    Raises ``LabelingFunctionError`` without a bound.

    Examples
    --------
    >>> rule = threshold("long", "words", label="HAM", above=20)
    >>> rule({"words": "21"}), rule({"words": 20}), rule({"words": "many"})
    ('HAM', -1, -1)

    """
    if above is None and below is None:
        raise LabelingFunctionError(f"rule {name!r}", "expected above, below, or both")
    return _Threshold(name, column, label, above, below)


def lookup(name: str, table: Mapping[str, str], *, column: str, ignore_case: bool = True) -> Rule:
    """Vote what a table says of the column's whole cell (distant supervision); ``table`` maps cells to class names.

    Examples
    --------
    >>> rule = lookup("senders", {"newsletter@shop.example": "SPAM"}, column="sender")
    >>> rule({"sender": "Newsletter@shop.example"}), rule({"sender": "ana"})
    ('SPAM', -1)

    """
    if not table:
        raise LabelingFunctionError(f"rule {name!r}", "its table is empty")
    return _Lookup(name, table, column, lower=ignore_case)


def column_of(cells: "pd.Series[Any]", name: str) -> pl.Series:
    """Give a column to polars: numbers as they are, everything else as text; missing cells are null."""
    if pd.api.types.is_integer_dtype(cells) and not cells.hasnans:
        return pl.Series(name, cells.to_numpy())
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return pl.Series(name, cells.to_numpy(dtype=np.float64, na_value=np.nan)).fill_nan(None)
    given, missing = cells.tolist(), cells.isna().to_numpy()
    if missing.any() or not all(type(cell) is str for cell in given):
        given = [None if gone else str(cell) for cell, gone in zip(given, missing, strict=True)]
    return pl.Series(name, given, pl.String)


def _terms(name: str, terms: Iterable[str]) -> list[str]:
    listed = [terms] if isinstance(terms, str) else list(dict.fromkeys(terms))
    if not listed or any(not isinstance(term, str) or not term.strip() for term in listed):
        raise LabelingFunctionError(f"rule {name!r}", "expected at least one word, and no empty one")
    return list(dict.fromkeys(term.lower() for term in listed))


def _code(name: str, label: str, schema: LabelSchema) -> int:
    if label not in schema.classes:
        raise LabelingFunctionError(f"rule {name!r}", f"label {label!r} is no class; {schema.expected(label)}")
    return schema.classes.index(label)
