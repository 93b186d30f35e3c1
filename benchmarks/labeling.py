"""Measure how fast labeling functions run, against Snorkel's appliers.

Short random texts, fresh ones in each round. A time is the median of several rounds, both sides warm and interleaved.
Ours includes making Votes; Snorkel's gives the matrix. Snorkel takes part from the environment of benchmarks/peers.sh.

    python benchmarks/labeling.py [--rows 20000] [--rounds 5] [--out labeling.json]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import weakhitl as wh
from weakhitl.labeling import run
from weakhitl.labeling.cache import VoteCache

SCHEMA = wh.LabelSchema(["HAM", "SPAM"])
WORDS = [f"w{n}" for n in range(2000)]
LOOKED_FOR = [f"w{n}" for n in range(0, 200, 20)]

Work = Callable[[pd.DataFrame], Any]


def main() -> None:
    """Measure everything, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("labeling.json"))
    arguments = parser.parse_args()
    size, rounds = arguments.rows, arguments.rounds
    rows = [*against_snorkel(size, rounds), gazetteers(size, rounds), edited(size, rounds)]
    arguments.out.write_text(json.dumps({"rows": arguments.rows, "rounds": arguments.rounds, "work": rows}, indent=2))
    print(f"{'work':<62}{'ours (s)':>10}{'theirs':>10}{'ratio':>8}")
    for row in rows:
        print(f"{row['work']:<62}{row['ours']:>10.3f}{row['theirs']:>10.3f}{row['theirs'] / row['ours']:>8.1f}")


def texts(rows: int, seed: int) -> pd.DataFrame:
    """Rows of twelve words each."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"text": [" ".join(rng.choice(WORDS, 12)) for _ in range(rows)]})


def written() -> list[wh.LabelingFunction]:
    """Ten functions in Python that look for a word."""

    def function(word: str) -> wh.LabelingFunction:
        def looks(x: Any) -> int:
            return 1 if word in x.text.split() else -1

        return wh.LabelingFunction(f"has_{word}", looks)

    return [function(word) for word in LOOKED_FOR]


def against_snorkel(rows: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Ten functions written and ten declared, against Snorkel's applier for pandas and for lists."""
    from snorkel.labeling import LabelingFunction, LFApplier, PandasLFApplier

    functions = written()
    theirs = [LabelingFunction(one.name, one.function) for one in functions]
    rules = [wh.keyword(f"has_{word}", [word], label="SPAM") for word in LOOKED_FOR]

    def pandas_applier(table: pd.DataFrame) -> Any:
        return PandasLFApplier(theirs).apply(table, progress_bar=False)

    def list_applier(table: pd.DataFrame) -> Any:
        return LFApplier(theirs).apply([SimpleNamespace(text=text) for text in table["text"]], progress_bar=False)

    pairs: dict[str, tuple[Work, Work]] = {
        "ten Python functions, against PandasLFApplier": (lambda t: wh.apply(functions, t, SCHEMA), pandas_applier),
        "ten Python functions, against LFApplier on a list": (lambda t: wh.apply(functions, t, SCHEMA), list_applier),
        "ten declared functions, against PandasLFApplier": (lambda t: wh.apply(rules, t, SCHEMA), pandas_applier),
    }
    sample = texts(500, 99)
    if not all(
        (wh.apply(kind, sample, SCHEMA).to_matrix() == pandas_applier(sample)).all() for kind in (functions, rules)
    ):
        raise SystemExit("the two sides do not give the same votes")
    for name, (ours, other) in pairs.items():
        yield {"work": name, **interleaved(ours, other, rows, rounds)}


def gazetteers(rows: int, rounds: int) -> dict[str, Any]:
    """Compare 100,000 terms (theirs) with 1,000 (ours); making the rules is not counted."""
    few, many = (wh.gazetteer("g", [f"term {n}" for n in range(size)], label="SPAM") for size in (1000, 100_000))
    found = interleaved(lambda t: wh.apply([few], t, SCHEMA), lambda t: wh.apply([many], t, SCHEMA), rows, rounds)
    return {"work": "a gazetteer of 1,000 terms, against one of 100,000", **found}


_FUNCTION = """
@wh.labeling_function
def looks_for_{word}(x):
    return "SPAM" if any({word!r} == part.strip(".,!?").lower() for part in x.text.split()) else None
"""


def edited(rows: int, rounds: int) -> dict[str, Any]:
    """Run one of ten functions that was edited, the cache knowing the others (ours), and all ten without (theirs)."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    with TemporaryDirectory() as folder:
        file, cache = Path(folder) / "functions.py", VoteCache(Path(folder) / "cache")
        for number in range(rounds + 1):
            table = texts(rows, number)
            run(_ten(file, LOOKED_FOR), table, SCHEMA, cache=cache)
            functions = _ten(file, [f"w{number + 1}", *LOOKED_FOR[1:]])
            for name, given in (("ours", cache), ("theirs", None)):
                start = time.perf_counter()
                run(functions, table, SCHEMA, cache=given)
                if number:
                    times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {"work": "one of ten Python functions edited, against all ten", **medians}


def _ten(file: Path, words: list[str]) -> list[wh.LabelingFunction]:
    file.write_text("import weakhitl as wh\n" + "".join(_FUNCTION.format(word=word) for word in words))
    return wh.discover(file)


def interleaved(ours: Work, theirs: Work, rows: int, rounds: int) -> dict[str, float]:
    """Median seconds of both, taken in turn after a warm-up."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(rounds + 1):
        table = texts(rows, number)
        for name, work in (("ours", ours), ("theirs", theirs)):
            start = time.perf_counter()
            work(table)
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    main()
