"""What it costs to check a CSV before pandas reads it.

Both sides warm, in one process, taking turns: pandas alone, our reader, and Python's ``csv`` for everything.

    python benchmarks/reading.py [--rows 1000000] [--rounds 5] [--out reading.json]
"""

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from weakhitl.files import read_table

WORDS = np.array(
    ["free", "money", "now", "click", "see", "you", "at", "lunch", "win", "a", "prize", "meeting", "today"]
)


def main() -> None:
    """Measure, and print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("reading.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.csv"
        items(arguments.rows).to_csv(path, index=False)
        readers = {"pandas alone": by_pandas, "weakhitl": read_table, "csv alone": by_csv}
        rounds = [{name: seconds(read, path) for name, read in readers.items()} for _ in range(arguments.rounds + 1)]
    table = pd.DataFrame(rounds[1:]).median().rename("seconds").to_frame()
    table["ratio"] = table["seconds"] / table["seconds"].iloc[0]
    arguments.out.write_text(json.dumps({"rows": arguments.rows, "rounds": rounds[1:]}, indent=2))
    print(table.round(2).to_string())


def items(n: int) -> pd.DataFrame:
    """Make texts of a dozen words, with an id and two more columns."""
    rng = np.random.default_rng(0)
    texts = [" ".join(words) for words in WORDS[rng.integers(0, len(WORDS), (n, 12))]]
    return pd.DataFrame({"id": np.arange(n), "text": texts, "user": rng.integers(0, 1000, n), "day": "2026-01-01"})


def by_pandas(path: Path) -> pd.DataFrame:
    """Read the same cells without a check."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def by_csv(path: Path) -> pd.DataFrame:
    """Read with one pass of Python's module."""
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    return pd.DataFrame(rows, columns=header, dtype=str)


def seconds(read: Callable[[Path], pd.DataFrame], path: Path) -> float:
    """Take the time of one reading."""
    start = time.perf_counter()
    read(path)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
