"""Laws that hold for every coefficient, and agreement with independent packages on random tables."""

import warnings

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

import weakhitl as wh
from strategies import vote_matrices, votes
from weakhitl.agreement import COEFFICIENTS
from weakhitl.schema import LEVELS

SCHEMA = wh.LabelSchema(list("1234"))
everything = pytest.mark.parametrize("coefficient", COEFFICIENTS.values(), ids=COEFFICIENTS)
quick = settings(max_examples=40)


def same(first: wh.Estimate, second: wh.Estimate) -> bool:
    if first.value is None or second.value is None:
        return first.value is second.value
    return first.value == pytest.approx(second.value, abs=1e-9)


@everything
@quick
@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.integers(2, 5))
def test_perfect_agreement_over_two_classes_gives_one(coefficient, labels, m):
    assume(len(set(labels)) > 1)
    assert coefficient(wh.Votes.from_matrix(np.tile(labels, (m, 1)).T, SCHEMA)).value == pytest.approx(1)


@everything
@quick
@given(votes(), st.randoms(use_true_random=False))
def test_permuting_items_sources_and_classes_changes_nothing(coefficient, given_votes, random):
    """But for the order of the classes where it has a meaning."""
    matrix, k = given_votes.to_matrix(), len(given_votes.schema)
    items, sources = list(range(len(matrix))), list(range(matrix.shape[1]))
    classes = list(range(k))
    for order in (items, sources) if coefficient is wh.gwet_ac2 else (items, sources, classes):
        random.shuffle(order)
    renamed = np.array([*classes, -1])[matrix]
    permuted = wh.Votes.from_matrix(renamed[items][:, sources], given_votes.schema)
    assert same(coefficient(given_votes), coefficient(permuted))


@everything
@quick
@given(votes())
def test_sources_and_items_without_ratings_change_nothing(coefficient, given_votes):
    padded = np.pad(given_votes.to_matrix(), ((0, 2), (0, 1)), constant_values=-1)
    assert same(coefficient(given_votes), coefficient(wh.Votes.from_matrix(padded, given_votes.schema)))


@everything
@quick
@given(votes(), st.floats(0.1, 10))
def test_equal_weights_are_no_weights(coefficient, given_votes, weight):
    assert same(coefficient(given_votes), coefficient(given_votes, weights=np.full(len(given_votes), weight)))


@pytest.mark.parametrize("name", ["fleiss-kappa", "gwet-ac1", "percent-agreement"])
@quick
@given(votes(items=(2, 8)))
def test_a_weight_of_two_is_the_item_twice(name, given_votes):
    weights = np.ones(len(given_votes))
    weights[0] = 2
    matrix = given_votes.to_matrix()
    twice = wh.Votes.from_matrix(np.vstack([matrix[:1], matrix]), given_votes.schema)
    assert same(COEFFICIENTS[name](given_votes, weights=weights), COEFFICIENTS[name](twice))


@everything
def test_the_same_seed_gives_the_same_interval_and_another_another(coefficient):
    rng = np.random.default_rng(1)
    given_votes = wh.Votes.from_matrix(rng.integers(-1, 4, (60, 3)), SCHEMA)
    first, again, other = (coefficient(given_votes, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)
    assert first.low < first.value < first.high
    assert first.seed == 5


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("values", [(1, 2, 3, 4), (0, 1, 4, 9)])
@quick
@given(vote_matrices(4, items=(2, 12), sources=(2, 5)))
def test_alpha_equals_the_package_krippendorff(level, values, matrix):
    schema = wh.LabelSchema([str(value) for value in values], level)
    ours = wh.krippendorff_alpha(wh.Votes.from_matrix(matrix, schema)).value
    if ours is None:
        return
    data = np.where(matrix.T < 0, np.nan, np.array(values, dtype=float)[matrix.T])
    theirs = krippendorff.alpha(data, level_of_measurement=level, value_domain=[float(value) for value in values])
    assert ours == pytest.approx(theirs, abs=1e-9)


@quick
@given(vote_matrices(4, items=(2, 12), sources=(2, 5)))
def test_fleiss_equals_statsmodels_on_complete_tables(matrix):
    matrix = np.maximum(matrix, 0)
    given_votes = wh.Votes.from_matrix(matrix, SCHEMA)
    ours = wh.fleiss_kappa(given_votes).value
    if ours is None:
        assert len(np.unique(matrix)) == 1
        return
    assert ours == pytest.approx(inter_rater.fleiss_kappa(given_votes.class_counts()), abs=1e-9)


@quick
@given(vote_matrices(4, items=(3, 15), sources=(2, 4)))
def test_cohen_equals_scikit_learn_and_statsmodels_pair_by_pair(matrix):
    given_votes = wh.Votes.from_matrix(matrix, SCHEMA)
    for pair in wh.pairwise_cohen_kappa(given_votes).itertuples():
        ours = wh.cohen_kappa(given_votes, pair.first, pair.second)
        a, b = (matrix[:, given_votes.sources.index(name)] for name in (pair.first, pair.second))
        both = (a >= 0) & (b >= 0)
        assert pair.n == both.sum()
        if ours.value is None:
            assert np.unique(np.concatenate([a[both], b[both]])).size == 1
            continue
        assert pair.kappa == pytest.approx(ours.value, abs=1e-9)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn warns of classes that only one of the two used
            assert ours.value == pytest.approx(cohen_kappa_score(a[both], b[both], labels=range(4)), abs=1e-9)
            table = np.zeros((4, 4))
            np.add.at(table, (a[both], b[both]), 1)
            theirs = inter_rater.cohens_kappa(table).std_kappa
        if theirs > 1e-6:
            assert pair.se == pytest.approx(theirs, abs=1e-9)


def test_counts_of_units_say_what_was_looked_at():
    matrix = [[0, 0, -1], [0, 1, 1], [2, -1, -1], [-1, -1, -1], [0, 0, 0]]
    estimate = wh.krippendorff_alpha(wh.Votes.from_matrix(matrix, SCHEMA))
    assert (estimate.n_units, estimate.n_pairable, estimate.n_sources, estimate.n_minority) == (4, 3, 3, 1)


@pytest.mark.parametrize("weights", [[1, 1], [1, 1, 0], [1, 1, -1], [1, 1, np.nan]])
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(wh.WeakHITLError, match="weights"):
        wh.krippendorff_alpha(wh.Votes.from_matrix([[0, 0], [0, 1], [1, 1]], SCHEMA), weights=weights)


def test_choosing_people_by_agreement_on_the_measured_items_flatters_and_a_pilot_does_not():
    """All are equally good, so nothing is gained by choosing; on the same items alpha rises all the same."""
    from weakhitl.annotation import qualify

    same_items, other_items, everybody = [], [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 3, 80)
        matrix = np.where(rng.random((80, 30)) < 0.6, truth[:, None], rng.integers(0, 3, (80, 30)))
        every = wh.Votes.from_matrix(matrix, wh.LabelSchema(list("abc")))
        pilot, rest = every.take_items(np.arange(40)), every.take_items(np.arange(40, 80))
        table = qualify(pilot, 0.0, 1)
        best = table["agreement"].astype(float).nlargest(6).index
        same_items.append(wh.krippendorff_alpha(pilot.take_sources(best)).value)
        other_items.append(wh.krippendorff_alpha(rest.take_sources(best)).value)
        everybody.append(wh.krippendorff_alpha(rest).value)
    noise = 3 * np.std(np.subtract(other_items, everybody)) / np.sqrt(30)
    assert np.mean(same_items) > np.mean(everybody) + 0.08
    assert abs(np.mean(other_items) - np.mean(everybody)) < max(noise, 0.02)


@everything
def test_an_interval_is_wider_the_surer_it_is_also_beyond_what_its_resamples_reach(coefficient):
    """A thousand resamples have no quantile of one in a million; the bound is no nearer than the normal one there."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 4, (300, 1))
    said = np.where(rng.random((300, 3)) < 0.8, truth, rng.integers(0, 4, (300, 3)))
    found = [
        coefficient(wh.Votes.from_matrix(said, SCHEMA), confidence=level) for level in (0.95, 0.99, 1 - 1e-4, 1 - 1e-6)
    ]
    widths = [one.high - one.low for one in found]
    assert widths == sorted(widths)
    assert len(set(widths)) == 4
    assert found[-1].low <= found[-1].value - 4 * found[-1].se
    assert found[-1].high <= 1
