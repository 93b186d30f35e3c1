"""Show that ``weakhitl threshold`` keeps its promise: the error among accepted labels, over many audits.

A population of labels with scores and errors is made once per setting; then audits of it are drawn at random. A run
breaks the promise where more of the accepted labels are wrong than was asked for. Settings range from scores that say
how likely a label is right to scores that say nothing, with just more errors than allowed: the hardest case.

    python benchmarks/threshold.py [--runs 500] [--out threshold.json]
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from weakhitl.feedback import error_threshold

CONFIDENCE = 0.95
SETTINGS = [
    # name, items, audit, error asked for, how scores and errors are made
    ("calibrated, sharp", 5000, 500, 0.02, "sharp"),
    ("calibrated, blunt", 5000, 500, 0.02, "blunt"),
    ("calibrated, blunt", 5000, 1000, 0.02, "blunt"),
    ("calibrated, blunt", 2000, 250, 0.05, "blunt"),
    ("six levels, as few functions give", 5000, 300, 0.05, "levels"),
    ("overconfident: 1 % errors at the top, 8 % below", 5000, 500, 0.02, "step"),
    ("scores say nothing, just too many errors", 5000, 500, 0.02, "edge"),
    ("scores say nothing, just too many errors", 1000, 250, 0.05, "edge"),
    ("scores are upside down", 5000, 500, 0.05, "inverse"),
]


def population(kind: str, size: int, error: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """``scores[item]`` and ``wrong[item]``."""
    if kind in ("sharp", "blunt"):
        scores = 1 - 0.6 * rng.beta(0.3, 3.0 if kind == "sharp" else 1.5, size)
        return scores, rng.random(size) < 1 - scores
    if kind == "levels":
        scores = rng.choice([0.99, 0.97, 0.93, 0.85, 0.7, 0.5], size, p=[0.3, 0.2, 0.15, 0.15, 0.1, 0.1])
        return scores, rng.random(size) < 1 - scores
    scores = rng.random(size)
    if kind == "step":
        return scores, rng.random(size) < np.where(scores > 0.6, error / 2, 4 * error)
    if kind == "inverse":
        return scores, rng.random(size) < scores**4 * 0.3
    wrong = np.zeros(size, dtype=bool)  # every cutoff has just more than allowed, evenly spread
    order = np.argsort(-scores)
    allowed = np.floor(error * np.arange(1, size + 1)) + 1
    wrong[order] = np.diff(np.minimum(allowed, np.arange(1, size + 1)), prepend=0) > 0
    return scores, wrong


def measure(name: str, size: int, audit: int, error: float, kind: str, runs: int) -> dict[str, Any]:
    """Draw ``runs`` audits."""
    rng = np.random.default_rng(20261127)
    scores, wrong = population(kind, size, error, rng)
    accepted, broken = [], 0
    for _ in range(runs):
        audited = np.sort(rng.choice(size, audit, replace=False))
        best = error_threshold(scores, audited, wrong[audited], error=error, confidence=CONFIDENCE).best
        taken = np.zeros(size, dtype=bool) if best is None else scores >= best.confidence
        accepted.append(float(taken.mean()))
        broken += bool(taken.any() and wrong[taken].mean() > error)
    order = np.argsort(-scores, kind="stable")
    shares = np.cumsum(wrong[order]) / np.arange(1, size + 1)
    ends = np.append(np.diff(scores[order]) < 0, True)
    fits = np.flatnonzero((shares <= error) & ends)
    p = binomtest(broken, runs, 1 - CONFIDENCE, alternative="greater").pvalue
    return {
        "scores": name, "items": size, "audit": audit, "error": error, "runs": runs, "broken": broken, "p": float(p),
        "accepted": float(np.mean(accepted)), "none": float(np.mean(np.array(accepted) == 0)),
        "best possible": float((fits[-1] + 1) / size) if len(fits) else 0.0,
    }  # fmt: skip


def main() -> None:
    """Measure everything, print a table and write JSON; fail where the promise is broken too often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path("threshold.json"))
    arguments = parser.parse_args()
    print(f"{'scores':<48}{'items':>6}{'audit':>6}{'error':>6}{'broken':>7}{'p':>7}{'taken':>7}{'best':>6}{'none':>6}")
    rows = []
    for setting in SETTINGS:
        row = measure(*setting, runs=arguments.runs)
        print(
            f"{row['scores']:<48}{row['items']:>6}{row['audit']:>6}{row['error']:>6.2f}{row['broken']:>7}{row['p']:>7.3f}"
            f"{row['accepted']:>7.2f}{row['best possible']:>6.2f}{row['none']:>6.2f}",
            flush=True,
        )
        rows.append(row)
    arguments.out.write_text(json.dumps(rows, indent=2))
    if any(row["p"] < 0.01 for row in rows):
        raise SystemExit("the promise is broken more often than it may be")


if __name__ == "__main__":
    main()
