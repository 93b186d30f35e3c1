"""How sure the default model is: held-out votes tell whether errors are shared."""

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


def test_functions_that_vote_one_class_have_no_temperature() -> None:
    """Nothing is learned of them, so nothing can be held out."""
    matrix = np.where(np.random.default_rng(0).random((300, 6)) < 0.4, np.arange(6) % 2, -1)
    model = wh.LabelModel().fit(matrix)
    assert not model.learned_.any()
    assert (model.temperature_, model.errors_are_shared_) == (1.0, False)


def test_single_votes_have_no_temperature() -> None:
    """Where no item has two votes there is nothing to predict a vote from."""
    matrix = np.full((90, 3), -1)
    matrix[np.arange(90), np.arange(90) % 3] = np.random.default_rng(0).integers(0, 2, 90)
    assert wh.LabelModel().fit(matrix).temperature_ == 1.0
