"""Measure what it costs to estimate the class balance, within EM or by majority vote, or to take it for uniform.

The same EM (``DawidSkene``) with each of them, on sets of votes, or with ``--simulate`` in worlds where errors are
independent. Accuracy in percent over items with a vote, ties shared, and log-loss in nats.

    python benchmarks/class_balance.py [FOLDER ...] [--simulate SEEDS] [--out class_balance.json]
"""

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from label_models import measures
from vote_sets import VoteSet, read_set

import weakhitl as wh


def main() -> None:
    """Score every set and world, and print a table for each measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--simulate", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--out", type=Path, default=Path("class_balance.json"))
    arguments = parser.parse_args()
    sets = [read_set(folder) for folder in arguments.folders]
    rows = [row for votes in itertools.chain(sets, worlds(arguments.simulate)) for row in scores(votes)]
    arguments.out.write_text(json.dumps(rows, indent=2))
    for measure in ("accuracy", "log_loss"):
        table = pd.DataFrame(rows).pivot_table(index="set", columns="balance", values=measure, sort=False)
        table.loc["mean"] = table.mean()
        print(f"\n{measure}\n{table.round(2).to_string()}")


def scores(votes: VoteSet) -> list[dict[str, Any]]:
    """Measure majority vote, and EM with every balance."""
    majority = wh.MajorityVote().fit(votes.votes).predict_proba(votes.votes)
    covered = votes.votes.class_counts().any(axis=1)
    balances: dict[str, Any] = {
        "uniform": None,
        "by EM": "estimate",
        "by majority": _shares(majority[covered].sum(axis=0)),
        "true": _shares(np.bincount(votes.truth[votes.judged], minlength=len(votes.votes.schema))),
    }
    found = {"majority vote": measures(majority, votes)}
    for name, balance in balances.items():
        model = wh.DawidSkene(balance=balance).fit(votes.votes)
        found[name] = measures(model.predict_proba(votes.votes), votes)
    return [{"set": votes.name, "balance": name} | measured for name, measured in found.items()]


def _shares(counts: np.ndarray) -> np.ndarray:
    return (counts + 1.0) / (counts + 1.0).sum()


def worlds(seeds: int) -> Iterator[VoteSet]:
    """Simulate sources that vote on 60 % of the items, with errors of their own, and know some classes better."""
    for k, top, n, m in itertools.product((2, 5), (None, 0.8, 0.92), (300, 3000), (5, 15)):
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            balance = np.full(k, 1 / k) if top is None else np.array([top] + [(1 - top) / (k - 1)] * (k - 1))
            truth = rng.choice(k, n, p=balance)
            votes = np.column_stack([_said(rng, truth, k) for _ in range(m)])
            share = "even" if top is None else f"{top:.0%} of one class"
            name = f"{k} classes, {share}, {n:,} items, {m} sources"
            yield VoteSet(name, "simulated", wh.Votes.from_matrix(votes, wh.LabelSchema.numbered(k)), truth)


def _said(rng: np.random.Generator, truth: np.ndarray, k: int) -> np.ndarray:
    accuracy = np.clip(rng.uniform(0.5 if k == 2 else 0.35, 0.9) + rng.normal(0, 0.08, k), 0.3, 0.98)
    wrong = rng.dirichlet(np.ones(k), k)
    np.fill_diagonal(wrong, 0.0)
    rates = np.diag(accuracy) + (1 - accuracy[:, None]) * wrong / wrong.sum(axis=1, keepdims=True)
    voted = (rng.random(len(truth))[:, None] > rates.cumsum(axis=1)[truth]).sum(axis=1).clip(max=k - 1)
    return np.where(rng.random(len(truth)) < 0.6, voted, wh.ABSTAIN)


if __name__ == "__main__":
    main()
