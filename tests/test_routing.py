"""Routing: the audit is uniform, and every inclusion probability is what it says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binomtest, chisquare, entropy

import weakhitl as wh
from projects import World, start
from weakhitl.consensus import Consensus
from weakhitl.errors import ConfigError, DataError, UsageError
from weakhitl.routing import (
    SCORES,
    density,
    draw_batch,
    draw_pilot,
    far_apart,
    in_turns,
    item_vectors,
    novelty,
    score_order,
    text_vectors,
)
from weakhitl.routing.sampling import inclusion_probability

FRAME = pd.Index([f"i{rank}" for rank in range(1, 21)])


def draws(count=2000, budget=9, audit=5):
    return [draw_batch(FRAME, budget, audit, 3, seed) for seed in range(count)]


def test_the_audit_is_uniform_over_all_items():
    counts = pd.Series(0, index=FRAME)
    for batch in draws():
        counts[batch.table["item"][batch.table["reason"] == "audit"]] += 1
    assert chisquare(counts).pvalue > 1e-4


def test_the_audit_is_uniform_over_items_that_are_ordered_by_lot():
    """With one lot for both, some items would be audited half as often again as others."""
    votes = wh.Votes.from_matrix(np.full((20, 2), -1), SCHEMA)
    consensus = Consensus.of_items(votes.items, np.full((20, 3), 1 / 3), np.zeros(20, bool), SCHEMA)
    counts = np.zeros(20)
    for seed in range(2000):
        batch = draw_batch(votes.items[score_order(SCORES["disagreement"](votes, consensus), seed)], 9, 5, 3, seed)
        counts[batch.drawn_for_audit.astype(int)] += 1
    assert chisquare(counts).pvalue > 1e-4


def test_items_are_routed_as_often_as_their_probability_says():
    batches = draws()
    routed = pd.concat([batch.table for batch in batches])
    stated = routed.groupby("item")["probability"].agg(["min", "max", "size"])
    assert (stated["min"] == stated["max"]).all()
    for row in stated.itertuples():
        assert binomtest(int(row.size), len(batches), min(row.max, 1.0)).pvalue > 1e-5


@settings(max_examples=60)
@given(st.data())
def test_the_probabilities_of_a_frame_add_up_to_the_budget(data):
    n = data.draw(st.integers(1, 60))
    budget = data.draw(st.integers(1, n))
    audit = data.draw(st.integers(0, budget))
    probability = inclusion_probability(np.arange(1, n + 1), n, audit, budget - audit)
    assert probability.sum() == pytest.approx(budget)
    assert (probability <= 1 + 1e-12).all()
    assert (np.diff(probability) <= 1e-12).all(), "more disagreement is never less likely to be routed"


def test_weighting_by_the_inverse_probability_is_unbiased():
    """Horvitz and Thompson's estimate of a mean that depends on the rank, over many draws."""
    values = pd.Series(np.linspace(1, 0, 20), index=FRAME)
    estimates = [(values[b.items].to_numpy() / b.table["probability"].to_numpy()).sum() / 20 for b in draws()]
    assert np.mean(estimates) == pytest.approx(0.5, abs=4 * np.std(estimates) / np.sqrt(len(estimates)))


def test_the_same_seed_gives_the_same_batch_and_the_order_hides_the_audit():
    first, again, other = (draw_batch(FRAME, 9, 5, 3, seed) for seed in (1, 1, 2))
    assert first.table.equals(again.table)
    assert not first.table.equals(other.table)
    reasons = ["".join(batch.table["reason"].str[0]) for batch in draws(50)]
    assert len(set(reasons)) > 20


def test_disagreement_fills_what_the_audit_leaves_from_the_top():
    for batch in draws(50):
        table = batch.table
        filled = table["rank"][table["reason"] == "disagreement"]
        audited = set(table["rank"][table["reason"] == "audit"])
        assert set(range(1, filled.max() + 1)) <= set(filled) | audited
        assert batch.above_cut().sum() == filled.max()


def test_a_pilot_is_uniform_and_all_its_ratings_count():
    batch = draw_pilot(FRAME, 8, 0)
    assert (batch.kind, batch.overlap, len(batch.items.unique())) == ("pilot", None, 8)
    assert (batch.table["probability"] == 0.4).all()


@pytest.mark.parametrize(("budget", "audit"), [(21, 5), (5, 6), (0, 0), (5, -1)])
def test_a_batch_that_does_not_fit_is_refused(budget, audit):
    with pytest.raises(UsageError):
        draw_batch(FRAME, budget, audit, 3, 0)


def test_conflict_comes_before_doubt_and_doubt_before_agreement():
    schema = wh.LabelSchema(["a", "b"])
    votes = wh.Votes.from_matrix([[0, 0], [-1, -1], [0, 1], [1, -1]], schema)
    consensus = Consensus.of_items(
        votes.items, np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.3, 0.7]]), np.ones(4, bool), schema
    )
    assert score_order(SCORES["disagreement"](votes, consensus), 0).tolist() == [2, 1, 3, 0]


SCHEMA = wh.LabelSchema(["a", "b", "c"])


def test_each_score_is_what_its_name_says():
    votes = wh.Votes.from_matrix([[0, 0, 1], [0, 0, 0], [-1, -1, -1], [0, 1, 2]], SCHEMA)
    shares = np.array([[0.6, 0.3, 0.1], [0.98, 0.01, 0.01], [1 / 3] * 3, [0.4, 0.4, 0.2]])
    consensus = Consensus.of_items(votes.items, shares, np.ones(4, bool), SCHEMA)
    found = {name: score(votes, consensus)[0] for name, score in SCORES.items()}
    assert found["conflict"] == pytest.approx([1 / 3, 0, 0, 2 / 3])
    assert found["vote-entropy"] == pytest.approx([entropy([2, 1], base=3), 0, 0, 1])
    assert found["entropy"] == pytest.approx([entropy(row, base=3) for row in shares])
    assert found["margin"] == pytest.approx([0.7, 0.03, 1, 1])
    assert found["expected-error"] == pytest.approx([0.4, 0.02, 2 / 3, 0.6])
    orders = {name: score_order(score(votes, consensus), 0).tolist() for name, score in SCORES.items()}
    assert orders["expected-error"] == [2, 3, 0, 1]
    assert orders["conflict"][:2] == [3, 0]
    doubt = SCORES["expected-error"](votes, consensus)
    cheap = score_order(doubt, 0, cost=pd.Series([0.1, 1, 10, 10]))
    assert cheap.tolist() == [0, 2, 3, 1]
    with pytest.raises(DataError, match="of 2 items are no positive numbers, first of 1"):
        score_order(doubt, 0, cost=pd.Series([1, 0, np.nan, 2]))
    assert score_order(doubt, 0, density=[0.1, 50, 0.2, 0.3]).tolist() == [1, 3, 2, 0]


def test_novelty_finds_what_is_like_no_other():
    texts = pd.Series(["sun is out today"] * 12 + ["rain is out today"] * 12 + ["quantum chromodynamics"])
    found = novelty(item_vectors(texts))
    assert found.argmax() == 24
    assert found[:24] == pytest.approx(np.zeros(24), abs=1e-6)
    assert score_order([found], 0)[0] == 24
    assert density(item_vectors(texts)).argmin() == 24


def test_novelty_among_many_is_close_to_that_among_all():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(12_000, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = np.sort(1 - vectors[:50] @ vectors.T, axis=1)[:, 1:11].mean(axis=1)
    found = novelty(vectors)[:50]
    assert np.corrcoef(found, distances)[0, 1] > 0.8


def test_vectors_may_be_given_and_what_is_none_is_named():
    given = item_vectors(pd.Series([[3.0, 4.0], [0.0, 0.0]]))
    assert given.tolist() == [[0.6, 0.8], [0.0, 0.0]]
    for wrong in ([[1.0], [1.0, 2.0]], [[1.0], ["x"]], [[1.0], [float("nan")]]):
        with pytest.raises(DataError, match="vectors"):
            item_vectors(pd.Series(wrong))


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_strata_take_turns_and_keep_their_own_order(strata, random):
    order = np.array(random.sample(range(len(strata)), len(strata)))
    turned = in_turns(order, strata)
    assert sorted(turned) == sorted(order)
    taken = pd.Series([strata[at] for at in turned])
    turns = taken.groupby(taken).cumcount()
    assert turns.is_monotonic_increasing
    for name in set(strata):
        assert [at for at in turned if strata[at] == name] == [at for at in order if strata[at] == name]


def test_far_apart_starts_with_the_highest_score_and_then_takes_the_farthest():
    texts = pd.Series(["rain rain", "rain", "rain today", "sun", "snow", "sun sun", None])
    vectors = text_vectors(texts)
    order = np.arange(7)
    chosen = far_apart(order, vectors, 3)
    assert chosen[0] == 0
    assert {texts[at] for at in chosen[1:3]} <= {"sun", "snow", "sun sun", None}
    assert sorted(chosen) == list(order)
    assert chosen[3:].tolist() == sorted(chosen[3:].tolist())
    assert far_apart(order, vectors.toarray(), 3).tolist() == chosen.tolist()
    assert far_apart(order[:0], vectors, 3).tolist() == []
    with pytest.raises(DataError, match="hold no words"):
        text_vectors(pd.Series(["", None]))


@pytest.mark.parametrize(
    "setting", ['score = "margin"', 'stratify = "class"', 'stratify = "kind"', 'diverse = "text"', 'cost = "price"']
)
def test_a_project_routes_as_its_configuration_says(tmp_path, setting):
    project = start(tmp_path, World())
    items = pd.read_csv(tmp_path / "items.csv", dtype=str)
    kinds = np.where(np.arange(len(items)) % 20 == 0, "rare", "common")
    items = items.assign(kind=kinds, price=np.arange(1, len(items) + 1))
    items.to_csv(tmp_path / "items.csv", index=False)
    items = items.set_index("item")
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("[routing]", f"[routing]\n{setting}"))
    project = wh.Project.load(tmp_path)
    project.label()
    batch = project.route()
    assert len(batch.items) == 140
    chosen = batch.table[batch.table["reason"] != "audit"]
    assert chosen["rank"].max() < chosen["rank"].min() + 140
    if setting == 'cost = "price"':
        assert items["price"][chosen["item"]].mean() < items["price"].mean()
    if setting == 'stratify = "kind"':
        assert {*items.index[items["kind"] == "rare"]} <= {*batch.items}


def test_orders_that_do_not_fit_are_refused(tmp_path):
    start(tmp_path, World())
    config = tmp_path / "weakhitl.toml"
    text = config.read_text()
    config.write_text(text.replace("[routing]", '[routing]\nstratify = "class"\ndiverse = "text"'))
    with pytest.raises(ConfigError, match="stratify and diverse are two orders; choose one"):
        wh.Project.load(tmp_path)
    config.write_text(text.replace("[routing]", '[routing]\ndiverse = "txt"'))
    project = wh.Project.load(tmp_path)
    project.label()
    with pytest.raises(DataError, match=r"items.csv \(for \[routing\]\): no column 'txt'.*did you mean 'text'"):
        project.route()
