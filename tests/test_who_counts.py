"""Who counts: people who are surely bad on gold are excluded at the desk, in figures, and by who verifies a release."""

import json
import re

import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, start
from weakhitl.annotation import ANNOTATOR, GOLD, REPEAT, Nothing, Person
from weakhitl.cli.main import cli
from weakhitl.pipeline.workspace import Workspace

RULE = 'gold = "gold.csv"\nmin_gold_accuracy = 0.7\n'


def run(folder, *arguments):
    return CliRunner().invoke(cli, [*arguments, "--project", str(folder)], catch_exceptions=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Ana and Bo are right, Bad is not; all three were tested on forty gold items."""
    folder, world = tmp_path_factory.mktemp("who"), World(300)
    start(folder, world)
    made = wh.Project.load(folder)
    made.label()
    made.route(budget=100, audit=80, overlap=2)
    routed = set(made.batches[0].items)
    gold = [item for item in world.truth.index if item not in routed][:40]
    pd.DataFrame({"item": gold, "label": world.truth[gold]}).to_csv(folder / "gold.csv", index=False)
    toml = folder / "weakhitl.toml"
    toml.write_text(toml.read_text().replace("[annotation]\n", f"[annotation]\n{RULE}"))
    store = Workspace.open(folder).store
    wrong = {"sun": "rain", "rain": "snow", "snow": "sun"}
    rows = [(item, "ana", world.truth[item], ANNOTATOR) for item in sorted(routed)]
    rows += [(item, "bo", world._noisy(world.truth[item], 0.9), ANNOTATOR) for item in sorted(routed)]
    rows += [(item, "bad", wrong[world.truth[item]], ANNOTATOR) for item in sorted(routed)[:50]]
    rows += [(item, who, world.truth[item], GOLD) for item in gold for who in ("ana", "bo")]
    rows += [(item, "bad", wrong[world.truth[item]], GOLD) for item in gold]
    table = pd.DataFrame(rows, columns=["item", "annotator", "label", "role"]).sort_values("annotator", ascending=False)
    store.add_ratings(table.assign(seconds=3.0), ANNOTATOR)
    return folder, world


def test_whoever_is_surely_worse_than_the_bar_does_not_count(project):
    folder, _ = project
    assessment = wh.Project.load(folder).assess()
    fates = assessment.counted.ratings.groupby(["annotator", "fate"]).size().to_dict()
    assert fates["bad", "excluded"] == 50
    assert fates["ana", "counted"] == 100
    assert "gold accuracy is 0.000" in assessment.counted.excluded["bad"]
    assert set(assessment.counted.measured.sources) == {"ana", "bo"}
    said = run(folder, "annotators").output
    assert "bad does not count: gold accuracy is 0.000" in said
    assert "100% (91%-100%)" in said
    found = {row["annotator"]: row for row in json.loads(run(folder, "annotators", "--json").output)}
    assert found["ana"]["quality"]["gold_accuracy"]["value"] == 1
    assert found["ana"]["quality"]["seconds_median"]["value"] == 3


def test_the_desk_gives_them_nothing_more(project):
    workspace = Workspace.open(project[0])
    workspace.desk.settle()
    assert workspace.desk.next(Person("bad")) == Nothing("qualify")


def test_a_release_says_so_and_verifies(project):
    folder, world = project
    made = wh.Project.load(folder)
    queue = made.export(folder / "queue.csv", adjudication=True).table
    decisions = pd.DataFrame(
        {"item": queue["item"], "annotator": "eve", "label": world.truth[queue["item"]].to_numpy()}
    )
    decisions.to_csv(folder / "decisions.csv", index=False)
    made.collect(folder / "decisions.csv", adjudication=True)
    released = made.release("1.0.0")
    assert released.digest, released.gate.to_dict()
    assert re.search("person-[0-9a-f]{8} does not count", (released.path / "report.html").read_text())
    assert wh.verify(released.path).holds
    context = released.path / "evidence" / "context.json"
    context = context if context.exists() else next(released.path.rglob("context.json"))
    facts = json.loads(context.read_text())
    assert len(facts["tests"]) == 40


def test_repeats_and_gold_are_measured_on_nobody_else(project):
    ratings = Workspace.open(project[0]).store.ratings()
    assert set(ratings["role"]) >= {ANNOTATOR, GOLD}
    assert REPEAT not in set(ratings["role"])
    counted = wh.Project.load(project[0]).assess().counted
    gold = set(ratings["item"][ratings["role"] == GOLD])
    assert not gold & set(counted.ratings["item"])
