"""How strong should the prior of a confusion matrix be? Judged by votes held out, and by the truth.

Dawid and Skene's model with an estimated class balance, on sets of people's votes and on simulated ones, at several
strengths: a fixed number of pseudo-votes a row, or a number for each class. Held out: the mean log-likelihood of a
fifth of the votes given the others, five times, which needs no truth; its difference from that of one pseudo-vote,
with its standard error. Accuracy in percent over items with a vote, ties shared; log-loss in nats.

    python benchmarks/prior_strength.py FOLDER ... [--seeds 5] [--out prior_strength.json]
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from label_models import measures
from vote_sets import VoteSet, read_set

import weakhitl as wh

STRENGTHS: dict[str, Callable[[int], float]] = {
    "1": lambda _: 1.0,
    "3": lambda _: 3.0,
    "10": lambda _: 10.0,
    "k / 2": lambda k: k / 2,
    "k": float,
    "2 k": lambda k: 2.0 * k,
}
FOLDS = 5


def main() -> None:
    """Print a table for each measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=5, help="of each simulated world")
    parser.add_argument("--out", type=Path, default=Path("prior_strength.json"))
    arguments = parser.parse_args()
    sets = [read_set(folder) for folder in arguments.folders]
    sets += [world(k, seed) for k in (3, 6, 20) for seed in range(arguments.seeds)]
    rows = [row for votes in sets for row in measured(votes)]
    arguments.out.write_text(json.dumps(rows, indent=2))
    table = pd.DataFrame(rows)
    for measure in ("gain", "error", "accuracy", "log_loss"):
        print(f"\n{measure}\n{table.pivot_table(index='set', columns='strength', values=measure, sort=False).round(3)}")


def world(k: int, seed: int) -> VoteSet:
    """Simulate 400 items, each rated by 8 of 60 people of whom some guess often; the last class is never true."""
    rng = np.random.default_rng(seed)
    truth, known = rng.integers(0, k - 1, 400), rng.beta(7, 3, 60)
    votes = np.full((400, 60), wh.ABSTAIN)
    for item, label in enumerate(truth):
        raters = rng.choice(60, 8, replace=False)
        votes[item, raters] = np.where(rng.random(8) < known[raters], label, rng.integers(0, k, 8))
    return VoteSet(f"simulated, {k} classes", "crowd", wh.Votes.from_matrix(votes, wh.LabelSchema.numbered(k)), truth)


def measured(votes: VoteSet) -> list[dict[str, Any]]:
    """Score every strength on one set."""
    k, rows, first = len(votes.votes.schema), [], None
    for name, strength in STRENGTHS.items():
        model = wh.DawidSkene(balance="estimate", prior_votes=strength(k))
        found = held_out(model, votes.votes)
        first = found if first is None else first
        gain = found - first
        rows.append(
            {"set": votes.name, "strength": name, "gain": gain.mean(), "error": gain.std() / np.sqrt(len(gain))}
        )
        rows[-1] |= measures(model.fit(votes.votes).predict_proba(votes.votes), votes)
    return rows


def held_out(model: wh.DawidSkene, votes: wh.Votes) -> np.ndarray:
    """``score[vote]``: log-likelihood of each vote by a model that has not seen it."""
    row, column, label = votes.entries()
    fold = np.random.default_rng(0).integers(0, FOLDS, len(row))
    score = np.zeros(len(row))
    for number in range(FOLDS):
        out, rest = fold == number, fold != number
        seen = wh.Votes.from_entries((row[rest], column[rest], label[rest]), votes.schema, votes.items, votes.sources)
        proba = model.fit(seen).predict_proba(seen)
        likely = (proba[row[out]] * model.confusion_[column[out], :, label[out]]).sum(axis=1)
        score[out] = np.log(likely)
    return score


if __name__ == "__main__":
    main()
