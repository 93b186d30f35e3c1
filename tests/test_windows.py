"""Windows: what it forbids is forbidden here, too, for the files of a project. No test of ours runs on a real one."""

import errno
import json
import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from projects import ready
from weakhitl import files
from weakhitl.cli.main import cli
from weakhitl.files import write_text
from weakhitl.release.whole_folder import whole_folder

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the rules look into /proc")


@pytest.fixture
def windows(tmp_path, monkeypatch):
    """A folder whose files obey the rules of Windows."""
    from windows import Rules

    Rules(tmp_path, monkeypatch)
    return tmp_path


def call(folder, *arguments, **settings):
    answer = CliRunner(**settings).invoke(cli, [*map(str, arguments), "--project", str(folder)])
    return answer.exit_code, answer.output


def test_the_rules_forbid_what_windows_does(windows):
    held = windows / "held.txt"
    held.write_text("κ", encoding="utf-8")
    with pytest.raises(PermissionError):
        os.open(windows, os.O_RDONLY)
    with held.open("rb") as reading:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fsync(reading.fileno())
        for attempt in (
            held.unlink,
            lambda: held.rename(windows / "moved.txt"),
            lambda: windows.rename(windows.with_name("other")),
        ):
            with pytest.raises(PermissionError):
                attempt()
    (windows / "other.txt").touch()
    with pytest.raises(FileExistsError):
        held.rename(windows / "other.txt")
    for name in ("a:b", "what?", "nul.csv", "end."):
        with pytest.raises(OSError, match="syntax"):
            (windows / name).touch()
    with pytest.raises(UnicodeEncodeError):
        (windows / "other.txt").write_text("κ")


def test_a_project_goes_from_its_start_to_two_releases_and_back(windows):
    folder = windows / "weather"
    ready(folder)
    for arguments in (
        ["status"],
        ["lfs"],
        ["check"],
        ["release", "1.0.0"],
        ["report", windows / "draft"],
        ["backup", windows / "kept.db"],
        ["restore", windows / "kept.db", "--replace"],
        ["recall", "item:007", "--reason", "its author wants it"],
        *([["train"]] if find_spec("skops") else []),
        ["refine", "--write", "1"],
    ):
        code, said = call(folder, *arguments)
        assert code == 0, (arguments, said)
    for version in ("1.0.0", "1.0.1"):
        answer = CliRunner().invoke(cli, ["verify", str(folder / "releases" / version)])
        assert answer.exit_code == 0, answer.output
    assert not [path for path in windows.rglob("*") if path.suffix in {".tmp", ".partial", ".old"}]


def test_a_file_that_is_open_elsewhere_is_left_as_it_is_and_named(windows):
    """A spreadsheet program keeps its file open."""
    folder = windows / "weather"
    ready(folder)
    queue = folder / "queue.csv"
    assert call(folder, "route", "--another", "--budget", "5", "--audit", "0")[0] == 0
    before = queue.read_bytes()
    with queue.open("rb"):
        code, said = call(folder, "export", queue)
    assert code == 3
    assert "queue.csv" in said
    assert "where a program has it open, close it there" in " ".join(said.split())
    assert queue.read_bytes() == before
    assert not list(folder.glob("*.tmp"))
    assert call(folder, "export", queue)[0] == 0


def test_a_file_that_is_looked_into_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    """A virus scanner opens what has just been written."""
    monkeypatch.setattr(files, "_PAUSES", (0.0, 0.0))
    real, tries = Path.replace, []

    def replace(self, target):
        tries.append(target)
        if len(tries) % 3:
            raise PermissionError(errno.EACCES, "Access is denied", str(self))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"
    with whole_folder(tmp_path / "made") as folder:
        (folder / "b.txt").write_text("b")
    assert (tmp_path / "made" / "b.txt").read_text() == "b"
    assert len(tries) == 6


def test_what_is_for_programs_keeps_its_letters_where_the_output_is_no_utf8(tmp_path):
    ready(tmp_path)
    config = tmp_path / "weakhitl.toml"
    text = config.read_text().replace('name = "small"', 'name = "погода"')
    config.write_text(
        f'{text}[[gate.check]]\nmetric = "coverage"\nat_least = 0.1\nname = "покрытие"\n', encoding="utf-8"
    )
    for charset in ("cp1252", "utf-8"):
        code, said = call(tmp_path, "status", "--json", charset=charset)
        assert code == 0
        assert json.loads(said)["project"] == "погода"
        asked = ["check", "--format", "junit", "--project", str(tmp_path)]
        assert "покрытие" in CliRunner(charset=charset).invoke(cli, asked).stdout_bytes.decode("utf-8")
    assert "погода" in said
