"""What do the votes of functions tell at most? Half of all items with truth as gold, for our model and other learners.

The gain of accuracy, in points, over `LabelModel` without gold, on the other half; means over draws. The other
learners see which source voted which class: a random forest and a logistic regression of two strengths each.

    python benchmarks/gold_limit.py FOLDER ... [--seeds 5] [--out gold_limit.json]
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from label_models import measures
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from vote_sets import VoteSet, read_set

import weakhitl as wh

LEARNERS: dict[str, Callable[[], Any]] = {
    "forest, leaves of 2": lambda: RandomForestClassifier(300, min_samples_leaf=2, random_state=0),
    "forest, leaves of 5": lambda: RandomForestClassifier(300, min_samples_leaf=5, random_state=0),
    "logistic, C 1": lambda: LogisticRegression(max_iter=2000, C=1.0),
    "logistic, C .1": lambda: LogisticRegression(max_iter=2000, C=0.1),
}


def main() -> None:
    """Print a table, and write every draw as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("gold_limit.json"))
    arguments = parser.parse_args()
    rows = [
        {"set": votes.name, "seed": seed} | gains(votes, seed)
        for votes in map(read_set, arguments.folders)
        for seed in range(arguments.seeds)
    ]
    means = pd.DataFrame(rows).drop(columns="seed").groupby("set", sort=False).mean()
    means["best"] = means.drop(columns="labels").max(axis=1)
    means.loc["mean"] = means.mean()
    print(means.round(2).to_string())
    arguments.out.write_text(json.dumps(rows, indent=2))


def gains(votes: VoteSet, seed: int) -> dict[str, float]:
    """Draw half of the judged items as gold; what each learner gains on the others."""
    judged = np.flatnonzero(votes.judged)
    at = np.random.default_rng(seed).choice(judged, len(judged) // 2, replace=False)
    gold = np.full(len(votes.truth), -1)
    gold[at] = votes.truth[at]
    others = votes.judged & (gold < 0)
    before = measures(wh.LabelModel().fit(votes.votes).predict_proba(votes.votes), votes, others)["accuracy"]
    k = len(votes.votes.schema)
    cells = (votes.votes.to_matrix()[:, :, None] == np.arange(k)).reshape(len(votes.truth), -1).astype(float)
    found = {"auto": wh.LabelModel().fit(votes.votes, gold=gold).predict_proba(votes.votes)}
    for name, make in LEARNERS.items():
        learner = make().fit(cells[at], votes.truth[at])
        found[name] = np.zeros((len(cells), k))
        found[name][:, learner.classes_] = learner.predict_proba(cells)
    after = {name: measures(proba, votes, others)["accuracy"] - before for name, proba in found.items()}
    return {"labels": len(at), **after}


if __name__ == "__main__":
    main()
