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
        "majority": wh.MajorityVote(),
        "uniform balance": wh.DawidSkene(),
        "estimated balance": wh.DawidSkene(balance="estimate"),
    }
    proba = {name: model.fit(votes).predict_proba(votes) for name, model in found.items()}
    return {name: accuracy(values[judged], truth[judged]) for name, values in proba.items()}


def accuracy(proba: np.ndarray, truth: np.ndarray) -> float:
    """Percent right, a tie shared among its classes."""
    best = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    return float(100 * (best / best.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth].mean())


if __name__ == "__main__":
    main()
