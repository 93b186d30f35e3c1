"""Items that came after an audit, or that people were asked about by name: what figures say of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import weakhitl as wh
from projects import ready
from test_gate import audit, decision, evidence, people
from weakhitl.gate import assess, run_gate
from weakhitl.gate.accuracy import error_reduction, late_items, release_accuracy
from weakhitl.gate.audit import sequential_accuracy
from weakhitl.release.report.content.audit import class_shares
from weakhitl.routing import Batch, book_requested

EVERYTHING = np.ones(100, dtype=bool)
GATE = '\n[[gate.check]]\nmetric = "release-accuracy"\nat_least = {}\n'


def ids(first: int, last: int) -> list[str]:
    return [f"i{n}" for n in range(first, last)]


def judged(frame: int, *batches: Batch, wrong: tuple[str, ...] = (), more: str = ""):
    """A hundred items, all labelled a by a function; twenty are audited, and right but for ``wrong``."""
    audited = [*ids(0, 20), *(item for batch in batches for item in batch.drawn_for_audit)]
    asked = [item for batch in batches for item in batch.items]
    rows = [row for item in {*ids(0, 20), *asked} for row in people(item, "a", "a")]
    rows += [decision(item, "b" if item in wrong else "a") for item in audited]
    first = audit(*ids(0, 20), frame=frame)
    return assess(evidence([[0]] * 100, rows, [first, *batches], more))


def test_items_that_came_after_the_audit_count_as_wrong_below_and_as_right_above():
    whole, grown = release_accuracy(judged(100)), release_accuracy(judged(80))
    assert (whole.value, whole.high) == (1, 1)
    assert grown.value == pytest.approx(0.8)
    assert grown.low == pytest.approx(0.8 * whole.low)
    assert grown.high == 1
    assert late_items(judged(80), EVERYTHING) == 20
    some_wrong = release_accuracy(judged(80, wrong=("i1", "i2")))
    before = release_accuracy(judged(100, wrong=("i1", "i2")))
    assert some_wrong.low == pytest.approx(0.8 * before.low)
    assert some_wrong.high == pytest.approx(0.8 * before.high + 0.2)


def test_a_part_may_hold_all_that_came_or_nothing_of_it():
    """Which items came is not known: of a part of ten that nobody rated, all may have."""
    part = np.arange(100) >= 90
    part[:20] = True
    assert late_items(judged(80), part) == 10
    assert late_items(judged(95), part) == 5
    assert release_accuracy(judged(95), within=part).value == pytest.approx(25 / 30)


def test_the_gate_says_how_many_came_and_that_another_audit_is_the_way():
    (few,) = run_gate(judged(99, more=GATE.format(0.8))).verdicts
    assert few.status == "pass"
    assert few.why.endswith("; 1 released item came after the audit was drawn; till then they count as wrong")
    assert few.advice == ""
    (many,) = run_gate(judged(40, more=GATE.format(0.8))).verdicts
    assert many.status == "undecided"
    assert "60 released items came after the audit was drawn" in many.why
    assert many.advice.startswith("weakhitl route")


def test_the_gate_says_how_many_of_the_audit_wait_for_a_decision_and_not_that_it_is_hopeless():
    rows = [row for item in ids(0, 20) for row in people(item, "a", "a")] + [decision("i0", "a")]
    (found,) = run_gate(assess(evidence([[0]] * 100, rows, [audit(*ids(0, 20), frame=90)], GATE.format(0.8)))).verdicts
    assert found.status == "undecided"
    assert "19 audited items wait for a decision, and 10 released items came after the audit was drawn" in found.why
    assert found.advice == "have the audit rated and decided; weakhitl status says how"


def test_a_bound_that_holds_at_every_look_counts_them_too():
    whole = sequential_accuracy(judged(100), EVERYTHING, confidence=0.9)
    for predictions in (False, True):
        grown = sequential_accuracy(judged(80), EVERYTHING, confidence=0.9, predictions=predictions)
        assert grown.value == pytest.approx(0.8)
        assert grown.low <= 0.8 * whole.low + 1e-9
        assert grown.high == pytest.approx(1)


def test_another_audit_stands_for_what_came():
    batch = Batch("routing", 0, 2, 80, audit(*ids(20, 40), frame=80).table)
    assert late_items(judged(60, batch), EVERYTHING) == 0
    assert release_accuracy(judged(60, batch)).value == 1


def lot(items: list[str], share: float, *earlier: Batch, known: int = 0) -> Batch:
    return book_requested(items, known, share, 2, earlier)


def test_what_arrived_has_an_audit_of_its_own_that_stands_for_it_alone():
    """Ten arrived, two of them audited, of which one is wrong: half of ten are; the other ninety are right."""
    asked = lot(ids(90, 100), 0.2)
    first, second = asked.drawn_for_audit
    made = judged(90, asked, wrong=(first,))
    assert late_items(made, EVERYTHING) == 0
    assert release_accuracy(made).value == pytest.approx(0.95)
    assert release_accuracy(judged(90, asked, wrong=(first, second))).value == pytest.approx(0.9)
    assert release_accuracy(judged(90, asked, wrong=("i0",))).value == pytest.approx(1 - 0.9 / 20)
    assert error_reduction(made).value is not None
    assert [one.value for one in class_shares(made)] == pytest.approx([0.95, 0.05])
    found = sequential_accuracy(made, EVERYTHING, confidence=0.9)
    assert found.value == pytest.approx(0.95)
    assert found.n_units == 22


def test_without_an_audit_of_its_own_what_was_asked_for_is_late():
    made = judged(90, lot(ids(90, 100), 0.0))
    assert late_items(made, EVERYTHING) == 10
    assert release_accuracy(made).value == pytest.approx(0.9)
    assert error_reduction(made).kind == "unrepresented"
    mixed = judged(80, lot(ids(80, 90), 0.2), lot(ids(90, 100), 0.0))
    assert late_items(mixed, EVERYTHING) == 10
    for found in (made, mixed):
        assert {one.kind for one in class_shares(found)} == {"unrepresented"}


def test_items_of_the_dataset_that_were_asked_for_are_no_sample_of_the_rest():
    """They were taken out of what the audit stands for: of the others nothing is known until the next audit."""
    made = judged(100, lot(ids(90, 100), 0.2, known=10))
    assert release_accuracy(made).kind == "unrepresented"


def test_class_shares_leave_room_for_any_class_of_what_came():
    for whole, grown in zip(class_shares(judged(100)), class_shares(judged(80)), strict=True):
        assert grown.value == whole.value
        assert (grown.low, grown.high) == pytest.approx((0.8 * whole.low, 0.8 * whole.high + 0.2))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.floats(0.01, 1))
def test_the_share_of_a_lot_is_kept_over_many_batches_however_small(sizes, share):
    batches: list[Batch] = []
    for number, size in enumerate(sizes):
        batches.append(lot([f"{number}-{n}" for n in range(size)], share, *batches))
    asked, audited = sum(sizes), sum(len(batch.drawn_for_audit) for batch in batches)
    assert share * asked <= audited < share * asked + 1 + 1e-9
    assert all(batch.by_lot for batch in batches)


def test_every_item_of_a_batch_is_equally_likely_to_be_audited():
    lots = [lot(ids(0, 10), 0.2, *[audit("x", frame=1)] * number) for number in range(500)]
    drawn = pd.Series([item for one in lots for item in one.drawn_for_audit])
    counts = drawn.value_counts().reindex(ids(0, 10), fill_value=0)
    assert counts.sum() == 1000
    assert counts.between(60, 145).all()  # 100 each, give or take four standard deviations


def test_a_project_that_grows_is_told_so_by_its_gate(tmp_path):
    project = ready(tmp_path)
    before = project.check()
    accuracy = {one.metric: one for one in before.verdicts}["release-accuracy"]
    assert accuracy.status == "pass"
    rows = pd.read_csv(tmp_path / "items.csv", dtype=str)
    new = rows.assign(item="new-" + rows["item"])
    pd.concat([rows, new]).to_csv(tmp_path / "items.csv", index=False)
    grown = wh.Project.load(tmp_path)
    grown.label()
    after = {one.metric: one for one in grown.check().verdicts}["release-accuracy"]
    assert after.status == "undecided"
    assert after.estimate.value < 0.7 * accuracy.estimate.value
    assert "came after the audit was drawn" in after.why
