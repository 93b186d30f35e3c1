"""Bias: groups of items are compared with intervals that hold for all of them, and small ones are left out."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from projects import World, collect, start
from weakhitl import Project
from weakhitl.cli.main import cli
from weakhitl.errors import StateError


def made(folder, *, worse: bool, seed: int = 0) -> Project:
    """Four hundred items in two dialects and a rare third; in the south texts mislead and ana guesses, if worse."""
    world = World(400, seed)
    items = world.items()
    rng = np.random.default_rng(seed)
    items["dialect"] = rng.choice(["north", "south", "isles"], 400, p=[0.49, 0.49, 0.02])
    south = items["dialect"] == "south"
    if worse:
        items.loc[south & (rng.random(400) < 0.5), "text"] = "sun sun today"
    start(folder, world)
    items.to_csv(folder / "items.csv", index=False)
    config = folder / "weakhitl.toml"
    text = config.read_text().replace("budget = 140", "budget = 320").replace("audit = 120", "audit = 300")
    config.write_text(text.replace("0.955", "0.3"))
    project = Project.load(folder)
    project.label()
    project.route()
    rated = world.ratings(project.batches[0].items, dict.fromkeys(("ana", "bo", "cy"), 0.9))
    if worse:
        guess = rated["item"].isin(items["item"][south]) & (rated["annotator"] == "ana")
        rated.loc[guess, "label"] = rng.choice(["sun", "rain", "snow"], guess.sum())
    collect(project, folder, rated)
    queue = project.export(folder / "queue.csv", adjudication=True).table
    collect(project, folder, world.ratings(pd.Index(queue["item"]), {"senior": 1.0}), adjudication=True)
    return project


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bias") / "project"
    made(folder, worse=True)
    return folder


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_a_group_that_fares_worse_is_found_in_every_figure_that_it_shows_in(folder):
    result = run("bias", "dialect", "--project", folder, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert set(found["figures"]["overturned"]) == {"north", "south"}
    north, south = (found["figures"]["overturned"][name] for name in ("north", "south"))
    assert north["high"] < south["low"]
    assert found["gaps"]["overturned"]["low"] > 0
    assert "south against north" in found["gaps"]["overturned"]["method"]
    assert found["gaps"]["agreement"]["value"] > 0
    alarms = {(one["kind"], one["name"]) for one in found["shifts"] if one["alarm"]}
    assert ("annotator", "ana in south") in alarms
    assert not {name for kind, name in alarms if kind == "annotator" and not name.startswith("ana")}
    assert {one["name"] for one in found["shifts"] if one["kind"] == "classes"} == {"north", "south"}


def test_what_to_do_is_said_and_small_groups_are_left_out_by_name(folder):
    said = " ".join(run("bias", "dialect", "--project", folder).output.split())
    assert "Left out, too small: isles" in said
    assert '[routing] stratify = "dialect"' in said
    assert 'metric = "accuracy-gap", slice = "dialect"' in said


def test_equal_groups_raise_no_alarm(tmp_path):
    found = made(tmp_path, worse=False, seed=3).bias("dialect")
    assert not [one for one in found.shifts if one.alarm]
    assert not [name for name, gap in found.gaps.items() if gap.low is not None and gap.low > 0]
    assert found.advice == ()


def test_intervals_are_wider_for_more_groups_than_for_one_alone(folder):
    project = Project.load(folder)
    few = project.bias("dialect", smallest=20).figures["covered"]["north"]
    many = project.bias("dialect", smallest=2).figures["covered"]["north"]
    assert many.confidence > few.confidence > 0.95


def test_a_column_that_is_not_there_is_refused(folder):
    result = run("bias", "dialetc", "--project", folder)
    assert result.exit_code == 2
    assert "there is no column 'dialetc'; the data has item, text, dialect" in result.output


def test_a_column_of_many_values_is_refused_with_the_way_on_and_a_long_list_is_cut(folder, tmp_path):
    result = run("bias", "item", "--project", folder)
    assert result.exit_code == 2
    assert "none has 20 items or more" in result.output
    assert "name a column with fewer values, or lower --smallest" in result.output
    alone = run("bias", "dialect", "--smallest", "1000", "--project", folder)
    assert "there is nothing to compare" in alone.output
    copy = shutil.copytree(folder, tmp_path / "copy")
    table = pd.read_csv(copy / "items.csv", dtype=str)
    table["village"] = table["dialect"].where(table.index % 2 == 0, "village " + table["item"])
    table.to_csv(copy / "items.csv", index=False)
    run("label", "--project", copy)
    said = " ".join(run("bias", "village", "--project", copy).output.split())
    assert re.search(r"Left out, too small: (?:[^,]+, ){7}\S+ \S+ and \d+ more\.", said)


def _audited(project):
    assessment = project.assess()
    decided = assessment.decisions[assessment.decisions >= 0]
    decided = decided[decided.index.isin(assessment.evidence.audited)]
    return decided, pd.Series(assessment.automatic.labels, index=assessment.evidence.items)[decided.index]


def test_any_metric_can_be_had_by_group_once_something_is_decided(tmp_path, folder):
    pytest.importorskip("fairlearn.metrics")
    frame = Project.load(folder).metric_frame(["dialect"], {"n": lambda truth, _: len(truth)})
    assert frame.by_group["n"].sum() == len(_audited(Project.load(folder))[0])
    start(tmp_path, World(30)).label()
    with pytest.raises(StateError, match="no item of a random audit has been adjudicated"):
        Project.load(tmp_path).metric_frame(["text"], len)


def test_the_figures_of_groups_are_those_of_fairlearn(folder):
    """Overturned labels and coverage by group, and the largest gap, by MetricFrame on the same items."""
    fairlearn = pytest.importorskip("fairlearn.metrics")
    project = Project.load(folder)
    assessment = project.assess()
    items = assessment.evidence.items
    groups = project.items["dialect"].reindex(items)
    labels = pd.Series(assessment.automatic.labels, index=items)
    found = project.bias("dialect", smallest=2)

    def share(truth, said):
        return float(np.mean(np.asarray(truth) != np.asarray(said)))

    frame = project.metric_frame(["dialect"], share)
    ours = {name: one.value for name, one in found.figures["overturned"].items()}
    theirs = frame.by_group.to_dict()
    assert frame.overall == pytest.approx(share(*_audited(project)))
    assert ours == pytest.approx({name: theirs[name] for name in ours})
    known = fairlearn.MetricFrame(
        metrics=share, y_true=labels, y_pred=np.full(len(labels), -1), sensitive_features=groups.to_numpy()
    )
    covered = {name: one.value for name, one in found.figures["covered"].items()}
    assert covered == pytest.approx({name: known.by_group[name] for name in covered})
    gap = max(covered.values()) - min(covered.values())
    assert found.gaps["covered"].value == pytest.approx(gap)
