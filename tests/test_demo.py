"""The demo tells an honest story, from an empty folder, without a network."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest

import weakhitl as wh
from weakhitl.demo.story import example_folder, tell
from weakhitl.errors import StateError

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "out"
    command = [sys.executable, "-c", "from weakhitl.cli.main import run; run()", "demo", "--out", str(folder)]
    first = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert first.returncode == 0, first.stdout + first.stderr
    return folder, first.stdout, command


def test_the_careless_try_fails_and_releases_nothing(demo):
    folder, output, _ = demo
    assert "exit code 1: nothing is released." in output
    assert not (folder / "careless" / "releases").exists()
    gate = wh.Project.load(folder / "careless").check()
    assert gate.status == "fail"
    assert gate.verdicts[0].status == "fail"
    assert 0.25 < gate.verdicts[0].estimate.value < 0.42


def test_the_pilot_qualifies_about_thirty_of_102_people_who_are_measured_elsewhere(demo):
    folder, output, _ = demo
    project = wh.Project.load(folder / "weather")
    people = project.annotators()
    assert len(people) == 102
    assert 20 <= people["qualified"].sum() <= 40
    pilot, batch = project.batches
    assert not set(pilot.items) & set(batch.items)
    assert set(project.assess().counted.measured.items) == set(batch.items)
    assert "never\nmeasured" in output or "never measured" in output.replace("\n", " ")


def test_the_verdict_and_what_is_on_disk_agree(demo):
    folder, output, _ = demo
    report = max((folder / "weather" / "releases").glob("*/report.json"))
    status = json.loads(report.read_text())["gate"]["status"]
    assert (report.parent / "data").exists() == (status == "pass")
    assert f"Report: {report.parent.resolve() / 'report.html'}" in output
    if status == "pass":
        assert wh.verify(report.parent).holds


def test_no_bar_was_tuned(demo):
    config = wh.Project.load(demo[0] / "weather").config
    bars = {check.metric: (check.at_least, check.confidence) for check in config.gate.check}
    assert bars["krippendorff-alpha"] == (0.6, 0.95)
    assert bars["release-accuracy"] == (0.8, 0.95)
    assert bars["coverage"][0] == 0.5


def test_it_prints_accuracies_against_the_independent_truth(demo):
    for name in ("majority vote over the functions", "label model over the functions", "the released labels"):
        assert re.search(rf"{name} +\d\d\.\d% \[", demo[1])


def test_the_projects_hold_no_truth(demo):
    names = {path.name for path in demo[0].rglob("*")}
    assert not names & {"truth.csv", "confirmed.csv", "ratings.csv"}


def test_running_it_twice_gives_the_same_and_another_folder_is_left_alone(demo, tmp_path):
    _, output, command = demo
    second = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    strip = re.compile(r"Digest: +\w+")
    assert strip.sub("", second.stdout) == strip.sub("", output)
    (tmp_path / "mine.txt").write_text("keep")
    refused = subprocess.run([*command[:-1], str(tmp_path)], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_it_ends_at_a_step_that_cannot_be_done_and_says_which(tmp_path):
    said = []
    with pytest.raises(StateError, match="the demo ends here, since 'weakhitl label' ended with 3"):
        tell(tmp_path / "demo", lambda arguments: 3 if arguments[0] == "label" else 0, said.append)
    assert said[-1].endswith(f"$ weakhitl label --project {tmp_path / 'demo' / 'careless'}")


@pytest.mark.current
def test_snorkel_is_compared_where_it_is_installed(demo):
    assert re.search(r"Snorkel's LabelModel over the functions +\d\d\.\d% \[", demo[1])


def test_the_example_is_what_its_readme_says():
    folder = example_folder()
    tables = {
        name: pd.read_csv(folder / f"{name}.csv", dtype=str) for name in ("tweets", "ratings", "confirmed", "truth")
    }
    assert {name: len(table) for name, table in tables.items()} == {
        "tweets": 1000, "ratings": 20000, "confirmed": 992, "truth": 300,
    }  # fmt: skip
    ratings = tables["ratings"]
    assert list(ratings.columns) == ["item", "annotator", "label"]
    assert ratings["annotator"].nunique() == 102
    assert ratings.groupby("item")["annotator"].nunique().eq(20).all()
    assert set(ratings["label"]) == {"negative", "neutral", "positive", "unrelated", "I can't tell"}


def test_the_functions_of_the_example_cover_all_classes_and_abstain_on_nothing(demo):
    votes = wh.Project.load(demo[0] / "weather").votes
    assert len(votes.sources) >= 12
    assert (votes.class_counts().sum(axis=0) > 50).all()
    empty = wh.apply(wh.discover(demo[0] / "weather" / "labeling_functions"), [{"item": "1", "text": ""}], votes.schema)
    assert empty.n_votes == 0
