"""Whatever columns a dataset has beside what people read, a release of it carries them and verifies."""

import datetime as dt
import json
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import weakhitl as wh
from weakhitl.errors import DataError

N = 20
FUNCTIONS = """
from weakhitl import labeling_function

@labeling_function
def free(x):
    return "spam" if "free" in x.text else "ham"
"""
TOML = """
[project]
name = "columns"
[labels]
classes = ["ham", "spam"]
[data]
path = "items.{ending}"
id = "item"
[labeling]
functions = ["labeling_functions/"]
[[gate.check]]
metric = "coverage"
at_least = 0.5
[release]
min_confidence = 0.5
"""
JSON = {
    "mixed": [1, "a", None, True],
    "objects": [{"a": 1}, {"b": 2}, None],
    "objects_that_differ": [{"a": 1}, {"a": "x"}],
    "lists": [["a"], [], None],
    "lists_that_differ": [[1], ["a"]],
    "numbers": [[1], [1.5]],
    "nothing": [{}],
    "nothing_inside": [{"a": [{}]}],
    "nulls": [None],
    "answers": [2**60 + 1, None],
    "large": [10**30, 1],
    "large_inside": [{"a": 10**30}],
}
ARROW = {
    "list": pa.array([["a"] * (at % 3) for at in range(N)]),
    "struct": pa.array([{"a": at, "b": {"c": [1.5]}} for at in range(N)]),
    "required": pa.array([[1]] * N, pa.list_(pa.field("element", pa.int64(), nullable=False))),
    "fixed": pa.array([[1.0, 2.0]] * N, pa.list_(pa.float32(), 2)),
    "large_list": pa.array([["a"]] * N, pa.large_list(pa.string())),
    "large_text": pa.array(["x"] * N, pa.large_string()),
    "category": pa.array(["x", "y"] * (N // 2)).dictionary_encode(),
    "date": pa.array([dt.date(2026, 1, 1)] * N),
    "moment": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * N),
    "length": pa.array([dt.timedelta(1)] * N),
    "money": pa.array([Decimal("1.5")] * N),
    "bytes": pa.array([b"\xff\x00"] * N),
    "flag": pa.array([True, None] * (N // 2)),
    "small": pa.array([1, None] * (N // 2), pa.int8()),
    "largest": pa.array([2**64 - 1] * N, pa.uint64()),
    "endless": pa.array([float("inf"), float("nan")] * (N // 2)),
    "nulls": pa.nulls(N),
    "answers": pa.array([2**60 + 1, None] * (N // 2)),
}


def project(folder, ending):
    (folder / "labeling_functions").mkdir()
    (folder / "labeling_functions" / "functions.py").write_text(FUNCTIONS)
    (folder / "weakhitl.toml").write_text(TOML.format(ending=ending))
    return folder / f"items.{ending}"


def items():
    return {"item": [f"i{at}" for at in range(N)], "text": ["free" if at % 2 else "lunch" for at in range(N)]}


def released(folder):
    made = wh.Project.load(folder)
    made.label()
    release = made.release("1.0.0")
    assert [finding for finding in wh.verify(release.path).findings if not finding.holds] == []
    return pq.read_table(next((release.path / "data").iterdir()))


@pytest.mark.parametrize("since", [0, 5])
def test_json_lines_of_any_cells_are_released_and_verify(tmp_path, since):
    """Also where a column begins further down; what no column of Parquet holds together is JSON there."""
    rows = [dict(zip(items(), cells, strict=True)) for cells in zip(*items().values(), strict=True)]
    for at, row in enumerate(rows[since:]):
        row |= {name: cells[at % len(cells)] for name, cells in JSON.items()}
    project(tmp_path, "jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = released(tmp_path)
    last = table.slice(N - 1).to_pylist()[0]
    assert table["answers"].to_pylist() == [row.get("answers") for row in rows]
    as_json = {
        "mixed",
        "objects_that_differ",
        "lists_that_differ",
        "nothing",
        "nothing_inside",
        "large",
        "large_inside",
    }
    for name in JSON:
        cell = json.loads(last[name]) if name in as_json and last[name] else last[name]
        expected = rows[-1][name]
        assert cell == ({"a": None, "b": None} | expected if name == "objects" and expected else expected), name
    assert table.slice(0, since).to_pandas()[list(JSON)].isna().all(axis=None)


def test_parquet_of_any_columns_is_released_and_verifies(tmp_path):
    given = pa.table({**items(), **ARROW})
    pq.write_table(given, project(tmp_path, "parquet"))
    table = released(tmp_path)
    pd.testing.assert_frame_equal(table.select(list(ARROW)).to_pandas(), given.select(list(ARROW)).to_pandas())
    assert table["answers"].to_pylist() == given["answers"].to_pylist()  # pandas would show floats


def test_a_column_that_datasets_cannot_hold_is_named(tmp_path):
    pairs = pa.array([[("a", 1)]] * N, pa.map_(pa.string(), pa.int64()))
    pq.write_table(pa.table({**items(), "pairs": pairs}), project(tmp_path, "parquet"))
    with pytest.raises(DataError, match=r"column 'pairs' holds map<.*; turn it into a list, a struct or text"):
        released(tmp_path)
