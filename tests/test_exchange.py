"""Other tools: what `weakhitl export --to` writes, `weakhitl import --from` reads."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from projects import ready
from sites import make_project
from weakhitl import Project
from weakhitl.annotation import ADJUDICATOR, ANNOTATOR
from weakhitl.annotation.formats.exchange import FORMATS
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, StateError, UsageError


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments], catch_exceptions=False)


@pytest.fixture
def project(tmp_path):
    make_project(tmp_path)
    return tmp_path


def rate(folder):
    store = Project.load(folder)._workspace.store
    items = store.batches()[0].items[:3]
    rows = [(item, who, "sun", 2.5, "2026-01-02T03:04:05+00:00") for item in items for who in ("ana", "bo")]
    columns = ["item", "annotator", "label", "seconds", "time"]
    store.add_ratings(pd.DataFrame(rows, columns=columns), ANNOTATOR, "g1")
    return store.ratings()


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("mturk", "sagemaker", "doccano")])
def test_ratings_go_out_and_come_back_into_another_project(tmp_path, name):
    first, second = tmp_path / "first", tmp_path / "second"
    make_project(first)
    make_project(second)
    sent = rate(first)
    file = tmp_path / f"ratings{FORMATS[name].suffix}"
    out = run("export", file, "--to", name, "--ratings", "--project", first)
    assert out.exit_code == 0, out.output
    assert "6 ratings of 3 items" in out.output
    for line in FORMATS[name].cannot_hold:
        assert line in out.output
    back = run("import", file, "--from", name, "--project", second)
    assert back.exit_code == 0, back.output
    assert "6 new ratings" in back.output
    got = Project.load(second)._workspace.store.ratings()
    key = ["item", "annotator", "label", "role"]
    assert sorted(map(tuple, got[key].to_numpy())) == sorted(map(tuple, sent[key].to_numpy()))
    assert "0 new ratings (6 were known)" in run("import", file, "--from", name, "--project", second).output


@pytest.mark.parametrize("name", list(FORMATS))
def test_what_waits_is_written_in_every_format_without_predictions_unless_asked(project, tmp_path, name):
    file = tmp_path / f"tasks{FORMATS[name].suffix}"
    out = run("export", file, "--to", name, "--project", project)
    assert out.exit_code == 0, out.output
    assert "12 items wait (24 ratings)" in out.output
    text = file.read_text()
    for item in Project.load(project).batches[0].items:
        assert item in text
    assert "weakhitl" not in text
    assert run("export", file, "--to", name, "--predictions", "--project", project).exit_code == 0


def test_labels_go_along_as_predictions_where_asked(project, tmp_path):
    file = tmp_path / "tasks.json"
    run("export", file, "--to", "label-studio", "--predictions", "--project", project)
    found = json.loads(file.read_text())
    assert {one["model_version"] for task in found for one in task["predictions"]} == {"weakhitl"}


def test_decisions_come_back_as_decisions(project, tmp_path):
    rate(project)
    file = tmp_path / "decisions.csv"
    items = Project.load(project).batches[0].items[:2]
    pd.DataFrame({"item": items, "annotator": "eve", "label": "rain"}).to_csv(file, index=False)
    out = run("import", file, "--from", "long", "--adjudication", "--project", project)
    assert "2 new decisions" in out.output
    ratings = Project.load(project)._workspace.store.ratings()
    assert ratings[ratings["role"] == ADJUDICATOR]["annotator"].tolist() == ["eve", "eve"]


def test_who_is_who_can_be_said(project, tmp_path):
    item = Project.load(project).batches[0].items[0]
    task = {"data": {"item": item, "text": "x"}, "annotations": [{"completed_by": 2, "result": [
        {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["sun"]}}]}]}  # fmt: skip
    file = tmp_path / "export.json"
    file.write_text(json.dumps([task]))
    assert run("import", file, "--from", "label-studio", "--who", "2=ana", "--project", project).exit_code == 0
    assert Project.load(project)._workspace.store.ratings()["annotator"].tolist() == ["ana"]
    assert run("import", file, "--from", "label-studio", "--who", "ana", "--project", project).exit_code == 2


def test_what_cannot_be_used_is_said_and_nothing_is_kept(project, tmp_path):
    made = Project.load(project)
    with pytest.raises(UsageError, match="there is no format 'labelstudio'; the formats are long, label-studio"):
        made.export(tmp_path / "x.json", to="labelstudio")
    with pytest.raises(StateError, match="nobody has rated anything yet"):
        made.export(tmp_path / "x.csv", ratings=True)
    with pytest.raises(UsageError, match="no column 'txt'"):
        made.export(tmp_path / "x.json", to="label-studio", text="txt")
    file = tmp_path / "ratings.csv"
    rows = [("nowhere", "ana", "sun"), (made.batches[0].items[0], "ana", "sun")]
    pd.DataFrame(rows, columns=["item", "annotator", "label"]).to_csv(file, index=False)
    with pytest.raises(DataError, match="item 'nowhere' is not in the dataset"):
        made.collect(file, source="long")
    assert made._workspace.store.ratings().empty


def test_decisions_are_not_taken_for_ratings(tmp_path):
    """The queue of the adjudicator says whose cells they are; another tool's file of surplus ratings is asked about."""
    project = ready(tmp_path)
    items = project.batches[0].items[:5]
    table = pd.DataFrame({"item": items, "adjudicator": "lead", "label": "sun"})
    table.to_csv(tmp_path / "queue.csv", index=False)
    refused = run("import", tmp_path / "queue.csv", "--project", tmp_path)
    assert refused.exit_code == 3
    assert "has a column 'adjudicator': these are decisions" in refused.output
    assert run("import", tmp_path / "queue.csv", "--adjudication", "--project", tmp_path).exit_code == 0
    stored = project._workspace.store.ratings().query("annotator == 'lead'")
    assert stored["role"].tolist() == [ADJUDICATOR] * 5
    as_ratings = table.rename(columns={"adjudicator": "annotator"}).assign(annotator="late")
    as_ratings.to_csv(tmp_path / "late.csv", index=False)
    asked = run("import", tmp_path / "late.csv", "--project", tmp_path)
    assert "Were they decisions of an adjudicator?" in " ".join(asked.output.split())


def test_a_sheet_with_the_datasets_own_id_column_needs_no_item_column(tmp_path):
    (tmp_path / "items.csv").write_text("tweet,text\n1,x\n2,y\n")
    assert run("init", tmp_path / "p", "--no-functions", "--data", tmp_path / "items.csv").exit_code == 0
    (tmp_path / "sheet.csv").write_text("tweet,ana,bo\n1,yes,no\n2,no,no\n")
    refused = run("import", tmp_path / "sheet.csv", "--project", tmp_path / "p")
    assert "--wide '*' if each annotator has a column" in " ".join(refused.output.split())
    assert "4 new ratings" in run("import", tmp_path / "sheet.csv", "--wide", "*", "--project", tmp_path / "p").output
    (tmp_path / "long.csv").write_text("tweet,annotator,label\n1,cy,yes\n")
    assert "1 new rating." in run("import", tmp_path / "long.csv", "--project", tmp_path / "p").output
    other = run("import", tmp_path / "long.csv", "--item", "twet", "--project", tmp_path / "p")
    assert "no column 'twet'" in other.output
