"""Classes that were renamed, or made one, after people had said something: what was said is read by today's names."""

import json
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

import weakhitl as wh
from projects import World, collect, ready, start
from sites import Somebody, opened
from strategies import votes
from weakhitl.cli.main import cli
from weakhitl.errors import ConfigError, DataError, SchemaError
from weakhitl.pipeline.online import Online
from weakhitl.pipeline.workspace import Workspace

ALL = '["sun", "rain", "snow"]'


def run(*arguments: object):
    return CliRunner().invoke(cli, [*map(str, arguments)])


def rename(folder: Path, classes: str, former: str) -> wh.Project:
    """Change the classes of a project; its functions stay as they are."""
    config = folder / "weakhitl.toml"
    text = config.read_text()
    assert ALL in text
    config.write_text(text.replace(f"classes = {ALL}", f"classes = {classes}\nformer = {former}"))
    project = wh.Project.load(folder)
    project.label()
    return wh.Project.load(folder)


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> tuple[Path, pd.Series, dict]:
    """A project with a release, the labels in it, and its agreement."""
    folder = tmp_path_factory.mktemp("former") / "project"
    project = ready(folder)
    assert project.release("1.0.0").digest
    agreement = json.loads(run("agreement", "--project", folder, "--json").stdout)
    return folder, project.labels().set_index("item")["label"], agreement["dataset"]


@pytest.fixture
def copied(released, tmp_path):
    folder, labels, agreement = released
    return Path(shutil.copytree(folder, tmp_path / "project")), labels, agreement


@given(votes().filter(lambda given_votes: len(given_votes.schema) > 2), st.data())
def test_a_former_name_is_read_as_what_it_is_now(given_votes, data):
    """Merged in the schema is merged in the votes."""
    old = given_votes.schema
    gone = data.draw(st.sampled_from(old.classes))
    kept = [name for name in old.classes if name != gone]
    now = data.draw(st.sampled_from(kept))
    schema = wh.LabelSchema(kept, former={gone: now})
    long = given_votes.to_long()
    read = wh.Votes.from_long(long, schema, source="source", items=given_votes.items)
    renamed = long.assign(label=long["label"].replace({gone: now}))
    assert read == wh.Votes.from_long(renamed, schema, source="source", items=given_votes.items)
    assert schema.encode(gone) == schema.encode(now)
    assert schema.written(gone) == schema.now(gone) == now


def test_a_schema_names_former_classes_that_make_no_sense():
    with pytest.raises(SchemaError) as error:
        wh.LabelSchema(["a", "b"], skip=["?"], former={"a": "b", "?": "a", "c": "d"})
    assert error.value.faults == (
        "'a' is a class or skip answer, and no former one",
        "'?' is a class or skip answer, and no former one",
        "former class 'c' is 'd' now, which is neither a class nor a skip answer; the classes are a, b (skip: ?)",
    )
    assert wh.LabelSchema(["a", "b"], skip=["?"], former={"c": "?"}).encode("c") == wh.ABSTAIN
    assert wh.LabelSchema(["a", "b"], former={"c": "a"}) == wh.LabelSchema(["a", "b"])


def test_after_a_class_is_renamed_all_goes_on_under_the_new_name(copied):
    folder, labels, agreement = copied
    project = rename(folder, '["sun", "rain", "sleet"]', '{ snow = "sleet" }')
    now = project.labels().set_index("item")["label"]
    pd.testing.assert_series_equal(now, labels.replace({"snow": "sleet"}))
    found = json.loads(run("agreement", "--project", folder, "--json").stdout)["dataset"]
    assert found["krippendorff-alpha"]["value"] == agreement["krippendorff-alpha"]["value"]
    for command in ("status", "lfs", "doctor", "annotators", "check", "refine", "threshold"):
        result = run(command, "--project", folder)
        assert result.exit_code in (0, 1, 4), (command, result.output)
    assert run("report", folder / "draft", "--project", folder).exit_code == 0
    path = project.release("1.1.0").path
    assert wh.verify(path).holds
    assert wh.verify(folder / "releases" / "1.0.0").holds
    limit = "what was said as 'snow' is read as 'sleet'"
    assert all(limit in unescape((path / name).read_text()) for name in ("report.html", "report.md"))
    assert "is read as" not in (folder / "releases" / "1.0.0" / "report.md").read_text()
    released = pd.read_parquet(path / "annotations.parquet")
    assert {*released["label"].dropna()} == {"sun", "rain", "sleet"}
    found = run("diff", folder / "releases" / "1.0.0", path)
    assert found.exit_code == 0
    assert "The class 'snow' is 'sleet' now, and is called that from here on." in found.output
    assert "No label is other." in found.output
    assert "No source is other." in found.output


def test_the_shares_of_a_renamed_class_have_not_drifted(copied):
    folder, _, _ = copied
    project = rename(folder, '["sun", "rain", "sleet"]', '{ snow = "sleet" }')
    before = project.assess().evidence.context.previous["classes"]
    assert {*before} == {"sun", "rain", "sleet"}
    assert sum(before.values()) == pytest.approx(1)


def test_classes_that_are_made_one_agree_as_the_report_foretold(copied):
    folder, _, _ = copied
    foretold = wh.merges(wh.Project.load(folder).assess().counted.measured)
    project = rename(folder, '["sun", "rain"]', '{ snow = "rain" }')
    merged = next(pair for pair in foretold if {pair["first"], pair["second"]} == {"rain", "snow"})
    measured = wh.krippendorff_alpha(project.assess().counted.measured)
    assert measured.value == pytest.approx(merged["merged"].value)


def test_the_difference_of_two_releases_is_in_the_later_names(copied):
    folder, labels, _ = copied
    project = rename(folder, '["sun", "rain"]', '{ snow = "rain" }')
    found = wh.diff(folder / "releases" / "1.0.0", project.release("1.1.0").path)
    assert found.renamed == {"snow": "rain"}
    assert {*found.table()["before"], *found.table()["after"]} <= {"sun", "rain"}
    now = project.labels().set_index("item")["label"]
    assert found.counts["another label"] == (labels.replace({"snow": "rain"}) != now).sum()
    assert not any(vote.before == "snow" for row in found.rows for vote in row.votes)
    assert {row["class"] for row in found.figures["classes"]} == {"sun", "rain"}


def test_a_class_that_is_given_up_may_become_a_skip_answer(copied):
    folder, _, _ = copied
    ratings = wh.Project.load(folder)._workspace.store.ratings()
    given_up = ((ratings["label"] == "snow") & (ratings["role"] == "annotator")).sum()
    project = rename(folder, '["sun", "rain"]', '{ snow = "I can\'t tell" }')
    assert project.assess().counted.fates["skipped"] == given_up > 0
    assert not project.labels()["label"].eq("snow").any()


def test_functions_and_rules_vote_anew_when_a_former_name_means_something_else(tmp_path):
    start(tmp_path, World())
    config = tmp_path / "weakhitl.toml"
    rule = '[[labeling.rule]]\nname = "white"\nkind = "keyword"\nwords = ["snow"]\nlabel = "snow"\n'
    config.write_text(config.read_text().replace("[routing]", rule + "[routing]"))
    wh.Project.load(tmp_path).label()
    project = rename(tmp_path, '["sun", "rain"]', '{ snow = "rain" }')
    as_rain = project.votes.to_long()
    config.write_text(config.read_text().replace('{ snow = "rain" }', '{ snow = "sun" }'))
    project = wh.Project.load(tmp_path)
    project.label()
    as_sun = wh.Project.load(tmp_path).votes.to_long()
    for source in ("says_snow", "white"):
        assert set(as_rain["label"][as_rain["source"] == source]) == {"rain"}
        assert set(as_sun["label"][as_sun["source"] == source]) == {"sun"}


def test_a_rating_under_the_old_name_is_known_under_the_new_one(copied, tmp_path):
    folder, _, _ = copied
    said = wh.Project.load(folder)._workspace.store.ratings()
    snow = said[(said["label"] == "snow") & (said["role"] == "annotator")][["item", "annotator", "label"]]
    project = rename(folder, '["sun", "rain", "sleet"]', '{ snow = "sleet" }')
    assert collect(project, tmp_path, snow).new == 0
    assert collect(project, tmp_path, snow.assign(label="sleet")).new == 0
    with pytest.raises(DataError, match="'sun', but 'sleet' is stored"):
        collect(project, tmp_path, snow.assign(label="sun"))


def test_without_the_former_name_the_way_on_is_named(copied):
    folder, _, _ = copied
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text().replace(ALL, '["sun", "rain", "sleet"]'))
    functions = folder / "labeling_functions" / "functions.py"
    functions.write_text(
        functions.read_text().replace('return "snow"', 'return "sleet"').partition("@labeling_function\ndef first")[0]
    )
    result = run("label", "--project", folder)
    assert result.exit_code == 3
    said = " ".join(result.output.split())
    assert "[labels] former says what classes that were renamed, or are one with another, are now" in said
    assert "label 'snow' is not a class" in said
    config.write_text(config.read_text().replace("skip =", 'former = { snow = "slet", rain = "sun" }\nskip ='))
    with pytest.raises(ConfigError) as error:
        wh.Project.load(folder)
    assert "former class 'snow' is 'slet' now, which is neither a class nor a skip answer; " in str(error.value)
    assert "did you mean 'sleet'?" in str(error.value)
    assert "'rain' is a class or skip answer, and no former one" in str(error.value)


@pytest.mark.parametrize(
    ("former", "said"),
    [
        ('["snow"]', "labels.former = ['snow']: expected a table"),
        ('{ "" = "sun" }', "labels.former = '': string should have at least 1 character"),
        ('{ hail = "snow", snow = "sun" }', "'snow' is a class or skip answer, and no former one"),
        ('{ hail = "hail" }', "former class 'hail' is 'hail' now, which is neither"),
    ],
)
def test_what_makes_no_sense_is_named_by_its_place(tmp_path, former, said):
    start(tmp_path, World())
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("skip =", f"former = {former}\nskip ="))
    with pytest.raises(ConfigError) as error:
        wh.Project.load(tmp_path)
    assert said in str(error.value)


def test_people_at_the_page_agree_with_what_was_said_under_the_old_name(tmp_path):
    """Two who said snow and sleet say the same: no third is asked, and the last answer is shown by today's name."""
    start(tmp_path, World())
    config = tmp_path / "weakhitl.toml"
    text = config.read_text().replace("overlap = 3", "overlap = 2\nmax_overlap = 3")
    config.write_text(text.replace("budget = 140", "budget = 10").replace("audit = 120", "audit = 0"))
    project = wh.Project.load(tmp_path)
    project.label()
    items = project.route().items
    with opened(Workspace.open(tmp_path)) as app:
        ana = Somebody(app, "annotator", "ana")
        item = ana.client.post("/api/v1/next", headers=ana.headers).json()["item"]
        ana.client.post("/api/v1/ratings", headers=ana.headers, json={"item": item, "label": "snow", "id": "1"})
    project = rename(tmp_path, '["sun", "rain", "sleet"]', '{ snow = "sleet" }')
    workspace = Workspace.open(tmp_path)
    with opened(workspace) as app:
        workspace.desk.settle()
        assert (
            workspace.desk.last(next(one for one in app.state.room.people.all() if one.name == "ana")).label == "sleet"
        )
        bo = Somebody(app, "annotator", "bo")
        given = bo.client.post("/api/v1/next", headers=bo.headers).json()["item"]
        while given != item:
            assert given in {*items}
            bo.client.post("/api/v1/ratings", headers=bo.headers, json={"item": given, "label": "sun", "id": given})
            given = bo.client.post("/api/v1/next", headers=bo.headers).json()["item"]
        old_page = bo.client.post(
            "/api/v1/ratings", headers=bo.headers, json={"item": item, "label": "snow", "id": "2"}
        )
        assert old_page.status_code == 200, old_page.text
        assert item not in workspace.desk.unfinished([item])
    assert np.array_equal(Workspace.open(tmp_path).store.ratings(item=item)["label"], ["sleet", "sleet"])


def test_an_item_that_arrived_under_the_old_name_is_the_same_under_the_new_one(tmp_path):
    start(tmp_path, World())
    (tmp_path / "data").mkdir()
    (tmp_path / "items.csv").rename(tmp_path / "data" / "items.csv")
    config = tmp_path / "weakhitl.toml"
    config.write_text(
        config.read_text().replace('path = "items.csv"', 'path = "data"') + "[online]\naccept = 0.8\nwatch = 0.0\n"
    )
    wh.Project.load(tmp_path).label()
    row = {"item": "new", "text": "snow today"}
    assert Online(Workspace.open(tmp_path)).arrive(row, "snow", 0.9).label == "snow"
    rename(tmp_path, '["sun", "rain", "sleet"]', '{ snow = "sleet" }')
    online = Online(Workspace.open(tmp_path))
    for name in ("sleet", "snow"):
        again = online.arrive(row, name, 0.9)
        assert (again.label, again.said) == ("sleet", {"label": "sleet", "confidence": 0.9})
    result = run("online", "--project", tmp_path)
    assert (result.exit_code, "sleet" in result.output, "snow" in result.output) == (0, True, False)


def test_gold_and_a_policy_may_have_former_names(copied):
    folder, _, _ = copied
    world = World()
    gold = world.truth.rename_axis("item").rename("label").reset_index()
    project = rename(folder, '["sun", "rain"]', '{ snow = "rain" }')
    gold.to_csv(folder / "gold.csv", index=False)
    by_old = project.lfs(folder / "gold.csv")
    gold.assign(label=gold["label"].replace({"snow": "rain"})).to_csv(folder / "gold.csv", index=False)
    pd.testing.assert_frame_equal(by_old, project.lfs(folder / "gold.csv"))
    people = world.ratings(world.truth.index[:60], {"ana": 0.9, "bo": 0.9})
    people.to_csv(folder / "said.csv", index=False)
    policy = folder / "gate.toml"
    policy.write_text(
        '[labels]\nclasses = ["sun", "rain"]\nformer = { snow = "rain" }\n'
        '[[gate.check]]\nmetric = "krippendorff-alpha"\nat_least = 0.1\nmin_units = 20\n'
    )
    check = json.loads(run("check", "--votes", folder / "said.csv", "--policy", policy, "--json").stdout)["checks"][0]
    merged = people.assign(label=people["label"].replace({"snow": "rain"}))
    votes_ = wh.Votes.from_long(merged, wh.LabelSchema(["sun", "rain"]), source="annotator")
    assert check["estimate"]["value"] == pytest.approx(wh.krippendorff_alpha(votes_).value)
