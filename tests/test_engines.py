"""Engines: one process, several, a Dask cluster or a Spark session give the same votes, whatever happens to workers."""

import os
import signal
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
from weakhitl.errors import LabelingFunctionError, UsageError
from weakhitl.labeling.portable import packed, unpacked

SCHEMA = wh.LabelSchema(["HAM", "SPAM"])
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.xdist_group("engines")]


def shuffled(rows=300):
    """Rows whose index is in no order."""
    rng = np.random.default_rng(0)
    words = ["win", "cash", "hello", "song", "look"]
    table = pd.DataFrame(
        {
            "id": [f"c{at}" for at in range(rows)],
            "text": [" ".join(rng.choice(words, 3)) for _ in range(rows)],
            "likes": rng.integers(0, 50, rows),
        },
        index=rng.permutation(rows) * 7,
    )
    table["score"] = table["likes"].where(table["likes"] % 5 != 0)  # floats with gaps
    return table


@wh.labeling_function
def wins(x):
    return "SPAM" if "win" in x.text else None


@wh.labeling_function(resources={"least": 40})
def liked(x, least):
    return 0 if x.likes > least else -1


@wh.labeling_function(batch=True)
def sings(table):
    return np.where(table["text"].str.contains("song"), "HAM", None)


@wh.labeling_function
def fragile(x):
    return "HAM" if x.text.split().index("hello") == 0 else None


FUNCTIONS = [
    wins,
    liked,
    sings,
    wh.keyword("cash", ["cash"], label="SPAM"),
    wh.threshold("many", "score", label="HAM", above=20),
    wh.lookup("three", {3: "SPAM"}, column="score"),
    wh.gazetteer("look", ["look song"], label="HAM"),
    fragile,
]


def by_id(votes):
    """Votes in the order of their ids: engines may give the rows in another one."""
    return votes.take_items(np.argsort(np.asarray(votes.items)))


def expected(table, column="id"):
    return by_id(wh.apply(FUNCTIONS, table, SCHEMA, id=column, max_faults=0.9))


def same(votes, table, column="id"):
    ours, theirs = by_id(votes), expected(table, column)
    counts = [
        sorted(zip(map(tuple, p.votes.to_matrix()), p.counts.tolist(), strict=True))
        for p in (ours.patterns(), theirs.patterns())
    ]
    return ours == theirs and counts[0] == counts[1]


class Dies:
    """Kills the process that it runs in: the first time, or always."""

    name = "dies"

    def __init__(self, marker, always=False):
        self.marker, self.always = str(marker), always

    def __call__(self, x):
        marker = Path(self.marker)
        if x.id == "c40" and (self.always or not marker.exists()):
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def test_several_processes_give_the_votes_of_one():
    table = shuffled()
    assert same(wh.apply(FUNCTIONS, table, SCHEMA, id="id", processes=2, max_faults=0.9), table)
    assert same(wh.apply(FUNCTIONS, table, SCHEMA, processes=2, max_faults=0.9), table, None)


def test_functions_of_a_file_and_its_helpers_reach_other_processes(tmp_path):
    (tmp_path / "helper_of_ten.py").write_text("def long(text):\n    return len(text) > 10\n")
    (tmp_path / "f.py").write_text(
        "import weakhitl as wh\nfrom helper_of_ten import long\n\n"
        "@wh.labeling_function\ndef is_long(x):\n    return 'HAM' if long(x.text) else None\n"
    )
    functions = wh.discover(tmp_path / "f.py")
    table = shuffled(50)
    assert wh.apply(functions, table, SCHEMA, processes=2) == wh.apply(functions, table, SCHEMA)


def test_the_work_of_a_process_that_dies_is_done_again(tmp_path, monkeypatch):
    monkeypatch.setattr("weakhitl.labeling.items._ROWS", 30)
    table = shuffled()
    votes = wh.apply([wins, Dies(tmp_path / "died")], table, SCHEMA, id="id", processes=2)
    assert (tmp_path / "died").exists()
    assert votes.take_sources(["wins"]) == wh.apply([wins], table, SCHEMA, id="id")


def test_a_function_that_kills_every_process_stops_the_run_and_says_where(tmp_path):
    with pytest.raises(LabelingFunctionError, match=r"worker processes died 3 times on items c0 to c299"):
        wh.apply([Dies(tmp_path / "died", always=True)], shuffled(), SCHEMA, id="id", processes=2)


def test_engines_that_are_not_there_are_named():
    with pytest.raises(UsageError, match="no engine 'ray'; the engines are local, dask, spark"):
        wh.apply([wins], shuffled(), SCHEMA, engine="ray")
    with pytest.raises(UsageError, match="processes = 0; expected at least 1"):
        wh.apply([wins], shuffled(), SCHEMA, processes=0)


def test_what_stops_a_run_here_stops_it_in_another_process():
    wrong = wh.LabelingFunction("wrong", lambda x: "EGGS" if x.id == "c40" else None)
    for processes in (1, 2):
        with pytest.raises(LabelingFunctionError, match=r"'wrong' returned 'EGGS' for item c40; the classes are"):
            wh.apply([wrong], shuffled(), SCHEMA, id="id", processes=processes)
        with pytest.raises(LabelingFunctionError, match=r"fragile: failed on item c\d+: ValueError"):
            wh.apply([fragile], shuffled(), SCHEMA, id="id", processes=processes, on_error="raise")


@pytest.fixture(scope="module")
def cluster():
    """A real Dask cluster: two workers, each a process."""
    from dask.distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.mark.current
def test_dask_gives_the_same_votes_from_partitions_also_empty_ones(cluster):
    import dask.dataframe as dd

    table = shuffled()
    parts = dd.from_pandas(table, npartitions=5, sort=False)
    with_empty = parts[parts["likes"] > 10]
    with_empty = dd.concat([with_empty, parts[parts["likes"] < 0]])  # whole partitions without a row
    kept = table[table["likes"] > 10]
    for column in ("id", None):
        votes = wh.apply(FUNCTIONS, with_empty, SCHEMA, id=column, engine="dask", max_faults=0.9)
        assert same(votes, kept, column)
    assert same(wh.apply(FUNCTIONS, table, SCHEMA, id="id", engine="dask", max_faults=0.9), table)


@pytest.mark.current
def test_dask_works_without_a_cluster_on_its_own_threads():
    import dask.dataframe as dd

    table = shuffled()
    votes = wh.apply(FUNCTIONS, dd.from_pandas(table, 3, sort=False), SCHEMA, id="id", engine="dask", max_faults=0.9)
    assert same(votes, table)


@pytest.mark.current
def test_ids_that_repeat_over_dask_partitions_are_refused():
    import dask.dataframe as dd

    part = pd.DataFrame({"text": ["win", "look"]})
    with pytest.raises(wh.WeakHITLError, match="duplicate ids; name a column that has none with id="):
        wh.apply([wins], dd.concat([dd.from_pandas(part, 1), dd.from_pandas(part, 1)]), SCHEMA, engine="dask")


@pytest.mark.current
def test_dask_does_the_work_of_a_worker_that_dies_again(cluster, tmp_path):
    import dask.dataframe as dd

    table = shuffled()
    parts = dd.from_pandas(table, npartitions=4, sort=False)
    votes = wh.apply([wins, Dies(tmp_path / "died")], parts, SCHEMA, id="id", engine="dask")
    assert (tmp_path / "died").exists()
    assert by_id(votes.take_sources(["wins"])) == by_id(wh.apply([wins], table, SCHEMA, id="id"))


@pytest.fixture(scope="module")
def session():
    """A real Spark session with two workers, and four attempts at each task."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master("local[2,4]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.driver.host", "127.0.0.1").config("spark.sql.shuffle.partitions", "4").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    yield spark
    spark.stop()


def in_spark(session, table):
    rows = [
        tuple(None if pd.isna(cell) else cell for cell in row) for row in table.astype(object).itertuples(index=False)
    ]
    return session.createDataFrame(rows, "id string, text string, likes int, score double")


@pytest.mark.current
def test_spark_gives_the_same_votes_from_partitions_also_empty_ones(session):
    table = shuffled()
    many = in_spark(session, table).repartition(7).filter("likes > 10 and id != 'c40'")
    empty = in_spark(session, table.iloc[:2]).filter("likes < 0")
    kept = table[(table["likes"] > 10) & (table["id"] != "c40")]
    assert same(wh.apply(FUNCTIONS, many.union(empty), SCHEMA, id="id", engine="spark", max_faults=0.9), kept)
    assert same(wh.apply(FUNCTIONS, table, SCHEMA, id="id", engine="spark", max_faults=0.9), table)
    ordered = in_spark(session, table)
    votes = wh.apply(FUNCTIONS, ordered, SCHEMA, engine="spark", max_faults=0.9)
    assert same(votes, table.reset_index(drop=True), None)


@pytest.mark.current
def test_spark_does_the_work_of_a_worker_that_dies_again(session, tmp_path):
    table = shuffled()
    votes = wh.apply([wins, Dies(tmp_path / "died")], in_spark(session, table), SCHEMA, id="id", engine="spark")
    assert (tmp_path / "died").exists()
    assert by_id(votes.take_sources(["wins"])) == by_id(wh.apply([wins], table, SCHEMA, id="id"))


@pytest.mark.current
def test_snorkels_appliers_run_on_dask_and_spark(cluster, session):
    import dask.dataframe as dd

    from weakhitl import snorkel as names

    big = names.labeling_function(name="big")(lambda x: 0 if x.likes > 25 else -1)
    many = names.labeling_function(name="many")(lambda x: 1 if len(x.text) > 12 else -1)
    table = shuffled()
    expected = names.PandasLFApplier([big, many]).apply(table)
    parts = dd.from_pandas(table, npartitions=4, sort=False)
    for scheduler in ("processes", "threads", cluster):
        assert (names.DaskLFApplier([big, many]).apply(parts, scheduler=scheduler) == expected).all()
    assert (names.SparkLFApplier([big, many]).apply(in_spark(session, table).rdd) == expected).all()


@pytest.fixture(params=["site-packages", "dist-packages"])
def elsewhere(tmp_path, monkeypatch, request):
    """A package where Python keeps a user's own (``pip install --user``), or those below an environment; its name."""
    name = f"lies_in_{request.param.partition('-')[0]}_{len(sys.modules)}"
    (tmp_path / request.param).mkdir()
    code = "from threading import Lock\n\nLOCK = Lock()\n\ndef votes(x):\n    return LOCK and None\n"
    (tmp_path / request.param / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path / request.param)
    yield name
    sys.modules.pop(name, None)


def test_packages_do_not_travel_wherever_python_keeps_them(elsewhere):
    module = import_module(elsewhere)
    assert unpacked(packed(module.votes)) is module.votes


def test_packages_stay_imported_when_functions_are_read_again(tmp_path, elsewhere):
    (tmp_path / "functions").mkdir()
    code = f"import {elsewhere}\nfrom weakhitl import labeling_function\n\nf = labeling_function({elsewhere}.votes)\n"
    (tmp_path / "functions" / "f.py").write_text(code)
    wh.discover(tmp_path / "functions")
    first = sys.modules[elsewhere]
    wh.discover(tmp_path / "functions")
    assert sys.modules[elsewhere] is first
