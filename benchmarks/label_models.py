"""Measure label models on real votes: accuracy, calibration, and what gold labels add.

Accuracy is over items with a vote and a truth, ties shared, in percent; ECE with 10 bins, in percent; log-loss in
nats. Gold labels are drawn at random from all items with a truth, and the others are judged. Peers take part where
they are installed (benchmarks/peers.sh).

    python benchmarks/label_models.py FOLDER [FOLDER ...] [--gold-seeds 30] [--out label_models.json]
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from vote_sets import VoteSet, read_set

import weakhitl as wh

OURS: dict[str, Callable[[int], Any]] = {
    "majority": lambda _: wh.MajorityVote(),
    "weighted": lambda _: wh.WeightedVote(),
    "dawid-skene": lambda _: wh.DawidSkene(),
    "dawid-skene, estimated balance": lambda _: wh.DawidSkene(balance="estimate"),
    "one-coin": lambda _: wh.OneCoin(),
    "mace": lambda _: wh.MACE(),
    "triplets": lambda _: wh.Triplets(),
    "auto": lambda _: wh.LabelModel(),
}
CROWD_KIT = ("DawidSkene", "OneCoinDawidSkene", "GLAD", "MMSR", "MACE", "KOS")
CEILING = "each row's commonest truth"
SEEDED = ("snorkel", "crowd-kit MMSR", "crowd-kit KOS")


def main() -> None:
    """Score every model on every set, then gold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=3, help="of the models that are random")
    parser.add_argument("--gold-seeds", type=int, default=30)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("label_models.json"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    sets = [read_set(folder) for folder in arguments.folders]
    scores = pd.DataFrame([row for votes in sets for row in _scores(votes, arguments)])
    gold = pd.DataFrame([row for votes in sets for row in gold_gains(votes, arguments.gold_seeds)])
    arguments.out.write_text(json.dumps({"scores": scores.to_dict("records"), "gold": gold.to_dict("records")}))
    _print(scores, gold)


def _scores(votes: VoteSet, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    models = OURS if arguments.no_peers else OURS | _peers(votes)
    rows = []
    for name, make in models.items():
        for seed in range(arguments.seeds if name in SEEDED else 1):
            start = time.perf_counter()
            try:
                proba = make(seed).fit(votes.votes).predict_proba(votes.votes)
            except (wh.WeakHITLError, ValueError, IndexError) as error:
                print(f"{votes.name}: {name} failed: {error}"[:120])
                continue
            seconds = time.perf_counter() - start
            rows.append({"set": votes.name, "kind": votes.kind, "model": name, "seed": seed, "seconds": seconds})
            rows[-1] |= measures(proba, votes)
    ceiling = {"set": votes.name, "kind": votes.kind, "model": CEILING, "seed": 0, "seconds": 0.0}
    return [*rows, ceiling | measures(_commonest_truth(votes), votes)]


def _commonest_truth(votes: VoteSet) -> np.ndarray:
    """Shares of the true classes among items with the same votes: no model of votes alone can be right more often."""
    patterns = votes.votes.patterns()
    counts = np.zeros((len(patterns.counts), len(votes.votes.schema)))
    np.add.at(counts, (patterns.inverse[votes.judged], votes.truth[votes.judged]), 1.0)
    return (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))[patterns.inverse]


def _peers(votes: VoteSet) -> dict[str, Callable[[int], Any]]:
    found: dict[str, Callable[[int], Any]] = {}
    if votes.kind == "functions" and find_spec("snorkel"):
        found["snorkel"] = lambda seed: wh.SnorkelLabelModel(seed=seed)
    if votes.kind == "crowd" and find_spec("crowdkit"):
        for name in CROWD_KIT:
            if name != "KOS" or len(votes.votes.schema) == 2:
                found[f"crowd-kit {name}"] = lambda seed, name=name: wh.CrowdKitModel(name=name, seed=seed)
    return found


def measures(proba: np.ndarray, votes: VoteSet, mask: np.ndarray | None = None) -> dict[str, float]:
    """Accuracy in percent with ties shared, calibration error, log-loss, and unanimous items that got another label."""
    judged = votes.judged if mask is None else mask
    truth, proba = votes.truth[judged], proba[judged]
    leading = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    right = (leading / leading.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth]
    bins = np.minimum((proba.max(axis=1) * 10).astype(int), 9)
    gaps = np.bincount(bins, weights=proba.max(axis=1) - right)
    counts = votes.votes.class_counts()[judged]
    agreed = (counts > 0).sum(axis=1) == 1
    return {
        "accuracy": 100 * right.mean(),
        "ece": 100 * np.abs(gaps).sum() / len(truth),
        "log_loss": -np.log(np.maximum(proba[np.arange(len(truth)), truth], 1e-12)).mean(),
        "overturned": int((agreed & ~leading[np.arange(len(truth)), counts.argmax(axis=1)]).sum()),
    }


def gold_gains(votes: VoteSet, seeds: int) -> list[dict[str, Any]]:
    """Measure what 30, 100 and 300 gold labels add on the other items, if those are two thirds or more."""
    base = wh.LabelModel().fit(votes.votes).predict_proba(votes.votes)
    rows = []
    for n_gold in (n for n in (30, 100, 300) if 3 * n <= len(votes.truth)):
        for seed in range(seeds):
            at = np.random.default_rng(seed).choice(np.flatnonzero(votes.truth >= 0), n_gold, replace=False)
            gold = np.full(len(votes.truth), -1)
            gold[at] = votes.truth[at]
            others = votes.judged & (gold < 0)
            proba = wh.LabelModel().fit(votes.votes, gold=gold).predict_proba(votes.votes)
            after, before = measures(proba, votes, others), measures(base, votes, others)
            row = {"set": votes.name, "kind": votes.kind, "gold": n_gold, "seed": seed}
            rows.append(row | {name: after[name] - before[name] for name in ("accuracy", "ece", "log_loss")})
    return rows


def _print(scores: pd.DataFrame, gold: pd.DataFrame) -> None:
    for kind, part in scores.groupby("kind", sort=False):
        for measure in ("accuracy", "ece", "log_loss", "overturned"):
            table = part.pivot_table(index="model", columns="set", values=measure, sort=False)
            table["mean"] = table.mean(axis=1, skipna=False)
            print(f"\n{kind}: {measure}\n{table.round(2).to_string()}")
        spread = part[part["model"].isin(SEEDED)].groupby(["model", "seed"])["accuracy"].mean().groupby("model")
        print(f"\n{kind}: spread of the mean accuracy over seeds\n{spread.agg(['min', 'max']).round(2).to_string()}")
    for kind, part in gold.groupby("kind", sort=False):
        for measure in ("accuracy", "ece", "log_loss"):
            mean = part.pivot_table(index="gold", columns="set", values=measure, sort=False)
            error = part.pivot_table(index="gold", columns="set", values=measure, aggfunc="sem", sort=False)
            mean["mean"] = mean.mean(axis=1)
            print(
                f"\ngold labels, {kind}: change of {measure}\n{mean.round(2).to_string()}\nstandard errors over seeds"
            )
            print(error.round(2).to_string())


if __name__ == "__main__":
    main()
