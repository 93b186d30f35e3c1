"""People's quality: figures as defined, intervals that hold, reasons where there is nothing to say."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binom, binomtest, quantile_test
from statsmodels.stats.proportion import confint_proportions_2indep

import weakhitl as wh
from strategies import votes as some_votes
from weakhitl.annotation import CountingRule, anchoring, annotator_quality, qualify, quality_table, who_counts
from weakhitl.annotation.people_quality import quantile_estimate, share_estimate
from weakhitl.errors import DataError, UsageError
from weakhitl.estimate import exact_bounds

SCHEMA = wh.LabelSchema(["a", "b", "c"], skip=["?"])


def rated(*rows, **columns) -> pd.DataFrame:
    """Rows of (item, annotator, label) or (item, annotator, label, role)."""
    full = [(*row, "annotator")[:4] for row in rows]
    return pd.DataFrame(full, columns=["item", "annotator", "label", "role"], dtype=object).assign(**columns)


def one(table, name="ana", **how):
    qualities = annotator_quality(table, SCHEMA, **{"min_evidence": 1} | how)
    return next(quality for quality in qualities if quality.name == name)


def figures(estimate):
    return estimate.value, estimate.n_units


def test_accuracy_is_over_items_with_gold_whatever_the_role_and_skips_are_not_wrong():
    table = rated(
        ("i1", "ana", "a"), ("g1", "ana", "b", "gold"), ("g2", "ana", "c", "gold"), ("g3", "ana", "?", "gold"),
        ("i2", "ana", "b"), ("i3", "ana", None), ("g1", "ana", "c", "repeat"), ("g1", "boss", "c", "adjudicator"),
    )  # fmt: skip
    gold = pd.Series({"i1": 0, "g1": 1, "g2": 1, "g3": 2, "i2": None, "never rated": 1})
    found = one(table, gold=gold)
    assert figures(found.gold_accuracy) == (2 / 3, 3)
    assert (found.ratings, found.skips) == (4, 2)
    names = {item: None if np.isnan(code) else SCHEMA.classes[int(code)] for item, code in gold.items()}
    assert one(table, gold=names).gold_accuracy == found.gold_accuracy
    assert [quality.name for quality in annotator_quality(table, SCHEMA)] == ["ana"]


def test_others_who_tie_tell_nothing_of_what_some_of_them_say_and_a_rating_alone_is_not_looked_at():
    table = rated(
        ("i1", "ana", "a"), ("i1", "bo", "a"), ("i1", "cy", "b"),
        ("i2", "ana", "a"), ("i2", "bo", "a"), ("i2", "cy", "a"), ("i2", "di", "?"), ("i3", "ana", "a"),
    )  # fmt: skip
    assert figures(one(table).loo_agreement) == (1.0, 1)
    assert figures(one(table, "cy").loo_agreement) == (1 / 2, 2)
    assert figures(one(table, "di").loo_agreement) == (None, 0)


@given(some_votes(items=(1, 12), sources=(1, 5)))
def test_agreement_with_the_others_is_that_of_qualify(votes):
    if not votes.n_votes:
        return
    table = votes.to_long().rename(columns={"source": "annotator"}).assign(role="annotator")
    expected = qualify(votes, 0.5, 1)
    for quality in annotator_quality(table, votes.schema, min_evidence=1):
        share, n = figures(quality.loo_agreement)
        assert n == expected["ratings"][quality.name]
        assert share == (pytest.approx(expected["agreement"][quality.name]) if n else None)


def test_a_repeat_is_compared_with_the_first_answer_under_the_same_guideline():
    table = rated(
        ("i1", "ana", "a"), ("i2", "ana", "a"), ("i3", "ana", "a"), ("i4", "ana", "?"), ("i1", "ana", "b"),
        ("i1", "ana", "a", "repeat"), ("i2", "ana", "b", "repeat"), ("i3", "ana", "b", "repeat"),
        ("i4", "ana", "a", "repeat"), ("i2", "ana", "a", "repeat"), ("i9", "ana", "a", "repeat"),
    ).assign(guideline="old")  # fmt: skip
    assert figures(one(table).self_consistency) == (1 / 3, 3)
    table.loc[7, "guideline"] = "new"
    assert figures(one(table).self_consistency) == (1 / 2, 2)
    assert figures(one(table.drop(columns="guideline")).self_consistency) == (1 / 3, 3)


def test_times_are_of_first_answers_with_a_class():
    rows = [(f"i{n}", "ana", "a") for n in range(5)]
    table = rated(*rows, ("i5", "ana", "?"), ("i0", "ana", "a", "repeat"), ("i6", "ana", "b"))
    table["seconds"] = [1.0, 2.0, 3.0, 4.0, 5.0, 100.0, 100.0, np.nan]
    found = one(table)
    assert figures(found.seconds_median) == (3.0, 5)
    assert found.seconds_median.reason == "5 ratings are too few for an upper end at 95% confidence"
    assert found.seconds_p10.low == 0.0


def test_what_is_undefined_says_how_much_is_there_and_how_much_is_needed():
    table = rated(("i1", "ana", "a"), ("i1", "bo", "a"), ("i2", "ana", "b"))
    found = one(table, gold={"i1": "a"}, min_evidence=20)
    assert found.gold_accuracy.reason == "1 rating on an item with gold; 20 are needed"
    assert found.loo_agreement.reason == "1 rating that can be compared with others'; 20 are needed"
    assert found.self_consistency.reason == "0 items rated twice under one guideline; 20 are needed"
    assert found.self_consistency.kind == "nothing-measured"
    assert found.seconds_median.reason == "the ratings have no column 'seconds'"
    assert found.patterns == ()
    assert [(pattern.name, pattern.p) for pattern in found.untested] == [
        ("always one class", None), ("too fast", None), ("periodic", None),
    ]  # fmt: skip
    assert found.untested[0].evidence == "2 ratings; 20 are needed"


def test_every_fault_is_named_at_once():
    table = rated(("i1", "ana", "a"), ("", "bo", "d"), ("i2", "ana", "b", "judge"))
    table = table.assign(time=["2025-01-01T10:00:00+00:00", "", "noon"], seconds=[1, -1, "fast"])
    with pytest.raises(DataError) as caught:
        annotator_quality(table, SCHEMA)
    text = str(caught.value)
    for part in (
        "row 2: label 'd' is not a class", "row 2: no item", "row 2: seconds are -1", "row 3: role 'judge' is unknown",
        "row 3: time 'noon' is not ISO 8601", "row 3: seconds are 'fast'",
    ):  # fmt: skip
        assert part in text
    with pytest.raises(DataError, match="no column 'annotator'"):
        annotator_quality(table.drop(columns="annotator"), SCHEMA)
    with pytest.raises(DataError, match="gold: item 'i1': 'z' is not a class"):
        annotator_quality(rated(("i1", "ana", "a")), SCHEMA, gold={"i1": "z"})
    for wrong in ({"confidence": 1}, {"min_evidence": 0}):
        with pytest.raises(UsageError, match="expected"):
            annotator_quality(rated(("i1", "ana", "a")), SCHEMA, **wrong)
    assert annotator_quality(rated(), SCHEMA) == []


@given(st.integers(20, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.8, 0.99))
def test_shares_have_the_interval_that_scipy_gives(counts, confidence):
    hits, n = counts
    found = share_estimate(hits, n, needed=20, confidence=confidence, what=("", ""), method="")
    expected = binomtest(hits, n).proportion_ci(confidence, method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("n", [20, 57, 200])
def test_the_interval_of_a_share_holds_the_truth_often_enough_whatever_it_is(n):
    low, high = np.array([exact_bounds(hits, n, 0.95) for hits in range(n + 1)]).T
    for share in np.linspace(0.02, 0.98, 49):
        assert binom.pmf(np.arange(n + 1), n, share)[(low <= share) & (share <= high)].sum() >= 0.95


@settings(max_examples=50)
@given(st.lists(st.floats(0.1, 1000), min_size=20, max_size=120, unique=True), st.sampled_from([0.1, 0.5]))
def test_times_have_the_interval_that_scipy_gives(values, at):
    found = quantile_estimate(np.array(values), at, needed=20, confidence=0.95)
    expected = quantile_test(values, p=at).confidence_interval(0.95)
    assert found.low == (0.0 if np.isnan(expected.low) else expected.low)
    assert found.high == expected.high
    assert found.low <= found.value <= found.high


def suggested(seed, n, *, pull, per_item=1):
    """Half of the ratings see the suggestion, which is right for the rater with probability .7."""
    rng = np.random.default_rng(seed)
    shown = rng.random(n) < 0.5
    follows = rng.random(n) < 0.7 + 0.3 * pull * shown
    rows = [(f"i{at // per_item}", f"p{at % per_item}", "a" if yes else "b") for at, yes in enumerate(follows)]
    return rated(*rows, suggested=np.where(shown, "a", ""), suggestion="a")


def test_anchoring_is_newcombes_difference_where_every_item_is_rated_once():
    table = suggested(1, 4000, pull=0.5)
    shown, agrees = table["suggested"] == "a", table["label"] == "a"
    counts = agrees[shown].sum(), shown.sum(), agrees[~shown].sum(), (~shown).sum()
    expected = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    found = anchoring(table, SCHEMA)
    assert found.value == pytest.approx(agrees[shown].mean() - agrees[~shown].mean())
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-4)
    assert found.n_units == 4000


def test_ratings_of_one_item_that_stand_and_fall_together_widen_the_interval():
    table = suggested(2, 100, pull=0.5)
    copies = [table.assign(annotator=f"p{at}") for at in range(4)]
    alone, together = anchoring(table, SCHEMA), anchoring(pd.concat(copies, ignore_index=True), SCHEMA)
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low == pytest.approx(alone.high - alone.low, rel=0.02)


def test_anchoring_holds_what_is_true_often_enough():
    held = 0
    for seed in range(300):
        found = anchoring(suggested(seed, 200, pull=0.5, per_item=4), SCHEMA)
        held += found.low <= 0.15 <= found.high
    assert held / 300 >= 0.93


def test_anchoring_is_undefined_without_hidden_suggestions():
    table = suggested(3, 100, pull=0)
    assert anchoring(table.drop(columns="suggestion"), SCHEMA).reason == "the ratings have no column 'suggestion'"
    assert anchoring(table[:20], SCHEMA).reason.endswith("20 needed of each")
    seen = table.assign(suggested="a", suggestion=None)
    assert anchoring(seen, SCHEMA).reason == "100 ratings with a suggestion shown, 0 with it hidden; 20 needed of each"
    with pytest.raises(DataError, match="row 3: suggestion: label 'z' is not a class"):
        anchoring(table.assign(suggestion=["a", "", "z", *["a"] * 97]), SCHEMA)
    with pytest.raises(UsageError, match="confidence"):
        anchoring(table, SCHEMA, confidence=0)


def graded(right, n, name="ana"):
    """Ratings on gold items, so many of them right."""
    table = rated(*[(f"g{at}", name, "a" if at < right else "b", "gold") for at in range(n)])
    return annotator_quality(table, SCHEMA, gold={f"g{at}": "a" for at in range(n)})[0]


def test_only_people_who_are_surely_worse_do_not_count():
    people = [graded(25, 50, "bad"), graded(32, 50, "unclear"), graded(50, 50, "good"), graded(0, 19, "hardly known")]
    found = who_counts(people, CountingRule(min_gold_accuracy=0.7))
    assert found == {
        "bad": "gold accuracy is 0.500, at most 0.645 at 95% confidence; 0.7 is needed",
        "unclear": "",
        "good": "",
        "hardly known": "",
    }
    assert who_counts(people, CountingRule(min_gold_accuracy=0.7, confidence=0.999))["bad"] == ""
    assert set(who_counts(people, CountingRule()).values()) == {""}


def test_somebody_just_at_the_bar_is_rarely_excluded():
    n, bar = 50, 0.8
    excluded = [exact_bounds(hits, n, 0.95)[1] < bar for hits in range(n + 1)]
    assert binom.pmf(np.arange(n + 1), n, bar)[excluded].sum() <= 0.025


def test_a_rule_that_makes_no_sense_is_refused():
    for wrong in ({"min_agreement": 70}, {"max_patterns": -1}, {"confidence": 1.0}):
        with pytest.raises(UsageError, match="expected"):
            CountingRule(**wrong)


def test_the_table_and_the_dict_are_for_reading_elsewhere():
    people = [graded(40, 50), graded(3, 3, "bo")]
    table = quality_table(people)
    assert table[["annotator", "ratings", "skips", "gold_accuracy", "patterns"]].to_numpy().tolist() == [
        ["ana", 50, 0, 0.8, ""], ["bo", 3, 0, pd.NA, ""],
    ]  # fmt: skip
    assert table["gold_accuracy_low"][0] == people[0].gold_accuracy.low
    assert quality_table([]).columns.equals(table.columns)
    parsed = json.loads(json.dumps(people[0].to_dict(), allow_nan=False))
    assert parsed["gold_accuracy"]["value"] == 0.8
    assert parsed["untested"][2]["name"] == "periodic"


def test_faults_of_ratings_are_named_by_their_rows_whatever_their_index():
    ratings = pd.DataFrame({"item": ["i1", "i2"], "annotator": "ana", "label": ["a", "eggs"]}, index=["x", "y"])
    schema = wh.LabelSchema(["a", "b"])
    with pytest.raises(DataError, match=r"ratings: row 2: .*'eggs'"):
        wh.annotator_quality(ratings, schema)
    suggested = ratings.assign(suggested="a", suggestion="a")
    with pytest.raises(DataError, match=r"ratings: row 2: label: .*'eggs'"):
        wh.anchoring(suggested, schema)
