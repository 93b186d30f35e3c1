"""Declared labeling functions: rules without code, run by polars over whole columns at once."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import inf
from typing import Any, ClassVar

import pandas as pd
import polars as pl
from ahocorasick_rs import AhoCorasick, Implementation

from weakhitl.errors import LabelingFunctionError, SchemaError
from weakhitl.labeling.chunk import Chunk, View
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import IntArray
from weakhitl.words import spellings, standing_alone, stands_alone

_LONG = 1 << 17
"""Characters of a pattern from which on it may be too large to be run."""
_SHOWN = 200
"""Characters of a pattern that a message shows."""


class Rule(ABC):
    """A labeling function that is declared instead of written.

    It can stand wherever a labeling function can; called with a row it votes on that row.

    Attributes
    ----------
    name
        The source's name in the votes.
    column
        The column that it looks at.
    view
        How it looks at it: as text, as text in lower case, or as numbers.
    alone
        Whether it is run by itself; the others are run together.

    """

    view: View = "text"
    alone: ClassVar[bool] = False

    def __init__(self, name: str, column: str) -> None:
        self.name = name
        self.column = column

    def __call__(self, x: Any) -> Any:
        """Vote on one row: a class name, or ABSTAIN."""
        cell = x[self.column] if isinstance(x, Mapping) else getattr(x, self.column)
        labels = self.labels()
        chunk = Chunk(pd.DataFrame({self.column: [cell]}), pd.RangeIndex(1))
        code = int(_run([self], [{label: at for at, label in enumerate(labels)}], chunk)[0][0])
        return ABSTAIN if code == ABSTAIN else labels[code]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @abstractmethod
    def labels(self) -> list[str]:
        """Every label that the rule can give."""

    @abstractmethod
    def votes(self, cells: pl.Expr, codes: Mapping[str, int]) -> pl.Expr:
        """Say for each cell the code of its label, or -1 or null to abstain."""


def run_rules(rules: Sequence[Rule], chunk: Chunk, schema: LabelSchema) -> list[IntArray]:
    """Class indices that each rule gives each row, -1 abstains; all are run together.

    Raises ``DataError`` naming every column that is not there, ``LabelingFunctionError`` every label that is no class.
    """
    chunk.require(list(dict.fromkeys(rule.column for rule in rules)))
    asked = [(rule.name, label) for rule in rules for label in rule.labels()]
    codes = {label: code for _, label in asked if (code := _code(label, schema)) is not None}
    if unknown := [(name, label) for name, label in asked if label not in codes]:
        faults = [f"rule {name!r}: label {label!r} is no class; {schema.expected(label)}" for name, label in unknown]
        raise LabelingFunctionError("rules", faults)
    return _run(rules, [codes] * len(rules), chunk)


def _code(label: str, schema: LabelSchema) -> int | None:
    """Give the index of a rule's label; None for what is no class, such as a skip answer."""
    if not isinstance(label, str) or label in schema.skip:
        return None
    try:
        return schema.encode(label)
    except SchemaError:
        return None


def _run(rules: Sequence[Rule], codes: Sequence[Mapping[str, int]], chunk: Chunk) -> list[IntArray]:
    places = [f"{rule.view}:{rule.column}" for rule in rules]
    table = pl.DataFrame({place: chunk.view(rule.view, rule.column) for place, rule in zip(places, rules, strict=True)})
    asked = [
        rule.votes(pl.col(place), known).fill_null(ABSTAIN).cast(pl.Int32).alias(str(at))
        for at, (rule, place, known) in enumerate(zip(rules, places, codes, strict=True))
    ]
    return [column.to_numpy() for column in table.select(asked)]


class _OneLabel(Rule):
    """A rule that votes one class where its condition holds."""

    def __init__(self, name: str, column: str, label: str) -> None:
        super().__init__(name, column)
        self.label = label

    @abstractmethod
    def holds(self, cells: pl.Expr) -> pl.Expr:
        """``holds[cell]``, null counts as no."""

    def votes(self, cells: pl.Expr, codes: Mapping[str, int]) -> pl.Expr:
        return pl.when(self.holds(cells)).then(pl.lit(codes[self.label], pl.Int32))

    def labels(self) -> list[str]:
        return [self.label]


def _fault_of(pattern: str) -> str:
    """Say what is wrong with a pattern in the dialect of Rust; empty where nothing is."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        return next((line.removeprefix("error: ") for line in lines if line.startswith("error:")), lines[0])
    return ""


class _Regex(_OneLabel):
    def __init__(self, name: str, pattern: str, label: str, column: str) -> None:
        super().__init__(name, column, label)
        self.pattern = pattern
        if fault := _fault_of(pattern):
            shown = pattern if len(pattern) <= _SHOWN else f"{pattern[:_SHOWN]}..."
            raise LabelingFunctionError(
                f"rule {name!r}",
                f"the pattern {shown!r} is not one of Rust's regular expressions: {fault}; "
                "write a Python function for look-around and back-references",
            )

    def holds(self, cells: pl.Expr) -> pl.Expr:
        return cells.str.contains(self.pattern)


class _Keyword(_OneLabel):
    view = "lower"  # several times as quick as a pattern that ignores case

    def __init__(self, name: str, words: Iterable[str], label: str, column: str, *, whole_words: bool) -> None:
        super().__init__(name, column, label)
        self.words = _terms(name, words)
        self._pattern = standing_alone(self.words) if whole_words else "|".join(map(re.escape, self.words))
        if len(self._pattern) > _LONG and _fault_of(self._pattern):
            raise LabelingFunctionError(
                f"rule {name!r}", f"{len(self.words):,} words are too many for a pattern; a gazetteer takes any number"
            )

    def holds(self, cells: pl.Expr) -> pl.Expr:
        return cells.str.contains(self._pattern)


class _Gazetteer(_OneLabel):
    view = "lower"
    alone = True  # it is no columnar work: the automaton takes one text at a time

    def __init__(self, name: str, terms: Iterable[str], label: str, column: str, *, whole_words: bool) -> None:
        super().__init__(name, column, label)
        self.terms = _terms(name, terms)
        self.whole_words = whole_words

    @cached_property
    def _automaton(self) -> AhoCorasick:
        return AhoCorasick(self.terms, implementation=Implementation.ContiguousNFA, store_patterns=False)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_automaton"}

    def holds(self, cells: pl.Expr) -> pl.Expr:
        return cells.map_batches(self._found, return_dtype=pl.Boolean)

    def _found(self, cells: pl.Series) -> pl.Series:
        find, whole = self._automaton.find_matches_as_indexes, self.whole_words
        found = [
            text is not None
            and any(not whole or stands_alone(text, start, stop) for _, start, stop in find(text, overlapping=True))
            for text in cells
        ]
        return pl.Series(found, dtype=pl.Boolean)


class _Threshold(_OneLabel):
    view = "numbers"

    def __init__(self, name: str, column: str, label: str, above: float | None, below: float | None) -> None:
        super().__init__(name, column, label)
        self.above, self.below = above, below

    def holds(self, cells: pl.Expr) -> pl.Expr:
        holds = cells.is_not_null()
        if self.above is not None:
            holds &= cells > self.above
        if self.below is not None:
            holds &= cells < self.below
        return holds


class _Lookup(Rule):
    def __init__(self, name: str, table: Mapping[Any, str], column: str, *, lower: bool) -> None:
        super().__init__(name, column)
        self.table = {str(key).lower() if lower else str(key): label for key, label in table.items()}
        self.view = "lower" if lower else "text"

    def votes(self, cells: pl.Expr, codes: Mapping[str, int]) -> pl.Expr:
        found = {key: codes[label] for key, label in self.table.items()}
        return cells.replace_strict(found, default=None, return_dtype=pl.Int32)

    def labels(self) -> list[str]:
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

    In scripts that put no space between words, such as Chinese or Thai, any character may be an edge.

    Examples
    --------
    >>> rule = keyword("money", ["win", "free cash"], label="SPAM")
    >>> rule({"text": "FREE cash!"}), rule({"text": "windy"})
    ('SPAM', -1)

    """
    return _Keyword(name, words, label, column, whole_words=whole_words)


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

    Raises ``LabelingFunctionError`` without a bound, and for two that leave no number between them.

    Examples
    --------
    >>> rule = threshold("long", "words", label="HAM", above=20)
    >>> rule({"words": "21"}), rule({"words": 20}), rule({"words": "many"})
    ('HAM', -1, -1)

    """
    if above is None and below is None:
        raise LabelingFunctionError(f"rule {name!r}", "expected above, below, or both")
    low, high = -inf if above is None else above, inf if below is None else below
    if not low < high:
        raise LabelingFunctionError(f"rule {name!r}", f"no number is above {low:g} and below {high:g}")
    return _Threshold(name, column, label, above, below)


def lookup(name: str, table: Mapping[Any, str], *, column: str, ignore_case: bool = True) -> Rule:
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


def _terms(name: str, terms: Iterable[str]) -> list[str]:
    listed = [terms] if isinstance(terms, str) else list(dict.fromkeys(terms))
    if not listed or any(not isinstance(term, str) or not term.strip() for term in listed):
        raise LabelingFunctionError(f"rule {name!r}", "expected at least one word, and no empty one")
    return list(dict.fromkeys(spelling for term in listed for spelling in spellings(term.lower())))
