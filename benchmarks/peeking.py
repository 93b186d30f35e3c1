"""Measure how often a gate lets a dataset pass whose truth is exactly at the bar, looked at once and again and again.

Agreement: two coders, three even classes, a true alpha of .667 that is also the bar, and the same with .64 under a bar
of .667; looks after every 20 units up to 1,000, by the linearised bound, which is quick; one look by the gate's own.
Release accuracy: 900 of 1,000 labels are right, the bar is .9; an audit of 300 in random order, looked at after every
decision. A pass at any look counts.

    python benchmarks/peeking.py [--runs 2000] [--out peeking.json]
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta, binomtest

import weakhitl as wh
from weakhitl.agreement.alpha import alpha_statistic
from weakhitl.agreement.intervals import estimate
from weakhitl.agreement.units import units_of
from weakhitl.config import CheckSection

SCHEMA = wh.LabelSchema(["a", "b", "c"])
CHECK = CheckSection(metric="krippendorff-alpha", at_least=0.667)
LOOKS = range(20, 1001, 20)
SIZE, AUDIT, RIGHT = 1000, 300, 900


def main() -> None:
    """Simulate, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("peeking.json"))
    arguments = parser.parse_args()
    rows = [*agreement(0.64, arguments.runs), *agreement(CHECK.bar, arguments.runs), *accuracy(arguments.runs)]
    arguments.out.write_text(json.dumps({"runs": arguments.runs, "rows": rows}, indent=2))
    print(f"{'what':<34}{'rule':<40}{'passes':>8}{'p':>8}")
    for row in rows:
        print(f"{row['what']:<34}{row['rule']:<40}{row['share']:>8.1%}{row['p']:>8.3f}")


def agreement(true: float, runs: int) -> Iterator[dict[str, Any]]:
    """Count passes by the estimate, by the bound for one look, and by the sequence."""
    rng = np.random.default_rng(0)
    passed = dict.fromkeys(
        ("estimate, every 20 units", "bound, every 20 units", "bound, once", "sequence, every 20"), 0
    )
    for _ in range(runs):
        truth = rng.integers(0, 3, (max(LOOKS), 1))
        coded = np.where(rng.random((max(LOOKS), 2)) < np.sqrt(true), truth, rng.integers(0, 3, (max(LOOKS), 2)))
        looks = [_look(coded[:n], "linearized") for n in LOOKS]
        verdicts = [look for look in looks if look is not None]
        for at, rule in enumerate(("estimate, every 20 units", "bound, every 20 units", "sequence, every 20")):
            passed[rule] += any(look[at] >= CHECK.bar for look in verdicts)
        once = _look(coded, "bootstrap")
        passed["bound, once"] += once is not None and once[1] >= CHECK.bar
    yield from (_row(f"alpha {true:g}, bar {CHECK.bar:g}", rule, count, runs) for rule, count in passed.items())


def _look(coded: np.ndarray, interval: str) -> tuple[float, float, float] | None:
    """Estimate, bound for one look, bound of the sequence; None where the preconditions are not met."""
    units = units_of(wh.Votes.from_matrix(coded, SCHEMA))
    made = alpha_statistic(units, SCHEMA, "nominal")
    if units.n_pairable < CHECK.least_units(graded=False) or units.n_minority < CHECK.min_minority:
        return None
    once = estimate(made, {"interval": interval, "confidence": 0.9})
    always = estimate(made, {"interval": "sequence", "confidence": 0.9})
    if once.value is None or once.low is None or always.low is None:
        return None
    return once.value, once.low, always.low


def accuracy(runs: int) -> Iterator[dict[str, Any]]:
    """Count passes by the exact bound for one look, and by betting, without and with predictions."""
    rng = np.random.default_rng(1)
    rules: dict[str, Callable[[np.ndarray, np.ndarray], bool]] = {
        "exact bound, once": lambda drawn, _: bool(_exact(drawn)[-1] > RIGHT / SIZE),
        "exact bound, every decision": lambda drawn, _: bool((_exact(drawn) > RIGHT / SIZE).any()),
        "betting, every decision": lambda drawn, _: wh.betting_bounds(drawn, SIZE)[0] > RIGHT / SIZE,
        "betting with predictions": lambda drawn, said: (
            wh.betting_bounds(drawn, SIZE, predictions=said[:AUDIT], predicted_mean=said.mean())[0] > RIGHT / SIZE
        ),
    }
    passed = dict.fromkeys(rules, 0)
    for _ in range(runs):
        population = rng.permutation((np.arange(SIZE) < RIGHT).astype(float))
        said = np.clip(0.6 + 0.3 * population + rng.normal(0, 0.1, SIZE), 0, 1)
        for rule, passes in rules.items():
            passed[rule] += passes(population[:AUDIT], said)
    yield from (_row("accuracy .9, bar .9", rule, count, runs) for rule, count in passed.items())


def _exact(drawn: np.ndarray) -> np.ndarray:
    """Clopper and Pearson's 95 % lower bound after each of the draws from the 60th on."""
    n, right = np.arange(1, len(drawn) + 1), drawn.cumsum()
    return np.asarray(beta.ppf(0.05, right, n - right + 1)[59:])


def _row(what: str, rule: str, count: int, runs: int) -> dict[str, Any]:
    p = float(binomtest(count, runs, 0.05, alternative="greater").pvalue)
    return {"what": what, "rule": rule, "passes": count, "share": count / runs, "p": p}


if __name__ == "__main__":
    main()
