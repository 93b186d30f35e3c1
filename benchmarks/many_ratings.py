"""Measure the commands of a project whose labels come from people: seconds, growth and memory as ratings get many.

Sixty people, right on 70 to 97 %, rate each item three times; four classes, an audit of 200 of all. Each command is a
process of its own, started cold, whose VmHWM is read; sizes take turns.

    python benchmarks/many_ratings.py [--items 10000 100000] [--rounds 2] [--out many_ratings.json]
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


def main() -> None:
    """Run every command on projects of every size, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("many_ratings.json"))
    arguments = parser.parse_args()
    runs: dict[str, dict[int, list[tuple[float, float]]]] = {name: {} for name in COMMANDS}
    with tempfile.TemporaryDirectory() as place:
        for size in arguments.items:
            make_tables(Path(place) / str(size), size)
        for number in range(arguments.rounds):
            for size in arguments.items:
                for name, found in one_project(Path(place) / str(size), f"round{number}").items():
                    runs[name].setdefault(size, []).append(found)
    arguments.out.write_text(json.dumps(runs, indent=2))
    print(f"{'command':<12}{'items':>10}{'seconds':>9}{'MiB':>8}{'growth':>8}")
    for name, sizes in runs.items():
        before = None
        for size, found in sizes.items():
            seconds = statistics.median(one for one, _ in found)
            growth = "" if before is None else f"{seconds / before:.1f}"
            before = seconds
            print(f"{name:<12}{size:>10,}{seconds:>9.1f}{max(mib for _, mib in found):>8,.0f}{growth:>8}")


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


def one_project(tables: Path, name: str) -> dict[str, tuple[float, float]]:
    """Take a project from its first command to a verified release: command -> seconds and MiB."""
    folder = tables / name
    folder.mkdir()
    run(INIT, folder)
    found = {}
    for command, line in COMMANDS.items():
        found[command] = run(line, folder)
        if command == "export":
            decide(folder, tables / "truth.csv")
    return found


def decide(folder: Path, truth: Path) -> None:
    """Let an adjudicator who knows the truth fill in the queue."""
    queue, known = pd.read_csv(folder / "queue.csv", dtype=str), pd.read_csv(truth, dtype=str).set_index("item")
    queue["adjudicator"], queue["label"] = "ada", known["label"].loc[queue["item"]].to_numpy()
    queue.to_csv(folder / "decided.csv", index=False)


def run(command: str, folder: Path) -> tuple[float, float]:
    """Run a command in a process of its own: seconds, and the peak of its memory in MiB."""
    begun = time.monotonic()
    with (folder / "said.txt").open("wb") as said:
        words = [sys.executable, "-m", "weakhitl", *command.split()]
        process = subprocess.Popen(words, cwd=folder, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 4):  # a gate that fails, or is undecided, has done its work
        raise SystemExit(f"{command}: {(folder / 'said.txt').read_text()}")
    return time.monotonic() - begun, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
