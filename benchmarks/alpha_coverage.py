"""Measure how often the one-sided 95 % lower bound of Krippendorff's alpha exceeds the true alpha.

Three raters who are right with a fixed probability, else guess by the class shares; the true alpha is that of a million
units. Only runs that meet the gate's default preconditions are counted: the others get no verdict.

    python benchmarks/alpha_coverage.py [--runs 1000] [--out alpha_coverage.json]
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

import weakhitl as wh
from weakhitl.config import CheckSection

RIGHT = 0.806  # alpha = RIGHT ** 2 = .65 in this world
WORLDS = {"balanced": [1 / 3, 1 / 3, 1 / 3], "80/20": [0.8, 0.2]}
CHECK = CheckSection(metric="krippendorff-alpha", at_least=0.6)


def main() -> None:
    """Run every cell, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("alpha_coverage.json"))
    arguments = parser.parse_args()
    cells = [cell(name, n, arguments.runs) for name in WORLDS for n in (50, 100, 250, 500)]
    arguments.out.write_text(json.dumps({"runs": arguments.runs, "cells": cells}, indent=2))
    print(f"{'world':<10}{'units':>6}{'true':>8}{'runs with a verdict':>21}{'bound too high':>16}{'p':>8}")
    for row in cells:
        share = f"{row['share']:.1%}" if row["counted"] else "none"
        print(f"{row['world']:<10}{row['units']:>6}{row['true']:>8.4f}{row['counted']:>21}{share:>16}{row['p']:>8.3f}")


def cell(world: str, n: int, runs: int) -> dict[str, float | str]:
    """Count the runs with a verdict whose bound is above the truth."""
    shares = WORLDS[world]
    true = wh.krippendorff_alpha(_draw(shares, 1_000_000, np.random.default_rng(0))).value
    counted = too_high = 0
    for seed in range(runs):
        estimate = wh.krippendorff_alpha(_draw(shares, n, np.random.default_rng(seed + 1)), confidence=0.9, seed=seed)
        enough = estimate.n_pairable >= CHECK.min_units and (estimate.n_minority or 0) >= CHECK.min_minority
        if enough and estimate.low is not None:
            counted += 1
            too_high += estimate.low > true
    p = binomtest(too_high, counted, 0.05, alternative="greater").pvalue if counted else 1.0
    share = too_high / counted if counted else 0.0
    return {"world": world, "units": n, "true": true, "counted": counted, "share": share, "p": float(p)}


def _draw(shares: list[float], n: int, rng: np.random.Generator) -> wh.Votes:
    k = len(shares)
    truth = rng.choice(k, (n, 1), p=shares)
    guess = rng.choice(k, (n, 3), p=shares)
    matrix = np.where(rng.random((n, 3)) < RIGHT, truth, guess)
    return wh.Votes.from_matrix(matrix, wh.LabelSchema([str(c) for c in range(k)]))


if __name__ == "__main__":
    main()
