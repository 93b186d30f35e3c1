"""Measure label models on simulated functions that vote one class or abstain, where the truth is known.

A function of class c fires on a lognormal share of c's items (median 15 %), and on as many others as make it right with
a probability drawn from Beta(6, 2.5). With ``shared`` errors, 15 % of the items look like another class to all of them.
Accuracy over items with a vote, ties shared, minus that of majority vote, in percentage points: mean and worst seed.

    python benchmarks/one_class.py [--seeds 10] [--out one_class.json]
"""

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import weakhitl as wh

WORLDS = [
    (2, 5, "even"),
    (2, 10, "even"),
    (2, 10, "90/10"),
    (2, 50, "even"),
    (2, 50, "90/10"),
    (4, 10, "even"),
    (4, 10, "1/rank"),
    (10, 30, "even"),
    (10, 30, "1/rank"),
    (77, 150, "even"),
]
MODELS = {
    "dawid-skene": wh.DawidSkene,
    "estimated balance": lambda: wh.DawidSkene(balance="estimate"),
    "mace": wh.MACE,
    "auto": wh.LabelModel,
}


def main() -> None:
    """Score the models in every world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("one_class.json"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    rows = []
    for k, m, balance in WORLDS:
        for shared in (0.0, 0.15):
            runs = [score(*world(k, m, balance, arguments.items, shared, seed), k) for seed in range(arguments.seeds)]
            table = pd.DataFrame(runs)
            row = {"classes": k, "functions": m, "balance": balance, "shared": shared}
            row["majority"] = table["majority"].mean()
            for name in MODELS:
                gain = table[name] - table["majority"]
                row |= {name: gain.mean(), f"{name}, worst": gain.min()}
            rows.append(row)
            print(pd.Series(row).to_dict(), flush=True)
    table = pd.DataFrame(rows)
    arguments.out.write_text(json.dumps(table.to_dict("records"), indent=2))
    print(table.round(1).to_string(index=False))
    print(table.drop(columns=["classes", "functions", "balance", "shared"]).mean().round(1).to_string())


def world(k: int, m: int, balance: str, n: int, shared: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """``votes[item, function]`` and ``truth[item]``."""
    rng = np.random.default_rng(seed)
    shares = {"even": np.ones(k), "1/rank": 1 / np.arange(1, k + 1), "90/10": np.array([9.0, 1.0])}[balance]
    shares = shares / shares.sum()
    truth = rng.choice(k, n, p=shares)
    seems = np.where(rng.random(n) < shared, rng.integers(0, k, n), truth)
    classes = np.concatenate([np.arange(k), rng.integers(0, k, max(0, m - k))])[:m]
    votes = np.full((n, m), -1)
    for function, label in enumerate(classes):
        fires = min(np.exp(rng.normal(np.log(0.15), 0.8)), 0.9)
        right = rng.beta(6, 2.5)
        false = min(fires * shares[label] * (1 - right) / right / (1 - shares[label]), 0.5)
        votes[rng.random(n) < np.where(seems == label, fires, false), function] = label
    return votes, truth


def score(votes: np.ndarray, truth: np.ndarray, k: int) -> dict[str, float]:
    """Accuracies in percent."""
    given = wh.Votes.from_matrix(votes, wh.LabelSchema([str(c) for c in range(k)]))
    judged = (votes >= 0).any(axis=1)
    found = {"majority": wh.MajorityVote(), **{name: make() for name, make in MODELS.items()}}
    return {
        name: accuracy(model.fit(given).predict_proba(given)[judged], truth[judged]) for name, model in found.items()
    }


def accuracy(proba: np.ndarray, truth: np.ndarray) -> float:
    """Percent right, a tie shared among its classes."""
    best = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    return float(100 * (best / best.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth].mean())


if __name__ == "__main__":
    main()
