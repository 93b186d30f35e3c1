"""Measure the commands of a project whose labels come from people: seconds and memory as ratings get many.

Sixty people, right on 70 to 97 %, rate each item three times; four classes, an audit of 200 of all. Each command is a
process of its own, whose VmHWM is read; sizes take turns. With --against another version does the same in turn with
this one, one first in every other round: its folder `src`.

    python benchmarks/many_ratings.py [--items 10000 100000] [--rounds 2] [--against SRC] [--out many_ratings.json]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

CLASSES = np.array(["negative", "neutral", "positive", "unrelated"])
PEOPLE, PER_ITEM = 60, 3
HERE = Path(__file__).resolve().parents[1] / "src"
INIT = "init --no-functions --data ../items.csv --class " + " --class ".join(CLASSES)
COMMANDS = {
    "import": "import ../ratings.csv",
    "route": "route --all --overlap 3 --audit 200",
    "status": "status",
    "agreement": "agreement",
    "annotators": "annotators",
    "label": "label",
    "export": "export --adjudication queue.csv",
    "decide": "import --adjudication decided.csv",
    "check": "check",
    "release": "release 1.0.0",
    "verify": "verify releases/1.0.0",
}

Runs = dict[str, dict[str, dict[int, list[tuple[float, float]]]]]
"""Side -> command -> items -> seconds and MiB of each run."""


def main() -> None:
    """Run every command on projects of every size, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--against", type=Path, help="the folder src of another version")
    parser.add_argument("--out", type=Path, default=Path("many_ratings.json"))
    arguments = parser.parse_args()
    sides = {"this": HERE} | ({} if arguments.against is None else {"other": arguments.against.resolve()})
    runs: Runs = {side: {name: {} for name in COMMANDS} for side in sides}
    with tempfile.TemporaryDirectory() as place:
        for size in arguments.items:
            make_tables(Path(place) / str(size), size)
        for number in range(arguments.rounds):
            for size in arguments.items:
                for side in list(sides)[:: -1 if number % 2 else 1]:
                    found = one_project(Path(place) / str(size), f"{side}{number}", sides[side])
                    for name, one in found.items():
                        runs[side][name].setdefault(size, []).append(one)
    arguments.out.write_text(json.dumps(runs, indent=2))
    show(runs)


def show(runs: Runs) -> None:
    """Print medians, and how many times the other version takes."""
    print(f"{'command':<12}{'items':>10}{'seconds':>9}{'MiB':>8}{'other':>8}{'MiB':>8}{'times':>8}")
    for name, sizes in runs["this"].items():
        for size, found in sizes.items():
            seconds, mib = medians(found)
            line = f"{name:<12}{size:>10,}{seconds:>9.1f}{mib:>8,.0f}"
            if "other" in runs:
                other, more = medians(runs["other"][name][size])
                line += f"{other:>8.1f}{more:>8,.0f}{other / seconds:>8.2f}"
            print(line)


def medians(found: list[tuple[float, float]]) -> tuple[float, float]:
    """Median seconds and MiB of some runs."""
    seconds, mib = zip(*found, strict=True)
    return statistics.median(seconds), statistics.median(mib)


def make_tables(folder: Path, n: int) -> None:
    """Write items, what people said of them, and the truth."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    ids, truth, right = [f"t{at}" for at in range(n)], rng.integers(0, 4, n), rng.uniform(0.7, 0.97, PEOPLE)
    pd.DataFrame({"id": ids, "text": [f"what somebody wrote on some day, number {at}" for at in range(n)]}).to_csv(
        folder / "items.csv", index=False
    )
    item = np.repeat(np.arange(n), PER_ITEM)
    who = np.concatenate([rng.choice(PEOPLE, PER_ITEM, replace=False) for _ in range(n)])
    label = np.where(rng.random(len(item)) < right[who], truth[item], rng.integers(0, 4, len(item)))
    said = {"item": np.array(ids)[item], "annotator": [f"ann{one:02d}" for one in who], "label": CLASSES[label]}
    pd.DataFrame(said).to_csv(folder / "ratings.csv", index=False)
    pd.DataFrame({"item": ids, "label": CLASSES[truth]}).to_csv(folder / "truth.csv", index=False)


def one_project(tables: Path, name: str, source: Path) -> dict[str, tuple[float, float]]:
    """Take a project from its first command to a verified release: command -> seconds and MiB."""
    folder = tables / name
    folder.mkdir()
    run(INIT, folder, source)
    found = {}
    for command, line in COMMANDS.items():
        found[command] = run(line, folder, source)
        if command == "export":
            decide(folder, tables / "truth.csv")
    return found


def decide(folder: Path, truth: Path) -> None:
    """Let an adjudicator who knows the truth fill in the queue."""
    queue, known = pd.read_csv(folder / "queue.csv", dtype=str), pd.read_csv(truth, dtype=str).set_index("item")
    queue["adjudicator"], queue["label"] = "ada", known["label"].loc[queue["item"]].to_numpy()
    queue.to_csv(folder / "decided.csv", index=False)


def run(command: str, folder: Path, source: Path) -> tuple[float, float]:
    """Run a command of a version in a process of its own: seconds, and the peak of its memory in MiB."""
    surroundings = os.environ | {"PYTHONPATH": str(source)}
    begun = time.monotonic()
    with (folder / "said.txt").open("wb") as said:
        words = [sys.executable, "-m", "weakhitl", *command.split()]
        process = subprocess.Popen(words, cwd=folder, env=surroundings, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 4):  # a gate that fails, or is undecided, has done its work
        raise SystemExit(f"{command}: {(folder / 'said.txt').read_text()}")
    return time.monotonic() - begun, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
