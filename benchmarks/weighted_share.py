"""Work out how often the bounds of a weighted share are on the wrong side, over all samples of light and heavy units.

Worlds have two kinds of units, up to 120 of each, the heavy ones up to 60 times as heavy, each kind right at a rate of
its own. Beside our bounds are Clopper and Pearson's at Kish's effective number of units, which were ours until decision
56. Nothing is drawn but the worlds: the chance of each sample is known.

    python benchmarks/weighted_share.py [--worlds 1500] [--out weighted_share.json]
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.stats import binom

from weakhitl.estimate import exact_bounds
from weakhitl.weighted_share import weighted_ends

TAILS = (0.1, 0.05, 0.025, 0.005)
RATES = np.array([0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99, 1])


def main() -> None:
    """Work out every tail, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1500)
    parser.add_argument("--out", type=Path, default=Path("weighted_share.json"))
    arguments = parser.parse_args()
    columns = "".join(f"{head:>13}{'too often':>11}{'wide':>7}" for head in ("ours: most", "Kish: most"))
    print(f"{'one-sided error':<15}{columns}")
    found = [measured(tail, arguments.worlds) for tail in TAILS]
    arguments.out.write_text(
        json.dumps({"rates": len(RATES) ** 2, "worlds": arguments.worlds, "tails": found}, indent=2)
    )


def measured(tail: float, worlds: int) -> dict[str, float]:
    """Give each bound's largest error, how many worlds exceed the tail, and the mean width."""
    rows = np.concatenate([np.array(list(world)) for world in made(tail, worlds)])
    row = {"tail": tail}
    text = f"{tail:<15}"
    for name, at in (("ours", 0), ("kish", 3)):
        errors = rows[:, at : at + 2].max(axis=1)
        row |= {
            name: errors.max(),
            f"{name}_too_often": (errors > tail + 1e-9).mean(),
            f"{name}_wide": rows[:, at + 2].mean(),
        }
        text += f"{row[name]:>13.4f}{row[f'{name}_too_often']:>11.2%}{row[f'{name}_wide']:>7.3f}"
    print(text, flush=True)
    return row


def made(tail: float, worlds: int) -> Iterator[Iterator[list[float]]]:
    """Draw numbers of units and weights."""
    rng = np.random.default_rng(0)
    for _ in range(worlds):
        n = np.exp(rng.uniform(0, np.log(120), 2)).astype(int)
        weight = np.array([1.0, rng.integers(1, 6) if rng.random() < 0.3 else np.exp(rng.uniform(0, np.log(60)))])
        yield errors_of(n, weight / (n @ weight), tail)


def errors_of(n: np.ndarray, weight: np.ndarray, tail: float) -> Iterator[list[float]]:
    """Give the chances that lower and upper bounds exclude the truth, and the mean widths, at all pairs of rates."""
    hits = np.stack(np.meshgrid(*(np.arange(one + 1) for one in n), indexing="ij"))
    right, wrong = (
        np.stack([np.tensordot(weight**power, of, 1) for power in (1, 2)]) for of in (hits, n[:, None, None] - hits)
    )
    units = np.full(right[0].shape, 1 / (n @ weight**2))
    bounds = [weighted_ends(tuple(right), tuple(wrong), weight.max(), tail, 1 - tail)]
    bounds.append(exact_bounds(right[0] * units, units, 1 - 2 * tail))
    chance = [[binom.pmf(np.arange(one + 1), one, rate) for rate in RATES] for one in n]
    for light, first in zip(RATES, chance[0], strict=True):
        for heavy, second in zip(RATES, chance[1], strict=True):
            both, truth = np.outer(first, second), n * weight @ [light, heavy]
            row = []
            for low, high in bounds:
                row += [both[low > truth + 1e-9].sum(), both[high < truth - 1e-9].sum(), (both * (high - low)).sum()]
            yield row


if __name__ == "__main__":
    main()
