"""A check that passes after others have not says so: its bound holds for one look."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import ready
from weakhitl.cli.main import cli
from weakhitl.gate.log import looks_before
from weakhitl.release.evidence_files import read_evidence

POLICY = """\
[labels]
classes = ["yes", "no"]
[[gate.check]]
metric = "krippendorff-alpha"
at_least = 0.6
{more}
"""


def run(*arguments) -> str:
    return " ".join(CliRunner().invoke(cli, [*map(str, arguments)], catch_exceptions=False).output.split())


@pytest.fixture
def look(tmp_path):
    """Check so many items, of which a share is rated alike; give what is said."""
    (tmp_path / "gate.toml").write_text(POLICY.format(more=""))

    def check(n: int, agree: float) -> str:
        rng = np.random.default_rng(0)
        first = rng.random(n) < 0.5
        second = first ^ (rng.random(n) >= agree)
        words = np.array(["no", "yes"])
        rows = [f"{at},{who},{words[int(said[at])]}" for at in range(n) for who, said in (("a", first), ("b", second))]
        (tmp_path / "ratings.csv").write_text("\n".join(["item,annotator,label", *rows]) + "\n")
        return run("check", "--votes", tmp_path / "ratings.csv", "--policy", tmp_path / "gate.toml")

    return check


def test_a_pass_says_how_often_the_check_had_not_passed(look):
    assert "looked at" not in look(80, 0.7)
    assert "looked at" not in look(80, 0.7)
    assert "looked at" not in look(100, 0.75)
    assert "pass" in (said := look(400, 0.97))
    assert "looked at 2 times before without passing, and its bound holds for one look" in said


def test_what_could_not_pass_was_no_look(look):
    assert "are needed" in look(20, 0.9)
    assert "looked at" not in look(400, 0.97)


def test_a_bound_that_holds_at_every_look_needs_no_count(look, tmp_path):
    (tmp_path / "gate.toml").write_text(POLICY.format(more="sequential = true"))
    look(80, 0.7)
    assert "pass" in (said := look(2000, 0.99))
    assert "looked at" not in said


def test_runs_of_parts_and_of_older_versions_are_no_looks():
    check = {"name": "alpha", "status": "fail", "value": 0.1, "low": 0.0, "high": 0.2}
    runs = [{"as_of": "2026-01-01T00:00:00+00:00", "where": {}, "checks": [check]}]
    assert looks_before(runs) == {}
    assert looks_before([runs[0] | {"where": {"a": "b"}, "checks": [check | {"met": True}]}]) == {}
    assert looks_before([runs[0] | {"checks": [check | {"met": True}]}]) == {"alpha": 1}


def test_a_release_carries_its_looks_and_the_next_one_begins_anew(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looks") / "project"
    ready(folder)
    config = folder / "weakhitl.toml"
    text = config.read_text()
    config.write_text(text.replace("at_least = 0.5", "at_least = 0.99"))
    assert wh.Project.load(folder).check().status == "fail"
    config.write_text(text)
    project = wh.Project.load(folder)
    assert "looked at 1 time before" in project.check().verdicts[0].why
    path = project.release("1.0.0").path
    assert read_evidence(path).context.looks == {"krippendorff-alpha": 1}
    assert "looked at 1 time before" in json.loads((path / "report.json").read_text())["gate"]["checks"][0]["why"]
    assert wh.verify(path).holds
    assert wh.Project.load(folder).status()["next"] != "weakhitl release 1.0.1"
    assert "looked at" not in wh.Project.load(folder).check().verdicts[0].why
    shutil.rmtree(folder)
