"""What people's labels say of the functions: which votes they overturn, where, and which classes no function finds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from weakhitl.estimate import Estimate, exact_share
from weakhitl.feedback.human_labels import HumanLabels
from weakhitl.schema import ABSTAIN
from weakhitl.votes import Votes
from weakhitl.words import always_in_pairs, words_of

_LEAST = 3
"""Errors that a word has to be in to be looked at."""
_APART = 0.1
"""p of Fisher's test from which on a word does not set errors apart; of each word, a hint and no verdict."""
_LISTED = 5


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


def function_errors(votes: Votes, people: HumanLabels, texts: "pd.Series[str]") -> list[FunctionErrors]:
    """Say of each function how often people overturn it, and where; those overturned most come first."""
    matrix = votes.take_items(people.places).to_matrix()
    words = [frozenset(words_of(text.lower())) for text in texts.iloc[people.places]]
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


def _telling_words(errors: list[frozenset[str]], right: list[frozenset[str]]) -> list[tuple[str, int, int, float]]:
    """Give the words that errors hold more often than right votes do, the most telling first."""
    counts = pd.Series([word for words in errors for word in words], dtype=object).value_counts()
    rows = []
    for word, wrong in counts[counts >= _LEAST].items():
        held = sum(word in words for words in right)
        p = fisher_exact([[wrong, len(errors) - wrong], [held, len(right) - held]], alternative="greater").pvalue
        rows.append((str(word), int(wrong), held, float(p)))
    idle = always_in_pairs({word: wrong + held for word, wrong, held, _ in rows})
    telling = (row for row in rows if row[3] < _APART and row[0] not in idle)
    return sorted(telling, key=lambda row: (row[3], row[0]))[:_LISTED]
