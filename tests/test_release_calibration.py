"""A calibration error speaks of what is released, and leaves room for what is not known."""

from dataclasses import replace

import numpy as np
import pytest

import weakhitl as wh
from test_gate import CONFIG, audit, decision, evidence, people
from weakhitl.config import parse_config
from weakhitl.gate import assess, run_gate
from weakhitl.gate.calibration import release_calibration
from weakhitl.release.evidence_files import NAMES

GATE = '[[gate.check]]\nmetric = "calibration-error"\nat_most = {}\n'
VOTES = [[0, 0, 0, 1]]
"""Three functions of four say a, and the majority is certain."""


def ids(first, last):
    return [f"i{at}" for at in range(first, last)]


def judged(n=100, wrong=(), undecided=(), frame=100, more=""):
    """A hundred items alike, of which ``n`` were drawn for an audit; people had said what the adjudicator says."""
    drawn = ids(0, n)
    said = {item: "b" if item in wrong else "a" for item in drawn}
    rows = [row for item in drawn for row in people(item, *[said[item]] * 3)]
    rows += [decision(item, said[item]) for item in drawn if item not in undecided]
    return assess(evidence(VOTES * 100, rows, [audit(*drawn, frame=frame)], more))


def error(assessment, **how):
    return release_calibration(assessment, np.ones(100, dtype=bool), **how)


def test_items_nobody_rated_count_with_what_the_functions_say_of_the_audited_ones():
    """With people's ratings all 40 audited labels are right; of the 60 others, as sure, half are wrong."""
    assert error(judged(40, wrong=ids(0, 20))).value == pytest.approx(0.6 * 0.5)


def test_an_item_that_waits_for_its_decision_may_be_anything():
    decided, waiting = error(judged(40)), error(judged(40, undecided=ids(0, 10)))
    assert waiting.high - waiting.low > decided.high - decided.low + 0.2
    assert (waiting.n_units, waiting.n_pairable) == (40, 30)


def test_an_item_that_came_after_the_audit_may_be_anything():
    all_there, grown = error(judged(40)), error(judged(40, frame=80))
    assert grown.value == pytest.approx(all_there.value)
    assert grown.low == pytest.approx(max(0, 0.8 * all_there.low - 0.2))
    assert grown.high == pytest.approx(0.8 * all_there.high + 0.2, abs=0.01)


def test_the_gate_says_what_may_be_anything_and_what_to_do():
    (found,) = run_gate(judged(40, undecided=ids(0, 30), more=GATE.format(0.3))).verdicts
    assert found.status == "undecided"
    assert "30 audited items wait for a decision; till then they may be anything" in found.why
    assert found.advice == "have the audit rated and decided; weakhitl status says how"


def test_without_decisions_it_is_undefined():
    assert error(judged(40, undecided=ids(0, 40))).reason == "no audited item has been adjudicated"
    assert error(judged(0)).reason == "no audited item has been adjudicated"


def test_its_bounds_hold_the_error_of_what_is_released():
    """Three sources of 60 to 90 %, 3,000 items, an audit of 300 that people rate well; the truth is known of all."""
    rng, outside = np.random.default_rng(1), 0
    for run in range(10):
        truth = rng.integers(0, 2, 3000)
        right = rng.random((3000, 3)) < [0.6, 0.75, 0.9]
        votes = np.where(right, truth[:, None], 1 - truth[:, None])
        drawn = rng.choice(3000, 300, replace=False)
        rows = [row for at in drawn for row in people(f"i{at}", *["ab"[truth[at]]] * 3)]
        rows += [decision(f"i{at}", "ab"[truth[at]]) for at in drawn]
        batch = audit(*(f"i{at}" for at in drawn), frame=3000)
        given = evidence(votes.tolist(), rows, [batch])
        config = parse_config(CONFIG.replace("majority", "dawid-skene") + f"[routing]\nseed = {run}\n", NAMES)
        made = assess(replace(given, config=config))
        found = release_calibration(made, np.ones(3000, dtype=bool))
        rest = np.setdiff1d(np.arange(3000), drawn)
        actual = wh.calibration(made.final.probabilities[rest], truth[rest]).ece.value
        outside += not found.low <= actual <= found.high
    assert outside <= 1
