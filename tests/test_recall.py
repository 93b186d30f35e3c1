"""Recall: what a withdrawn source takes with it, and what it leaves."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, start
from weakhitl.annotation.people import Person
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, StateError, UsageError
from weakhitl.release.evidence_files import read_evidence

WHY = "its word list was of another year"


def test_without_a_recalled_function_the_next_patch_is_released_and_verifies(released):
    found = wh.Project.load(released).recall("says_snow", WHY)
    assert found.released.path.name == "1.0.1"
    assert wh.verify(found.released.path).holds
    evidence = read_evidence(found.released.path)
    assert "says_snow" not in evidence.functions.sources
    assert evidence.context.withdrawn == {"function:says_snow": WHY}
    assert WHY in (found.released.path / "report.html").read_text()
    assert wh.verify(released / "releases" / "1.0.0").holds


def test_what_is_said_to_rest_on_a_source_is_what_the_patch_changes(released):
    found = wh.Project.load(released).recall("says_snow", WHY)
    (affected,) = found.affected
    counts = found.difference.counts
    functions = read_evidence(released / "releases" / "1.0.0").functions
    assert affected.votes == functions.take_sources(["says_snow"]).n_votes
    assert affected.labels == counts["another label"]
    assert affected.released == counts["no longer released"] + counts["released with another label"] > 0


def test_a_recalled_persons_ratings_count_nowhere_and_their_name_is_in_no_release(released):
    found = wh.Project.load(released).recall("bo", "copied the answers of others")
    evidence = read_evidence(found.released.path)
    (source,) = evidence.context.withdrawn
    assert source.startswith("annotator:person-")
    report = json.loads((found.released.path / "report.json").read_text())
    (row,) = [row for row in report["annotators"] if row["annotator"] == source.removeprefix("annotator:")]
    assert row["counted"] == 0
    assert row["excluded"] == "recalled: copied the answers of others"
    assert wh.verify(found.released.path).holds
    counted = wh.Project.load(released).annotators()
    assert counted["counted"].to_dict() == {"ana": 140, "bo": 0, "cy": 140}


def test_a_recalled_person_is_given_nothing_and_their_items_want_others(released):
    project = wh.Project.load(released)
    desk = project._workspace.desk
    assert desk.overview()["waiting"] == 0
    project.recall("bo", "guessed", make_release=False)
    desk = wh.Project.load(released)._workspace.desk
    assert desk.next(Person("bo")).why == "qualify"
    assert desk.overview()["waiting"] == 140


def test_what_a_recalled_adjudicator_decided_waits_again(released):
    project = wh.Project.load(released)
    decided = int((project.assess().decisions >= 0).sum())
    project.recall("senior", "had seen the ratings", make_release=False)
    again = wh.Project.load(released)
    assert again.assess().decisions.empty
    assert again.status()["waiting for the adjudicator"] == decided > 100
    assert again.check().status == "undecided"


def test_a_dry_run_says_what_rests_on_a_source_and_writes_nothing(released):
    before = {path: path.read_bytes() for path in released.rglob("*") if path.is_file()}
    found = wh.Project.load(released).recall("says_snow", WHY, dry_run=True)
    assert [one.version for one in found.affected] == ["1.0.0"]
    assert found.released is None
    assert {path: path.read_bytes() for path in released.rglob("*") if path.is_file()} == before


def test_without_it_the_gate_may_refuse_and_the_recall_stands(released):
    config = released / "weakhitl.toml"
    config.write_text(config.read_text().replace("at_least = 0.4", "at_least = 0.8"))
    project = wh.Project.load(released)
    project.label()
    found = project.recall("says_snow", WHY)
    assert found.released.gate.status == "fail"
    assert found.released.path.name == "1.0.1-refused"
    assert found.difference is None
    assert wh.Project.load(released).status()["recalled"] == [f"function:says_snow: {WHY}"]


def test_where_nothing_is_left_to_release_the_recall_stands_and_says_so(tmp_path):
    start(tmp_path, World(30))
    config = tmp_path / "weakhitl.toml"
    gate = '[[gate.check]]\nmetric = "coverage"\nat_least = 0.0\n[release]\nmin_confidence = 0.5\n'
    config.write_text(config.read_text().partition("[[gate.check]]")[0] + gate)
    wh.Project.load(tmp_path).label()
    wh.Project.load(tmp_path).release("1.0.0")
    config.write_text(config.read_text().replace("0.5", "0.9999"))
    with pytest.raises(
        StateError, match="function:says_sun is recalled from now on, but there is no release without it"
    ):
        wh.Project.load(tmp_path).recall("says_sun", WHY)
    with pytest.raises(StateError, match="is recalled already"):
        wh.Project.load(tmp_path).recall("says_sun", WHY)
    wh.Project.load(tmp_path).lift_recall("says_sun", "mended")
    assert not (tmp_path / "annotations.db").exists()


def test_a_release_without_the_source_is_not_made_again(released):
    project = wh.Project.load(released)
    project.recall("says_snow", WHY)
    project.lift_recall("says_snow", "mended")
    assert "says_snow" in wh.Project.load(released).votes.sources
    again = wh.Project.load(released).recall("says_snow", "broken again")
    assert [one.version for one in again.affected] == ["1.0.0"]
    assert again.released is None


def test_a_recalled_source_counts_again_only_when_that_is_lifted(released):
    project = wh.Project.load(released)
    project.recall("says_snow", WHY, make_release=False)
    with pytest.raises(StateError, match="recalled already"):
        project.recall("says_snow", WHY)
    assert "says_snow" not in project.votes.sources
    with pytest.raises(StateError, match="neither recalled nor paused; those that are: function:says_snow"):
        project.lift_recall("says_sun", "mended")
    assert project.lift_recall("says_snow", "mended") == "function:says_snow"
    assert "says_snow" in project.votes.sources


@pytest.mark.parametrize(
    ("source", "why", "said"),
    [
        ("says_snov", WHY, "did you mean 'says_snow'"),
        ("says_snow", "  ", "needs a reason"),
        ("bo", "Bo guessed", "leave 'bo' out"),
    ],
)
def test_a_recall_that_makes_no_sense_is_refused(released, source, why, said):
    with pytest.raises(UsageError, match=said):
        wh.Project.load(released).recall(source, why)
    assert not (released / "recalls.jsonl").exists()


def test_a_name_that_is_a_function_and_a_person_has_to_be_said_in_full(released, tmp_path):
    project = wh.Project.load(released)
    item = project.batches[0].items[0]
    table = pd.DataFrame({"item": [item], "annotator": ["says_sun"], "label": ["sun"]})
    table.to_csv(tmp_path / "more.csv", index=False)
    project.collect(tmp_path / "more.csv")
    with pytest.raises(UsageError, match="function:says_sun or annotator:says_sun"):
        project.recall("says_sun", WHY)
    assert project.recall("annotator:says_sun", "guessed", dry_run=True).affected == ()


def test_a_file_of_recalls_that_is_none_names_every_line(released):
    (released / "recalls.jsonl").write_text('{"source": "x"}\nno\n')
    with pytest.raises(DataError, match=r"(?s)line 1 is no recall.*line 2 is no recall"):
        wh.Project.load(released).assess()


def test_the_command_says_what_rests_on_a_source_and_what_changed(released):
    done = CliRunner().invoke(cli, ["recall", "says_snow", "--reason", WHY, "--project", str(released)])
    assert done.exit_code == 0, done.output
    assert "Recalled: function:says_snow" in done.output
    assert "1.0.0 -> 1.0.1" in done.output
    assert max(len(line) for line in done.output.splitlines() if not line.startswith("Released: ")) <= 80
    done = CliRunner().invoke(cli, ["recall", "says_snow", "--reason", "mended", "--lift", "--project", str(released)])
    assert done.exit_code == 0
    assert "function:says_snow counts again" in done.output
