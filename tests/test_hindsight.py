"""Functions that change after their audit was decided: the gate and the report say so."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, collect, ready, start
from weakhitl.annotation import Event
from weakhitl.cli.main import cli
from weakhitl.pipeline.annotate import add_items
from weakhitl.release.evidence_files import read_evidence

WORSE = 'return "rain" if "rain" in x.text else ABSTAIN'
SAID = "functions changed their votes on the audit after {} of it had been decided"


@pytest.fixture(scope="module")
def decided(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("hindsight") / "project"
    ready(folder)
    return folder


@pytest.fixture
def folder(decided, tmp_path) -> Path:
    """A project whose audit of 120 items is decided."""
    return Path(shutil.copytree(decided, tmp_path / "project"))


def edit(folder: Path, old: str, new: str) -> wh.Project:
    """Change the functions and run them."""
    path = folder / "labeling_functions" / "functions.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    project = wh.Project.load(folder)
    project.label()
    return wh.Project.load(folder)


def seen(project: wh.Project) -> int:
    return project.assess().evidence.context.decided_before_change


def check_text(folder: Path) -> str:
    return " ".join(CliRunner().invoke(cli, ["check", "--project", str(folder)]).output.split())


def test_the_gate_and_the_report_say_how_much_of_the_audit_was_known(folder):
    project = wh.Project.load(folder)
    n = int(project.assess().decisions.index.isin(project.assess().evidence.audited).sum())
    assert seen(project) == 0
    assert "functions changed" not in check_text(folder)
    project = edit(folder, WORSE, WORSE.replace('"rain" in', '"rain" in x.text or "wet" in'))
    project = edit(folder, 'return "sun" if "sun" in', 'return "sun" if "sunn" in')
    assert seen(project) == n == 120
    assert SAID.format("120 items") in check_text(folder)
    path = project.release("1.0.0").path
    assert read_evidence(path).context.decided_before_change == 120
    assert wh.verify(path).holds
    assert json.loads((path / "report.json").read_text())["audit"]["decided_before_change"] == 120
    assert "an audit that nobody has seen would tell" in (path / "report.html").read_text()


def test_no_batch_stands_without_the_votes_on_its_audit(tmp_path):
    """A command that is stopped between the two leaves neither."""
    start(tmp_path, World())
    project = wh.Project.load(tmp_path)
    project.label()

    store = project._workspace.store
    store.note([Event("kept")])
    with closing(sqlite3.connect(tmp_path / "annotations.db")) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.kind = 'votes' BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(wh.WeakHITLError, match="full"):
        project.route()
    with closing(sqlite3.connect(tmp_path / "annotations.db")) as connection:
        connection.execute("DROP TRIGGER full")
    assert store.batches() == []
    assert [one.kind for one in store.events()] == ["kept"]
    project.route()
    assert [one.kind for one in store.events()] == ["kept", "batch", "shown", "votes"]


def test_what_changes_no_vote_on_the_audit_changes_nothing(folder):
    project = wh.Project.load(folder)
    outside = project.items.index.difference(pd.Index(project.assess().evidence.audited))
    edit(folder, "def says_sun(x)", "def tells_of_sun(x)")
    more = f'\n\n@labeling_function\ndef elsewhere(x):\n    return "sun" if x["item"] == "{outside[0]}" else None\n'
    path = folder / "labeling_functions" / "functions.py"
    path.write_text(path.read_text() + more)
    project = wh.Project.load(folder)
    project.label()
    assert project.assess().evidence.functions.n_votes
    assert seen(wh.Project.load(folder)) == 0


@pytest.mark.parametrize(
    "classes", ['["snow", "hail", "sun", "rain"]', '["sun", "rain", "graupel"]\nformer = { snow = "graupel" }']
)
def test_classes_in_another_order_and_under_another_name_are_no_change(folder, classes):
    toml = folder / "weakhitl.toml"
    toml.write_text(toml.read_text().replace('["sun", "rain", "snow"]', classes))
    wh.Project.load(folder).label()
    assert seen(wh.Project.load(folder)) == 0
    toml.write_text(toml.read_text().replace(classes, '["sun", "rain"]\nformer = { snow = "sun" }'))
    wh.Project.load(folder).label()
    assert seen(wh.Project.load(folder)) == 120


def test_only_decisions_from_before_the_change_count(tmp_path):
    project = undecided(tmp_path)
    edit(tmp_path, '"sun" in x.text', '"sunn" in x.text')
    queue = project.export(tmp_path / "queue.csv", adjudication=True).table
    world, items = World(), pd.Index(queue["item"])
    collect(wh.Project.load(tmp_path), tmp_path, world.ratings(items[:30], {"senior": 1.0}), adjudication=True)
    assert seen(wh.Project.load(tmp_path)) == 0
    project = edit(tmp_path, '"sunn" in x.text', '"sun" in x.text')
    audited = items[:30].isin(project.assess().evidence.audited).sum()
    collect(project, tmp_path, world.ratings(items[30:], {"senior": 1.0}), adjudication=True)
    assert seen(wh.Project.load(tmp_path)) == audited > 10


def undecided(folder: Path) -> wh.Project:
    world = World()
    project = start(folder, world)
    project.label()
    project.route()
    collect(project, folder, world.ratings(project.batches[0].items, dict.fromkeys(("ana", "bo", "cy"), 0.92)))
    return project


def test_a_recall_of_a_function_is_a_change_and_another_audit_is_new(folder):
    project = wh.Project.load(folder)
    project.recall("says_snow", "the audit found it wrong", make_release=False)
    project = wh.Project.load(folder)
    assert seen(project) == 120
    project.route(budget=20, audit=10, overlap=1)
    assert seen(wh.Project.load(folder)) == 120


def test_a_change_after_the_audit_of_what_was_asked_for_by_name_is_one(tmp_path):
    world = World()
    project = start(tmp_path, world)
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("seed = 3\n", "seed = 3\naudit_requested = 1.0\n"))
    project = wh.Project.load(tmp_path)
    project.label()
    asked = project.items.index[:40]
    assert add_items(project._workspace, list(asked), 1) == 40
    collect(project, tmp_path, world.ratings(asked, {"ana": 0.9}))
    collect(project, tmp_path, world.ratings(asked, {"senior": 1.0}), adjudication=True)
    assert seen(wh.Project.load(tmp_path)) == 0
    project = edit(tmp_path, '"sun" in x.text', '"sunn" in x.text')
    assert seen(project) == 40
