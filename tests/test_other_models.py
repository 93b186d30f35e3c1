"""The other label models find what their papers say, and other packages' models give what they give there."""

import sys

import numpy as np
import pytest

import weakhitl as wh
from weakhitl.errors import DataError, UsageError
from weakhitl.label_model.fixed_point import FixedPoint, accelerate

SCHEMA = wh.LabelSchema(["a", "b", "c"])


def crowd(rng, truth, accuracies, k):
    said = [
        np.where(rng.random(len(truth)) < a, truth, (truth + rng.integers(1, k, len(truth))) % k) for a in accuracies
    ]
    return np.column_stack(said)


def test_one_coin_finds_accuracies_from_few_votes_each():
    """Standard errors of .01; errors spread evenly, as the model has it."""
    rng = np.random.default_rng(0)
    accuracies = [0.9, 0.8, 0.7, 0.6, 0.85]
    matrix = crowd(rng, rng.integers(0, 4, 2000), accuracies, 4)
    model = wh.OneCoin().fit(matrix)
    assert model.accuracy_ == pytest.approx(accuracies, abs=0.04)
    assert np.allclose(model.confusion_.sum(axis=2), 1)


def test_triplets_find_accuracies_in_closed_form():
    rng = np.random.default_rng(1)
    accuracies = np.array([0.9, 0.8, 0.7, 0.65, 0.85])
    model = wh.Triplets().fit(crowd(rng, rng.integers(0, 2, 20_000), accuracies, 2))
    assert model.identified_.all()
    assert (1 + model.correlation_[0]) / 2 == pytest.approx(accuracies, abs=0.02)


def test_triplets_answer_by_the_odds_of_each_source():
    """Of two classes each is told from the other by the product of the odds; one not asked for adds nothing."""
    rng = np.random.default_rng(1)
    model = wh.Triplets().fit(crowd(rng, rng.integers(0, 2, 5000), [0.9, 0.8, 0.7, 0.65, 0.85], 2))
    right = (1 + model.correlation_[0]) / 2
    odds = right[0] / (1 - right[0]) * right[1] / (1 - right[1]) / (right[3] / (1 - right[3]))
    assert model.predict_proba([[0, 0, -1, 1, -1]])[0, 0] == pytest.approx(odds / (1 + odds), rel=1e-6)


def test_triplets_take_one_class_functions_at_their_prior_accuracy():
    matrix = [[0, -1, 1], [0, 1, -1], [-1, 1, 1]] * 20
    model = wh.Triplets(prior_accuracy=0.8).fit(matrix)
    assert not model.identified_.any()
    assert model.correlation_ == pytest.approx(0.6)


def test_triplets_refuse_a_crowd_whose_pairs_are_too_many():
    with pytest.raises(UsageError, match="use LabelModel"):
        wh.Triplets().fit(np.zeros((3, 2001), dtype=int))


def test_mace_tells_a_spammer_from_people_who_err():
    """Who is right with probability a and errs evenly among three classes knows (3a - 1)/2."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 1000)
    spam = np.column_stack([crowd(rng, truth, [0.8, 0.7, 0.75, 0.8], 3), np.full(1000, 2)])
    model = wh.MACE().fit(spam)
    assert model.competence_[4] < 0.1
    assert model.competence_[:4] == pytest.approx([0.7, 0.55, 0.625, 0.7], abs=0.08)
    assert model.habit_[4].argmax() == 2
    assert (model.predict(spam) == truth).mean() > (wh.MajorityVote().fit(spam).predict(spam) == truth).mean()


def test_weighted_vote_weighs_by_agreement_with_the_majority():
    rng = np.random.default_rng(3)
    matrix = crowd(rng, rng.integers(0, 3, 3000), [0.9, 0.9, 0.9, 0.4], 3)
    model = wh.WeightedVote().fit(matrix)
    majority = wh.MajorityVote().fit(matrix).predict_proba(matrix)
    expected = majority[np.arange(3000)[:, None], matrix].mean(axis=0)
    assert model.weights_ == pytest.approx(expected)


def test_acceleration_reaches_the_fixed_point_in_fewer_steps():
    """A linear map with a slow mode: plain iteration needs hundreds of steps, extrapolation a few."""
    target, speed = np.log([0.2, 0.5]), np.array([0.99, 0.5])

    def step(value):
        return target + speed * (value - target), -float(np.abs(value - target).sum())

    found = accelerate(step, np.log([0.9, 0.9]), np.asarray, max_iter=200, tol=1e-8)
    assert found.converged
    assert found.n_iter < 40
    assert np.exp(found.value) == pytest.approx([0.2, 0.5], abs=1e-5)


def test_people_who_vote_seldom_are_not_overfitted_where_classes_are_many():
    """With one pseudo-vote a row more is wrong, since an error that nobody made yet counts as impossible."""
    wrong = {"one a class": 0.0, "one": 0.0}
    for seed in range(5):
        rng = np.random.default_rng(seed)
        truth, known = rng.integers(0, 5, 400), rng.beta(7, 3, 60)
        matrix = np.full((400, 60), wh.ABSTAIN)
        for item, label in enumerate(truth):
            raters = rng.choice(60, 8, replace=False)
            matrix[item, raters] = np.where(rng.random(8) < known[raters], label, rng.integers(0, 6, 8))
        votes = wh.Votes.from_matrix(matrix, wh.LabelSchema.numbered(6))  # the sixth class is never true
        for name, strength in (("one a class", None), ("one", 1.0)):
            model = wh.DawidSkene(balance="estimate", prior_votes=strength).fit(votes)
            wrong[name] += (model.predict_proba(votes).argmax(axis=1) != truth).mean() / 5
        assert model.prior_votes_ == 1.0
    assert wrong["one a class"] < 0.01
    assert wrong["one"] > 1.5 * wrong["one a class"]


@pytest.mark.parametrize("model", [wh.DawidSkene(tol=1e-6), wh.MACE(tol=1e-6)])
def test_acceleration_takes_less_than_half_of_the_plain_steps_and_ends_where_they_do(model, monkeypatch):
    """Extrapolated logs are normalized before their likelihood is judged; else nearly all of them were dropped."""
    rng = np.random.default_rng(8)
    matrix = crowd(rng, rng.integers(0, 2, 20_000), [0.6, 0.65, 0.7, 0.7, 0.8], 2)
    fast = model.fit(matrix)
    steps, found = fast.n_iter_, fast.evidence_

    def plain(step, start, normalize, *, max_iter, tol):
        for taken in range(1, max_iter + 1):
            new, _ = step(start)
            if np.abs(np.exp(new) - np.exp(start)).max() <= tol:
                return FixedPoint(new, taken, converged=True)
            start = new
        raise AssertionError("the plain steps did not converge")

    monkeypatch.setattr("weakhitl.label_model.confusion.accelerate", plain)
    monkeypatch.setattr("weakhitl.label_model.mace.accelerate", plain)
    slow = model.fit(matrix)
    assert steps < slow.n_iter_ / 2
    assert found == pytest.approx(slow.evidence_, abs=1e-3)


def test_acceleration_stops_where_it_is_told_and_says_that_it_did_not_converge():
    found = accelerate(lambda x: (x - 1.0, 0.0), np.zeros(1), np.asarray, max_iter=3, tol=1e-9)
    assert not found.converged
    assert found.n_iter == 3


@pytest.mark.current
@pytest.mark.filterwarnings("ignore")
def test_snorkels_model_gives_what_snorkel_gives():
    from snorkel.labeling.model import LabelModel as Theirs

    rng = np.random.default_rng(4)
    matrix = crowd(rng, rng.integers(0, 2, 300), [0.8, 0.7, 0.75], 2)
    theirs = Theirs(cardinality=2, verbose=False)
    theirs.fit(matrix, n_epochs=50, seed=3, class_balance=[0.5, 0.5], progress_bar=False)
    ours = wh.SnorkelLabelModel(n_epochs=50, seed=3).fit(matrix)
    assert np.allclose(ours.predict_proba(matrix), theirs.predict_proba(matrix))
    with pytest.raises(DataError, match="at least 3"):
        wh.SnorkelLabelModel().fit(matrix[:, :2])


@pytest.mark.current
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["GLAD", "KOS", "MMSR"])
def test_crowd_kits_models_label_the_votes_that_they_were_fitted_on(name):
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 200)
    matrix = np.vstack([crowd(rng, truth, [0.9, 0.8, 0.85, 0.8, 0.9], 2), np.full((1, 5), -1)])
    model = wh.CrowdKitModel(name=name).fit(matrix)
    assert (model.predict(matrix)[:200] == truth).mean() > 0.9
    assert model.predict(matrix)[200] == wh.ABSTAIN
    assert model.predict_proba(matrix).sum(axis=1) == pytest.approx(np.ones(201))
    assert wh.CrowdKitModel(name=name).fit_predict_proba(matrix) == pytest.approx(model.predict_proba(matrix))
    with pytest.raises(DataError, match="differ from those"):
        model.predict_proba(matrix[:10])


@pytest.mark.current
@pytest.mark.filterwarnings("ignore")
def test_dawid_skene_agrees_with_crowd_kits_where_the_prior_is_faint():
    """Both estimate the balance and start from vote shares; 2,000 items by 6 people leave the prior no say."""
    rng = np.random.default_rng(6)
    truth = rng.choice(3, 2000, p=[0.5, 0.3, 0.2])
    matrix = crowd(rng, truth, [0.8, 0.7, 0.6, 0.75, 0.65, 0.7], 3)
    theirs = wh.CrowdKitModel(name="DawidSkene").fit(matrix).predict_proba(matrix)
    ours = wh.DawidSkene(balance="estimate", prior_votes=1e-6).fit(matrix).predict_proba(matrix)
    assert np.abs(ours - theirs).max() < 0.01


def test_a_model_whose_package_is_missing_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "snorkel", None)
    monkeypatch.setattr("weakhitl.label_model.external.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'weakhitl\[snorkel\]'"):
        wh.SnorkelLabelModel().fit([[0, 1, 1], [1, 1, 0]])
    with pytest.raises(UsageError, match=r"pip install 'weakhitl\[crowd\]'"):
        wh.CrowdKitModel().fit([[0, 1, 1], [1, 1, 0]])
