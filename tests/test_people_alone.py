"""A project without labeling functions: people label everything, also before it was made."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, collect, start
from weakhitl.cli.main import cli
from weakhitl.errors import StateError, UsageError
from weakhitl.pipeline.workspace import Workspace
from weakhitl.web.room import Room

SAME = "rests on the same votes, ratings and configuration"
PEOPLE = dict.fromkeys(("ana", "bo", "cy"), 0.92)


def run(folder, *arguments: object):
    return CliRunner().invoke(cli, [*map(str, arguments), "--project", str(folder)])


def without_functions(folder, world: World) -> wh.Project:
    start(folder, world)
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text().replace('functions = ["labeling_functions/"]', "functions = []"))
    return wh.Project.load(folder)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A project of 240 items, all rated before any batch was drawn, that was decided on and released."""
    folder, world = tmp_path_factory.mktemp("people"), World()
    project = without_functions(folder, world)
    collect(project, folder, world.ratings(world.truth.index, PEOPLE))
    project.route(everything=True)
    queue = project.export(folder / "queue.csv", adjudication=True).table
    collect(project, folder, world.ratings(pd.Index(queue["item"]), {"senior": 1.0}), adjudication=True)
    assert project.release("1.0.0").gate.status == "pass"
    return folder


def test_people_alone_lead_to_a_release_that_verifies(released):
    checked = CliRunner().invoke(cli, ["verify", str(released / "releases" / "1.0.0")])
    assert checked.exit_code == 0, checked.output


def test_after_a_release_nothing_is_left_to_do_until_something_changes(released, tmp_path):
    assert wh.Project.load(released).status()["next"] == f"nothing: release 1.0.0 {SAME}"
    folder = tmp_path / "copy"
    shutil.copytree(released, folder)
    project = wh.Project.load(folder)
    late = pd.DataFrame({"item": project.batches[0].items[:1], "annotator": "dee", "label": "sun"})
    collect(project, folder, late)
    assert project.status()["next"] == "weakhitl release 1.0.1"
    project.release("1.0.1")
    assert project.status()["next"] == f"nothing: release 1.0.1 {SAME}"
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text().replace("at_least = 0.7", "at_least = 0.71"))
    assert project.status()["next"] == "weakhitl release 1.0.2"


def test_the_report_of_people_alone_says_nothing_of_functions(released):
    folder = released / "releases" / "1.0.0"
    report = json.loads((folder / "report.json").read_text())
    assert list(report["audit"]["calibration"]) == ["people"]
    assert list(report["counts"]["released_by_origin"]) == ["people", "adjudicated"]
    assert report["agreement"]["groups"] == {}
    assert list(report["agreement"]["parts"]) == ["audit", "random"]
    said = [line for line in (folder / "report.md").read_text().splitlines() if "function" in line.lower()]
    assert [line.split("|")[1].strip() for line in said] == ["Overturned"]  # a key figure, undefined with its reason
    assert "There are no labeling functions: people label everything." in (folder / "README.md").read_text()


def test_labels_are_those_of_the_label_model_on_the_ratings(tmp_path):
    world = World()
    project = without_functions(tmp_path, world)
    ratings = world.ratings(world.truth.index, PEOPLE)
    collect(project, tmp_path, ratings)
    votes = wh.Votes.from_long(ratings, project.config.schema_, items=world.truth.index)
    expected = wh.LabelModel().fit(votes).predict_proba(votes)
    assert np.allclose(project.assess().final.probabilities, expected)
    labelled = run(tmp_path, "label", "--out", tmp_path / "labels.csv")
    assert "labels come from people" in labelled.output
    table = pd.read_csv(tmp_path / "labels.csv", dtype={"item": str})
    assert (table.set_index("item")["label"] == world.truth).mean() > 0.9


def test_without_any_rating_nothing_has_a_label(tmp_path):
    project = without_functions(tmp_path, World())
    assert not project.assess().final.known.any()
    assert json.loads(run(tmp_path, "status", "--json").output)["next"].startswith("weakhitl route --all")


def test_ratings_that_are_in_no_batch_are_said_to_be_the_reason_why_nothing_is_measured(tmp_path):
    world = World()
    without_functions(tmp_path, world)
    world.ratings(world.truth.index, PEOPLE).to_csv(tmp_path / "rated.csv", index=False)
    imported = run(tmp_path, "import", tmp_path / "rated.csv")
    assert "720 not routed. Those not routed are of items in no batch" in " ".join(imported.output.split())
    for more in ([], ["--by", "text"]):
        measured = run(tmp_path, "agreement", *more)
        assert measured.exit_code == 0, measured.output
        text = " ".join(measured.output.split())
        assert text.startswith(
            "Agreement is undefined: no item has ratings by two sources. Ratings so far: 720 not routed."
        )


def test_earlier_ratings_of_a_batch_count_and_only_the_rest_is_asked_for(tmp_path):
    """Of 240 items 100 are rated by all three and 40 by one: 140 are done or begun when the batch is drawn."""
    world = World()
    project = without_functions(tmp_path, world)
    whole, begun = world.truth.index[:100], world.truth.index[100:140]
    collect(project, tmp_path, pd.concat([world.ratings(whole, PEOPLE), world.ratings(begun, {"ana": 0.9})]))
    batch = project.route(everything=True)
    assert {*batch.items} == {*world.truth.index}
    assert {*batch.table["reason"]} == {"audit", "random"}  # nothing tells the items apart
    assert project.status()["waiting for annotators"] == 140
    needed = project.export(tmp_path / "rest.csv").table.set_index("item")["needed"]
    assert needed.reindex(begun).eq(2).all()
    assert needed.drop(begun).eq(3).all()
    with pytest.raises(UsageError, match="0 items are left"):
        project.route(everything=True, another=True)


def test_which_of_too_many_ratings_count_is_not_left_to_the_order_of_a_file(tmp_path):
    """Five people rated each item, three ratings would count: those of the first columns of a wide table."""
    world = World()
    project = without_functions(tmp_path, world)
    collect(project, tmp_path, world.ratings(world.truth.index, dict.fromkeys("abcde", 0.9)))
    refused = run(tmp_path, "route", "--all")
    assert refused.exit_code == 2
    assert "240 items have up to 5 ratings already, of which the first 3 would count" in refused.output
    assert project.batches == []
    assert run(tmp_path, "route", "--all", "--overlap", 5).exit_code == 0
    assert project.status()["ratings that count"] == 5 * 240


def test_of_few_items_all_are_audited(tmp_path):
    project = without_functions(tmp_path, World(30))
    assert len(project.route(everything=True).drawn_for_audit) == 30  # the configuration asks for 120


@pytest.mark.parametrize("also", [{"budget": 3}, {"pilot": 3}])
def test_all_items_are_no_number_of_them(tmp_path, also):
    project = without_functions(tmp_path, World())
    with pytest.raises(UsageError, match="all items, or a number of them"):
        project.route(everything=True, **also)


def test_what_is_about_functions_says_that_there_are_none(released):
    for views in ([], ["--audit"], ["--pairs", 3], ["--json"]):
        shown = run(released, "lfs", *views)
        assert (shown.exit_code, "there are no labeling functions" in shown.output) == (3, True)
    project = wh.Project.load(released)
    assert project.threshold().thresholds["all"].reason.endswith("has one without people")
    assert set(project.bias("text", smallest=1).figures) == {"accuracy", "agreement", "released"}


def test_a_project_compares_groups_of_its_people(released):
    found = wh.Project.load(released).agreement(groups={"age": {"ana": "old", "bo": "young", "cy": "young"}})
    assert found["by_group"]["age"]["young"]["raters"] == 2
    assert found["by_group"]["age"]["old"]["between"]["value"] > 0.5


def test_a_classifier_is_not_compared_with_functions_that_there_are_not(released):
    pytest.importorskip("skops")
    trained = wh.Project.load(released).train()
    assert trained.accuracy.value > 0.5
    assert trained.labels.reason == trained.gain.reason == "there are no labeling functions"


def test_functions_may_be_added_later(released, tmp_path):
    world = World()
    project = without_functions(tmp_path, world)
    collect(project, tmp_path, world.ratings(world.truth.index, PEOPLE))
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("functions = []", 'functions = ["labeling_functions/"]'))
    with pytest.raises(StateError, match="have not run yet"):
        wh.Project.load(tmp_path).assess()
    labelled = wh.Project.load(tmp_path).label()
    assert len(labelled.assessment.ledger.sources) == 4 + 3


def test_ratings_that_come_before_the_functions_ran_are_kept_and_it_says_so(tmp_path):
    world = World()
    start(tmp_path, world)
    world.ratings(world.truth.index[:20], PEOPLE).to_csv(tmp_path / "rated.csv", index=False)
    imported = run(tmp_path, "import", tmp_path / "rated.csv")
    assert imported.exit_code == 0
    assert imported.output == "60 new ratings.\nthe labeling functions have not run yet: run `weakhitl label` first\n"
    project = wh.Project.load(tmp_path)
    project.label()
    assert project.status()["ratings"] == 60


def test_init_without_functions_makes_a_project_that_people_label(tmp_path):
    World().items().to_csv(tmp_path / "items.csv", index=False)
    made = CliRunner().invoke(
        cli, ["init", str(tmp_path / "p"), "--data", str(tmp_path / "items.csv"), "--no-functions"]
    )
    assert made.exit_code == 0, made.output
    assert not (tmp_path / "p" / "labeling_functions").exists()
    assert run(tmp_path / "p", "route", "--all").exit_code == 0


def test_the_queue_is_put_in_words(tmp_path):
    world = World()
    project = without_functions(tmp_path, world)

    def said() -> str:
        return Room(Workspace.open(tmp_path)).queue_said()

    assert said() == "Nothing is routed yet: run `weakhitl route`."
    project.route(pilot=10)
    assert said() == "A pilot of 10 items is open to everybody."
    collect(project, tmp_path, world.ratings(project.batches[0].items, PEOPLE))
    project.route(everything=True)
    assert said() == "230 items wait for ratings."
    collect(project, tmp_path, world.ratings(project.batches[1].items, PEOPLE))
    assert said() == "All routed items have their ratings."


def test_people_read_several_columns_in_every_place_where_one_is_read(tmp_path):
    """A pair of texts to compare: on the page, in the report, and for tools that show one text."""
    table = pd.DataFrame({"item": ["a", "b"], "score": [1, 2], "first": ["x x", "z z"], "second": ["y", None]})
    table.to_csv(tmp_path / "items.csv", index=False)
    folder = tmp_path / "pairs"
    made = CliRunner().invoke(cli, ["init", str(folder), "--no-functions", "--data", str(tmp_path / "items.csv")])
    assert made.exit_code == 0, made.output
    toml = folder / "weakhitl.toml"
    toml.write_text(toml.read_text().replace('# text = "first"', 'text = ["second", "first"]'))
    project = wh.Project.load(folder)
    project.route(everything=True, overlap=1)
    workspace = Workspace.open(folder)
    assert workspace.columns_read == ["second", "first"]
    assert [field.name for field in Room(workspace).fields("a")] == ["second", "first"]
    assert pd.read_csv(project.export(folder / "queue.csv") and folder / "queue.csv").columns.tolist() == [
        "item", "second", "first", "annotator", "label",
    ]  # fmt: skip
    assert workspace.texts(["a", "b"]) == {"a": "second: y · first: x x", "b": "first: z z"}
    project.export(folder / "tasks.json", to="label-studio")
    tasks = {one["data"]["item"]: one["data"]["text"] for one in json.loads((folder / "tasks.json").read_text())}
    assert tasks == {"a": "second: y\n\nfirst: x x", "b": "first: z z"}
    project.export(folder / "one.json", to="label-studio", text="first")
    assert {one["data"]["first"] for one in json.loads((folder / "one.json").read_text())} == {"x x", "z z"}
    toml.write_text(toml.read_text().replace('"second", "first"', '"second", "third"'))
    assert "third" in run(folder, "status").output
