"""What copies of a source cost: real and made votes with one source nine times more, and simulated worlds.

Each copy has a slip in a hundred votes, a class drawn at random. Points of accuracy (percent right over items with a
vote, ties shared) and nats of log-loss against the same model without the copies, means over up to three sources that
vote several classes on fifty items.

    python benchmarks/copies.py FOLDER [FOLDER ...] [--simulate 25] [--out copies.json]

With ``--simulate``, how often near-duplicates are found: worlds with copies, worlds of independent sources of
different accuracies, even and uneven classes, and worlds of good sources beside functions that vote one class.
"""

import argparse
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from label_models import measures
from vote_sets import VoteSet, read_set

import weakhitl as wh
from weakhitl.label_model.rows import vote_rows
from weakhitl.label_model.twins import twin_groups

MODELS: dict[str, Any] = {"auto": wh.LabelModel, "dawid-skene": wh.DawidSkene, "majority": wh.MajorityVote}
COPIES = 9
SLIP = 0.01
LEAST_VOTES = 50


def main() -> None:
    """Measure, and print a table of sets and one of worlds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--simulate", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("copies.json"))
    arguments = parser.parse_args()
    sets = [row for folder in arguments.folders for row in costs(read_set(folder))]
    worlds = [
        row
        for seed in range(arguments.simulate)
        for make in (with_copies, independent, beside_functions)
        for row in make(seed)
    ]
    arguments.out.write_text(json.dumps({"sets": sets, "worlds": worlds}, indent=2))
    table = pd.DataFrame(sets).pivot_table(index="set", columns="model", values=["accuracy", "log_loss"])
    print(table.round(2).to_string())
    print(table.mean().round(2).to_string())
    if worlds:
        groups = pd.DataFrame(worlds).groupby(["kind", "copies", "others"], dropna=False)[["found", "accuracy"]]
        print(groups.mean().round(3).to_string())


def costs(votes: VoteSet) -> list[dict[str, Any]]:
    """Measure what copies of some sources of one set cost each model; nothing where no source votes several classes."""
    rng = np.random.default_rng(0)
    matrix, k = votes.votes.to_matrix(), len(votes.votes.schema)
    several = [source for source, said in enumerate(matrix.T) if _votes_several_classes(said)]
    chosen = rng.choice(several, min(3, len(several)), replace=False) if several else []
    crowded = [copied(rng, matrix, source, k) for source in chosen]
    rows = []
    for name, make in MODELS.items() if crowded else []:
        alone = _measured(make(), votes)
        for other in crowded:
            found = _measured(make(), replace(votes, votes=wh.Votes.from_matrix(other, votes.votes.schema)))
            rows.append({"set": votes.name, "model": name} | {key: found[key] - alone[key] for key in alone})
    return rows


def copied(rng: np.random.Generator, matrix: np.ndarray, source: int, k: int) -> np.ndarray:
    """Add copies of a source."""
    copies = np.repeat(matrix[:, [source]], COPIES, axis=1)
    slips = (rng.random(copies.shape) < SLIP) & (copies >= 0)
    return np.hstack([matrix, np.where(slips, rng.integers(0, k, copies.shape), copies)])


def with_copies(seed: int) -> list[dict[str, Any]]:
    """Make worlds with copies of one source; ``found``: the part of the pairs of copies."""
    rows = []
    for n, k, copies, others in itertools.product((300, 2000), (2, 4), (2, 4, 7), (2, 3, 6)):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, k, n)
        accuracies = rng.uniform(0.6, 0.95, others + 1)
        each = _said(rng, truth, np.repeat(accuracies[:, None], n, axis=1), k)
        matrix = np.hstack([each[:, :1], *[each[:, :1]] * (copies - 1), each[:, 1:]])
        slips = (rng.random(matrix.shape) < SLIP) & (np.arange(matrix.shape[1]) < copies)
        matrix = np.where(slips, rng.integers(0, k, matrix.shape), matrix)
        groups, accuracy = _asked(matrix, truth)
        found = np.mean([groups[i] == groups[j] for i, j in itertools.combinations(range(copies), 2)])
        rows.append({"kind": "copies", "copies": copies, "others": others, "found": found, "accuracy": accuracy})
    return rows


def independent(seed: int) -> list[dict[str, Any]]:
    """Make worlds of independent sources; ``found``: whether there is any pair, which is false.

    A source is right on another part of the items of the first class than of the others where that class leads.
    """
    rows = []
    for n, k, m, share in itertools.product((300, 2000), (2, 4), (3, 4, 6, 10), (None, 0.9, 0.97)):
        rng = np.random.default_rng(seed)
        balance = np.full(k, 1 / k) if share is None else np.array([share] + [(1 - share) / (k - 1)] * (k - 1))
        truth = rng.choice(k, n, p=balance)
        often, seldom = rng.uniform(np.where(rng.random(m) < 0.5, 0.9, 0.6), 0.995), rng.uniform(0.4, 0.95, m)
        right = np.where(truth == 0, often[:, None], (often if share is None else seldom)[:, None])
        groups, accuracy = _asked(_said(rng, truth, right, k), truth)
        found = float(len(np.unique(groups)) < m)
        kind = f"independent, {share or 'even'}"
        rows.append({"kind": kind, "copies": 0, "others": m, "found": found, "accuracy": accuracy})
    return rows


def beside_functions(seed: int) -> list[dict[str, Any]]:
    """Make worlds of good sources beside functions that vote one class; ``found``: whether there is any pair."""
    rows = []
    for n, k, m, functions in itertools.product((300, 2000), (2, 5), (2, 4), (10, 40)):
        rng = np.random.default_rng(seed)
        truth, classes = rng.integers(0, k, n), np.arange(functions) % k
        good = _said(rng, truth, np.repeat(rng.uniform(0.97, 0.99, m)[:, None], n, axis=1), k)
        fires = rng.random((n, functions)) < np.where(truth[:, None] == classes, 0.4, 0.2)
        groups, accuracy = _asked(np.hstack([good, np.where(fires, classes, -1)]), truth)
        found = float(len(np.unique(groups)) < m + functions)
        kind = "beside functions"
        rows.append({"kind": kind, "copies": 0, "others": functions, "found": found, "accuracy": accuracy})
    return rows


def _asked(matrix: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    """Give the groups of near-duplicates, and the accuracy of the labels."""
    groups = twin_groups(vote_rows(wh.Votes.from_matrix(matrix)))
    return groups, float((wh.LabelModel().fit(matrix).predict(matrix) == truth).mean())


def _said(rng: np.random.Generator, truth: np.ndarray, right: np.ndarray, k: int) -> np.ndarray:
    """``votes[item, source]`` that are right with probability ``right[source, item]``, errors spread evenly."""
    wrong = (truth + rng.integers(1, k, right.shape)) % k
    return np.where(rng.random(right.shape) < right, truth, wrong).T


def _votes_several_classes(said: np.ndarray) -> bool:
    cast = said[said >= 0]
    return len(cast) >= LEAST_VOTES and len(np.unique(cast)) > 1


def _measured(model: Any, votes: VoteSet) -> dict[str, float]:
    found = measures(model.fit_predict_proba(votes.votes), votes)
    return {key: float(found[key]) for key in ("accuracy", "log_loss")}


if __name__ == "__main__":
    main()
