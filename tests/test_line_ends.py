"""Files as editors and git leave them on Windows: lines that end with CR LF, and a mark at the beginning."""

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import ready
from weakhitl.annotation.media import media_path
from weakhitl.cli.main import cli
from weakhitl.errors import DataError
from weakhitl.labeling.standalone import standalone_source
from weakhitl.pipeline.refinement_files import write_patch
from weakhitl.pipeline.workspace import Workspace
from weakhitl.web.room import Room

RULE = '\n[[labeling.rule]]\nname = "terms"\nkind = "gazetteer"\nlabel = "rain"\nfile = "terms.txt"\n'
EDITED = ["weakhitl.toml", "terms.txt", "items.csv", "labeling_functions/functions.py", "guidelines/guideline.md"]


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def as_on_windows(path: Path, *, mark: bool = True) -> None:
    path.write_bytes(b"\xef\xbb\xbf" * mark + path.read_bytes().replace(b"\n", b"\r\n"))


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    project = ready(folder)
    (folder / "terms.txt").write_text("rain\nsnow\n")
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text() + RULE)
    project = wh.Project.load(folder)
    project.label()
    assert project.release("1.0.0").path.is_dir()
    return folder


@pytest.fixture
def folder(released, tmp_path):
    return Path(shutil.copytree(released, tmp_path / "project"))


def test_what_a_windows_editor_saved_means_the_same(folder):
    before = wh.Project.load(folder).votes
    for name in EDITED:
        as_on_windows(folder / name)
    project = wh.Project.load(folder)
    project.label()
    assert project.votes == before
    assert (before.to_matrix()[:, list(before.sources).index("terms")] >= 0).any()
    room = Room(Workspace.open(folder))
    assert room.guidelines.current().text.startswith("# Look out of the window")
    function = wh.discover(folder / "labeling_functions")[0]
    assert "def narrower(x):" in standalone_source(function, "narrower")


def test_a_proposed_rule_can_be_applied_to_a_configuration_with_such_lines(folder):
    config = folder / "weakhitl.toml"
    as_on_windows(config)
    rule = 'name = "more"\nkind = "keyword"\nlabel = "sun"\nwords = ["bright"]\n'
    patch = write_patch(Workspace.open(folder), [SimpleNamespace(toml=lambda: f"[[labeling.rule]]\n{rule}")])
    subprocess.run(["patch", "-p1", "-i", patch], cwd=folder, check=True, capture_output=True)
    assert [one.name for one in Workspace.open(folder).config.labeling.rule] == ["terms", "more"]
    assert config.read_bytes().count(b"\n") == config.read_bytes().count(b"\r\n")


def test_git_on_windows_leaves_releases_and_guidelines_as_they_are(folder, tmp_path):
    """With what `weakhitl init` writes; without, verify says what has happened."""

    def git(*arguments: str) -> None:
        settings = ("core.autocrlf=true", "user.name=a", "user.email=a@example.org", "commit.gpgsign=false")
        command = ["git", *(part for one in settings for part in ("-c", one)), *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    assert run("init", tmp_path / "new", "--class", "a", "--class", "b").exit_code == 0
    files = ["report.json", "guidelines/guideline.md"]
    for attributes, kept in ((tmp_path / "new" / ".gitattributes", True), (None, False)):
        shutil.rmtree(folder / ".git", ignore_errors=True)
        (folder / ".gitattributes").unlink(missing_ok=True)
        if attributes is not None:
            shutil.copy(attributes, folder)
        git("init", "--quiet")
        git("add", "--all")
        git("commit", "--quiet", "--message", "all")
        shutil.rmtree(folder / "releases")
        git("checkout", "--", "releases")
        texts = [(folder / "releases" / "1.0.0" / name).read_bytes() for name in files]
        assert [b"\r\n" not in text for text in texts] == [kept, kept]
        result = run("verify", folder / "releases" / "1.0.0")
        assert result.exit_code == (0 if kept else 1), result.output
        hint = "only its line ends differ: keep git from that, by `releases/** -text` in .gitattributes"
        assert (f"{hint}\nWRONG report.json" in result.output) is not kept
        assert (hint in result.output) is not kept


def test_a_file_that_differs_in_more_than_line_ends_is_not_excused(folder):
    card = folder / "releases" / "1.0.0" / "README.md"
    card.write_bytes(card.read_bytes().replace(b"\n", b"\r\n") + b"And more.\r\n")
    result = run("verify", folder / "releases" / "1.0.0")
    assert result.exit_code == 1
    assert "README.md: has" in result.output
    assert "line ends" not in result.output


def test_an_own_gitattributes_is_left_alone(tmp_path):
    (tmp_path / ".gitattributes").write_text("* text=auto\n")
    assert run("init", tmp_path, "--class", "a", "--class", "b").exit_code == 0
    assert (tmp_path / ".gitattributes").read_text() == "* text=auto\n"


def test_a_path_with_backslashes_is_told_to_be_written_with_slashes(folder):
    config = folder / "weakhitl.toml"
    text = config.read_text()
    for path, hint in (
        (r"data\items.csv", "write paths with /"),
        (r"data\tweets.csv", "as a backslash makes it in TOML; write paths with /"),
    ):
        config.write_text(text.replace('path = "items.csv"', f'path = "{path}"'))
        result = run("status", "--project", folder)
        assert result.exit_code == 2
        assert hint in " ".join(result.output.split())
    with pytest.raises(DataError, match="write paths from the project's folder, with /"):
        media_path(folder, "pictures\\sky.png")
