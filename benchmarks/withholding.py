"""Measure whether the bound of what is left keeps its promise where slices that look bad are withheld.

All groups are equally good. A policy withholds those that do not pass a bar (`otherwise = "withhold"`), and measures
the rest on the same items: release accuracy, audited and decided throughout, or agreement. How often the one-sided
95 % bound of the rest is above the truth: as if nothing had chosen the groups, and as the gate gives it.

    python benchmarks/withholding.py [--runs 300] [--out withholding.json]
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

import weakhitl as wh
from weakhitl.agreement import krippendorff_alpha
from weakhitl.config import CheckSection, GateSection, parse_config
from weakhitl.gate import Context, Evidence, Subject, assess, run_policy
from weakhitl.gate.accuracy import release_accuracy
from weakhitl.release.evidence_files import NAMES
from weakhitl.routing import Batch

NOW = datetime(2026, 11, 30, tzinfo=UTC)
CONFIG = parse_config(
    """
[project]
name = "simulated"
[labels]
classes = ["a", "b"]
[data]
path = "x.csv"
[labeling]
functions = ["f.py"]
[label_model]
name = "majority"
""",
    NAMES,
)
SETTINGS = {
    "accuracy .9, 5 groups of 50, bar .8": ("release-accuracy", 5, 50, 0.9, 0.8),
    "accuracy .85, 8 groups of 30, bar .7": ("release-accuracy", 8, 30, 0.85, 0.7),
    "accuracy .85, 20 groups of 30, bar .7": ("release-accuracy", 20, 30, 0.85, 0.7),
    "people right on .9, 5 groups of 100, alpha bar .5": ("krippendorff-alpha", 5, 100, 0.9, 0.5),
    "people right on .9, 12 groups of 100, alpha bar .5": ("krippendorff-alpha", 12, 100, 0.9, 0.5),
}


def main() -> None:
    """Run every setting, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("withholding.json"))
    arguments = parser.parse_args()
    results = {name: simulate(arguments.runs, *setting) for name, setting in SETTINGS.items()}
    arguments.out.write_text(json.dumps({"runs": arguments.runs, "settings": results}, indent=2))
    print(f"{'setting':<52}{'released':>10}{'looks':>8}{'truth':>8}{'plain':>8}{'gate':>8}")
    for name, row in results.items():
        line = f"{name:<52}{row['released']:>10.1%}{row['looks']:>8.3f}{row['truth']:>8.3f}"
        print(f"{line}{row['plain']:>8.1%}{row['gate']:>8.1%}")


def simulate(runs: int, metric: str, groups: int, size: int, right: float, bar: float) -> dict[str, float]:
    """Repeat a setting; shares are of the runs in which something passes and something is withheld."""
    check = {"metric": metric, "min_slice": 1, "min_units": 1, "min_minority": 0}
    policy = GateSection(
        check=[
            CheckSection(**check, name="groups", at_least=bar, slice="group", otherwise="withhold"),
            CheckSection(**check, name="rest", at_least=0.99),
        ]
    )
    truth = right if metric == "release-accuracy" else _alpha(right)
    rows = []
    for seed in range(runs):
        subject = _subject(np.random.default_rng(seed), metric, groups, size, right)
        gate = run_policy(subject, policy)
        first, rest = gate.verdicts
        if gate.withheld is None or first.status != "pass" or not gate.withheld.any():
            continue
        plain = _plain(subject, metric, gate.withheld)
        rows.append((plain.value, (plain.low or 0) > truth, (rest.estimate.low or 0) > truth))
    looks, high, gated = np.mean(rows, axis=0) if rows else (float("nan"),) * 3
    return {"released": len(rows) / runs, "looks": looks, "truth": truth, "plain": high, "gate": gated}


def _subject(rng: np.random.Generator, metric: str, groups: int, size: int, right: float) -> Subject:
    n = groups * size
    items = [f"i{number}" for number in range(n)]
    attributes = pd.DataFrame({"group": [f"g{number % groups}" for number in range(n)]}, index=items)
    if metric != "release-accuracy":
        said = _rate(rng, n, right)
        votes = wh.Votes.from_matrix(said, CONFIG.schema_, items=items)
        return Subject(votes, None, attributes, NOW)
    decided = np.where(rng.random(n) < right, "a", "b")
    people = [(item, f"p{person}", "a", "annotator") for item in items for person in range(3)]
    senior = [(item, "senior", label, "adjudicator") for item, label in zip(items, decided, strict=True)]
    ratings = pd.DataFrame([*people, *senior], columns=["item", "annotator", "label", "role"], dtype=object)
    table = pd.DataFrame({"item": items, "reason": "audit", "probability": 1.0, "rank": range(1, n + 1)})
    votes = wh.Votes.from_matrix(np.zeros((n, 1), dtype=int), CONFIG.schema_, items=items)
    batch = Batch("routing", 0, 3, n, table)
    return Subject.of(assess(Evidence(CONFIG, votes, ratings, (batch,), None, Context(NOW, attributes=attributes))))


def _plain(subject: Subject, metric: str, withheld: np.ndarray) -> wh.Estimate:
    if metric == "release-accuracy":
        return release_accuracy(subject.assessment, confidence=0.9, within=~withheld)  # type: ignore[arg-type]  # it has one
    return krippendorff_alpha(subject.votes.take_items(np.flatnonzero(~withheld)), confidence=0.9)


def _rate(rng: np.random.Generator, n: int, right: float) -> np.ndarray:
    truth = rng.integers(0, 2, (n, 1))
    return np.where(rng.random((n, 3)) < right, truth, 1 - truth)


def _alpha(right: float) -> float:
    votes = wh.Votes.from_matrix(_rate(np.random.default_rng(0), 400_000, right), CONFIG.schema_)
    return krippendorff_alpha(votes).value or 0.0


if __name__ == "__main__":
    main()
