"""Look at labeling functions: coverage, overlaps, conflicts, accuracy, and where none of them votes."""

from dataclasses import replace

import numpy as np
import pandas as pd

from weakhitl.errors import DataError
from weakhitl.estimate import Estimate, exact_share
from weakhitl.files import require_columns
from weakhitl.gold import Gold, encode_gold
from weakhitl.ranges import require_share
from weakhitl.schema import ABSTAIN
from weakhitl.votes import Votes, require_votes
from weakhitl.words import always_in_pairs, words_of


def lf_summary(votes: Votes, gold: Gold | None = None) -> pd.DataFrame:
    """Summarise each source in Snorkel's columns.

    Parameters
    ----------
    votes
        Votes on n items.
    gold
        Item -> class (name or index) for some items, or one class for each; missing or -1 where unknown.

    Returns
    -------
    DataFrame
        One row per source. ``j``: its position. ``Polarity``: the classes it votes, as indices.
        ``Coverage``, ``Overlaps``, ``Conflicts``: the shares of items on which it votes; on which another
        source votes too; on which another votes another class. With gold also ``Correct`` and ``Incorrect``
        (counts) and ``Emp. Acc.`` (nan for a source that votes on no gold item; Snorkel says 0).

    Raises
    ------
    SchemaError, DataError
        Gold holds a label that is no class, or an item that is not among the votes' items.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> votes = Votes.from_matrix([[0, -1], [1, 0], [1, 1], [-1, -1]], LabelSchema(["HAM", "SPAM"]))
    >>> lf_summary(votes, gold={0: "HAM", 1: "HAM", 2: "SPAM"})["Correct"].tolist()
    [2, 2]

    """
    require_votes(votes)
    patterns = votes.patterns()
    row, column, label = patterns.votes.entries()
    m, each = len(votes.sources), patterns.counts[row]
    counts = patterns.votes.class_counts()
    others = counts.sum(axis=1)[row] - 1
    differing = others - (counts[row, label] - 1)
    share = 1.0 / max(len(votes), 1)
    table = pd.DataFrame(
        {
            "j": np.arange(m),
            "Polarity": [sorted(set(label[column == j].tolist())) for j in range(m)],
            "Coverage": np.bincount(column, each, minlength=m) * share,
            "Overlaps": np.bincount(column[others > 0], each[others > 0], minlength=m) * share,
            "Conflicts": np.bincount(column[differing > 0], each[differing > 0], minlength=m) * share,
        },
        index=list(votes.sources),
    )
    if gold is None:
        return table
    codes = encode_gold(gold, votes.items, votes.schema)
    known = np.flatnonzero(codes != ABSTAIN)
    row, column, label = votes.take_items(known).entries()
    truth = codes[known][row]
    correct = np.bincount(column[truth == label], minlength=m)
    incorrect = np.bincount(column[truth != label], minlength=m)
    total = correct + incorrect
    accuracy = np.divide(correct, total, out=np.full(m, np.nan), where=total > 0)
    return table.assign(Correct=correct, Incorrect=incorrect, **{"Emp. Acc.": accuracy})


def lf_accuracy(votes: Votes, gold: Gold, confidence: float = 0.95) -> dict[str, Estimate]:
    """Estimate each source's accuracy where it votes, with Clopper and Pearson's exact interval.

    It holds for the items that gold was drawn from: draw them at random, or the interval is about something else.

    Parameters
    ----------
    votes
        Votes on n items.
    gold
        Item -> class (name or index) for some items, or one class for each; missing or -1 where unknown.
    confidence
        Two-sided confidence of each interval.

    Returns
    -------
    dict
        Source -> estimate; undefined, with the reason, for a source that votes on no gold item.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> votes = Votes.from_matrix([[0, -1], [1, -1], [1, -1]], LabelSchema(["HAM", "SPAM"]), sources=["a", "b"])
    >>> found = lf_accuracy(votes, {0: "HAM", 1: "HAM", 2: "SPAM"})
    >>> print(found["a"], found["b"], sep="; ")
    0.667 [0.094, 0.992]; undefined: it votes on no item whose label is known

    """
    require_votes(votes)
    require_share("confidence", confidence, such_as=0.95)
    row, column, label = votes.entries()
    codes = encode_gold(gold, votes.items, votes.schema)
    known = np.flatnonzero(codes != ABSTAIN)
    row, column, label = votes.take_items(known).entries()
    truth = codes[known][row]
    m = len(votes.sources)
    total = np.bincount(column, minlength=m)
    correct = np.bincount(column[truth == label], minlength=m)
    nothing = "it votes on no item whose label is known"
    method = "share of votes on items whose label is known; Clopper-Pearson interval"
    return {
        name: replace(exact_share(int(correct[at]), int(total[at]), nothing, confidence, method), n_sources=1)
        for at, name in enumerate(votes.sources)
    }


def coverage_gaps(
    votes: Votes, items: pd.DataFrame, column: str = "text", *, words: bool = True, at_least: int = 5
) -> pd.DataFrame:
    """Find what the items without any vote have in common: where the next labeling function should look.

    Parameters
    ----------
    votes
        Votes on n items.
    items
        A row for each item, in the same order.
    column
        The column to look at.
    words
        Whether to look at its words (in lower case, of two characters or more; of scripts without spaces, characters
        and pairs of them) or at whole cells.
    at_least
        So many items have to hold a word for it to be listed.

    Returns
    -------
    DataFrame
        ``value``: a word or cell; ``items``: how many hold it; ``uncovered``: how many of these no source votes on;
        ``excess``: how many more that are than if they were spread like all items, none below 0. First come those
        whose excess is greatest in units of its standard deviation.

    Raises
    ------
    DataError
        There is no such column, or the rows are not as many as the items.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> votes = Votes.from_matrix([[0], [-1], [-1], [0]], LabelSchema(["no", "yes"]))
    >>> items = pd.DataFrame({"text": ["a song", "my channel", "our channel", "some song"]})
    >>> coverage_gaps(votes, items, at_least=2)
         value  items  uncovered  excess
    0  channel      2          2     1.0

    """
    require_votes(votes)
    require_columns(items, [column], "items")
    if len(items) != len(votes):
        raise DataError("items", f"are {len(items):,} rows, but there are votes on {len(votes):,} items")
    bare = votes.class_counts().sum(axis=1) == 0
    cells = items[column].reset_index(drop=True)
    found = cells[cells.notna()].astype(str)
    if words:
        found = found.str.lower().map(_different_words).explode().dropna()
    table = pd.DataFrame({"value": found.to_numpy(), "uncovered": bare[found.index]})
    grouped = table.groupby("value", sort=True)["uncovered"].agg(["size", "sum"])
    if words:
        sizes = zip(map(str, grouped.index), grouped["size"].tolist(), strict=True)
        grouped = grouped.drop(index=list(always_in_pairs(dict(sizes))))
    listed = grouped[grouped["size"] >= at_least].reset_index().set_axis(["value", "items", "uncovered"], axis=1)
    listed["excess"] = listed["uncovered"] - listed["items"] * bare.mean()
    listed = listed[listed["excess"] > 0]
    order = np.argsort(-listed["excess"].to_numpy() / np.sqrt(listed["items"].to_numpy()), kind="stable")
    return listed.iloc[order].reset_index(drop=True)


def _different_words(text: str) -> list[str]:
    return list(dict.fromkeys(words_of(text)))
