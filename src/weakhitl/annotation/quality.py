"""Who counts: annotators are qualified on a pilot, never on the items that the gate then measures."""

import numpy as np
import pandas as pd

from weakhitl.schema import ABSTAIN
from weakhitl.votes import IntArray, Votes


def leading_class(counts: IntArray) -> tuple[IntArray, IntArray]:
    """``leader[row]`` and ``support[row]`` of ``counts[row, class]``.

    The one class with the most ratings, ABSTAIN where several lead or there are no ratings; and how many ratings the
    leading classes have each.

    >>> leader, support = leading_class(np.array([[2, 1], [1, 1], [0, 0]]))
    >>> leader.tolist(), support.tolist()
    ([0, -1, -1], [2, 1, 0])

    """
    support = counts.max(axis=1)
    alone = (counts == support[:, None]).sum(axis=1) == 1
    return np.where(alone & (support > 0), counts.argmax(axis=1), ABSTAIN), support


def qualify(pilot: Votes, min_agreement: float, min_ratings: int) -> pd.DataFrame:
    """Compare every annotator with the others on a pilot.

    Leave-one-out agreement is the share of an annotator's ratings that match the one leading class among
    the *other* ratings of the item. Where the others tie, nobody's rating is confirmed; where there are no
    others, the rating is not looked at.

    Parameters
    ----------
    pilot
        Ratings of the pilot's items.
    min_agreement, min_ratings
        What an annotator needs to be qualified.

    Returns
    -------
    DataFrame
        Indexed by annotator: ``ratings`` (looked at), ``agreement`` (NA without ratings), ``qualified``.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> ratings = Votes.from_matrix([[0, 0, 1], [1, 1, 0]], LabelSchema("no yes".split()), sources=list("abc"))
    >>> qualify(ratings, min_agreement=0.75, min_ratings=2)["agreement"].to_dict()
    {'a': 0.0, 'b': 0.0, 'c': 0.0}

    """
    row, column, label = pilot.entries()
    others = pilot.class_counts()[row]
    others[np.arange(len(row)), label] -= 1
    leader, support = leading_class(others)
    looked_at, agrees = support > 0, leader == label
    m = len(pilot.sources)
    ratings = np.bincount(column[looked_at], minlength=m)
    agreement = np.bincount(column[agrees], minlength=m) / np.where(ratings, ratings, 1)
    return pd.DataFrame(
        {
            "ratings": ratings,
            "agreement": pd.array(np.where(ratings, agreement, np.nan), dtype="Float64"),
            "qualified": (ratings >= min_ratings) & (agreement >= min_agreement),
        },
        index=pd.Index(pilot.sources, name="annotator"),
    )
