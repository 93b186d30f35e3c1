"""Measure how often the bounds of the expected calibration error are on the wrong side, by simulation.

Models say a confidence for each item, and are right with it, or off by a gap that the name of a world gives: always too
sure, or too sure in every second bin and not sure enough in the others, or with one confidence for everything. Counted
is how often each one-sided 95 % bound excludes the true error. Beside it is the percentile interval of resampled items,
which was ours until decision 55. In the last two worlds items stand for others: half of them with nine times the
weight, or each item twice, with two confidences.

    python benchmarks/calibration.py [--runs 1000] [--out calibration.json]
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from weakhitl.label_model.calibration import calibration_error

BINS = 10
ITEMS = (60, 250, 1000)
TWO_SIDED = 0.9

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""``stated[row]``, ``accuracy[row]`` and ``weight[row]``."""
World = Callable[[np.random.Generator, int], Rows]


def calibrated(rng: np.random.Generator, n: int) -> Rows:
    """Say any confidence, and mean it."""
    stated = rng.uniform(0.5, 1, n)
    return stated, stated, np.ones(n)


def too_sure(gap: float) -> World:
    """Say more than it is."""
    return lambda rng, n: ((stated := rng.uniform(0.6, 1, n)), stated - gap, np.ones(n))


def in_turns(gap: float) -> World:
    """Say too much in every second bin, and too little in the others."""

    def made(rng: np.random.Generator, n: int) -> Rows:
        stated = rng.uniform(0.5, 0.9, n)
        return stated, stated + np.where((stated * BINS).astype(int) % 2, gap, -gap), np.ones(n)

    return made


def nearly_certain(gap: float) -> World:
    """Be sure of everything."""
    return lambda rng, n: (np.full(n, 0.999), np.full(n, 0.999 - gap), np.ones(n))


def not_sure_enough(gap: float) -> World:
    """Say .9 of what is nearly certain."""
    return lambda rng, n: (np.full(n, 0.9), np.full(n, 0.9 + gap), np.ones(n))


def weighted(rng: np.random.Generator, n: int) -> Rows:
    """Let half of the items, which are less sure, stand for nine times as many as the others, and be off by .05."""
    heavy = np.arange(n) % 2 == 1
    stated = np.where(heavy, rng.uniform(0.5, 0.8, n), rng.uniform(0.8, 1, n))
    return stated, stated - 0.05, np.where(heavy, 9.0, 1.0)


def twice(rng: np.random.Generator, n: int) -> Rows:
    """Let each item have two rows, in two bins, that are right together."""
    stated = rng.uniform(0.5, 0.9, n)
    return np.concatenate([stated, stated + 0.1]), np.tile(stated, 2), np.ones(2 * n)


WORLDS: dict[str, World] = {
    "calibrated": calibrated,
    "too sure, .03": too_sure(0.03),
    "too sure, .1": too_sure(0.1),
    "in turns, .05": in_turns(0.05),
    "in turns, .1": in_turns(0.1),
    "nearly certain, .0": nearly_certain(0.0),
    "nearly certain, .02": nearly_certain(0.02),
    "nearly certain, .05": nearly_certain(0.05),
    "not sure enough, .05": not_sure_enough(0.05),
    "not sure enough, .09": not_sure_enough(0.09),
    "weighted, .05": weighted,
    "twice, .0 and .1": twice,
}


def main() -> None:
    """Run every cell, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("calibration.json"))
    arguments = parser.parse_args()
    print(
        f"{'world':<22}{'items':>6}{'truth':>7}{'mean':>7}{'low':>7}{'high':>7}"
        f"{'wrong: low':>14}{'high':>7}{'resampled: low':>17}{'high':>7}"
    )
    cells = [cell(name, n, arguments.runs) for name in WORLDS for n in ITEMS]
    arguments.out.write_text(json.dumps(cells, indent=2))


def cell(name: str, n: int, runs: int) -> dict[str, Any]:
    """Simulate one world with so many items."""
    rng, truth = np.random.default_rng(0), true_error(WORLDS[name])
    found, resampled = np.empty((runs, 3)), np.empty((runs, 2))
    for run in range(runs):
        stated, accuracy, weights = WORLDS[name](rng, n)
        right = (np.resize(rng.random(n), len(stated)) < accuracy).astype(float)
        estimate = calibration_error(
            stated,
            right,
            weights=weights,
            item=np.resize(np.arange(n), len(stated)),
            bins=BINS,
            seed=run,
            confidence=TWO_SIDED,
        )
        found[run] = estimate.value, estimate.low, estimate.high
        resampled[run] = percentiles(rng, stated, right, weights, n) if run < runs // 5 else np.nan
    low, high = wrong(found[:, 1:], truth)
    before = wrong(resampled[: runs // 5], truth)
    means = found.mean(axis=0)
    print(
        f"{name:<22}{n:>6}{truth:>7.3f}{means[0]:>7.3f}{means[1]:>7.3f}{means[2]:>7.3f}"
        f"{low:>14.3f}{high:>7.3f}{before[0]:>17.3f}{before[1]:>7.3f}",
        flush=True,
    )
    return {"world": name, "items": n, "truth": truth, "low": low, "high": high, "resampled": before}


def true_error(world: World) -> float:
    """Work it out from a million items."""
    stated, accuracy, weights = world(np.random.default_rng(1), 1_000_000)
    return error(stated, accuracy, weights)


def error(stated: np.ndarray, right: np.ndarray, weights: np.ndarray) -> float:
    """Sum the bins' distances."""
    which = np.minimum((stated * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(which, weights=weights * (stated - right))).sum() / weights.sum())


def percentiles(
    rng: np.random.Generator, stated: np.ndarray, right: np.ndarray, weights: np.ndarray, n: int
) -> np.ndarray:
    """Resample items with all their rows."""
    rows = np.arange(len(stated)).reshape(-1, n)
    drawn = [rows[:, rng.integers(0, n, n)].ravel() for _ in range(300)]
    values = [error(stated[at], right[at], weights[at]) for at in drawn]
    return np.quantile(values, [(1 - TWO_SIDED) / 2, (1 + TWO_SIDED) / 2])


def wrong(bounds: np.ndarray, truth: float) -> tuple[float, float]:
    """How often the lower bound is above the truth, and the upper one below."""
    return float((bounds[:, 0] > truth + 1e-9).mean()), float((bounds[:, 1] < truth - 1e-9).mean())


if __name__ == "__main__":
    main()
