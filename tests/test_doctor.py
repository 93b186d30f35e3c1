"""The doctor names each fault, explanations add up, and calibration is measured."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from scipy.stats import beta, binom, binomtest
from sklearn.metrics import log_loss

import weakhitl as wh
from strategies import votes
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, UsageError
from weakhitl.label_model.calibration import calibration_error

SCHEMA = wh.LabelSchema(["a", "b", "c"])


def codes(matrix, schema=SCHEMA, model=None, gold=None):
    found = wh.diagnose(wh.Votes.from_matrix(matrix, schema), model, gold)
    return {finding.code: finding for finding in found}


def healthy(n=300, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    said = [np.where(rng.random(n) < 0.8, truth, rng.integers(0, 3, n)) for _ in range(4)]
    return truth, np.column_stack(said)


def test_healthy_votes_have_no_warning():
    _, matrix = healthy()
    model = wh.LabelModel().fit(wh.Votes.from_matrix(matrix, SCHEMA))
    assert [finding.code for finding in wh.diagnose(wh.Votes.from_matrix(matrix, SCHEMA), model)] == ["class-balance"]


def test_few_sources_empty_classes_and_silent_sources_are_named():
    found = codes([[0, 1, -1], [1, 0, -1]] * 20)
    assert found["few-sources"].message.startswith("2 of 3 sources vote")
    assert found["empty-class"].names == ("c",)
    assert found["silent"].names == ("source_2",)


def test_a_source_that_always_says_the_same_is_named():
    _, matrix = healthy()
    found = codes(np.column_stack([matrix, np.zeros(len(matrix), dtype=int)]))
    assert found["always-fires"].names == ("source_4",)


def test_a_flipped_source_is_named_by_the_votes_that_contradict_it_and_by_gold():
    truth, matrix = healthy()
    flipped = np.column_stack([matrix, (truth + 1) % 3])
    assert codes(flipped)["outvoted"].names == ("source_4",)
    found = codes(flipped, gold=np.where(np.arange(len(truth)) < 40, truth, -1))
    assert found["below-chance"].names == ("source_4",)
    assert "below-chance" not in codes(matrix, gold=truth)


def test_copies_are_named_together():
    _, matrix = healthy()
    assert codes(np.column_stack([matrix, matrix[:, 1]]))["near-duplicates"].names == ("source_1", "source_4")


def test_sources_that_share_no_item_with_the_others_are_named():
    _, matrix = healthy()
    apart = np.full((20, 4), -1)
    both = np.column_stack([np.vstack([matrix, apart]), np.r_[np.full(len(matrix), -1), np.arange(20) % 3]])
    assert codes(both)["disconnected"].names == ("source_4",)


def test_one_class_functions_and_a_fit_that_does_not_converge_are_told():
    assert "one-class-only" in codes([[0, -1, 2], [0, 1, -1], [-1, 1, 2]] * 10)
    _, matrix = healthy()
    model = wh.DawidSkene(max_iter=2, tol=1e-12).fit(wh.Votes.from_matrix(matrix, SCHEMA))
    assert codes(matrix, model=model)["no-convergence"].level == "warning"


def test_warnings_come_first_and_findings_are_json():
    found = wh.diagnose(wh.Votes.from_matrix([[0, -1, -1]] * 30, SCHEMA))
    levels = [finding.level for finding in found]
    assert levels == sorted(levels, reverse=True)
    assert {"few-sources", "always-fires", "empty-class", "silent"} <= {finding.code for finding in found}
    assert all(isinstance(finding.to_dict()["names"], list) for finding in found)


@settings(max_examples=50)
@given(votes(sources=(1, 5)))
def test_an_explanation_adds_up_to_the_log_odds(given_votes):
    model = wh.DawidSkene().fit(given_votes)
    for item in given_votes.items:
        explanation = wh.explain(model, given_votes, item)
        proba = explanation.probabilities
        expected = np.log(proba[explanation.label]) - np.log(proba[explanation.against])
        assert explanation.table["log_odds"].sum() == pytest.approx(expected, abs=1e-6)
        assert not explanation.note


def test_an_explanation_says_where_unanimity_stands_above_the_sum():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 1000)
    said = [np.where(rng.random(1000) < a, truth, 1 - truth) for a in (0.95, 0.95, 0.95, 0.03)]
    matrix = np.vstack([np.column_stack(said), [[-1, -1, -1, 0]]])
    explanation = wh.explain(wh.LabelModel().fit(matrix), matrix, 1000)
    assert explanation.label == "0"
    assert "keeps it" in explanation.note


def test_a_source_is_explained_with_credible_intervals_that_hold():
    """95 % intervals of 27 rates, each over 40 worlds: on average at least nine of ten hold the truth."""
    held = []
    for seed in range(40):
        truth, matrix = healthy(seed=seed)
        table = wh.explain_source(wh.DawidSkene().fit(wh.Votes.from_matrix(matrix, SCHEMA)), "source_0")
        expected = np.where(table["true"] == table["voted"], 0.8 + 0.2 / 3, 0.2 / 3)
        held.append(((table["low"] <= expected) & (expected <= table["high"])).mean())
        assert len(truth) == 300
    assert np.mean(held) > 0.9


def test_rates_are_margins_of_a_dirichlet_and_log_odds_are_against_the_mean_of_the_other_classes():
    _, matrix = healthy()
    model = wh.DawidSkene().fit(wh.Votes.from_matrix(matrix, SCHEMA))
    table = wh.explain_source(model, "source_1", confidence=0.9)
    k = len(SCHEMA)
    rate, low, high, odds = (table[name].to_numpy().reshape(k, k) for name in ("rate", "low", "high", "log_odds"))
    votes = model.soft_votes_[1].sum(axis=1, keepdims=True) + model.prior_votes_
    assert (rate.sum(axis=1), model.prior_votes_) == (pytest.approx(np.ones(k)), k)
    assert low == pytest.approx(beta.ppf(0.05, votes * rate, votes * (1 - rate)))
    assert high == pytest.approx(beta.ppf(0.95, votes * rate, votes * (1 - rate)))
    others = [np.log(np.delete(rate, true, axis=0)).mean(axis=0) for true in range(k)]
    assert odds == pytest.approx(np.log(rate) - others)


def test_one_accuracy_for_all_classes_has_one_interval():
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 500, p=[0.8, 0.1, 0.1])
    matrix = np.column_stack([np.where(rng.random(500) < 0.7, truth, rng.integers(0, 3, 500)) for _ in range(4)])
    table = wh.explain_source(wh.OneCoin().fit(wh.Votes.from_matrix(matrix, SCHEMA)), "source_0")
    for _, part in table.groupby(table["true"] == table["voted"]):
        assert np.ptp(part[["rate", "low", "high"]].to_numpy(), axis=0) == pytest.approx([0, 0, 0])
    assert ((table["low"] < table["rate"]) & (table["rate"] < table["high"])).all()


def test_what_cannot_be_explained_says_why():
    matrix = np.array([[0, -1, 1], [0, 1, -1]] * 10)
    model = wh.LabelModel().fit(matrix)
    assert wh.explain_source(model, "source_0")["rate"].isna().all()
    with pytest.raises(DataError, match="no source 'x'"):
        wh.explain_source(model, "x")
    with pytest.raises(DataError, match="item 99 is not among the items"):
        wh.explain(model, matrix, 99)
    with pytest.raises(UsageError, match="no log-odds"):
        wh.explain(wh.MajorityVote().fit(matrix), matrix, 0)


def test_log_loss_is_scikit_learns_and_a_sharp_model_has_a_calibration_error():
    rng = np.random.default_rng(1)
    proba = rng.dirichlet(np.ones(3), 500)
    truth = np.array([rng.choice(3, p=row) for row in proba])
    measured = wh.calibration(proba, truth)
    assert measured.log_loss.value == pytest.approx(log_loss(truth, proba))
    assert measured.table["items"].sum() == 500
    right = int((proba.argmax(axis=1) == truth).sum())
    assert measured.accuracy.value == right / 500
    exact = binomtest(right, 500).proportion_ci(0.95, method="exact")
    assert (measured.accuracy.low, measured.accuracy.high) == pytest.approx((exact.low, exact.high))
    sharp = proba**3 / (proba**3).sum(axis=1, keepdims=True)
    assert wh.calibration(sharp, truth).ece.low > measured.ece.value


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_each_bin_has_its_ends_its_means_and_an_exact_interval(confidence):
    rng = np.random.default_rng(2)
    proba = rng.dirichlet(np.ones(3), 300)
    truth = np.array([rng.choice(3, p=row) for row in proba])
    stated, right = proba.max(axis=1), proba.argmax(axis=1) == truth
    table = wh.calibration(proba, truth, bins=5, confidence=confidence).table
    assert table["low"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])  # of three classes one has a third at least
    for line in table.itertuples():
        here = (stated >= line.low) & (stated < line.high)
        exact = binomtest(int(right[here].sum()), int(here.sum())).proportion_ci(confidence, method="exact")
        assert line.high == pytest.approx(line.low + 0.2)
        assert (line.items, line.confidence) == (here.sum(), pytest.approx(stated[here].mean()))
        assert (line.accuracy, line.accuracy_low, line.accuracy_high) == pytest.approx((right[here].mean(), *exact))


@pytest.mark.parametrize(("gap", "stated"), [(0.0, (0.5, 1.0)), (0.02, (0.999, 0.999)), (0.09, (0.9, 0.9))])
def test_each_bound_of_the_calibration_error_is_on_the_wrong_side_in_one_of_twenty_samples_at_most(gap, stated):
    """A calibrated model, one that is sure of everything, and one that is not sure enough; 60 items.

    Percentiles of resampled items err in all, 30 and 60 of a hundred samples here (benchmarks/calibration.py).
    """
    rng, runs, wrong = np.random.default_rng(5), 200, np.zeros(2)
    for run in range(runs):
        said = rng.uniform(*stated, 60)
        right = (rng.random(60) < said + (gap if said[0] == 0.9 else -gap)).astype(float)
        found = calibration_error(said, right, seed=run, confidence=0.9)
        wrong += found.low > gap + 1e-9, found.high < gap - 1e-9
    assert (wrong <= binom.ppf(0.999, runs, 0.05)).all()


def test_a_log_loss_has_no_interval_where_every_item_is_right():
    proba = np.tile([0.9, 0.1], (40, 1))
    all_right, one_wrong = (wh.calibration(proba, np.repeat([0, 1], [40 - wrong, wrong])).log_loss for wrong in (0, 1))
    assert all_right.value == pytest.approx(-np.log(0.9))
    assert (all_right.low, all_right.kind) == (None, "little-variation")
    assert one_wrong.low < one_wrong.value < one_wrong.high


def test_a_calibration_error_has_no_bounds_that_its_draws_cannot_tell():
    said, right = np.full(60, 0.95), np.repeat([1.0, 0.0], [57, 3])
    usual, high, too_high = (calibration_error(said, right, confidence=level) for level in (0.9, 0.999, 1 - 1e-6))
    assert high.high > usual.high
    assert (too_high.low, too_high.high, too_high.value) == (None, None, usual.value)


def test_an_items_rows_are_no_further_items_for_the_calibration_error():
    said, right = np.array([0.9, 0.6] * 100), np.array([1.0, 1.0] * 80 + [0.0, 0.0] * 20)
    once, twice = (
        calibration_error(np.tile(said, times), np.tile(right, times), item=np.tile(np.arange(200), times))
        for times in (1, 2)
    )
    figures = [(one.value, one.low, one.high, one.n_units) for one in (once, twice)]
    assert figures[0] == pytest.approx(figures[1])


def test_weights_make_the_calibration_error_that_of_what_items_stand_for():
    said, right = np.array([0.9] * 100 + [0.6] * 100), np.array([1.0] * 90 + [0.0] * 10 + [1.0] * 20 + [0.0] * 80)
    alike = calibration_error(said, right)
    heavy = calibration_error(said, right, weights=np.repeat([9.0, 1.0], 100))
    assert alike.value == pytest.approx(0.2)
    assert heavy.value == pytest.approx(0.04)
    assert heavy.high < alike.low


def test_calibration_withholds_an_interval_from_few_items_and_refuses_nonsense():
    measured = wh.calibration(np.array([[0.9, 0.1]] * 5), np.array([0, 0, 1, -1, -1]))
    assert measured.ece.low is None
    assert "at least 20" in measured.ece.reason
    assert measured.ece.n_units == 3
    with pytest.raises(DataError, match="no item has a known class"):
        wh.calibration(np.array([[0.9, 0.1]]), np.array([-1]))
    with pytest.raises(DataError, match="expected"):
        wh.calibration(np.array([0.9, 0.1]), np.array([0, 1]))


def test_a_model_where_votes_belong_is_named():
    votes = wh.Votes.from_matrix([[0, 1], [1, 1]])
    with pytest.raises(UsageError, match="expected a fitted label model, found Votes"):
        wh.diagnose(wh.LabelModel().fit(votes), votes)


def test_the_reliability_figure_draws_every_bin():
    proba = np.repeat([[0.9, 0.1], [0.6, 0.4]], 50, axis=0)
    measured = wh.calibration(proba, np.repeat([0, 1, 0, 1], [45, 5, 30, 20]))
    axes = measured.plot()
    drawn = axes.lines[1].get_xydata()
    assert pd.DataFrame(drawn, columns=["confidence", "accuracy"]).equals(
        measured.table[["confidence", "accuracy"]].astype(float)
    )


def test_of_many_classes_explain_prints_those_that_matter(tmp_path):
    """The likeliest first, and of a source the votes that it gives, the strongest; never hundreds of lines."""
    classes = [f"c{number:02d}" for number in range(40)]
    rule = '[[labeling.rule]]\nname = "r{0}"\nkind = "keyword"\nlabel = "{0}"\nwords = ["{0}"]\n'
    (tmp_path / "weakhitl.toml").write_text(
        f'[project]\nname = "p"\n[labels]\nclasses = {classes}\n[data]\npath = "x.csv"\nid = "id"\n'
        "[labeling]\nfunctions = []\n" + "".join(map(rule.format, classes))
    )
    (tmp_path / "x.csv").write_text("id,text\n" + "".join(f"{name},{name} c39\n" for name in classes))
    run = partial(CliRunner().invoke, cli, catch_exceptions=False)
    assert run(["label", "--project", str(tmp_path)]).exit_code == 0
    item = run(["explain", "c05", "--project", str(tmp_path)]).output
    assert item.startswith("item c05: c05 ")
    assert "and 32 more" in " ".join(item.split())
    source = run(["explain", "--source", "rc05", "--project", str(tmp_path)]).output
    rows = [line.split()[:2] for line in source.splitlines() if line.startswith(" c")]
    assert len(rows) == 20
    assert rows[0] == ["c05", "c05"]
    assert "the 20 strongest of 40" in source
    assert len(json.loads(run(["explain", "--source", "rc05", "--json", "--project", str(tmp_path)]).output)) == 1600
