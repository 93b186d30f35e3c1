"""Show how often a judge is licensed for a class in which it is not good enough.

Judges whose accuracy in each class is just below the bar, or far from it, vote on the items of a random audit; a run in
which any class below the bar is licensed breaks the promise.

    python benchmarks/licence.py [--runs 2000] [--out licence.json]
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from weakhitl.pipeline.licences import license_cells

BAR = 0.9
JUDGES = {
    "two classes just below": [0.8999, 0.8999],
    "four classes just below": [0.8999] * 4,
    "one of four just below": [0.8999, 0.97, 0.97, 0.97],
    "ten classes just below": [0.8999] * 10,
    "two good classes": [0.98, 0.98],
}
AUDITS = (100, 300, 1000)


def measure(accuracy: list[float], audit: int, runs: int, rng: np.random.Generator) -> dict[str, Any]:
    """Count the runs that license what they must not, and the share of good classes that are licensed."""
    names = np.array([f"c{at}" for at in range(len(accuracy))])
    bad = {name for name, right in zip(names, accuracy, strict=True) if right < BAR}
    broken, licensed, good = 0, 0, 0
    for _ in range(runs):
        voted = rng.integers(len(names), size=audit)
        right = rng.random(audit) < np.array(accuracy)[voted]
        table = pd.DataFrame({"voted": names[voted], "truth": np.where(right, names[voted], "other"), "part": ""})
        given = {cell.label for cell in license_cells(table, BAR) if cell.licensed}
        broken += bool(given & bad)
        licensed += len(given - bad)
        good += len(names) - len(bad)
    p = float(binomtest(broken, runs, 0.05, alternative="greater").pvalue)
    return {"audit": audit, "runs": runs, "broken": broken, "p": p, "good_licensed": licensed / good if good else None}


def main() -> None:
    """Measure everything, print a table and write JSON; fail where the promise is broken too often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("licence.json"))
    arguments = parser.parse_args()
    rng = np.random.default_rng(20261127)
    print(f"{'judge':<26}{'audit':>7}{'runs':>7}{'broken':>8}{'p':>7}{'good classes licensed':>23}")
    rows = []
    for name, accuracy in JUDGES.items():
        for audit in AUDITS:
            row = {"judge": name, **measure(accuracy, audit, arguments.runs, rng)}
            share = "" if row["good_licensed"] is None else f"{row['good_licensed']:.2f}"
            print(f"{name:<26}{audit:>7}{row['runs']:>7}{row['broken']:>8}{row['p']:>7.2f}{share:>23}", flush=True)
            rows.append(row)
    arguments.out.write_text(json.dumps(rows, indent=2))
    if any(row["p"] < 0.01 for row in rows):
        raise SystemExit("the promise is broken too often")


if __name__ == "__main__":
    main()
