"""Laws that hold for every label model, and what Dawid and Skene's must find."""

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score

import weakhitl as wh
from strategies import votes
from weakhitl.demo.story import example_folder
from weakhitl.errors import DataError, UsageError
from weakhitl.label_model import MODELS

OWN = {name: make for name, make in MODELS.items() if name != "snorkel"}
every = pytest.mark.parametrize("model", [make() for make in OWN.values()], ids=OWN)
quick = settings(max_examples=30)


@every
@quick
@given(votes(sources=(0, 5)))
def test_rows_sum_to_one_and_the_likeliest_class_is_predicted(model, given_votes):
    fitted = clone(model).fit(given_votes)
    proba, labels = fitted.predict_proba(given_votes), fitted.predict(given_votes)
    assert proba.shape == (len(given_votes), len(given_votes.schema))
    assert np.allclose(proba.sum(axis=1), 1)
    voted = given_votes.class_counts().any(axis=1)
    assert (labels[~voted] == wh.ABSTAIN).all()
    told = labels != wh.ABSTAIN
    assert np.array_equal(labels[told], proba.argmax(axis=1)[told])
    best = np.sort(proba, axis=1)
    assert np.allclose(best[voted & ~told, -1], best[voted & ~told, -2])


@every
@quick
@given(votes(), st.randoms(use_true_random=False))
def test_permuting_items_sources_and_classes_permutes_the_result(model, given_votes, random):
    matrix, k = given_votes.to_matrix(), len(given_votes.schema)
    items, sources, classes = list(range(len(matrix))), list(range(matrix.shape[1])), list(range(k))
    for order in (items, sources, classes):
        random.shuffle(order)
    renamed = np.array([*classes, -1])[matrix][items][:, sources]
    permuted = wh.Votes.from_matrix(renamed, given_votes.schema)
    expected = clone(model).fit(given_votes).predict_proba(given_votes)[items]
    found = clone(model).fit(permuted).predict_proba(permuted)[:, classes]
    assert np.allclose(found, expected, atol=1e-5)


@every
@quick
@given(votes())
def test_a_source_that_always_abstains_changes_nothing(model, given_votes):
    silent = np.full((len(given_votes), 1), -1)
    more = wh.Votes.from_matrix(np.hstack([given_votes.to_matrix(), silent]), given_votes.schema)
    expected = clone(model).fit(given_votes).predict_proba(given_votes)
    assert np.allclose(clone(model).fit(more).predict_proba(more), expected, atol=1e-9)


@every
@quick
@given(votes())
def test_the_same_votes_give_the_same_answer(model, given_votes):
    first, second = (clone(model).fit(given_votes).predict_proba(given_votes) for _ in range(2))
    assert np.array_equal(first, second)


@every
@quick
@given(votes(sources=(0, 5)), st.data())
def test_fitting_and_labelling_in_one_reading_gives_the_same(model, given_votes, data):
    """With counts of the items, or gold where the model takes it, too; and the model can go on labelling."""
    n, k = len(given_votes), len(given_votes.schema)
    more: dict = {}
    if model.learns_from_gold and data.draw(st.booleans()):
        more["gold"] = data.draw(st.lists(st.integers(-1, k - 1), min_size=n, max_size=n))
    elif data.draw(st.booleans()):
        more["sample_weight"] = data.draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    expected = clone(model).fit(given_votes, **more).predict_proba(given_votes)
    again = clone(model)
    assert np.allclose(again.fit_predict_proba(given_votes, **more), expected, atol=1e-12)
    assert np.allclose(again.predict_proba(given_votes), expected, atol=1e-12)


@every
@quick
@given(votes(), st.data())
def test_the_score_is_scikit_learns_accuracy_with_ties_shared(model, given_votes, data):
    labels = st.integers(-1, len(given_votes.schema) - 1)
    truth = np.array(data.draw(st.lists(labels, min_size=len(given_votes), max_size=len(given_votes))))
    judged = (truth >= 0) & given_votes.class_counts().any(axis=1)
    fitted = clone(model).fit(given_votes)
    if not judged.any():
        with pytest.raises(DataError, match="no item has a vote and a known class"):
            fitted.score(given_votes, truth)
        return
    proba = fitted.predict_proba(given_votes)[judged]
    tied = np.isclose(proba, proba.max(axis=1, keepdims=True), rtol=0, atol=1e-9)
    one_of_the_tied = [accuracy_score(truth[judged], choice) for choice in each_choice(tied)]
    assert fitted.score(given_votes, truth) == pytest.approx(np.mean(one_of_the_tied))
    by_item = {item: int(label) for item, label in zip(given_votes.items, truth, strict=True) if label >= 0}
    assert fitted.score(given_votes, by_item) == fitted.score(given_votes, truth)


def each_choice(tied, rounds=60):
    """Yield labels in which each tied class of a row is chosen equally often; at most five classes tie."""
    for number in range(rounds):
        yield np.array([np.flatnonzero(row)[number % row.sum()] for row in tied])


@pytest.fixture(scope="module")
def even_odds():
    """Votes of five sources of which each is right on 80 %, in the order of the truth."""
    rng = np.random.default_rng(0)
    truth = np.sort(rng.integers(0, 2, 300))
    return np.where(rng.random((300, 5)) < 0.8, truth[:, None], 1 - truth[:, None]), truth


def warned(model):
    """What a model does that is given gold labels from which it does not learn."""
    name = type(model).__name__
    return (
        nullcontext() if model.learns_from_gold else pytest.warns(UserWarning, match=f"{name} does not learn from gold")
    )


@every
def test_scikit_learn_cross_validates_every_model(model, even_odds):
    matrix, truth = even_odds
    with warned(model):
        assert cross_val_score(model, matrix, truth, cv=3).min() > 0.85
    with warned(model):
        assert cross_val_score(model, matrix, truth, cv=3, scoring="roc_auc").min() > 0.9


@every
def test_gold_that_a_model_does_not_learn_from_leaves_it_as_it_is_and_is_checked_all_the_same(model, even_odds):
    matrix, truth = even_odds
    with warned(model):
        with_gold = clone(model).fit(matrix, truth).predict_proba(matrix)
    without = clone(model).fit(matrix).predict_proba(matrix)
    assert np.array_equal(with_gold, without) != model.learns_from_gold
    with pytest.raises(DataError, match="gold"):
        clone(model).fit(matrix, truth[:-1])


def test_scikit_learn_searches_parameters_and_calibrates(even_odds):
    matrix, truth = even_odds
    search = GridSearchCV(wh.LabelModel(), {"prior_accuracy": [0.6, 0.8]}, cv=3).fit(matrix, truth)
    assert search.best_score_ > 0.85
    assert search.best_estimator_.score(matrix, truth) == pytest.approx(search.score(matrix, truth))
    calibrated = CalibratedClassifierCV(wh.LabelModel(), cv=3).fit(matrix, truth)
    assert log_loss(truth, calibrated.predict_proba(matrix)) < 0.3
    with pytest.raises(DataError, match="gold: is None"):
        wh.LabelModel().fit(matrix).score(matrix, None)


@every
def test_parameters_are_scikit_learns(model):
    parameters = model.get_params()
    assert clone(model).set_params(**parameters).get_params() == parameters
    assert parameters["balance"] is None


@every
def test_an_unfitted_model_says_so(model):
    with pytest.raises(NotFittedError, match="call fit"):
        clone(model).predict_proba([[0, 1]])


@every
def test_snorkels_matrix_is_taken_as_it_is_and_nonsense_is_refused(model):
    matrix = np.array([[0, 0, -1], [1, 1, 0], [-1, -1, -1]])
    fitted = clone(model).fit(matrix)
    assert fitted.predict(matrix).tolist() == [0, 1, -1]
    assert clone(model).fit(matrix).predict([[0, 0, 0]]).tolist() == [0]
    for nonsense in ([0, 1], [[0.5]]):
        with pytest.raises(DataError):
            clone(model).fit(nonsense)


@every
def test_sources_are_matched_by_name(model):
    schema = wh.LabelSchema(["a", "b"])
    given_votes = wh.Votes.from_matrix([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 1]], schema, sources=list("fgh"))
    fitted = clone(model).fit(given_votes)
    expected = fitted.predict_proba(given_votes)
    assert np.allclose(fitted.predict_proba(given_votes.take_sources(list("hgf"))), expected)
    assert fitted.predict(given_votes.take_sources(["f"])).tolist() == [0, 1, 0, 1]
    with pytest.raises(DataError, match="source 'new' was not there"):
        fitted.predict(wh.Votes.from_matrix([[0]], schema, sources=["new"]))
    with pytest.raises(DataError, match="other classes"):
        fitted.predict(wh.Votes.from_matrix([[0]], wh.LabelSchema(["x", "y"]), sources=["f"]))


@every
@pytest.mark.parametrize(
    "balance", [[0.5], [0.5, 0.6], [1.0, 0.0], [np.nan, 1], [-1, 2], "even", ["a", "b"], {"0": 0.5, "2": 0.5}, {"0": 1}]
)
def test_a_balance_that_is_none_is_refused(model, balance):
    with pytest.raises(DataError, match="class balance"):
        clone(model).set_params(balance=balance).fit([[0, 1]])


@every
def test_columns_of_a_matrix_are_the_sources_that_the_model_was_fitted_on(model):
    matrix = np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 1]])
    given_votes = wh.Votes.from_matrix(matrix, wh.LabelSchema(["a", "b"]), sources=list("fgh"))
    fitted = clone(model).fit(given_votes)
    expected = fitted.predict_proba(given_votes)
    assert np.array_equal(fitted.predict_proba(matrix), expected)
    assert np.array_equal(fitted.predict_proba(pd.DataFrame(matrix)), expected)
    assert np.allclose(fitted.predict_proba(pd.DataFrame(matrix, columns=list("fgh"))[list("hfg")]), expected)
    for wrong, said in [
        (matrix[:, :2], "has 2 columns; the model was fitted on 3 sources"),
        (pd.DataFrame(matrix, columns=list("fgx")), "source 'x' was not there"),
        (matrix + 1, "voted 2 on item"),
    ]:
        with pytest.raises(DataError, match=said):
            fitted.predict(wrong)


@every
def test_a_balance_can_be_given_by_name(model):
    """In any order: the schema's decides which column is whose."""
    given_votes = wh.Votes.from_matrix([[0, 1], [1, 1], [-1, -1]], wh.LabelSchema(["HAM", "SPAM"]))
    by_name, in_order = (
        clone(model).set_params(balance=balance).fit(given_votes) for balance in ({"SPAM": 0.2, "HAM": 0.8}, [0.8, 0.2])
    )
    assert by_name.class_balance_.tolist() == in_order.class_balance_.tolist() == [0.8, 0.2]
    assert np.array_equal(by_name.predict_proba(given_votes), in_order.predict_proba(given_votes))
    with pytest.raises(DataError, match=r"'Spam' is not a class; .*did you mean 'SPAM'") as error:
        clone(model).set_params(balance={"Spam": 0.2, "HAM": 0.8}).fit(given_votes)
    assert "class 'SPAM' has no share" in str(error.value)


@pytest.mark.parametrize("wrong", [{"prior_accuracy": 1.0}, {"prior_accuracy": 0}, {"prior_votes": 0}])
def test_a_prior_that_is_none_is_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        wh.DawidSkene(**wrong).fit([[0, 1]])
    if "prior_accuracy" in wrong:
        with pytest.raises(UsageError, match="prior_accuracy"):
            wh.LabelModel(**wrong).fit([[0, 1]])


def simulate(confusion, balance, n, firing, rng):
    k = len(balance)
    truth = rng.choice(k, n, p=balance)
    matrix = np.array([[rng.choice(k, p=c[t]) for c in confusion] for t in truth])
    return truth, np.where(rng.random(matrix.shape) < firing, matrix, -1)


def test_dawid_skene_finds_the_confusion_matrices():
    """Each row rests on some 1,400 votes, so its standard error is at most .014; the prior shifts it by under .01."""
    rng = np.random.default_rng(0)
    confusion = np.array(
        [[[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]] * 3
        + [[[0.5, 0.5, 0], [0.1, 0.9, 0], [0, 0.1, 0.9]]] * 3
    )
    _, matrix = simulate(confusion, [1 / 3] * 3, 6000, 0.7, rng)
    model = wh.DawidSkene().fit(matrix)
    assert model.converged_
    assert np.abs(model.confusion_ - confusion).max() < 0.07
    assert np.allclose(model.confusion_.sum(axis=2), 1)


def test_dawid_skene_turns_a_source_around_that_is_always_wrong_and_majority_vote_cannot():
    rng = np.random.default_rng(1)
    good, bad = [[0.9, 0.1], [0.1, 0.9]], [[0.1, 0.9], [0.9, 0.1]]
    truth, matrix = simulate(np.array([good, good, good, bad, bad]), [0.5, 0.5], 1000, 1.0, rng)
    ours = (wh.DawidSkene().fit(matrix).predict(matrix) == truth).mean()
    majority = (wh.MajorityVote().fit(matrix).predict(matrix) == truth).mean()
    assert ours > 0.97
    assert majority < 0.9


@pytest.mark.parametrize("model", [wh.DawidSkene(), wh.OneCoin(), wh.LabelModel(), wh.MACE()])
@pytest.mark.filterwarnings("error")
def test_evidence_beyond_what_exponentials_hold_is_no_trouble(model):
    """Three hundred sources that are nearly always right: log-odds above a thousand."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 500)
    matrix = np.where(rng.random((500, 300)) < 0.99, truth[:, None], rng.integers(0, 3, (500, 300)))
    proba = model.fit(matrix).predict_proba(matrix)
    assert np.allclose(proba, np.eye(3)[truth], atol=1e-9)


def test_the_class_balance_is_uniform_or_the_users_and_never_estimated():
    """Nine to one, four one-class functions a class: EM holds the balance, and knowing the true one helps."""
    rng = np.random.default_rng(2)
    truth = rng.choice(2, 2000, p=[0.9, 0.1])
    fires = np.column_stack([rng.random(2000) < np.where(truth == c, 0.4, 0.06) for c in (0, 0, 0, 0, 1, 1, 1, 1)])
    matrix = np.where(fires, [0, 0, 0, 0, 1, 1, 1, 1], -1)
    uniform, told = wh.LabelModel().fit(matrix), wh.LabelModel(balance=[0.9, 0.1]).fit(matrix)
    assert uniform.class_balance_.tolist() == [0.5, 0.5]
    assert told.class_balance_.tolist() == [0.9, 0.1]
    right = [(model.predict(matrix) == truth)[fires.any(axis=1)].mean() for model in (uniform, told)]
    assert right[1] > right[0] + 0.05


def test_on_the_recorded_ratings_it_agrees_with_the_confirmed_labels_about_as_often_as_majority_vote():
    """Confirmed labels began from the majority, so majority vote has an advantage that no model can have."""
    ratings = pd.read_csv(example_folder() / "ratings.csv", dtype=str)
    confirmed = pd.read_csv(example_folder() / "confirmed.csv", dtype=str).set_index("item")["label"]
    schema = wh.LabelSchema(["negative", "neutral", "positive", "unrelated"], skip=["I can't tell"])
    given_votes = wh.Votes.from_long(ratings, schema)
    truth = np.array([schema.encode(confirmed.get(item)) for item in given_votes.items])
    known = truth >= 0

    def agreement(model):
        return (model.fit(given_votes).predict(given_votes)[known] == truth[known]).mean()

    assert agreement(wh.MajorityVote()) > 0.93
    assert agreement(wh.LabelModel()) > 0.85
