"""A bundle may come from anybody: whatever it holds, verify refuses it with a reason, runs nothing and stays small."""

import io
import json
import os
import pickle
import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import weakhitl as wh
from projects import ready
from test_commands import run
from test_release import bundle, project_folder, released, seal, wrong  # noqa: F401 - fixtures
from weakhitl.errors import DataError, StateError
from weakhitl.release.checking import untrusted


@pytest.fixture(scope="module")
def zipped(tmp_path_factory):
    """A release as one file, and its digest."""
    folder = tmp_path_factory.mktemp("zipped")
    ready(folder)
    return wh.Project.load(folder).release("1.0.0", archive=True)


def test_a_zip_file_verifies_as_its_folder_does(zipped):
    assert zipped.archive == zipped.path.with_name("1.0.0.zip")
    verification = wh.verify(zipped.archive, zipped.digest)
    assert verification.holds, verification.findings
    assert verification.findings == wh.verify(zipped.path, zipped.digest).findings


def test_a_zip_file_is_the_same_bytes_for_the_same_release(zipped, tmp_path):
    from weakhitl.release.archive import pack

    again = Path(shutil.copytree(zipped.path, tmp_path / "1.0.0"))
    for path in again.rglob("*"):
        os.utime(path, (1, 1))
    assert pack(again).read_bytes() == zipped.archive.read_bytes()


def test_a_zip_file_of_a_version_is_never_written_twice(zipped):
    shutil.move(zipped.path, zipped.path.with_name("elsewhere"))
    try:
        with pytest.raises(StateError, match="a release never changes"):
            wh.Project.load(zipped.path.parent.parent).release("1.0.0", archive=True)
    finally:
        shutil.move(zipped.path.with_name("elsewhere"), zipped.path)


def test_a_zip_file_that_somebody_made_of_the_folder_verifies_too(zipped, tmp_path):
    """From the project's folder, as on the command line, or as a Mac does it, with files of its own beside it."""
    project = zipped.path.parent.parent
    inside = Path("releases") / "1.0.0"
    whole = Path(shutil.make_archive(str(tmp_path / "whole"), "zip", project, str(inside)))
    with zipfile.ZipFile(whole, "a") as file:
        file.writestr("__MACOSX/releases/1.0.0/._manifest.json", b"x")
        file.writestr(".DS_Store", b"x")
    verification = wh.verify(whole, zipped.digest)
    assert verification.holds, verification.findings
    two = archive(tmp_path / "two.zip", ("1.0.0/manifest.json", b"{}"), ("2.0.0/manifest.json", b"{}"))
    with pytest.raises(DataError, match=r"two.zip: holds 2 releases \(1.0.0, 2.0.0\); expected one"):
        wh.verify(two)
    many = archive(tmp_path / "many.zip", *((f"{number:04}/manifest.json", b"{}") for number in range(3000)))
    with pytest.raises(DataError, match=r"many.zip: holds 3,000 releases \(0000, 0001, .* more\); expected one"):
        wh.verify(many)
    with pytest.raises(DataError, match=r"none.zip: holds no manifest.json"):
        wh.verify(archive(tmp_path / "none.zip", ("1.0.0/README.md", b"x")))


def archive(path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "a/../../escaped", "..\\escaped", "C:escaped"])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="leads out of the folder"):
        wh.verify(archive(tmp_path / "x.zip", (name, b"x")))
    assert not list(tmp_path.parent.glob("escaped"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_links_and_doubles_in_a_zip_file_are_refused_all_at_once(tmp_path):
    with pytest.raises(DataError) as caught:
        wh.verify(archive(tmp_path / "x.zip", (link("a"), b"/etc/passwd"), ("b", b"1"), ("b", b"2"), ("../c", b"3")))
    assert [fault.split(" ", 1)[1] for fault in caught.value.faults] == [
        "is a link or a device, not a file", "is in it twice", "leads out of the folder",
    ]  # fmt: skip


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    bomb = archive(tmp_path / "x.zip", ("zeros", b"\0" * 50_000_000))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(DataError, match="would unpack to 50,000,000 bytes; expected at most 1,000,000"):
        wh.verify(bomb, most_bytes=1_000_000)


def test_a_bomb_whose_header_lies_is_stopped(tmp_path):
    content = archive(tmp_path / "x.zip", ("zeros", b"\0" * 5_000_000)).read_bytes()
    (tmp_path / "x.zip").write_bytes(content.replace((5_000_000).to_bytes(4, "little"), (5_000).to_bytes(4, "little")))
    with pytest.raises(DataError):
        wh.verify(tmp_path / "x.zip", most_bytes=1_000_000)


def test_a_damaged_zip_file_and_another_file_are_refused(zipped, tmp_path):
    content = bytearray(zipped.archive.read_bytes())
    content[len(content) // 3] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        wh.verify(tmp_path / "damaged.zip")
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(DataError, match="neither a folder nor a zip file"):
        wh.verify(tmp_path / "text.zip")
    with pytest.raises(DataError, match="no such folder or zip file"):
        wh.verify(tmp_path / "nothing")


class Loud:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("i-was-run",)


@pytest.mark.parametrize("name", ["model.pkl", "labeling_functions/functions.py", "votes.parquet"])
def test_a_pickle_under_any_name_is_refused_and_not_run(bundle, name, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    (bundle / name).write_bytes(pickle.dumps(Loud()))
    seal_with(bundle, name)
    finding = next(one for one in wh.verify(bundle).findings if one.what == name)
    assert "is a pickle, which runs code when it is read" in finding.detail
    assert not (tmp_path / "i-was-run").exists()


def seal_with(bundle: Path, name: str) -> None:  # noqa: F811
    """Write the manifest anew, with a file that may not have been in it."""
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    if name not in {subject["name"] for subject in manifest["subject"]}:
        manifest["subject"].append({"name": name, "digest": {"sha256": ""}})
    path.write_text(json.dumps(manifest))
    seal(bundle)


def test_arrays_with_a_pickle_or_names_of_methods_are_refused(bundle, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    np.savez(bundle / "model.npz", class_balance_=np.array([Loud()], dtype=object))
    seal(bundle)
    assert "labels" in wrong(bundle)
    assert not (tmp_path / "i-was-run").exists()
    np.savez(bundle / "model.npz", predict_proba=np.zeros(3))
    seal(bundle)
    assert "labels" in wrong(bundle)


def test_a_pipe_in_a_bundle_is_not_waited_for(bundle):  # noqa: F811
    (bundle / "report.md").unlink()
    os.mkfifo(bundle / "report.md")
    finding = next(one for one in wh.verify(bundle).findings if one.what == "report.md")
    assert finding.detail == "is a device or a pipe, not a file"


def rewritten(bundle: Path, name: str, table: pa.Table) -> list:  # noqa: F811
    pq.write_table(table, bundle / name)
    seal(bundle)
    return [finding for finding in wh.verify(bundle).findings if not finding.holds]


def test_a_text_that_is_stored_once_and_meant_a_million_times_is_counted(bundle, monkeypatch):  # noqa: F811
    """100 KB on the disk would be 800 MB in memory."""
    monkeypatch.setattr(untrusted, "_MOST_GROUP", 100_000_000)
    long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(4_000_000, np.int32)), pa.array(["x" * 100]))
    table = pa.table({"item": long, "label": long})
    pq.write_table(table, bundle / "gold.parquet")
    assert (bundle / "gold.parquet").stat().st_size < 200_000
    seal_with(bundle, "gold.parquet")
    findings = [finding for finding in wh.verify(bundle).findings if not finding.holds]
    assert "bytes" in findings[0].detail
    assert "gold.parquet" in findings[0].detail


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("votes.parquet", b"PAR1 but not really PAR1"),
        ("annotations.parquet", b""),
        ("context.json", b"[" * 100_000),
        ("context.json", b'{"as_of": 12, "guideline": {}, "previous": [1, 2]}'),
        ("context.json", b'{"as_of": NaN}'),
        ("report.json", b'{"gate": {"checks": [7]}}'),
        ("report.json", b"\xff\xfe"),
        ("gate.json", b'"pass"'),
        ("gate-log.jsonl", b"{}\n[]\n"),
        ("gate.junit.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
        ("model.json", b'{"format": 1, "model": "LabelModel"}'),
        ("model.npz", b"PK nothing"),
        ("weakhitl.toml", b"a = [[[[["),
        ("croissant.json", b"{}"),
        ("README.md", b"# Trust me"),
    ],
)
def test_a_file_that_makes_no_sense_is_a_difference_and_no_crash(bundle, name, content):  # noqa: F811
    (bundle / name).write_bytes(content)
    seal(bundle)
    verification = wh.verify(bundle)
    assert not verification.holds
    assert all(finding.detail for finding in verification.findings)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"null", b'{"predicate": {"format": 2}}', b"[" * 100_000, b'{"subject": 1e999}', b"\x80\x04"],
)
def test_a_manifest_that_is_none_is_refused(bundle, content):  # noqa: F811
    (bundle / "manifest.json").write_bytes(content)
    with pytest.raises(DataError):
        wh.verify(bundle)


def test_a_name_in_the_manifest_leads_nowhere(bundle):  # noqa: F811
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["subject"].append({"name": "../../../../etc/passwd", "digest": {"sha256": "0"}})
    path.write_text(json.dumps(manifest))
    finding = next(one for one in wh.verify(bundle).findings if one.what.endswith("passwd"))
    assert finding.detail == "is missing"


def test_a_column_too_many_or_of_another_type_is_a_difference(bundle):  # noqa: F811
    table = pq.read_table(bundle / "consensus.parquet")
    assert {one.what for one in rewritten(bundle, "consensus.parquet", table.append_column("x", table["item"]))} == {
        "labels"
    }
    as_text = table.set_column(1, table.column_names[1], table.column(1).cast("string"))
    assert {one.what for one in rewritten(bundle, "consensus.parquet", as_text)} == {"labels"}


def test_functions_are_run_again_only_when_asked_for_and_after_a_warning(zipped):
    plain = run("verify", zipped.path)
    assert plain.exit_code == 0
    assert "functions:" not in plain.output
    asked = run("verify", zipped.path, "--rerun-functions")
    assert asked.exit_code == 0, asked.output
    assert "is no sandbox" in asked.output
    assert "run again on" in asked.output


def test_a_function_that_was_exchanged_is_found_when_it_is_run_again(bundle):  # noqa: F811
    path = bundle / "labeling_functions" / "functions.py"
    path.write_text(path.read_text().replace('return "sun" if "sun" in x.text', 'return "snow" if "sun" in x.text'))
    seal(bundle)
    assert wh.verify(bundle).holds
    findings = {one.what: one for one in wh.verify(bundle, rerun_functions=True).findings}
    assert not findings["functions"].holds
    assert "'says_sun' on item" in findings["functions"].detail
    path.write_text("raise SystemExit('no')")
    seal(bundle)
    found = wh.verify(bundle, rerun_functions=True)
    assert not found.holds
    (detail,) = [one.detail for one in found.findings if not one.holds]
    assert detail.startswith(f"cannot be run: {bundle / 'labeling_functions'}")
    assert detail.endswith("functions.py, line 1: SystemExit: no")


def test_functions_that_write_what_is_no_text_are_run_again(bundle):  # noqa: F811
    path = bundle / "labeling_functions" / "functions.py"
    path.write_text(f"import sys\nsys.stderr.buffer.write(b'\\xff\\x81')\n{path.read_text()}")
    seal(bundle)
    assert wh.verify(bundle, rerun_functions=True).holds


def test_running_functions_again_leaves_a_release_as_it_is(bundle, monkeypatch):  # noqa: F811
    """Compiled files beside them would be no part of it."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    files = sorted(bundle.rglob("*"))
    assert wh.verify(bundle, rerun_functions=True).holds
    assert sorted(bundle.rglob("*")) == files
    assert wh.verify(bundle).holds


def test_verify_prints_every_finding(zipped):
    shown = run("verify", zipped.archive, "--digest", zipped.digest)
    assert shown.exit_code == 0
    assert shown.output.count("ok    ") >= 10
    assert io.StringIO(shown.output).readlines()[-1] == f"Digest: {zipped.digest}\n"
    data = pd.read_parquet(next((zipped.path / "data").iterdir()))
    assert f"{len(data):,} rows carry the derived labels" in shown.output
