"""Annotation: the store loses nothing, the right ratings count, the right items are adjudicated."""

import multiprocessing
import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
from stores import SCHEMA, batch, table
from weakhitl.annotation import ADJUDICATOR, ANNOTATOR, AnnotationStore, adjudication_queue, count_ratings, qualify
from weakhitl.annotation.adjudication import unclear
from weakhitl.errors import DataError, StateError
from weakhitl.routing import Batch, draw_batch, draw_pilot

ITEMS = pd.Index([f"i{n}" for n in range(20)])


def rated(*rows) -> pd.DataFrame:
    return table(*rows).assign(role=ANNOTATOR)


def count(ratings, *batches, **settings):
    return count_ratings(ratings, batches, SCHEMA, **{"min_agreement": 0.75, "min_ratings": 2} | settings)


@pytest.fixture
def store(tmp_path):
    return AnnotationStore(tmp_path / "annotations.db")


def test_batches_and_ratings_come_back_as_they_went_in(store):
    pilot, routing = draw_pilot(ITEMS, 6, 1), draw_batch(ITEMS[10:], 5, 2, 3, 4)
    store.add_batch(pilot)
    routed = routing.table[~routing.table["item"].isin(pilot.items)].reset_index(drop=True)
    store.add_batch(Batch("routing", 4, 3, 10, routed))
    first, second = store.batches()
    pd.testing.assert_frame_equal(first.table, pilot.table, check_dtype=False)
    pd.testing.assert_frame_equal(second.table, routed, check_dtype=False)
    assert (first.overlap, second.overlap, second.seed, second.frame) == (None, 3, 4, 10)
    rows = table(("i1", "ana", "a"), ("007", "bo", "?"))
    assert store.add_ratings(rows, ANNOTATOR) == 2
    assert store.add_ratings(rows[:1], ADJUDICATOR) == 1
    stored = store.ratings()
    assert stored[["item", "annotator", "label", "role"]].to_numpy().tolist() == [
        ["i1", "ana", "a", "annotator"],
        ["007", "bo", "?", "annotator"],
        ["i1", "ana", "a", "adjudicator"],
    ]
    ages = pd.Timestamp.now("UTC") - pd.to_datetime(stored["time"])
    assert (ages < pd.Timedelta("1 min")).all()


def test_a_rating_carries_the_guideline_it_was_made_under(store):
    store.add_ratings(table(("i1", "ana", "a")), ANNOTATOR, "old")
    store.add_ratings(table(("i1", "ana", "a"), ("i2", "ana", "a")), ANNOTATOR, "new")
    assert store.ratings()["guideline"].tolist() == ["old", "new"]


def test_an_empty_store_has_nothing_and_makes_no_file(store):
    assert store.batches() == []
    assert store.ratings().empty
    assert not store.database.path.exists()


def test_one_contradiction_keeps_the_whole_file_out(store):
    store.add_ratings(table(("i1", "ana", "a")), ANNOTATOR)
    with pytest.raises(DataError, match="'ana' rates item 'i1' 'b', but 'a' is stored"):
        store.add_ratings(table(("i2", "ana", "a"), ("i1", "ana", "b")), ANNOTATOR)
    assert len(store.ratings()) == 1


def test_a_batch_with_an_item_of_an_earlier_one_is_refused_whole(store):
    store.add_batch(batch("i1", "i2"))
    with pytest.raises(StateError, match="routed before"):
        store.add_batch(batch("i3", "i1"))
    assert [list(b.items) for b in store.batches()] == [["i1", "i2"]]


def test_a_file_that_is_no_database_or_of_a_later_version_is_named(tmp_path):
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(DataError, match=r"text\.db: cannot be used as the annotation store"):
        AnnotationStore(tmp_path / "text.db").ratings()
    with closing(sqlite3.connect(tmp_path / "later.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0099')")
        connection.commit()
    with pytest.raises(StateError, match="later weakhitl"):
        AnnotationStore(tmp_path / "later.db").ratings()


def _add(path, who):
    for n in range(25):
        AnnotationStore(path).add_ratings(table((f"i{n}", who, "a")), ANNOTATOR)


def test_two_processes_that_write_at_once_lose_nothing(store):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add, args=(store.database.path, who)) for who in ("ana", "bo")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert store.ratings().groupby("annotator").size().to_dict() == {"ana": 25, "bo": 25}


def test_each_rating_has_its_fate():
    ratings = rated(
        ("i1", "ana", "a"), ("i1", "bo", "?"), ("i1", "cy", "b"), ("i1", "di", "a"), ("i9", "ana", "c"),
    )  # fmt: skip
    counted = count(ratings, batch("i1", overlap=2))
    assert counted.ratings["fate"].tolist() == ["counted", "skipped", "counted", "surplus", "not routed"]
    assert counted.annotators is None
    assert counted.measured.class_counts().tolist() == [[1, 1, 0]]
    assert counted.votes.n_votes == 3


def test_only_those_who_qualify_on_the_pilot_count_and_the_pilot_is_not_measured():
    pilot = batch("p1", "p2", "p3", kind="pilot", overlap=None)
    rows = [(item, who, "a" if who != "bad" else "b") for item in pilot.items for who in ("ana", "bo", "cy", "bad")]
    ratings = rated(*rows, ("i1", "ana", "a"), ("i1", "bad", "b"), ("i1", "new", "b"))
    counted = count(ratings, pilot, batch("i1"))
    assert counted.annotators["qualified"].to_dict() == {"ana": True, "bo": True, "cy": True, "bad": False}
    assert list(counted.measured.items) == ["i1"]
    assert counted.ratings["fate"].tolist()[-3:] == ["counted", "not qualified", "not qualified"]


def test_too_few_pilot_ratings_qualify_nobody():
    pilot = batch("p1", kind="pilot", overlap=None)
    ratings = rated(*[("p1", who, "a") for who in ("ana", "bo", "cy")])
    assert not count(ratings, pilot, min_ratings=2).annotators["qualified"].any()


def test_others_who_tie_refute_what_none_of_them_says_and_else_tell_nothing():
    votes = wh.Votes.from_matrix([[0, 0, 1], [2, -1, -1], [0, 0, 0], [0, 1, 2]], SCHEMA, sources=["ana", "bo", "cy"])
    found = qualify(votes, 0.5, 1)
    assert found["ratings"].tolist() == [2, 2, 3]
    assert found["agreement"].tolist() == [1 / 2, 1 / 2, 1 / 3]
    nobody = qualify(wh.Votes.from_matrix([[0]], SCHEMA, sources=["ana"]), 0.5, 1)
    assert nobody["agreement"].isna().all()
    assert not nobody["qualified"].any()


def test_of_three_people_the_careless_one_is_told_from_the_others():
    """Two classes, three ratings an item: where a tie counted against everybody, all three had the same figure."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    right = rng.random((200, 3)) < [0.92, 0.92, 0.6]
    votes = wh.Votes.from_matrix(np.where(right, truth[:, None], 1 - truth[:, None]), wh.LabelSchema(["no", "yes"]))
    assert qualify(votes, 0.75, 10)["qualified"].tolist() == [True, True, False]


def test_ties_low_consensus_unrated_and_audited_items_are_adjudicated():
    matrix = [[0, 0, 0, 0, 1], [0, 0, 1, 1, -1], [0, 0, 1, 2, -1], [-1] * 5, [0, 0, 0, 0, 0], [1, 1, 1, 0, 0]]
    votes = wh.Votes.from_matrix(matrix, SCHEMA, items=[f"i{n}" for n in range(6)])
    assert unclear(votes, 0.6).to_dict() == {
        "i0": "", "i1": "tie", "i2": "low consensus", "i3": "no rating", "i4": "", "i5": "",
    }  # fmt: skip
    reasons = ["disagreement"] * 4 + ["audit", "audit"]
    routing = batch(*votes.items, reasons=reasons)
    queue = adjudication_queue(votes, [routing], pd.Index(["i5"]), 0.6)
    assert dict(zip(queue["item"], queue["why"], strict=True)) == {
        "i1": "tie", "i2": "low consensus", "i3": "no rating", "i4": "audit",
    }  # fmt: skip


def test_qualification_finds_those_who_are_better_than_the_bar():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300)
    right = np.array([0.95] * 5 + [0.5] * 5)
    matrix = np.where(rng.random((300, 10)) < right, truth[:, None], rng.integers(0, 3, (300, 10)))
    assert qualify(wh.Votes.from_matrix(matrix, SCHEMA), 0.75, 10)["qualified"].tolist() == [True] * 5 + [False] * 5
