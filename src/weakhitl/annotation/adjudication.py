"""What is left to an adjudicator: ties, low consensus, items nobody could rate, and the audit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from weakhitl.routing import Batch
from weakhitl.routing.batch import AUDIT
from weakhitl.votes import Votes

TIE, LOW, UNRATED = "tie", "low consensus", "no rating"


def unclear(ratings: Votes, below: float) -> "pd.Series[str]":
    """Say per routed item why its ratings do not settle it: tie, low consensus, no rating, or ``""``.

    ``below`` is the share of the ratings that the leading class needs.
    """
    counts = ratings.class_counts()
    total, best = counts.sum(axis=1), counts.max(axis=1, initial=0)
    tied = (counts == best[:, None]).sum(axis=1) > 1
    reasons = np.select([total == 0, tied, best < below * total], [UNRATED, TIE, LOW], "")
    return pd.Series(reasons, index=ratings.items, dtype=object)


def adjudication_queue(ratings: Votes, batches: Sequence[Batch], decided: pd.Index, below: float) -> pd.DataFrame:
    """List items for the adjudicator as (item, why), decided ones left out, in the order of the batches.

    Every audited item is in it, however clear: the accuracy of a release is measured against decisions that
    were made on a random sample, not on the hard items alone.
    """
    reasons, known = unclear(ratings, below).to_dict(), set(decided)
    rows = []
    for batch in batches:
        if batch.kind == "pilot":
            continue
        for item, drawn in zip(batch.table["item"], batch.table["reason"], strict=True):
            why = reasons.get(item, "") or (AUDIT if drawn == AUDIT else "")
            if why and item not in known:
                rows.append((item, why))
    return pd.DataFrame(rows, columns=["item", "why"])
