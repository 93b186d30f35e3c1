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


def told_by_others(others: IntArray, label: IntArray) -> tuple[np.ndarray, np.ndarray]:
    """Say of ratings whether the others' ratings of the item tell of them, and whether they confirm them.

    A rating is confirmed if it is the one class with the most of the others' ratings, and refuted if it is none of
    those with the most. If it is one of several, or there are no others, they tell nothing.

    Parameters
    ----------
    others
        ``others[rating, class]``: how many of the others said so of the item.
    label
        ``label[rating]``: class index.

    Returns
    -------
    tuple
        ``told[rating]`` and ``confirmed[rating]``.

    Examples
    --------
    >>> told, confirmed = told_by_others(np.array([[2, 0, 0], [2, 0, 0], [1, 1, 0], [1, 1, 0]]), np.array([0, 1, 0, 2]))
    >>> told.tolist(), confirmed.tolist()
    ([True, True, False, True], [True, False, False, False])

    """
    leader, support = leading_class(others)
    confirmed = leader == label
    refuted = others[np.arange(len(label)), label] < support
    return confirmed | refuted, confirmed


def qualify(pilot: Votes, min_agreement: float, min_ratings: int) -> pd.DataFrame:
    """Compare every annotator with the others on a pilot.

    Leave-one-out agreement is the share of an annotator's ratings that the *other* ratings of the item confirm, of
    those that they confirm or refute (see ``told_by_others``).

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
    >>> ratings = Votes.from_matrix([[0, 0, 0], [1, 1, 0], [1, 1, 0]], LabelSchema(["no", "yes"]), sources=list("abc"))
    >>> qualify(ratings, min_agreement=0.75, min_ratings=1)[["ratings", "agreement"]].to_numpy().tolist()
    [[1, 1.0], [1, 1.0], [3, 0.3333333333333333]]

    """
    row, column, label = pilot.entries()
    others = pilot.class_counts()[row]
    others[np.arange(len(row)), label] -= 1
    looked_at, agrees = told_by_others(others, label)
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
