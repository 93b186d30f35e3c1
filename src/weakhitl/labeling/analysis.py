"""Look at labeling functions: coverage, overlaps, conflicts, accuracy."""

import numpy as np
import pandas as pd

from weakhitl.gold import Gold, encode_gold
from weakhitl.schema import ABSTAIN
from weakhitl.votes import Votes


def lf_summary(votes: Votes, gold: Gold | None = None) -> pd.DataFrame:
    """Summarise each source in Snorkel's columns.

    Parameters
    ----------
    votes
        Votes on n items.
    gold
        Item -> class (name or index), for some or all items.

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
    row, column, label = votes.entries()
    n, m = len(votes), len(votes.sources)
    counts = votes.class_counts()
    others = counts.sum(axis=1)[row] - 1
    differing = others - (counts[row, label] - 1)
    share = 1.0 / max(n, 1)
    table = pd.DataFrame(
        {
            "j": np.arange(m),
            "Polarity": [sorted(set(label[column == j].tolist())) for j in range(m)],
            "Coverage": np.bincount(column, minlength=m) * share,
            "Overlaps": np.bincount(column[others > 0], minlength=m) * share,
            "Conflicts": np.bincount(column[differing > 0], minlength=m) * share,
        },
        index=list(votes.sources),
    )
    if gold is None:
        return table
    truth = encode_gold(gold, votes.items, votes.schema)[row]
    judged = truth != ABSTAIN
    correct = np.bincount(column[judged & (truth == label)], minlength=m)
    incorrect = np.bincount(column[judged & (truth != label)], minlength=m)
    total = correct + incorrect
    accuracy = np.divide(correct, total, out=np.full(m, np.nan), where=total > 0)
    return table.assign(Correct=correct, Incorrect=incorrect, **{"Emp. Acc.": accuracy})
