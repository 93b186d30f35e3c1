"""How right the labels are, against a truth that nothing else has seen."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from weakhitl.consensus import Consensus, hits
from weakhitl.estimate import exact_share
from weakhitl.gate.assessment import consolidate
from weakhitl.gold import encode_gold
from weakhitl.label_model import LabelModel, MajorityVote
from weakhitl.pipeline import Project
from weakhitl.schema import ABSTAIN
from weakhitl.votes import IntArray, Votes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Score:
    """Accuracy on the items that have a truth and anything known of them; tied classes share an item."""

    name: str
    right: float
    labelled: int
    known: int

    def __str__(self) -> str:
        if not self.labelled:
            return "no item labelled"
        return f"{exact_share(self.right, self.labelled, 'no item'):.1%} of {self.labelled}"


def accuracies(project: Project, truth: "pd.Series[Any]") -> list[Score]:
    """Score majority vote and label model over the functions, the release, and Snorkel's where installed."""
    assessment, votes = project.assess(), project.votes
    gold = encode_gold(truth, votes.items, votes.schema)
    released = Consensus.of_items(
        assessment.final.items,
        assessment.final.probabilities,
        assessment.final.known & assessment.released,
        votes.schema,
    )
    rows = [
        ("majority vote over the functions", consolidate(MajorityVote().fit(votes), votes)),
        ("label model over the functions", consolidate(LabelModel().fit(votes), votes)),
    ]
    if find_spec("snorkel") is not None:
        rows.append(("Snorkel's LabelModel over the functions", _snorkel(votes)))
    rows += [
        ("functions and people, before withholding", assessment.final),
        ("the released labels", released),
    ]
    return [_score(name, consensus, gold) for name, consensus in rows]


def _score(name: str, consensus: Consensus, gold: IntArray) -> Score:
    known = gold != ABSTAIN
    judged = known & consensus.known
    right = hits(consensus.probabilities[judged], gold[judged]).sum()
    return Score(name, float(right), int(judged.sum()), int(known.sum()))


def _snorkel(votes: Votes) -> Consensus:
    from snorkel.labeling.model import LabelModel as SnorkelLabelModel

    matrix = votes.to_matrix().astype(np.int64)
    model = SnorkelLabelModel(cardinality=len(votes.schema), verbose=False)
    model.fit(matrix, n_epochs=500, seed=123, progress_bar=False)
    known = np.asarray(votes.class_counts().any(axis=1))
    return Consensus.of_items(votes.items, np.asarray(model.predict_proba(matrix)), known, votes.schema)
