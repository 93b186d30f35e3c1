"""Votes: one ledger, three views, frozen; every fault named."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import sparse

import weakhitl as wh
from strategies import vote_matrices, votes
from weakhitl.consensus import Consensus
from weakhitl.errors import DataError, SchemaError
from weakhitl.vote_storage import DenseCells, SparseCells, stacked_cells
from weakhitl.votes_file import read_votes, write_votes

SCHEMA = wh.LabelSchema(["a", "b", "c"], skip=["?"])
quick = settings(max_examples=60)


def sparse_matrix(n=200, m=80, share=0.02, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.random((n, m)) < share, rng.integers(0, 3, (n, m)), -1)


@quick
@given(vote_matrices(3))
def test_the_matrix_comes_back(matrix):
    assert np.array_equal(wh.Votes.from_matrix(matrix, SCHEMA).to_matrix(), matrix)


@quick
@given(votes())
def test_the_long_table_holds_all_votes(given_votes):
    table = given_votes.to_long()
    assert len(table) == given_votes.n_votes
    if len(table):
        again = wh.Votes.from_long(table, given_votes.schema, source="source", items=given_votes.items)
        known = [name for name in given_votes.sources if name in set(table["source"])]
        assert again.take_sources(known) == given_votes.take_sources(known)


@quick
@given(votes(sources=(1, 4)), st.randoms(use_true_random=False))
def test_patterns_are_the_distinct_rows_in_an_order_of_their_own(given_votes, random):
    patterns = given_votes.patterns()
    matrix = given_votes.to_matrix()
    assert np.array_equal(patterns.votes.to_matrix()[patterns.inverse], matrix)
    assert patterns.counts.sum() == len(matrix)
    assert len(np.unique(matrix, axis=0)) == len(patterns.counts)
    order = list(range(len(matrix)))
    random.shuffle(order)
    assert given_votes.take_items(order).patterns().votes == patterns.votes


@pytest.mark.parametrize("matrix", [sparse_matrix(), sparse_matrix(share=0.6), sparse_matrix(m=3)])
def test_patterns_of_wide_and_sparse_votes(matrix):
    doubled = np.vstack([matrix, matrix[::-1]])
    patterns = wh.Votes.from_matrix(doubled, SCHEMA).patterns()
    assert np.array_equal(patterns.votes.to_matrix()[patterns.inverse], doubled)
    assert len(patterns.counts) == len(np.unique(matrix, axis=0))


@pytest.mark.parametrize(("m", "k"), [(60, 3), (9, 200)])
def test_patterns_of_wide_and_dense_votes_are_read_from_several_keys(m, k):
    """What is grouped in several passes comes back as the sorted distinct rows."""
    rng = np.random.default_rng(0)
    matrix = rng.integers(-1, k, (40, m))[rng.integers(0, 40, 3000)]
    patterns = wh.Votes.from_matrix(matrix, wh.LabelSchema.numbered(k)).patterns()
    distinct, inverse, counts = np.unique(matrix, axis=0, return_inverse=True, return_counts=True)
    assert np.array_equal(patterns.votes.to_matrix(), distinct)
    assert np.array_equal(patterns.inverse, inverse.ravel())
    assert np.array_equal(patterns.counts, counts)


@pytest.mark.parametrize(("highest", "classes"), [(-1, 2), (0, 2), (4, 5), (200, 201), (5_000, 5_001)])
def test_a_matrix_without_a_schema_has_the_classes_that_occur(highest, classes):
    matrix = np.array([[-1, highest], [0, -1]])
    votes = wh.Votes.from_matrix(matrix)
    assert len(votes.schema) == classes
    assert votes.schema.classes[:2] == ("0", "1")
    assert np.array_equal(votes.to_matrix(), matrix)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint64, np.int64])
def test_a_matrix_of_any_integers_is_taken_and_one_beyond_the_classes_is_named(kind):
    matrix = np.array([[0, 1], [1, 0]], dtype=kind)
    assert np.array_equal(wh.Votes.from_matrix(matrix).to_matrix(), matrix)
    with pytest.raises(DataError, match="'source_1' voted 200 on item 0"):
        wh.Votes.from_matrix(np.array([[0, 200]], dtype=kind), SCHEMA)


def test_an_id_in_place_of_a_class_index_does_not_make_a_million_classes():
    with pytest.raises(DataError, match="holds class index 84306400; for so many classes, give a schema"):
        wh.LabelModel().fit([[0, 1], [1, 84306400]])


def compressed_cells(matrix):
    row, column = np.nonzero(matrix >= 0)
    indptr = np.append(0, np.cumsum((matrix >= 0).sum(axis=1)))
    return SparseCells(sparse.csr_array((matrix[row, column], column, indptr), shape=matrix.shape))


@quick
@given(vote_matrices(3, sources=(1, 6)), st.data())
def test_a_whole_matrix_and_compressed_rows_answer_alike(matrix, data):
    dense, compressed = DenseCells(matrix.copy()), compressed_cells(matrix)
    places = np.array(data.draw(st.lists(st.integers(0, len(matrix) - 1))), dtype=int)
    for at in (slice(None), slice(3), places):
        one, other = dense.rows(at), compressed.rows(at)
        assert np.array_equal(one.matrix(), matrix[at])
        assert np.array_equal(other.matrix(), matrix[at])
        assert one.shape == other.shape
        assert one.n_votes == other.n_votes
        for some, others in [(one.entries(), other.entries()), (one.compressed(), other.compressed())]:
            assert all(map(np.array_equal, some, others))
        assert np.array_equal(
            one.row_keys(slice(None), slice(1, None), 4), other.row_keys(slice(None), slice(1, None), 4)
        )
        stacks = [stacked_cells([one, other, one], matrix.shape[1], np.dtype(kind)) for kind in (np.int8, np.int64)]
        assert all(np.array_equal(stack.matrix(), np.vstack([matrix[at]] * 3)) for stack in stacks)


def test_inside_it_is_sparse_where_that_is_smaller_and_outside_nothing_differs():
    matrix = sparse_matrix()
    few = wh.Votes.from_matrix(matrix, SCHEMA)
    row, column = np.nonzero(matrix >= 0)
    many = wh.Votes.from_matrix(matrix.astype(np.int8), SCHEMA, few.items, few.sources, copy=False)
    assert few.is_sparse
    assert not many.is_sparse
    assert few == many == wh.Votes.from_entries((row, column, matrix[row, column]), SCHEMA, few.items, few.sources)
    assert np.array_equal(few.class_counts(), many.class_counts())
    assert few.to_long().equals(many.to_long())
    assert few.take_items([5, 3]) == many.take_items([5, 3])
    assert few.take_sources(["source_7", "source_2"]) == many.take_sources(["source_7", "source_2"])


@pytest.mark.parametrize("share", [0.02, 0.9])
def test_no_items_can_be_taken(share):
    none = wh.Votes.from_matrix(sparse_matrix(share=share), SCHEMA).take_items([])
    assert len(none) == 0
    assert len(none.sources) == 80


def test_votes_are_frozen_and_can_be_pickled():
    for given_votes in (wh.Votes.from_matrix([[0, 1]], SCHEMA), wh.Votes.from_matrix(sparse_matrix(), SCHEMA)):
        with pytest.raises(AttributeError, match="frozen"):
            given_votes.items = None
        cells = given_votes._cells
        with pytest.raises(ValueError, match="read-only"):
            (cells.labels if isinstance(cells, DenseCells) else cells.votes.data)[0] = 1
        assert pickle.loads(pickle.dumps(given_votes)) == given_votes
    with pytest.raises(TypeError, match=r"Votes\.from_matrix"):
        wh.Votes()


def test_joining_matches_by_item():
    functions = wh.Votes.from_matrix([[0], [1], [2]], SCHEMA, items=["x", "y", "z"], sources=["f"])
    people = wh.Votes.from_matrix([[1], [0]], SCHEMA, items=["z", "x"], sources=["ana"])
    assert functions.join(people).to_matrix().tolist() == [[0, 0], [1, -1], [2, 1]]
    with pytest.raises(DataError, match="item 'x' is not among the items"):
        people.take_items([0]).join(functions.take_sources([]))
    with pytest.raises(DataError, match="source 'f' is in both"):
        functions.join(functions)
    with pytest.raises(SchemaError):
        functions.join(wh.Votes.from_matrix([[0]], wh.LabelSchema(["p", "q"]), items=["x"]))


def test_reindexing_adds_abstentions_and_drops_others():
    given_votes = wh.Votes.from_matrix([[0], [1]], SCHEMA, items=["x", "y"])
    assert given_votes.reindex(["y", "new"]).to_matrix().tolist() == [[1], [-1]]


def test_skips_and_missing_labels_are_abstentions_and_the_same_vote_twice_counts_once():
    table = pd.DataFrame(
        {"item": ["x", "x", "y", "x"], "annotator": ["ana", "bo", "ana", "ana"], "label": ["a", "?", None, "a"]}
    )
    assert wh.Votes.from_long(table, SCHEMA).to_matrix().tolist() == [[0, -1], [-1, -1]]


def test_every_fault_of_a_long_table_is_named_at_once():
    rows = [("x", "ana", "a"), ("x", "ana", "b"), ("y", "bo", "A"), (None, "bo", "a"), ("y", "", "a"), ("z", "cy", "a")]
    table = pd.DataFrame(rows, columns=["item", "annotator", "label"])
    with pytest.raises(DataError) as caught:
        wh.Votes.from_long(table, SCHEMA)
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["row 2", "row 3", "row 4", "row 5"]
    assert "did you mean 'a'?" in caught.value.faults[1]
    with pytest.raises(DataError, match="row 2: 'ana' has already given item 'x' another label"):
        wh.Votes.from_long(table.iloc[:2], SCHEMA)
    with pytest.raises(DataError, match="item 'z' is not among the items"):
        wh.Votes.from_long(table.iloc[[0, 5]], SCHEMA, items=["x", "y"])
    with pytest.raises(DataError, match="no column 'annotator'"):
        wh.Votes.from_long(table.drop(columns="annotator"), SCHEMA)


def test_numbers_in_a_table_are_names_of_classes_and_never_their_places():
    table = pd.DataFrame({"item": ["x", "y"], "annotator": "ana", "label": [1, None]})
    assert wh.Votes.from_long(table, wh.LabelSchema(["2", "1"])).to_matrix().tolist() == [[1], [-1]]
    with pytest.raises(DataError, match=r"label '1' is not a class; .*; class indices go to Votes.from_matrix"):
        wh.Votes.from_long(table, SCHEMA)


def test_a_table_without_a_schema_has_the_classes_that_occur():
    rows = [("x", "ana", 10), ("x", "bo", 9), ("y", "ana", None), ("y", "bo", 1.5)]
    numbers = wh.Votes.from_long(pd.DataFrame(rows, columns=["item", "annotator", "label"]))
    assert numbers.schema == wh.LabelSchema(["1.5", "9", "10"])
    names = wh.Votes.from_wide({"ana": ["low", "high"], "bo": ["mid", None]})
    assert names.schema == wh.LabelSchema(["high", "low", "mid"])


@quick
@given(votes())
def test_a_wide_table_holds_the_votes_of_the_long_one(made):
    """Whatever stands for a missing vote: None, NaN or an empty text."""
    codes = pd.DataFrame(made.to_matrix(), made.items, list(made.sources))
    for missing in (None, np.nan, ""):
        names = codes.map(lambda code, gap=missing: gap if code < 0 else made.schema.name(code)).astype(object)
        assert wh.Votes.from_wide(names, made.schema) == made
        if "item" not in made.sources:
            assert wh.Votes.from_wide(names.rename_axis("item").reset_index(), made.schema) == made


def test_a_wide_table_names_all_its_faults_and_leaves_out_what_holds_no_votes():
    table = pd.DataFrame({"item": ["x", "y"], "text": ["p", "q"], "ana": ["a", "A"], "bo": ["c", ""]})
    with pytest.raises(DataError) as caught:
        wh.Votes.from_wide(table.assign(bo=["no", ""]), SCHEMA, sources=["ana", "bo"])
    assert [fault.split(" is not")[0] for fault in caught.value.faults] == [
        "item 'x', 'bo': label 'no'",
        "item 'y', 'ana': label 'A'",
    ]
    kept = wh.Votes.from_wide(table.drop(index=1), SCHEMA, sources=["bo", "ana"])
    assert (list(kept.items), kept.sources, kept.to_matrix().tolist()) == (["x"], ("bo", "ana"), [[2, 0]])
    for wrong, said in [
        (table.drop(columns="bo"), "no column 'bo'; the columns are item, text, ana"),
        (table.assign(item="x", ana="a"), "item 'x' occurs twice"),
        (table.assign(ana=[["a"], "b"]), r"item 'x', 'ana': label \['a'\] is a list"),
    ]:
        with pytest.raises(DataError, match=said):
            wh.Votes.from_wide(wrong, SCHEMA, sources=["ana", "bo"])


def test_a_matrix_of_floats_is_one_of_integers_where_nan_abstains():
    """As pandas writes a pivoted table."""
    expected = wh.Votes.from_matrix([[0, -1], [2, 1]], SCHEMA)
    assert wh.Votes.from_matrix([[0.0, np.nan], [2.0, 1.0]], SCHEMA) == expected
    assert wh.Votes.from_matrix([[0, None], [2, 1]], SCHEMA) == expected
    assert wh.Votes.from_matrix(pd.DataFrame([[0, pd.NA], [2, 1]], dtype=object), SCHEMA).to_matrix().tolist() == [
        [0, -1], [2, 1],
    ]  # fmt: skip
    masked = np.ma.MaskedArray(np.array([[0, 0], [2, 1]], dtype=np.uint8), mask=[[False, True], [False, False]])
    assert wh.Votes.from_matrix(masked, SCHEMA) == expected
    assert wh.Votes.from_matrix(np.array([[0, -1], [2, 1]], dtype=np.float16), SCHEMA) == expected
    with pytest.raises(DataError, match="is a csr_matrix; expected an array: in a sparse one no vote and class 0 are"):
        wh.Votes.from_matrix(sparse.csr_matrix([[0, 1]]), SCHEMA)
    nullable = pd.DataFrame({"source_0": [0, 2], "source_1": [pd.NA, 1]}, dtype="Int64")
    assert wh.Votes.from_matrix(nullable, SCHEMA) == expected
    assert wh.LabelModel().fit([[0.0, np.nan], [1.0, 1.0]]).predict([[0, -1], [1, 1]]).tolist() == [0, 1]
    with pytest.raises(DataError, match="holds bool; expected integers"):
        wh.Votes.from_matrix(pd.DataFrame({"fires": [True, False]}), SCHEMA)
    for wrong in (0.5, np.inf, 1e300):
        with pytest.raises(DataError, match=re.escape(f"holds {wrong!r}; expected integers")):
            wh.Votes.from_matrix([[0.0, wrong]], SCHEMA)


@pytest.mark.parametrize(
    ("matrix", "settings", "said"),
    [
        ([0, 1], {}, "expected .items, sources."),
        ([[0, 1], [0]], {}, "rows of different lengths"),
        ([[0.5]], {}, "expected integers"),
        ([[3], [-2]], {}, "2 faults"),
        ([[0], [1]], {"items": ["x", "x"]}, "item 'x' occurs twice"),
        ([[0, 1]], {"sources": ["f", "f"]}, "source 'f' occurs twice"),
        ([[0]], {"items": ["x", "y"]}, "has 1 rows, but 2 items were given"),
        ([[0]], {"sources": []}, "has 1 columns, but 0 sources were given"),
    ],
)
def test_a_matrix_that_makes_no_sense_is_refused(matrix, settings, said):
    with pytest.raises(DataError, match=said):
        wh.Votes.from_matrix(matrix, SCHEMA, **settings)


def test_entries_with_two_votes_of_one_source_on_one_item_are_refused():
    with pytest.raises(DataError, match="voted twice"):
        wh.Votes.from_entries(([0, 0], [0, 0], [0, 1]), SCHEMA, ["x"], ["f"])


@pytest.mark.parametrize("matrix", [[[0, -1], [2, 1]], sparse_matrix()])
def test_a_file_of_votes_comes_back(matrix, tmp_path):
    n, m = np.shape(matrix)
    given_votes = wh.Votes.from_matrix(matrix, SCHEMA, [f"{i:03d}" for i in range(n)], [f"item{j}" for j in range(m)])
    write_votes(tmp_path / "v.parquet", given_votes)
    assert read_votes(tmp_path / "v.parquet", SCHEMA) == given_votes
    with pytest.raises(DataError):
        read_votes(tmp_path / "v.parquet", wh.LabelSchema(["a", "b"]))


def test_a_consensus_has_no_label_where_classes_tie_or_nothing_is_known():
    probabilities = np.array([[0.6, 0.4, 0], [0.4, 0.4, 0.2], [0.9, 0.1, 0]])
    consensus = Consensus.of_items(pd.Index(["x", "y", "z"]), probabilities, np.array([True, True, False]), SCHEMA)
    assert consensus.labels.tolist() == [0, -1, -1]
    assert consensus.confident(0.6).tolist() == [True, False, False]
    decided = consensus.decided(["z", "y"], np.array([2, -1]))
    assert decided.labels.tolist() == [0, -1, 2]
    assert decided.confidence.tolist() == [0.6, 0.4, 1.0]


def test_a_schema_encodes_names_indices_and_abstentions_and_nothing_else():
    assert [SCHEMA.encode(label) for label in ("b", 1, np.int64(2), -1, None, "?")] == [1, 1, 2, -1, -1, -1]
    for nonsense in (3, -2, True, np.True_, 1.0, "d", "A", b"a", [0]):
        with pytest.raises((SchemaError, TypeError)):
            SCHEMA.encode(nonsense)
    with pytest.raises(
        SchemaError, match=r"'B ' is not a class; the classes are a, b, c \(skip: \?\); did you mean 'b'\?"
    ):
        SCHEMA.encode("B ")


def test_every_fault_of_a_schema_is_named_at_once():
    with pytest.raises(SchemaError) as caught:
        wh.LabelSchema(["1", "1", "x", ""], level="interval", skip=["x"])
    assert len(caught.value.faults) == 5
    for classes in ([], ["only"], "one string", [1, 2]):
        with pytest.raises(SchemaError):
            wh.LabelSchema(classes)
    with pytest.raises(SchemaError, match="no number, as level 'ratio' needs"):
        wh.LabelSchema(["-1", "2"], level="ratio")
    with pytest.raises(SchemaError, match="level 'ordinary' is unknown"):
        wh.LabelSchema(["1", "2"], level="ordinary")


@pytest.mark.parametrize("level", ["interval", "ratio"])
def test_classes_of_a_scale_that_are_the_same_number_are_refused(level):
    """Ratings of the two would differ, and be no distance apart."""
    with pytest.raises(SchemaError, match=f"classes '1' and '1.0' are the same number; level '{level}' takes it once"):
        wh.LabelSchema(["1", "2", "1.0"], level=level)
    assert len(wh.LabelSchema(["1", "2", "1.0"], level="ordinal")) == 3


def test_classes_of_a_set_are_refused_for_they_have_no_order():
    for classes in ({"a", "b"}, frozenset({"a", "b"})):
        with pytest.raises(
            SchemaError, match="classes are a set, which is in another order each time; expected a list"
        ):
            wh.LabelSchema(classes)
    assert wh.LabelSchema({"b": 1, "a": 2}.keys()).classes == ("b", "a")


def test_classes_of_an_array_are_strings():
    assert repr(wh.LabelSchema(np.array(["a", "b"]))) == repr(wh.LabelSchema(["a", "b"]))


def test_classes_keep_the_order_of_the_user_and_stand_for_their_numbers():
    assert wh.LabelSchema(["low", "high", "mid"]).classes == ("low", "high", "mid")
    assert wh.LabelSchema(["10", "2.5"], level="interval").values == (10.0, 2.5)
    assert wh.LabelSchema(["low", "high"], level="ordinal").values == (1.0, 2.0)


def test_errors_name_items_of_integers_as_the_user_wrote_them():
    table = pd.DataFrame({"item": [10, 10], "annotator": [1, 1], "label": ["a", "b"]})
    for make, said in [
        (lambda: wh.Votes.from_matrix([[0, 9]], SCHEMA, items=[10]), "'source_1' voted 9 on item 10; expected"),
        (lambda: wh.Votes.from_long(table, SCHEMA), "row 2: 1 has already given item 10 another label"),
        (lambda: wh.Votes.from_long(table, SCHEMA, items=[7]), "row 1: item 10 is not among the items"),
        (
            lambda: wh.apply([wh.keyword("k", ["x"], label="a")], [{"n": 3}, {"n": 3}], SCHEMA, id="n"),
            "id 3 occurs before",
        ),
    ]:
        with pytest.raises(DataError, match=re.escape(said)):
            make()


def test_a_table_of_votes_brings_its_names():
    table = pd.DataFrame({"ana": [0, 1], "bo": [-1, 1]}, index=["x", "y"])
    made = wh.Votes.from_matrix(table, SCHEMA)
    assert made == wh.Votes.from_matrix(table.to_numpy(), SCHEMA, ["x", "y"], ["ana", "bo"])
    assert wh.Votes.from_matrix(table, SCHEMA, [7, 8], ["p", "q"]).sources == ("p", "q")
    assert wh.Votes.from_matrix(pd.DataFrame([[0, 1]]), SCHEMA).sources == ("source_0", "source_1")
    with pytest.raises(DataError, match=r"class names go to Votes\.from_wide"):
        wh.Votes.from_matrix(pd.DataFrame({"ana": ["a", "b"]}), SCHEMA)
    with pytest.raises(DataError, match="item 'x' occurs twice"):
        wh.Votes.from_matrix(table.set_axis(["x", "x"]), SCHEMA)
