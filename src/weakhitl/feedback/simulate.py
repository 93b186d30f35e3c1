"""Simulate: what ratings, given out in one way or another, would have bought; recorded people are replayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.errors import UsageError
from weakhitl.label_model import MODELS
from weakhitl.ranges import require_amount
from weakhitl.schema import ABSTAIN
from weakhitl.vote_names import positions
from weakhitl.votes import FloatArray, IntArray, Votes

ORDERS = ("random", "disagreement", "margin", "oracle")
"""What decides who is asked next: chance; the model's expected error; its margin; or the truth, as a bound: items whose
label is wrong come first."""

_PEOPLE = "person:"


@dataclass(frozen=True)
class Plan:
    """A way to spend money on labels.

    Attributes
    ----------
    name
        For people.
    order
        One of ``ORDERS``.
    model
        The label model that makes labels of the votes, by its name in ``weakhitl.toml``.
    overlap
        Ratings that an item gets at most; None for all that are recorded.
    judge
        Votes of a model on items, which count from the beginning; None without.
    judge_cost
        What each of its votes costs.

    """

    name: str
    order: str = "disagreement"
    model: str = "auto"
    overlap: int | None = None
    judge: Votes | None = None
    judge_cost: float = 0.0

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise UsageError(f"there is no order {self.order!r}; there are {', '.join(ORDERS)}")
        if self.model not in MODELS:
            raise UsageError(f"there is no label model {self.model!r}; there are {', '.join(MODELS)}")
        require_amount("judge_cost", self.judge_cost)


def replay(
    people: Votes,
    truth: "pd.Series[int]",
    plan: Plan,
    *,
    functions: Votes | None = None,
    cost: float = 1.0,
    steps: int = 20,
    seed: int = 0,
) -> pd.DataFrame:
    """Give out recorded ratings one batch after the other, and say after each how good the labels are.

    Parameters
    ----------
    people
        The recorded ratings; the next one of an item is drawn at random.
    truth
        Item -> class index; labels are compared with it, on the items that have one.
    plan
        In what order, and how labels are made.
    functions
        Votes that are there for nothing from the beginning.
    cost
        Of one rating.
    steps
        In how many batches all ratings are given out; the model is fitted after each.
    seed
        Of the draws.

    Returns
    -------
    DataFrame
        ``ratings`` given out so far, ``cost`` of them and of the judge, and ``accuracy``: the share of labels that are
        right, where an item without a label, or with a tie, counts as the guess that it is.

    Raises
    ------
    UsageError
        No item has both ratings and a true class.

    """
    people = people.take_items(np.flatnonzero(people.items.isin(truth.index)))
    if not len(people) or not people.n_votes:
        raise UsageError("no item has both a rating and a true class: nothing can be replayed")
    rng = np.random.default_rng(seed)
    known = truth.reindex(people.items).to_numpy(dtype=np.int64)
    queue = _Queue(people, plan.overlap, rng)
    free = [_on(votes, people.items) for votes in (functions, plan.judge) if votes is not None]
    spent = 0.0 if plan.judge is None else plan.judge_cost * free[-1].n_votes
    size = max(1, -(-queue.total // steps))
    rows = []
    while True:
        given = queue.given()
        probabilities = _probabilities(plan.model, _joined([*free, given]))
        right = _credit(probabilities, known)
        rows.append((queue.asked, spent + cost * queue.asked, float(right.mean())))
        if queue.asked == queue.total:
            return pd.DataFrame(rows, columns=["ratings", "cost", "accuracy"])
        queue.ask(_need(plan.order, probabilities, right, rng), size)


def ratings_until(curves: Sequence[pd.DataFrame], accuracy: float) -> tuple[float | None, list[float | None]]:
    """Give how many ratings it takes until the accuracy is reached, on the mean curve and on each.

    Between two batches the curve is taken as straight; None where it is never reached.

    >>> curve = pd.DataFrame({"ratings": [0, 10, 20], "accuracy": [0.5, 0.75, 1.0]})
    >>> ratings_until([curve], 0.875)
    (15.0, [15.0])

    """
    mean: pd.DataFrame = pd.concat(curves).groupby("ratings")["accuracy"].mean().reset_index()
    return _crossing(mean, accuracy), [_crossing(curve, accuracy) for curve in curves]


def _crossing(curve: pd.DataFrame, accuracy: float) -> float | None:
    x, y = curve["ratings"].to_numpy(dtype=float), curve["accuracy"].to_numpy(dtype=float)
    reached = np.flatnonzero(y >= accuracy - 1e-12)
    if not len(reached):
        return None
    at = int(reached[0])
    if at == 0 or y[at] == y[at - 1]:
        return float(x[at])
    return float(x[at - 1] + (x[at] - x[at - 1]) * (accuracy - y[at - 1]) / (y[at] - y[at - 1]))


class _Queue:
    """Recorded ratings, of which each item's come in a random order."""

    def __init__(self, people: Votes, overlap: int | None, rng: np.random.Generator) -> None:
        self._people = people
        row, column, label = people.entries()
        shuffled = rng.permutation(len(row))
        order = shuffled[np.argsort(row[shuffled], kind="stable")]
        self._row, self._column, self._label = row[order], column[order], label[order]
        starts = np.searchsorted(self._row, np.arange(len(people) + 1))
        self._first = starts[:-1]
        self._most = np.diff(starts) if overlap is None else np.minimum(np.diff(starts), overlap)
        self._used = np.zeros(len(people), dtype=np.int64)
        self.total = int(self._most.sum())

    @property
    def asked(self) -> int:
        """How many ratings were given out."""
        return int(self._used.sum())

    def given(self) -> Votes:
        """Give the ratings that were given out."""
        place = np.arange(len(self._row)) - self._first[self._row]
        taken = place < self._used[self._row]
        entries = self._row[taken], self._column[taken], self._label[taken]
        names = [f"{_PEOPLE}{name}" for name in self._people.sources]
        return Votes.from_entries(entries, self._people.schema, self._people.items, names)

    def ask(self, need: FloatArray, size: int) -> None:
        """Give out the next rating of the items with the greatest need, round after round."""
        order = np.argsort(-need, kind="stable")
        while size:
            open_ = order[self._used[order] < self._most[order]][:size]
            if not len(open_):
                return
            self._used[open_] += 1
            size -= len(open_)


def _need(order: str, probabilities: FloatArray, right: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Say how much each item needs a rating; chance decides between equals."""
    chance = rng.random(len(right)) * 1e-9
    if order == "random":
        return chance
    if order == "oracle":
        return np.asarray(1 - right + chance)
    best = np.sort(probabilities, axis=1)
    return np.asarray((1 - best[:, -1] if order == "disagreement" else best[:, -2] - best[:, -1]) + chance)


def _probabilities(model: str, votes: Votes) -> FloatArray:
    """Give ``probabilities[item, class]``; even ones where nothing is known."""
    k = len(votes.schema)
    if not votes.n_votes:
        return np.full((len(votes), k), 1 / k)
    probabilities = np.array(MODELS[model]().fit(votes).predict_proba(votes), dtype=np.float64)
    probabilities[votes.class_counts().sum(axis=1) == 0] = 1 / k
    return probabilities


def _credit(probabilities: FloatArray, known: IntArray) -> FloatArray:
    """``credit[item]``: 1 for the right label, a share where it is first together with others, else 0."""
    first = probabilities >= probabilities.max(axis=1, keepdims=True) - 1e-9
    return np.asarray(first[np.arange(len(known)), known] / first.sum(axis=1))


def _on(votes: Votes, items: pd.Index) -> Votes:
    at = positions(votes.items, items)
    return votes.take_items(at[at >= 0]).reindex(items)


def _joined(parts: list[Votes]) -> Votes:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.join(part)
    return whole


def as_truth(labels: "pd.Series[Any]", schema: Any) -> "pd.Series[int]":
    """Item -> class index, of class names; those that are no class are left out."""
    codes = pd.Series([schema.encode(label) for label in labels], index=labels.index, dtype=np.int64)
    return codes[codes != ABSTAIN]
