"""Measure the coverage of the agreement intervals, by simulation.

Raters are right with a fixed probability, else guess by the class shares; an item may miss some of its ratings. The
true value is that of a million units. A run counts where the gate's default preconditions let a verdict out (50
pairable units, 100 at ordinal level, 20 with a rating off the commonest class); the others are undecided. Counted are
the two-sided 95 % interval that holds the truth, and the one-sided 95 % lower and upper bounds on its right side.

    python benchmarks/coverage.py [--runs 4000] [--interval bootstrap] [--out coverage.json]
"""

import argparse
import json
from functools import cache, partial
from pathlib import Path

import numpy as np

from weakhitl import LabelSchema
from weakhitl.agreement.alpha import alpha_statistic
from weakhitl.agreement.intervals import RESAMPLES, _bca_levels, _replicates, estimate
from weakhitl.agreement.kappas import fleiss_chance, gwet_chance, kappa_statistic
from weakhitl.agreement.statistic import Statistic
from weakhitl.agreement.units import Units
from weakhitl.config import CheckSection

CHECK = CheckSection(metric="krippendorff-alpha", at_least=0.6)
TRUTH_UNITS = 1_000_000
WORLDS = {
    "2 even classes": [0.5, 0.5],
    "90/10": [0.9, 0.1],
    "80/15/5": [0.8, 0.15, 0.05],
    "5 even classes": [0.2] * 5,
}
ALPHAS = (0.4, 0.65, 0.85)
RATERS = (2, 5)
UNITS = (50, 100, 300)
COEFFICIENTS = {
    "krippendorff-alpha": "nominal",
    "alpha, ordinal": "ordinal",
    "fleiss-kappa": fleiss_chance,
    "gwet-ac1": gwet_chance,
}


def main() -> None:
    """Run every cell, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--interval", default="bootstrap")
    parser.add_argument("--only", nargs="*", default=list(COEFFICIENTS))
    parser.add_argument("--out", type=Path, default=Path("coverage.json"))
    arguments = parser.parse_args()
    cells = [
        cell(coefficient, world, alpha, raters, units, arguments.runs, arguments.interval)
        for coefficient in arguments.only
        for world in WORLDS
        for alpha in ALPHAS
        for raters in RATERS
        for units in UNITS
    ]
    arguments.out.write_text(json.dumps({"runs": arguments.runs, "interval": arguments.interval, "cells": cells}))
    print_table(cells)


def print_table(cells: list[dict]) -> None:
    """Print the spread of the coverage for each coefficient and number of units, and the worst cells."""
    print(f"{'coefficient':<20}{'units':>6}{'cells':>7}{'two-sided':>18}{'lower bound':>18}{'upper bound':>18}")
    for coefficient in dict.fromkeys(row["coefficient"] for row in cells):
        for n in UNITS:
            rows = [row for row in cells if row["coefficient"] == coefficient and row["units"] == n and row["counted"]]
            enough = [row for row in rows if row["verdicts"] >= 0.5]
            if not enough:
                continue
            spans = [
                f"{min(r[key] for r in enough):.3f} to {max(r[key] for r in enough):.3f}"
                for key in ("two_sided", "lower", "upper")
            ]
            print(f"{coefficient:<20}{n:>6}{len(enough):>7}" + "".join(f"{span:>18}" for span in spans))
    worst = sorted((row for row in cells if row["verdicts"] >= 0.5), key=lambda row: row["lower"])[:8]
    print("\nlowest coverage of the lower bound")
    for row in worst:
        print(
            f"{row['coefficient']:<20}{row['world']:<16}alpha {row['alpha']:<5}{row['raters']} raters{row['units']:>5} "
            f"units: two-sided {row['two_sided']:.3f}, lower {row['lower']:.3f}, upper {row['upper']:.3f}"
        )


def cell(
    coefficient: str, world: str, alpha: float, raters: int, n: int, runs: int, interval: str
) -> dict[str, float | str]:
    """Count the runs with a verdict, and those whose interval and bounds hold the truth."""
    shares = np.array(WORLDS[world])
    make = partial(statistic, coefficient, len(shares))
    rng = np.random.default_rng(1)
    truth = make(population(world, alpha, raters)).at_all()
    held = {"two_sided": 0, "lower": 0, "upper": 0}
    counted = 0
    for seed in range(runs):
        units = draw(shares, alpha, raters, n, rng)
        least = CHECK.least_units(graded=coefficient == "alpha, ordinal")
        if units.n_pairable < least or units.n_minority < CHECK.min_minority:
            continue
        found = bounds(make(units), interval, seed)
        if found is None:
            continue
        counted += 1
        held["two_sided"] += found[0] <= truth <= found[3]
        held["lower"] += found[1] <= truth
        held["upper"] += found[2] >= truth
    facts = {"coefficient": coefficient, "world": world, "alpha": alpha, "raters": raters, "units": n, "true": truth}
    rates = {key: count / max(counted, 1) for key, count in held.items()}
    return facts | {"counted": counted, "verdicts": counted / runs} | rates


def bounds(made: Statistic, interval: str, seed: int) -> list[float] | None:
    """Give the bounds at levels .025, .05, .95 and .975; one set of resamples serves both confidences."""
    if interval != "bootstrap":
        both = [estimate(made, {"interval": interval, "confidence": confidence}) for confidence in (0.95, 0.9)]
        return None if both[0].low is None else [both[0].low, both[1].low, both[1].high, both[0].high]
    if estimate(made, {"interval": "linearized"}).low is None:
        return None
    replicates = _replicates(made, RESAMPLES, seed)
    levels = _bca_levels(made, made.at_all(), replicates, np.array([0.025, 0.05, 0.95, 0.975]))
    return np.quantile(replicates, levels).tolist()


def statistic(coefficient: str, k: int, units: Units) -> Statistic:
    """Make the statistic of a coefficient."""
    what = COEFFICIENTS[coefficient]
    if isinstance(what, str):
        return alpha_statistic(units, LabelSchema([str(c) for c in range(k)]), what)
    return kappa_statistic(units, coefficient, what, np.eye(k))


@cache
def population(world: str, alpha: float, raters: int) -> Units:
    """Give as many units as stand for the truth."""
    return draw(np.array(WORLDS[world]), alpha, raters, TRUTH_UNITS, np.random.default_rng(0))


def draw(shares: np.ndarray, alpha: float, raters: int, n: int, rng: np.random.Generator) -> Units:
    """Draw units: nobody misses a rating with two raters, a tenth of the ratings are missing with more."""
    k = len(shares)
    rows: dict[bytes, int] = {}
    counts = np.zeros((0, k), dtype=np.int64)
    for start in range(0, n, 100_000):
        size = min(100_000, n - start)
        truth = rng.choice(k, (size, 1), p=shares)
        rated = np.where(rng.random((size, raters)) < np.sqrt(alpha), truth, rng.choice(k, (size, raters), p=shares))
        there = rng.random((size, raters)) < (1.0 if raters == 2 else 0.9)
        flat = np.repeat(np.arange(size), raters)[there.reshape(-1)] * k + rated.reshape(-1)[there.reshape(-1)]
        part, times = np.unique(np.bincount(flat, minlength=size * k).reshape(size, k), axis=0, return_counts=True)
        for row, count in zip(part, times, strict=True):
            rows[row.tobytes()] = rows.get(row.tobytes(), 0) + int(count)
    counts = np.array([np.frombuffer(row, dtype=np.int64) for row in rows])
    keep = counts.any(axis=1)
    return Units(counts[keep], np.ones(int(keep.sum())), np.array(list(rows.values()))[keep], raters)


if __name__ == "__main__":
    main()
