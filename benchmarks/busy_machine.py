"""Measure how long label models and alpha take where other processes keep the machine busy with the same.

Threads that wait for one another can make a fit many times slower as soon as they do not all run at once. Each piece of
work runs alone, and in as many processes at once as asked for; each process warms up, then waits for the others, and
the time is the median of its rounds, the worst process counts. "without the limit" is learning from gold with as many
BLAS threads as there are cores, as it was before it was held to one.

    python benchmarks/busy_machine.py [--processes 2] [--rounds 5] [--out busy_machine.json]
"""

import argparse
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import weakhitl as wh

CLASSES, SOURCES, ITEMS, GOLD = 5, 20, 3000, 100


def works() -> dict[str, Callable[[], Any]]:
    """Name what is measured."""
    rng = np.random.default_rng(0)
    truth, shape = rng.integers(CLASSES, size=ITEMS), (ITEMS, SOURCES)
    cast = np.where(rng.random(shape) < 0.7, truth[:, None], rng.integers(CLASSES, size=shape))
    matrix = np.where(rng.random(shape) < 0.3, cast, -1)
    gold = np.where(np.arange(ITEMS) < GOLD, truth, -1)
    votes = wh.Votes.from_matrix(matrix, wh.LabelSchema([str(label) for label in range(CLASSES)]))

    def without_limit() -> Any:
        with patch("weakhitl.label_model.teaching.threadpool_limits", lambda **_: nullcontext()):
            return wh.LabelModel().fit(matrix, gold=gold)

    return {
        "LabelModel": lambda: wh.LabelModel().fit(matrix),
        "LabelModel with gold": lambda: wh.LabelModel().fit(matrix, gold=gold),
        "LabelModel with gold, without the limit": without_limit,
        "MACE": lambda: wh.MACE().fit(matrix),
        "Triplets": lambda: wh.Triplets().fit(matrix),
        "alpha, 1,000 resamples": lambda: wh.krippendorff_alpha(votes),
    }


def seconds(name: str, rounds: int, barrier: Any, results: Any) -> None:
    """Put the median time of a piece of work into ``results``, measured while all processes do it."""
    work = works()[name]
    work()
    taken = []
    for _ in range(rounds):
        barrier.wait()
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    results.put(statistics.median(taken))


def at_once(name: str, processes: int, rounds: int) -> float:
    """Seconds that the slowest of so many processes takes."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    started = [context.Process(target=seconds, args=(name, rounds, barrier, results)) for _ in range(processes)]
    for process in started:
        process.start()
    found = max(results.get() for _ in started)
    for process in started:
        process.join()
    return found


def main() -> None:
    """Measure, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("busy_machine.json"))
    arguments = parser.parse_args()
    rows = []
    print(f"{'work':<42}{'alone, s':>10}{f'{arguments.processes} at once':>12}{'times':>8}")
    for name in works():
        alone, busy = (at_once(name, n, arguments.rounds) for n in (1, arguments.processes))
        rows.append({"work": name, "alone": alone, "at_once": busy})
        print(f"{name:<42}{alone:>10.3f}{busy:>12.3f}{busy / alone:>8.1f}", flush=True)
    arguments.out.write_text(json.dumps({"processes": arguments.processes, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
