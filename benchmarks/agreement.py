"""Measure how fast agreement is, and how much memory it takes, against krippendorff and scikit-learn.

A million units, five coders who are right seven times of ten, five classes, 30 % of the ratings missing. A time is the
median of several rounds, both sides warm and interleaved; memory the growth of VmHWM in a process of its own, over what
the input takes. krippendorff gets its matrix of floats with nan ready made.

    python benchmarks/agreement.py [--rounds 7] [--out agreement.json]
"""

import argparse
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import weakhitl as wh

UNITS, CODERS, CLASSES = 1_000_000, 5, 5
SCHEMA = wh.LabelSchema([str(c) for c in range(CLASSES)])


def main() -> None:
    """Measure everything, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("agreement.json"))
    arguments = parser.parse_args()
    rows = [*speed(arguments.rounds), memory(), *growth()]
    arguments.out.write_text(json.dumps({"rounds": arguments.rounds, "rows": rows}, indent=2))
    print(f"{'work':<58}{'ours':>10}{'theirs':>10}{'ratio':>8}")
    for row in rows:
        theirs = "" if row["theirs"] is None else f"{row['theirs']:.3f}"
        ratio = "" if row["theirs"] is None else f"{row['theirs'] / row['ours']:.1f}"
        print(f"{row['work']:<58}{row['ours']:>10.3f}{theirs:>10}{ratio:>8}")


def matrix(units: int = UNITS) -> np.ndarray:
    """``matrix[unit, coder]``: class indices, -1 missing."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, (units, 1))
    right = rng.random((units, CODERS)) < 0.7
    rated = np.where(right, truth, rng.integers(0, CLASSES, (units, CODERS)))
    rated[rng.random((units, CODERS)) < 0.3] = -1
    return rated


def as_floats(rated: np.ndarray) -> np.ndarray:
    """Give the matrix as krippendorff takes it: coders by units, nan missing."""
    return np.where(rated.T < 0, np.nan, rated.T.astype(np.float64))


def krippendorff_alpha(floats: np.ndarray) -> float:
    """Compute alpha with the package krippendorff, once."""
    import krippendorff

    value = krippendorff.alpha(floats, level_of_measurement="nominal", value_domain=list(range(CLASSES)))
    return float(value)


def all_pairs(rated: np.ndarray) -> list[float]:
    """Compute Cohen's kappa of all pairs with scikit-learn."""
    from sklearn.metrics import cohen_kappa_score

    found = []
    for a, b in combinations(range(CODERS), 2):
        both = (rated[:, a] >= 0) & (rated[:, b] >= 0)
        found.append(float(cohen_kappa_score(rated[both, a], rated[both, b])))
    return found


def speed(rounds: int) -> list[dict[str, Any]]:
    """Time each pair of ways to the same figure, and check that it is the same."""
    rated = matrix()
    floats = as_floats(rated)
    votes = wh.Votes.from_matrix(rated, SCHEMA)
    kappas = wh.pairwise_cohen_kappa(votes)["kappa"].to_numpy(dtype=float)
    same = abs(wh.krippendorff_alpha(votes).value - krippendorff_alpha(floats)) < 1e-9
    if not (same and np.allclose(kappas, all_pairs(rated), atol=1e-9)):
        raise SystemExit("the two sides do not compute the same figures")
    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "alpha, linearised interval, from votes, against a value": (
            lambda: wh.krippendorff_alpha(votes, interval="linearized"),
            lambda: krippendorff_alpha(floats),
        ),
        "alpha, 1,000 resamples, from votes, against a value": (
            lambda: wh.krippendorff_alpha(votes),
            lambda: krippendorff_alpha(floats),
        ),
        "alpha, 1,000 resamples, from the matrix, against a value": (
            lambda: wh.krippendorff_alpha(wh.Votes.from_matrix(rated, SCHEMA)),
            lambda: krippendorff_alpha(floats),
        ),
        "all pairs Cohen with intervals, against a loop of values": (
            lambda: wh.pairwise_cohen_kappa(votes),
            lambda: all_pairs(rated),
        ),
    }
    return [{"work": f"{name} (s)", **interleaved(*both, rounds)} for name, both in pairs.items()]


def interleaved(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int) -> dict[str, float]:
    """Median seconds of both, taken in turn after a warm-up."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(rounds + 1):
        for name, work in (("ours", ours), ("theirs", theirs)):
            start = time.perf_counter()
            work()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def memory() -> dict[str, Any]:
    """Growth of the largest resident set by one figure, each in a process of its own."""
    context = multiprocessing.get_context("spawn")
    found = {}
    for name in ("ours", "theirs"):
        with context.Pool(1) as pool:
            found[name] = pool.apply(_grown, (name,))
    return {"work": "memory of alpha over its input (MB)", **found}


def _grown(name: str) -> float:
    small = matrix(1000)
    rated = matrix()
    if name == "ours":
        wh.krippendorff_alpha(wh.Votes.from_matrix(small, SCHEMA))
        votes = wh.Votes.from_matrix(rated, SCHEMA)
        del rated
        return _growth(lambda: wh.krippendorff_alpha(votes))
    krippendorff_alpha(as_floats(small))
    floats = as_floats(rated)
    del rated
    return _growth(lambda: krippendorff_alpha(floats))


def _growth(work: Callable[[], Any]) -> float:
    """MB by which the peak exceeds what is resident before; the peak is reset first."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    work()
    return (_status("VmHWM") - before) / 1024


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def growth() -> list[dict[str, Any]]:
    """Seconds from a long table of strings to alpha with its interval."""
    return [
        {"work": f"{units * CODERS:,} ratings, long table to alpha (s)", "ours": _long(units), "theirs": None}
        for units in (20_000, 200_000, 2_000_000)
    ]


def _long(units: int) -> float:
    rng = np.random.default_rng(0)
    who = np.argsort(rng.random((min(units, 20_000), 100)), axis=1)[:, :CODERS]
    who = np.tile(who, (units // len(who), 1)).reshape(-1)
    names = np.array(SCHEMA.classes, dtype=object)
    table = pd.DataFrame(
        {
            "item": np.repeat(np.arange(units), CODERS).astype(str),
            "annotator": who.astype(str),
            "label": names[rng.integers(0, CLASSES, units * CODERS)],
        }
    )
    start = time.perf_counter()
    wh.krippendorff_alpha(wh.Votes.from_long(table, SCHEMA))
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
