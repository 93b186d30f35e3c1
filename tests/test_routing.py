"""Routing: the audit is uniform, and every inclusion probability is what it says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

import weakhitl as wh
from weakhitl.consensus import Consensus
from weakhitl.errors import UsageError
from weakhitl.routing import disagreement_order, draw_batch, draw_pilot
from weakhitl.routing.sampling import inclusion_probability

FRAME = pd.Index([f"i{rank}" for rank in range(1, 21)])


def draws(count=2000, budget=9, audit=5):
    return [draw_batch(FRAME, budget, audit, 3, seed) for seed in range(count)]


def test_the_audit_is_uniform_over_all_items():
    counts = pd.Series(0, index=FRAME)
    for batch in draws():
        counts[batch.table["item"][batch.table["reason"] == "audit"]] += 1
    assert chisquare(counts).pvalue > 1e-4


def test_items_are_routed_as_often_as_their_probability_says():
    batches = draws()
    routed = pd.concat([batch.table for batch in batches])
    stated = routed.groupby("item")["probability"].agg(["min", "max", "size"])
    assert (stated["min"] == stated["max"]).all()
    for row in stated.itertuples():
        assert binomtest(int(row.size), len(batches), min(row.max, 1.0)).pvalue > 1e-5


@settings(max_examples=60, deadline=None)
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
    consensus = Consensus(
        votes.items, np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.3, 0.7]]), np.ones(4, bool), schema
    )
    assert disagreement_order(votes, consensus, np.random.default_rng(0)).tolist() == [2, 1, 3, 0]
