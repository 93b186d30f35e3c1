"""Recalled items: in no release, asked about no more, and no way to a better figure."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, ask_for_coverage_alone, start
from sites import make_project
from test_gate import audit, decision, evidence, people
from weakhitl.annotation import Answer, Given, Nothing, Person
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, StateError, UsageError
from weakhitl.estimate import exact_bounds
from weakhitl.gate import assess, run_gate
from weakhitl.gate.accuracy import release_accuracy
from weakhitl.gate.audit import sequential_accuracy
from weakhitl.release.evidence_files import read_evidence
from weakhitl.routing import Batch

WHY = "its author wants it"
GATE = '\n[[gate.check]]\nmetric = "release-accuracy"\nat_least = 0.5\n'


def recalled(found, *items: str):
    for item in items:
        found = found.without(f"item:{item}", WHY)
    return found


def judged(n: int, wrong: set[int], audited: int, gone: set[int] = frozenset(), more: str = ""):
    """``n`` items that a function calls a; of the first, which are audited, some turn out to be b."""
    rows = [decision(f"i{at}", "b" if at in wrong else "a") for at in range(audited)]
    rows += [row for at in range(audited) for row in people(f"i{at}", "a", "a")]
    found = evidence([[0]] * n, rows, [audit(*(f"i{at}" for at in range(audited)), frame=n)], more)
    return assess(recalled(found, *(f"i{at}" for at in gone)))


def test_audited_items_that_are_recalled_count_as_wrong_below_and_as_right_above():
    kept = release_accuracy(judged(100, {0, 1}, 20))
    gone = release_accuracy(judged(100, {0, 1}, 20, {0, 1}))
    assert (gone.value, gone.low) == (pytest.approx(kept.value), pytest.approx(kept.low))
    assert gone.high == 1
    of_right_ones = release_accuracy(judged(100, set(), 20, {5}))
    assert of_right_ones.value == pytest.approx(19 / 20)
    assert of_right_ones.high == 1
    unaudited = release_accuracy(judged(100, {0, 1}, 20, {50}))
    assert (unaudited.low, unaudited.high) == pytest.approx((kept.low, kept.high))


@pytest.mark.parametrize("predictions", [False, True])
def test_a_bound_that_holds_at_every_look_counts_them_so(predictions):
    def bounds(*of):
        return sequential_accuracy(judged(*of), np.ones(100, dtype=bool), confidence=0.9, predictions=predictions)

    kept, gone = bounds(100, {0, 1}, 40), bounds(100, {0, 1}, 40, {0, 1})
    assert (gone.value, gone.low) == (pytest.approx(kept.value), pytest.approx(kept.low))
    assert gone.high == pytest.approx(bounds(100, set(), 40).high)


def test_the_gate_says_how_many_of_the_audit_were_recalled():
    (found,) = run_gate(judged(100, set(), 40, {3, 4, 60}, GATE)).verdicts
    assert found.status == "pass"
    assert found.why.endswith("2 audited items were recalled: they count as wrong")


def test_recalling_what_the_audit_found_wrong_gains_nothing():
    """Of 400 labels 80 % are right; whoever recalls the wrong ones of an audit of 100 would otherwise look perfect."""
    rng = np.random.default_rng(0)
    too_high = {"left out": 0, "ours": 0}
    for _ in range(60):
        wrong = {int(at) for at in rng.choice(400, 80, replace=False)}
        found = wrong & set(range(100))
        truth = 1 - len(wrong - found) / (400 - len(found))
        ours = release_accuracy(judged(400, wrong, 100, found), confidence=0.9)
        right = 100 - len(found)
        too_high["left out"] += exact_bounds(right, right, 0.9)[0] > truth
        too_high["ours"] += ours.low > truth
    assert too_high["left out"] == 60
    assert too_high["ours"] <= 6  # of 60; a bound of 95 % may be so in 3


def test_agreement_goes_on_counting_what_was_said_of_them():
    rows = [*people("i0", "a", "b"), *people("i1", "a", "a"), *people("i2", "b", "b")]
    found = evidence([[0]] * 10, rows, [audit("i0", "i1", "i2", frame=10)])
    kept, gone = (assess(one).counted.measured for one in (found, recalled(found, "i0")))
    assert kept == gone


def test_nothing_waits_of_a_recalled_item_and_what_came_since_the_audit_is_still_known():
    found = evidence([[0]] * 10, people("i0", "a", "b"), [audit("i0", "i1", frame=8)])
    assert found.since_audit == 2
    assert set(assess(found).adjudication_queue["item"]) == {"i0", "i1"}
    gone = assess(recalled(found, "i0", "i9"))
    assert set(gone.adjudication_queue["item"]) == {"i1"}
    assert gone.audit_waiting == 1
    assert "i0" not in gone.still_wanted
    assert gone.evidence.since_audit == 1
    assert gone.in_no_batch.sum() == 7


# In a project -----------------------------------------------------------------------------------------------------


def run(folder, *arguments, code=0):
    found = CliRunner().invoke(cli, [*map(str, arguments), "--project", str(folder)], catch_exceptions=False)
    assert found.exit_code == code, found.output
    return " ".join(found.output.split())


def rows_of(path: Path) -> list[str]:
    table = pd.read_parquet(path / "consensus.parquet")
    return table["item"][table["released"]].tolist()


def test_recalled_items_are_in_no_release_and_their_rows_may_be_emptied(released):
    gone = rows_of(released / "releases" / "1.0.0")[:3]
    said = run(released, "recall", *(f"item:{item}" for item in [*gone, gone[0]]), "--reason", WHY)
    assert said.startswith(f"Recalled: 3 items ({WHY})")
    patch = released / "releases" / "1.0.1"
    assert not {*gone} & {*rows_of(patch)}
    assert wh.verify(patch).holds
    assert wh.verify(released / "releases" / "1.0.0").holds
    counts = json.loads((patch / "report.json").read_text())["counts"]
    parts = ("released", "withheld_below_confidence", "withheld_by_the_gate", "withheld_without_label", "recalled")
    assert counts["recalled"] == 3
    assert sum(counts[name] for name in parts) == counts["items"]
    assert f"<td>{WHY}</td>" in (patch / "report.html").read_text()
    assert set(read_evidence(patch).context.withdrawn) == {f"item:{item}" for item in gone}
    found = wh.diff(released / "releases" / "1.0.0", patch)
    assert {reason.why for reason in found.rows if reason.item in gone} == {"it was recalled"}
    items = pd.read_csv(released / "items.csv", dtype=str)
    items.loc[items["item"].isin(gone), "text"] = ""
    items.to_csv(released / "items.csv", index=False)
    project = wh.Project.load(released)
    project.label()
    assert project.status()["recalled"] == [f"3 items: {WHY}"]
    assert not {*gone} & {*rows_of(project.release("1.1.0").path)}
    assert project.lift_recall(f"item:{gone[0]}", "it was another text") == f"item:{gone[0]}"
    assert project.status()["recalled"] == [f"2 items: {WHY}"]


def test_items_of_no_release_need_no_new_one(released):
    project = wh.Project.load(released)
    held = [item for item in project.items.index if item not in rows_of(released / "releases" / "1.0.0")]
    found = project.recall(f"item:{held[0]}", WHY)
    assert (found.source, found.affected, found.released) == (f"item:{held[0]}", (), None)


def test_where_all_is_recalled_there_is_nothing_to_release(tmp_path):
    start(tmp_path, World(30))
    ask_for_coverage_alone(tmp_path, min_confidence=0.5)
    project = wh.Project.load(tmp_path)
    project.label()
    project.release("1.0.0")
    everything = [f"item:{item}" for item in project.items.index]
    with pytest.raises(StateError, match=r"30 items are recalled .* without them: nothing to release .* 30 recalled"):
        wh.Project.load(tmp_path).recall(everything, WHY)


def test_what_cannot_be_recalled_is_named(released):
    project = wh.Project.load(released)
    item = project.items.index[0]
    with pytest.raises(DataError, match=r"2 faults\n  - item 'nix' is not in the dataset.*\n  - item 'nux'"):
        project.recall(["item:nix", f"item:{item}", "item:nux"], WHY)
    with pytest.raises(UsageError, match="one function or person at a time, or items"):
        project.recall(["says_sun", f"item:{item}"], WHY)
    with pytest.raises(UsageError, match=f"there is no function or person '{item}'; the item is item:{item}"):
        project.recall(item, WHY)
    project.recall(f"item:{item}", WHY, make_release=False)
    with pytest.raises(StateError, match=f"item:{item} is recalled already: {WHY}"):
        project.recall(f"item:{item}", WHY)
    table = pd.read_csv(released / "items.csv", dtype=str)
    table[table["item"] != project.batches[0].items[0]].to_csv(released / "items.csv", index=False)
    with pytest.raises(DataError, match="`weakhitl recall item:ID` keeps an item out of releases"):
        wh.Project.load(released).label()


def test_nobody_is_asked_about_a_recalled_item_until_it_is_lifted(tmp_path):
    workspace = make_project(tmp_path)
    project, ana = wh.Project.load(tmp_path), Person("ana")
    open_now = workspace.desk.next(ana)
    assert isinstance(open_now, Given)
    others = [item for item in project.batches[0].items if item != open_now.item]
    for item in (others[0], others[2]):
        workspace.desk.flag(ana, item, "it is cut off", f"flag:{item}")
    project.recall([f"item:{open_now.item}", f"item:{others[0]}"], WHY)
    with pytest.raises(StateError, match="was not given to 'ana'"):
        workspace.desk.submit(ana, Answer(open_now.item, "sun", "late"))
    desk = wh.Project.load(tmp_path)._workspace.desk
    assert desk.overview() == {"items": 12, "done": 2, "waiting": 10, "with somebody": 0}
    desk.settle()  # who counts now may change what all items want
    asked = []
    while isinstance(given := desk.next(ana), Given):
        desk.submit(ana, Answer(given.item, "sun", f"ana:{given.item}"))
        asked.append(given.item)
    assert sorted(asked) == sorted(others[1:])
    assert [one.item for one in workspace.flags()] == [others[2]]
    assert wh.Project.load(tmp_path).status()["flagged"] == [f"{others[2]}: it is cut off"]
    assert {open_now.item, others[0]}.isdisjoint(project.export(tmp_path / "queue.csv").table["item"])
    project.lift_recall(f"item:{others[0]}", "it was another text")
    assert wh.Project.load(tmp_path)._workspace.desk.next(ana).item == others[0]
    assert wh.Project.load(tmp_path)._workspace.desk.next(Person("bo")) != Nothing("empty")


def test_a_recalled_item_is_not_routed(tmp_path):
    make_project(tmp_path)
    project = wh.Project.load(tmp_path)
    taken = set(project.batches[0].items)
    free = [item for item in project.items.index if item not in taken]
    project.recall([f"item:{item}" for item in free[:5]], WHY)
    batch = project.route(everything=True, another=True)
    assert isinstance(batch, Batch)
    assert sorted(batch.items) == sorted(free[5:])
