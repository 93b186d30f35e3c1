"""The policy: slices with Holm's correction, scopes, waivers, sequential checks, and all that can be measured."""

import json
import multiprocessing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import weakhitl as wh
from test_gate import audit, decision, evidence, people
from weakhitl.config import CheckSection, GateSection, WaiverSection, parse_config
from weakhitl.errors import ConfigError, DataError
from weakhitl.gate import Context, Subject, assess, run_gate, run_policy
from weakhitl.gate.audit import sequential_accuracy
from weakhitl.gate.checks import _each, _Part
from weakhitl.gate.log import Run, append_run, evidence_digest, read_runs
from weakhitl.gate.metrics import METRICS, Metric
from weakhitl.monitor import group_confidence, largest_gap
from weakhitl.release.evidence_files import NAMES
from weakhitl.routing import Batch

SCHEMA = wh.LabelSchema(["a", "b", "c"])
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def subject(right=(0.95, 0.95), groups=("x", "y"), n=200, seed=0) -> Subject:
    """Two coders; in group number g they are right with probability ``right[g]``."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) % len(groups)
    truth = rng.integers(0, 3, (n, 1))
    p = np.array(right)[group][:, None]
    matrix = np.where(rng.random((n, 2)) < p, truth, rng.integers(0, 3, (n, 2)))
    items = [f"i{k}" for k in range(n)]
    attributes = pd.DataFrame({"group": np.array(groups, dtype=object)[group]}, index=items)
    return Subject(wh.Votes.from_matrix(matrix, SCHEMA, items=items, sources=["ana", "bo"]), None, attributes, NOW)


def check(metric="krippendorff-alpha", **settings) -> CheckSection:
    settings = {"at_least": 0.6} | settings if "at_most" not in settings else settings
    return CheckSection.model_validate({"metric": metric} | settings)


def run(one: Subject, *checks: CheckSection, waivers=(), own=None):
    return run_policy(one, GateSection(check=list(checks), waiver=list(waivers)), own)


def test_one_bad_slice_fails_a_check_that_passes_on_the_whole():
    one = subject(right=(0.98, 0.5, 0.98, 0.98), groups=("w", "x", "y", "z"), n=800)
    whole, by_group = run(one, check(), check(slice="group")).verdicts
    assert whole.status == "pass"
    assert by_group.status == "fail"
    assert {name: status for name, (status, _) in by_group.parts.items()} == {
        "w": "pass", "x": "fail", "y": "pass", "z": "pass",
    }  # fmt: skip
    assert by_group.estimate == by_group.parts["x"][1]
    assert "4 parts; fail: x; the worst: upper bound" in by_group.why


def test_every_slice_has_to_pass_and_too_small_ones_are_left_out_by_name():
    one = subject(groups=("x", "y"), n=120)
    some = check(slice="group", min_units=50, min_minority=10)
    assert run(one, some).status == "pass"
    undecided = run(one, check(slice="group", min_units=61, min_minority=10)).verdicts[0]
    assert undecided.status == "undecided"
    few = one.attributes.copy()
    few.iloc[0] = "tiny"
    with_tiny = Subject(one.votes, None, few, NOW)
    assert run(with_tiny, some).status == "undecided"
    left_out = run(with_tiny, check(slice="group", min_units=50, min_minority=10, min_slice=5)).verdicts[0]
    assert left_out.status == "pass"
    assert "left out, too small: tiny" in left_out.why


def test_where_distances_count_more_units_are_needed_unless_the_policy_says_otherwise():
    one = subject(n=80, right=(0.98, 0.98))
    ordinal = Subject(
        wh.Votes.from_matrix(one.votes.to_matrix(), wh.LabelSchema(["1", "2", "3"], "ordinal"), items=one.votes.items),
        None,
        one.attributes,
        NOW,
    )
    assert run(one, check()).status == "pass"
    assert run(ordinal, check()).verdicts[0].why == "80 items have two ratings; 100 are needed"
    assert run(ordinal, check(min_units=50)).status == "pass"
    assert run(ordinal, check("fleiss-kappa")).status == "pass"


def test_a_scope_looks_at_its_items_alone():
    one = subject(right=(0.98, 0.5))
    x, y = run(one, check(where={"group": "x"}), check(where={"group": ["y"]})).verdicts
    assert (x.status, y.status) == ("pass", "fail")
    assert (x.name, y.name) == ("krippendorff-alpha where group=x", "krippendorff-alpha where group=y")
    alone = wh.krippendorff_alpha(one.votes.take_items(np.arange(0, 200, 2)), confidence=0.9)
    assert (x.estimate.value, x.estimate.low) == (alone.value, pytest.approx(alone.low))


def test_a_scope_and_slices_go_together():
    one = subject(n=400)
    halves = one.attributes.assign(half=["one"] * 200 + ["two"] * 200)
    both = Subject(one.votes, None, halves, NOW)
    parts = run(both, check(where={"half": "one"}, slice="group")).verdicts[0].parts
    assert {name: estimate.n_units for name, (_, estimate) in parts.items()} == {"x": 100, "y": 100}
    twice = run(both, check(where={"half": "two", "group": "x"})).verdicts[0]
    assert twice.estimate.n_units == 100


def test_a_class_is_measured_against_the_rest_and_a_star_means_each():
    one = subject()
    single, each = run(one, check(**{"class": "b"}), check(**{"class": "*"})).verdicts
    assert single.name == "krippendorff-alpha of b"
    assert list(each.parts) == ["a", "b", "c"]
    assert each.parts["b"][1] == single.estimate


def test_a_slice_that_does_not_pass_stays_behind_and_the_other_checks_speak_of_the_rest():
    one = subject(right=(0.98, 0.4, 0.98), groups=("x", "y", "z"), n=300)
    policy = [check(name="sources", slice="group", otherwise="withhold"), check(name="all"), check("rated-items")]
    gate = run(one, *policy)
    assert gate.status == "pass"
    assert gate.verdicts[0].why == "2 of 3 parts pass; withheld: y"
    rest = gate.verdicts[1]
    assert rest.why.endswith("; bounds that hold for every choice of the parts that are not withheld")
    assert rest.estimate.confidence == pytest.approx(1 - 2 * 0.05 / (3 * 3))  # two of three parts, of three numbers
    assert gate.verdicts[2].why == "lower bound 200.0 clears 0.6"
    assert gate.withheld.tolist() == (np.arange(300) % 3 == 1).tolist()
    assert gate.verdicts[2].estimate.value == 200
    assert gate.verdicts[1].estimate.value > 0.9
    assert gate.to_dict()["withheld"] == 100


def test_what_is_released_of_slices_that_look_good_is_not_believed_to_be_better_than_all():
    """Every label is right with .85. The slices that pass .7 look better, and 60 runs' bounds of the rest do not."""
    n, too_high, released, looks = 240, 0, 0, []
    items = [f"i{k}" for k in range(n)]
    groups = pd.DataFrame({"group": [f"g{k % 8}" for k in range(n)]}, index=items)
    policy = [
        check("release-accuracy", name="groups", at_least=0.7, slice="group", otherwise="withhold"),
        check("release-accuracy", name="rest", at_least=0.9),
    ]
    for seed in range(60):
        right = np.random.default_rng(seed).random(n) < 0.85
        rows = [decision(item, "a" if ok else "b") for item, ok in zip(items, right, strict=True)]
        rows += [row for item in items for row in people(item, "a", "a")]
        made = evidence([[0]] * n, rows, [audit(*items, frame=n)])
        gate = run(Subject.of(assess(replace(made, context=Context(NOW, attributes=groups)))), *policy)
        if gate.verdicts[0].status == "pass":
            rest = gate.verdicts[1].estimate
            released += 1
            looks.append(rest.value)
            too_high += rest.low > 0.85
    assert released > 30
    assert np.mean(looks) > 0.92
    assert too_high <= 0.05 * released


def test_what_either_of_two_checks_withholds_stays_behind():
    one = subject(right=(0.98, 0.4, 0.98, 0.98), groups=("w", "x", "y", "z"), n=800)
    other = pd.Series(np.repeat(["poor", "good"], 400), index=one.attributes.index)
    rng = np.random.default_rng(5)
    matrix = one.votes.to_matrix().copy()
    matrix[:400] = rng.integers(0, 3, (400, 2))
    votes = wh.Votes.from_matrix(matrix, SCHEMA, items=one.votes.items, sources=one.votes.sources)
    both = replace(one, votes=votes, attributes=one.attributes.assign(half=other))
    policy = [
        check(slice="half", otherwise="withhold"),
        check(slice="group", otherwise="withhold", name="groups", at_least=0.3),
        check("rated-items", at_least=1),
    ]
    for some in (policy, [policy[1], policy[0], policy[2]]):
        gate = run(both, *some)
        assert gate.withheld.tolist() == ((np.arange(800) < 400) | (np.arange(800) % 4 == 1)).tolist()
        assert gate.verdicts[2].estimate.value == 300


def test_of_so_many_slices_that_no_level_is_left_the_rest_has_no_bound_but_what_is_counted_has():
    """Half of eighty slices pass: the level of a bound for every choice rounds to 1."""
    names = tuple(f"g{k}" for k in range(80))
    one = subject(right=(0.95,) * 40 + (0.3,) * 40, groups=names, n=8000)
    small = {"min_units": 1, "min_minority": 0}
    policy = [
        check(name="groups", slice="group", otherwise="withhold", min_slice=1, **small),
        check(name="rest", **small),
        check("rated-items", at_least=100),
    ]
    groups, rest, counted = run(one, *policy).verdicts
    assert groups.status == "pass"
    assert 30 < sum(status == "pass" for status, _ in groups.parts.values()) <= 40
    assert rest.status == "undecided"
    assert rest.estimate.value > 0.8
    assert "no bound holds for so many choices of parts" in rest.why
    assert counted.status == "pass"


def test_where_no_slice_passes_the_check_does_not_and_nothing_is_withheld():
    gate = run(subject(right=(0.4, 0.4)), check(slice="group", otherwise="withhold"))
    assert gate.status == "fail"
    assert not gate.withheld.any()


def family(bounds: dict[str, float], one: CheckSection):
    """Judge parts of normal estimates with unit standard errors; ``bounds`` are their values."""
    from scipy.stats import norm

    def metric(value: float) -> Metric:
        def measure(part, check_, confidence):
            half = norm.ppf((1 + confidence) / 2)
            return wh.Estimate(value, value - half, value + half, 1.0, confidence, 100, 100)

        return Metric(measure, "")

    whole = subject()
    return _each({name: _Part(one, metric(value), whole) for name, value in bounds.items()}, one)


def test_holms_correction_is_needed_to_fail_and_not_to_pass():
    """1.8 standard errors below the bar: enough alone, not enough among ten; Holm's steps follow the clearest."""
    one = check(at_least=0.0)
    assert family({"a": -1.8}, one).status == "fail"
    among_ten = family({"a": -1.8} | {f"ok{n}": 5.0 for n in range(9)}, one)
    assert among_ten.status == "undecided"
    assert "would fail alone, but not beyond doubt among 10: a" in among_ten.why
    assert family({"a": -3.0} | {f"ok{n}": 5.0 for n in range(9)}, one).status == "fail"
    for settings, side in (({"at_least": 0.0}, -1), ({"at_most": 0.0}, 1)):
        for values in ({"a": 2.4 * side, "b": 1.7 * side}, {"b": 1.7 * side, "a": 2.4 * side}):
            two = family(values, check(**settings))
            assert {name: status for name, (status, _) in two.parts.items()} == {"a": "fail", "b": "fail"}
    assert family({f"ok{n}": 1.7 for n in range(10)}, one).status == "pass"


def test_parts_that_are_kept_while_others_are_withheld_pass_by_holms_steps():
    """Each next one at a level for fewer, the clearest first, whatever their order."""
    one = check(at_least=0.0, slice="group", otherwise="withhold")
    for values in ({"a": 2.4, "b": 1.7}, {"b": 1.7, "a": 2.4}):
        assert {status for status, _ in family(values, one).parts.values()} == {"pass"}
    assert {status for status, _ in family({"a": 1.9, "b": 1.7}, one).parts.values()} == {"undecided"}


def test_a_bound_that_is_just_the_bar_keeps_to_it():
    for settings in ({"at_least": 0.25}, {"at_most": 0.25}):

        def own(part, confidence):
            return wh.Estimate(0.25, 0.25, 0.25, 0.0)

        assert run(subject(), check("c.py:f", **settings), own={"c.py:f": own}).status == "pass"


def test_a_family_with_bad_parts_passes_or_fails_wrongly_no_more_often_than_promised():
    """All ten parts exactly at the bar, 2,000 runs: failing one of them, or passing all, happens in at most 5 %."""
    rng = np.random.default_rng(0)
    one = check(at_least=0.0)
    found = [family(dict(zip("abcdefghij", rng.standard_normal(10), strict=True)), one).status for _ in range(2000)]
    for wrong in ("fail", "pass"):
        assert binomtest(found.count(wrong), 2000, 0.05, alternative="greater").pvalue > 0.01


def test_a_gap_between_groups_is_bounded_for_all_pairs_at_once():
    one = subject(right=(0.98, 0.5, 0.9), groups=("x", "y", "z"), n=600)
    found = run(one, check("agreement-gap", at_most=0.2, slice="group")).verdicts[0]
    assert found.status == "fail"
    assert found.estimate.method.startswith("x against y, of 3 groups")
    alphas = wh.by_slice(one.votes, one.attributes["group"])
    assert found.estimate.value == pytest.approx(alphas["x"].value - alphas["y"].value)
    even = run(subject(right=(0.95, 0.95), n=600), check("agreement-gap", at_most=0.2, slice="group")).verdicts[0]
    assert even.status == "pass"
    assert even.estimate.low == 0


def test_the_bounds_of_a_gap_hold_as_often_as_promised():
    """Four groups with the same truth, 2,000 runs: the upper bound is never below 0, the lower one above in 5 %."""
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    half = norm.ppf((1 + group_confidence(0.9, 4)) / 2)
    wrong = 0
    for _ in range(2000):
        groups = {
            name: wh.Estimate(v, v - half, v + half) for name, v in zip("abcd", rng.standard_normal(4), strict=True)
        }
        gap = largest_gap(groups, 0.9)
        wrong += gap.low > 0
        assert gap.high >= 0
    assert binomtest(wrong, 2000, 0.05, alternative="greater").pvalue > 0.01


@pytest.mark.parametrize(("groups", "why"), [({}, "two groups"), ({"a": None, "b": None}, "a: nothing")])
def test_a_gap_that_cannot_be_measured_says_why(groups, why):
    found = {name: wh.Estimate(None, reason="nothing") for name in groups}
    assert why in largest_gap(found, 0.9).reason


def test_a_bad_slice_is_let_through_no_more_often_than_promised_however_many_there_are():
    """Ten slices exactly at the bar, those that do not pass are withheld, 2,000 runs: any passes in at most 5 %."""
    rng = np.random.default_rng(0)
    one = check(at_least=0.0, slice="group", otherwise="withhold")
    wrong = 0
    for _ in range(2000):
        found = family(dict(zip("abcdefghij", rng.standard_normal(10), strict=True)), one)
        wrong += any(status == "pass" for status, _ in found.parts.values())
    assert binomtest(wrong, 2000, 0.05, alternative="greater").pvalue > 0.01


def waiver(expires: date) -> WaiverSection:
    return WaiverSection(check="krippendorff-alpha", reason="new people", owner="ana", expires=expires)


def test_a_waived_check_does_not_stand_in_the_way_until_its_day_is_over():
    one = subject(right=(0.5, 0.5))
    assert run(one, check()).status == "fail"
    held = run(one, check(), waivers=[waiver(NOW.date())])
    assert (held.status, held.verdicts[0].status) == ("pass", "waived")
    assert "waived until 2026-11-21 by ana: new people" in held.verdicts[0].why
    assert held.waived == held.verdicts
    expired = run(one, check(), waivers=[waiver(NOW.date() - timedelta(days=1))])
    assert expired.status == "fail"
    assert "the waiver of ana expired on 2026-11-20" in expired.verdicts[0].why


def test_an_expired_waiver_turns_undecided_into_fail_and_leaves_a_pass_alone():
    old = waiver(date(2020, 1, 1))
    assert run(subject(n=40), check()).status == "undecided"
    assert run(subject(n=40), check(), waivers=[old]).status == "fail"
    passed = run(subject(), check(), waivers=[old])
    assert passed.status == "pass"
    assert passed.verdicts[0].waiver["owner"] == "ana"


def test_a_sequential_check_has_a_wider_bound_and_needs_the_burn_in():
    one = subject()
    fixed, sequential = run(one, check(), check(name="peeking", sequential=True)).verdicts
    assert sequential.estimate.low < fixed.estimate.low
    assert "asymptotic confidence sequence" in sequential.estimate.method
    middle = (sequential.estimate.low + sequential.estimate.high) / 2
    assert sequential.estimate.value == pytest.approx(middle)
    early = run(subject(n=48), check(sequential=True, min_units=10, min_minority=5)).verdicts[0]
    assert early.status == "undecided"
    assert "begins at 50" in early.why


def test_an_upper_bar_passes_below_and_fails_above():
    for high, low, status in ((0.2, 0.1, "pass"), (0.4, 0.31, "fail"), (0.4, 0.2, "undecided")):

        def own(part, confidence, low=low, high=high):
            return wh.Estimate((low + high) / 2, low, high, 0.05)

        gate = run(subject(), check("c.py:f", at_most=0.3), own={"c.py:f": own})
        assert gate.status == status


def test_of_slices_under_an_upper_bar_the_highest_is_the_worst():
    def own(part, confidence):
        middle, half = {"x": (0.27, 0.01), "y": (0.24, 0.08), "z": (0.1, 0.05)}[
            part.attributes["group"][part.votes.items[0]]
        ]
        return wh.Estimate(middle, middle - half, middle + half, half / 2)

    one = subject(right=(0.9, 0.9, 0.9), groups=("x", "y", "z"), n=300)
    (verdict,) = run(one, check("c.py:f", at_most=0.3, slice="group"), own={"c.py:f": own}).verdicts
    assert (verdict.status, verdict.estimate.value) == ("undecided", 0.24)  # its upper bound is the highest


def test_a_check_of_ones_own_gets_the_subject_and_must_give_an_estimate():
    seen = []

    def own(part, confidence):
        seen.append((part, confidence))
        return wh.percent_agreement(part.votes, confidence=confidence)

    gate = run(subject(), check("c.py:f", where={"group": "x"}), own={"c.py:f": own})
    assert gate.status == "pass"
    assert (len(seen[0][0].votes), seen[0][1]) == (100, pytest.approx(0.9))
    with pytest.raises(ConfigError, match="gave float; expected a weakhitl"):
        run(subject(), check("c.py:f"), own={"c.py:f": lambda part, confidence: 1.0})
    with pytest.raises(ConfigError, match="was not loaded"):
        run(subject(), check("c.py:f"))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"metric": "coverage"}, "needs a project; a table of ratings can be checked for krippendorff-alpha"),
        ({"metric": "overlap", "sequential": True}, "drop sequential"),
        ({"metric": "overlap", "class": "a"}, "class is for agreement only"),
        ({"class": "z"}, "class 'z' is none; the classes are a, b, c"),
        ({"predictions": True}, "nothing else"),
        ({"metric": "agreement-gap", "at_most": 0.1}, "compares groups; name their column with slice"),
        (
            {"metric": "agreement-gap", "at_most": 0.1, "slice": "group", "otherwise": "withhold"},
            "cannot withhold one of them",
        ),
        ({"at_most": 0.2}, "at_most = 0.2 would let the worst pass and stop the best; expected at_least"),
        (
            {"metric": "agreement-gap", "at_least": 0.2, "slice": "group"},
            "agreement-gap by group: at_least = 0.2 .* at_most",
        ),
        ({"slice": "language"}, "the data has no column 'language'; there are group"),
        ({"where": {"group": "q"}}, "no item has group = 'q'; values are x, y"),
    ],
)
def test_a_check_that_cannot_be_run_says_why(settings, what):
    with pytest.raises(ConfigError, match=what):
        run(subject(), check(**settings))


POLICY = """
[project]
name = "p"
[labels]
classes = ["a", "b"]
[data]
path = "x.csv"
[labeling]
functions = ["f.py"]
"""


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[[gate.check]]\nmetric = "coverage"', "expected at_least or at_most, one of the two"),
        ('[[gate.check]]\nmetric = "coverage"\nat_least = 0.1\nat_most = 0.2', "expected at_least or at_most"),
        ('[[gate.check]]\nmetric = "coverage"\nat_least = 0.1\n' * 2, "two checks are called 'coverage'"),
        ('[[gate.check]]\nmetric = "coverage"\nat_least = 0.1\nslise = "x"', "did you mean 'slice'"),
        ('[[gate.check]]\nmetric = "coverage"\nat_least = 0.1\nclas = "x"', "did you mean 'class'"),
        (
            '[[gate.check]]\nmetric = "coverage"\nat_least = 0.1\notherwise = "withhold"',
            "otherwise = 'withhold' needs a slice",
        ),
        (
            '[[gate.waiver]]\ncheck = "x"\nreason = "r"\nowner = "o"\nexpires = 2026-01-01',
            "waiver 1 is for 'x', which is no check; there are none",
        ),
        ('[[gate.waiver]]\ncheck = "x"\nreason = "r"\nexpires = "soon"', "owner is missing"),
        (
            '[[gate.waiver]]\ncheck = "x"\nreason = "r"\nowner = "o"\nexpires = "2026-02-31"',
            "gate.waiver 1: expires: 2026-02-31 is no day; expected one such as 2027-01-31",
        ),
        ('[[gate.check]]\nmetric = "krippendorff_alpha"\nat_least = 0.1', "did you mean 'krippendorff-alpha'"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_the_place(text, what):
    with pytest.raises(ConfigError, match=what):
        parse_config(POLICY + text, NAMES)


@pytest.mark.parametrize("written", ["2999-12-31", '"2999-12-31"'])
def test_a_day_may_stand_in_quotes(written):
    check = '[[gate.check]]\nmetric = "coverage"\nat_least = 0.1\n'
    waiver = f'[[gate.waiver]]\ncheck = "coverage"\nreason = "r"\nowner = "o"\nexpires = {written}\n'
    assert parse_config(POLICY + check + waiver, NAMES).gate.waiver[0].expires == date(2999, 12, 31)


def project(more="", context=None, n=30):
    """Thirty items, functions that say a; people rate the first ten, the adjudicator decides them."""
    items = [f"i{k}" for k in range(n)]
    rows = [row for k in range(10) for row in people(items[k], "a", "a", "b" if k < 2 else "a")]
    rows += [decision(items[k], "a") for k in range(8)]
    made = evidence([[0, 0] if k % 2 else [0, 1] for k in range(n)], rows, [audit(*items[:10], frame=n)], more)
    return assess(replace(made, context=context or Context(NOW)))


def value(metric: str, assessment, **settings):
    one = check(metric, at_most=100, **settings)
    return METRICS[metric].measure(Subject.of(assessment), one, 0.9)


@pytest.mark.parametrize(
    ("settings", "is_idle"),
    [
        ({"metric": "rated-items", "at_least": 0}, True),
        ({"metric": "rated-items", "at_least": 1}, False),
        ({"metric": "percent-agreement", "at_least": 0.0}, True),
        ({"at_least": 0.0}, False),
        ({"at_least": -1.0}, True),
        ({"metric": "agreement-gap", "at_most": 1.0, "slice": "group"}, False),
    ],
)
def test_a_pass_says_where_every_figure_would_have_passed(settings, is_idle):
    (verdict,) = run(subject(n=600), check(**settings)).verdicts
    assert verdict.status == "pass"
    assert ("no figure would miss this bar" in verdict.why) == is_idle


@pytest.mark.parametrize(("bar", "is_idle"), [(1.0, True), (0.9, False)])
def test_so_it_does_of_an_upper_bar(bar, is_idle):
    (verdict,) = run_gate(project(f'[[gate.check]]\nmetric = "conflict"\nat_most = {bar}\n')).verdicts
    assert verdict.status == "pass"
    assert ("no figure would miss this bar" in verdict.why) == is_idle


def test_what_is_undecided_has_passed_nothing():
    (verdict,) = run(subject(n=10), check(at_least=-1.0)).verdicts
    assert verdict.status == "undecided"
    assert "no figure would miss" not in verdict.why


def test_conflict_open_adjudications_and_units_are_counted():
    assessment = project()
    assert value("conflict", assessment).value == 0.5
    assert value("open-adjudications", assessment).value == 2
    assert value("rated-items", assessment).value == 10
    assert value("minority-items", assessment).value == 2
    assert value("overlap", assessment).value == 3


def test_the_share_of_stale_ratings_and_the_age_of_the_last():
    assessment = project()
    assert value("stale-ratings", assessment).value == 0
    table = assessment.evidence.ratings.assign(guideline="new", time="2026-11-20T12:00:00+00:00")
    table.loc[:8, "guideline"] = "old"
    made = replace(assessment.evidence, ratings=table, context=Context(NOW, guideline="new"))
    fresh = assess(made)
    assert value("stale-ratings", fresh).value == pytest.approx(9 / 30)
    assert value("data-age", fresh).value == pytest.approx(1)
    ahead = replace(made, ratings=table.assign(time="2026-11-21T13:00:00+00:00"))
    assert value("data-age", assess(ahead)).value == 0
    assert "no rating that counts carries a time" in value("data-age", assessment).reason


def test_drift_is_the_distance_from_the_class_shares_of_the_last_release():
    before = project(context=Context(NOW, previous={"version": "1.0.0", "classes": {"a": 0.6, "b": 0.4}}))
    shares = np.bincount(before.final.labels[before.released], minlength=2) / before.released.sum()
    assert value("class-drift", before).value == pytest.approx(abs(shares[0] - 0.6))
    gone = project(context=Context(NOW, previous={"version": "1.0.0", "classes": {"b": 0.5, "x": 0.5}}))
    assert value("class-drift", gone).value == pytest.approx((shares[0] + abs(shares[1] - 0.5) + 0.5) / 2)
    assert value("class-drift", gone).se == 0  # it is counted
    assert "no earlier release" in value("class-drift", project()).method


def test_the_lowest_annotator_is_named_with_an_exact_bound_for_so_many_people():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 100)
    columns = [np.where(rng.random(100) < p, truth, rng.integers(0, 3, 100)) for p in (0.99, 0.99, 0.5)]
    votes = wh.Votes.from_matrix(np.column_stack(columns), SCHEMA, sources=["ana", "bo", "cy"])
    one = Subject(votes, None, pd.DataFrame(), NOW)
    found = METRICS["annotator-quality"].measure(one, check("annotator-quality"), 0.9)
    assert found.method.endswith("here cy")
    agreement = float(wh.by_coder(votes).loc["cy", "agreement"])
    hits = round(agreement * 100)
    exact = binomtest(hits, 100).proportion_ci(1 - 0.1 / 3, method="exact")
    assert found.value == pytest.approx(agreement)
    assert found.low == pytest.approx(exact.low, abs=0.01)
    assert found.se == pytest.approx(np.sqrt(agreement * (1 - agreement) / 100))


def test_accuracy_by_slice_speaks_of_the_slice():
    """Functions say a everywhere; a is right in the first half only."""
    n = 40
    items = [f"i{k}" for k in range(n)]
    audited = items[::2]
    rows = [row for item in audited for row in people(item, "a", "a")]
    rows += [decision(item, "a" if int(item[1:]) < 20 else "b") for item in audited]
    attributes = pd.DataFrame({"half": ["one"] * 20 + ["two"] * 20}, index=items)
    made = evidence([[0]] * n, rows, [audit(*audited, frame=n)])
    one = Subject.of(assess(replace(made, context=Context(NOW, attributes=attributes))))
    gate = run(one, check("release-accuracy", at_least=0.5, slice="half"))
    assert {name: estimate.value for name, (_, estimate) in gate.verdicts[0].parts.items()} == {"one": 1, "two": 0}


def sequential(order, decided, n=100, right=lambda k: True, predictions=False):
    """An audit in this order; the first ``decided`` have a decision."""
    items = [f"i{k}" for k in order]
    rows = [decision(item, "a" if right(int(item[1:])) else "b") for item in items[:decided]]
    made = assess(evidence([[0]] * n, rows, [audit(*items, frame=n)]))
    return sequential_accuracy(made, np.ones(n, dtype=bool), confidence=0.9, predictions=predictions)


def test_a_sequential_audit_stops_at_the_first_item_without_a_decision():
    found = sequential(range(60), 40)
    assert found.n_pairable == 40
    assert found.value == 1
    assert sequential(range(60), 60).low > found.low
    assert "valid at every look" in found.method
    assert sequential(range(60), 0).reason == "no audited item has been adjudicated"


def test_a_full_sequential_audit_is_exact():
    found = sequential(range(50), 50, n=50, right=lambda k: k % 10 != 0)
    assert found.value == pytest.approx(0.9)
    assert (found.low, found.high) == (pytest.approx(0.9, abs=0.003), pytest.approx(0.9, abs=0.003))
    assert found.se == pytest.approx(np.sqrt(0.9 * 0.1 / 50))


def test_several_batches_and_a_pilot_share_the_error_and_speak_of_all_that_is_released():
    """A pilot of 20, a batch of 20 with 10 audited, a last one with 20 of the other 60; every label is right."""
    items = [f"i{k}" for k in range(100)]
    pilot = Batch("pilot", 0, None, 100, batch_table(items[:20], "pilot"))
    first = Batch(
        "routing",
        0,
        2,
        80,
        pd.concat([batch_table(items[20:30], "audit"), batch_table(items[30:40], "disagreement", 11)]),
    )
    last = Batch("routing", 0, 2, 60, batch_table(items[40:60], "audit"))
    rows = [row for item in items[:60] for row in people(item, "a", "a")]
    rows += [decision(item, "a") for item in [*items[20:30], *items[40:60]]]
    made = assess(evidence([[0]] * 100, rows, [pilot, first, last]))
    for predictions in (False, True):
        found = sequential_accuracy(made, np.ones(100, dtype=bool), confidence=0.9, predictions=predictions)
        assert found.value == 1
        assert 0.5 < found.low < 1
    # The first batch's audit stands for it, the last one's for what no earlier batch holds, and for the pilot.
    a = 0.05 / 3
    bounds = [wh.betting_bounds(np.ones(n), size, alpha=a)[0] for n, size in ((10, 20), (20, 60), (20, None))]
    split = sequential_accuracy(made, np.ones(100, dtype=bool), confidence=0.9)
    assert split.low == pytest.approx(np.array([0.2, 0.6, 0.2]) @ bounds)
    alone = sequential_accuracy(made, np.arange(100) >= 40, confidence=0.9)
    assert alone.low == pytest.approx(wh.betting_bounds(np.ones(20), 60, alpha=0.05)[0])
    assert alone.low > found.low


def batch_table(items, reason, rank=1):
    ranks = range(rank, rank + len(items))
    return pd.DataFrame({"item": items, "reason": reason, "probability": 0.5, "rank": ranks})


def test_looking_after_each_decision_keeps_the_false_release_rate():
    """90 of 100 labels are right, and the bar is .9: over all looks at 80 decisions at most 5 % of 100 runs pass."""
    rng = np.random.default_rng(0)
    passed = 0
    for _ in range(100):
        order = rng.permutation(100)[:80]
        last = sequential(order, 80, right=lambda k: k >= 10)  # the last look remembers all others
        passed += last.low > 0.9
    assert binomtest(passed, 100, 0.05, alternative="greater").pvalue > 0.01


def test_the_log_is_a_chain_that_shows_every_change(tmp_path):
    path = tmp_path / "gate-log.jsonl"
    for seed in (1, 2, 3):
        gate = run(subject(seed=seed), check())
        append_run(path, gate, Run("d", "p", seed, NOW.isoformat()))
    entries = list(read_runs(path))
    assert [entry["seed"] for entry in entries] == [1, 2, 3]
    assert entries[2]["previous"] == entries[1]["run"]
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[2]]) + "\n")
    with pytest.raises(DataError, match="line 2 was changed, or lines before it are missing"):
        list(read_runs(path))
    changed = json.loads(lines[0]) | {"status": "pass!"}
    path.write_text(json.dumps(changed) + "\n")
    with pytest.raises(DataError, match="line 1"):
        append_run(path, gate, Run("d", "p", 1, NOW.isoformat()))


def append_some(path: str) -> None:
    gate = run(subject(), check("overlap", at_least=1))
    for seed in range(10):
        append_run(Path(path), gate, Run("d", "p", seed, NOW.isoformat()))


def test_processes_that_log_at_once_make_one_chain(tmp_path):
    path = tmp_path / "gate-log.jsonl"
    workers = [multiprocessing.get_context("spawn").Process(target=append_some, args=[str(path)]) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(list(read_runs(path))) == 30


def test_the_digest_of_the_evidence_changes_with_each_of_its_parts():
    base = project().evidence
    changed = [
        replace(base, ratings=base.ratings.iloc[1:].reset_index(drop=True)),
        replace(base, batches=()),
        replace(base, context=Context(NOW, guideline="other")),
        replace(base, functions=base.functions.take_sources(base.functions.sources[:1])),
        replace(base, gold=pd.Series([0], index=["i1"])),
    ]
    digests = {evidence_digest(one) for one in [base, *changed]}
    assert len(digests) == 6
    assert evidence_digest(replace(base, context=Context(NOW + timedelta(days=1)))) in digests


def test_a_gate_without_a_project_still_names_every_check_that_needs_one():
    with pytest.raises(ConfigError) as error:
        run(subject(), check("coverage"), check("conflict", at_most=0.1), check())
    assert len(error.value.faults) == 2


def test_the_gate_of_a_project_runs_all_kinds_of_checks_at_once():
    checks = "".join(
        f'[[gate.check]]\nmetric = "{name}"\n{"at_most" if metric.lower_is_better else "at_least"} = 0.5\n'
        + ('slice = "half"\n' if metric.between else "")
        for name, metric in METRICS.items()
    )
    attributes = pd.DataFrame({"half": ["one"] * 15 + ["two"] * 15}, index=[f"i{k}" for k in range(30)])
    gate = run_gate(project(checks, Context(NOW, attributes=attributes)))
    assert [verdict.metric for verdict in gate.verdicts] == list(METRICS)
    json.dumps(gate.to_dict())
