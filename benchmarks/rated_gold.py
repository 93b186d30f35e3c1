"""Measure what gold teaches about functions where people rated the gold items, as they do in a project.

Three simulated people, right on 95, 92 and 88 %, rate 150 random items; the majority of what they say of 100 of them is
the gold. Accuracy, in percent, of labels by functions alone on the items that nobody rated, and the share of these
items with a confidence of .8 and more.

    python benchmarks/rated_gold.py FOLDER [FOLDER ...] [--seeds 20] [--out rated_gold.json]
"""

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from vote_sets import VoteSet, read_set

import weakhitl as wh
from weakhitl.consensus import hits

RIGHT = {"ana": 0.95, "bo": 0.92, "cy": 0.88}
RATED, GOLD, CONFIDENT = 150, 100, 0.8


def main() -> None:
    """Score every way on every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("rated_gold.json"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    sets = [read_set(folder) for folder in arguments.folders]
    rows = [row for votes in sets for seed in range(arguments.seeds) for row in score(votes, seed)]
    arguments.out.write_text(json.dumps(rows, indent=2))
    table = pd.DataFrame(rows)
    for figure, of in [("accuracy", "mean"), ("accuracy", "sem"), ("confident", "mean")]:
        print(f"\n{figure}, {of}")
        print(table.pivot_table(figure, "way", "set", of, sort=False).round(2).to_string())


def score(votes: VoteSet, seed: int) -> list[dict[str, object]]:
    """Teach the model in every way with one draw of items and people."""
    rng = np.random.default_rng(seed)
    functions = votes.votes
    rated = rng.choice(np.flatnonzero(votes.truth >= 0), RATED, replace=False)
    people = ratings(votes, rated, rng)
    counts = people.class_counts()[rated[:GOLD]]
    settled = (counts == counts.max(axis=1, keepdims=True)).sum(axis=1) == 1
    gold = np.full(len(functions), -1)
    gold[rated[:GOLD][settled]] = counts.argmax(axis=1)[settled]
    both, rest = functions.join(people), votes.judged.copy()
    rest[rated] = False
    models = {
        "no gold": wh.LabelModel().fit(both),
        "gold, ratings in the lesson": wh.LabelModel().fit(both, gold=gold),
        "gold, people named": wh.LabelModel(people=people.sources).fit(both, gold=gold),
        "gold, functions alone": wh.LabelModel().fit(functions, gold=gold),
    }
    rows: list[dict[str, object]] = []
    for way, model in models.items():
        proba = model.predict_proba(functions)[rest]
        right, sure = 100 * hits(proba, votes.truth[rest]).mean(), 100 * (proba.max(axis=1) >= CONFIDENT).mean()
        rows.append({"set": votes.name, "way": way, "seed": seed, "accuracy": right, "confident": sure})
    return rows


def ratings(votes: VoteSet, rated: np.ndarray, rng: np.random.Generator) -> wh.Votes:
    """Let people rate items; errors are of any other class."""
    k = len(votes.votes.schema)
    truth = votes.truth[rated]
    said = [
        np.where(rng.random(len(rated)) < right, truth, (truth + rng.integers(1, k, len(rated))) % k)
        for right in RIGHT.values()
    ]
    entries = np.tile(rated, len(RIGHT)), np.repeat(np.arange(len(RIGHT)), len(rated)), np.concatenate(said)
    return wh.Votes.from_entries(entries, votes.votes.schema, votes.votes.items, list(RIGHT))


if __name__ == "__main__":
    main()
