"""Items that arrive one by one: accepted, shown to people, or left without a label."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import CLASSES, World, ask_for_coverage_alone, start
from sites import Somebody, opened
from weakhitl.cli.main import cli
from weakhitl.errors import ConfigError, DataError, StateError, UsageError
from weakhitl.pipeline.online import DATA, Online, online_report
from weakhitl.pipeline.workspace import Workspace
from weakhitl.web.room import Room

pytestmark = pytest.mark.current

RULES = """
[[labeling.rule]]
name = "alert"
kind = "keyword"
words = ["storm"]
label = "rain"
[[labeling.rule]]
name = "sure_sun"
kind = "keyword"
words = ["sunshine"]
label = "sun"
[[labeling.rule]]
name = "sure_snow"
kind = "keyword"
words = ["snowfall"]
label = "snow"
"""
ONLINE = """
[online]
accept = { sun = 0.9, rain = 0.8 }
route = { sun = 0.4, rain = 0.4 }
accept_rules = ["sure_sun", "sure_snow"]
route_rules = ["alert"]
watch = 0.0
"""


def make(folder, online=ONLINE, n=120):
    """A labelled project whose data is a folder."""
    start(folder, World(n))
    (folder / "data").mkdir()
    (folder / "items.csv").rename(folder / "data" / "items.csv")
    toml = folder / "weakhitl.toml"
    toml.write_text(toml.read_text().replace('path = "items.csv"', 'path = "data"') + RULES + online)
    wh.Project.load(folder).label()
    return Workspace.open(folder)


def run(folder, *words):
    return CliRunner().invoke(cli, [*words, "--project", str(folder)])


@pytest.fixture
def workspace(tmp_path):
    return make(tmp_path)


@pytest.mark.parametrize(
    ("text", "label", "confidence", "outcome", "said", "by"),
    [
        ("fine", "sun", 0.9, "accepted", "sun", "upstream"),
        ("fine", "sun", 0.89, "routed", "sun", "upstream"),
        ("fine", "sun", 0.39, "unlabelled", "sun", "upstream"),
        ("wet", "rain", 0.8, "accepted", "rain", "upstream"),
        ("white", "snow", 1.0, "routed", "snow", "upstream"),
        ("white", "snow", 0.0, "routed", "snow", "upstream"),
        ("sunshine", "rain", 0.99, "accepted", "sun", "rule:sure_sun"),
        ("storm and sunshine", "sun", 0.99, "routed", "rain", "rule:alert"),
        ("snowfall in sunshine", "sun", 0.99, "routed", None, "rules (sure_sun, sure_snow differ)"),
    ],
)
def test_rules_come_first_then_the_thresholds_of_the_class(workspace, text, label, confidence, outcome, said, by):
    found = Online(workspace).arrive({"item": "new", "text": text}, label, confidence)
    assert (found.outcome, found.label, found.by) == (outcome, said, by)
    assert found.confidence == (confidence if by == "upstream" else None)


def test_without_thresholds_nothing_is_accepted_and_nothing_lost(tmp_path):
    found = Online(make(tmp_path, "")).arrive({"item": "new", "text": "fine"}, "sun", 1.0)
    assert (found.outcome, found.watched) == ("routed", False)


def test_the_end_model_is_asked_and_the_newest_one(tmp_path):
    workspace = make(tmp_path, ONLINE + 'model = "models"\n')
    online = Online(workspace)
    with pytest.raises(StateError, match="`weakhitl train` makes the end model"):
        online.arrive({"item": "a", "text": "sun sun today"}, None, None)
    wh.Project.load(tmp_path).train(columns=["text"])
    found = online.arrive({"item": "a", "text": "sun sun today"}, None, None)
    assert (found.label, found.by, found.said) == ("sun", "model", {})
    table = pd.DataFrame({"text": ["sun sun today"] * 20 + ["rain"] * 20})
    target = np.repeat([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], 20, axis=0)
    wh.EndModel(CLASSES).fit(table, target).save(tmp_path / "models", {})
    assert online.arrive({"item": "b", "text": "sun sun today"}, None, None).label == "snow"


def test_what_people_said_of_arrivals_is_exported_when_they_are_in_the_data(tmp_path):
    workspace = make(tmp_path)
    Online(workspace).arrive({"item": "new", "text": "sun rain today"}, "sun", 0.5)
    rating = pd.DataFrame({"item": ["new"], "annotator": "ana", "label": "sun"})
    workspace.store.add_ratings(rating, "annotator", "g")
    out = tmp_path / "said.csv"
    only = run(tmp_path, "export", str(out), "--ratings")
    assert (only.exit_code, "only items that arrived have ratings" in only.output) == (3, True)
    workspace.store.add_ratings(rating.assign(item="001"), "annotator", "g")
    some = run(tmp_path, "export", str(out), "--ratings")
    assert "1 rating of an item that arrived: `weakhitl label` takes them into the data first" in some.output
    assert pd.read_csv(out, dtype=str)["item"].tolist() == ["001"]
    run(tmp_path, "label")
    assert run(tmp_path, "export", str(out), "--ratings").exit_code == 0
    assert {*pd.read_csv(out, dtype=str)["item"]} == {"001", "new"}


def test_an_end_model_of_other_classes_is_not_asked(tmp_path):
    make(tmp_path, ONLINE + 'model = "models"\n')
    wh.Project.load(tmp_path).train(columns=["text"])
    toml = tmp_path / "weakhitl.toml"
    text = toml.read_text().replace('["sun", "rain", "snow"]', '["sun", "rain", "sleet"]\nformer = { snow = "sleet" }')
    toml.write_text(text)
    wh.Project.load(tmp_path).label()
    item = {"item": "a", "text": "sun sun today"}
    with pytest.raises(StateError, match="the end model knows sun, rain, snow, and the classes are sun, rain, sleet: "):
        Online(Workspace.open(tmp_path)).arrive(item, None, None)
    wh.Project.load(tmp_path).train(columns=["text"])
    assert Online(Workspace.open(tmp_path)).arrive(item, None, None).label == "sun"


def test_what_is_paused_decides_nothing(tmp_path):
    workspace = make(tmp_path, ONLINE)
    online = Online(workspace)
    for number, source in enumerate(["upstream", "sure_sun"]):
        done = run(tmp_path, "pause", source, "--reason", "wrong on the new form")
        assert done.exit_code == 0, done.output
        assert [*json.loads(run(tmp_path, "online", "--json").output)["paused"]][-1] == source
        assert f"paused: {source} (wrong on the new form)" in run(tmp_path, "online").output
        found = online.arrive({"item": f"p{number}", "text": "sunshine"}, "rain", 0.99)
        assert (found.outcome, found.by) == [("accepted", "rule:sure_sun"), ("routed", "upstream (paused)")][number]
    assert run(tmp_path, "pause", "upstream", "--reason", "twice").exit_code == 3
    for source in ("upstream", "sure_sun"):
        assert run(tmp_path, "pause", source, "--lift", "--reason", "mended").output.endswith("goes on.\n")
    assert online.arrive({"item": "p2", "text": "wet"}, "rain", 0.99).outcome == "accepted"
    assert "there is no function or person 'upstrem'; did you mean 'upstream'" in " ".join(
        run(tmp_path, "pause", "upstrem", "--reason", "x").output.split()
    )


def test_a_source_can_be_paused_while_the_votes_are_out_of_date(tmp_path):
    make(tmp_path)
    (tmp_path / "data" / "more.csv").write_text("item,text\nzzz,sun\n")
    assert run(tmp_path, "pause", "sure_sun", "--reason", "wrong").exit_code == 0
    assert run(tmp_path, "label").exit_code == 0
    assert "sure_sun" not in wh.Project.load(tmp_path).votes.sources


def test_an_item_that_comes_again_gets_the_same_answer_and_waits_once(workspace):
    online = Online(workspace)
    first = online.arrive({"item": "new", "text": "fine"}, "sun", 0.5)
    assert online.arrive({"item": "new", "text": "fine"}, "sun", 0.5) == first
    assert workspace.desk.overview()["items"] == 1
    with pytest.raises(StateError, match="arrived before, with other cells or another class"):
        online.arrive({"item": "new", "text": "else"}, "sun", 0.5)
    with pytest.raises(StateError, match="arrived before"):
        online.arrive({"item": "new", "text": "fine"}, "rain", 0.5)
    assert workspace.store.faults() == []


@pytest.mark.parametrize(
    ("row", "label", "confidence", "error", "what"),
    [
        ({"text": "x"}, "sun", 0.5, UsageError, "the item has no 'item'"),
        ({"item": "x", "txt": "y"}, "fog", 0.5, UsageError, "column 'txt' is not in the data; there is no class 'fog'"),
        ({"item": "x"}, "sun", None, UsageError, "label and confidence belong together"),
        ({"item": "x"}, None, None, UsageError, "no model that could be asked"),
        ({"item": "000"}, "sun", 0.5, StateError, "item '000' is in the dataset already"),
    ],
)
def test_what_cannot_be_decided_is_said_and_nothing_kept(workspace, row, label, confidence, error, what):
    with pytest.raises(error, match=what):
        Online(workspace).arrive(row, label, confidence)
    assert workspace.store.events() == []


def test_a_rule_that_reads_a_column_which_is_not_there_stops_the_server_before_it_starts(tmp_path):
    make(tmp_path, n=20)
    toml = tmp_path / "weakhitl.toml"
    toml.write_text(toml.read_text().replace('name = "alert"\n', 'name = "alert"\ncolumn = "txt"\n'))
    workspace = Workspace.open(tmp_path)
    with pytest.raises(DataError, match="no column 'txt'"):
        Online(workspace).warm()


def test_a_single_file_takes_no_new_items(tmp_path):
    start(tmp_path, World(30)).label()
    with pytest.raises(StateError, match="new items need"):
        Online(Workspace.open(tmp_path)).arrive({"item": "x", "text": "y"}, "sun", 0.5)


@pytest.mark.parametrize(
    ("section", "what"),
    [
        ("accept = 0.5\nroute = 0.6", "accept is below route for all"),
        ("accept = { sun = 0.5 }\nroute = { sun = 0.6 }", "accept is below route for sun"),
        ("accept = { fog = 0.5 }", "online.accept: there is no class 'fog'; there are sun, rain, snow"),
        ('route_rules = ["alrt"]', "online.route_rules: there is no declared rule 'alrt'; there are alert"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(tmp_path, section, what):
    start(tmp_path, World(10))
    toml = tmp_path / "weakhitl.toml"
    toml.write_text(toml.read_text() + RULES + f"[online]\n{section}\n")
    with pytest.raises(ConfigError, match=what):
        wh.Project.load(tmp_path)


def test_people_answer_and_the_next_labels_and_training_have_it(tmp_path):
    workspace = make(tmp_path)
    wh.Project.load(tmp_path).route(budget=12, audit=6)
    with opened(workspace) as app:
        program, ana = Somebody(app, "owner", "program"), Somebody(app, name="ana")
        sent = {"row": {"item": "n1", "text": "snow hidden"}, "label": "sun", "confidence": 0.5}
        answer = program.api("/arrivals", sent)
        assert answer.status_code == 201, answer.text
        assert answer.json()["outcome"] == "routed"
        assert program.api("/arrivals/n1", method="get").json()["people"] is None
        given = ana.api("/next").json()
        assert given["item"] == "n1"
        assert given["fields"] == {"text": "snow hidden"}
        assert given["suggestion"] is None
        assert ana.api("/ratings", {"item": "n1", "label": "snow"}).status_code == 200
        assert program.api("/arrivals/n1", method="get").json()["people"] == "snow"
        assert program.api("/arrivals/n2", method="get").status_code == 404
        assert ana.api("/arrivals", sent).status_code == 403
        assert program.api("/arrivals", {**sent, "confidence": 1.5}).status_code == 422
        endless = b'{"row": {"item": "n9", "text": NaN}, "label": "sun", "confidence": 0.5}'
        refused = program.client.post("/api/v1/arrivals", content=endless, headers=program.headers)
        assert refused.status_code == 422  # no file of the data could hold it
        accepted = {"row": {"item": "n3", "text": "rain wet"}, "label": "rain", "confidence": 0.9}
        assert program.api("/arrivals", accepted).json()["outcome"] == "accepted"
        counts = program.api("/online", method="get").json()["counts"]
        assert counts[0] == {"class": "sun", "accepted": 0, "routed": 1, "unlabelled": 0}
    status = json.loads(run(tmp_path, "status", "--json").output)
    assert status["arrived since the functions ran"] == 2  # people have rated one that the data does not hold yet
    project = wh.Project.load(tmp_path)
    project.label()
    table = project.items
    assert table.loc[["n1", "n3"], "text"].tolist() == ["snow hidden", "rain wet"]
    rated = project.assess().counted.ratings
    assert rated[["item", "label", "fate"]].to_numpy().tolist() == [["n1", "snow", "counted"]]
    assert project.batches[-1].kind == "requested"
    assert project.batches[-1].items.tolist() == ["n1"]
    table = project.arrivals.set_index("item")
    assert table.loc["n1", ["outcome", "people"]].tolist() == ["routed", "snow"]
    assert run(tmp_path, "online", "--out", str(tmp_path / "arrived.csv")).exit_code == 0
    assert pd.read_csv(tmp_path / "arrived.csv")["item"].tolist() == ["n1", "n3"]
    assert "n1" not in project.route(budget=100, audit=0, another=True).items
    before = (tmp_path / "data" / DATA).stat().st_mtime_ns
    again = wh.Project.load(tmp_path)
    again.label()
    assert (tmp_path / "data" / DATA).stat().st_mtime_ns == before
    assert len(again.batches) == 3
    assert again.train(columns=["text"]).items >= 120


def test_a_share_of_what_people_are_asked_online_is_audited_so_that_a_release_can_speak_of_it(tmp_path):
    workspace = make(tmp_path)
    for number in range(11):
        Online(workspace).arrive({"item": f"n{number}", "text": "sun hidden"}, "sun", 0.5)
    project = wh.Project.load(tmp_path)
    project.label()
    (batch,) = project.batches
    assert (batch.by_lot, batch.frame, len(batch.items), len(batch.drawn_for_audit)) == (True, 0, 11, 2)
    ratings = pd.DataFrame([(item, who, "sun") for item in batch.items for who in ("ana", "bo", "cy")])
    workspace.store.add_ratings(ratings.set_axis(["item", "annotator", "label"], axis=1), "annotator")
    queue = wh.Project.load(tmp_path).export(tmp_path / "queue.csv", adjudication=True).table
    assert sorted(queue["item"]) == sorted(batch.drawn_for_audit)
    room = Room(Workspace.open(tmp_path))
    assert [room.case(item, "").blind for item in batch.drawn_for_audit] == [True, True]
    assert not room.case(next(item for item in batch.items if item not in batch.drawn_for_audit), "").blind


def test_a_release_verifies_though_people_rated_what_arrived_since_the_functions_ran(tmp_path):
    workspace = make(tmp_path)
    ask_for_coverage_alone(tmp_path, min_confidence=0.5)
    with (tmp_path / "weakhitl.toml").open("a") as config:
        config.write(RULES + ONLINE)
    project = wh.Project.load(tmp_path)
    project.label()
    Online(Workspace.open(tmp_path)).arrive({"item": "n1", "text": "sun hidden"}, "sun", 0.5)
    rated = pd.DataFrame({"item": ["n1", project.items.index[0]], "annotator": "ana", "label": "sun"})
    project.route(budget=120, audit=10)
    workspace.store.add_ratings(rated, "annotator")
    released = project.release("1.0.0")
    assert [finding for finding in wh.verify(released.path).findings if not finding.holds] == []


def test_export_says_that_what_arrived_waits_on_the_pages(tmp_path):
    workspace = make(tmp_path)
    Online(workspace).arrive({"item": "n1", "text": "sun hidden"}, "sun", 0.5)
    result = run(tmp_path, "export", str(tmp_path / "tasks.csv"))
    assert result.exit_code == 3
    assert "1 item waits on the pages since they arrived; `weakhitl label` takes them in" in result.output


def test_a_program_is_told_what_its_request_lacks(tmp_path):
    with opened(make(tmp_path)) as app:
        program = Somebody(app, "owner")
        text = '{"row": {"item": "n1", "text": "sun"}, "label": "sun", "confidence": 0.9}'
        plain = program.client.post("/api/v1/arrivals", content=text, headers=program.headers)
        assert plain.status_code == 422
        assert plain.json()["detail"].endswith("sent with the header Content-Type: application/json")
        stranger = program.client.post("/api/v1/arrivals", json={}, headers={"Authorization": "Bearer wrong"})
        assert stranger.status_code == 401
        assert "the token of a link that still holds" in stranger.json()["detail"]


def test_what_people_were_asked_online_is_no_batch_that_routing_waits_for(tmp_path):
    workspace = make(tmp_path)
    project = wh.Project.load(tmp_path)
    first = project.route(budget=12, audit=6)
    workspace.store.add_ratings(pd.DataFrame({"item": first.items, "annotator": "ana", "label": "sun"}), "annotator")
    Online(workspace).arrive({"item": "n1", "text": "sun hidden"}, "sun", 0.5)
    project = wh.Project.load(tmp_path)
    project.label()
    assert [batch.kind for batch in project.batches] == ["routing", "requested"]
    assert len(project.route(budget=12, audit=6).items) == 12


def test_people_watch_a_share_of_what_is_accepted_and_an_alarm_goes_off(tmp_path):
    workspace = make(tmp_path, ONLINE.replace("watch = 0.0", "watch = 0.5\nmax_error = 0.1"))
    online = Online(workspace)
    for number in range(200):
        online.arrive({"item": f"n{number}", "text": "wet"}, "rain", 0.95)
    waiting = workspace.desk.overview()["items"]
    assert 70 <= waiting <= 130  # far from either end for a fair lot of 200
    report = online_report(workspace)
    assert (report.watched, report.answered, report.alarm) == (waiting, 0, False)
    assert report.right.value is None
    watched = [one for one in workspace.arrivals.all() if one.watched]
    rated = pd.DataFrame(
        [(one.item, "ana", "rain" if number % 2 else "snow") for number, one in enumerate(watched)],
        columns=["item", "annotator", "label"],
    )
    workspace.store.add_ratings(rated, "annotator")
    report = online_report(workspace)
    assert report.answered == waiting
    assert report.right.value == pytest.approx(0.5, abs=0.01)
    assert report.classes.keys() == {"rain"}
    assert 0.1 < report.error_low < 0.5
    said = run(tmp_path, "online")
    assert said.exit_code == 1
    assert "alarm: surely more than" in said.output
    assert json.loads(run(tmp_path, "online", "--json").output)["alarm"] is True
    workspace.store.add_ratings(rated.assign(annotator="bo", label="rain"), "annotator")
    assert online_report(workspace).right.value == 1.0  # ties say nothing
    assert online_report(workspace).alarm is False


def test_with_nothing_there_the_report_says_so(tmp_path):
    make(tmp_path)
    said = run(tmp_path, "online")
    assert said.exit_code == 0
    assert "Right among the accepted: not known: people have answered nothing" in " ".join(said.output.split())
