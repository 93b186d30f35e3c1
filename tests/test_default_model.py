"""What LabelModel promises: it learns what votes identify, leaves the rest alone, and uses gold where that helps."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info, threadpool_limits

import weakhitl as wh
from strategies import votes
from weakhitl.errors import DataError, UsageError
from weakhitl.gold import encode_gold
from weakhitl.label_model import teaching
from weakhitl.label_model.confusion import Prior
from weakhitl.label_model.doctor import diagnose
from weakhitl.label_model.information import learnable
from weakhitl.label_model.rows import vote_rows
from weakhitl.label_model.teaching import LEAST_GOLD, is_selected
from weakhitl.label_model.twins import twin_groups

SCHEMA = wh.LabelSchema(["a", "b"])


def one_class(rng, truth, classes, right, false):
    """Functions that vote one class: ``right[j]`` of its items, ``false[j]`` of the others."""
    fires = np.column_stack(
        [rng.random(len(truth)) < np.where(truth == c, r, f) for c, r, f in zip(classes, right, false, strict=True)]
    )
    return np.where(fires, classes, -1)


def people(rng, truth, accuracies, k, share=1.0):
    said = np.column_stack([np.where(rng.random(len(truth)) < a, truth, (truth + 1) % k) for a in accuracies])
    return np.where(rng.random(said.shape) < share, said, -1)


@settings(max_examples=100)
@given(votes())
def test_a_unanimous_item_keeps_its_label(given_votes):
    model = wh.LabelModel().fit(given_votes)
    counts = given_votes.class_counts()
    agreed = (counts > 0).sum(axis=1) == 1
    assert np.array_equal(model.predict(given_votes)[agreed], counts.argmax(axis=1)[agreed])
    assert len(wh.overturned(model, given_votes)) == 0


def test_a_unanimous_item_keeps_its_label_even_if_its_only_voter_is_taken_for_a_liar():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 1000)
    matrix = people(rng, truth, [0.95, 0.95, 0.95, 0.03], 2)
    model = wh.LabelModel().fit(matrix)
    alone = np.array([[-1, -1, -1, 0], [-1, -1, -1, 1]])
    assert model.confusion_[3, 0, 0] < 0.2
    assert model.predict(alone).tolist() == [0, 1]
    assert wh.DawidSkene().fit(matrix).predict(alone).tolist() == [1, 0]
    assert wh.LabelModel(balance=[0.5, 0.5]).fit(matrix).predict(alone).tolist() == [1, 0]


def test_gold_overturns_unanimous_items_only_where_it_speaks_against_them_itself():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 1000)
    matrix = people(rng, truth, [0.95, 0.95, 0.95, 0.03], 2)
    gold = np.where(np.arange(1000) < 200, truth, -1)
    alone = np.array([[-1, -1, -1, 0], [-1, -1, -1, 1]])
    taught = wh.LabelModel().fit(matrix, gold=gold)
    assert taught.lesson_ is not None
    assert taught.predict(alone).tolist() == [0, 1]  # without gold its votes would have been turned, too

    wrong = one_class(rng, truth, [0, 1, 1], [0.4, 0.4, 0.05], [0.05, 0.05, 0.6])
    taught = wh.LabelModel().fit(wrong, gold=gold)
    only_wrong = np.array([[-1, -1, 1]])
    assert wh.LabelModel().fit(wrong).predict(only_wrong).tolist() == [1]
    assert taught.predict(only_wrong).tolist() == [0]
    assert len(wh.overturned(taught, wrong)) > 0


def test_one_class_functions_are_not_learned_and_the_balance_stays_uniform():
    rng = np.random.default_rng(1)
    truth = rng.choice(2, 3000, p=[0.9, 0.1])
    matrix = one_class(rng, truth, [0, 0, 0, 1, 1, 1], [0.3] * 6, [0.05] * 6)
    model = wh.LabelModel().fit(matrix)
    assert not model.learned_.any()
    assert model.class_balance_.tolist() == [0.5, 0.5]
    assert model.balance_reason_.startswith("uniform")
    assert np.isnan(model.confusion_).all()


def test_a_rare_vote_says_more_than_a_common_one_and_the_mean_vote_is_as_accurate_as_believed():
    matrix = np.full((100, 2), -1)
    matrix[:50, 0], matrix[45:55, 1] = 0, 1
    model = wh.LabelModel(prior_accuracy=0.8).fit(matrix)
    proba = model.predict_proba(matrix)
    assert proba[46].argmax() == 1
    alone = [model.predict_proba([[0, -1]])[0, 0]] * 50 + [model.predict_proba([[-1, 1]])[0, 1]] * 10
    assert np.mean(alone) == pytest.approx(0.8, abs=1e-6)


def test_people_who_vote_all_classes_are_learned_and_the_balance_is_that_of_their_majority():
    """Twelve thousand votes: standard errors of .005 and less."""
    rng = np.random.default_rng(2)
    truth = rng.choice(2, 3000, p=[0.85, 0.15])
    votes = people(rng, truth, [0.9, 0.85, 0.8, 0.7], 2)
    model = wh.LabelModel().fit(votes)
    assert model.learned_.all()
    assert model.balance_reason_.startswith("estimated")
    majority = wh.MajorityVote().fit(votes).predict_proba(votes)
    assert model.class_balance_ == pytest.approx((majority.sum(axis=0) + 1) / 3002, abs=1e-12)
    assert model.confusion_[:, 0, 0] == pytest.approx([0.9, 0.85, 0.8, 0.7], abs=0.03)


def test_what_sources_vote_when_they_do_not_know_is_learned_across_classes():
    """Fifteen sources know half of the items of twenty classes, and else vote by habit; mean of five worlds."""
    gained = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        truth, common = rng.integers(0, 20, 2000), rng.dirichlet(np.ones(20))
        habits = [rng.dirichlet(20 * common + 0.2) for _ in range(15)]
        guesses = np.column_stack([rng.choice(20, 2000, p=habit) for habit in habits])
        said = np.where(rng.random(guesses.shape) < 0.5, truth[:, None], guesses)
        votes = np.where(rng.random(said.shape) < 0.35, said, -1)
        model = wh.LabelModel().fit(votes)
        spread_evenly = wh.DawidSkene(balance=model.class_balance_).fit(votes)
        gained.append(right(model, votes, truth) - right(spread_evenly, votes, truth))
    assert np.mean(gained) > 0.01
    assert min(gained) > 0


def right(model, votes, truth):
    """Share of the covered items whose likeliest class is true."""
    covered = (votes >= 0).any(axis=1)
    return (model.predict_proba(votes).argmax(axis=1) == truth)[covered].mean()


@pytest.mark.parametrize("k", [2, 3, 20])
def test_a_prior_by_habit_is_a_distribution_and_an_even_one_with_two_classes_or_without_votes(k):
    soft = np.random.default_rng(0).random((3, k, k)) * np.array([0.0, 1.0, 100.0])[:, None, None]
    by_habit = Prior(float(k), 0.7, by_habit=True).confusion(soft)
    even = Prior(float(k), 0.7).confusion(soft)
    assert by_habit.sum(axis=2) == pytest.approx(1.0)
    assert (by_habit > 0).all()
    assert np.diagonal(by_habit, axis1=1, axis2=2) == pytest.approx(np.diagonal(even, axis1=1, axis2=2))
    assert by_habit[0] == pytest.approx(even[0])
    if k == 2:
        assert by_habit == pytest.approx(even)


def test_a_few_ratings_do_not_set_the_balance_of_all_items():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 1000)
    said = people(rng, truth, [0.9, 0.9, 0.9], 2)
    said[100:] = -1
    functions = one_class(rng, truth, [0, 1], [0.6, 0.6], [0.1, 0.1])
    model = wh.LabelModel().fit(np.hstack([functions, said]))
    assert model.learned_.tolist() == [False, False, True, True, True]
    assert "less than half" in model.balance_reason_
    assert model.class_balance_.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("many", [1, 4])
def test_copies_of_a_function_share_its_evidence(many):
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 2, 500)
    matrix = one_class(rng, truth, [0, 0, 1, 1], [0.4, 0.3, 0.4, 0.2], [0.1] * 4)
    copied = np.hstack([matrix, *[matrix[:, :1]] * many])
    once, often = wh.LabelModel().fit(matrix), wh.LabelModel().fit(copied)
    assert often.shares_[0] == pytest.approx(1 / (many + 1))
    assert often.shares_[1:4].tolist() == [1, 1, 1]
    disagree = (matrix == 0).any(axis=1) & (matrix == 1).any(axis=1)
    before, after = once.predict_proba(matrix)[disagree], often.predict_proba(copied)[disagree]
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))


def test_people_who_agree_because_they_are_right_are_no_copies_and_people_with_the_same_errors_are():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 2000)
    right = people(rng, truth, [0.99, 0.99, 0.99, 0.99], 2)
    assert len(np.unique(twin_groups(vote_rows(wh.Votes.from_matrix(right, SCHEMA))))) == 4
    copied = np.hstack([people(rng, truth, [0.85, 0.85, 0.85], 2), right[:, :1]])
    copied = np.hstack([copied, copied[:, :1]])
    groups = twin_groups(vote_rows(wh.Votes.from_matrix(copied, SCHEMA)))
    assert groups[0] == groups[4]
    assert len(np.unique(groups)) == 4


@pytest.mark.parametrize(("copies", "others"), [(2, 6), (4, 3), (7, 3)])
def test_copies_are_found_also_where_they_outvote_the_others(copies, others):
    """Each copy has a slip in a hundred votes; the labels are nearly those that one copy alone would give."""
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 2, 2000)
    each = people(rng, truth, [0.7] + [0.8] * others, 2)
    slips = rng.random((2000, copies)) < 0.01
    copied = np.hstack([np.where(slips, 1 - each[:, :1], each[:, :1]), each[:, 1:]])
    groups = twin_groups(vote_rows(wh.Votes.from_matrix(copied, SCHEMA)))
    assert len(np.unique(groups[:copies])) == 1
    assert len(np.unique(groups)) == others + 1
    once, often = wh.LabelModel().fit(each).predict(each), wh.LabelModel().fit(copied).predict(copied)
    assert (often == truth).mean() > (once == truth).mean() - 0.02


@pytest.mark.parametrize("many", [1, 9])
def test_exact_copies_of_a_person_change_no_label(many):
    rng = np.random.default_rng(8)
    truth = rng.integers(0, 3, 1000)
    each = people(rng, truth, [0.8, 0.7, 0.75, 0.65, 0.8], 3, share=0.7)
    copied = np.hstack([each, *[each[:, :1]] * many])
    once, often = wh.LabelModel().fit(each), wh.LabelModel().fit(copied)
    assert np.array_equal(often.predict(copied), once.predict(each))
    assert np.allclose(often.confusion_[:5], once.confusion_, atol=1e-3)


@pytest.mark.parametrize("poor", [0, 1, 2, 4])
def test_good_people_beside_poor_ones_are_no_copies(poor):
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 3, 2000)
    votes = people(rng, truth, [0.98] * 5 + [0.6] * poor, 3)
    given_votes = wh.Votes.from_matrix(votes, wh.LabelSchema(["a", "b", "c"]))
    assert len(np.unique(twin_groups(vote_rows(given_votes)))) == 5 + poor


def test_good_people_beside_many_functions_are_no_copies():
    """Functions that vote one class take no part in the question who errs: EM would learn nonsense of them."""
    rng = np.random.default_rng(9)
    truth = rng.integers(0, 2, 1500)
    functions = one_class(rng, truth, [j % 2 for j in range(30)], [0.5] * 30, [0.3] * 30)
    votes = np.hstack([people(rng, truth, [0.98] * 3, 2), functions])
    assert len(np.unique(twin_groups(vote_rows(wh.Votes.from_matrix(votes, SCHEMA))))) == 33


def test_people_of_a_large_crowd_who_meet_on_a_few_items_are_no_copies():
    rng = np.random.default_rng(10)
    items, who = np.repeat(np.arange(3000), 5), rng.integers(0, 300, 15_000)
    table = pd.DataFrame({"item": items, "who": who}).drop_duplicates()
    entries = table["item"], table["who"], table["item"] % 2
    crowd = wh.Votes.from_entries(entries, SCHEMA, range(3000), [f"w{j}" for j in range(300)])
    assert len(np.unique(twin_groups(vote_rows(crowd)))) == 300


def test_a_source_that_votes_few_of_many_classes_is_not_learnable():
    by_class = np.zeros((3, 20))
    by_class[0, :] = 10
    by_class[1, :3] = 50
    by_class[2, 4] = 2
    assert learnable(by_class).tolist() == [True, False, False]


def bad_function(rng, n=2000):
    """Four good functions and one of each class that is mostly wrong, all of the same coverage."""
    truth = rng.integers(0, 2, n)
    matrix = one_class(rng, truth, [0, 0, 1, 1, 0, 1], [0.3] * 4 + [0.08] * 2, [0.05] * 4 + [0.3] * 2)
    return truth, matrix


def test_gold_teaches_which_functions_are_wrong():
    rng = np.random.default_rng(6)
    truth, matrix = bad_function(rng)
    gold = np.where(np.arange(len(truth)) < 300, truth, -1)
    rest = (np.arange(len(truth)) >= 300) & (matrix >= 0).any(axis=1)
    plain, taught = wh.LabelModel().fit(matrix), wh.LabelModel().fit(matrix, gold=gold)
    before, after = ((model.predict(matrix) == truth)[rest].mean() for model in (plain, taught))
    assert after > before + 0.05
    assert taught.lesson_.gain > 0
    assert taught.evidence_[4, 0, 0] < taught.evidence_[0, 0, 0]


def test_gold_teaches_what_votes_for_one_class_say_of_the_others():
    """Functions that often fire on some other classes, too: three hundred labels make the model about as good as
    scikit-learn's logistic regression on all of the votes, which knows nothing else (1.5 points less at most)."""
    behind = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        truth, label = rng.integers(0, 6, 4000), np.repeat(np.arange(6), 3)
        fires = rng.beta(0.4, 1, size=(18, 6))
        fires[np.arange(18), label] = np.maximum(fires.max(axis=1), 0.3)
        matrix = np.where(rng.random((4000, 18)) < fires[:, truth].T, label, -1)
        gold = np.where(np.arange(4000) < 300, truth, -1)
        rest = (gold < 0) & (matrix >= 0).any(axis=1)
        ours = wh.LabelModel().fit(matrix, gold=gold).predict(matrix)
        voted = matrix >= 0
        theirs = LogisticRegression(max_iter=2000).fit(voted[:300], truth[:300]).predict(voted)
        behind.append((theirs == truth)[rest].mean() - (ours == truth)[rest].mean())
    assert np.mean(behind) < 0.015


def test_gold_that_proves_nothing_changes_almost_nothing():
    """All functions equally good: nothing to learn, so the lesson is mostly a temperature."""
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 2, 3000)
    matrix = one_class(rng, truth, [0, 0, 0, 1, 1, 1], [0.3] * 6, [0.1] * 6)
    covered = (matrix >= 0).any(axis=1)
    plain = wh.LabelModel().fit(matrix)
    losses = []
    for seed in range(5):
        at = np.random.default_rng(seed).choice(3000, 50, replace=False)
        gold = np.full(3000, -1)
        gold[at] = truth[at]
        model = wh.LabelModel().fit(matrix, gold=gold)
        losses.append(
            ((plain.predict(matrix) == truth)[covered].mean()) - (model.predict(matrix) == truth)[covered].mean()
        )
    assert np.mean(losses) < 0.01


def test_gold_that_was_chosen_for_its_disagreement_teaches_nothing_and_the_doctor_says_so():
    rng = np.random.default_rng(6)
    truth, matrix = bad_function(rng, 4000)
    conflict = (matrix == 0).any(axis=1) & (matrix == 1).any(axis=1)
    chosen = np.flatnonzero(conflict)[:150]
    gold = np.full(len(truth), -1)
    gold[chosen] = truth[chosen]
    plain, taught = wh.LabelModel().fit(matrix), wh.LabelModel().fit(matrix, gold=gold)
    assert taught.gold_is_selected_
    assert taught.lesson_ is None
    assert "surely no random sample" in taught.lesson_reason_
    assert (taught.predict_proba(matrix)[gold < 0] == plain.predict_proba(matrix)[gold < 0]).all()
    assert "selected-gold" in [finding.code for finding in diagnose(matrix, taught)]


def rated_gold(n=3000):
    """Functions on all items; three people, who are right on nine of ten, on a random sample, of which all is gold."""
    rng = np.random.default_rng(6)
    truth, matrix = bad_function(rng, n)
    functions = wh.Votes.from_matrix(matrix, wh.LabelSchema.numbered(2))
    known = rng.choice(n, 200, replace=False)
    people = np.full((n, 3), -1)
    people[known] = np.where(rng.random((200, 3)) < 0.9, truth[known, None], 1 - truth[known, None])
    ratings = wh.Votes.from_matrix(people, functions.schema, sources=["ana", "bo", "cy"])
    gold = np.full(n, -1)
    gold[known] = truth[known]
    return truth, functions, ratings, gold


def test_gold_that_people_rated_teaches_about_the_functions_what_it_teaches_without_their_ratings():
    """Else it looks selected, as the model is surer of rated items than of the rest, and teaches nothing."""
    truth, functions, ratings, gold = rated_gold()
    both = functions.join(ratings)
    assert wh.LabelModel().fit(both, gold=gold).gold_is_selected_
    plain, alone = wh.LabelModel().fit(both), wh.LabelModel().fit(functions, gold=gold)
    taught = wh.LabelModel(people=ratings.sources).fit(both, gold=gold)
    assert taught.lesson_.n_gold == alone.lesson_.n_gold
    rest = (gold < 0) & functions.class_counts().any(axis=1)
    right = {
        name: (model.predict(functions) == truth)[rest].mean()
        for name, model in [("plain", plain), ("alone", alone), ("taught", taught)]
    }
    assert right["taught"] > right["plain"] + 0.05
    assert right["taught"] == pytest.approx(right["alone"], abs=0.005)
    m = len(functions.sources)
    assert np.array_equal(taught.evidence_[m:], plain.evidence_[m:])
    assert taught.score(both, truth) > taught.score(functions, truth)


def test_people_without_gold_change_nothing_and_unknown_ones_are_named():
    _, functions, ratings, gold = rated_gold(500)
    both = functions.join(ratings)
    plain, told = wh.LabelModel().fit(both), wh.LabelModel(people=["ana"]).fit(both)
    assert np.array_equal(plain.predict_proba(both), told.predict_proba(both))
    with pytest.raises(DataError, match="there is no source 'anna', which is among the people"):
        wh.LabelModel(people=["anna"]).fit(both, gold=gold)


def test_gold_drawn_by_lot_is_hardly_ever_taken_for_selected():
    """At most one in a thousand by the bound; of 2,000 draws of 30 to 300 from few and from many scores."""
    rng = np.random.default_rng(0)
    taken = 0
    for draw in range(2000):
        scores = rng.random(1000) if draw % 2 else rng.choice([0.5, 0.7, 0.9], 1000)
        known = np.zeros(1000)
        known[rng.choice(1000, [30, 100, 300][draw % 3], replace=False)] = 1
        taken += is_selected(scores, np.ones(1000), known)
    assert taken <= 2000 * 0.001 + 3 * np.sqrt(2000 * 0.001)


def test_too_little_gold_is_left_alone_and_says_so():
    rng = np.random.default_rng(8)
    truth, matrix = bad_function(rng)
    gold = np.where(np.arange(len(truth)) < LEAST_GOLD - 1, truth, -1)
    model = wh.LabelModel().fit(matrix, gold=gold)
    assert model.lesson_ is None
    assert "prove nothing" in model.lesson_reason_


def test_what_is_cross_validated_on_gold_has_not_seen_it():
    """Confusion matrices are those of the votes alone; the lesson then tells that people copy one another."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 600)
    leader = np.where(rng.random(600) < 0.7, truth, rng.integers(0, 3, 600))
    copied = [np.where(rng.random(600) < 0.6, leader, rng.integers(0, 3, 600)) for _ in range(8)]
    matrix = np.column_stack(copied)
    gold = np.full(600, -1)
    gold[:100] = truth[:100]
    plain, taught = wh.LabelModel().fit(matrix), wh.LabelModel().fit(matrix, gold=gold)
    assert np.array_equal(taught.confusion_, plain.confusion_)
    rest = np.arange(100, 600)
    loss = [-np.log(model.predict_proba(matrix)[rest, truth[rest]]).mean() for model in (plain, taught)]
    assert loss[1] < 0.8 * loss[0]
    confidence = taught.predict_proba(matrix)[rest].max(axis=1)
    assert confidence.mean() == pytest.approx((taught.predict(matrix)[rest] == truth[rest]).mean(), abs=0.06)


def test_gold_teaches_in_one_thread_which_a_busy_machine_does_not_stall(monkeypatch):
    """OpenBLAS's threads wait for one another in tiny systems; afterwards there are as many as before."""

    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    seen = []
    monkeypatch.setattr(teaching, "minimize", lambda *a, **b: seen.append(threads()) or minimize(*a, **b))
    with threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        wh.LabelModel().fit([[0, 1, 0], [1, 1, -1]] * 20, gold=[0, 1] * 20)
        after = threads()
    assert set(before) == {2}
    assert after == before
    assert seen
    assert {n for one in seen for n in one} == {1}


def test_gold_clamps_items_and_teaches_dawid_skene():
    """Two people who always disagree: without gold nobody can tell who is right, with ten labels everybody can."""
    matrix = np.array([[0, 1], [1, 0]] * 50)
    truth = np.array([0, 1] * 50)
    gold = np.where(np.arange(100) < 10, truth, -1)
    assert (wh.DawidSkene().fit(matrix).predict(matrix) == -1).all()
    assert (wh.DawidSkene().fit(matrix, gold=gold).predict(matrix) == truth).all()


def test_gold_is_taken_by_item_and_by_position_and_nonsense_is_refused():
    given_votes = wh.Votes.from_matrix([[0, 1], [1, 1], [0, 0]], SCHEMA, items=list("xyz"))
    by_name = wh.DawidSkene().fit(given_votes, gold={"x": "b", "y": 1}).confusion_
    by_place = wh.DawidSkene().fit(given_votes, gold=[1, 1, -1]).confusion_
    by_series = wh.DawidSkene().fit(given_votes, gold=pd.Series({"x": 1, "y": "b"})).confusion_
    assert np.array_equal(by_name, by_place)
    assert np.array_equal(by_name, by_series)
    for others in ([None, "b", np.nan], pd.Series(["b", pd.NA], index=["y", "x"]), np.float32([-1, 1, np.nan])):
        assert np.array_equal(encode_gold(others, given_votes.items, SCHEMA), [-1, 1, -1])
    refused = {
        "item 'q' is not among the items": {"q": "a"},
        "none of its 2 items is among the items: it has 0, they are such as 'x'": pd.Series(["a", "b"]),
        "has shape (2,); expected one class for each of 3 items, or item -> class": [0, 1],
        "item 'z': 2 is not a class; the classes are a, b (or ABSTAIN)": [0, 1, 2],
        "item 'y': 0.5 is not a class": [0, 0.5, 1],
        "item 'x' has two classes": pd.Series(["a", "b", "b"], index=["x", "x", "y"]),
        "is a table; expected item -> class, such as table.set_index('item')['label']": pd.DataFrame({"item": ["x"]}),
    }
    for what, nonsense in refused.items():
        with pytest.raises(DataError, match=re.escape(what)):
            wh.LabelModel().fit(given_votes, gold=nonsense)
    with pytest.raises(UsageError, match="either gold or sample_weight"):
        wh.LabelModel().fit(given_votes, gold=[1, 1, -1], sample_weight=[1, 1, 1])


def test_a_given_balance_is_used_and_what_it_overturns_is_named():
    rng = np.random.default_rng(9)
    truth = rng.choice(2, 2000, p=[0.97, 0.03])
    matrix = one_class(rng, truth, [0, 0, 1, 1], [0.3] * 4, [0.1] * 4)
    model = wh.LabelModel(balance=[0.97, 0.03]).fit(matrix)
    assert model.balance_reason_ == "given"
    against = wh.overturned(model, matrix)
    assert len(against)
    finding = next(f for f in wh.diagnose(matrix, model) if f.code == "overturned")
    assert finding.names == tuple(str(at) for at in against)
