"""Confidence sequences: their promise holds at all looks together."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.special import lambertw
from scipy.stats import binomtest, norm

import weakhitl as wh
from weakhitl.agreement.alpha import alpha_statistic
from weakhitl.agreement.sequential import BURN_IN, asymptotic_sequence, sequence_radius
from weakhitl.agreement.units import units_of

SCHEMA = wh.LabelSchema(list("abc"))


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), max_size=40), st.integers(0, 60))
def test_bounds_hold_what_is_certain_and_the_mean_of_what_was_seen_lies_between(values, more):
    size = len(values) + more
    low, high = wh.betting_bounds(values, size or None)
    rounding = 1e-12
    assert 0 <= low <= high + rounding <= 1 + rounding
    if size:
        assert low <= (sum(values) + more) / size + rounding
        assert high >= sum(values) / size - rounding


def test_a_whole_population_leaves_no_doubt():
    values = [1.0] * 18 + [0.0] * 2
    low, high = wh.betting_bounds(values, 20)
    assert low == pytest.approx(0.9, abs=0.002)
    assert high == pytest.approx(0.9, abs=0.002)


def test_bounds_never_widen_as_values_come_in():
    rng = np.random.default_rng(0)
    values = (rng.random(300) < 0.9).astype(float)
    bounds = [wh.betting_bounds(values[:n], 1000) for n in range(0, 301, 30)]
    lows, highs = zip(*bounds, strict=True)
    assert list(lows) == sorted(lows)
    assert list(highs) == sorted(highs, reverse=True)


@pytest.mark.parametrize("with_predictions", [False, True])
def test_looking_after_every_draw_keeps_the_error_of_the_bound(with_predictions):
    """A population with a mean of .9, drawn without replacement: the bound ever exceeds it in at most 5 % of runs."""
    rng = np.random.default_rng(0)
    too_high = too_low = 0
    for _ in range(100):
        population = rng.permutation((np.arange(400) < 360).astype(float))
        said = np.clip(population * 0.5 + rng.random(400) * 0.5, 0, 1)
        sharpen = {"predictions": said[:80], "predicted_mean": said.mean()} if with_predictions else {}
        low, high = wh.betting_bounds(population[:80], 400, **sharpen)  # the last look remembers all others
        too_high += low > 0.9
        too_low += high < 0.9
    for errors in (too_high, too_low):
        assert binomtest(errors, 100, 0.05, alternative="greater").pvalue > 0.01


def test_good_predictions_sharpen_and_bad_ones_cost_little():
    rng = np.random.default_rng(0)
    population = (rng.random(2000) < 0.8).astype(float)
    good = np.clip(population + rng.normal(0, 0.1, 2000), 0, 1)
    bad = rng.random(2000)
    plain = wh.betting_bounds(population[:200], 2000)
    sharp, dull = (
        wh.betting_bounds(population[:200], 2000, predictions=said[:200], predicted_mean=said.mean())
        for said in (good, bad)
    )
    assert sharp[1] - sharp[0] < 0.7 * (plain[1] - plain[0])
    assert dull[1] - dull[0] < 1.25 * (plain[1] - plain[0])


def test_values_that_make_no_sense_are_refused():
    with pytest.raises(wh.WeakHITLError, match="between 0 and 1"):
        wh.betting_bounds([2])
    with pytest.raises(wh.WeakHITLError, match="2 values were drawn from a population of 1"):
        wh.betting_bounds([1, 1], 1)
    assert wh.betting_bounds([]) == (0, 1)


def test_the_boundary_lies_above_that_of_a_fixed_number_and_falls_as_one_over_the_root():
    for n in (50, 200, 1000, 100_000):
        fixed = norm.ppf(0.95) / np.sqrt(n)
        assert fixed < sequence_radius(n, 0.05) < 3 * fixed


@pytest.mark.parametrize("alpha", [0.05, 0.025])
def test_the_boundary_is_that_of_the_paper_at_its_tightest(alpha):
    """The one-sided boundary of Waudby-Smith and others, with the rho that is best at 200, by Lambert's W."""
    best = (-lambertw(-((2 * alpha) ** 2) * np.exp(-1), -1).real - 1) / 200

    def boundary(n, rho2):
        return np.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * np.log(1 + np.sqrt(n * rho2 + 1) / (2 * alpha)))

    for n in (50, 200, 1000):
        assert sequence_radius(n, alpha, 200) == pytest.approx(boundary(n, best), rel=0.02)


def test_the_standard_error_is_that_of_the_influence_of_the_units():
    truth = np.random.default_rng(3).integers(0, 3, (300, 1))
    matrix = np.where(np.random.default_rng(4).random((300, 3)) < 0.8, truth, (truth + 1) % 3)
    linearized = wh.krippendorff_alpha(wh.Votes.from_matrix(matrix, SCHEMA), interval="linearized")
    assert asymptotic_sequence(statistic(matrix)).se == pytest.approx(linearized.se, rel=0.01)


def statistic(matrix):
    units = units_of(wh.Votes.from_matrix(matrix, SCHEMA))
    return alpha_statistic(units.take(units.pairable), SCHEMA, "nominal")


def test_peeking_after_every_twenty_units_keeps_the_error_and_the_point_estimate_does_not():
    """True alpha .64, up to 1,000 units: how often the estimate is above .667, or the bound above .64, at any look."""
    rng = np.random.default_rng(0)
    lied = passed = 0
    for _ in range(100):
        truth = rng.integers(0, 3, (1000, 1))
        matrix = np.where(rng.random((1000, 2)) < 0.8, truth, rng.integers(0, 3, (1000, 2)))
        looks = [asymptotic_sequence(statistic(matrix[:n]), confidence=0.9) for n in range(BURN_IN + 10, 1001, 20)]
        lied += any(look.low is not None and look.low > 0.64 for look in looks)
        passed += any(look.value > 0.667 for look in looks)
    assert binomtest(lied, 100, 0.05, alternative="greater").pvalue > 0.01
    assert passed > 30


def test_before_the_burn_in_there_is_no_bound():
    found = asymptotic_sequence(statistic(np.tile([[0, 0], [1, 2]], (10, 1))))
    assert found.low is None
    assert "begins at 50" in found.reason
    nothing = asymptotic_sequence(statistic(np.zeros((60, 2), dtype=int)))
    assert nothing.value is None
