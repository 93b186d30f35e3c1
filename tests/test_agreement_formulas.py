"""Every coefficient against the published formulas, written out pair by pair, on random tables with gaps."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import bootstrap, norm, t

import weakhitl as wh
from strategies import vote_matrices
from weakhitl.agreement.distances import WEIGHTINGS, agreement_weights

SCHEMA = wh.LabelSchema(list("1234"))
K = len(SCHEMA)
quick = settings(max_examples=30)
every_weighting = pytest.mark.parametrize("weighting", WEIGHTINGS)


def observed(matrix, w):
    """Mean over items with two ratings of the mean agreement of their ordered pairs of ratings."""
    means = []
    for row in matrix:
        rated = row[row >= 0]
        if len(rated) >= 2:
            means.append(np.mean([w[a, b] for a, b in permutations(rated, 2)]))
    return np.mean(means) if means else None


def mean_shares(matrix):
    """Class shares of each item, averaged over the items with a rating."""
    rows = [np.bincount(row[row >= 0], minlength=K) / (row >= 0).sum() for row in matrix if (row >= 0).any()]
    return np.mean(rows, axis=0)


def chance(name, matrix, w):
    if name == "brennan-prediger":
        return w.sum() / K**2
    if name == "conger-kappa":
        own = [np.bincount(c[c >= 0], minlength=K) / (c >= 0).sum() for c in matrix.T if (c >= 0).any()]
        return np.mean([a @ w @ b for a, b in permutations(own, 2)])
    shares = mean_shares(matrix)
    if name == "fleiss-kappa":
        return shares @ w @ shares
    return w.sum() / (K * (K - 1)) * (shares * (1 - shares)).sum()


@every_weighting
@pytest.mark.parametrize(
    ("name", "coefficient"),
    [
        ("fleiss-kappa", wh.fleiss_kappa),
        ("conger-kappa", wh.conger_kappa),
        ("gwet-ac2", wh.gwet_ac2),
        ("brennan-prediger", wh.brennan_prediger),
    ],
)
@quick
@given(vote_matrices(K, items=(2, 10), sources=(2, 4)))
def test_weighted_kappas_equal_their_formulas(name, coefficient, weighting, matrix):
    w = agreement_weights(weighting, SCHEMA.values)
    ours = coefficient(wh.Votes.from_matrix(matrix, SCHEMA), weighting=weighting).value
    pa = observed(matrix, w)
    if pa is None:
        assert ours is None
        return
    pe = chance(name, matrix, w)
    if pe > 1 - 1e-9:
        assert ours is None
    else:
        assert ours == pytest.approx((pa - pe) / (1 - pe), abs=1e-9)


@quick
@given(vote_matrices(K, items=(2, 10), sources=(2, 4)))
def test_alpha_with_a_distance_of_ones_own_equals_its_formula(matrix):
    def apart(a, b):
        return abs(int(a) - int(b))

    ours = wh.krippendorff_alpha(wh.Votes.from_matrix(matrix, SCHEMA), distance=apart).value
    pairable = [row[row >= 0] for row in matrix if (row >= 0).sum() >= 2]
    values = [value for row in pairable for value in row]
    n = len(values)
    expected = sum(abs(a - b) for a, b in permutations(values, 2)) / (n * (n - 1)) if n else 0
    if expected == 0:
        assert ours is None
        return
    within = sum(sum(abs(a - b) for a, b in permutations(row, 2)) / (len(row) - 1) for row in pairable) / n
    assert ours == pytest.approx(1 - within / expected, abs=1e-9)


@every_weighting
@quick
@given(vote_matrices(K, items=(2, 12), sources=(2, 2)))
def test_scott_and_cohen_equal_their_formulas(weighting, matrix):
    w = agreement_weights(weighting, SCHEMA.values)
    votes = wh.Votes.from_matrix(matrix, SCHEMA)
    both = matrix[(matrix >= 0).all(axis=1)]
    for coefficient in (wh.cohen_kappa, wh.scott_pi):
        ours = coefficient(votes, "source_0", "source_1", weighting=weighting).value
        if not len(both):
            assert ours is None
            continue
        p, q = (np.bincount(column, minlength=K) / len(both) for column in both.T)
        pe = p @ w @ q if coefficient is wh.cohen_kappa else ((p + q) / 2) @ w @ ((p + q) / 2)
        pa = np.mean([w[a, b] for a, b in both])
        if pe < 1 - 1e-9:
            assert ours == pytest.approx((pa - pe) / (1 - pe), abs=1e-9)
        else:
            assert ours is None


@quick
@given(vote_matrices(K, items=(3, 12), sources=(2, 4)))
def test_kappa_with_a_group_is_cohens_for_a_group_of_one_and_vanbelle_and_alberts_for_more(matrix):
    votes = wh.Votes.from_matrix(matrix, SCHEMA)
    ours = wh.kappa_with_group(votes, "source_0").value
    rows = [row for row in matrix if row[0] >= 0 and (row[1:] >= 0).any()]
    shares = [np.bincount(row[1:][row[1:] >= 0], minlength=K) / (row[1:] >= 0).sum() for row in rows]
    if not rows:
        assert ours is None
        return
    pa = np.mean([share[row[0]] for row, share in zip(rows, shares, strict=True)])
    pe = np.mean(shares, axis=0) @ np.bincount([row[0] for row in rows], minlength=K) / len(rows)
    assert ours is None if pe > 1 - 1e-9 else ours == pytest.approx((pa - pe) / (1 - pe), abs=1e-9)
    if matrix.shape[1] == 2:
        cohen = wh.cohen_kappa(votes, "source_0", "source_1").value
        assert (ours is None) == (cohen is None)
        assert ours is None or ours == pytest.approx(cohen)


@pytest.mark.parametrize("coefficient", [wh.krippendorff_alpha, wh.fleiss_kappa, wh.gwet_ac1, wh.conger_kappa])
def test_the_jackknife_is_the_value_without_each_item_in_turn(coefficient):
    rng = np.random.default_rng(0)
    matrix = rng.integers(-1, K, (30, 3))
    matrix = matrix[(matrix >= 0).sum(axis=1) >= 2]
    left_out = [
        coefficient(wh.Votes.from_matrix(np.delete(matrix, at, axis=0), SCHEMA)).value for at in range(len(matrix))
    ]
    n = len(matrix)
    expected = np.sqrt((n - 1) / n * ((left_out - np.mean(left_out)) ** 2).sum())
    found = coefficient(wh.Votes.from_matrix(matrix, SCHEMA), interval="jackknife")
    assert found.se == pytest.approx(expected)


def test_sampled_raters_add_the_variance_between_raters():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, K, 200)
    right = [0.95, 0.9, 0.6, 0.5, 0.9]
    matrix = np.column_stack([np.where(rng.random(200) < p, truth, rng.integers(0, K, 200)) for p in right])
    votes = wh.Votes.from_matrix(matrix, SCHEMA)
    fixed, sampled = (wh.fleiss_kappa(votes, interval="jackknife", raters=how) for how in ("fixed", "sampled"))
    without = [wh.fleiss_kappa(votes.take_sources(kept)).value for kept in combinations(votes.sources, 4)]
    between = 4 / 5 * ((without - np.mean(without)) ** 2).sum()
    assert sampled.se == pytest.approx(np.sqrt(fixed.se**2 + between))
    assert sampled.low < fixed.low
    # Welch and Satterthwaite's degrees of freedom of a sum of two variances.
    freedom = (fixed.se**2 + between) ** 2 / (fixed.se**4 / 199 + between**2 / 4)
    half = t.ppf(0.975, freedom) * sampled.se
    ends = sampled.value - half, min(sampled.value + half, 1)
    assert (sampled.low, sampled.high) == pytest.approx(ends, rel=1e-10)
    assert "raters sampled too" in sampled.method
    assert "raters held fixed" in fixed.method


def test_the_bootstrap_is_the_bca_interval_of_scipy_with_students_quantiles():
    """Of percent agreement, a mean: 54 of 60 pairs agree, whose skewness moves both ends; 20,000 resamples each."""
    n = 60
    same = np.repeat([1.0, 0.0], [54, 6])
    found = wh.percent_agreement(
        wh.Votes.from_matrix(np.column_stack([same * 0, 1 - same]).astype(int)), resamples=20_000
    )
    wider = 2 * norm.cdf(np.sqrt(n / (n - 1)) * t.ppf(0.975, n - 1)) - 1
    settings = {"confidence_level": wider, "n_resamples": 20_000}
    theirs = bootstrap((same,), np.mean, method="BCa", **settings).confidence_interval
    plain = bootstrap((same,), np.mean, method="percentile", **settings).confidence_interval
    assert (found.low, found.high) == pytest.approx(theirs, abs=0.009)  # one step of 1/60 is .017
    assert plain.low > theirs.low + 0.015


@pytest.mark.parametrize(("m", "reason"), [(2, "undefined without one of the raters"), (3, None)])
def test_three_raters_are_enough_to_speak_of_others_and_two_are_not(m, reason):
    matrix = np.random.default_rng(2).integers(0, 2, (40, m))
    found = wh.fleiss_kappa(wh.Votes.from_matrix(matrix), interval="jackknife", raters="sampled")
    assert found.reason == reason
    assert (found.low is None) == (reason is not None)


@every_weighting
def test_weights_of_ones_own_count_as_the_named_ones_do(weighting):
    votes = wh.Votes.from_matrix(np.random.default_rng(3).integers(-1, K, (50, 3)), SCHEMA)
    own = wh.gwet_ac2(votes, weighting=agreement_weights(weighting, SCHEMA.values))
    assert own.value == wh.gwet_ac2(votes, weighting=weighting).value


def test_the_three_intervals_agree_where_there_is_much_data():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, K, (2000, 1))
    matrix = np.where(rng.random((2000, 3)) < 0.8, truth, rng.integers(0, K, (2000, 3)))
    votes = wh.Votes.from_matrix(matrix, SCHEMA)
    for coefficient in (wh.krippendorff_alpha, wh.gwet_ac1, wh.conger_kappa):
        found = [coefficient(votes, interval=how) for how in ("bootstrap", "jackknife", "linearized")]
        for other in found[1:]:
            assert (other.low, other.high) == pytest.approx((found[0].low, found[0].high), abs=0.004)


@pytest.mark.parametrize(
    ("settings_", "what"),
    [
        ({"interval": "bayes"}, "interval 'bayes' is unknown"),
        ({"raters": "all"}, "raters 'all' is unknown"),
        ({"raters": "sampled"}, "needs interval='jackknife'"),
        ({"confidence": 95}, "confidence is 95"),
        ({"resamples": 3}, "resamples is 3"),
        ({"confidance": 0.9}, "unknown setting confidance"),
        ({"weighting": "square"}, "weighting 'square' is unknown"),
        ({"weighting": np.eye(3)}, r"has shape \(3, 3\); expected \(4, 4\)"),
        ({"weighting": np.triu(np.ones((4, 4)))}, "symmetric"),
        ({"weighting": np.zeros((4, 4))}, "1 on the diagonal"),
        ({"weighting": np.full((4, 4), 1.5) - np.eye(4) / 2}, "at most 1 elsewhere"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings_, what):
    with pytest.raises(wh.WeakHITLError, match=what):
        wh.fleiss_kappa(wh.Votes.from_matrix([[0, 0], [0, 1], [1, 1]], SCHEMA), **settings_)


def test_a_distance_that_is_none_is_refused():
    votes = wh.Votes.from_matrix([[0, 0], [0, 1], [1, 1]], SCHEMA)
    with pytest.raises(wh.WeakHITLError, match="not at distance 0 from itself"):
        wh.krippendorff_alpha(votes, distance=np.ones((4, 4)))
