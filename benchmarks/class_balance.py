"""Measure what happens when EM estimates the class balance of one-class labeling functions.

Reads folders with ``votes.parquet`` (columns lf_0, lf_1, … of class indices, -1 abstains, and label). Accuracy is over
rows with a vote and a label, ties shared, in percent.

    python benchmarks/class_balance.py FOLDER [FOLDER ...] [--out class_balance.json]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

import weakhitl as wh
from weakhitl.label_model.dawid_skene import _expect, _maximize, _prior, _vote_shares
from weakhitl.label_model.ledger import indicator

STEPS = 300


def main() -> None:
    """Score majority vote, the uniform balance and the estimated one on every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("class_balance.json"))
    arguments = parser.parse_args()
    table = pd.DataFrame({folder.name: score(folder / "votes.parquet") for folder in arguments.folders}).T
    table.loc["mean"] = table.mean()
    arguments.out.write_text(json.dumps(table.to_dict("index"), indent=2))
    print(table.round(1).to_string())


def score(path: Path) -> dict[str, float]:
    """Accuracies of the three on one set."""
    table = pd.read_parquet(path)
    matrix = table[[name for name in table if name.startswith("lf_")]].to_numpy().astype(np.int64)
    truth = table["label"].to_numpy().astype(np.int64)
    k = int(max(matrix.max(), truth.max())) + 1
    votes = wh.Votes.from_matrix(matrix, wh.LabelSchema([str(c) for c in range(k)]))
    judged = votes.class_counts().any(axis=1) & (truth >= 0)
    found = {
        "majority": wh.MajorityVote().fit(votes).predict_proba(votes),
        "uniform balance": wh.LabelModel().fit(votes).predict_proba(votes),
        "estimated balance": free_em(votes),
    }
    return {name: accuracy(proba[judged], truth[judged]) for name, proba in found.items()}


def free_em(votes: wh.Votes) -> np.ndarray:
    """Run the same EM, with the balance set to the mean posterior of the voted rows after every step."""
    model, k = wh.DawidSkene(), len(votes.schema)
    patterns = votes.patterns()
    cells, counts = indicator(patterns.votes), patterns.counts
    voted = counts * patterns.votes.class_counts().any(axis=1)
    posterior, prior = _vote_shares(cells, k), _prior(k, model.prior_votes, model.prior_accuracy)
    for _ in range(STEPS):
        confusion = _maximize(cells, posterior, counts, prior)
        balance = np.maximum(voted @ posterior, 1e-9)
        posterior = _expect(cells, confusion, balance / balance.sum())
    return posterior[patterns.inverse]


def accuracy(proba: np.ndarray, truth: np.ndarray) -> float:
    """Percent right, a tie shared among its classes."""
    best = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    return float(100 * (best / best.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth].mean())


if __name__ == "__main__":
    main()
