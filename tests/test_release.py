"""Releases: whole or not at all, and nobody can change one unseen."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, ask_for_coverage_alone, ready, start
from weakhitl.cli.main import cli
from weakhitl.errors import ConfigError, DataError, StateError, UsageError
from weakhitl.files import sha256
from weakhitl.release.checking import figures
from weakhitl.release.manifest import digest
from weakhitl.release.whole_folder import only_one

DATA = "data/train-00000-of-00001.parquet"


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


def fresh_copy(project_folder: Path, tmp_path: Path) -> Path:
    """A project of its own that has released nothing."""
    folder = Path(shutil.copytree(project_folder, tmp_path / "project"))
    shutil.rmtree(folder / "releases", ignore_errors=True)
    return folder


def wrong(bundle, **settings) -> list[str]:
    return [finding.what for finding in wh.verify(bundle, **settings).findings if not finding.holds]


def seal(bundle: Path) -> None:
    """Write the manifest anew, as a forger would who knows how."""
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    for subject in manifest["subject"]:
        file = bundle / subject["name"]
        subject["digest"]["sha256"] = sha256(file)
        manifest["predicate"]["bytes"][subject["name"]] = file.stat().st_size
    path.write_text(json.dumps(manifest | {"digest": digest(manifest)}))


def test_a_release_verifies(released):
    verification = wh.verify(released.path, expected_digest=released.digest)
    assert verification.holds, verification.findings
    assert {finding.what for finding in verification.findings} >= {"manifest", "files", "labels", "data", "figures"}


def test_a_release_takes_the_folders_of_functions_along_with_what_they_import(project_folder, tmp_path):
    """Functions in folders inside, and a package of helpers: a later change is noticed, and the bundle can be run."""
    folder = fresh_copy(project_folder, tmp_path)
    functions = folder / "labeling_functions"
    (functions / "sky" / "functions.py").parent.mkdir()
    text = (functions / "functions.py").read_text()
    (functions / "functions.py").rename(functions / "sky" / "functions.py")
    (functions / "words").mkdir()
    (functions / "words" / "__init__.py").write_text("")
    (functions / "words" / "split.py").write_text("def first(text):\n    return text.split()[0]\n")
    text = "from words.split import first\n" + text.replace("x.text.split()[0]", "first(x.text)")
    (functions / "sky" / "functions.py").write_text(text)
    project = wh.Project.load(folder)
    assert {functions / "sky", functions / "words", functions / "words" / "split.py"} <= {*project.watched_files()}
    project.label()
    released = project.release("1.0.0")
    names = {path.relative_to(released.path).as_posix() for path in released.path.rglob("*.py")}
    assert names == {
        f"labeling_functions/{name}" for name in ("sky/functions.py", "words/__init__.py", "words/split.py")
    }
    checked = wh.verify(released.path, rerun_functions=True)
    assert checked.holds, checked.findings
    (functions / "words" / "split.py").write_text("def first(text):\n    return text.split()[-1]\n")
    with pytest.raises(
        StateError, match=r"changed since the labeling functions ran: labeling_functions/words/split\.py"
    ):
        project.check()


def test_a_release_holds_the_evidence_and_what_was_used(released):
    names = {path.relative_to(released.path).as_posix() for path in released.path.rglob("*") if path.is_file()}
    assert names == {
        "data/train-00000-of-00001.parquet", "consensus.parquet", "votes.parquet", "annotations.parquet",
        "batches.parquet", "model.json", "model.npz", "context.json",
        "weakhitl.toml", "labeling_functions/functions.py", "guidelines/guideline.md",
        "gate.json", "gate.junit.xml", "gate-log.jsonl",
        "report.html", "report.md", "report.json", "README.md", "croissant.json", "manifest.json",
    }  # fmt: skip


def test_released_rows_have_label_confidence_and_origin_and_nothing_below_the_policy(released, project_folder):
    data = pd.read_parquet(released.path / DATA)
    report = json.loads((released.path / "report.json").read_text())
    assert len(data) == report["counts"]["released"] < report["counts"]["items"]
    assert list(data.columns) == ["item", "text", "label", "probability", "provenance"]
    assert data["probability"].min() >= 0.9
    assert set(data["label"]) <= {"sun", "rain", "snow"}
    assert set(data["provenance"]) <= {"functions", "people", "adjudicated"}


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
    path = bundle / DATA
    data = pd.read_parquet(path)
    data.loc[0, "label"] = "snow" if data.loc[0, "label"] == "sun" else "sun"
    data.to_parquet(path, index=False)
    seal(bundle)
    assert wrong(bundle) == ["data", "description"]


def test_a_removed_rating_with_a_forged_manifest_is_found(bundle):
    path = bundle / "annotations.parquet"
    pd.read_parquet(path).iloc[1:].to_parquet(path, index=False)
    seal(bundle)
    assert "figures" in wrong(bundle)


def test_a_removed_vote_of_a_function_with_a_forged_manifest_is_found(bundle):
    path = bundle / "votes.parquet"
    votes = pd.read_parquet(path)
    row = votes.index[votes["source:says_snow"] >= 0][0]
    votes.loc[row, "source:says_snow"] = -1
    votes.to_parquet(path, index=False)
    seal(bundle)
    assert {"labels", "model", "figures", "gate log"} <= set(wrong(bundle))


def test_an_edited_verdict_with_a_forged_manifest_is_found(bundle):
    path = bundle / "gate.json"
    gate = json.loads(path.read_text())
    gate["checks"][0]["status"] = "waived"
    path.write_text(json.dumps(gate))
    seal(bundle)
    assert wrong(bundle) == ["gate"]


def test_a_dropped_or_changed_entry_of_the_log_is_found_with_a_forged_manifest(project_folder, tmp_path):
    folder = Path(shutil.copytree(project_folder, tmp_path / "project"))
    project = wh.Project.load(folder)
    project.check()
    bundle = project.release("3.0.0").path
    path = bundle / "gate-log.jsonl"
    lines = path.read_text().splitlines()
    assert len(lines) > 1
    for forged in (lines[1:], lines[:-1], [lines[0].replace('"pass"', '"fail"'), *lines[1:]]):
        path.write_text("\n".join(forged) + "\n")
        seal(bundle)
        assert wrong(bundle) == ["gate log"]


def test_another_guideline_with_a_forged_manifest_is_found(bundle):
    (bundle / "guidelines" / "guideline.md").write_text("# Anything goes\n")
    seal(bundle)
    assert wrong(bundle) == ["guideline"]


def test_an_edited_figure_with_a_forged_manifest_is_found(bundle):
    path = bundle / "report.json"
    report = json.loads(path.read_text())
    report["gate"]["checks"][0]["estimate"]["low"] += 0.01
    path.write_text(json.dumps(report))
    seal(bundle)
    assert {"figures", "pages"} <= set(wrong(bundle))


@pytest.mark.parametrize("where", ["gate", "agreement"])
def test_a_figure_that_nothing_gives_and_one_that_was_taken_out_are_found(bundle, where):
    path = bundle / "report.json"
    report = json.loads(path.read_text())
    name = next(iter(report[where]))
    for other in (
        {**report[where], "made_up": 1.0},
        {key: value for key, value in report[where].items() if key != name},
    ):
        path.write_text(json.dumps(report | {where: other}))
        seal(bundle)
        assert "figures" in wrong(bundle)


def test_a_lowered_bar_with_a_forged_manifest_is_found(bundle):
    path = bundle / "weakhitl.toml"
    path.write_text(path.read_text().replace("at_least = 0.5", "at_least = 0.1"))
    seal(bundle)
    assert "figures" in wrong(bundle)


def test_a_wholly_forged_release_has_another_digest(bundle, released):
    functions = bundle / "labeling_functions" / "functions.py"
    functions.write_text(functions.read_text() + "# nobody runs this\n")
    seal(bundle)
    assert wrong(bundle) == []
    assert "digest" in wrong(bundle, expected_digest=released.digest)


def test_a_release_of_another_version_whose_model_differs_says_with_what_to_verify_it(bundle, monkeypatch):
    """A later version may fit its default model otherwise: the labels still follow from the stored one."""
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["predicate"]["weakhitl"] = "0.0.9"
    path.write_text(json.dumps(manifest))
    seal(bundle)
    assert wrong(bundle) == []
    monkeypatch.setattr(figures, "fit_model", lambda *given: wh.MajorityVote().fit(given[-1]))
    (finding,) = [finding for finding in wh.verify(bundle).findings if not finding.holds]
    assert finding.what == "model"
    assert finding.detail.endswith("made by weakhitl 0.0.9, and this is 0.1.0: verify with that version")


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


def test_a_refusal_writes_the_report_and_no_data(tmp_path):
    refused = ready(tmp_path, right=0.5).release("1.0.0")
    assert refused.gate.status == "fail"
    assert refused.digest is None
    assert sorted(path.name for path in refused.path.iterdir()) == [
        "gate.json", "gate.junit.xml", "report.html", "report.json", "report.md",
    ]  # fmt: skip
    assert "Refused" in (refused.path / "report.md").read_text()
    assert not (tmp_path / "releases" / "1.0.0").exists()


def test_a_column_of_the_dataset_that_is_called_label_is_kept(tmp_path):
    ready(tmp_path)
    items = pd.read_csv(tmp_path / "items.csv", dtype=str)
    items.assign(label="mine").to_csv(tmp_path / "items.csv", index=False)
    project = wh.Project.load(tmp_path)
    project.label()
    data = pd.read_parquet(project.release("1.0.0").path / DATA)
    assert set(data["original_label"]) == {"mine"}
    assert set(data["label"]) <= {"sun", "rain", "snow"}


@pytest.mark.parametrize("delay", [0.6, 1.2, 1.8, 2.4])
def test_a_killed_release_leaves_a_whole_one_or_none(project_folder, tmp_path, delay):
    folder = fresh_copy(project_folder, tmp_path)
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
    folder = fresh_copy(project_folder, tmp_path)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("weakhitl.release.bundle.write_evidence", interrupt)
    with pytest.raises(KeyboardInterrupt):
        wh.Project.load(folder).release("1.0.0")
    assert list((folder / "releases").iterdir()) == []


def test_the_report_escapes_what_a_dataset_is_called(tmp_path):
    ready(tmp_path)
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace('name = "small"', """name = '<script>alert("x")</script>|$x$'"""))
    released = wh.Project.load(tmp_path).release("1.0.0")
    page = (released.path / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert wh.verify(released.path).holds


def test_no_name_of_a_person_is_in_a_release(released, project_folder):
    for path in (
        path for path in released.path.rglob("*") if path.suffix in {".json", ".jsonl", ".md", ".html", ".xml"}
    ):
        assert not re.search(r"\b(ana|senior)\b", path.read_text()), path
    people = set(pd.read_parquet(released.path / "annotations.parquet")["annotator"])
    assert len(people) == 4
    assert all(re.fullmatch("person-[0-9a-f]{8}", name) for name in people)
    assert (project_folder / ".weakhitl" / "pseudonyms.key").stat().st_mode & 0o077 == 0


def test_git_leaves_the_key_of_the_pseudonyms_alone(released, project_folder, tmp_path):
    copied = Path(shutil.copytree(project_folder, tmp_path / "project"))
    subprocess.run(["git", "init", "-q"], cwd=copied, check=True)
    added = subprocess.run(["git", "add", "--all", "--verbose"], cwd=copied, check=True, capture_output=True, text=True)
    assert "add 'weakhitl.toml'" in added.stdout
    assert ".weakhitl" not in added.stdout
    wh.Project.load(copied).label()
    assert (copied / ".weakhitl" / ".gitignore").read_text() == "*\n"


def test_a_release_with_another_key_says_that_people_have_other_pseudonyms(released, project_folder, tmp_path):
    copied = Path(shutil.copytree(project_folder, tmp_path / "project"))
    same = CliRunner().invoke(cli, ["release", "8.1.0", "--project", str(copied)])
    assert (same.exit_code, "pseudonyms" in same.output) == (0, False)
    shutil.rmtree(copied / ".weakhitl")  # as in a clone
    wh.Project.load(copied).label()
    other = CliRunner().invoke(cli, ["release", "8.2.0", "--project", str(copied)])
    said = " ".join(other.output.split())
    assert other.exit_code == 0, said
    assert "people have other pseudonyms than in 8.1.0, which was made with another .weakhitl/pseudonyms.key" in said
    (copied / "releases" / "8.2.0" / "annotations.parquet").write_text("damaged")
    after = CliRunner().invoke(cli, ["release", "8.3.0", "--project", str(copied)])
    assert (after.exit_code, "pseudonyms" in after.output) == (0, False)


def test_every_number_of_the_report_is_finite(released):
    def numbers(value):
        if isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from numbers(inner)
        elif isinstance(value, float):
            yield value

    assert np.isfinite(list(numbers(json.loads((released.path / "report.json").read_text())))).all()


def test_two_copies_of_a_project_release_the_same_bytes_at_the_same_moment(project_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = []
    for name in ("one", "two"):
        folder = Path(shutil.copytree(project_folder, tmp_path / name))
        made.append(wh.Project.load(folder).release("3.0.0"))
    first, second = ({path.relative_to(one.path): sha256(path) for path in one.path.rglob("*.*")} for one in made)
    assert first == second
    assert made[0].digest == made[1].digest
    manifest = json.loads((made[0].path / "manifest.json").read_text())
    assert manifest["predicate"]["created"] == "2023-11-14T22:13:20+00:00"


def test_an_epoch_that_is_no_number_is_refused(project_folder, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="expected seconds since 1970"):
        wh.Project.load(project_folder).release("3.0.0")


def test_a_clock_that_went_back_is_an_error_and_loses_nothing(project_folder, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(project_folder, tmp_path / "project"))
    wh.Project.load(folder).check()
    before = {path: sha256(path) for path in folder.rglob("*") if path.is_file() and ".weakhitl" not in path.parts}
    past = datetime.now(UTC) - timedelta(days=3)
    monkeypatch.setattr("weakhitl.pipeline.workspace.moment", lambda: past)
    with pytest.raises(StateError, match=r"the clock says .*, but an earlier run of the gate is of .*; set the clock"):
        wh.Project.load(folder).release("3.0.0")
    assert before == {path: sha256(path) for path in before}
    assert not (folder / "releases" / "3.0.0").exists()


def test_a_second_release_at_once_says_who_holds_the_lock(project_folder):
    project = wh.Project.load(project_folder)
    held = only_one(project_folder / ".weakhitl" / "release.lock", "releasing 8.0.0")
    said = rf"process {os.getpid()} on .* has been releasing 8\.0\.0 since"
    with held, pytest.raises(StateError, match=said):
        project.release("9.0.0")
    assert not (project_folder / "releases" / "9.0.0").exists()


def test_a_full_disk_is_an_error_that_leaves_nothing(project_folder, tmp_path):
    """A limit on the size of files stands in for a full disk: the same error at the same place."""
    folder = fresh_copy(project_folder, tmp_path)
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000));"
        "from weakhitl.cli.main import run; run()"
    )
    command = [sys.executable, "-c", script, "release", "1.0.0"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3
    assert "cannot be written (File too large); nothing was left there" in " ".join(done.stderr.split())
    assert list((folder / "releases").iterdir()) == []


def test_a_place_where_nothing_can_be_written_is_an_error(project_folder, tmp_path):
    folder = fresh_copy(project_folder, tmp_path)
    (folder / "releases").write_text("a file")
    with pytest.raises(DataError, match="cannot write here"):
        wh.Project.load(folder).release("1.0.0")


def test_a_password_in_the_configuration_is_not_released(project_folder, tmp_path):
    folder = fresh_copy(project_folder, tmp_path)
    config = folder / "weakhitl.toml"
    store = 'store = "postgresql://ana:geheim@db/x"'
    config.write_text(config.read_text().replace("[annotation]", f"[annotation]\n{store}"))
    with pytest.raises(ConfigError, match="holds a password"):
        wh.Project.load(folder).release("1.0.0")


def split_of(path: Path) -> dict[str, str]:
    """Item -> split, as the files have it."""
    files = sorted((path / "data").glob("*.parquet"))
    return {item: file.name.split("-")[0] for file in files for item in pd.read_parquet(file)["item"]}


def with_splits(project_folder: Path, tmp_path: Path, more: str = "") -> Path:
    folder = fresh_copy(project_folder, tmp_path)
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text() + f"splits = {{ train = 0.5, validation = 0.25, test = 0.25 }}\n{more}\n")
    items = pd.read_csv(folder / "items.csv", dtype=str)
    items.assign(author=[f"a{n % 17}" for n in range(len(items))]).to_csv(folder / "items.csv", index=False)
    wh.Project.load(folder).label()
    return folder


def test_nothing_is_no_release(tmp_path):
    """Checks that ask for little may pass where every label is withheld; rows there would be none."""
    start(tmp_path, World(20))
    ask_for_coverage_alone(tmp_path, min_confidence=0.9999)
    project = wh.Project.load(tmp_path)
    project.label()
    assert project.check().status == "pass"
    with pytest.raises(StateError, match=r"nothing to release as 1\.0\.0; withheld are \d+ below \[release\] min_conf"):
        project.release("1.0.0")
    assert not list((tmp_path / "releases").glob("1*"))


def test_an_item_is_in_the_same_split_in_every_version(project_folder, tmp_path):
    folder = with_splits(project_folder, tmp_path)
    first = wh.Project.load(folder).release("1.0.0")
    assert wh.verify(first.path).holds, wh.verify(first.path).findings
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text().replace("min_confidence = 0.955", "min_confidence = 0.5"))
    second = wh.Project.load(folder).release("1.1.0")
    before, after = split_of(first.path), split_of(second.path)
    assert set(before.values()) == {"train", "validation", "test"}
    assert len(after) > len(before)
    assert before.items() <= after.items()


def test_stratified_splits_have_each_class_in_its_share(project_folder, tmp_path):
    released = wh.Project.load(with_splits(project_folder, tmp_path, "stratify = true")).release("1.0.0")
    assert wh.verify(released.path).holds
    tables = {path.name.split("-")[0]: pd.read_parquet(path) for path in (released.path / "data").iterdir()}
    everything = pd.concat(tables.values())["label"].value_counts()
    for name, share in (("train", 0.5), ("validation", 0.25), ("test", 0.25)):
        assert ((tables[name]["label"].value_counts() - share * everything).abs() <= 1).all()


def test_a_group_is_in_one_split_and_a_row_that_moved_is_found(project_folder, tmp_path):
    released = wh.Project.load(with_splits(project_folder, tmp_path, 'group = "author"')).release("1.0.0")
    assert wh.verify(released.path).holds, wh.verify(released.path).findings
    tables = {path.name.split("-")[0]: pd.read_parquet(path) for path in (released.path / "data").iterdir()}
    authors = [set(table["author"]) for table in tables.values()]
    assert sum(map(len, authors)) == len(set.union(*authors)) == 17
    train, test = (next((released.path / "data").glob(f"{name}-*")) for name in ("train", "test"))
    rows = pd.read_parquet(train)
    pd.concat([pd.read_parquet(test), rows.iloc[:1]]).to_parquet(test, index=False)
    rows.iloc[1:].to_parquet(train, index=False)
    seal(released.path)
    assert wrong(released.path) == ["data", "description"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("splits = { train = 0.5, test = 0.4 }", "the shares sum to 0.9; expected 1"),
        ('splits = { "a b" = 1.0 }', "the name of a split is letters, digits, _ and dots"),
        (
            "splits = { Test = 0.5, test = 0.5 }",
            "splits 'Test' and 'test' differ by case.*; they name files, which Windows",
        ),
        ('stratify = true\ngroup = "text"', "two ways to split"),
    ],
)
def test_splits_that_make_no_sense_are_refused(project_folder, tmp_path, setting, said):
    config = Path(shutil.copytree(project_folder, tmp_path / "project")) / "weakhitl.toml"
    config.write_text(config.read_text() + setting + "\n")
    with pytest.raises(ConfigError, match=said):
        wh.Project.load(config)


def test_the_report_shows_the_hardest_items_with_what_people_read(released, project_folder):
    report = json.loads((released.path / "report.json").read_text())
    items = pd.read_csv(project_folder / "items.csv", dtype=str).set_index("item")["text"]
    assert len(report["hardest"]) == 10
    assert all(row["text"] == f"text: {items[row['item']]}" for row in report["hardest"])


def test_a_report_is_made_without_a_release_and_writes_nothing(project_folder):
    before = sorted(project_folder.rglob("*"))
    report = wh.Project.load(project_folder).report()
    assert sorted(project_folder.rglob("*")) == before
    assert report.to_dict()["gate"]["status"] == "pass"
    assert {row["annotator"] for row in report.to_dict()["annotators"]} == {"ana", "bo", "cy"}
    assert "<!doctype html>" in report.to_html()


def test_a_report_of_a_project_never_says_that_it_is_released(project_folder, tmp_path):
    made = CliRunner().invoke(cli, ["report", str(tmp_path / "draft"), "--project", str(project_folder)])
    assert made.exit_code == 0, made.output
    assert "Report of small unreleased: Would be released." in made.output
    page = (tmp_path / "draft" / "report.md").read_text()
    assert page.startswith("# small unreleased: Would be released\n")
    assert "would be in; nothing is released yet" in page
    assert "Nothing was released, so there is nothing to cite." in page
    assert "weakhitl verify ." not in page
    report = wh.Project.load(project_folder).report().to_dict()
    for status, word in {"fail": "Would be refused", "undecided": "Undecided so far"}.items():
        report["gate"]["status"] = status
        assert f"unreleased: {word}>" in repr(wh.Report(report))


def test_a_report_is_not_written_into_a_release(released, project_folder):
    before = (released.path / "report.json").read_bytes()
    refused = CliRunner().invoke(cli, ["report", str(released.path), "--project", str(project_folder)])
    assert (refused.exit_code, "is a release, which nothing may change" in refused.output) == (3, True)
    assert (released.path / "report.json").read_bytes() == before
