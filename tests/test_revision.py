"""After a revision: items are asked again, what was said is kept, before and after stand side by side."""

from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, collect, ready
from sites import make_project
from weakhitl import Project
from weakhitl.agreement import agreement_difference, krippendorff_alpha
from weakhitl.annotation import ANNOTATOR, Answer, Given, Person
from weakhitl.cli.main import cli
from weakhitl.errors import StateError, UsageError
from weakhitl.pipeline.revision import without_one
from weakhitl.release import verify
from weakhitl.release.evidence_files import read_evidence


def run(folder, *arguments):
    return CliRunner().invoke(cli, [*arguments, "--project", str(folder)], catch_exceptions=False)


@pytest.fixture
def project(tmp_path):
    """Twelve items: on the first six people differ, on the others they agree."""
    workspace = make_project(tmp_path)
    items = list(workspace.store.batches()[0].items)
    rows = [(item, who, label) for item in items[:6] for who, label in (("ana", "sun"), ("bo", "rain"))]
    rows += [(item, who, "snow") for item in items[6:] for who in ("ana", "bo")]
    workspace.store.add_ratings(pd.DataFrame(rows, columns=["item", "annotator", "label"]), ANNOTATOR, "old")
    workspace.desk.settle()
    return tmp_path


def say(folder, label_of) -> dict[str, list[str]]:
    """Let ana, bo and cy rate what waits; item -> who was asked."""
    desk = Project.load(folder)._workspace.desk
    asked: dict[str, list[str]] = {}
    for name in ("ana", "bo", "cy"):
        while isinstance(given := desk.next(Person(name)), Given):
            asked.setdefault(given.item, []).append(name)
            answer = Answer(given.item, label_of(given.item, name), str(uuid4()), guideline="new")
            desk.submit(Person(name), answer)
    return asked


def test_all_items_are_asked_again_and_the_agreement_is_compared(project):
    said = run(project, "route", "--again", "--all").output
    assert "12 items are asked again; 24 ratings are set aside" in said
    asked = say(project, lambda item, _: "rain" if hash(item) % 2 else "sun")
    assert len(asked) == 12
    assert all(names == ["ana", "bo"] for names in asked.values())
    found = Project.load(project).before_and_after()
    assert (found["items"], found["compared"], found["apart"]) == (12, 12, False)
    assert found["before"]["value"] < 0.6 < found["after"]["value"] == 1
    assert found["difference"]["value"] == pytest.approx(found["after"]["value"] - found["before"]["value"])
    shown = run(project, "agreement", "--again").output
    assert "12 items were asked again (all)" in shown
    assert "before" in shown
    told = Project.load(project).status(checks=True)["revision"]
    assert (told["items"], told["why"]) == ("12", "all")
    assert "before and after the revision" in run(project, "status", "--checks").output
    assert Project.load(project).assess().counted.measured.n_votes == 24
    assert krippendorff_alpha(Project.load(project).assess().counted.measured).value == 1
    store = Project.load(project)._workspace.store
    assert len(store.ratings(retired=True)) == 24
    assert store.faults() == []


def test_what_was_said_first_measures_the_agreement_on_items_chosen_by_what_was_said(project):
    """Asked again, the six items on which people differed are unanimous; their labels follow, agreement does not."""
    before = Project.load(project).assess().counted.measured
    said = run(project, "route", "--again", "--class", "rain").output
    assert "6 items are asked again; 12 ratings are set aside" in said
    assert "the gate measures agreement on what was said first" in " ".join(said.split())
    say(project, lambda *_: "rain")
    made = Project.load(project).assess()
    again = made.counted.measured
    assert krippendorff_alpha(again).value == krippendorff_alpha(before).value
    assert again.n_votes == 24
    labels = dict(zip(made.counted.votes.items, made.counted.votes.class_counts().argmax(axis=1), strict=True))
    chosen = made.evidence.set_aside["item"].unique()
    assert len(chosen) == 6
    assert {labels[item] for item in chosen} == {1}
    assert "of them: of each item one person was drawn by lot" in run(project, "agreement", "--again").output
    # Whatever chose them before: all are asked again, so that nothing they said chose who is measured.
    run(project, "route", "--again", "--all")
    say(project, lambda *_: "snow")
    assert Project.load(project).before_and_after()["before"]["value"] == krippendorff_alpha(before).value
    assert krippendorff_alpha(Project.load(project).assess().counted.measured).kind == "one-class"
    assert Project.load(project).assess().evidence.set_aside.empty


def test_a_part_is_asked_again_by_lot(project):
    first, _ = Project.load(project).ask_again(budget=5)
    assert first == 5
    assert Project.load(project).assess().evidence.set_aside.empty
    with pytest.raises(UsageError, match="say which items"):
        Project.load(project).ask_again()
    refused = run(project, "route", "--again", "--all", "--overlap", "3")
    assert refused.exit_code == 2
    assert "leave out --overlap: items are asked again as they were asked" in refused.output


def test_a_release_holds_what_was_said_first_and_verifies(tmp_path):
    made = ready(tmp_path)
    before = made.check().verdicts[0].estimate
    made.ask_again(["rain"])
    collect(made, tmp_path, World().ratings(made.assess().still_wanted.index, dict.fromkeys(("ana", "bo", "cy"), 1.0)))
    released = made.release("1.0.0")
    assert released.gate.verdicts[0].estimate.value == before.value
    aside = read_evidence(released.path).set_aside
    assert len(aside)
    assert not set(aside["annotator"]) & {"ana", "bo", "cy"}
    assert verify(released.path).holds


def test_a_release_verifies_where_some_items_are_asked_again_by_what_was_said_and_the_others_all(tmp_path):
    """Only of the first what was said before is evidence: its rows are not the first ones of what is set aside."""
    made = ready(tmp_path)
    made.ask_again(["rain"])
    made.ask_again(everything=True)
    wanted = made.assess().still_wanted.index
    collect(made, tmp_path, World().ratings(wanted, dict.fromkeys(("ana", "bo", "cy"), 0.92)))
    released = made.release("1.0.0")
    assert 0 < len(read_evidence(released.path).set_aside) < 3 * len(wanted)
    assert [finding for finding in verify(released.path).findings if not finding.holds] == []


@pytest.mark.parametrize("people", [3, 4])
def test_people_who_change_nothing_do_not_seem_to_agree_more(people):
    """Sixty simulated revisions that change nothing: compared at large they seem to help, without one person not."""
    schema, found = wh.LabelSchema(["a", "b", "c"]), []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 3, (200, 1))

        def rate(rng=rng, truth=truth):
            wrong = (truth + rng.integers(1, 3, (200, people))) % 3
            return np.where(rng.random((200, people)) < 0.75, truth, wrong)

        old, new = rate(), rate()
        chosen = (old == 2).any(axis=1)
        before, after = (wh.Votes.from_matrix(said[chosen], schema) for said in (old, new))
        apart = without_one(before, after, [2])
        assert len(apart[0]) == len(apart[1]) < len(before)
        at_large = agreement_difference(after, before)
        difference = agreement_difference(apart[1], apart[0])
        found.append((at_large.value, difference.value, difference.low > 0 or difference.high < 0))
    at_large, apart, sure = np.mean(found, axis=0)
    assert at_large > 0.2
    assert abs(apart) < 0.05
    assert sure <= 0.15


def test_items_of_a_value_are_asked_again(project):
    made = Project.load(project)
    text = made.items["text"].loc[made.batches[0].items].iloc[0]
    items, _ = made.ask_again(where={"text": text})
    assert items >= 1


def test_what_means_no_item_is_said(project):
    made = Project.load(project)
    with pytest.raises(UsageError, match="say which items"):
        made.ask_again()
    with pytest.raises(UsageError, match="'hail' is not a class"):
        made.ask_again(["hail"])
    with pytest.raises(StateError, match="no rated item is meant"):
        made.ask_again(where={"text": "nothing like that"})
    with pytest.raises(StateError, match="no item was asked again"):
        made.before_and_after()
    assert run(project, "route", "--class", "sun").exit_code == 2
    assert run(project, "route", "--again", "--where", "text").exit_code == 2
