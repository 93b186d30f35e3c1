"""Measure release and verify from a hundred thousand to ten million rows: rows a second, growth, memory.

Each is a fresh process whose VmHWM is read; sizes take turns. With --loaders FILE another Python (one that has
`datasets` and `mlcroissant`) loads the release of a million rows. With --kills N a release is killed N times, at
moments that are spread over the whole command, and what is on the disk is looked at.

    python benchmarks/release.py [--rounds 3] [--loaders PYTHON] [--kills 40] [--out release.json]
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import weakhitl as wh

SIZES = (100_000, 1_000_000, 10_000_000)
PART = 500_000
FUNCTIONS = 10
RULE = """\
[[labeling.rule]]
name = "f{number}_{label}"
kind = "threshold"
column = "x{column}"
label = "{label}"
{bounds}
"""
CONFIG = """\
[project]
name = "large"
[labels]
classes = ["no", "yes"]
[data]
path = "data"
[labeling]
cache = false
{rules}
[routing]
budget = 300
audit = 250
overlap = 3
[annotation]
text = "text"
[[gate.check]]
metric = "krippendorff-alpha"
at_least = 0.5
[[gate.check]]
metric = "release-accuracy"
at_least = 0.5
[release]
min_confidence = 0.6
splits = {{ train = 0.8, test = 0.2 }}
"""
STEP = """\
import json, sys, time
import weakhitl as wh
project = wh.Project.load(sys.argv[1])
begun = time.monotonic()
if sys.argv[2] == "release":
    result = project.release("1.0.0")
    assert result.digest, result.gate
else:
    result = wh.verify(sys.argv[1] + "/releases/1.0.0")
    assert result.holds, result.findings
seconds = time.monotonic() - begun
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "mb": int(peak.split()[1]) / 1024}))
"""
LOAD = """\
import json, os, sys, time
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": sys.argv[2]}
import datasets, mlcroissant
datasets.disable_progress_bars()
begun = time.monotonic()
rows = {split: len(part) for split, part in datasets.load_dataset(sys.argv[1]).items()}
seconds = time.monotonic() - begun
begun = time.monotonic()
described = mlcroissant.Dataset(jsonld=sys.argv[1] + "/croissant.json")
issues = described.metadata.issues
read = sum(1 for _, record in zip(range(20_000), described.records("data")))
print(json.dumps({"rows": rows, "seconds": seconds, "errors": len(issues.errors), "warnings": sorted(issues.warnings),
                  "records": read, "records_seconds": time.monotonic() - begun}))
"""


def main() -> None:
    """Measure everything, print tables and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--loaders", type=Path, help="a Python that has datasets and mlcroissant")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("release.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        projects = {size: make_project(Path(place) / str(size), size) for size in arguments.sizes}
        found: dict[str, Any] = {"sizes": measure(projects, arguments.rounds)}
        if arguments.loaders and 1_000_000 in projects:
            found["loaders"] = load(arguments.loaders, projects[1_000_000])
        if arguments.kills:
            found["kills"] = kill(projects[min(projects)], arguments.kills)
    arguments.out.write_text(json.dumps(found, indent=2))


def make_project(folder: Path, size: int) -> Path:
    """Make a dataset of two classes, with ten declared functions, three people and an adjudicator."""
    rng = np.random.default_rng(0)
    (folder / "data").mkdir(parents=True)
    truth = rng.integers(0, 2, size, dtype=np.int8)
    writer = None
    for start in range(0, size, PART):
        table = pa.table(columns(rng, truth[start : start + PART], start))
        writer = writer or pq.ParquetWriter(folder / "data" / "items.parquet", table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    rules = [
        RULE.format(number=number, label=label, column=number, bounds=bounds)
        for number in range(FUNCTIONS // 2)
        for label, bounds in (("yes", "above = 0.5"), ("no", "above = -0.5\nbelow = 0.5"))
    ]
    (folder / "weakhitl.toml").write_text(CONFIG.format(rules="".join(rules)))
    project = wh.Project.load(folder)
    project.label()
    project.route()
    items = [item for batch in project.batches for item in batch.items]
    right = {item: ("no", "yes")[truth[int(item[1:])]] for item in items}
    rate(project, folder, [(item, who, right[item], rng) for item in items for who in ("ana", "bo", "cy")])
    queue = project.export(folder / "queue.csv", adjudication=True).table["item"]
    decided = pd.DataFrame({"item": queue, "annotator": "eve", "label": [right[item] for item in queue]})
    decided.to_csv(folder / "decided.csv", index=False)
    project.collect(folder / "decided.csv", adjudication=True)
    return folder


def columns(rng: np.random.Generator, truth: np.ndarray, start: int) -> dict[str, Any]:
    """Ids, texts, and five columns of -1, 0 and 1 that hint at the class."""
    n = len(truth)
    found: dict[str, Any] = {"item": [f"i{at:08d}" for at in range(start, start + n)]}
    found["text"] = [f"text number {at} about this and that" for at in range(start, start + n)]
    for number in range(FUNCTIONS // 2):
        hint = np.where(rng.random(n) < 0.8, truth, 1 - truth)
        found[f"x{number}"] = np.where(rng.random(n) < 0.3, hint, -1).astype(np.int64)
    return found


def rate(project: wh.Project, folder: Path, asked: list[tuple[Any, ...]]) -> None:
    """Let people rate, each right in 95 of a hundred."""
    other = {"no": "yes", "yes": "no"}
    rows = [(item, who, label if rng.random() < 0.95 else other[label]) for item, who, label, rng in asked]
    pd.DataFrame(rows, columns=["item", "annotator", "label"]).to_csv(folder / "rated.csv", index=False)
    project.collect(folder / "rated.csv")


def measure(projects: dict[int, Path], rounds: int) -> list[dict[str, Any]]:
    """Release and verify each size in turn."""
    runs: dict[tuple[int, str], list[dict[str, float]]] = {}
    for _ in range(rounds):
        for size, folder in projects.items():
            shutil.rmtree(folder / "releases", ignore_errors=True)
            (folder / "gate-log.jsonl").unlink(missing_ok=True)
            for what in ("release", "verify"):
                runs.setdefault((size, what), []).append(step(folder, what))
    print(f"{'rows':>12}  {'':<8}{'seconds':>9}{'rows/s':>12}{'MB':>8}{'growth':>8}")
    rows, before = [], {}
    for (size, what), found in sorted(runs.items(), key=lambda run: (run[0][1], run[0][0])):
        seconds = statistics.median(run["seconds"] for run in found)
        memory = max(run["mb"] for run in found)
        growth = seconds / before[what] if what in before else None
        before[what] = seconds
        print(f"{size:>12,}  {what:<8}{seconds:>9.1f}{size / seconds:>12,.0f}{memory:>8,.0f}"
              f"{'' if growth is None else format(growth, '.1f'):>8}", flush=True)  # fmt: skip
        rows.append({"rows": size, "what": what, "seconds": seconds, "mb": memory, "growth": growth, "runs": found})
    return rows


def step(folder: Path, what: str) -> dict[str, float]:
    """Run one step in a process of its own."""
    done = subprocess.run([sys.executable, "-c", STEP, str(folder), what], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def load(python: Path, folder: Path) -> dict[str, Any]:
    """Load a release by the real datasets and the real mlcroissant."""
    with tempfile.TemporaryDirectory() as cache:
        command = [str(python), "-W", "ignore", "-c", LOAD, str(folder / "releases" / "1.0.0"), cache]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found = dict(json.loads(done.stdout.splitlines()[-1]))
    print(f"\ndatasets: {found['rows']} in {found['seconds']:.1f} s; mlcroissant: {found['errors']} errors, "
          f"{found['records']:,} records in {found['records_seconds']:.1f} s")  # fmt: skip
    return found


def kill(folder: Path, times: int) -> dict[str, Any]:
    """Kill the whole command at moments from its start to past its end; a release is there whole, or not at all."""
    command = [sys.executable, "-c", "from weakhitl.cli.main import run; run()", "release", "1.0.0"]
    final = folder / "releases" / "1.0.0"
    shutil.rmtree(final.parent, ignore_errors=True)
    begun = time.monotonic()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    whole = time.monotonic() - begun
    seen: Counter[str] = Counter()
    for number in range(times):
        shutil.rmtree(final.parent, ignore_errors=True)
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(whole * 1.1 * (number + 0.5) / times)
            os.kill(process.pid, signal.SIGKILL)
        if final.exists():
            seen["whole" if wh.verify(final).holds else "BROKEN"] += 1
            continue
        left = any(final.parent.glob(".*.partial"))
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        again = done.returncode == 0 and [path.name for path in final.parent.iterdir()] == ["1.0.0"]
        seen[("none, half-written files beside it" if left else "none") if again else "CANNOT GO ON"] += 1
    print(f"\nkilled {times} times in {whole:.1f} s: {dict(seen)}")
    return {"seconds": whole, "seen": dict(seen)}


if __name__ == "__main__":
    main()
