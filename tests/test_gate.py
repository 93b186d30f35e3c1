"""The gate: verdicts by the bounds, and an accuracy that speaks of the whole release."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import weakhitl as wh
from weakhitl.agreement import units_needed
from weakhitl.config import CheckSection, parse_config
from weakhitl.gate import METRICS, Evidence, Gate, assess, figure, run_gate
from weakhitl.gate.accuracy import release_accuracy
from weakhitl.gate.strata import Stratum, heaviest_of
from weakhitl.gate.verdicts import decide
from weakhitl.release.evidence_files import NAMES
from weakhitl.routing import Batch

CHECK = CheckSection(metric="krippendorff-alpha", at_least=0.6)
CONFIG = """
[project]
name = "p"
[labels]
classes = ["a", "b"]
skip = ["?"]
[data]
path = "x.csv"
[labeling]
functions = ["f.py"]
[label_model]
name = "majority"
"""


def estimate(value, low=None, high=None, **facts):
    facts.setdefault("reason", None if low is not None else "why not")
    return wh.Estimate(value, low, high, **facts)


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [(0.6, 0.9, "pass"), (0.59, 0.9, "undecided"), (0.5, 0.6, "undecided"), (0.5, 0.599, "fail")],
)
def test_the_bounds_decide_and_the_point_estimate_does_not(low, high, status):
    assert decide(CHECK, estimate(high, low, high), [], "advice").status == status


def test_what_is_missing_comes_first_and_what_is_undefined_is_undecided():
    assert decide(CHECK, estimate(0.9, 0.8, 1.0), ["7 items; 50 are needed"], "").status == "undecided"
    assert decide(CHECK, estimate(0.1, 0.0, 0.2), ["7 items; 50 are needed"], "").status == "undecided"
    verdict = decide(CHECK, estimate(None), [], "")
    assert (verdict.status, verdict.why) == ("undecided", "undefined: why not")
    assert decide(CHECK, estimate(0.9), [], "").status == "undecided"


def test_fail_goes_before_undecided_and_undecided_before_pass():
    passed, failed, undecided = (
        decide(CHECK, estimate(0.5, low, high), [], "") for low, high in ((0.7, 0.9), (0.1, 0.2), (0.5, 0.7))
    )
    assert Gate((passed, passed)).status == "pass"
    assert Gate((passed, undecided)).status == "undecided"
    assert Gate((undecided, failed, passed)).status == "fail"
    assert Gate(()).status == "undecided"


def test_an_undecided_check_says_how_many_more_items_it_takes():
    verdict = decide(CHECK, estimate(0.65, 0.55, 0.75, se=0.06, n_pairable=100), [], "")
    assert verdict.advice == "about 290 more items like those measured would pass it, if the estimate stays"
    hopeless = decide(CHECK, estimate(0.59, 0.55, 0.75, se=0.06, n_pairable=100), [], "")
    assert "more items alone are unlikely" in hopeless.advice


def test_no_more_items_are_asked_for_than_the_dataset_has():
    undecided = estimate(0.65, 0.55, 0.75, se=0.06, n_pairable=100)
    assert decide(CHECK, undecided, [], "talk", 290).advice.startswith("about 290 more items")
    few = decide(CHECK, undecided, [], "talk", 289).advice
    assert few == "it would take about 290 more items like those measured, and 289 are left; talk"
    assert "more items, then" in decide(CHECK, undecided, ["7 items; 50 are needed"], "", 1).advice
    assert decide(CHECK, undecided, ["7 items; 50 are needed"], "", 0).advice.startswith("every item is routed")
    rows = [row for item in ("i0", "i1") for row in people(item, "a", "b")]
    made = assess(
        evidence(
            [[0]] * 2,
            rows,
            [audit("i0", "i1", frame=2)],
            '[[gate.check]]\nmetric = "percent-agreement"\nat_least = 0.5\n',
        )
    )
    assert run_gate(made).verdicts[0].advice.startswith("every item is routed")


@given(st.floats(0.61, 0.99), st.floats(0.01, 0.2), st.integers(10, 1000))
def test_so_many_units_as_planned_bring_the_bound_to_the_bar(value, se, n):
    needed = units_needed(wh.Estimate(value, 0.0, 1.0, se, n_pairable=n), 0.6, 0.95)
    bound = value - 1.6448536 * se * np.sqrt(n / needed)
    assert bound >= 0.6 - 1e-6 or needed == n


def test_what_chance_alone_parts_weighs_alike():
    """Of the last audit one item stands for 90 and nine for 10, where each stands for ten by design."""
    one, nine = np.arange(10) < 1, np.arange(10) >= 1
    few, many = (Stratum(name, size, who, None) for name, size, who in (("above", 90, one), ("rest", 10, nine)))
    assert heaviest_of([few, many]) == 90
    assert heaviest_of([replace(few, last=True), replace(many, last=True)]) == 10
    assert (
        heaviest_of([replace(few, last=True), replace(many, last=True), Stratum("pilot", 20, nine | one, None)]) == 12
    )


def evidence(functions, ratings=(), batches=(), more="") -> Evidence:
    """Evidence with a function per column; ratings are (item, annotator, label, role)."""
    config = parse_config(CONFIG + more, NAMES)
    votes = wh.Votes.from_matrix(functions, config.schema_, items=[f"i{n}" for n in range(len(functions))])
    table = pd.DataFrame(list(ratings), columns=["item", "annotator", "label", "role"], dtype=object)
    return Evidence(config, votes, table, tuple(batches))


def audit(*items, frame) -> Batch:
    n = len(items)
    table = pd.DataFrame({"item": items, "reason": "audit", "probability": n / frame, "rank": range(1, n + 1)})
    return Batch("routing", 0, 3, frame, table)


def people(item, *labels):
    return [(item, f"p{n}", label, "annotator") for n, label in enumerate(labels)]


def decision(item, label):
    return (item, "senior", label, "adjudicator")


def test_items_nobody_rated_are_judged_by_the_functions_label_of_the_audited_ones():
    """Functions say a, people say b, and b is right: the unrated items are wrong, the audited ones are not."""
    ratings = [row for item in ("i0", "i1") for row in [*people(item, "b", "b", "b"), decision(item, "b")]]
    assessment = assess(evidence([[0]] * 10, ratings, [audit("i0", "i1", frame=10)]))
    assert assessment.final.labels.tolist() == [1, 1] + [0] * 8
    assert release_accuracy(assessment).value == pytest.approx(2 / 10)


def test_an_audited_item_counts_with_the_label_it_would_have_without_its_decision():
    """People agree on a and the adjudicator says b: the release says b, the figure counts an error."""
    ratings = [*people("i0", "a", "a", "a"), decision("i0", "b")]
    assessment = assess(evidence([[0]], ratings, [audit("i0", frame=1)]))
    assert assessment.final.labels.tolist() == [1]
    assert assessment.origin.tolist() == ["adjudicated"]
    assert release_accuracy(assessment).value == 0


def test_ties_are_adjudicated_in_the_ordinary_course_and_count_as_right():
    ratings = [*people("i0", "a", "b"), decision("i0", "b")]
    assert release_accuracy(assess(evidence([[0]], ratings, [audit("i0", frame=1)]))).value == 1


def test_a_decision_that_nobody_could_make_is_an_error_and_a_missing_one_only_below():
    rows = [row for n in range(4) for row in people(f"i{n}", "a", "a", "a")]
    batch = audit("i0", "i1", "i2", "i3", frame=4)
    decided = [decision(f"i{n}", "a") for n in range(3)]
    could_not = release_accuracy(assess(evidence([[0]] * 4, [*rows, *decided, decision("i3", "?")], [batch])))
    waiting = release_accuracy(assess(evidence([[0]] * 4, [*rows, *decided], [batch])))
    assert could_not.value == waiting.value == 0.75
    assert could_not.low == waiting.low
    assert could_not.high < waiting.high == 1


def test_an_undefined_accuracy_says_why():
    nothing = release_accuracy(assess(evidence([[0]] * 3)))
    assert nothing.reason == "no audited item has been adjudicated"
    ratings = [*people("i0", "a", "a"), decision("i0", "a")]
    alone = [[-1]] + [[0]] * 3  # the functions say nothing of the audited item, so it cannot stand for the others
    reason = release_accuracy(assess(evidence(alone, ratings, [audit("i0", frame=4)]))).reason
    assert reason == "no audited item stands for these released ones: 3 (items in no batch)"


def test_decisions_do_not_teach_the_label_model():
    ratings = [*people("i0", "a", "a", "a")]
    batch = [audit("i0", "i1", frame=4)]
    more = "\n[routing]\naudit = 1\nbudget = 1\n"
    without = assess(evidence([[0]] * 4, ratings, batch, more))
    with_ = assess(evidence([[0]] * 4, [*ratings, decision("i0", "b"), decision("i1", "b")], batch, more))
    assert np.array_equal(without.joint.probabilities, with_.joint.probabilities)


def test_adjudicators_who_disagree_decide_nothing():
    ratings = [decision("i0", "a"), ("i0", "other", "b", "adjudicator"), decision("i1", "b")]
    assert evidence([[0], [0]], ratings).decisions().to_dict() == {"i0": -1, "i1": 1}


def test_weights_of_earlier_batches_are_one_and_of_the_last_the_inverse_probability():
    batches = [audit("i0", frame=4), audit("i1", "i2", frame=3)]
    assert evidence([[0]] * 4, (), batches).weights().to_dict() == {"i0": 1, "i1": 1.5, "i2": 1.5}


@pytest.mark.parametrize("metric", METRICS)
def test_every_check_is_undecided_or_counted_on_a_project_without_people(metric):
    found = figure(assess(evidence([[0]] * 3)), metric)
    counted = {"coverage": 1, "coverage-gap": 1}  # of one group: compared only by a check with a slice
    counted |= dict.fromkeys(
        ["conflict", "class-drift", "open-adjudications", "rated-items", "minority-items", "overlap"], 0
    )
    assert found.value == counted.get(metric)
    assert metric in counted or found.reason


def test_preconditions_are_those_of_the_policy():
    rows = [row for n in range(30) for row in people(f"i{n}", *("aab" if n < 3 else "aaa"))]
    more = '[[gate.check]]\nmetric = "percent-agreement"\nat_least = 0.5\nmin_units = 40\nmin_minority = 5\n'
    gate = run_gate(assess(evidence([[0]] * 30, rows, [audit(*[f"i{n}" for n in range(30)], frame=30)], more)))
    assert gate.verdicts[0].why == (
        "30 items have two ratings; 40 are needed; 3 items have a rating off the commonest class; 5 are needed"
    )


def test_an_estimate_holds_no_nan_and_says_why_it_is_undefined():
    with pytest.raises(ValueError, match="no nan"):
        wh.Estimate(float("nan"), reason="x")
    with pytest.raises(ValueError, match="needs a reason"):
        wh.Estimate(None)
    assert str(wh.Estimate(None, reason="no pairs")) == "undefined: no pairs"
    assert wh.Estimate(None, reason="no pairs").kind == "other"
    assert estimate(0.5, 0.4, 0.6).kind is None
    assert str(estimate(0.5, 0.4, 0.6)) == "0.500 [0.400, 0.600]"
