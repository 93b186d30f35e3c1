"""Why an item has its label, and what a source is taken for."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta

from weakhitl.errors import DataError, UsageError
from weakhitl.label_model.dawid_skene import OneCoin
from weakhitl.label_model.ledger import VotesLike, check_fitted, matched
from weakhitl.label_model.model import AdditiveModel
from weakhitl.notebook import html_table
from weakhitl.ranges import require_share
from weakhitl.votes import FloatArray
from weakhitl.wording import a_few


@dataclass(frozen=True, repr=False)
class Explanation:
    """What each vote adds for the likeliest class, against the next.

    Attributes
    ----------
    item
        The item.
    label, against
        Names of the likeliest class and of the next one.
    probabilities
        Class name -> probability.
    table
        ``source``, ``vote`` and ``log_odds``: what it adds to log p(label)/p(against); first the class
        balance, then the votes, the weightiest first. The column sums to the log-odds.
    note
        Where the probability is not the sum: unanimous votes that keep their class. Else empty.

    """

    item: Hashable
    label: str
    against: str
    probabilities: dict[str, float]
    table: pd.DataFrame
    note: str = ""

    def __repr__(self) -> str:
        return "\n".join(filter(None, [self._title(), self.table.to_string(index=False), self.note]))

    def _repr_html_(self) -> str:
        """Show in a notebook what each vote adds."""
        rows = [(*row[:2], f"{row[2]:+.2f}") for row in self.table.itertuples(index=False)]
        return html_table(self.table.columns.tolist(), rows, self._title(), self.note)

    def _title(self) -> str:
        label, against = (f"{name} ({self.probabilities[name]:.3f})" for name in (self.label, self.against))
        return f"Item {self.item}: {label} against {against}"

    def to_dict(self) -> dict[str, Any]:
        """Give all of it, ready for JSON."""
        return {
            "item": str(self.item),
            "label": self.label,
            "against": self.against,
            "probabilities": self.probabilities,
            "log_odds": self.table.to_dict("records"),
            "note": self.note,
        }


def explain(model: AdditiveModel, votes: VotesLike, item: Hashable) -> Explanation:
    """Split an item's log-odds into the shares of its votes.

    Raises ``UsageError`` for a model that is not additive, such as majority vote, and ``DataError`` for an
    item that is not among the votes.

    Examples
    --------
    >>> from weakhitl import LabelModel
    >>> matrix = [[0, 1, -1], [0, -1, -1], [-1, 1, 1], [-1, 1, -1]]
    >>> explain(LabelModel().fit(matrix), matrix, 0).table.round(2)
                source vote  log_odds
    0  (class balance)           0.00
    1         source_0    0      0.89
    2         source_1    1     -0.69

    """
    _additive(model)
    given = matched(votes, model)
    at = given.items.get_indexer(pd.Index([item]))[0]
    if at < 0:
        raise DataError("votes", f"item {item!r} is not among the items")
    one = given.take_items([at])
    proba = model.predict_proba(one)[0]
    best, next_best = np.argsort(-proba, kind="stable")[:2]
    _, source, vote = one.entries()
    share = model.evidence_[source, vote, best] - model.evidence_[source, vote, next_best]
    order = np.argsort(-np.abs(share), kind="stable")
    names, classes = np.array(model.sources_, dtype=object), np.array(model.schema_.classes, dtype=object)
    start = model.intercept_[best] - model.intercept_[next_best]
    table = pd.DataFrame(
        {
            "source": ["(class balance)", *names[source[order]]],
            "vote": ["", *classes[vote[order]]],
            "log_odds": [start, *share[order]],
        }
    )
    total, actual = float(table["log_odds"].sum()), float(np.log(proba[best] / max(proba[next_best], 1e-300)))
    kept = len(source) > 0 and abs(total - actual) > 1e-3 and abs(actual) < 500
    return Explanation(
        item=item,
        label=model.schema_.classes[best],
        against=model.schema_.classes[next_best],
        probabilities=dict(zip(model.schema_.classes, proba.tolist(), strict=True)),
        table=table,
        note="all votes are for one class, so the item keeps it, against the sum" if kept else "",
    )


def explain_source(model: AdditiveModel, source: str, confidence: float = 0.95) -> pd.DataFrame:
    """Give what a source votes for each true class, with credible intervals, and the log-odds of its votes.

    Returns
    -------
    DataFrame
        ``true`` and ``voted`` (class names); ``rate`` with ``low`` and ``high``, from the Beta margins of the
        confusion row's Dirichlet posterior, nan for a source whose error rates were not learned; ``log_odds``:
        what such a vote adds for the true class against the mean of the others.

    Raises
    ------
    UsageError, DataError
        A model that is not additive, a confidence that is no share; a source that it does not know.

    """
    _additive(model)
    require_share("confidence", confidence, such_as=0.95)
    if source not in model.sources_:
        raise DataError("model", f"there is no source {source!r}; it knows {a_few(model.sources_)}")
    at, classes = model.sources_.index(source), model.schema_.classes
    k = len(classes)
    evidence = model.evidence_[at].T
    others = (evidence.sum(axis=0, keepdims=True) - evidence) / (k - 1)
    rate, low, high = _rates(model, at, confidence)
    return pd.DataFrame(
        {
            "true": np.repeat(np.array(classes, dtype=object), k),
            "voted": np.tile(np.array(classes, dtype=object), k),
            "rate": rate.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "log_odds": (evidence - others).ravel(),
        }
    )


def _rates(model: AdditiveModel, at: int, confidence: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """``rate``, ``low`` and ``high[true, voted]``; the prior's pseudo-votes are spread as the fitted row."""
    k = len(model.schema_)
    soft = getattr(model, "soft_votes_", np.full((at + 1, k, k), np.nan))[at]
    rate = getattr(model, "confusion_", np.full((at + 1, k, k), np.nan))[at]
    if np.isnan(rate).any():
        return rate, rate, rate
    shared = isinstance(model, OneCoin)
    votes = getattr(model, "prior_votes_", 1.0) + (soft.sum() if shared else soft.sum(axis=1, keepdims=True))
    tail = (1 - confidence) / 2
    a, b = np.maximum(votes * rate, 1e-9), np.maximum(votes * (1 - rate), 1e-9)
    low, high = beta.ppf(tail, a, b), beta.ppf(1 - tail, a, b)
    if shared:  # one accuracy, whose complement is spread evenly
        right = np.eye(k, dtype=bool)
        spread = [(1 - bound[0, 0]) / (k - 1) for bound in (high, low)]
        low, high = np.where(right, low, spread[0]), np.where(right, high, spread[1])
    return rate, low, high


def _additive(model: AdditiveModel) -> None:
    check_fitted(model)
    if not isinstance(model, AdditiveModel):
        raise UsageError(f"{type(model).__name__} has no log-odds to split; use LabelModel or DawidSkene")
