"""What waits: every item that wants ratings is handed out, whichever batch it came with, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select

from projects import World, collect, ready, start
from weakhitl import Project
from weakhitl.annotation.store import tables

SMALL = {"budget": 20, "audit": 10, "overlap": 2}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def project(tmp_path, world):
    made = start(tmp_path, world)
    made.label()
    return made


def exported(project, folder) -> pd.Series:
    """Item -> ratings that a file asks for."""
    table = project.export(folder / "tasks.csv").table
    assert pd.read_csv(folder / "tasks.csv", dtype=str)["item"].tolist() == table["item"].tolist()
    return table.set_index("item")["needed"]


def by_the_queue(project) -> dict[str, int]:
    """Item -> ratings that the pages still ask for."""
    task = tables.task.c
    desk = project._workspace.desk
    desk.settle()
    with desk.store.database.read() as connection:
        return dict(connection.execute(select(task.item, task.free).where(task.kind != "pilot", task.free > 0)).all())


def test_what_an_earlier_batch_left_is_exported_with_the_later_one(project, world, tmp_path):
    first = project.route(**SMALL).items
    collect(project, tmp_path, world.ratings(first[:15], {"ana": 1.0, "bo": 1.0}))
    collect(project, tmp_path, world.ratings(first[15:17], {"ana": 1.0}))
    second = project.route(**SMALL).items
    assert exported(project, tmp_path).to_dict() == dict(zip(first[15:], [1, 1, 2, 2, 2], strict=True)) | dict.fromkeys(
        second, 2
    )
    assert project.status()["waiting for annotators"] == 25


def test_what_is_asked_again_is_exported_whichever_batch_it_came_with(project, world, tmp_path):
    first = project.route(**SMALL).items
    collect(project, tmp_path, world.ratings(first, {"ana": 1.0, "bo": 1.0}))
    collect(project, tmp_path, world.ratings(project.route(**SMALL).items, {"ana": 1.0, "bo": 1.0}))
    (tmp_path / "guidelines" / "guideline.md").write_text("# Look again\n")
    project = Project.load(tmp_path)
    asked, _ = project.ask_again(["snow"], {})
    waiting = exported(project, tmp_path)
    assert len(waiting) == asked > 0
    assert set(waiting.index) & set(first)


def test_a_pilot_drawn_while_a_batch_waits_is_exported_with_it_and_next_is_to_rate(project, world, tmp_path):
    routed = project.route(**SMALL).items
    pilot = project.route(pilot=12, another=True).items
    assert exported(project, tmp_path).to_dict() == dict.fromkeys(pilot, 1) | dict.fromkeys(routed, 2)
    found = collect(project, tmp_path, world.ratings(pilot, {"ana": 1.0, "bo": 1.0}))
    assert found.unfinished == found.waiting
    assert project.status()["next"].startswith("weakhitl annotate, or weakhitl export")
    assert exported(project, tmp_path).size == 32
    assert project.status()["gate"] != "pass"
    early = project.export(tmp_path / "queue.csv", adjudication=True)
    assert early.early == len(early.table) == 20


@pytest.mark.parametrize("seed", range(6))
def test_files_and_pages_ask_for_the_same_ratings(project, world, tmp_path, seed):
    """Whoever counts by the pilot, however often people differ, and whatever was recalled or routed by mistake."""
    rng = np.random.default_rng(seed)
    config = tmp_path / "weakhitl.toml"
    if seed % 2:
        config.write_text(config.read_text().replace("overlap = 3", "overlap = 3\nmax_overlap = 5"))
    project = Project.load(tmp_path)
    people = {"ana": 0.95, "bo": 0.9, "cy": 0.9, "di": 0.2}
    if seed % 3:
        collect(project, tmp_path, world.ratings(project.route(pilot=15).items, people))
    for _ in range(2):
        project.route(**SMALL | {"overlap": 3})
        items = pd.Index([item for one in project.batches if one.kind != "pilot" for item in one.items])
        rated = project._workspace.store.ratings()[["item", "annotator"]]
        new = world.ratings(items, people).sample(frac=0.3, random_state=int(rng.integers(1000)))
        known = new.merge(rated, how="left", indicator=True)["_merge"].to_numpy() == "both"
        collect(project, tmp_path, new[~known])
        project.route(**SMALL, another=True)
        project.undo_routing()
    wanted = project.assess().still_wanted
    gone = wanted.sample(5, random_state=seed).index
    project.recall([f"item:{item}" for item in gone], "broken")
    project = Project.load(tmp_path)  # what another process sees
    assert project.assess().still_wanted.to_dict() == wanted.drop(gone).to_dict() == by_the_queue(project)
    wanted = wanted.to_dict()
    assert {2, 3} <= set(wanted.values())


def test_once_the_gate_passes_a_release_is_next_also_where_a_pilot_came_last(tmp_path):
    project = ready(tmp_path)
    assert project.status()["next"] == "weakhitl release 1.0.0"
    pilot = project.route(pilot=12).items
    assert project.status()["next"].startswith("weakhitl annotate")
    collect(project, tmp_path, World().ratings(pilot, {"ana": 1.0, "bo": 1.0, "cy": 1.0}))
    found = project.status()
    assert (found["gate"], found["next"]) == ("pass", "weakhitl release 1.0.0")
