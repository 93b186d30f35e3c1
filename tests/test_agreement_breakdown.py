"""Where agreement comes from: by class, coder, slice and item; differences, merges, the paradox panel, connection."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import weakhitl as wh
from strategies import vote_matrices, votes

SCHEMA = wh.LabelSchema(["low", "mid", "high"])


def rated(n=300, right=(0.9, 0.85, 0.8), seed=0, confuse=0.0):
    """Coders who are right with these probabilities; ``confuse`` of the mids are called low by all at random."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    columns = [np.where(rng.random(n) < p, truth, rng.integers(0, 3, n)) for p in right]
    matrix = np.column_stack(columns)
    swap = (matrix == 1) & (rng.random(matrix.shape) < confuse)
    return wh.Votes.from_matrix(np.where(swap, 0, matrix), SCHEMA, sources=[f"c{j}" for j in range(len(right))])


def test_the_coder_without_whom_agreement_rises_most_comes_first():
    found = wh.by_coder(rated(right=(0.95, 0.95, 0.4, 0.95)))
    assert found.index[0] == "c2"
    whole = wh.krippendorff_alpha(rated(right=(0.95, 0.95, 0.4, 0.95)))
    three = wh.krippendorff_alpha(rated(right=(0.95, 0.95, 0.4, 0.95)).take_sources(["c0", "c1", "c3"]))
    assert found.loc["c2", "without"] == pytest.approx(three.value)
    assert found.loc["c2", "change"] == pytest.approx(three.value - whole.value)
    assert found.loc["c2", "low"] < three.value < found.loc["c2", "high"]
    assert found["agreement"].idxmin() == "c2"


def test_a_coder_without_ratings_is_not_listed_and_one_whom_nobody_met_is_not_compared():
    matrix = [[0, 1, -1, -1, -1], [1, 1, -1, 1, -1], [-1, -1, 2, -1, -1]]
    some = wh.Votes.from_matrix(matrix, SCHEMA, sources=["ana", "bo", "cy", "di", "ed"])
    found = wh.by_coder(some)
    assert sorted(found.index) == ["ana", "bo", "cy", "di"]
    assert found.loc[["cy", "di"], ["ratings", "compared"]].to_numpy().tolist() == [[1, 0], [1, 1]]
    assert found.loc["di", "agreement"] == 1
    assert found["agreement"].isna().tolist() == [name == "cy" for name in found.index]
    assert wh.by_coder(some, most=2).index.tolist() == ["ana", "bo"]  # who rated most


def test_without_a_coder_who_is_needed_agreement_is_undefined():
    found = wh.by_coder(wh.Votes.from_matrix([[0, 1], [1, 1]], SCHEMA))
    assert found["without"].isna().all()
    assert found["agreement"].tolist() == [0.5, 0.5]


@settings(max_examples=30)
@given(votes(items=(1, 10)))
def test_the_mean_over_items_is_percent_agreement(some):
    table, whole = wh.by_item(some), wh.percent_agreement(some).value
    assert len(table) == 0 if whole is None else table["agreement"].mean() == pytest.approx(whole)
    assert table["agreement"].is_monotonic_increasing


def test_a_slice_is_measured_on_its_items_alone():
    some = rated()
    groups = pd.Series(["x", "y", None] * 100, index=some.items)
    found = wh.by_slice(some, groups, seed=3)
    assert list(found) == ["x", "y"]
    assert found["y"] == wh.krippendorff_alpha(some.take_items(np.arange(1, 300, 3)), seed=3)
    weighted = wh.by_slice(some, groups, wh.fleiss_kappa, weights=np.arange(1, 301))
    assert weighted["x"].value == pytest.approx(
        wh.fleiss_kappa(some.take_items(np.arange(0, 300, 3)), weights=np.arange(1, 301, 3)).value
    )


def test_a_difference_over_the_same_items_is_narrower_than_over_others():
    first, second = rated(right=(0.9, 0.9)), rated(right=(0.9, 0.88))
    paired = wh.agreement_difference(first, second)
    values = [wh.krippendorff_alpha(one).value for one in (first, second)]
    assert paired.value == pytest.approx(values[0] - values[1])
    renamed = wh.Votes.from_matrix(second.to_matrix(), SCHEMA, items=[f"other {n}" for n in range(300)])
    apart = wh.agreement_difference(first, renamed)
    assert apart.value == pytest.approx(paired.value)
    independent = np.hypot(*(wh.krippendorff_alpha(one).se for one in (first, second)))
    assert apart.se == pytest.approx(independent, rel=0.15)
    assert paired.se < 0.9 * apart.se


def test_the_interval_of_a_difference_holds_zero_where_there_is_none():
    """Nominal 95 %; of 200 runs at most 20 may miss (p < .003)."""
    missed = 0
    for seed in range(200):
        first, second = rated(100, seed=2 * seed), rated(100, seed=2 * seed + 1)
        renamed = wh.Votes.from_matrix(second.to_matrix(), SCHEMA, items=range(1000, 1100))
        found = wh.agreement_difference(first, renamed, seed=seed)
        missed += not found.low <= 0 <= found.high
    assert missed <= 20


def test_the_pair_of_classes_that_is_confused_comes_first_with_items_that_show_it():
    some = rated(right=(0.97, 0.97, 0.97), confuse=0.5)
    found = wh.confused_classes(some)
    assert found.loc[0, ["first", "second"]].tolist() == ["low", "mid"]
    assert found["share"].sum() == pytest.approx(1)
    assert found.loc[0, "share"] > found.loc[0, "expected"]
    for item in found.loc[0, "examples"]:
        assert set(some.to_matrix()[int(item)]) >= {0, 1}


def test_the_confusions_of_one_coder_are_those_pairs_that_involve_his_ratings():
    matrix = [[0, 1, 1], [0, 1, 1], [2, 2, 1], [1, 1, 1]]
    some = wh.Votes.from_matrix(matrix, SCHEMA, sources=["ana", "bo", "cy"])
    ana, bo = (wh.confused_classes(some, coder=name) for name in ("ana", "bo"))
    assert ana[["first", "second"]].to_numpy().tolist() == [["low", "mid"], ["mid", "high"]]
    assert ana["share"].tolist() == pytest.approx([0.8, 0.2])  # two items in full, half of the third
    assert bo["share"].tolist() == pytest.approx([2 / 3, 1 / 3])
    with pytest.raises(wh.WeakHITLError, match="no source 'dee'"):
        wh.confused_classes(some, coder="dee")


@pytest.mark.parametrize("level", ["nominal", "interval"])
@settings(max_examples=40)
@given(matrix=vote_matrices(3, items=(1, 8), sources=(2, 4)), alone=st.booleans(), seed=st.integers(0, 9))
def test_confusions_equal_a_count_of_pairs_of_ratings(level, matrix, alone, seed):
    """Each item with its weight, however many pairs it has; far classes count more where they are on a scale."""
    schema = wh.LabelSchema(["1", "2", "4"], level)
    weights = np.random.default_rng(seed).integers(1, 4, len(matrix))
    some = wh.Votes.from_matrix(matrix, schema)
    found = wh.confused_classes(some, coder="source_0" if alone else None, weights=weights, examples=9)
    apart = {(0, 1): 1, (1, 2): 4, (0, 2): 9} if level == "interval" else {(0, 1): 1, (1, 2): 1, (0, 2): 1}
    share, totals, shown = dict.fromkeys(apart, 0.0), np.zeros((2, 3)), {pair: {} for pair in apart}
    for at, (row, weight) in enumerate(zip(matrix, weights, strict=True)):
        pairs = [(a, b) for i, a in enumerate(row) for j, b in enumerate(row) if i != j and min(a, b) >= 0]
        pairs = [(row[0], b) for b in row[1:] if min(row[0], b) >= 0] if alone else pairs
        for pair in pairs:
            if (apart_pair := tuple(sorted(pair))) in apart:
                share[apart_pair] += weight * apart[apart_pair] / len(pairs)
                split = shown[apart_pair]
                split[at] = split.get(at, 0) + 1 / (row >= 0).sum() ** 2
        if pairs:
            rated = row[row >= 0]
            totals[0] += weight * np.bincount(row[:1] if alone else rated, minlength=3)
            totals[1] += weight * np.bincount(row[1:][row[1:] >= 0] if alone else rated, minlength=3)
    (one, others), there = totals, {pair for pair, value in share.items() if value}
    chance = {(a, b): (one[a] * others[b] + one[b] * others[a]) * apart[a, b] for a, b in apart}
    assert len(found) == len(there)
    for line in found.itertuples():
        pair = schema.classes.index(line.first), schema.classes.index(line.second)
        assert line.share == pytest.approx(share[pair] / sum(share.values()))
        assert line.expected == pytest.approx(chance[pair] / sum(chance.values()))
        split = shown[pair]
        assert line.items == len(split)
        assert [int(item) for item in line.examples] == sorted(split, key=lambda at: (-round(split[at], 9), at))
    assert found["share"].is_monotonic_decreasing


def test_merging_confused_classes_gives_the_alpha_of_the_merged_classes():
    some = rated(right=(0.97, 0.97, 0.97), confuse=0.5)
    best = wh.merges(some)[0]
    assert (best["first"], best["second"]) == ("low", "mid")
    merged = wh.Votes.from_matrix(np.maximum(some.to_matrix(), 1), SCHEMA)
    assert best["merged"].value == pytest.approx(wh.krippendorff_alpha(merged).value)
    assert best["gain"].value == pytest.approx(best["merged"].value - wh.krippendorff_alpha(some).value)
    assert best["gain"].low > 0
    assert wh.merges(wh.Votes.from_matrix([[0, 1], [1, 1]], wh.LabelSchema(["a", "b"]))) == []


def test_under_prevalence_the_panel_says_that_the_figures_tell_different_stories():
    panel = wh.paradox(
        wh.Votes.from_matrix([[0, 0]] * 90 + [[0, 1], [1, 0]] * 4 + [[1, 1]] * 2, wh.LabelSchema(["a", "b"]))
    )
    assert panel.ac1.value - panel.alpha.value > 0.2
    assert "94% of the ratings are 'a'" in panel.story
    assert (panel.commonest, panel.bias) == ("a", 0)


def test_the_panel_counts_an_item_as_often_as_its_weight_says():
    matrix = np.array([[0, 1, -1], [0, 0, -1], [2, 1, -1], [0, -1, -1]])
    weights = np.array([3, 1, 2, 2])
    weighted = wh.paradox(wh.Votes.from_matrix(matrix, SCHEMA), weights=weights)
    repeated = wh.paradox(wh.Votes.from_matrix(np.repeat(matrix, weights, axis=0), SCHEMA))
    assert (weighted.prevalence, weighted.commonest) == (pytest.approx(7 / 14), "low")
    assert (repeated.prevalence, repeated.bias) == pytest.approx((weighted.prevalence, weighted.bias))


def test_the_panel_is_quiet_where_the_figures_agree_and_names_what_is_missing():
    assert wh.paradox(rated()).story == "Alpha and AC1 tell the same story."
    assert wh.paradox(wh.Votes.from_matrix([[-1, -1]], SCHEMA)).story == "There are no ratings."
    assert "only 'low' was used" in wh.paradox(wh.Votes.from_matrix([[0, 0]] * 5, SCHEMA)).story
    biased = wh.Votes.from_matrix([[0, 1], [0, 0], [0, 1], [1, 1]] * 20, SCHEMA)
    assert "different shares" in wh.paradox(biased).story
    assert wh.paradox(biased).to_dict()["bias"] == pytest.approx(0.25)


def test_coders_who_share_no_item_are_separate_groups():
    assert wh.overlap_groups(wh.Votes.from_matrix([[0, 0, -1, -1], [-1, -1, 1, 1]], SCHEMA)) == 2
    assert wh.overlap_groups(wh.Votes.from_matrix([[0, 0, -1, -1], [-1, 1, 1, 1]], SCHEMA)) == 1
    assert wh.overlap_groups(wh.Votes.from_matrix([[-1, -1]], SCHEMA)) == 0


def test_planning_before_any_data_keeps_its_promise():
    """With so many units as it says, four of five runs clear the bar; 300 simulated runs with alpha .75."""
    n = wh.units_before(0.6, 0.75, 0.3)
    rng = np.random.default_rng(0)
    passed = 0
    for seed in range(300):
        truth = rng.random((n, 1)) < 0.3
        coded = np.where(rng.random((n, 2)) < np.sqrt(0.75), truth, rng.random((n, 2)) < 0.3).astype(int)
        found = wh.krippendorff_alpha(
            wh.Votes.from_matrix(coded, wh.LabelSchema(["a", "b"])), confidence=0.9, seed=seed, interval="linearized"
        )
        passed += found.low is not None and found.low >= 0.6
    assert passed / 300 == pytest.approx(0.8, abs=0.08)
    assert wh.units_before(0.8, 0.75, 0.3) is None
    assert wh.units_before(0.75, 0.75, 0.3) is None
    with pytest.raises(wh.WeakHITLError, match="prevalence is 0"):
        wh.units_before(0.6, 0.75, 0)


def test_groups_that_are_numbers_come_in_the_order_of_their_values():
    some = wh.Votes.from_matrix([[0, 0], [0, 1], [1, 1], [1, 1]], wh.LabelSchema(["no", "yes"]))
    assert list(wh.by_slice(some, [10, 9, 10, 100])) == ["9", "10", "100"]
    assert list(wh.by_slice(some, ["10", "9", "10", "old"])) == ["10", "9", "old"]
