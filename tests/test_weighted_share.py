"""Shares where units stand for unequally many."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binom, binomtest

from weakhitl.weighted_share import weighted_ends, weighted_share


@pytest.mark.parametrize(("right", "n"), [(0, 10), (7, 10), (10, 10), (60, 60), (183, 200)])
def test_equal_weights_give_clopper_and_pearsons_interval(right, n):
    found = weighted_share([1] * right + [0] * (n - right), np.full(n, 1), 0.9)
    exact = binomtest(right, n).proportion_ci(0.9, method="exact")
    assert found == pytest.approx((right / n, exact.low, exact.high))


def test_unequal_weights_widen_the_interval():
    equal = weighted_share([1] * 50, [1] * 50, 0.9)
    unequal = weighted_share([4] * 10 + [1] * 40, [4] * 10 + [1] * 40, 0.9)
    assert unequal[1] < equal[1]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 100)), min_size=1, max_size=30))
def test_right_and_wrong_mirror_each_other_around_the_share(units):
    right, weight = np.array(units).T
    share, low, high = weighted_share(right * weight, weight)
    others = weighted_share((1 - right) * weight, weight)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    assert others == pytest.approx((1 - share, 1 - high, 1 - low), abs=1e-6)


_RATES = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


@given(st.integers(1, 40), st.integers(1, 40), st.floats(1, 60), _RATES, _RATES)
def test_each_bound_excludes_the_truth_in_one_of_twenty_samples_at_most(many, few, heavier, light_right, heavy_right):
    """Worked out over all samples of light and heavy units that are right at rates of their own."""
    n, weight, rate = np.array([many, few]), np.array([1, heavier]), np.array([light_right, heavy_right])
    weight = weight / (n @ weight)
    hits = np.stack(np.meshgrid(*(np.arange(one + 1) for one in n), indexing="ij"))
    right, wrong = (
        np.stack([np.tensordot(weight**power, of, 1) for power in (1, 2)]) for of in (hits, n[:, None, None] - hits)
    )
    low, high = weighted_ends(tuple(right), tuple(wrong), weight.max(), 0.05, 0.95)
    chance = binom.pmf(hits, n[:, None, None], rate[:, None, None]).prod(axis=0)
    truth = n * weight @ rate
    assert chance[low > truth + 1e-9].sum() <= 0.05 + 1e-9
    assert chance[high < truth - 1e-9].sum() <= 0.05 + 1e-9
