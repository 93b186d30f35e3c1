"""After a revision: items are asked again, what was said is kept, before and after stand side by side."""

import pandas as pd
import pytest
from click.testing import CliRunner

from sites import make_project
from weakhitl import Project
from weakhitl.annotation import ANNOTATOR, Answer, Given, Person
from weakhitl.cli.main import cli
from weakhitl.errors import StateError, UsageError


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


def test_items_of_a_class_are_asked_again_and_the_agreement_is_compared(project):
    said = run(project, "route", "--again", "--class", "rain").output
    assert "6 items are asked again; 12 ratings are set aside" in said
    desk = Project.load(project)._workspace.desk
    asked = {}
    for name in ("ana", "bo"):
        while isinstance(given := desk.next(Person(name)), Given):
            asked.setdefault(given.item, []).append(name)
            label = "rain" if list(asked).index(given.item) % 2 else "sun"
            desk.submit(Person(name), Answer(given.item, label, f"{name}{given.item}", guideline="new"))
    assert len(asked) == 6
    assert all(names == ["ana", "bo"] for names in asked.values())
    found = Project.load(project).before_and_after()
    assert found["items"] == 6
    assert found["before"]["value"] < 0 < found["after"]["value"] == 1
    assert found["difference"]["value"] == pytest.approx(found["after"]["value"] - found["before"]["value"])
    shown = run(project, "agreement", "--again").output
    assert "6 items were asked again (rain)" in shown
    assert "before" in shown
    told = Project.load(project).status(checks=True)["revision"]
    assert (told["items"], told["why"]) == ("6", "rain")
    assert "before and after the revision" in run(project, "status", "--checks").output
    store = Project.load(project)._workspace.store
    assert len(store.ratings(retired=True)) == 12
    assert store.faults() == []


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
