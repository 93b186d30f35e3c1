"""Rules that people's labels suggest: words, values, and limits of numbers, that go with a class."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from weakhitl.estimate import Estimate, exact_bounds, exact_share
from weakhitl.feedback.human_labels import HumanLabels
from weakhitl.labeling import Rule, keyword, regex, threshold
from weakhitl.monitor.drift import column_kind
from weakhitl.monitor.shifts import cells
from weakhitl.schema import LabelSchema
from weakhitl.votes import IntArray, Votes
from weakhitl.words import always_in_pairs, name_of, words_of

_LEAST = 3
"""Items that a rule has to hold for among those that are learned from."""
_SURE = 0.7
"""Share of a class that it needs among these."""
_BY_CHANCE = 0.05
"""Probability of so many of the class by chance from which on a rule is not proposed; of each, not of all together."""
_PER_CLASS = 4


@dataclass(frozen=True)
class Candidate:
    """A rule that human labels suggest.

    Attributes
    ----------
    name, kind, label, column, value
        The rule: ``keyword`` with a word, ``is`` with a cell's whole text, ``above`` or ``below`` with a number.
    learned
        Right and all items of those it was learned from.
    precision
        On the labels that figures are taken from, which had no part in finding it.
    items, uncovered
        Items of the dataset that it would vote on, and how many of these no function votes on.

    """

    name: str
    kind: str
    label: str
    column: str
    value: Any
    learned: tuple[int, int]
    precision: Estimate
    items: int
    uncovered: int

    def rule(self) -> Rule:
        """Make the rule."""
        if self.kind == "keyword":
            return keyword(self.name, [self.value], label=self.label, column=self.column)
        if self.kind == "is":
            return regex(self.name, self._pattern, label=self.label, column=self.column)
        ends = {"above" if self.kind == "above" else "below": float(self.value)}
        return threshold(self.name, self.column, label=self.label, **ends)

    def toml(self) -> str:
        """Give it as a section of ``weakhitl.toml``."""
        kind, last = {
            "keyword": ("keyword", f"words = [{_toml(self.value)}]"),
            "is": ("regex", f"pattern = {_toml(self._pattern)}"),
        }.get(self.kind) or ("threshold", f"{self.kind} = {float(self.value)!r}")
        head = {"name": self.name, "kind": kind, "label": self.label, "column": self.column}
        lines = [f"{key} = {_toml(value)}" for key, value in head.items()]
        return "\n".join(["[[labeling.rule]]", *lines, last]) + "\n"

    @property
    def _pattern(self) -> str:
        """The whole cell, whatever white space is around it, in the dialect of rules."""
        return rf"^\s*{re.escape(str(self.value))}\s*$"


def candidates(votes: Votes, people: HumanLabels, items: pd.DataFrame, *, most: int = 10) -> list[Candidate]:
    """Propose rules: words, values and limits of numbers that go with a class among the labels that are learned from.

    Parameters
    ----------
    votes
        Votes of the functions on the dataset.
    people
        What people say.
    items
        The dataset's columns, a row an item of ``votes``.
    most
        How many are proposed.

    Returns
    -------
    list of Candidate
        First come those that would give a sure label to most items that have no vote so far.

    """
    learned = np.flatnonzero(~people.measured)
    bare = votes.class_counts().sum(axis=1) == 0
    proposals: list[tuple[float, Candidate]] = []
    for name in map(str, items.columns):
        column = cells(items[name])
        kind = column_kind(column)
        holders: Iterable[tuple[str, Any, np.ndarray]] = ()
        if kind == "text":
            holders = _words(column, people.places[learned])
        elif kind == "category" and pd.api.types.is_string_dtype(items[name]):
            holders = _values(column, people.places[learned])
        elif kind == "number":
            holders = _limits(pd.to_numeric(column, errors="coerce").to_numpy(), people.places[learned])
        for how, value, holds in holders:
            made = _candidate(votes.schema, people, learned, (how, name, value), holds, bare)
            if made is not None:
                proposals.append(made)
    proposals.sort(key=lambda pair: (-pair[0], pair[1].name))
    return _named(_best([candidate for _, candidate in proposals], most), votes.sources)


def _candidate(
    schema: LabelSchema,
    people: HumanLabels,
    learned: IntArray,
    rule: tuple[str, str, Any],
    holds: np.ndarray,
    bare: np.ndarray,
) -> tuple[float, Candidate] | None:
    """Score a rule by what it was learned from, and measure it on the rest; None where it is not sure enough."""
    how, column, value = rule
    inside = learned[holds[people.places[learned]]]
    counts = np.bincount(people.codes[inside], minlength=len(schema))
    code, n = int(counts.argmax()), int(counts.sum())
    k = int(counts[code])
    uncovered = int((holds & bare).sum())
    usual = float((people.codes[learned] == code).mean())
    if n < _LEAST or k < _SURE * n or float(binom.sf(k - 1, n, usual)) > _BY_CHANCE:
        return None
    low = float(exact_bounds(k, n, 0.8)[0])
    measured = people.measured & holds[people.places]
    precision = exact_share(
        int((people.codes[measured] == code).sum()), int(measured.sum()), "no measured item holds it"
    )
    label = str(schema.classes[code])
    name = f"{label}_says_{value}" if how == "keyword" else f"{label}_{column}_{how}_{value}"
    name = name_of(name).lower()
    found = Candidate(name, how, label, column, value, (k, n), precision, int(holds.sum()), uncovered)
    return (low - usual) * float(np.log1p(holds.sum() + 9 * uncovered)), found


def _best(proposals: Sequence[Candidate], most: int) -> list[Candidate]:
    """Take the first ones of each class."""
    taken: list[Candidate] = []
    for one in proposals:
        if sum(other.label == one.label for other in taken) < _PER_CLASS and len(taken) < most:
            taken.append(one)
    return taken


def _named(chosen: Sequence[Candidate], taken: Iterable[str]) -> list[Candidate]:
    """Put a number after names that functions, or other rules, have already."""
    names, found = set(taken), []
    for one in chosen:
        name, times = one.name, 1
        while name in names:
            times += 1
            name = f"{one.name}_{times}"
        names.add(name)
        found.append(replace(one, name=name))
    return found


def _words(column: "pd.Series[str]", at: IntArray) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Give each word that enough of the texts at ``at`` hold, and which items of the dataset hold it."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(binary=True, lowercase=False, analyzer=words_of)
    try:
        table = vectorizer.fit_transform(column.str.lower()).tocsc()
    except ValueError:  # an empty vocabulary
        return
    names = vectorizer.get_feature_names_out()
    often = np.flatnonzero(np.asarray(table[at].sum(axis=0)).ravel() >= _LEAST)
    items = np.asarray(table.sum(axis=0)).ravel()
    idle = always_in_pairs({str(names[word]): int(items[word]) for word in often})
    for word in often:
        if names[word] in idle:
            continue
        holds = np.zeros(len(column), dtype=bool)
        holds[table[:, [word]].nonzero()[0]] = True
        yield "keyword", str(names[word]), holds


def _values(column: "pd.Series[str]", at: IntArray) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Give each value that enough of the cells at ``at`` have, and which items of the dataset have it."""
    counts = column.iloc[at].value_counts()
    for value in counts.index[counts >= _LEAST]:
        if value != "":
            yield "is", str(value), (column == value).to_numpy()


def _limits(numbers: np.ndarray, at: IntArray) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Give limits at the tenths of the numbers at ``at``, and which items lie beyond."""
    known = numbers[at][~np.isnan(numbers[at])]
    if not len(known):
        return
    for limit in np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9))):
        value = float(f"{limit:.6g}")
        yield "above", value, numbers > value
        yield "below", value, numbers < value


def _toml(text: Any) -> str:
    """Write a string of TOML: what JSON writes is one."""
    return json.dumps(str(text), ensure_ascii=False)
