"""Read folders of votes with truth: ``votes.parquet`` of functions, ``votes.csv.gz`` and truth of people."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import weakhitl as wh


@dataclass(frozen=True)
class VoteSet:
    """Votes and ``truth[item]``, -1 where unknown; ``kind`` is functions or crowd."""

    name: str
    kind: str
    votes: wh.Votes
    truth: np.ndarray

    @property
    def judged(self) -> np.ndarray:
        """``mask[item]``: has a vote and a truth."""
        return self.votes.class_counts().any(axis=1) & (self.truth >= 0)


def read_set(folder: Path) -> VoteSet:
    """Read one folder; of several votes of one person on one item the first counts."""
    if (folder / "votes.parquet").exists():
        table = pd.read_parquet(folder / "votes.parquet")
        matrix = table[[name for name in table if name.startswith("lf_")]].to_numpy().astype(np.int64)
        truth = table["label"].to_numpy().astype(np.int64)
        return VoteSet(folder.name, "functions", wh.Votes.from_matrix(matrix, schema(matrix, truth)), truth)
    votes = pd.read_csv(folder / "votes.csv.gz", dtype={"item": str, "annotator": str})
    votes = votes.drop_duplicates(["item", "annotator"])
    known = pd.read_csv(folder / "truth.csv.gz", dtype={"item": str}).set_index("item")["label"]
    items, people = pd.Index(votes["item"].unique()), pd.Index(votes["annotator"].unique())
    truth = known.reindex(items).fillna(-1).astype(np.int64).to_numpy()
    label = votes["label"].to_numpy().astype(np.int64)
    entries = items.get_indexer(votes["item"]), people.get_indexer(votes["annotator"]), label
    return VoteSet(folder.name, "crowd", wh.Votes.from_entries(entries, schema(label, truth), items, people), truth)


def schema(*labels: np.ndarray) -> wh.LabelSchema:
    """Classes 0 to the highest label."""
    return wh.LabelSchema([str(c) for c in range(max(int(part.max()) for part in labels) + 1)])


def simulate(n: int, m: int, k: int, *, firing: float = 0.3, seed: int = 0) -> np.ndarray:
    """Dawid and Skene's world: ``votes[item, source]``, balanced classes, accuracies from .55 to .9, int8."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n, dtype=np.int8)
    matrix = np.full((n, m), -1, dtype=np.int8)
    for source, accuracy in enumerate(rng.uniform(0.55, 0.9, m)):
        fires = rng.random(n, dtype=np.float32) < firing
        wrong = (truth + rng.integers(1, k, n, dtype=np.int8)) % k if k > 1 else truth
        matrix[:, source] = np.where(fires, np.where(rng.random(n, dtype=np.float32) < accuracy, truth, wrong), -1)
    return matrix
