"""The items that people disagree on most, with all that was said of them."""

from typing import Any

import numpy as np
import pandas as pd

from weakhitl.agreement import by_item
from weakhitl.gate import Assessment
from weakhitl.schema import ABSTAIN
from weakhitl.vote_names import positions
from weakhitl.votes import Votes

MOST = 10


def hardest_items(assessment: Assessment) -> list[str]:
    """Give the ids of the items that the report shows as the hardest: their texts belong into the evidence.

    Of the items on which people differ, but recalled ones, those whose ratings that count agree least; where they agree
    alike, in the dataset's order.
    """
    agreement = by_item(assessment.counted.votes)["agreement"]
    split = agreement[(agreement < 1) & ~agreement.index.isin(assessment.evidence.recalled_items)]
    place = positions(assessment.evidence.items, split.index)
    return [str(item) for item in split.index[np.lexsort((place, split))][:MOST]]


def hardest_content(assessment: Assessment) -> list[dict[str, Any]]:
    """One row an item: text where it is known, votes of people and functions, the label without people, decision."""
    items = pd.Index(hardest_items(assessment), dtype=object)
    evidence = assessment.evidence
    automatic = assessment.automatic.take_items(positions(evidence.items, items))
    names = [*evidence.schema.classes, None]
    probabilities, known = automatic.probabilities, automatic.known
    said, voted = _votes(assessment.counted.votes, items), _votes(evidence.functions, items)
    decisions = assessment.decisions
    rows = []
    for row, item in enumerate(items):
        best = int(probabilities[row].argmax())
        rows.append(
            {
                "item": item,
                "text": evidence.context.texts.get(item),
                "people": said[row],
                "functions": voted[row],
                "model": names[best] if known[row] else None,
                "probability": float(probabilities[row, best]) if known[row] else None,
                "decided": item in decisions.index,
                "decision": names[int(decisions[item])] if item in decisions.index else None,
            }
        )
    return rows


def _votes(votes: Votes, items: pd.Index) -> list[dict[str, str]]:
    """``[item]``: source -> class."""
    matrix = votes.take_items(positions(votes.items, items)).to_matrix()
    classes = votes.schema.classes
    return [
        {votes.sources[source]: classes[row[source]] for source in np.flatnonzero(row != ABSTAIN)} for row in matrix
    ]
