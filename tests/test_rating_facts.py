"""What a plain table says of ratings beside item, annotator and label, and which columns say something else."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, collect, ready, start
from weakhitl.annotation.formats.facts import read_facts, roles_of
from weakhitl.annotation.formats.reading import utc
from weakhitl.cli.main import cli
from weakhitl.pipeline.ratings import RatingsFile, check_ratings, measure_ratings

SAID = ["item", "annotator", "role", "label", "guideline", "time", "seconds", "note"]


def run(*arguments: object):
    return CliRunner().invoke(cli, [*map(str, arguments)])


def stored(project: wh.Project) -> pd.DataFrame:
    return project._workspace.store.ratings()[SAID].sort_values(SAID[:3], ignore_index=True)


@pytest.fixture
def project(tmp_path) -> wh.Project:
    project = start(tmp_path / "project", World())
    project.label()
    return project


def rated(project: wh.Project, **columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(
        {"item": project.items.index[:3], "annotator": "ana", "label": ["sun", "rain", "snow"], **columns}
    )


def test_times_seconds_and_notes_of_a_plain_table_are_kept(project, tmp_path):
    table = rated(
        project,
        time=["2024-05-01 12:30", " 2024-05-01T12:30:00+02:00", ""],
        seconds=[4, 5.5, None],
        note=["", "drizzle?", ""],
    )
    table.to_csv(tmp_path / "said.csv", index=False)
    assert project.collect(tmp_path / "said.csv").new == 3
    found = stored(project)
    assert found["time"][:2].tolist() == ["2024-05-01T12:30:00+00:00", "2024-05-01T10:30:00+00:00"]
    assert found["time"][2] > "2026"  # of the import
    assert found["seconds"][:2].tolist() == [4.0, 5.5]
    assert pd.isna(found["seconds"][2])
    assert found["note"].tolist() == ["", "drizzle?", ""]


def test_a_table_in_memory_may_hold_times(project):
    project.collect(rated(project, time=pd.to_datetime(["2024-05-01 12:30", None, "2024-05-02 00:00"])))
    times = stored(project)["time"].tolist()
    assert [times[0], times[2]] == ["2024-05-01T12:30:00+00:00", "2024-05-02T00:00:00+00:00"]


def test_all_that_is_no_time_and_no_number_is_named_and_nothing_is_stored(project, tmp_path):
    table = rated(project, time=["31/12/2024", "2999-01-01", "1704103111200"], seconds=["-1", "inf", "long"])
    table.to_csv(tmp_path / "said.csv", index=False)
    result = run("import", tmp_path / "said.csv", "--project", tmp_path / "project")
    assert result.exit_code == 3
    lines = " ".join(result.output.split())
    for line, time, seconds in ((2, "31/12/2024", "-1"), (3, "2999-01-01", "inf"), (4, "1704103111200", "long")):
        assert f"line {line}: time '{time}' is not a time in ISO 8601, 1970 to 2199; rename the column if" in lines
        assert f"line {line}: seconds '{seconds}' is not a number of seconds, 0 or more; rename the column if" in lines
    assert stored(project).empty
    with pytest.raises(wh.WeakHITLError, match=r"row 1: time \['noon'\] is not a time"):
        project.collect(rated(project, time=[["noon"], None, None]))


def test_columns_of_the_dataset_say_nothing_of_a_rating(tmp_path):
    project = start(tmp_path, World())
    items = pd.read_csv(tmp_path / "items.csv", dtype=str)
    items.assign(time="long ago", note="of the item", role="adjudicator").to_csv(tmp_path / "items.csv", index=False)
    project = wh.Project.load(tmp_path)
    project.label()
    project.route()
    project.export(tmp_path / "queue.csv")
    queue = pd.read_csv(tmp_path / "queue.csv", dtype=str)
    collect(
        project, tmp_path, queue.assign(annotator="ana", label="sun", time="long ago", note="x", role="adjudicator")
    )
    found = stored(project)
    assert len(found) == 140
    assert {*found["role"]} == {"annotator"}
    assert {*found["note"]} == {""}


def test_what_people_said_in_one_project_is_said_in_another_as_it_was(tmp_path):
    """Decisions stay decisions."""
    one = ready(tmp_path / "one")
    said = run("export", tmp_path / "said.csv", "--ratings", "--project", tmp_path / "one")
    assert said.exit_code == 0, said.output
    expected = stored(one)
    assert {*expected["role"]} == {"annotator", "adjudicator"}
    for name, more in (("plain", []), ("long", ["--from", "long"])):
        start(tmp_path / name, World()).label()
        result = run("import", tmp_path / "said.csv", *more, "--project", tmp_path / name)
        decided = expected["role"].eq("adjudicator").sum()
        assert f"{decided} rows are decisions of an adjudicator, by the role" in result.output
        assert result.exit_code == 0, result.output
        pd.testing.assert_frame_equal(stored(wh.Project.load(tmp_path / name)), expected, check_dtype=False)


def test_agreement_and_gate_leave_decisions_out_and_say_so(tmp_path):
    one = ready(tmp_path)
    said = one._workspace.store.ratings()
    said[SAID].to_csv(tmp_path / "all.csv", index=False)
    said[said["role"] == "annotator"][[*SAID[:2], "label"]].to_csv(tmp_path / "people.csv", index=False)
    left = f"{(said['role'] == 'adjudicator').sum()} left out: rows with the role adjudicator"
    everything, notices = measure_ratings(RatingsFile(tmp_path / "all.csv"), None)
    people, _ = measure_ratings(RatingsFile(tmp_path / "people.csv"), None)
    assert left in notices
    assert left in " ".join(run("agreement", tmp_path / "all.csv").output.split())
    assert everything["dataset"] == people["dataset"]
    (tmp_path / "gate.toml").write_text(
        '[labels]\nclasses = ["sun", "rain", "snow"]\n[[gate.check]]\nmetric = "krippendorff-alpha"\nat_least = 0.5\n'
    )
    gates = [
        check_ratings(RatingsFile(tmp_path / name), tmp_path / "gate.toml", tmp_path / f"{name}.log")[0].to_dict()
        for name in ("all.csv", "people.csv")
    ]
    assert gates[0] == gates[1]


def test_a_simulation_replays_what_annotators_said_and_says_what_it_leaves_out(tmp_path):
    one = ready(tmp_path)
    said = one._workspace.store.ratings()[SAID]
    said.to_csv(tmp_path / "all.csv", index=False)
    said[said["role"] == "annotator"].to_csv(tmp_path / "people.csv", index=False)
    World().truth.rename_axis("item").rename("label").to_csv(tmp_path / "truth.csv")
    settings = ["--truth", tmp_path / "truth.csv", "--order", "random", "--model", "majority", "--seeds", 2]
    whole, people = (run("simulate", tmp_path / f"{name}.csv", *settings).output for name in ("all", "people"))
    left = f"{(said['role'] == 'adjudicator').sum()} left out: rows with the role adjudicator"
    assert left in whole
    assert "left out" not in people
    assert people.strip() in whole


def test_a_column_that_names_the_people_says_nothing_of_roles(tmp_path):
    table = pd.DataFrame({"item": ["1", "1", "2", "2"], "role": ["annotator", "adjudicator"] * 2, "label": [*"abaa"]})
    table.to_csv(tmp_path / "said.csv", index=False)
    file = RatingsFile(tmp_path / "said.csv", ("item", "role", "label"))
    found, notices = measure_ratings(file, None)
    assert (found["dataset"]["percent-agreement"]["value"], notices) == (0.5, ())


def test_a_column_of_other_roles_or_guidelines_is_not_ours(project):
    table = rated(project, role=["student", "teacher", ""], guideline=["v1", "v1", "v2"])
    assert roles_of(table) is None
    found, faults = read_facts(table, ())
    assert faults == []
    assert list(found) == []
    project.collect(table)
    assert {*stored(project)["role"]} == {"annotator"}
    assert {*stored(project)["guideline"]} == {project._workspace.guideline_hash}


def test_one_person_may_rate_and_decide_the_same_item(project):
    table = pd.concat([rated(project, role=role) for role in ("annotator", "adjudicator")])
    table["label"] = ["sun", "rain", "snow", "rain", "rain", "rain"]
    assert project.collect(table).new == 6
    again = table.assign(label=["sun", "rain", "snow", "rain", "rain", "sun"])
    with pytest.raises(wh.WeakHITLError, match="'sun', but 'rain' is stored"):
        project.collect(again)


@pytest.mark.parametrize(
    "text", ["1969-12-31", "2200-01-01", "0001-01-01", "9999-12-31T23:59:59-12:00", "170410311200"]
)
def test_a_time_lies_where_ratings_are_made(text):
    with pytest.raises(ValueError, match=text):
        utc(text)
    assert utc("20240501T1230") == "2024-05-01T12:30:00+00:00"


def test_reading_facts_keeps_rows(project):
    table = rated(project, seconds=np.array([1.0, 2.0, 3.0]))
    found, faults = read_facts(table, ("seconds",))
    assert (list(found), faults) == ([], [])
    assert read_facts(table, ())[0]["seconds"].tolist() == [1.0, 2.0, 3.0]
