"""A number outside its range, or none, is named before anything is computed: 95 for 0.95 makes no figure."""

import math

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from sites import make_project
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, LabelingFunctionError, UsageError
from weakhitl.estimate import exact_share
from weakhitl.feedback.simulate import Plan
from weakhitl.pipeline.simulate import price

SCHEMA = wh.LabelSchema(["a", "b", "c"], level="ordinal")
MATRIX = np.random.default_rng(0).integers(0, 3, (60, 4))
VOTES = wh.Votes.from_matrix(MATRIX, SCHEMA)
RATINGS = VOTES.to_long().rename(columns={"source": "annotator"})
FITTED = wh.LabelModel().fit(VOTES)
COLUMN = pd.DataFrame({"x": MATRIX[:, 0]})

SHARES = {
    "alpha of a coefficient": lambda share: wh.krippendorff_alpha(VOTES, confidence=share),
    "anchoring": lambda share: wh.anchoring(RATINGS, SCHEMA, confidence=share),
    "betting_bounds": lambda share: wh.betting_bounds([0.5, 0.7], alpha=share),
    "annotator_quality": lambda share: wh.annotator_quality(RATINGS, SCHEMA, confidence=share),
    "calibration": lambda share: wh.calibration(FITTED.predict_proba(VOTES), MATRIX[:, 0], confidence=share),
    "drift": lambda share: wh.drift(COLUMN, COLUMN, alpha=share),
    "exact_share": lambda share: exact_share(1, 2, "nothing", share),
    "explain_source": lambda share: wh.explain_source(FITTED, "source_0", confidence=share),
    "leniency": lambda share: wh.leniency(VOTES, confidence=share),
    "lf_accuracy": lambda share: wh.lf_accuracy(VOTES, MATRIX[:, 0], confidence=share),
    "pairwise_cohen_kappa": lambda share: wh.pairwise_cohen_kappa(VOTES, confidence=share),
    "prior_accuracy of Triplets": lambda share: wh.Triplets(prior_accuracy=share).fit(VOTES),
    "prior_accuracy of LabelModel": lambda share: wh.LabelModel(prior_accuracy=share).fit(VOTES),
    "units_before": lambda share: wh.units_before(0.6, share, 0.3),
    "units_needed": lambda share: wh.units_needed(wh.krippendorff_alpha(VOTES), 0.5, share),
}
AMOUNTS = {
    "floor_seconds": lambda amount: wh.annotator_quality(RATINGS, SCHEMA, floor_seconds=amount),
    "judge_cost": lambda amount: Plan("plan", judge_cost=amount),
    "prior_votes": lambda amount: wh.DawidSkene(prior_votes=amount).fit(VOTES),
    "cost_per_hour": lambda amount: price(1.0, amount),
    "tol": lambda amount: wh.MACE(tol=amount).fit(VOTES),
}


@pytest.mark.parametrize("share", [95, -0.1, 0, 1, math.nan, math.inf])
@pytest.mark.parametrize("call", SHARES)
def test_what_lies_between_0_and_1_is_nothing_else(call, share):
    with pytest.raises(UsageError, match=f"is {share}; expected a number between 0 and 1"):
        SHARES[call](share)


@pytest.mark.parametrize("share", [2, -0.1, math.nan])
def test_a_share_may_be_0_or_1_where_that_has_a_meaning(share):
    assert wh.drift(COLUMN, COLUMN, least_effect=0).shifts
    assert wh.drift(COLUMN, COLUMN, least_effect=1).shifts
    with pytest.raises(UsageError, match=f"least_effect is {share}; expected a number from 0 to 1"):
        wh.drift(COLUMN, COLUMN, least_effect=share)


@pytest.mark.parametrize("amount", [-1, math.nan, math.inf])
@pytest.mark.parametrize("name", AMOUNTS)
def test_an_amount_is_finite_and_not_below_0(name, amount):
    with pytest.raises(UsageError, match=f"{name} is {amount}(.0)?; expected (0 or more|a number above 0)"):
        AMOUNTS[name](amount)


@pytest.mark.parametrize("bar", [80, 1, math.nan, -80])
def test_no_agreement_clears_a_bar_of_80(bar):
    with pytest.raises(UsageError, match=f"bar is {bar}; expected a number below 1, such as 0.6"):
        wh.units_before(bar, 0.9, 0.3)


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"above": 5, "below": 3}, "no number is above 5 and below 3"),
        ({"above": 5, "below": 5}, "no number is above 5 and below 5"),
        ({"above": math.nan}, "no number is above nan and below inf"),
        ({}, "expected above, below, or both"),
    ],
)
def test_a_threshold_that_no_number_meets_is_named(bounds, said):
    with pytest.raises(LabelingFunctionError, match=said):
        wh.threshold("long", "words", label="a", **bounds)


@pytest.mark.parametrize(
    ("proba", "truth", "said"),
    [
        ([[0.9, 0.1], [0.2, 0.8]], [0, 2], r"item 1 has class 2; expected -1 \(unknown\) or 0..1"),
        ([[0.9, 0.1], [0.2, 0.8]], [0, -2], r"item 1 has class -2; expected -1 \(unknown\) or 0..1"),
        ([[0.9, 0.1], [2.0, 3.0]], [0, 1], r"item 1 has \[2.0, 3.0\]; expected probabilities that sum to 1"),
        ([[0.9, 0.1], [-1.0, 2.0]], [0, 1], r"item 1 has \[-1.0, 2.0\]; expected probabilities that sum to 1"),
        ([[math.nan, 1], [1, 0]], [0, 1], r"item 0 has \[nan, 1.0\]; expected probabilities that sum to 1"),
    ],
)
def test_calibration_takes_probabilities_and_classes(proba, truth, said):
    with pytest.raises(DataError, match=said):
        wh.calibration(np.array(proba), np.array(truth))


def test_calibration_takes_rounded_probabilities():
    third = np.array([[0.333, 0.333, 0.333], [0.1, 0.2, 0.7]], dtype=np.float32)
    assert wh.calibration(third, np.array([0, 2])).accuracy.value == pytest.approx(2 / 3)


def test_calibration_looks_at_items_with_a_truth_alone():
    assert wh.calibration(np.array([[0.9, 0.1], [math.nan, math.nan]]), np.array([0, -1])).accuracy.value == 1


def test_a_calibration_without_bins_is_refused():
    with pytest.raises(UsageError, match="bins is 0; expected at least 1"):
        wh.calibration(np.array([[0.9, 0.1]]), np.array([0]), bins=0)


def test_infinite_cells_are_compared():
    infinite = pd.DataFrame({"x": [-math.inf, 1.0, math.inf] * 40})
    found = wh.drift(infinite, infinite.assign(x=2.0))
    assert [shift.alarm for shift in found.shifts] == [True]
    assert math.isfinite(found.shifts[0].psi)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("ranges")
    make_project(made)
    pd.DataFrame({"item": ["n1", "n2"], "text": ["sun", "rain"]}).to_csv(made / "new.csv", index=False)
    return made


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("drift new.csv --alpha 5", "alpha is 5.0; expected a number between 0 and 1, such as 0.05"),
        ("drift new.csv --least-effect nan", "least_effect is nan; expected a number from 0 to 1"),
        ("bias text --confidence 95", "confidence is 95.0; expected a number between 0 and 1"),
        ("train --votes-above nan", "votes_above is nan; expected a number from 0 to 1"),
        ("train --seed -1", "-1 is not in the range 0<=x<=4294967295"),
        ("drift new.csv --seed -1", "-1 is not in the range"),
        ("refine --seed 99999999999", "99999999999 is not in the range"),
        ("agreement --pairs -1", "-1 is not in the range"),
        ("judge run j --sample 0", "0 is not in the range"),
        ("judge licence j --at-least 90", "at_least is 90.0; expected a number between 0 and 1"),
        ("simulate --seconds -1", "seconds is -1.0; expected 0 or more"),
        ("plan --bar 80 --expected 0.9 --prevalence 0.3", "bar is 80.0; expected a number below 1"),
        ("plan --bar 0.8 --expected 90 --prevalence 0.3", "expected is 90.0; expected a number between 0 and 1"),
    ],
)
def test_a_command_names_the_number_and_ends_with_2(folder, typed, said, monkeypatch):
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli, typed.split())
    assert said in result.output
    assert result.exit_code == 2
