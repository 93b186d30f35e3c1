"""Files read in parts show the cells that reading them whole shows."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from weakhitl.errors import DataError
from weakhitl.files import read_table
from weakhitl.table_stream import TableStream

CELLS = {
    "ints": st.one_of(st.none(), st.integers(-5, 5)),
    "floats": st.one_of(st.none(), st.sampled_from([0.5, 1.0, -2.0])),
    "mixed": st.one_of(st.none(), st.integers(0, 3), st.sampled_from([0.5])),
    "text": st.one_of(st.none(), st.text("ab", max_size=2)),
    "flags": st.one_of(st.none(), st.booleans()),
    "all": st.one_of(st.none(), st.integers(0, 2), st.text("ab", max_size=2), st.booleans()),
}


def streamed(path, size):
    parts = [part.to_pandas() if isinstance(part, pa.Table) else part for part in TableStream(path).parts(size)]
    return [row for part in parts for row in cells_of(part)]


def cells_of(table):
    rows = zip(*(table[name].tolist() for name in table), strict=True)
    return [tuple("missing" if pd.isna(cell) else (type(cell), cell) for cell in row) for row in rows]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@settings(max_examples=40)
@given(data=st.data())
def test_cells_and_their_types_do_not_depend_on_the_size_of_a_part(tmp_path_factory, kind, data):
    names = data.draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, unique=True))
    if kind == "parquet":  # a Parquet column holds one type
        names = [name for name in names if name != "all"] or ["ints"]
    rows = data.draw(st.lists(st.fixed_dictionaries({name: CELLS[name] for name in names}), min_size=1, max_size=12))
    path = tmp_path_factory.mktemp("stream") / f"t.{kind}"
    table = pd.DataFrame(rows, columns=names)
    if kind == "csv":
        table.assign(last="x").to_csv(path, index=False)
    elif kind == "jsonl":
        table.astype(object).where(table.notna(), None).to_json(path, orient="records", lines=True)
    else:
        table.to_parquet(path, index=False)
    expected = cells_of(read_table(path))
    for size in (1, 3, 100):
        assert streamed(path, size) == expected


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from([0.5, 2.0, 10**30]), st.text("ab", max_size=2)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("xy"), inner, max_size=2)),
    max_leaves=3,
)


@settings(max_examples=150)
@given(rows=st.lists(st.dictionaries(st.sampled_from("ab"), JSON, min_size=1), min_size=1, max_size=6))
def test_arrow_tables_hold_all_that_json_does_whatever_the_size_of_a_part(tmp_path_factory, rows):
    """What no arrow type holds is JSON; a list or an object beside nothing but gaps stays one."""
    path = tmp_path_factory.mktemp("stream") / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    whole = pa.concat_tables(TableStream(path).tables(100)).to_pylist()
    assert pa.concat_tables(TableStream(path).tables(1)).to_pylist() == whole
    for row, given_row in zip(whole, rows, strict=True):
        for name, cell in row.items():
            expected = given_row.get(name)
            assert same(cell, expected) or (isinstance(cell, str) and json.loads(cell) == expected)


def same(cell, expected):
    """Compare JSON; arrow gives an object all the keys that occur in its column."""
    if isinstance(cell, dict):
        keys = {name: value for name, value in cell.items() if value is not None}
        left = {name: value for name, value in (expected or {}).items() if value is not None}
        return keys.keys() == left.keys() and all(same(keys[name], left[name]) for name in keys)
    if isinstance(cell, list):
        return len(cell) == len(expected) and all(map(same, cell, expected))
    return cell == expected


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1])
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_integers_beside_a_gap_are_the_same_in_arrow_tables(tmp_path, number, ending):
    """Pandas holds them as floats, which have 53 bits: ids of what a post answers would be those of others."""
    path = tmp_path / f"t.{ending}"
    rows = [{"id": "1", "answers": number}, {"id": "2"}]
    if ending == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        kind = pa.uint64() if number >= 2**63 else pa.int64()
        pq.write_table(pa.table({"id": ["1", "2"], "answers": pa.array([number, None], kind)}), path)
    for size in (1, 2):
        first, second = pa.concat_tables(TableStream(path).tables(size)).to_pylist()
        assert int(first["answers"]) == number
        assert second["answers"] is None
    if ending == "parquet" or abs(number) < 2**63:  # JSON's larger ones stay whole in parts
        assert streamed(path, 1) == cells_of(read_table(path))


@pytest.mark.parametrize("other", [[1.5, 3.0], [None, 2.0], [-1, 2]])
def test_a_folder_whose_files_differ_in_their_numbers_holds_floats(tmp_path, other):
    pq.write_table(pa.table({"a": pa.array([2**64 - 1, 1], pa.uint64())}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"a": other}), tmp_path / "2.parquet")
    assert streamed(tmp_path, 1) == cells_of(read_table(tmp_path))
    rows = pa.concat_tables(TableStream(tmp_path).tables(1)).column("a").to_pylist()
    assert rows == [float(2**64 - 1), 1.0, *other]


def test_a_parquet_file_may_lack_columns_of_dates_and_lists(tmp_path):
    day = dt.date(2026, 11, 30)
    pq.write_table(pa.table({"id": ["1"], "day": [day], "tags": [["a"]], "more": [{"x": 1}]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"id": ["2"]}), tmp_path / "2.parquet")
    rows = pa.concat_tables(TableStream(tmp_path).tables(1)).to_pylist()
    assert rows == [
        {"id": "1", "day": day, "tags": ["a"], "more": {"x": 1}},
        {"id": "2", "day": None, "tags": None, "more": None},
    ]


def test_a_folder_has_the_columns_of_all_its_files_and_integers_beside_a_gap_are_floats(tmp_path):
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"a": [3], "c": [4]}).to_parquet(tmp_path / "2.parquet")
    stream = TableStream(tmp_path)
    assert (stream.columns, stream.rows) == (["a", "b", "c"], 3)
    assert streamed(tmp_path, 2) == cells_of(read_table(tmp_path))
    assert TableStream(tmp_path).column("c").tolist()[2:] == [4.0]
    assert np.isnan(TableStream(tmp_path).column("c").tolist()[:2]).all()


def test_a_key_that_is_missing_from_some_lines_counts_as_missing(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": 1}\n{"b": 2}\n{"a": 3, "b": 4}\n')
    assert streamed(tmp_path / "t.jsonl", 1) == cells_of(read_table(tmp_path / "t.jsonl"))


def test_a_parquet_file_without_statistics_is_looked_through_for_gaps(tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table({"a": pa.array([1, None, 3], pa.int64()), "b": pa.array([1, 2, 3], pa.int64())})
    pq.write_table(table, path, write_statistics=False)
    assert [row[0] for row in streamed(path, 1)] == [(float, 1.0), "missing", (float, 3.0)]
    assert [row[1] for row in streamed(path, 1)] == [(int, 1), (int, 2), (int, 3)]


def test_every_fault_is_named_before_a_row_is_given(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1}\nno\n{"a": 1}\n[]\n')
    (tmp_path / "b.csv").write_text("a\n")
    with pytest.raises(DataError) as caught:
        list(TableStream(tmp_path).parts(1))
    assert len(caught.value.faults) == 3
    with pytest.raises(DataError, match="no such file"):
        TableStream(tmp_path / "c.csv")
    (tmp_path / "b.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="no column 'b'; the columns are a"):
        TableStream(tmp_path / "b.csv").column("b")
