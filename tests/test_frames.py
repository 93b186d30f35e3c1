"""Tables of polars and pyarrow go wherever a DataFrame does, and give the same; what is ambiguous is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import weakhitl as wh
from projects import World, start
from weakhitl.agreement import krippendorff_alpha
from weakhitl.annotation import annotator_quality
from weakhitl.errors import DataError
from weakhitl.feedback.end_model import EndModel
from weakhitl.monitor import drift

SCHEMA = wh.LabelSchema(["a", "b"])
ITEMS = pd.DataFrame({"id": ["007", "2", "3"], "text": ["a x", "b", ""], "n": [1, 2, 3]})
RATINGS = pd.DataFrame(
    [(item, who, label) for item in "xyz" for who, label in (("ana", "a"), ("bo", "b" if item == "z" else "a"))],
    columns=["item", "annotator", "label"],
)


@wh.labeling_function
def says_a(x):
    return "a" if "a" in x.text else wh.ABSTAIN


@wh.labeling_function
def is_large(x):
    return "b" if x.n > 1 else wh.ABSTAIN


@pytest.fixture(params=[pl.from_pandas, pa.table], ids=["polars", "pyarrow"])
def other(request):
    """Make a table of the other package of a DataFrame."""
    return request.param


def test_functions_run_over_the_rows(other):
    for given in ({}, {"id": "id"}):
        found = wh.apply([says_a, is_large], other(ITEMS), schema=SCHEMA, **given)
        wanted = wh.apply([says_a, is_large], ITEMS, schema=SCHEMA, **given)
        assert list(found.items) == list(wanted.items)
        assert found.to_matrix().tolist() == wanted.to_matrix().tolist() == [[0, -1], [-1, 1], [-1, 1]]


def test_votes_are_read_long_and_wide(other):
    long = wh.Votes.from_long(other(RATINGS), SCHEMA)
    assert long.to_matrix().tolist() == wh.Votes.from_long(RATINGS, SCHEMA).to_matrix().tolist()
    wide = pd.DataFrame({"item": list("xyz"), "ana": ["a", "a", "a"], "bo": ["a", "a", "b"]})
    found = wh.Votes.from_wide(other(wide), SCHEMA)
    assert (found.sources, list(found.items)) == (long.sources, list("xyz"))
    assert krippendorff_alpha(found).value == krippendorff_alpha(long).value


def test_a_matrix_has_the_names_of_its_columns(other):
    matrix = pd.DataFrame(np.array([[0, -1, 0], [1, 1, 1], [0, 0, 1]] * 20), columns=["f", "g", "h"])
    model = wh.LabelModel().fit(other(matrix))
    assert tuple(model.sources_) == ("f", "g", "h")
    turned = matrix[["h", "g", "f"]]
    assert model.predict_proba(other(turned)).tolist() == model.predict_proba(matrix).tolist()


def test_gold_in_a_table_is_refused_and_in_a_column_taken(other):
    matrix = [[0, -1], [1, 1]]
    with pytest.raises(DataError, match=r"gold: is a table; expected item -> class, such as table\.set_index"):
        wh.DawidSkene().fit(matrix, gold=other(pd.DataFrame({"item": [0], "label": [1]})))
    column = other(pd.DataFrame({"label": [0, 1]}))["label"]
    assert wh.DawidSkene().fit(matrix, gold=column).predict(matrix).tolist() == [0, 1]


def test_people_models_and_drift_take_them(other):
    assert annotator_quality(other(RATINGS), SCHEMA) == annotator_quality(RATINGS, SCHEMA)
    table = pd.DataFrame({"text": ["good day", "bad day"] * 20})
    proba = np.array([[0.9, 0.1], [0.1, 0.9]] * 20)
    ours, theirs = (EndModel(("a", "b")).fit(one, proba) for one in (table, other(table)))
    assert theirs.predict_proba(other(table)).tolist() == ours.predict_proba(table).tolist()
    numbers = [pd.DataFrame({"n": np.arange(n, n + 60) % 7}) for n in (0, 100)]
    assert drift(*map(other, numbers)).to_dict() == drift(*numbers).to_dict()


def test_a_project_takes_ratings_in_them(other, tmp_path):
    project = start(tmp_path, World(30))
    project.label()
    batch = project.route(budget=6, audit=3, overlap=1)
    found = project.collect(other(pd.DataFrame({"item": batch.items, "annotator": "ana", "label": "sun"})))
    assert found.new == 6


def test_what_is_no_table_yet_is_said():
    with pytest.raises(DataError, match=r"are the datasets train, test; expected one of them"):
        wh.apply([says_a], {"train": pa.table(ITEMS), "test": pa.table(ITEMS)}, schema=SCHEMA)
    with pytest.raises(DataError, match=r"are a LazyFrame; expected a DataFrame, .*; collect\(\) it first"):
        wh.apply([says_a], pl.from_pandas(ITEMS).lazy(), schema=SCHEMA)


SEVERAL = pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])


@pytest.mark.parametrize(
    "call",
    [
        lambda table: wh.Votes.from_matrix(table, SCHEMA),
        lambda table: wh.Votes.from_wide(table.map(str)),
        lambda table: wh.MajorityVote().fit(table),
        lambda table: wh.apply([wh.keyword("k", ["x"], label="0", column="p")], table, SCHEMA),
    ],
    ids=["from_matrix", "from_wide", "fit", "apply"],
)
def test_ids_of_several_levels_are_refused_with_the_way_on(call):
    table = pd.DataFrame({"p": [0, 1, 1], "q": [0, 1, 0]}, index=SEVERAL)
    with pytest.raises(DataError, match=r"an index of 2 levels; expected one id each: reset_index\(\) first"):
        call(table)


def test_a_tuple_is_an_id():
    votes = wh.Votes.from_matrix([[0, 1], [1, 1]], SCHEMA, items=[("a", 1), ("a", 2)])
    assert votes.items.tolist() == [("a", 1), ("a", 2)]


def test_a_column_that_occurs_twice_is_refused_and_not_the_last_one_taken():
    table = pd.DataFrame([["x", "y"]], columns=["text", "text"])
    with pytest.raises(DataError, match="items: column 'text' occurs 2 times"):
        wh.apply([wh.keyword("k", ["x"], label="0")], table, SCHEMA)
    with pytest.raises(DataError, match="before: column 'text' occurs 2 times"):
        wh.drift(table, table)
