"""Refine: what human labels say about the functions, and which rules they suggest."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta, binom, fisher_exact

from weakhitl.estimate import Estimate
from weakhitl.feedback.human_labels import HumanLabels
from weakhitl.labeling import Rule, keyword, threshold
from weakhitl.monitor.drift import column_kind
from weakhitl.monitor.shifts import cells
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import IntArray, Votes

_WORD = re.compile(r"\w\w+")
_LEAST = 3
"""Items that a word has to be in to be looked at."""
_SURE = 0.7
"""Share of a class that a candidate needs among the items that it was learned from."""
_BY_CHANCE = 0.05
"""Probability of so many of the class by chance from which on a candidate is none; of each, not of all together."""
_LISTED = 5
_PER_CLASS = 4


@dataclass(frozen=True)
class FunctionErrors:
    """What people say of a function's votes.

    Attributes
    ----------
    name
        The function.
    judged, wrong
        Its votes on items that people labelled, and how many of these they overturned.
    accuracy
        On the labels that figures are taken from.
    instead
        Class name -> how often people say that instead, the commonest first.
    words
        What sets its errors apart: word, errors that hold it, right votes that hold it, p by Fisher's exact test.
    examples
        Positions of items that it gets wrong.

    """

    name: str
    judged: int
    wrong: int
    accuracy: Estimate
    instead: dict[str, int]
    words: tuple[tuple[str, int, int, float], ...]
    examples: tuple[int, ...]


@dataclass(frozen=True)
class Candidate:
    """A rule that human labels suggest.

    Attributes
    ----------
    name, kind, label, column, value
        The rule: ``keyword`` with a word, ``above`` or ``below`` with a number.
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
        ends = {"above" if self.kind == "above" else "below": float(self.value)}
        return threshold(self.name, self.column, label=self.label, **ends)

    def toml(self) -> str:
        """Give it as a section of ``weakhitl.toml``."""
        head = {"name": self.name, "kind": "keyword" if self.kind == "keyword" else "threshold", "label": self.label}
        lines = [f"{key} = {_quoted(value)}" for key, value in {**head, "column": self.column}.items()]
        last = f"words = [{_quoted(self.value)}]" if self.kind == "keyword" else f"{self.kind} = {float(self.value)!r}"
        return "\n".join(["[[labeling.rule]]", *lines, last]) + "\n"


def function_errors(votes: Votes, people: HumanLabels, texts: "pd.Series[str]") -> list[FunctionErrors]:
    """Say of each function how often people overturn it, and where; those overturned most come first."""
    matrix = votes.take_items(people.places).to_matrix()
    words = [frozenset(_WORD.findall(text.lower())) for text in texts.iloc[people.places]]
    found = []
    for column, name in enumerate(votes.sources):
        voted = matrix[:, column] != ABSTAIN
        wrong = voted & (matrix[:, column] != people.codes)
        counts = np.bincount(people.codes[wrong], minlength=len(votes.schema))
        order = np.argsort(-counts, kind="stable")
        instead = {str(votes.schema.classes[code]): int(counts[code]) for code in order if counts[code]}
        measured = voted & people.measured
        accuracy = exact_share(int((measured & ~wrong).sum()), int(measured.sum()), "it votes on no measured item")
        errors, right = ([words[at] for at in np.flatnonzero(mask)] for mask in (wrong, voted & ~wrong))
        apart = _telling_words(errors, right)
        examples = tuple(int(place) for place in people.places[wrong][:_LISTED])
        found.append(
            FunctionErrors(str(name), int(voted.sum()), int(wrong.sum()), accuracy, instead, tuple(apart), examples)
        )
    return sorted(found, key=lambda one: (-one.wrong, one.name))


def class_recall(votes: Votes, people: HumanLabels) -> dict[str, Estimate]:
    """Class name -> share of its items, of those that figures are taken from, on which some function votes it."""
    matrix = votes.take_items(people.places).to_matrix()
    hit = (matrix == people.codes[:, None]).any(axis=1)
    found = {}
    for code, name in enumerate(votes.schema.classes):
        here = people.measured & (people.codes == code)
        found[str(name)] = exact_share(int((here & hit).sum()), int(here.sum()), "no measured item has this class")
    return found


def candidates(votes: Votes, people: HumanLabels, items: pd.DataFrame, *, most: int = 10) -> list[Candidate]:
    """Propose rules: words and limits of numbers that go with a class among the labels that are learned from.

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
        elif kind == "number":
            holders = _limits(pd.to_numeric(column, errors="coerce").to_numpy(), people.places[learned])
        for how, value, holds in holders:
            made = _candidate(votes.schema, people, learned, (how, name, value), holds, bare)
            if made is not None:
                proposals.append(made)
    proposals.sort(key=lambda pair: (-pair[0], pair[1].name))
    return _best([candidate for _, candidate in proposals], most)


def exact_share(k: int, n: int, nothing: str, confidence: float = 0.95) -> Estimate:
    """Give a share with Clopper and Pearson's interval; undefined, with a reason, of nothing.

    >>> print(exact_share(18, 20, "nothing"))
    0.900 [0.683, 0.988]

    """
    if not n:
        return Estimate(None, confidence=confidence, reason=nothing, kind="nothing-measured")
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    se = float(np.sqrt(k / n * (1 - k / n) / n))
    return Estimate(k / n, low, high, se, confidence, n, n, method="Clopper-Pearson")


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
    low = float(beta.ppf(0.1, k, n - k + 1))
    measured = people.measured & holds[people.places]
    precision = exact_share(
        int((people.codes[measured] == code).sum()), int(measured.sum()), "no measured item holds it"
    )
    label = str(schema.classes[code])
    name = re.sub(r"\W+", "_", f"{label}_{how if how != 'keyword' else 'says'}_{value}").lower()
    found = Candidate(name, how, label, column, value, (k, n), precision, int(holds.sum()), uncovered)
    return (low - usual) * float(np.log1p(holds.sum() + 9 * uncovered)), found


def _best(proposals: Sequence[Candidate], most: int) -> list[Candidate]:
    """Take the first ones of each class."""
    taken: list[Candidate] = []
    for one in proposals:
        if sum(other.label == one.label for other in taken) < _PER_CLASS and len(taken) < most:
            taken.append(one)
    return taken


def _words(column: "pd.Series[str]", at: IntArray) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Give each word that enough of the texts at ``at`` hold, and which items of the dataset hold it."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(binary=True, token_pattern=_WORD.pattern)
    try:
        table = vectorizer.fit_transform(column).tocsc()
    except ValueError:  # an empty vocabulary
        return
    often = np.flatnonzero(np.asarray(table[at].sum(axis=0)).ravel() >= _LEAST)
    names = vectorizer.get_feature_names_out()
    for word in often:
        holds = np.zeros(len(column), dtype=bool)
        holds[table[:, [word]].nonzero()[0]] = True
        yield "keyword", str(names[word]), holds


def _limits(numbers: np.ndarray, at: IntArray) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Give limits at the tenths of the numbers at ``at``, and which items lie beyond."""
    known = numbers[at][~np.isnan(numbers[at])]
    if not len(known):
        return
    for limit in np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9))):
        value = float(f"{limit:.6g}")
        yield "above", value, numbers > value
        yield "below", value, numbers < value


def _telling_words(errors: list[frozenset[str]], right: list[frozenset[str]]) -> list[tuple[str, int, int, float]]:
    """Give the words that errors hold more often than right votes do, the most telling first."""
    counts = pd.Series([word for words in errors for word in words], dtype=object).value_counts()
    rows = []
    for word, wrong in counts[counts >= _LEAST].items():
        held = sum(word in words for words in right)
        p = fisher_exact([[wrong, len(errors) - wrong], [held, len(right) - held]], alternative="greater").pvalue
        rows.append((str(word), int(wrong), held, float(p)))
    return sorted((row for row in rows if row[3] < 0.1), key=lambda row: row[3])[:_LISTED]


def _quoted(text: str) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
