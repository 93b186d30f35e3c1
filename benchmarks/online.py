"""Measure how long the server takes to decide on an item that arrives.

A real server on the weather example (3,000 tweets, an end model trained on its labels, three declared rules, SQLite).
Programs send new items at a steady pace, each with a token of its own, whatever the answers take (so that a slow answer
delays no other request), in turns: with an upstream model's class, for the end model to say, and such that a rule
decides. Every item is stored and, where people are asked, queued. Beside that four annotators rate what comes up.

    python benchmarks/online.py [--seconds 30] [--rate 40 60] [--out online.json]
"""

import argparse
import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd

import weakhitl as wh

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "weather"
FUNCTIONS = EXAMPLE.parents[1] / "labeling_functions" / "weather.py"
CONFIG = """\
[project]
name = "load"
[labels]
classes = ["negative", "neutral", "positive", "unrelated"]
[data]
path = "data"
[labeling]
functions = ["functions.py"]
[[labeling.rule]]
name = "warning"
kind = "keyword"
words = ["tornado warning"]
label = "negative"
[[labeling.rule]]
name = "off_topic"
kind = "keyword"
words = ["oklahoma city thunder"]
label = "unrelated"
[online]
model = "models"
accept = 0.8
route = 0.1
route_rules = ["warning"]
accept_rules = ["off_topic"]
watch = 0.05
"""
WAYS = ("upstream", "end model", "rule")
PROGRAMS, PEOPLE = 4, 4


def make(folder: Path) -> None:
    """Make a project with a trained end model."""
    (folder / "data").mkdir()
    shutil.copy(EXAMPLE / "tweets.csv", folder / "data" / "tweets.csv")
    shutil.copy(FUNCTIONS, folder / "functions.py")
    (folder / "weakhitl.toml").write_text(CONFIG)
    project = wh.Project.load(folder)
    project.label()
    project.train(columns=["text"])


def measure(folder: Path, seconds: float, rate: int) -> list[dict[str, Any]]:
    """Send items to a server of its own; a row for each way of deciding."""
    command = [sys.executable, "-m", "weakhitl", "annotate", "--port", "0", "--project", str(folder)]
    log = folder / f"server-{rate}.log"
    with log.open("w") as file:
        server = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        while not (link := re.search(r"(http://[^/]+)/join/(\S+)", log.read_text())) or "Ctrl-C" not in log.read_text():
            if server.poll() is not None:
                raise SystemExit(log.read_text())
            time.sleep(0.1)
        base, owner = link[1], link[2]
        _wait(base)
        with httpx.Client(base_url=f"{base}/api/v1", headers=_token(owner)) as client:
            tokens = {
                role: [_invite(client, f"{role} {at} {rate}", role) for at in range(count)]
                for role, count in (("owner", PROGRAMS), ("annotator", PEOPLE))
            }
        return _send(f"{base}/api/v1", tokens, seconds, rate)
    finally:
        server.terminate()
        server.wait()


def _wait(base: str) -> None:
    """Wait until the server takes connections."""
    for _ in range(100):
        with contextlib.suppress(httpx.ConnectError):
            httpx.get(base)
            return
        time.sleep(0.1)


def _token(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def _invite(client: httpx.Client, name: str, role: str) -> str:
    return str(client.post("/people", json={"name": name, "role": role}).raise_for_status().json()["token"])


def _send(base: str, tokens: dict[str, list[str]], seconds: float, rate: int) -> list[dict[str, Any]]:
    texts = pd.read_csv(EXAMPLE / "tweets.csv", dtype=str)["text"].tolist()
    classes = ["negative", "neutral", "positive", "unrelated"]
    rng = np.random.default_rng(rate)
    stop = threading.Event()
    rated: Counter[str] = Counter()
    raters = [threading.Thread(target=_rate, args=(base, token, classes, stop, rated)) for token in tokens["annotator"]]
    clients = [httpx.Client(base_url=base, headers=_token(token), timeout=30) for token in tokens["owner"]]
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    outcomes: dict[str, Counter[str]] = {way: Counter() for way in WAYS}

    def one(number: int, due: float) -> None:
        way = WAYS[number % len(WAYS)]
        text = texts[int(rng.integers(len(texts)))] if way != "rule" else "tornado warning for tulsa"
        body: dict[str, Any] = {"row": {"item": f"{rate}-{number}", "text": text}}
        if way == "upstream":
            body |= {"label": classes[number % 4], "confidence": (number % 100) / 100}
        answer = clients[number % PROGRAMS].post("/arrivals", json=body)
        if number >= rate:  # the first second warms up
            taken[way].append(time.perf_counter() - due)
        outcomes[way][answer.json().get("outcome", str(answer.status_code))] += 1

    for rater in raters:
        rater.start()
    began = time.perf_counter()
    with ThreadPoolExecutor(32) as pool:
        for number in range(int(seconds * rate) + rate):
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(one, number, due)
    stop.set()
    for rater in raters:
        rater.join()
    return [
        {
            "rate": rate, "way": way, "requests": len(taken[way]), "p50_ms": 1e3 * statistics.median(taken[way]),
            "p99_ms": 1e3 * float(np.quantile(taken[way], 0.99)), "max_ms": 1e3 * max(taken[way]),
            "outcomes": dict(outcomes[way]), "rated": sum(rated.values()),
        }
        for way in WAYS
    ]  # fmt: skip


def _rate(base: str, token: str, classes: list[str], stop: threading.Event, rated: "Counter[str]") -> None:
    """Rate what comes up, an item a second."""
    with httpx.Client(base_url=base, headers=_token(token), timeout=30) as client:
        while not stop.wait(1.0):
            item = client.post("/next").raise_for_status().json()["item"]
            if item is not None:
                client.post("/ratings", json={"item": item, "label": classes[hash(item) % 4]}).raise_for_status()
                rated[token] += 1


def main() -> None:
    """Measure every pace, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=int, nargs="*", default=[40, 60])
    parser.add_argument("--out", type=Path, default=Path("online.json"))
    arguments = parser.parse_args()
    rows = []
    print(f"{'items a second':<16}{'decided by':<12}{'items':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}  outcomes")
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        for rate in arguments.rate:
            for row in measure(Path(folder), arguments.seconds, rate):
                print(
                    f"{rate:<16}{row['way']:<12}{row['requests']:>8,}{row['p50_ms']:>9.1f}{row['p99_ms']:>9.1f}"
                    f"{row['max_ms']:>9.1f}  {row['outcomes']}",
                    flush=True,
                )
                rows.append(row)
    arguments.out.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
