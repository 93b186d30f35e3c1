"""Simulate what the temperature of held-out votes does to probabilities, where errors are independent and where not.

Worlds: sources of accuracies .55 to .95 whose errors are independent (``independent``); 30 % of the items so hard that
everybody guesses (``hard``); a tenth of the items on which all tend to one wrong class (``shared``). Log-loss of
``LabelModel`` with its temperature less that without, and how often `weakhitl doctor` has a note of shared errors.

    python benchmarks/temperature.py [--seeds 40] [--out temperature.json]
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import weakhitl as wh

WORLDS = ("independent", "hard", "shared")
SHAPES = ((50, 5, 2, 3), (200, 5, 2, 3), (200, 10, 3, 5), (1000, 10, 4, 5), (1000, 20, 2, 10), (5000, 30, 5, 3))
"""Items, sources, classes, votes an item."""


def main() -> None:
    """Print a table, and write every run as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("temperature.json"))
    arguments = parser.parse_args()
    rows = []
    print("| world | items, sources, classes, votes each | temperature (range) | noted | log-loss | change | worst |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for world in WORLDS:
        for shape in SHAPES:
            runs = [run(world, shape, seed) for seed in range(arguments.seeds)]
            rows += [{"world": world, "shape": shape, "seed": seed} | found for seed, found in enumerate(runs)]
            heat, loss, change = (np.array([one[key] for one in runs]) for key in ("temperature", "log_loss", "change"))
            span = f"{np.median(heat):.2f} ({heat.min():.2f} to {heat.max():.2f})"
            noted = sum(one["noted"] for one in runs)
            figures = f"{noted}/{len(runs)} | {loss.mean():.3f} | {change.mean():+.3f} | {change.max():+.3f}"
            print(f"| {world} | {', '.join(f'{part:,}' for part in shape)} | {span} | {figures} |", flush=True)
    arguments.out.write_text(json.dumps(rows, indent=2))


def run(world: str, shape: tuple[int, int, int, int], seed: int) -> dict[str, Any]:
    """Fit one simulated matrix; ``change`` is the log-loss with the temperature less that without."""
    matrix, truth = simulate(world, shape, np.random.default_rng(seed))
    model = wh.LabelModel().fit(matrix)
    proba = model.predict_proba(matrix)
    untempered = np.maximum(proba, 1e-300) ** model.temperature_
    loss, before = (log_loss(part, truth) for part in (proba, untempered / untempered.sum(axis=1, keepdims=True)))
    facts = {"temperature": model.temperature_, "noted": model.errors_are_shared_}
    return facts | {"log_loss": loss, "change": loss - before}


def simulate(world: str, shape: tuple[int, int, int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """``matrix[item, source]`` and ``truth[item]``."""
    n, m, k, each = shape
    truth = rng.integers(0, k, n)
    right = np.tile(rng.uniform(0.55, 0.95, m), (n, 1))
    wrong = (truth[:, None] + rng.integers(1, k, (n, m))) % k
    if world == "hard":
        right[rng.random(n) < 0.3] = 1 / k + 0.1
    if world == "shared":
        at = rng.random(n) < 0.1
        right[at] = 0.4
        wrong[at] = ((truth + rng.integers(1, k, n)) % k)[at, None]
    matrix = np.where(rng.random((n, m)) < right, truth[:, None], wrong)
    return np.where(np.argsort(rng.random((n, m)), axis=1) < each, matrix, -1), truth


def log_loss(proba: np.ndarray, truth: np.ndarray) -> float:
    """Mean of -log of the true class's probability."""
    return float(-np.log(np.maximum(proba[np.arange(len(truth)), truth], 1e-12)).mean())


if __name__ == "__main__":
    main()
