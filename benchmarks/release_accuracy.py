"""Measure whether the lower bound of release accuracy keeps its promise, by simulating the whole chain.

The same for the errors that people removed, whose two-sided 95 % interval should miss the truth in 5 % of the runs.

A Dawid-Skene world: functions and people err at known rates, the adjudicator is right. In every run items are
labelled, routed, rated and adjudicated by the library's own functions; the gate's figure is compared with the true
accuracy of the released labels, both as they are and with the audit's own corrections taken back.

    python benchmarks/release_accuracy.py [--runs 300] [--out release_accuracy.json]
"""

import argparse
import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

import weakhitl as wh
from weakhitl.annotation import ADJUDICATOR, ANNOTATOR
from weakhitl.config import parse_config
from weakhitl.gate import Evidence, assess, figure
from weakhitl.gate.accuracy import error_reduction
from weakhitl.gate.assessment import consolidate
from weakhitl.gate.strata import settled
from weakhitl.release.evidence_files import NAMES
from weakhitl.routing import SCORES, book_requested, draw_batch, draw_pilot, score_order

K, PEOPLE = 3, 10
CONFIG = parse_config(
    """
[project]
name = "simulated"
[labels]
classes = ["a", "b", "c"]
[data]
path = "x.csv"
[labeling]
functions = ["f.py"]
[annotation]
qualify_agreement = 0.5
[release]
min_confidence = 0.8
""",
    NAMES,
)
ARRIVING = {"right": 0.7, "audit": 150, "fill": 50, "pilot": 0, "single": False, "arrive": 200}
SCENARIOS = {
    "good functions, audit 250 of 350": {"right": 0.85, "audit": 250, "fill": 100, "pilot": 0, "single": False},
    "poor functions, audit 250 of 350": {"right": 0.6, "audit": 250, "fill": 100, "pilot": 0, "single": False},
    "poor functions, audit 60 of 160": {"right": 0.6, "audit": 60, "fill": 100, "pilot": 0, "single": False},
    "pilot of 400, audit 200 of 300": {"right": 0.7, "audit": 200, "fill": 100, "pilot": 400, "single": False},
    "one class each, pilot of 200, audit 200 of 300": {
        "right": 0.7,
        "audit": 200,
        "fill": 100,
        "pilot": 200,
        "single": True,
    },
    "200 arrive, half asked about, audited again": ARRIVING,
    "200 arrive after the audit": {**ARRIVING, "again": False},
    "3,000 items, audit 300 of 1,500, then one of 20": {
        "right": 0.75,
        "audit": 300,
        "fill": 1200,
        "pilot": 0,
        "single": False,
        "later": 20,
        "items": 3000,
        "skilled": True,
    },
}


def main() -> None:
    """Run every scenario, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("release_accuracy.json"))
    arguments = parser.parse_args()
    results = {name: simulate(arguments.runs, **settings) for name, settings in SCENARIOS.items()}
    arguments.out.write_text(json.dumps({"runs": arguments.runs, "scenarios": results}, indent=2))
    print(
        f"{'scenario':<49}{'true':>6}{'as is':>7}{'bias':>8}{'too high':>14}{'p':>6}"
        f"{'removed':>9}{'bias':>8}{'missed':>8}"
    )
    for name, row in results.items():
        share = f"{row['too_high']}/{row['defined']} ({row['share']:.1%})"
        line = f"{name:<49}{row['true']:>6.3f}{row['as_released']:>7.3f}{row['bias']:>8.4f}{share:>14}{row['p']:>6.2f}"
        print(f"{line}{row['removed']:>9.3f}{row['removed_bias']:>8.4f}{row['removed_missed']:>8}")


def simulate(runs: int, **settings: float) -> dict[str, float]:
    """Repeat one scenario; ``too_high`` counts runs in which the one-sided 95 % bound exceeds the truth."""
    rows = [one_run(seed, **settings) for seed in range(runs)]
    table = pd.DataFrame([row for row in rows if row is not None])
    too_high = int((table["low"] > table["true"]).sum())
    return {
        "defined": len(table),
        "true": float(table["true"].mean()),
        "as_released": float(table["as_released"].mean()),
        "bias": float((table["value"] - table["true"]).mean()),
        "removed": float(table["removed"].mean()),
        "removed_bias": float(table["removed_bias"].mean()),
        "removed_missed": int(table["removed_missed"].sum()),
        "too_high": too_high,
        "share": too_high / len(table),
        "p": float(binomtest(too_high, len(table), 0.05, alternative="greater").pvalue),
    }


def one_run(
    seed: int,
    *,
    right: float,
    audit: int,
    fill: int,
    pilot: int,
    single: bool,
    arrive: int = 0,
    again: bool = True,
    later: int = 0,
    items: int = 1000,
    skilled: bool = False,
) -> dict[str, float] | None:
    """Label, route, rate, adjudicate; give the figure and the truth it is about.

    With ``single`` functions vote one class or abstain, so that a pilot is all that tells of them. Of the items that
    ``arrive`` later the less sure half is shown to people, and a fifth of these audited; ``again`` draws another audit.
    With ``later`` so many of the rest are audited in a batch of their own, and stand for all that nobody has seen.
    People who are ``skilled`` are misled by nothing.
    """
    rng = np.random.default_rng(seed)
    truth = pd.Series(rng.integers(0, K, items), index=[f"i{n}" for n in range(items)])
    hard = rng.random(items) < 0.3  # hard items mislead everybody, as real ones do
    rate = partial(_rate, truth, hard=hard & (not skilled), right=0.98 if skilled else 0.9, each=3, rng=rng)
    functions = np.column_stack([_votes(truth, right * f, hard, rng) for f in np.linspace(0.8, 1.15, 8)])
    if single:
        functions[functions != np.arange(functions.shape[1]) % K] = -1
    else:
        functions[rng.random(functions.shape) < 0.6] = -1
    votes = wh.Votes.from_matrix(functions, CONFIG.schema_, items=truth.index)
    batches, ratings = [], []
    left, new = votes.items[: items - arrive], votes.items[items - arrive :]
    if pilot:
        batches.append(draw_pilot(left, pilot, seed))
        ratings.append(rate(batches[0].items))
        left = left[~left.isin(batches[0].items)]
    order = votes.items[
        score_order(SCORES["disagreement"](votes, consolidate(wh.LabelModel().fit(votes), votes)), seed)
    ]
    batches.append(draw_batch(order[order.isin(left)], audit + fill, audit, 3, seed))
    ratings.append(rate(batches[-1].items))
    if arrive:
        batches.append(book_requested(order[order.isin(new)][: arrive // 2], 0, 0.2, 3, batches))
        ratings.append(rate(batches[-1].items))
    if arrive and again:
        left = order[~order.isin([item for batch in batches for item in batch.items])]
        batches.append(draw_batch(left, audit + fill, audit, 3, seed))
        ratings.append(rate(batches[-1].items))
    if later:
        left = order[~order.isin([item for batch in batches for item in batch.items])]
        batches.append(draw_batch(left, later, later, 3, seed))
        ratings.append(rate(batches[-1].items))
    queue = assess(_evidence(votes, ratings, batches)).adjudication_queue["item"]
    decided = pd.DataFrame({"item": queue, "annotator": "senior", "label": _names(truth[queue]), "role": ADJUDICATOR})
    assessment = assess(_evidence(votes, [*ratings, decided], batches))
    estimate = figure(assessment, "release-accuracy")
    if estimate.low is None:
        return None
    released, codes = assessment.released, truth.to_numpy()
    without, reduction = settled(assessment), error_reduction(assessment)
    removed = float((without.labels == codes).mean() - (assessment.automatic.labels == codes).mean())
    return {
        "value": estimate.value,
        "low": estimate.low,
        "true": float((without.labels == codes)[without.confident(CONFIG.release.min_confidence)].mean()),
        "as_released": float((assessment.final.labels == codes)[released].mean()),
        "removed": removed,
        "removed_bias": (reduction.value or 0.0) - removed,
        "removed_missed": not (reduction.low or 0.0) <= removed <= (reduction.high or 0.0),
    }


def _votes(truth: pd.Series, right: float, hard: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    accuracy = np.where(hard, 0.5 * right, min(right, 0.98))
    wrong = (truth.to_numpy() + rng.integers(1, K, len(truth))) % K
    return np.where(rng.random(len(truth)) < accuracy, truth, wrong)


def _rate(
    truth: pd.Series, items: pd.Index, *, hard: np.ndarray, right: float, each: int, rng: np.random.Generator
) -> pd.DataFrame:
    columns = {f"p{n}": _votes(truth, right, hard, rng) for n in range(PEOPLE)}
    position = truth.index.get_indexer(items)
    rows = [
        (item, f"p{n}", CONFIG.labels.classes[columns[f"p{n}"][at]])
        for item, at in zip(items, position, strict=True)
        for n in rng.choice(PEOPLE, each, replace=False)
    ]
    return pd.DataFrame(rows, columns=["item", "annotator", "label"]).assign(role=ANNOTATOR)


def _names(codes: pd.Series) -> list[str]:
    return [CONFIG.labels.classes[code] for code in codes]


def _evidence(votes: wh.Votes, ratings: list[pd.DataFrame], batches: list) -> Evidence:
    return Evidence(CONFIG, votes, pd.concat(ratings, ignore_index=True).astype(object), tuple(batches))


if __name__ == "__main__":
    main()
