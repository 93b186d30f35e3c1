"""How sure the default model is: held-out votes tell whether errors are shared, conflicts how often functions err."""

import numpy as np
import pytest

import weakhitl as wh
from weakhitl.label_model.doctor import diagnose
from weakhitl.label_model.rows import vote_rows
from weakhitl.label_model.temperature import _sampled


def people(n: int = 1000, hard: float = 0.0, k: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Ten people, five votes an item; the share ``hard`` of the items is harder for all of them."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    right = np.tile(rng.uniform(0.8, 0.95, 10), (n, 1))
    right[rng.random(n) < hard] = 0.45
    matrix = np.where(rng.random((n, 10)) < right, truth[:, None], (truth[:, None] + rng.integers(1, k, (n, 10))) % k)
    return np.where(np.argsort(rng.random((n, 10)), axis=1) < 5, matrix, -1), truth


def log_loss(proba: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(proba[np.arange(len(truth)), truth]).mean())


def untempered(model: wh.LabelModel, proba: np.ndarray) -> np.ndarray:
    raised = proba**model.temperature_
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("seed", range(5))
def test_independent_errors_need_hardly_any_temperature(seed: int) -> None:
    """Where errors are independent the temperature is near 1, and costs nothing."""
    matrix, truth = people(seed=seed)
    model = wh.LabelModel().fit(matrix)
    proba = model.predict_proba(matrix)
    assert 1 <= model.temperature_ < 1.2
    assert log_loss(proba, truth) < log_loss(untempered(model, proba), truth) + 0.003


@pytest.mark.parametrize("seed", range(5))
def test_hard_items_make_the_model_less_sure_and_no_label_changes(seed: int) -> None:
    """Where people err on the same items, probabilities are lowered for the better, and every order stays."""
    matrix, truth = people(hard=0.4, seed=seed)
    model = wh.LabelModel().fit(matrix)
    proba = model.predict_proba(matrix)
    before = untempered(model, proba)
    assert model.temperature_ > 1.2
    assert model.errors_are_shared_
    assert log_loss(proba, truth) < log_loss(before, truth)
    assert np.array_equal(proba.argmax(axis=1), before.argmax(axis=1))
    assert "shared-errors" in {finding.code for finding in diagnose(matrix, model=model)}


def test_the_order_of_items_does_not_matter_where_votes_are_sampled() -> None:
    """Of more than ten thousand votes some are held out: which ones depends on what they say, not on where they are."""
    matrix, _ = people(8000, hard=0.3)
    order = np.random.default_rng(1).permutation(len(matrix))
    model, permuted = wh.LabelModel().fit(matrix), wh.LabelModel().fit(matrix[order])
    assert model.temperature_ == pytest.approx(permuted.temperature_, rel=1e-6)
    fewer = wh.LabelModel().fit(matrix[:2000])
    assert model.temperature_ == pytest.approx(fewer.temperature_, rel=0.2)


def test_a_row_stands_for_its_items() -> None:
    """Distinct rows with their counts give the temperature of the items one by one."""
    matrix, _ = people(1500, hard=0.3, k=2)
    rows, counts = np.unique(matrix, axis=0, return_counts=True)
    model, counted = wh.LabelModel().fit(matrix), wh.LabelModel().fit(rows, sample_weight=counts)
    assert counted.temperature_ == pytest.approx(model.temperature_, rel=1e-6)
    assert counted.errors_are_shared_ == model.errors_are_shared_


def test_few_votes_count_as_they_are_given() -> None:
    """Where no sample is needed, each row has its own weight, a fraction, too."""
    matrix, _ = people(600)
    rows = vote_rows(wh.Votes.from_matrix(matrix), np.random.default_rng(0).choice([0.0, 0.05, 1.0, 7.5], 600))
    at, weight = _sampled(rows)
    assert np.array_equal(weight, rows.counts[at])
    assert rows.counts.sum() == weight.sum()


def test_functions_that_vote_at_random_are_hardly_believed() -> None:
    """Nothing is learned of them, so nothing can be held out; their conflicts say that they know nothing."""
    matrix = np.where(np.random.default_rng(0).random((20_000, 6)) < 0.4, np.arange(6) % 2, -1)
    model = wh.LabelModel().fit(matrix)
    assert not model.learned_.any()
    assert model.temperature_ > 3
    assert (model.votes_conflict_, model.errors_are_shared_) == (True, False)
    assert "conflicts" in {finding.code for finding in diagnose(matrix, model=model)}


def test_single_votes_have_no_temperature() -> None:
    """Where no item has two votes there is nothing to predict a vote from."""
    matrix = np.full((90, 3), -1)
    matrix[np.arange(90), np.arange(90) % 3] = np.random.default_rng(0).integers(0, 2, 90)
    assert wh.LabelModel().fit(matrix).temperature_ == 1.0


def functions(right: float, n: int = 20_000, k: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Fifteen functions that vote one class, on 10 % of the items each; their votes are right with a probability."""
    rng = np.random.default_rng(seed)
    truth, classes = rng.integers(0, k, n), np.arange(15) % k
    hit, false = 0.1 * right * k, 0.1 * (1 - right) * k / (k - 1)
    fires = rng.random((n, 15)) < np.where(truth[:, None] == classes, hit, false)
    return np.where(fires, classes, -1), truth


@pytest.mark.parametrize("right", [0.3, 0.4, 0.5, 0.6])
def test_conflicts_show_how_often_functions_are_right(right: float) -> None:
    """Votes that are right less often than supposed conflict more: the log-odds become theirs, and no order changes."""
    matrix, _ = functions(right)
    model = wh.LabelModel().fit(matrix)
    supposed, true = (np.log(p * 4 / (1 - p)) for p in (0.7, right))
    assert model.temperature_ == pytest.approx(supposed / true, rel=0.1)
    proba = model.predict_proba(matrix)
    assert np.array_equal(proba.argmax(axis=1), untempered(model, proba).argmax(axis=1))
    assert not model.errors_are_shared_


def test_poor_functions_have_better_probabilities_for_it() -> None:
    matrix, truth = functions(0.35)
    covered = (matrix >= 0).any(axis=1)
    model = wh.LabelModel().fit(matrix)
    proba = model.predict_proba(matrix)
    before = untempered(model, proba)
    assert log_loss(proba[covered], truth[covered]) < log_loss(before[covered], truth[covered]) - 0.05


@pytest.mark.parametrize("right", [0.75, 0.9])
def test_functions_that_are_right_more_often_than_supposed_are_not_made_surer(right: float) -> None:
    matrix = functions(right)[0]
    model = wh.LabelModel().fit(matrix)
    assert (model.temperature_, model.votes_conflict_) == (1.0, False)
    assert "conflicts" not in {finding.code for finding in diagnose(matrix, model=model)}


def test_functions_that_are_as_right_as_supposed_are_seldom_accused() -> None:
    """At the bound itself one world in twenty may be noted; more than eleven of a hundred are so by chance in 1 %."""
    noted = sum(wh.LabelModel().fit(functions(0.7, n=500, seed=seed)[0]).votes_conflict_ for seed in range(100))
    assert noted <= 11


def test_conflicts_tell_nothing_where_no_two_functions_could_agree_or_none_meet() -> None:
    one_each = functions(0.4)[0][:, :5]
    apart = np.where(np.arange(300)[:, None] % 3 == np.arange(3), np.arange(3) % 2, -1)
    for matrix in (one_each, apart):
        assert wh.LabelModel().fit(matrix).temperature_ == 1.0


def test_two_items_in_conflict_show_nothing_and_hardly_move_the_temperature() -> None:
    matrix = [[0, 1, -1, -1], [-1, 0, 1, -1], [0, -1, -1, -1], [-1, -1, -1, 1], [-1, 0, -1, -1], [-1, -1, 1, -1]]
    model = wh.LabelModel().fit(matrix)
    assert 1 < model.temperature_ < 2
    assert not model.votes_conflict_
    assert model.predict(matrix)[2:6].tolist() == [0, 1, 0, 1]


def test_a_given_balance_is_that_of_the_conflicts() -> None:
    """With one class of 90 %, agreement on it is what one expects, and shows nothing."""
    rng = np.random.default_rng(0)
    truth = rng.choice(2, 20_000, p=[0.9, 0.1])
    classes = np.arange(8) % 2
    fires = rng.random((20_000, 8)) < np.where(truth[:, None] == classes, 0.12, 0.08)
    matrix = np.where(fires, classes, -1)
    lift = np.log(0.12 / 0.08)
    model = wh.LabelModel(balance=[0.9, 0.1]).fit(matrix)
    assert model.temperature_ == pytest.approx(np.log(0.7 / 0.3) / lift, rel=0.15)
