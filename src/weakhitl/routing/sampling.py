"""The sampling design: a uniform audit first, then the items with most disagreement, probabilities known."""

from collections.abc import Sequence
from math import ceil

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from weakhitl.arrays import ArrayLike
from weakhitl.errors import UsageError
from weakhitl.routing.batch import AUDIT, PILOT, REQUESTED, Batch
from weakhitl.votes import FloatArray
from weakhitl.wording import number_of


def draw_pilot(items: pd.Index, size: int, seed: int) -> Batch:
    """Draw a pilot uniformly from ``items``; all ratings of its items count."""
    _check_size("pilot", size, len(items))
    chosen = np.sort(np.random.default_rng(seed).choice(len(items), size, replace=False))
    table = pd.DataFrame({"item": items[chosen], "reason": PILOT, "probability": size / len(items), "rank": 0})
    return Batch("pilot", seed, None, len(items), table)


def draw_batch(
    ordered: pd.Index, budget: int, audit: int, overlap: int, seed: int, strategy: str = "disagreement"
) -> Batch:
    """Draw the audit uniformly from all items of the frame, then fill the budget in their order.

    Parameters
    ----------
    ordered
        The frame (items in no earlier batch), in the order of the strategy.
    budget, audit
        Items in all, and how many of them are the uniform sample.
    overlap
        Ratings that count per item.
    seed
        Of the draw.
    strategy
        What the order goes by: the reason of the items that are not audited.

    Returns
    -------
    Batch
        In random order, so that annotators cannot tell the audit from the rest.

    """
    n = len(ordered)
    _check_size("budget", budget, n)
    if not 0 <= audit <= budget:
        raise UsageError(f"the audit of {audit} is a part of the budget of {budget}; choose a smaller one")
    rng = np.random.default_rng(seed)
    audited = np.zeros(n, dtype=bool)
    audited[rng.choice(n, audit, replace=False)] = True
    filled = np.flatnonzero(~audited)[: budget - audit]
    rows = rng.permutation(np.concatenate([np.flatnonzero(audited), filled]))
    probability = inclusion_probability(np.arange(1, n + 1), n, audit, budget - audit)
    table = pd.DataFrame(
        {
            "item": ordered[rows],
            "reason": np.where(audited[rows], AUDIT, strategy),
            "probability": probability[rows],
            "rank": rows + 1,
        }
    )
    return Batch("routing", seed, overlap, n, table)


def book_requested(items: Sequence[str], known: int, share: float, overlap: int, earlier: Sequence[Batch]) -> Batch:
    """Make a batch of items that somebody asked for, and draw its audit.

    Parameters
    ----------
    items
        Their ids.
    known
        How many of them were in the dataset before.
    share
        Of all items that were ever asked for, how many are audited, rounded up; 0 draws no lot.
    overlap
        Ratings that count per item.
    earlier
        All batches so far. The share is kept over them together, so that many small batches are audited no more than
        a large one, and their number is the seed.

    """
    lots = [batch for batch in earlier if batch.by_lot]
    wanted = ceil(share * (sum(len(batch.items) for batch in lots) + len(items)))
    audit = max(0, wanted - sum(len(batch.drawn_for_audit) for batch in lots))
    place = np.random.default_rng(len(earlier)).permutation(len(items)) + 1
    table = pd.DataFrame(
        {
            "item": list(items),
            "reason": np.where(place <= audit, AUDIT, REQUESTED) if share else REQUESTED,
            "probability": 1.0,
            "rank": place if share else 0,
        }
    )
    return Batch("requested", len(earlier), overlap, known, table)


def inclusion_probability(rank: ArrayLike, n: int, audit: int, fill: int) -> FloatArray:
    """Probability that the item of each disagreement rank (from 1) is routed.

    It is in the audit with probability ``audit / n``; otherwise it is routed when fewer than ``fill`` of the
    items ranked before it were left by the audit, whose number is hypergeometric.

    Examples
    --------
    >>> inclusion_probability([1, 2, 3], n=3, audit=1, fill=1).round(3)
    array([1.   , 0.667, 0.333])

    """
    ranks = np.asarray(rank)
    in_audit = audit / n
    filled = np.where(ranks <= fill, 1.0, 0.0)
    doubtful = (ranks > fill) & (fill > 0)
    filled[doubtful] = hypergeom.sf(ranks[doubtful] - fill - 1, n - 1, audit, ranks[doubtful] - 1)
    return np.asarray(in_audit + (1 - in_audit) * filled)


def _check_size(what: str, size: int, n: int) -> None:
    if size < 1:
        raise UsageError(f"the {what} is {size}; expected at least one item")
    if size > n:
        raise UsageError(
            f"the {what} is {size:,}, but only {number_of(n, 'item is', 'items are')} left that no earlier batch "
            "holds; ask for no more"
        )
