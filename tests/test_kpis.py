"""Key figures: right by hand, undefined with a reason, in the report, on the command line and for Prometheus."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import CLASSES, World, collect, ready, start
from sites import make_project, opened
from weakhitl.annotation import ADJUDICATOR, ANNOTATOR, AnnotationStore
from weakhitl.cli.main import cli
from weakhitl.gate.strata import settled
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release.kpis import KPIS, interventions, kpis
from weakhitl.schema import ABSTAIN

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

HOURLY = "cost_per_hour = 36.0\n"


def timed(folder, seconds=10.0, config=HOURLY, right=0.92):
    """A project with a decided audit whose ratings took known times, an hour costing 36."""
    world = World()
    start(folder, world)
    file = folder / "weakhitl.toml"
    file.write_text(file.read_text().replace("[annotation]\n", f"[annotation]\n{config}"))
    project = wh.Project.load(folder)
    project.label()
    project.route()
    people = dict.fromkeys(("ana", "bo", "cy"), right)
    table = world.ratings(project.batches[0].items, people)
    store = AnnotationStore(folder / "annotations.db")
    store.add_ratings(table.assign(seconds=np.resize([seconds, seconds + 2], len(table))), ANNOTATOR, "g")
    queue = project.export(folder / "queue.csv", adjudication=True).table
    decided = world.ratings(pd.Index(queue["item"]), {"senior": 1.0})
    store.add_ratings(decided.assign(seconds=seconds), ADJUDICATOR, "g")
    return wh.Project.load(folder), world


def test_every_figure_is_what_it_is_by_hand(tmp_path):
    project, world = timed(tmp_path)
    assessment = project.assess()
    found = kpis(assessment)
    batch, n = project.batches[0], 240
    labelled = int(assessment.final.known.sum())
    assert found["intervention-rate"].value == pytest.approx(140 / labelled)
    decided = assessment.decisions[assessment.decisions.index.isin(batch.drawn_for_audit)]
    automatic = pd.Series(assessment.automatic.labels, index=assessment.evidence.items)[decided.index]
    known = automatic != ABSTAIN
    assert found["overturn-rate"].value == pytest.approx((automatic != decided)[known].mean())
    assert found["review-time"].value == 11.0
    ratings = assessment.evidence.ratings
    people = ratings[ratings["role"] == "annotator"]
    money = (11.0 * len(people) + 10.0 * (len(ratings) - len(people))) / 3600 * 36
    assert found["cost-per-released-item"].value == pytest.approx(money / assessment.released.sum())
    removed = found["error-reduction"]
    assert found["cost-per-error-removed"].value == pytest.approx(money / (removed.value * n))
    assert found["cost-per-error-removed"].low == pytest.approx(money / (removed.high * n))
    assert found["saved-share"].value == pytest.approx(1 - money / (n * 3 * 11.0 / 3600 * 36))
    assert found["saved-share"].low < found["saved-share"].value < found["saved-share"].high
    assert world.truth.size == n


def test_the_errors_removed_are_near_the_truth(tmp_path):
    """Over ten projects the mean estimate is the mean truth, up to three standard errors."""
    gaps = []
    for seed in range(10):
        world = World(seed=seed)
        project = start(tmp_path / str(seed), world)
        project.label()
        project.route(seed=seed)
        table = world.ratings(project.batches[0].items, dict.fromkeys(("ana", "bo", "cy"), 0.9))
        collect(project, tmp_path / str(seed), table)
        queue = project.export(tmp_path / "queue.csv", adjudication=True).table
        collect(project, tmp_path, world.ratings(pd.Index(queue["item"]), {"senior": 1.0}), adjudication=True)
        assessment = project.assess()
        codes = np.array([CLASSES.index(label) for label in world.truth])
        truth = (settled(assessment).labels == codes).mean() - (assessment.automatic.labels == codes).mean()
        found = kpis(assessment)["error-reduction"]
        assert found.low < found.value < found.high
        gaps.append(found.value - truth)
    assert abs(np.mean(gaps)) < 3 * np.std(gaps, ddof=1) / 10**0.5 + 1e-9
    assert np.std(gaps) < 0.05


def test_what_is_not_known_is_undefined_with_its_reason(tmp_path):
    project = start(tmp_path, World(n=60))
    project.label()
    found = kpis(project.assess())
    assert found["intervention-rate"].value == 0
    assert found["cost-per-released-item"].reason == "nothing would be released"
    assert "adjudicated" in found["overturn-rate"].reason
    assert "no audited item" in found["error-reduction"].reason
    assert found["review-time"].reason == "the ratings carry no times"
    (tmp_path / "c").mkdir()
    made, _ = timed(tmp_path / "c")
    batch = made.route(budget=20, audit=20, another=True)
    waiting = kpis(wh.Project.load(tmp_path / "c").assess())
    for name in ("overturn-rate", "error-reduction"):
        assert waiting[name].reason == f"{len(batch.items)} audited items wait for the adjudicator"
    for name, reason in {"a": "is not configured", "b": "carry no time"}.items():
        config = "" if name == "a" else HOURLY
        made = ready(tmp_path / name)
        file = tmp_path / name / "weakhitl.toml"
        file.write_text(file.read_text().replace("[annotation]\n", f"[annotation]\n{config}"))
        assert reason in kpis(wh.Project.load(tmp_path / name).assess())["saved-share"].reason
        assert made.batches


def test_money_of_judges_counts_and_is_in_the_release(tmp_path):
    project, _ = timed(tmp_path)
    before = kpis(project.assess())["cost-per-released-item"].value * project.assess().released.sum()
    file = tmp_path / "weakhitl.toml"
    file.write_text(file.read_text() + '[[judge]]\nname = "gpt"\nmodel = "m"\nurl = "http://x/v1"\n')
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "gpt.json").write_text(json.dumps({"identity": "x", "spent": 12.5}))
    project = wh.Project.load(tmp_path)
    after = kpis(project.assess())["cost-per-released-item"].value * project.assess().released.sum()
    assert after == pytest.approx(before + 12.5)
    released = project.release("1.0.0")
    assert wh.verify(released.path).holds
    report = json.loads((released.path / "report.json").read_text())
    assert report["cost"]["judges"] == {"gpt": 12.5}
    assert report["kpis"]["cost-per-released-item"]["value"] > 0
    page = (released.path / "report.html").read_text()
    assert all(kpi.title in page for kpi in KPIS)


def test_the_command_shows_them_in_a_table(tmp_path):
    timed(tmp_path)
    result = CliRunner().invoke(cli, ["status", "--kpis", "--project", str(tmp_path)], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    assert "Time for a rating" in result.output
    assert "11.0 s [10.0 s, 12.0 s]" in result.output
    assert "items first rated" in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_items_are_counted_in_the_month_of_their_first_rating(tmp_path):
    project = start(tmp_path, World(n=60))
    project.label()
    project.route(budget=4, audit=2)
    items = project.batches[0].items
    months = ["2026-01", "2026-01", "2026-03", "2026-03"]
    given = dict(zip(items, months, strict=True))
    rows = [(item, who, "sun", f"{month}-05T00:00:00+00:00") for item, month in given.items() for who in "ab"]
    rows.append((items[0], "c", "sun", "2026-03-09T00:00:00+00:00"))
    table = pd.DataFrame(rows, columns=["item", "annotator", "label", "time"])
    AnnotationStore(tmp_path / "annotations.db").add_ratings(table, ANNOTATOR, "g")
    found = interventions(wh.Project.load(tmp_path).assess())
    assert found["month"].tolist() == ["2026-01", "2026-03"]
    assert found["items"].tolist() == [2, 2]
    assert found["share_so_far"].tolist() == pytest.approx([2 / 60, 4 / 60])


@pytest.mark.xdist_group("web")
def test_prometheus_reads_them_with_an_owners_token(tmp_path):
    from fastapi.testclient import TestClient
    from prometheus_client.parser import text_string_to_metric_families

    make_project(tmp_path)
    project = wh.Project.load(tmp_path)
    expected = project.status(kpis=True)
    with opened(Workspace.open(tmp_path)) as app:
        client = TestClient(app)
        people = app.state.room.people
        owner, other = people.invite("boss", "owner"), people.invite("ana", "annotator")
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": f"Bearer {other}"}).status_code == 403
        limit = time.monotonic() + 60
        while app.state.live.facts()["updating"] and time.monotonic() < limit:
            time.sleep(0.2)
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {owner}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    values = {name: family.samples[0].value for name, family in families.items()}
    assert values["weakhitl_items"] == expected["items"]
    assert values["weakhitl_intervention_rate"] == pytest.approx(expected["kpis"]["intervention-rate"]["value"])
    gate = {one.labels["status"]: one.value for one in families["weakhitl_gate"].samples}
    assert gate[expected["gate"]] == 1
    assert sum(gate.values()) == 1
    defined = [kpi.name for kpi in KPIS if expected["kpis"][kpi.name]["value"] is not None]
    assert {f"weakhitl_{name.replace('-', '_')}" for name in defined} <= set(values)
    undefined = {f"weakhitl_{kpi.name.replace('-', '_')}" for kpi in KPIS if kpi.name not in defined}
    assert not undefined & set(values)
