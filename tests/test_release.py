"""Releases: whole or not at all, and nobody can change one unseen."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
from projects import ready
from weakhitl.errors import DataError, StateError, UsageError
from weakhitl.files import sha256
from weakhitl.release.manifest import digest


@pytest.fixture(scope="module")
def project_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    ready(folder)
    return folder


@pytest.fixture(scope="module")
def released(project_folder):
    result = wh.Project.load(project_folder).release("1.0.0")
    assert result.gate.status == "pass", [verdict.why for verdict in result.gate.verdicts]
    return result


@pytest.fixture
def bundle(released, tmp_path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(released.path, tmp_path / "bundle"))


def wrong(bundle, **settings) -> list[str]:
    return [finding.what for finding in wh.verify(bundle, **settings).findings if not finding.holds]


def seal(bundle: Path) -> None:
    """Write the manifest anew, as a forger would who knows how."""
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in manifest["files"]:
        manifest["files"][name] = {"sha256": sha256(bundle / name), "bytes": (bundle / name).stat().st_size}
    path.write_text(json.dumps(manifest | {"digest": digest(manifest)}))


def test_a_release_verifies(released):
    verification = wh.verify(released.path, expected_digest=released.digest)
    assert verification.holds, verification.findings
    assert {finding.what for finding in verification.findings} >= {"manifest", "files", "labels", "data", "figures"}


def test_a_release_holds_the_evidence_and_what_was_used(released):
    names = {path.relative_to(released.path).as_posix() for path in released.path.rglob("*") if path.is_file()}
    assert names == {
        "data/data.parquet", "consensus.parquet", "votes.parquet", "ratings.parquet", "batches.parquet",
        "weakhitl.toml", "labeling_functions/functions.py", "guidelines/guideline.md",
        "report.html", "report.md", "report.json", "manifest.json", "context.json", "gate-run.json",
    }  # fmt: skip


def test_released_rows_have_label_confidence_and_origin_and_nothing_below_the_policy(released, project_folder):
    data = pd.read_parquet(released.path / "data" / "data.parquet")
    report = json.loads((released.path / "report.json").read_text())
    assert len(data) == report["counts"]["released"] < report["counts"]["items"]
    assert list(data.columns) == ["item", "text", "label", "confidence", "origin"]
    assert data["confidence"].min() >= 0.9
    assert set(data["label"]) <= {"sun", "rain", "snow"}
    assert set(data["origin"]) <= {"functions", "functions and people", "adjudicated"}


def test_one_changed_byte_in_any_file_is_found_by_name(released, tmp_path):
    for path in sorted(released.path.rglob("*")):
        if path.is_dir():
            continue
        name = path.relative_to(released.path).as_posix()
        bundle = Path(shutil.copytree(released.path, tmp_path / name.replace("/", "_")))
        content = bytearray((bundle / name).read_bytes())
        content[len(content) // 2] ^= 1
        (bundle / name).write_bytes(content)
        if name == "manifest.json":
            assert _is_refused(bundle)
        else:
            assert name in wrong(bundle)


def _is_refused(bundle: Path) -> bool:
    """Whether verify finds a difference, or no readable manifest at all."""
    try:
        return not wh.verify(bundle).holds
    except DataError:
        return True


def test_an_unlisted_a_missing_and_a_linked_file_are_differences(bundle):
    (bundle / "extra.txt").write_text("?")
    (bundle / "report.md").unlink()
    shutil.move(bundle / "votes.parquet", bundle.parent / "votes.parquet")
    (bundle / "votes.parquet").symlink_to(bundle.parent / "votes.parquet")
    assert {"extra.txt", "report.md", "votes.parquet"} <= set(wrong(bundle))


def test_a_swapped_label_with_a_forged_manifest_is_found(bundle):
    path = bundle / "data" / "data.parquet"
    data = pd.read_parquet(path)
    data.loc[0, "label"] = "snow" if data.loc[0, "label"] == "sun" else "sun"
    data.to_parquet(path, index=False)
    seal(bundle)
    assert wrong(bundle) == ["data"]


def test_a_removed_rating_with_a_forged_manifest_is_found(bundle):
    path = bundle / "ratings.parquet"
    pd.read_parquet(path).iloc[1:].to_parquet(path, index=False)
    seal(bundle)
    assert "figures" in wrong(bundle)


def test_an_edited_figure_with_a_forged_manifest_is_found(bundle):
    path = bundle / "report.json"
    report = json.loads(path.read_text())
    report["gate"]["checks"][0]["estimate"]["low"] += 0.01
    path.write_text(json.dumps(report))
    seal(bundle)
    assert {"figures", "pages"} <= set(wrong(bundle))


def test_a_lowered_bar_with_a_forged_manifest_is_found(bundle):
    path = bundle / "weakhitl.toml"
    path.write_text(path.read_text().replace("at_least = 0.5", "at_least = 0.1"))
    seal(bundle)
    assert "figures" in wrong(bundle)


def test_a_wholly_forged_release_has_another_digest(bundle, released):
    (bundle / "guidelines" / "guideline.md").write_text("# Anything goes\n")
    seal(bundle)
    assert wrong(bundle) == []
    assert "digest" in wrong(bundle, expected_digest=released.digest)


def test_what_is_no_release_says_so(tmp_path):
    with pytest.raises(DataError, match=r"holds no manifest\.json: this is no release"):
        wh.verify(tmp_path)


def test_a_release_never_changes(released, project_folder):
    with pytest.raises(StateError, match="a release never changes; choose a higher version"):
        wh.Project.load(project_folder).release("1.0.0")


@pytest.mark.parametrize("version", ["1", "v1.0.0", "1.0", "../1.0.0", "01.0.0", ""])
def test_a_version_is_semantic(project_folder, version):
    with pytest.raises(UsageError, match="three numbers"):
        wh.Project.load(project_folder).release(version)


def test_two_releases_from_one_state_hold_the_same_bytes(project_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    folders = [Path(shutil.copytree(project_folder, tmp_path / name)) for name in ("first", "second")]
    first, second = (wh.Project.load(folder).release("2.0.0") for folder in folders)
    for name in ("votes.parquet", "ratings.parquet", "consensus.parquet", "data/data.parquet", "batches.parquet"):
        assert sha256(first.path / name) == sha256(second.path / name)
    for name in ("report.html", "report.md", "report.json"):
        assert sha256(first.path / name) == sha256(second.path / name)


def test_a_refusal_writes_the_report_and_no_data(tmp_path):
    refused = ready(tmp_path, right=0.5).release("1.0.0")
    assert refused.gate.status == "fail"
    assert refused.digest is None
    assert sorted(path.name for path in refused.path.iterdir()) == ["report.html", "report.json", "report.md"]
    assert "Refused" in (refused.path / "report.md").read_text()
    assert not (tmp_path / "releases" / "1.0.0").exists()


def test_a_column_of_the_dataset_that_is_called_label_is_kept(tmp_path):
    ready(tmp_path)
    items = pd.read_csv(tmp_path / "items.csv", dtype=str)
    items.assign(label="mine").to_csv(tmp_path / "items.csv", index=False)
    project = wh.Project.load(tmp_path)
    project.label()
    data = pd.read_parquet(project.release("1.0.0").path / "data" / "data.parquet")
    assert set(data["original_label"]) == {"mine"}
    assert set(data["label"]) <= {"sun", "rain", "snow"}


@pytest.mark.parametrize("delay", [0.6, 1.2, 1.8, 2.4])
def test_a_killed_release_leaves_a_whole_one_or_none(project_folder, tmp_path, delay):
    folder = Path(shutil.copytree(project_folder, tmp_path / "project"))
    shutil.rmtree(folder / "releases", ignore_errors=True)
    command = [sys.executable, "-c", "from weakhitl.cli.main import run; run()", "release", "1.0.0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
    final = folder / "releases" / "1.0.0"
    assert not final.exists() or wh.verify(final).holds
    if not final.exists():
        assert wh.Project.load(folder).release("1.0.0").digest
        assert [path.name for path in final.parent.iterdir()] == ["1.0.0"]


def test_an_interrupt_while_writing_leaves_nothing(project_folder, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(project_folder, tmp_path / "project"))
    shutil.rmtree(folder / "releases", ignore_errors=True)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("weakhitl.release.bundle.write_report", interrupt)
    with pytest.raises(KeyboardInterrupt):
        wh.Project.load(folder).release("1.0.0")
    assert list((folder / "releases").iterdir()) == []


def test_the_report_escapes_what_annotators_and_classes_are_called(tmp_path):
    project = ready(tmp_path)
    name = '<script>alert("x")</script>|$x$'
    table = pd.DataFrame({"item": ["000"], "annotator": [name], "label": ["sun"]})
    table.to_csv(tmp_path / "more.csv", index=False)
    project.collect(tmp_path / "more.csv")
    released = project.release("1.0.0")
    page = (released.path / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\\|$x$" in (released.path / "report.md").read_text()
    assert wh.verify(released.path).holds


def test_every_number_of_the_report_is_finite(released):
    def numbers(value):
        if isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from numbers(inner)
        elif isinstance(value, float):
            yield value

    assert np.isfinite(list(numbers(json.loads((released.path / "report.json").read_text())))).all()
