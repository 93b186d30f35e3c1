"""A missing cell looks the same to a function whatever holds it (docs/decisions/0048)."""

import json

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
from weakhitl.labeling.chunk import Chunk
from weakhitl.labeling.judge import rows_of

SCHEMA = wh.LabelSchema(["no", "yes"])
ROWS = [
    {"item": f"i{number}", "title": title, "likes": likes, "tags": tags}
    for number, (title, likes, tags) in enumerate(
        [("a good one", 3, ["x"]), (None, 7, ["y"]), ("bad", None, None), ("good", 9, []), (None, None, ["x"])] * 3
    )
]


@wh.labeling_function
def untitled(x):
    return "no" if not x.title else None


@wh.labeling_function
def good(x):
    return "yes" if x.title is not None and "good" in x.title else None


@wh.labeling_function
def liked(x):
    return "yes" if x.likes > 5 else "no"


@wh.labeling_function
def tagged(x):
    return "yes" if x.tags is not None and len(x.tags) else None


@wh.labeling_function(batch=True)
def good_in_a_table(table):
    return np.where(table["title"].str.contains("good").fillna(False).astype(bool), "yes", None)


FUNCTIONS = [
    untitled,
    good,
    liked,
    tagged,
    good_in_a_table,
    wh.keyword("word", ["good"], label="yes", column="title"),
    wh.threshold("many", "likes", label="yes", above=5),
]
EXPECTED = [[-1, 1, 0, 1, 1, 1, -1], [0, -1, 1, 1, -1, -1, 1], [-1, -1, 0, -1, -1, -1, -1], [-1, 1, 1, -1, 1, 1, 1]]
EXPECTED = [*EXPECTED, [0, -1, 0, 1, -1, -1, -1]] * 3


def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS)


def as_objects() -> pd.DataFrame:
    table = frame()
    return table.assign(title=pd.Series([row["title"] for row in ROWS], dtype=object))


FRAMES = {
    "as pandas makes it": frame,
    "objects": as_objects,
    "nullable": lambda: frame().convert_dtypes(),
    "arrow": lambda: frame().convert_dtypes(dtype_backend="pyarrow"),
    "string": lambda: frame().astype({"title": "string", "likes": "Int64"}),
    "a category": lambda: frame().astype({"title": "category"}),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_dataframe_of_any_types_gives_the_same_votes(kind):
    votes = wh.apply(FUNCTIONS, FRAMES[kind](), SCHEMA, id="item", on_error="raise")
    assert votes.to_matrix().tolist() == EXPECTED


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_files_give_the_same_votes(tmp_path, suffix):
    path = tmp_path / f"items{suffix}"
    if suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        frame().to_parquet(path)
    assert wh.apply(FUNCTIONS, path, SCHEMA, id="item", on_error="raise").to_matrix().tolist() == EXPECTED


@pytest.mark.current
def test_dask_gives_the_same_votes():
    import dask.dataframe as dd

    table = frame().drop(columns="tags")  # which Dask would make texts of
    functions = [one for one in FUNCTIONS if one is not tagged]
    expected = [[vote for at, vote in enumerate(row) if FUNCTIONS[at] is not tagged] for row in EXPECTED]
    for kept in (table, table.convert_dtypes()):
        parts = dd.from_pandas(kept, npartitions=4)
        votes = wh.apply(functions, parts, SCHEMA, id="item", engine="dask", on_error="raise")
        assert votes.to_matrix().tolist() == expected


def test_cells_of_numbers_and_times_keep_what_compares():
    table = pd.DataFrame({"likes": [1, None], "at": pd.to_datetime(["2026-01-01", None]), "ok": [True, None]})
    for given in (table, table.convert_dtypes()):
        _, row = Chunk(given, given.index).rows
        assert np.isnan(row.likes)
        assert row.at is pd.NaT
        assert row.ok is None
        assert not row.likes > 0
        assert not row.at > pd.Timestamp(2025, 1, 1)


def test_whole_numbers_of_a_column_with_a_gap_are_floats_in_every_chunk(monkeypatch):
    monkeypatch.setattr("weakhitl.labeling.items._ROWS", 1)

    @wh.labeling_function
    def shown(x):
        return "yes" if str(x.likes) == "3.0" else None

    for likes in ([3, None], pd.array([3, None], dtype="Int64")):
        votes = wh.apply([shown], pd.DataFrame({"likes": likes}), SCHEMA)
        assert votes.to_matrix().tolist() == [[1], [-1]]


def test_the_table_that_was_given_stays_as_it_is():
    table = frame().convert_dtypes()
    before = table.copy()
    wh.apply(FUNCTIONS, table, SCHEMA, id="item")
    pd.testing.assert_frame_equal(table, before)


def test_a_judge_sees_what_functions_see():
    rows = dict(rows_of(frame().convert_dtypes().set_index("item")))
    assert rows["i1"]["title"] is None
    assert np.isnan(rows["i2"]["likes"])
    assert rows["i0"] == {"title": "a good one", "likes": 3, "tags": ["x"]}
