"""Measure how fast label models are, and how much memory they take, against Snorkel and crowd-kit.

Synthetic votes of Dawid and Skene's world, two classes, 30 % firing, in memory as a matrix of int64, which is what
Snorkel's applier makes. A time is fit and predict_proba from that matrix, in one call (fit_predict_proba) against
crowd-kit, whose aggregators do the same; both sides warm, interleaved, the median of several rounds. Memory is the
growth of VmHWM in a process of its own. Peers take part where they are installed (benchmarks/peers.sh).

    python benchmarks/label_model_speed.py [--rounds 5] [--out label_model_speed.json]
"""

import argparse
import json
import multiprocessing
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from vote_sets import simulate

import weakhitl as wh

Fit = Callable[[np.ndarray], Any]


def ours(model: Any) -> Fit:
    """Fit one of our models and apply it."""
    return lambda matrix: model.fit(matrix).predict_proba(matrix)


def ours_at_once(model: Any) -> Any:
    """Fit one of our models and apply it in one call."""
    return model.fit_predict_proba


def snorkel(matrix: np.ndarray) -> Any:
    """Snorkel's label model, 100 epochs."""
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=2, verbose=False)
    model.fit(matrix, n_epochs=100, seed=0, progress_bar=False)
    return model.predict_proba(matrix)


def snorkel_majority(matrix: np.ndarray) -> Any:
    """Snorkel's majority vote."""
    from snorkel.labeling.model import MajorityLabelVoter

    return MajorityLabelVoter(cardinality=2).predict_proba(matrix)


def crowd_kit(name: str) -> Fit:
    """Fit an aggregator of crowd-kit on the long table that it takes; making the table is not counted."""
    import crowdkit.aggregation
    import pandas as pd

    tables: dict[int, Any] = {}

    def fit(matrix: np.ndarray) -> Any:
        if id(matrix) not in tables:
            row, column = np.nonzero(matrix >= 0)
            tables[id(matrix)] = pd.DataFrame({"task": row, "worker": column, "label": matrix[row, column]})
        return getattr(crowdkit.aggregation, name)().fit_predict_proba(tables[id(matrix)])

    return fit


def main() -> None:
    """Time every pair, then the scaling, then memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("label_model_speed.json"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    rows = [compare(name, shape, pair, rounds) for name, shape, pair, rounds in pairs(arguments.rounds)]
    rows += scaling(arguments.rounds)
    rows += memory()
    arguments.out.write_text(json.dumps(rows, indent=2))


def pairs(rounds: int) -> list[tuple[str, tuple[int, int], tuple[Fit, Fit], int]]:
    """List what is compared: name, (n, m), (ours, theirs), rounds."""
    found: list[tuple[str, tuple[int, int], tuple[Fit, Fit], int]] = []
    if find_spec("snorkel"):
        for model in (wh.LabelModel(), wh.DawidSkene()):
            name = f"{type(model).__name__} : Snorkel's LabelModel"
            found += [
                (name, shape, (ours(model), snorkel), rounds) for shape in [(10**6, 10), (10**5, 10), (10**5, 50)]
            ]
        found.append(
            ("majority : Snorkel's majority", (10**5, 10), (ours(wh.MajorityVote()), snorkel_majority), rounds)
        )
    if find_spec("crowdkit"):
        found += [
            (name, (10**5, 10), (ours_at_once(model), crowd_kit(theirs)), rounds)
            for name, model, theirs in [
                ("DawidSkene : crowd-kit's", wh.DawidSkene(), "DawidSkene"),
                ("OneCoin : crowd-kit's", wh.OneCoin(), "OneCoinDawidSkene"),
            ]
        ]
    return found


def compare(name: str, shape: tuple[int, int], pair: tuple[Fit, Fit], rounds: int) -> dict[str, Any]:
    """Time two sides in turns; the ratio is of the medians."""
    matrix = simulate(*shape, 2).astype(np.int64)
    times: tuple[list[float], list[float]] = ([], [])
    for fit in pair:
        fit(matrix[:1000])
    for _ in range(rounds):
        for fit, seconds in zip(pair, times, strict=True):
            start = time.perf_counter()
            fit(matrix)
            seconds.append(time.perf_counter() - start)
    mine, theirs = (statistics.median(part) for part in times)
    print(f"{name} {shape[0]:.0e} x {shape[1]}: {mine:.3f} s : {theirs:.3f} s, {theirs / mine:.1f} times", flush=True)
    return {"name": name, "shape": shape, "ours": times[0], "theirs": times[1], "ratio": theirs / mine}


def scaling(rounds: int) -> list[dict[str, Any]]:
    """Time ten million rows against one million."""
    rows = []
    for model in (wh.LabelModel(), wh.DawidSkene()):
        times = {}
        for n in (10**6, 10**7):
            matrix = simulate(n, 10, 2).astype(np.int64)
            ours(model)(matrix[:1000])
            seconds = []
            for _ in range(min(rounds, 3)):
                start = time.perf_counter()
                ours(model)(matrix)
                seconds.append(time.perf_counter() - start)
            times[n] = statistics.median(seconds)
        ratio = times[10**7] / times[10**6]
        name = type(model).__name__
        print(f"{name} 1e7 x 10: {times[10**7]:.2f} s, {ratio:.1f} times that of 1e6", flush=True)
        rows.append({"name": f"{name} scaling", "seconds": {str(n): t for n, t in times.items()}, "ratio": ratio})
    return rows


def memory() -> list[dict[str, Any]]:
    """Growth of the peak resident size while fitting and predicting, in MB."""
    cases: dict[str, tuple[str, int]] = {
        "LabelModel 1e6": ("LabelModel", 10**6),
        "LabelModel 1e7": ("LabelModel", 10**7),
    }
    if find_spec("snorkel"):
        cases["Snorkel's 1e6"] = ("snorkel", 10**6)
    rows = []
    for name, case in cases.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            grown = pool.apply(_growth, case)
        print(f"memory {name}: {grown:.0f} MB over the votes", flush=True)
        rows.append({"name": f"memory {name}", "megabytes": grown})
    return rows


def _growth(side: str, n: int) -> float:
    fit = snorkel if side == "snorkel" else ours(getattr(wh, side)())
    matrix = simulate(n, 10, 2).astype(np.int64)
    fit(matrix[:1000])
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    fit(matrix)
    return _peak() - before


def _peak() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
