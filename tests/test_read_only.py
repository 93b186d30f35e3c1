"""A project that somebody may read and not write: a colleague's, or one on a disk that is mounted so."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from projects import ready
from weakhitl.annotation.store.database import Database
from weakhitl.errors import DataError, StateError


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("of a colleague's")
    ready(folder)
    _write_protect(folder)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)


def _write_protect(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)


_ALL = """
import json, sys
from click.testing import CliRunner
from weakhitl.cli.main import cli
folder, *commands = sys.argv[1:]
answers = [CliRunner().invoke(cli, [*command.split(), "--project", folder]) for command in commands]
print(json.dumps([[answer.exit_code, answer.output] for answer in answers]))
"""


def run_all(folder: Path, commands: list[str]) -> list[tuple[int, str]]:
    """Run commands, in one process, as somebody to whom permissions apply, as they do not to root."""
    command = [sys.executable, "-c", _ALL, str(folder), *commands]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root can write everywhere, and setpriv is not there to take that from it")
        without = "-dac_override"
        command = ["setpriv", "--bounding-set", without, "--inh-caps", without, *command]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert answer.returncode == 0, answer.stderr
    return [(code, said) for code, said in json.loads(answer.stdout)]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_who_may_only_read_a_project_can_look_at_it_and_is_told_what_cannot_be_changed(project):
    before = content(project)
    looks = ["status", "agreement", "annotators", "doctor", "lfs", "plan", "refine"]
    changes = {
        "route --another --budget 5 --audit 0": "may read this annotation store and not write it",
        "label": "cannot write here",
        "check": "cannot be logged here",
        "release 1.0.0": "cannot write here",
    }
    answers = dict(zip([*looks, *changes], run_all(project, [*looks, *changes]), strict=True))
    assert {look: answers[look][0] for look in looks} == dict.fromkeys(looks, 0), answers
    for command, what in changes.items():
        assert answers[command][0] == 3, command
        assert what in answers[command][1], command
    assert content(project) == before


@pytest.fixture
def protected(monkeypatch):
    """Take write permission away as far as the store asks for it: root has it everywhere."""
    monkeypatch.setattr("weakhitl.annotation.store.database._may_only_be_read", Path.exists)


def test_what_somebody_else_writes_meanwhile_is_seen(tmp_path, protected):
    path = tmp_path / "annotations.db"
    writer = Database(path)
    assert not writer.is_read_only
    with writer.write() as connection:
        connection.exec_driver_sql("CREATE TABLE extra (n INTEGER)")
    for number in (1, 2):
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("INSERT INTO extra VALUES (?)", [number])
        reader = Database(path)
        with reader.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM extra").scalar_one() == number
        with pytest.raises(DataError, match="you may read this annotation store"), reader.write():
            pass
        other.close()


def test_a_store_of_an_earlier_version_is_named_where_it_cannot_be_brought_up(tmp_path, protected):
    path = tmp_path / "annotations.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(StateError, match="written by an earlier weakhitl"), Database(path).read():
        pass
