"""Who counts: annotators are qualified on a pilot, never on the items that the gate then measures."""

import numpy as np
import pandas as pd

from weakhitl.agreement.distances import agreement_weights
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import FloatArray, IntArray, Votes


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


def told_by_others(
    others: IntArray, label: IntArray, weights: FloatArray | None = None
) -> tuple[np.ndarray, FloatArray]:
    """Say of ratings whether the others' ratings of the item tell of them, and how far they agree.

    A rating agrees (1) if it is the one class with the most of the others' ratings, and does not (0) if it is none of
    those with the most. If it is one of several, or there are no others, they tell nothing.

    On a scale hardly any two are the same, and near ratings agree in part: with the mean of the others, by ``weights``.

    Parameters
    ----------
    others
        ``others[rating, class]``: how many of the others said so of the item.
    label
        ``label[rating]``: class index.
    weights
        ``weights[class, class]``: how far two classes agree, see ``partial_weights``; None where no two do in part.

    Returns
    -------
    tuple
        ``told[rating]`` and ``agrees[rating]``, 0 to 1; 0 where nothing is told.

    Examples
    --------
    >>> told, agrees = told_by_others(np.array([[2, 0, 0], [2, 0, 0], [1, 1, 0], [1, 1, 0]]), np.array([0, 1, 0, 2]))
    >>> told.tolist(), agrees.tolist()
    ([True, True, False, True], [1.0, 0.0, 0.0, 0.0])

    """
    if weights is not None:
        present = others.sum(axis=1)
        return present > 0, (others * weights[label]).sum(axis=1) / np.maximum(present, 1)
    leader, support = leading_class(others)
    agrees = leader == label
    refuted = others[np.arange(len(label)), label] < support
    return agrees | refuted, agrees.astype(np.float64)


def partial_weights(schema: LabelSchema) -> FloatArray | None:
    """``weights[class, class]``: 1 minus how far apart they are, in parts of the scale; None for classes of no order.

    Linear, where the kappas of a scale are quadratic or nearly so: whoever rates at random comes near others then.

    >>> partial_weights(LabelSchema(["1", "2", "3"], level="ordinal")).tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]

    """
    if schema.level == "nominal":
        return None
    ranks = tuple(map(float, range(len(schema))))
    return agreement_weights("linear", ranks if schema.level == "ordinal" else schema.values)  # noqa: PD011 - no table


def qualify(pilot: Votes, min_agreement: float, min_ratings: int) -> pd.DataFrame:
    """Compare every annotator with the others on a pilot.

    Leave-one-out agreement is how far an annotator's ratings agree with the *other* ratings of the item, where these
    tell (see ``told_by_others``).

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
    looked_at, agrees = told_by_others(others, label, partial_weights(pilot.schema))
    m = len(pilot.sources)
    ratings = np.bincount(column[looked_at], minlength=m)
    agreement = np.bincount(column, weights=agrees, minlength=m) / np.where(ratings, ratings, 1)
    return pd.DataFrame(
        {
            "ratings": ratings,
            "agreement": pd.array(np.where(ratings, agreement, np.nan), dtype="Float64"),
            "qualified": (ratings >= min_ratings) & (agreement >= min_agreement),
        },
        index=pd.Index(pilot.sources, name="annotator"),
    )
