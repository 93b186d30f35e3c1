"""Measure how well a pilot tells good annotators from careless ones, by what is made of others who tie.

Ways to compare a rating with the others' of its item:

- ``refuted``: they confirm their one leading class, refute what none of their leading classes is, and else tell nothing
  (ours);
- ``against``: where they tie, the rating does not agree;
- ``shared``: where they tie, the leading classes share the point;
- ``left out``: where they tie, the item is not looked at;
- ``pairs``: the share of the others who say the same.

Simulated pilots: how many of those right on 85 to 95 % reach an agreement of .75, how many of those right on 60 %, and
the rank correlation with the true accuracy. Real crowds, with all their ratings and thinned to a few an item: the rank
correlation with accuracy on the truth, and who would qualify; of the same people in every way, those with ten ratings
and more on items that others rated, and ten on items with a truth.

Scales, where near ratings agree in part: three people whose error has a standard deviation of 15 % of the scale, and
one who rates at random; how many of them reach .75, with linear weights (ours) and those of the kappa at ordinal level.

    python benchmarks/qualification.py FOLDER [FOLDER ...] [--runs 400] [--out qualification.json]
"""

import argparse
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from vote_sets import VoteSet, read_set

import weakhitl as wh
from weakhitl.agreement import coder_agreement
from weakhitl.annotation import qualify
from weakhitl.annotation.quality import leading_class

BAR, FEWEST = 0.75, 10
KINDS, SHARES = np.array([0.95, 0.9, 0.85, 0.6]), [0.3, 0.3, 0.2, 0.2]


def main() -> None:
    """Simulate pilots, then look at real crowds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--out", type=Path, default=Path("qualification.json"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    made = pd.DataFrame(simulated(arguments.runs))
    real = pd.DataFrame([row for folder in arguments.folders for row in crowd(read_set(folder))])
    scales = pd.DataFrame(on_scales(arguments.runs))
    tables = {"simulated": made, "real": real, "scales": scales}
    arguments.out.write_text(json.dumps({name: table.to_dict("records") for name, table in tables.items()}))
    for figure in ("good", "careless", "rank"):
        print(f"\nsimulated pilots: {figure}")
        print(made.pivot_table(figure, "pilot", "way", sort=False).round(2).to_string())
    print("\nscales")
    print(scales.groupby(["classes", "weights"], sort=False).mean().round(3).to_string())
    if len(real):
        real["ratings an item"] = real["overlap"].map({0: "all"} | {n: str(n) for n in (3, 5)})
        for figure in ("rank", "qualified", "right"):
            print(f"\nreal crowds: {figure}, mean over sets")
            print(real.pivot_table(figure, "ratings an item", "way", sort=False).round(3).to_string())
        print("\nreal crowds: rank, all ratings")
        print(real[real["overlap"] == 0].pivot_table("rank", "set", "way", sort=False).round(2).to_string())


def agreements(votes: wh.Votes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Way -> ``agreement[person]`` and how many ratings it looks at."""
    row, column, label = votes.entries()
    others = votes.class_counts()[row].astype(np.int64)
    others[np.arange(len(row)), label] -= 1
    leader, support = leading_class(others)
    mine, present = others[np.arange(len(row)), label], others.sum(axis=1)
    leaders = (others == support[:, None]).sum(axis=1)
    ours = qualify(votes, BAR, FEWEST)
    met, m = present > 0, len(votes.sources)

    def mean(score: np.ndarray, looked_at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n = np.bincount(column[looked_at], minlength=m)
        return np.bincount(column[looked_at], score[looked_at], minlength=m) / np.where(n, n, np.nan), n

    return {
        "refuted": (ours["agreement"].to_numpy(dtype=float, na_value=np.nan), ours["ratings"].to_numpy()),
        "against": mean(leader == label, met),
        "shared": mean(np.where(mine == support, 1 / leaders, 0), met),
        "left out": mean(leader == label, leader >= 0),
        "pairs": mean(mine / np.maximum(present, 1), met),
    }


def simulated(runs: int) -> Iterator[dict[str, object]]:
    """Pilots that everybody rates; on contested items answers are random."""
    for people, k, contested in [
        (3, 2, 0.0),
        (3, 2, 0.2),
        (3, 4, 0.2),
        (4, 2, 0.2),
        (5, 2, 0.2),
        (5, 4, 0.2),
        (8, 4, 0.2),
    ]:
        rng = np.random.default_rng(people)
        schema = wh.LabelSchema([f"c{code}" for code in range(k)])
        for _ in range(runs):
            right = rng.choice(KINDS, people, p=SHARES)
            truth = rng.integers(0, k, (100, 1))
            hit = rng.random((100, people)) < np.where(rng.random((100, 1)) < contested, 1 / k, right)
            answers = np.where(hit, truth, (truth + rng.integers(1, k, (100, people))) % k)
            good = right > 0.8
            for way, (agreement, _) in agreements(wh.Votes.from_matrix(answers, schema)).items():
                above = agreement >= BAR
                yield {
                    "pilot": f"{people} people, {k} classes, {contested:.0%} contested",
                    "way": way,
                    "good": above[good].mean() if good.any() else None,
                    "careless": above[~good].mean() if not good.all() else None,
                    "rank": rank(right, agreement),
                }


def on_scales(runs: int) -> Iterator[dict[str, object]]:
    """Pilots of 100 items on a scale, the middle of which is commonest."""
    for k in (5, 7, 11):
        rng, schema = np.random.default_rng(k), wh.LabelSchema([str(step) for step in range(k)], level="ordinal")
        for _ in range(runs):
            truth = rng.normal((k - 1) / 2, (k - 1) / 4, (100, 1))
            good = np.clip(np.rint(truth + rng.normal(0, 0.15 * (k - 1), (100, 3))), 0, k - 1)
            votes = wh.Votes.from_matrix(np.hstack([good, rng.integers(0, k, (100, 1))]).astype(int), schema)
            ways = {"linear": qualify(votes, BAR, FEWEST)["agreement"], "kappa's": coder_agreement(votes)["agreement"]}
            for way, agreement in ways.items():
                above = agreement.to_numpy() >= BAR
                yield {"classes": k, "weights": way, "good": above[:3].mean(), "at random": float(above[3])}


def crowd(votes: VoteSet) -> Iterator[dict[str, object]]:
    """Compare with people's accuracy on the truth."""
    row, column, label = votes.votes.entries()
    for overlap in (3, 5, 0):
        order = np.random.default_rng(0).permutation(len(row))
        turn = pd.Series(row[order]).groupby(row[order]).cumcount().to_numpy()
        kept = order[turn < (overlap or len(row))]
        entries = row[kept], column[kept], label[kept]
        known = votes.truth[entries[0]] >= 0
        hit = votes.truth[entries[0]] == entries[2]
        m = len(votes.votes.sources)
        judged, hits = (np.bincount(entries[1][mask], minlength=m) for mask in (known, known & hit))
        thin = wh.Votes.from_entries(entries, votes.votes.schema, votes.votes.items, votes.votes.sources)
        accuracy = hits / np.maximum(judged, 1)
        ways = agreements(thin)
        met = ways["pairs"][1]
        use = (
            (met >= FEWEST) & (judged >= FEWEST) & ~np.isnan([agreement for agreement, _ in ways.values()]).any(axis=0)
        )
        for way, (agreement, n) in ways.items():
            above = use & (n >= FEWEST) & (agreement >= BAR)
            yield {
                "set": votes.name,
                "overlap": overlap,
                "way": way,
                "people": int(use.sum()),
                "rank": rank(accuracy[use], agreement[use]),
                "qualified": above.sum() / use.sum(),
                "right": accuracy[above].mean() if above.any() else None,
            }


def rank(accuracy: np.ndarray, agreement: np.ndarray) -> float | None:
    """Spearman's rank correlation; 0 where all agree alike, None where all are right alike."""
    if len(np.unique(accuracy)) < 2:
        return None
    return float(spearmanr(accuracy, agreement).statistic) if len(np.unique(agreement)) > 1 else 0.0


if __name__ == "__main__":
    main()
