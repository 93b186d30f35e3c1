"""Measure what seems to become of agreement when items are asked again and nothing has changed.

People err as before, and items that somebody gave one class are asked again, as `weakhitl route --again --class` does.
Agreement is measured as if nothing had chosen them (what is said now, on all items; before against after, on those that
were asked again), and as the library does it (what was said first; before against after without one person of each).

    python benchmarks/revision.py [--runs 200] [--out revision.json]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

import weakhitl as wh
from weakhitl.agreement import agreement_difference, krippendorff_alpha
from weakhitl.pipeline.revision import without_one

N, K, RIGHT = 400, 3, 0.75
SCHEMA = wh.LabelSchema([f"c{n}" for n in range(K)])


def main() -> None:
    """Run every setting, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("revision.json"))
    arguments = parser.parse_args()
    results = {people: simulate(arguments.runs, people) for people in (3, 5)}
    arguments.out.write_text(json.dumps({"runs": arguments.runs, "people": results}, indent=2))
    print(pd.DataFrame(results).round(3).to_string())


def simulate(runs: int, people: int) -> dict[str, float]:
    """Repeat one setting; means over the runs."""
    return pd.DataFrame([one_run(seed, people) for seed in range(runs)]).mean().to_dict()


def one_run(seed: int, people: int) -> dict[str, float]:
    """Rate, ask again those that somebody called the last class, and measure."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, K, (N, 1))
    old, new = rate(truth, people, rng), rate(truth, people, rng)
    chosen = (old == K - 1).any(axis=1)
    now = np.where(chosen[:, None], new, old)
    alpha = krippendorff_alpha(votes(rate(np.tile(truth, (50, 1)), people, rng))).value or 0.0
    naive, first = krippendorff_alpha(votes(now)), krippendorff_alpha(votes(old))
    before, after = votes(old[chosen]), votes(new[chosen])
    at_large = agreement_difference(after, before)
    one, other = without_one(before, after, [K - 1])
    apart = agreement_difference(other, one)
    return {
        "alpha": alpha,
        "measured on what is said now": naive.value or 0.0,
        "its lower bound is too high": float((naive.low or 0.0) > alpha),
        "measured on what was said first": first.value or 0.0,
        "that lower bound is too high": float((first.low or 0.0) > alpha),
        "difference at large": at_large.value or 0.0,
        "it is sure": float(sure(at_large)),
        "difference without one person": apart.value or 0.0,
        "that is sure": float(sure(apart)),
    }


def sure(difference: wh.Estimate) -> bool:
    """Say whether an interval leaves out zero."""
    return difference.low is not None and difference.high is not None and (difference.low > 0 or difference.high < 0)


def rate(truth: np.ndarray, people: int, rng: np.random.Generator) -> np.ndarray:
    """Give ``label[item, person]``."""
    wrong = (truth + rng.integers(1, K, (len(truth), people))) % K
    return np.where(rng.random((len(truth), people)) < RIGHT, truth, wrong)


def votes(labels: np.ndarray) -> wh.Votes:
    """Make votes of labels."""
    return wh.Votes.from_matrix(labels, SCHEMA)


if __name__ == "__main__":
    main()
