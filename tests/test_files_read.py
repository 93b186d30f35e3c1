"""Files that functions read, such as word lists: votes depend on them, and a release carries those that are listed."""

import warnings

import pytest
from click.testing import CliRunner

from projects import CONFIG, FUNCTIONS, ready
from weakhitl import Project
from weakhitl.cli.main import cli
from weakhitl.errors import ConfigError, StateError
from weakhitl.labeling.function_files import named_files
from weakhitl.release import verify

LISTED = """
from pathlib import Path

WORDS = Path(__file__).with_name("words.txt").read_text().split()


@labeling_function
def listed(x):
    return "rain" if any(word in x.text for word in WORDS) else ABSTAIN
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr("projects.FUNCTIONS", FUNCTIONS + LISTED)
    (tmp_path / "labeling_functions").mkdir()
    (tmp_path / "labeling_functions" / "words.txt").write_text("wet umbrella")
    (tmp_path / "labeling_functions" / "unused.txt").write_text("nobody reads this")
    return ready(tmp_path)


def configured(folder, files):
    (folder / "weakhitl.toml").write_text(CONFIG.replace("[labeling]\n", f"[labeling]\nfiles = {files}\n"))
    return Project.load(folder)


def test_votes_are_out_of_date_when_a_file_that_the_code_names_changes(project, tmp_path):
    (tmp_path / "labeling_functions" / "unused.txt").write_text("and may change")
    project.check()
    (tmp_path / "labeling_functions" / "words.txt").write_text("wet umbrella snow")
    with pytest.raises(StateError, match=r"changed since the labeling functions ran: labeling_functions/words\.txt"):
        project.check()
    project.label()
    project.check()


def test_a_release_carries_the_files_that_are_listed_and_names_those_that_are_not(project, tmp_path):
    first = project.release("1.0.0")
    assert any("the functions name words.txt" in notice for notice in first.notices)
    assert not (first.path / "labeling_functions" / "words.txt").exists()
    assert [one.what for one in verify(first.path, rerun_functions=True).findings if not one.holds] == ["functions"]
    answer = CliRunner().invoke(cli, ["verify", str(first.path), "--rerun-functions"])
    assert answer.exit_code == 1
    assert "All else holds" in answer.output
    second = configured(tmp_path, ["labeling_functions/words.txt"]).release("1.0.1")
    assert not any("the functions name" in notice for notice in second.notices)
    assert not (second.path / "labeling_functions" / "unused.txt").exists()
    assert verify(second.path, rerun_functions=True).holds


def test_a_file_that_a_rule_and_a_function_read_is_carried_once(project, tmp_path):
    configured(tmp_path, ["labeling_functions/words.txt"])
    rule = (
        '[[labeling.rule]]\nname = "towns"\nkind = "gazetteer"\nlabel = "rain"\nfile = "labeling_functions/words.txt"\n'
    )
    with (tmp_path / "weakhitl.toml").open("a") as file:
        file.write(f"\n{rule}")
    again = Project.load(tmp_path)
    again.label()
    assert verify(again.release("1.0.0").path, rerun_functions=True).holds


def test_every_listed_file_that_cannot_be_carried_is_named(project, tmp_path):
    inside = [f"labeling_functions/{name}" for name in ("nope.txt", "../items.csv", "functions.py", "words.txt")]
    again = configured(tmp_path, inside)
    with pytest.raises(ConfigError) as error:
        again.check()
    assert len(error.value.faults) == 3
    for what, fault in zip(
        ("nope.txt: there is no such file", "items.csv is in no folder of functions", "functions.py is code"),
        error.value.faults,
        strict=True,
    ):
        assert what in fault


def test_a_file_is_named_by_its_name_or_a_path_that_ends_with_it(tmp_path):
    folder = tmp_path / "functions"
    for name in ("words.txt", "lists/towns.csv", "lists/no.csv", ".git/config", "other.txt", "bad.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "a.py").write_text("HERE = 'functions/words.txt'\nTOWNS = HERE / 'lists' / 'towns.csv'\nX = 'config'\n")
    (folder / "b.py").write_text("def f(:  # 'bad.txt'\n")
    (folder / "d.py").write_text("ODD = '\\d'\n")
    (folder / "lists" / "c.py").write_text(r"OTHER = 'C:\\functions\\other.txt'")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [file.name for file in named_files([folder])] == ["lists/towns.csv", "other.txt", "words.txt"]
    assert named_files([folder / "a.py"]) == []
