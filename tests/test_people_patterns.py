"""Patterns in people's answers: spammers are found, and honest people are not accused."""

from itertools import permutations
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from statsmodels.stats.multitest import multipletests

import weakhitl as wh
from weakhitl.annotation import CountingRule, annotator_quality, who_counts
from weakhitl.annotation.people_patterns import ONE_CLASS, PERIODIC, TOO_FAST
from weakhitl.annotation.people_ratings import medians_of_others, read_answers
from weakhitl.annotation.rotation import rotation, shuffled_p
from weakhitl.holm import holm

SCHEMA = wh.LabelSchema(["a", "b", "c"])
START = pd.Timestamp("2025-01-01", tz="UTC")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def crowd(rng, *, people=10, overlap=3, each=60, shares=(0.4, 0.3, 0.3), order="random", own_class=False):
    """Honest people who are right with .65 to .95; items in random order, sorted by class, or with classes in turn."""
    n = people * each // overlap
    truth = np.arange(n) % 3 if order == "in turn" else rng.choice(3, n, p=shares)
    truth = np.sort(truth) if own_class or order == "sorted" else truth
    tables = []
    for person in range(people):
        turns = [(np.arange(n) * people // n + turn) % people if own_class else None for turn in range(overlap)]
        mixed = (np.arange(n)[:, None] * (7 if people % 7 else 3) + np.arange(overlap)) % people
        mine = [turn == person for turn in turns] if own_class else [(mixed == person).any(axis=1)]
        items = np.flatnonzero(np.logical_or.reduce(mine))
        items = rng.permutation(items) if order == "random" else items
        right = rng.random(len(items)) < rng.uniform(0.65, 0.95)
        labels = np.where(right, truth[items], rng.integers(0, 3, len(items)))
        tables.append(
            answers(f"p{person}", items, labels, rng.lognormal(np.log(8) + rng.normal(0, 0.4), 0.4, len(items)))
        )
    return pd.concat(tables, ignore_index=True)


def answers(name, items, labels, seconds):
    time = START + pd.to_timedelta(np.cumsum(np.maximum(seconds, 1)), unit="s")
    return pd.DataFrame(
        {
            "item": [f"i{item}" for item in items],
            "annotator": name,
            "label": np.array(SCHEMA.classes)[labels],
            "role": "annotator",
            "time": [moment.isoformat() for moment in time],
            "seconds": seconds,
        }
    )


def replaced(table, name, labels=None, seconds=None):
    """Let somebody answer otherwise."""
    table, mine = table.copy(), table["annotator"] == name
    if labels is not None:
        table.loc[mine, "label"] = np.array(SCHEMA.classes)[np.resize(labels, mine.sum())]
    if seconds is not None:
        table.loc[mine, "seconds"] = np.resize(seconds, mine.sum())
    return table


def found(table, **how) -> dict[str, list[str]]:
    """Give the names of the patterns of everybody who has any."""
    qualities = annotator_quality(table, SCHEMA, **how)
    return {one.name: [pattern.name for pattern in one.patterns] for one in qualities if one.patterns}


def spam(kind, rng):
    if kind == ONE_CLASS:
        return {"labels": [rng.integers(3)]}
    if kind == PERIODIC:
        return {"labels": [0, 1, *rng.integers(0, 3, rng.integers(0, 10))]}
    return {"labels": rng.integers(0, 3, 60), "seconds": rng.lognormal(0, 0.4, 60)}


@pytest.mark.parametrize("kind", [ONE_CLASS, TOO_FAST, PERIODIC])
def test_a_spammer_with_sixty_ratings_is_found_and_nobody_else(kind):
    hits = others = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        who = found(replaced(crowd(rng), "p0", **spam(kind, rng)))
        hits += kind in who.pop("p0", [])
        others += bool(who)
    assert hits >= 16
    assert others <= 2


@pytest.mark.parametrize(
    "world",
    [
        {},
        {"shares": (0.94, 0.03, 0.03)},
        {"own_class": True, "people": 9},
        {"order": "sorted"},
        {"order": "in turn"},
        {"overlap": 2},
    ],
)
def test_honest_crowds_are_rarely_accused(world):
    accused = sum(bool(found(crowd(np.random.default_rng(seed), **world))) for seed in range(20))
    assert accused <= 3  # of 20 at 5 %: more has a chance of 1.6 %


def test_nobody_is_accused_of_one_class_for_items_that_are_all_of_it():
    rng = np.random.default_rng(0)
    table = crowd(rng, shares=(1.0, 0.0, 0.0), each=200)
    assert found(replaced(table, "p0", labels=[0])) == {}


def test_items_whose_classes_take_turns_make_nobody_periodic_who_is_right():
    table = crowd(np.random.default_rng(0), order="in turn", each=120, people=6)
    truth = {item: SCHEMA.classes[int(item[1:]) % 3] for item in table["item"]}
    table["label"] = table["label"].where(table["annotator"] != "p0", table["item"].map(truth))
    assert found(table) == {}


def test_who_is_quick_and_right_is_not_accused():
    table = crowd(np.random.default_rng(0))
    quick = replaced(table, "p0", seconds=[0.8, 1.2])
    assert found(quick) == {}
    assert found(replaced(quick, "p0", labels=np.random.default_rng(1).integers(0, 3, 60))) == {"p0": [TOO_FAST]}


def test_the_evidence_is_in_words_and_a_rule_can_use_it():
    table = replaced(crowd(np.random.default_rng(0)), "p0", labels=[0])
    people = annotator_quality(table, SCHEMA)
    (pattern,) = people[0].patterns
    assert pattern.evidence.startswith(
        "a in 100% of 60 ratings, and in 100% of those where gold or others tell another"
    )
    assert pattern.p < 0.05
    reasons = who_counts(people, CountingRule(max_patterns=0))
    assert reasons.pop("p0") == "patterns found: always one class; 0 allowed"
    assert set(reasons.values()) == {""}


def test_patterns_that_cannot_be_looked_for_say_why():
    table = crowd(np.random.default_rng(0)).drop(columns="seconds")

    def reasons(table, **how):
        return {one.name: one.evidence for one in annotator_quality(table, SCHEMA, **how)[0].untested}

    assert reasons(table) == {TOO_FAST: "the ratings have no column 'seconds'"}
    imported = reasons(table.assign(time="2025-01-01T00:00:00+00:00"))
    assert imported[PERIODIC].startswith("most ratings share their time")
    assert reasons(table.drop(columns="time"))[PERIODIC] == "0 ratings with a time; 20 are needed"
    alone = reasons(table[table["annotator"] == "p0"])
    assert alone[ONE_CLASS].startswith("neither gold nor others tell that any of their items is not")
    assert alone[PERIODIC] == ("0 ratings in order of time on items whose class gold or two others tell; 20 are needed")


def test_gold_that_everybody_rates_is_enough_to_find_somebody():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 60)
    tables = [
        answers(f"p{at}", range(60), np.where(rng.random(60) < 0.8, truth, rng.integers(0, 3, 60)), np.full(60, 5.0))
        for at in range(8)
    ]
    table = replaced(pd.concat(tables, ignore_index=True).assign(role="gold"), "p0", labels=[2, 1])
    assert found(table, gold={f"i{at}": int(label) for at, label in enumerate(truth)}) == {"p0": [PERIODIC]}


def test_who_else_is_there_with_too_little_to_be_looked_at_changes_nothing():
    table = replaced(crowd(np.random.default_rng(0)), "p0", labels=[0, 1, 2])
    few = table[:3].assign(annotator="new", item=["n1", "n2", "n3"])
    before = {one.name: one for one in annotator_quality(table, SCHEMA)}
    after = {one.name: one for one in annotator_quality(pd.concat([few, table], ignore_index=True), SCHEMA)}
    assert after.pop("new").ratings == 3
    assert after == before


def test_longer_than_two_seconds_is_quick_where_the_floor_says_so():
    rng = np.random.default_rng(3)
    table = crowd(rng)
    table["seconds"] *= 10
    table = replaced(table, "p0", labels=rng.integers(0, 3, 60), seconds=[4.0, 5.0])
    assert found(table) == {}
    assert found(table, floor_seconds=6.0) == {"p0": [TOO_FAST]}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holms_correction_is_that_of_statsmodels(p):
    with patch("gc.collect"):  # which statsmodels calls each time, .2 s
        theirs = multipletests(p, method="holm")[1]
    assert holm(p) == pytest.approx(theirs)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.5, 1.0, 2.0, 5.0, np.nan])), min_size=1, max_size=25))
def test_the_others_median_is_without_ones_own_rating(rows):
    table = pd.DataFrame(
        [(f"i{item}", f"p{at}", "a", "annotator", seconds) for at, (item, seconds) in enumerate(rows)],
        columns=["item", "annotator", "label", "role", "seconds"],
    )
    medians = medians_of_others(read_answers(table, SCHEMA, None))
    for at, (item, seconds) in enumerate(rows):
        others = [s for other, (i, s) in enumerate(rows) if i == item and other != at and not np.isnan(s)]
        expected = np.median(others) if others and not np.isnan(seconds) else np.nan
        assert medians[at] == pytest.approx(expected, nan_ok=True)


def test_the_p_value_is_the_share_of_all_orders_that_reach_the_contrast():
    label = np.array([0, 1, 2, 0, 1, 2, 0, 2])
    orders = np.array(list(permutations(label)))
    reached = rotation(orders)[0].max(axis=1) >= rotation(label[None, :])[0].max() - 1e-12
    rng = np.random.default_rng(0)
    drawn = [shuffled_p(label, np.zeros(8, dtype=int), 100_000, rng)[0] for _ in range(60)]
    assert np.mean(drawn) == pytest.approx(reached.mean(), rel=0.15)


def test_shuffles_stay_among_items_of_one_class():
    label = np.array([0, 1, 2] * 10)
    assert shuffled_p(label, label, 1000, np.random.default_rng(0)) == (1.0, 1.0)


@pytest.mark.skipif(not DATA.is_dir(), reason="the open crowd data is not here")
@pytest.mark.parametrize("name", ["weather_amt", "bluebirds", "weather_cf"])
def test_in_real_crowds_few_are_flagged_and_these_are_worse_than_most(name):
    votes = pd.read_csv(DATA / name / "votes.csv.gz", dtype={"item": str, "annotator": str, "label": str})
    truth = pd.read_csv(DATA / name / "truth.csv.gz", dtype=str).set_index("item")["label"]
    schema = wh.LabelSchema(sorted(votes["label"].unique()))
    people = [one for one in annotator_quality(votes.assign(role="annotator"), schema) if one.ratings >= 20]
    right = (votes["label"] == votes["item"].map(truth)).groupby(votes["annotator"]).mean()
    flagged = [right[one.name] for one in people if one.patterns]
    assert len(flagged) <= 0.1 * len(people)
    assert all(share < right[[one.name for one in people]].median() for share in flagged)
