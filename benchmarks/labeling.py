"""Measure how fast labeling functions run, against Snorkel's appliers, and how much memory they take.

Short random texts, fresh ones in each round. A time is the median of several rounds, both sides warm and interleaved.
Ours includes making Votes; Snorkel's gives the matrix, from a list of objects that is made beforehand, or a DataFrame.
Snorkel takes part from the environment of benchmarks/peers.sh. Memory is the peak (VmHWM) of a process of its own.

    python benchmarks/labeling.py [--rows 20000] [--rounds 5] [--millions 10 20] [--out labeling.json]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import weakhitl as wh
from weakhitl.labeling import run
from weakhitl.labeling.cache import VoteCache

SCHEMA = wh.LabelSchema(["HAM", "SPAM"])
WORDS = np.array([f"w{n}" for n in range(2000)])
LOOKED_FOR = [f"w{n}" for n in range(0, 200, 20)]

Work = Callable[[pd.DataFrame], Any]


def main() -> None:
    """Measure everything, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--millions", type=int, nargs="*", default=[10, 20], help="rows of Parquet, in millions")
    parser.add_argument("--out", type=Path, default=Path("labeling.json"))
    arguments = parser.parse_args()
    size, rounds = arguments.rows, arguments.rounds
    print(f"{'work':<66}{'ours (s)':>10}{'theirs':>10}{'ratio':>8}")
    rows = []
    for row in times(size, rounds):
        print(
            f"{row['work']:<66}{row['ours']:>10.3f}{row['theirs']:>10.3f}{row['theirs'] / row['ours']:>8.1f}",
            flush=True,
        )
        rows.append(row)
    print(f"\n{'Parquet, ten declared functions':<40}{'seconds':>10}{'peak MB':>10}{'votes MB':>10}")
    files = []
    for row in parquet(arguments.millions):
        print(f"{row['work']:<40}{row['seconds']:>10.1f}{row['peak']:>10.0f}{row['votes']:>10.0f}", flush=True)
        files.append(row)
    found = {"rows": arguments.rows, "rounds": arguments.rounds, "times": rows, "parquet": files}
    arguments.out.write_text(json.dumps(found, indent=2))


def times(rows: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Everything that is a ratio of two times."""
    yield from against_snorkel(rows, rounds)
    yield same_list(rows, rounds)
    yield gazetteers(rows, rounds)
    yield edited(rows, rounds)
    yield processes(rows, rounds)
    yield on_dask(rows, rounds)


def texts(rows: int, seed: int) -> pd.DataFrame:
    """Rows of twelve words each."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"text": [" ".join(rng.choice(WORDS, 12)) for _ in range(rows)]})


def written() -> list[wh.LabelingFunction]:
    """Ten functions in Python that look for a word: as short as people write them."""

    def function(word: str) -> wh.LabelingFunction:
        return wh.LabelingFunction(f"has_{word}", lambda x: 1 if word in x.text.lower() else -1)

    return [function(f"{word} ") for word in LOOKED_FOR]


def longer() -> list[wh.LabelingFunction]:
    """Ten functions in Python that do more: most of the time is theirs."""

    def function(word: str) -> wh.LabelingFunction:
        return wh.LabelingFunction(f"has_{word}", lambda x: 1 if word in x.text.split() else -1)

    return [function(word) for word in LOOKED_FOR]


def against_snorkel(rows: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Ten functions written and ten declared, against Snorkel's applier for pandas and for lists."""
    from snorkel.labeling import LabelingFunction, LFApplier, PandasLFApplier

    short, long = written(), longer()
    rules = [wh.keyword(f"has_{word}", [word], label="SPAM") for word in LOOKED_FOR]

    def pandas_applier(functions: list[wh.LabelingFunction]) -> Work:
        theirs = PandasLFApplier([LabelingFunction(one.name, one.function) for one in functions])
        return lambda table: theirs.apply(table, progress_bar=False)

    def list_applier(functions: list[wh.LabelingFunction]) -> Work:
        theirs = LFApplier([LabelingFunction(one.name, one.function) for one in functions])
        return lambda points: theirs.apply(points, progress_bar=False)

    pairs = {
        "ten short Python functions, against PandasLFApplier": (short, pandas_applier(short)),
        "ten short Python functions, against LFApplier on a list": (short, list_applier(short)),
        "ten longer Python functions, against PandasLFApplier": (long, pandas_applier(long)),
        "ten longer Python functions, against LFApplier on a list": (long, list_applier(long)),
        "ten declared functions, against PandasLFApplier": (rules, pandas_applier(long)),
    }
    sample = texts(500, 99)
    for name, (functions, other) in pairs.items():
        given = points_of if "on a list" in name else None
        if not (wh.apply(functions, sample, SCHEMA).to_matrix() == other(given(sample) if given else sample)).all():
            raise SystemExit(f"{name}: the two sides do not give the same votes")
        yield {"work": name, **interleaved(partial(_apply, functions), other, rows, rounds, given)}


def same_list(rows: int, rounds: int) -> dict[str, Any]:
    """Compare our applier under Snorkel's name with Snorkel's: both take the same list and give the matrix."""
    from snorkel.labeling import LabelingFunction, LFApplier

    from weakhitl.snorkel import labeling as names

    functions = [LabelingFunction(one.name, one.function) for one in written()]
    plain = [names.LabelingFunction(one.name, one.function) for one in written()]
    ours, theirs = names.LFApplier(plain), LFApplier(functions)
    sample = points_of(texts(500, 99))
    if not (ours.apply(sample) == theirs.apply(sample, progress_bar=False)).all():
        raise SystemExit("the two appliers do not give the same votes")
    found = interleaved(
        ours.apply, lambda points: theirs.apply(points, progress_bar=False), rows, rounds, points_of, both=True
    )
    return {"work": "ten short functions, LFApplier of weakhitl.snorkel against it", **found}


def points_of(table: pd.DataFrame) -> list[SimpleNamespace]:
    """Rows as the objects that Snorkel's applier for lists is given; making them is not counted."""
    return [SimpleNamespace(text=text) for text in table["text"]]


def _apply(functions: Any, table: pd.DataFrame) -> Any:
    return wh.apply(functions, table, SCHEMA)


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


def processes(rows: int, rounds: int) -> dict[str, Any]:
    """Compare one process (theirs) with two (ours) where functions are slow: 50 microseconds a row."""

    def slow(x: Any) -> int:
        end = time.perf_counter() + 50e-6
        while time.perf_counter() < end:
            pass
        return len(x.text) % 2

    functions = [wh.LabelingFunction(f"slow_{at}", slow) for at in range(5)]
    found = interleaved(
        lambda t: wh.apply(functions, t, SCHEMA, processes=2), partial(_apply, functions), 5 * rows, min(rounds, 3)
    )
    return {"work": f"five slow functions, {5 * rows:,} rows: two processes, against one", **found}


def on_dask(rows: int, rounds: int) -> dict[str, Any]:
    """Compare two Dask workers (theirs) with this process (ours): what handing out costs. The votes are the same."""
    import dask.dataframe as dd
    from dask.distributed import Client, LocalCluster

    functions = longer()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster),
    ):

        def there(table: pd.DataFrame) -> Any:
            plain = pd.DataFrame({"text": table["text"]})
            return wh.apply(functions, dd.from_pandas(plain, npartitions=4), SCHEMA, engine="dask")

        sample = texts(500, 99)
        if there(sample) != _apply(functions, sample):
            raise SystemExit("Dask does not give the same votes")
        found = interleaved(partial(_apply, functions), there, 5 * rows, min(rounds, 3))
    return {"work": f"ten longer functions, {5 * rows:,} rows, against two Dask workers", **found}


_MEASURE = """
import json, sys, time
import weakhitl as wh
words, path, column = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3] or None
rules = [wh.keyword(f"has_{word}", [word], label="SPAM") for word in words]
start = time.perf_counter()
votes = wh.apply(rules, path, wh.LabelSchema(["HAM", "SPAM"]), id=column)
seconds = time.perf_counter() - start
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1e3
held = sum(part.nbytes for part in votes.compressed()) / 1e6
print(json.dumps({"seconds": seconds, "peak": peak, "votes": held, "n": len(votes)}))
"""


def parquet(millions: list[int]) -> Iterator[dict[str, Any]]:
    """Label Parquet files of so many million rows, with and without an id column."""
    for number in millions:
        with TemporaryDirectory() as folder:
            _write(Path(folder) / "rows.parquet", number)
            for column in ("", "id"):
                command = [
                    sys.executable,
                    "-c",
                    _MEASURE,
                    json.dumps(LOOKED_FOR),
                    str(Path(folder) / "rows.parquet"),
                    column,
                ]
                found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
                yield {"work": f"{number} million rows, {'ids from a column' if column else 'no ids'}", **found}


def _write(path: Path, millions: int) -> None:
    """Write a million rows a row group; texts are drawn from 200,000."""
    rng = np.random.default_rng(0)
    drawn = pa.array([" ".join(rng.choice(WORDS, 12)) for _ in range(200_000)])
    schema = pa.schema({"id": pa.string(), "text": pa.string()})
    with pq.ParquetWriter(path, schema) as file:
        for part in range(millions):
            ids = pa.array(np.arange(part * 1_000_000, (part + 1) * 1_000_000)).cast(pa.string())
            file.write_table(
                pa.table({"id": ids, "text": drawn.take(pa.array(rng.integers(0, len(drawn), 1_000_000)))})
            )


def interleaved(
    ours: Callable[[Any], Any],
    theirs: Callable[[Any], Any],
    rows: int,
    rounds: int,
    given: Callable[[pd.DataFrame], Any] | None = None,
    *,
    both: bool = False,
) -> dict[str, float]:
    """Median seconds of both, taken in turn after a warm-up; ``given`` makes what theirs (or both) takes, uncounted."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(rounds + 1):
        table = texts(rows, number)
        made = given(table) if given else table
        for name, work, items in (("ours", ours, made if both else table), ("theirs", theirs, made)):
            start = time.perf_counter()
            work(items)
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    main()
