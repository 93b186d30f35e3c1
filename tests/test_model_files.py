"""Models survive being saved, and seeing the votes in parts is seeing them at once."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone

import weakhitl as wh
from strategies import votes
from weakhitl.errors import DataError, UsageError
from weakhitl.label_model import MODELS

OWN = {name: make for name, make in MODELS.items() if name != "snorkel"}
every = pytest.mark.parametrize("model", [make() for make in OWN.values()], ids=OWN)
SCHEMA = wh.LabelSchema(["a", "b", "c"])


def some_votes(n=400, m=5, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    said = np.column_stack([np.where(rng.random(n) < 0.7, truth, rng.integers(0, 3, n)) for _ in range(m)])
    return wh.Votes.from_matrix(np.where(rng.random((n, m)) < 0.6, said, -1), SCHEMA), truth


@every
def test_a_saved_model_predicts_as_before(model, tmp_path):
    given_votes, _ = some_votes()
    fitted = clone(model).fit(given_votes)
    wh.save_model(fitted, tmp_path / "model")
    loaded = wh.load_model(tmp_path / "model")
    assert type(loaded) is type(fitted)
    assert loaded.get_params() == fitted.get_params()
    assert np.array_equal(loaded.predict_proba(given_votes), fitted.predict_proba(given_votes))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.npz"]


def test_what_gold_taught_and_what_was_seen_survive(tmp_path):
    given_votes, truth = some_votes()
    fitted = wh.LabelModel(balance=[0.3, 0.3, 0.4], people=["source_0"]).fit(
        given_votes, gold=np.where(np.arange(400) < 100, truth, -1)
    )
    wh.save_model(fitted, tmp_path / "taught")
    loaded = wh.load_model(tmp_path / "taught")
    assert loaded.lesson_.strengths == fitted.lesson_.strengths
    assert np.array_equal(loaded.predict_proba(given_votes), fitted.predict_proba(given_votes))
    assert np.array_equal(loaded.lesson_.weights, fitted.lesson_.weights)
    more, _ = some_votes(seed=1)
    first = wh.DawidSkene().partial_fit(given_votes)
    wh.save_model(first, tmp_path / "seen")
    went_on = wh.load_model(tmp_path / "seen").partial_fit(more)
    assert np.array_equal(went_on.confusion_, first.partial_fit(more).confusion_)


def test_files_that_are_no_model_are_refused(tmp_path):
    with pytest.raises(DataError, match="missing"):
        wh.load_model(tmp_path / "nothing")
    wh.save_model(wh.MajorityVote().fit([[0, 1]]), tmp_path / "model")
    document = json.loads((tmp_path / "model.json").read_text())
    for change, what in [({"format": 99}, "format"), ({"model": "Popen"}, "holds a 'Popen'")]:
        (tmp_path / "model.json").write_text(json.dumps(document | change))
        with pytest.raises(DataError, match=what):
            wh.load_model(tmp_path / "model")
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(DataError, match="no saved label model"):
        wh.load_model(tmp_path / "model")


def test_an_array_file_with_a_pickle_in_it_is_refused(tmp_path):
    wh.save_model(wh.MajorityVote().fit([[0, 1]]), tmp_path / "model")
    np.savez(tmp_path / "model.npz", class_balance_=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="no saved label model"):
        wh.load_model(tmp_path / "model")


def test_a_dot_in_a_name_belongs_to_the_name(tmp_path):
    for name in ("model.v1", "model.v2.json"):
        wh.save_model(wh.MajorityVote().fit([[0, 1]]), tmp_path / name)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"model.v1.json", "model.v1.npz", "model.v2.json", "model.v2.npz"}
    assert wh.load_model(tmp_path / "model.v1").sources_ == ("source_0", "source_1")


def test_models_of_other_packages_say_that_they_cannot_be_saved(tmp_path):
    model = wh.CrowdKitModel()
    model.schema_, model.sources_ = SCHEMA, ("x",)
    with pytest.raises(UsageError, match="another package"):
        wh.save_model(model, tmp_path / "model")


@every
@settings(max_examples=20)
@given(votes(items=(2, 12)), st.integers(1, 11))
def test_seeing_votes_in_two_parts_is_seeing_them_at_once(model, given_votes, cut):
    cut = min(cut, len(given_votes) - 1)
    first, second = given_votes.take_items(np.arange(cut)), given_votes.take_items(np.arange(cut, len(given_votes)))
    parts = clone(model).partial_fit(first).partial_fit(second)
    whole = clone(model).fit(given_votes)
    assert np.allclose(parts.predict_proba(given_votes), whole.predict_proba(given_votes), atol=1e-4)


def test_ten_files_give_exactly_what_one_gives():
    given_votes, _ = some_votes(n=1000)
    one = wh.LabelModel().partial_fit(given_votes)
    ten = wh.LabelModel()
    for at in np.array_split(np.arange(1000), 10):
        ten.partial_fit(given_votes.take_items(at))
    assert np.array_equal(ten.evidence_, one.evidence_)
    assert np.array_equal(ten.intercept_, one.intercept_)


def test_a_new_fit_forgets_what_was_seen_and_a_refused_one_loses_nothing():
    whole, _ = some_votes(n=200)
    first, second = whole.take_items(np.arange(80)), whole.take_items(np.arange(80, 200))
    model = wh.DawidSkene().partial_fit(first)
    with pytest.raises(DataError, match="sample_weight"):
        model.fit(first, sample_weight=[1])
    assert np.allclose(copy.deepcopy(model).partial_fit(second).confusion_, wh.DawidSkene().fit(whole).confusion_)
    model.fit_predict_proba(first)
    assert np.allclose(model.partial_fit(second).confusion_, wh.DawidSkene().fit(second).confusion_)


@every
def test_distinct_rows_with_their_counts_are_enough(model):
    given_votes, _ = some_votes()
    patterns = given_votes.patterns()
    counted = clone(model).fit(patterns.votes, sample_weight=patterns.counts)
    whole = clone(model).fit(given_votes)
    assert np.allclose(counted.predict_proba(given_votes), whole.predict_proba(given_votes), atol=1e-6)


def test_counts_that_are_none_are_refused():
    for nonsense in ([1], [1, -1], [1, np.nan]):
        with pytest.raises(DataError, match="sample_weight"):
            wh.LabelModel().fit([[0, 1], [1, 1]], sample_weight=nonsense)
    with pytest.raises(DataError, match="no item to learn from"):
        wh.LabelModel().fit(np.empty((0, 3), dtype=int))


@pytest.mark.parametrize("n", [900, 3000])
def test_rows_that_hardly_repeat_take_another_path_to_the_same_result(n):
    """Forty sources: no two rows alike, so rows are not grouped; grouping them by hand changes nothing."""
    given_votes, _ = some_votes(n=n, m=40)
    patterns = given_votes.patterns()
    direct = wh.DawidSkene().fit(given_votes).confusion_
    grouped = wh.DawidSkene().fit(patterns.votes, sample_weight=patterns.counts).confusion_
    assert np.allclose(direct, grouped, atol=1e-6)
