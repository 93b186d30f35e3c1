"""The gate on the command line: bare tables, formats for other programs, scopes, own checks, the log, CI files."""

import json
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
from projects import CONFIG, World, collect, ready, start
from test_commands import run
from test_release import seal
from weakhitl.gate import PASS, Gate, Verdict
from weakhitl.gate.log import read_runs, run_hash
from weakhitl.gate.outputs import FORMATS, github, junit, markdown, sarif

POLICY = """
[labels]
classes = ["low", "mid", "high"]
skip = ["?"]
[[gate.check]]
metric = "krippendorff-alpha"
at_least = 0.6
"""


def ratings(folder: Path, right=0.9, n=120, seed=0) -> Path:
    """A table of three people's ratings, with a column that says one thing per item and one that does not."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    names = np.array(["low", "mid", "high"])
    rows = [
        (f"{item:03d}", who, names[truth[item] if rng.random() < right else rng.integers(0, 3)], "ab"[item % 2], at)
        for item in range(n)
        for at, who in enumerate(("ana", "bo", "cy"))
    ]
    path = folder / "ratings.csv"
    pd.DataFrame(rows, columns=["item", "annotator", "label", "source", "hour"]).to_csv(path, index=False)
    return path


@pytest.fixture
def bare(tmp_path) -> Path:
    ratings(tmp_path)
    (tmp_path / "gate.toml").write_text(POLICY)
    return tmp_path


def check(folder: Path, *more: object):
    return run("check", "--votes", folder / "ratings.csv", "--policy", folder / "gate.toml", *more)


@pytest.mark.parametrize(("right", "n", "code"), [(0.95, 120, 0), (0.4, 120, 1), (0.95, 20, 4)])
def test_a_bare_table_is_checked_with_the_exit_codes_of_the_design(bare, right, n, code):
    ratings(bare, right, n)
    result = check(bare)
    assert result.exit_code == code, result.output
    verdict = {0: "pass", 1: "fail", 4: "undecided"}[code]
    assert result.output.splitlines()[-1] == f"Gate: {verdict}"


def test_the_figure_of_a_bare_table_is_that_of_python(bare):
    found = json.loads(check(bare, "--json").output)["checks"][0]["estimate"]
    table = pd.read_csv(bare / "ratings.csv", dtype=str)
    votes = wh.Votes.from_long(table, wh.LabelSchema(["low", "mid", "high"]))
    expected = wh.krippendorff_alpha(votes, confidence=0.9)
    assert (found["value"], found["low"]) == (pytest.approx(expected.value), pytest.approx(expected.low))


def test_every_run_is_logged_beside_the_policy_or_where_it_is_said(bare):
    check(bare)
    check(bare)
    first, second = read_runs(bare / "gate-log.jsonl")
    assert second["previous"] == first["run"]
    assert first["data"] == second["data"]
    check(bare, "--log", bare / "other.jsonl")
    assert len(list(read_runs(bare / "other.jsonl"))) == 1


def test_slices_of_a_bare_table_are_columns_that_say_one_thing_per_item(bare):
    ratings(bare, right=0.97)
    (bare / "gate.toml").write_text(POLICY + 'slice = "source"\nmin_units = 30\n')
    assert check(bare).exit_code == 0
    (bare / "gate.toml").write_text(POLICY + 'slice = "hour"\n')
    result = check(bare)
    assert result.exit_code == 2
    assert "has no column hour that is the same on all rows of an item; there are source" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--votes", "r.csv"], "--votes and --policy belong together"),
        (["--votes", "ratings.csv", "--policy", "no.toml"], "there is no such file; write one with [labels] classes"),
        (["--votes", "ratings.csv", "--policy", "gate.toml", "--where", "a=b"], "--where is for projects"),
        (["--votes", "ratings.csv", "--policy", "gate.toml", "--label", "lable"], "no column 'lable'"),
        (["--votes", "ratings.csv", "--policy", "gate.toml", "--out", "x"], "--out needs --format"),
        (["--where", "nothing"], "--where nothing: expected COLUMN=VALUE"),
    ],
)
def test_wrong_usage_is_named(bare, arguments, said, monkeypatch):
    monkeypatch.chdir(bare)
    result = run("check", *arguments)
    assert result.exit_code in (2, 3)
    assert said in " ".join(result.output.split())


def test_all_faults_of_a_table_are_named_at_once_with_their_lines(bare):
    table = (bare / "ratings.csv").read_text().splitlines()
    table[3] = table[3].replace(",cy,", ",,")
    table[5] = "001,bo,lwo,b,1"
    table.append("002,ana,?,a,0")
    table.append("000,ana,nonsense,a,0")
    (bare / "ratings.csv").write_text("\n".join(table))
    result = check(bare)
    assert result.exit_code == 3
    said = " ".join(result.output.split())
    for part in ("line 4: no annotator", "line 6: label 'lwo' is not a class", "did you mean 'low'?", "line 363"):
        assert part in said, part


def test_the_policy_of_a_whole_configuration_serves_too(bare):
    text = CONFIG.split("[[gate.check]]")[0].replace('["sun", "rain", "snow"]', '["low", "mid", "high"]')
    (bare / "gate.toml").write_text(text + '[[gate.check]]\nmetric = "fleiss-kappa"\nat_least = 0.6\n')
    assert check(bare).exit_code == 0


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_is_written_whole_into_a_file_while_the_text_is_printed(bare, form):
    result = check(bare, "--format", form, "--out", bare / "out.txt")
    assert result.output.startswith("PASS")
    printed = check(bare, "--format", form).output
    assert (bare / "out.txt").read_text(encoding="utf-8") == printed


def gate_of(*statuses: str) -> Gate:
    estimate = wh.Estimate(0.5, 0.4, 0.6)
    return Gate(
        tuple(
            Verdict(f"check {n}, 100%: <a|b>", "m", 0.5, None, 0.95, status, estimate, "why\nnot & \x00", "do | this")
            for n, status in enumerate(statuses)
        )
    )


ALL = gate_of("pass", "fail", "undecided", "waived")


def test_junit_counts_fails_as_failures_and_undecided_as_errors():
    suite = ET.fromstring(junit(ALL))
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip
    assert [[child.tag for child in case] for case in suite] == [["system-out"], ["failure"], ["error"], ["skipped"]]


def test_sarif_has_a_rule_and_a_result_per_check_with_levels_that_the_standard_allows():
    document = json.loads(sarif(ALL, "gate.toml"))
    result = document["runs"][0]["results"]
    assert document["version"] == "2.1.0"
    assert [(one["kind"], one["level"]) for one in result] == [
        ("pass", "none"), ("fail", "error"), ("open", "none"), ("fail", "warning"),
    ]  # fmt: skip
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in result] == [one["ruleId"] for one in result]
    assert result[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "gate.toml"


def test_markdown_is_a_table_that_no_name_can_break():
    lines = markdown(ALL).splitlines()
    cells = [line.replace("\\|", "").count("|") for line in lines if line.startswith("|")]
    assert set(cells) == {6}
    assert len(cells) == 6
    assert "<a" not in markdown(ALL)


def test_github_gets_one_line_per_check_with_everything_escaped():
    lines = github(ALL, "a,b.toml").splitlines()
    assert [line.split()[0] for line in lines] == ["::notice", "::error", "::error", "::warning"]
    assert all("file=a%2Cb.toml,title=check" in line and "100%25" in line and "why%0Anot" in line for line in lines)


def test_github_writes_the_table_into_the_jobs_summary(bare, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(bare / "summary.md"))
    check(bare, "--format", "github")
    assert "| krippendorff-alpha | ✅ pass |" in (bare / "summary.md").read_text(encoding="utf-8")


def test_agreement_of_a_bare_table_needs_no_classes_at_nominal_level(bare):
    result = run("agreement", bare / "ratings.csv", "--by", "source", "--json")
    content = json.loads(result.output)
    assert list(content["by_slice"]["source"]) == ["a", "b"]
    assert content["dataset"]["krippendorff-alpha"]["n_pairable"] == 120
    text = run("agreement", bare / "ratings.csv", "--by", "source").output
    assert "Alpha by source" in text
    assert max(map(len, text.splitlines())) <= 80
    ordinal = run("agreement", bare / "ratings.csv", "--level", "ordinal")
    assert ordinal.exit_code == 2
    assert "needs the classes in order" in ordinal.output


def test_the_order_of_the_classes_is_the_users(bare):
    def alpha(*classes):
        given = [part for name in classes for part in ("--class", name)]
        result = run("agreement", bare / "ratings.csv", "--level", "ordinal", *given, "--json")
        return json.loads(result.output)["dataset"]["krippendorff-alpha"]["value"]

    assert alpha("low", "mid", "high") != pytest.approx(alpha("high", "low", "mid"), abs=1e-3)


OWN = """
import weakhitl as wh

def enough_people(subject, confidence):
    n = float(len(subject.votes.sources))
    return wh.Estimate(n, n, n, 0.0, confidence, method="people, counted")
"""


@pytest.fixture(scope="module")
def with_own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    ready(folder)
    (folder / "gate_checks.py").write_text(OWN)
    more = '[[gate.check]]\nmetric = "gate_checks.py:enough_people"\nat_least = 3\n'
    slices = '[[gate.check]]\nmetric = "coverage"\nslice = "origin"\nat_least = 0.1\n'
    waived = (
        '[[gate.check]]\nmetric = "open-adjudications"\nat_most = -1\n[[gate.waiver]]\ncheck = "open-adjudications"\n'
        'reason = "to show a waiver"\nowner = "ana"\nexpires = 2999-12-31\n'
    )
    (folder / "weakhitl.toml").write_text(CONFIG + more + slices + waived)
    items = pd.read_csv(folder / "items.csv", dtype=str)
    items.assign(origin=np.where(items.index % 2, "real", "synthetic")).to_csv(folder / "items.csv", index=False)
    wh.Project.load(folder).label()
    return folder


def test_a_checks_helper_is_the_one_beside_it_though_functions_have_one_of_that_name(with_own, tmp_path):
    """Both are loaded in one process, where Python keeps one module of a name."""
    folder = Path(shutil.copytree(with_own, tmp_path / "project"))
    (folder / "_few.py").write_text("FEW = 100\n")
    (folder / "labeling_functions" / "_few.py").write_text("FEW = 2\n")
    (folder / "gate_checks.py").write_text(
        OWN.replace("float(", "_few.FEW * float(").replace("import weak", "import _few\nimport weak")
    )
    functions = folder / "labeling_functions" / "functions.py"
    functions.write_text(f"import _few\n{functions.read_text()}")
    project = wh.Project.load(folder)
    project.label()
    (own,) = [one for one in project.check().verdicts if one.metric.endswith("enough_people")]
    assert own.estimate.value == 300


def test_a_check_of_ones_own_runs_in_a_project_and_is_not_run_by_verify(with_own):
    released = wh.Project.load(with_own).release("1.0.0")
    assert released.gate.status == PASS, released.gate
    own = next(verdict for verdict in released.gate.verdicts if verdict.metric.endswith("enough_people"))
    assert own.estimate.value == 3
    assert (released.path / "gate" / "gate_checks.py").read_text() == OWN
    (released.path / "gate" / "gate_checks.py").write_text("raise SystemExit('run!')")
    seal(released.path)
    findings = {finding.what: finding for finding in wh.verify(released.path).findings}
    assert findings["gate"].holds
    assert "as its function is not run: gate_checks.py:enough_people" in findings["gate"].detail
    assert findings["gate log"].holds


def test_a_release_prints_its_waivers_and_slices_and_names_the_run_it_rests_on(with_own):
    released = wh.Project.load(with_own).release("1.1.0")
    page = (released.path / "report.md").read_text(encoding="utf-8")
    assert "Released with a waiver" in page
    assert "to show a waiver" in page
    assert "synthetic" in page
    last = list(read_runs(with_own / "gate-log.jsonl"))[-1]
    manifest = json.loads((released.path / "manifest.json").read_text())
    assert manifest["predicate"]["gate_run"] == last["run"]
    assert list(read_runs(released.path / "gate-log.jsonl"))[-1] == last


def test_a_gate_run_that_rests_on_other_data_is_found(with_own, tmp_path):
    released = wh.Project.load(with_own).release("1.2.0")
    bundle = Path(shutil.copytree(released.path, tmp_path / "bundle"))
    *earlier, last = list(read_runs(bundle / "gate-log.jsonl"))
    forged = last | {"data": "0" * 64}
    lines = [json.dumps(entry) for entry in [*earlier, forged | {"run": run_hash(forged)}]]
    (bundle / "gate-log.jsonl").write_text("\n".join(lines) + "\n")
    seal(bundle)
    finding = next(one for one in wh.verify(bundle).findings if one.what == "gate log")
    assert not finding.holds
    assert "not the one that the manifest names; its last run rests on other votes or ratings" in finding.detail


def test_a_part_of_the_data_can_be_checked_by_itself(with_own):
    whole = run("check", "--project", with_own, "--json")
    part = run("check", "--project", with_own, "--where", "origin=synthetic", "--json")
    last = list(read_runs(with_own / "gate-log.jsonl"))[-2:]
    assert [entry["where"] for entry in last] == [{}, {"origin": "synthetic"}]
    units = [json.loads(one.output)["checks"][0]["estimate"]["n_units"] for one in (whole, part)]
    assert units[1] < units[0]
    wrong = run("check", "--project", with_own, "--where", "origin=martian")
    assert wrong.exit_code == 2
    assert "values are real, synthetic" in wrong.output


def test_a_column_that_the_data_does_not_have_is_named(with_own, tmp_path):
    folder = Path(shutil.copytree(with_own, tmp_path / "copy"))
    text = (folder / "weakhitl.toml").read_text().replace('slice = "origin"', 'slice = "orign"')
    (folder / "weakhitl.toml").write_text(text)
    result = run("check", "--project", folder)
    assert result.exit_code == 2
    assert "the policy looks at column 'orign'; the data has" in result.output


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("no.py:f", "there is no file"),
        ("gate_checks.py:g", "has no function 'g'; it has enough_people"),
        ("broken.py:f", "line 1"),
    ],
)
def test_a_check_of_ones_own_that_cannot_be_loaded_is_named(with_own, tmp_path, metric, said):
    folder = Path(shutil.copytree(with_own, tmp_path / "copy"))
    (folder / "broken.py").write_text("def f(:\n")
    text = (folder / "weakhitl.toml").read_text().replace("gate_checks.py:enough_people", metric)
    (folder / "weakhitl.toml").write_text(text)
    result = run("check", "--project", folder)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


@pytest.mark.parametrize("fault", ["raise SystemExit(0)", "return 1 / 0", "return next(iter([]))", "return 0.9"])
def test_a_check_of_ones_own_that_fails_is_named_and_never_passes(with_own, tmp_path, fault):
    """``sys.exit(0)`` in it would be taken for a pass by whoever reads the exit code."""
    folder = Path(shutil.copytree(with_own, tmp_path / "copy"))
    (folder / "gate_checks.py").write_text(f"def enough_people(subject, confidence):\n    {fault}\n")
    result = run("check", "--project", folder)
    assert result.exit_code == 2, result.output
    assert "gate: gate_checks.py:enough_people " in result.output
    assert "This should not happen" not in result.output


def test_a_source_that_does_not_pass_is_kept_out_of_the_release_and_the_release_verifies(tmp_path):
    """The new source has five items that would be released and fifteen that would not; half is asked for."""
    project = ready(tmp_path)
    released = project.assess().released
    new = np.concatenate([np.flatnonzero(released)[:5], np.flatnonzero(~released)[:15]])
    items = pd.read_csv(tmp_path / "items.csv", dtype=str)
    items.assign(source=np.where(items.index.isin(new), "new", "old")).to_csv(tmp_path / "items.csv", index=False)
    more = '[[gate.check]]\nmetric = "coverage"\nname = "sources"\nslice = "source"\nat_least = 0.5\n'
    (tmp_path / "weakhitl.toml").write_text(CONFIG + more + 'otherwise = "withhold"\n')
    wh.Project.load(tmp_path).label()
    result = wh.Project.load(tmp_path).release("1.0.0")
    assert result.gate.status == PASS, [verdict.why for verdict in result.gate.verdicts]
    data = pd.read_parquet(result.path / "data" / "train-00000-of-00001.parquet")
    assert set(data["source"]) == {"old"}
    assert len(data) == released.sum() - 5
    report = json.loads((result.path / "report.json").read_text())
    assert report["counts"]["withheld_by_the_gate"] == 5
    assert "withheld, its part did not pass" in (result.path / "report.md").read_text()
    assert wh.verify(result.path).holds, wh.verify(result.path).findings


def test_class_drift_compares_with_the_last_release(with_own):
    project = wh.Project.load(with_own)
    project.release("2.0.0-rc.1")
    project.release("2.0.0")
    assert project.assess().evidence.context.previous["version"] == "2.0.0"


def test_ratings_made_under_an_old_guideline_are_stale(tmp_path):
    world = World()
    project = start(tmp_path, world)
    project.label()
    project.route()
    people = dict.fromkeys(("ana", "bo", "cy"), 0.92)
    items = project.batches[0].items
    collect(project, tmp_path, world.ratings(items[:70], people))
    (tmp_path / "guidelines" / "guideline.md").write_text("# Look out of the other window\n")
    collect(project, tmp_path, world.ratings(items[70:], people))
    policy = (
        '[[gate.check]]\nmetric = "stale-ratings"\nat_most = 0.1\n[[gate.check]]\nmetric = "data-age"\nat_most = 1\n'
    )
    (tmp_path / "weakhitl.toml").write_text(CONFIG + policy)
    verdicts = {verdict.metric: verdict for verdict in wh.Project.load(tmp_path).check().verdicts}
    assert verdicts["stale-ratings"].estimate.value == pytest.approx(0.5)
    assert verdicts["stale-ratings"].status == "fail"
    assert verdicts["data-age"].status == "pass"


def test_plan_says_how_many_more_items_a_check_takes(tmp_path):
    project = ready(tmp_path, right=0.8)
    (tmp_path / "weakhitl.toml").write_text(CONFIG.replace("at_least = 0.5", "at_least = 0.62"))
    result = run("plan", "--project", tmp_path, "--json")
    rows = {row["check"]: row for row in json.loads(result.output)}
    assert project.plan()[0]["measured"] == 140
    alpha = rows["krippendorff-alpha"]
    assert (alpha["needed"] is None) == (alpha["value"] <= 0.62 or alpha["status"] == "pass")
    assert "krippendorff-alpha" in run("plan", "--project", tmp_path).output


def test_plan_before_any_data_needs_no_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("plan", "--bar", 0.6, "--expected", 0.75, "--prevalence", 0.3, "--json")
    assert json.loads(result.output)["items"] == wh.units_before(0.6, 0.75, 0.3)
    assert "No number of items" in run("plan", "--bar", 0.8, "--expected", 0.75, "--prevalence", 0.3).output
    assert run("plan", "--bar", 0.8).exit_code == 2


@pytest.mark.parametrize(("task", "bar"), [("subjective", 0.6), ("objective", 0.8)])
def test_init_writes_the_usual_bar_of_a_task_with_its_source(tmp_path, task, bar):
    assert run("init", tmp_path / "p", "--task", task).exit_code == 0
    text = (tmp_path / "p" / "weakhitl.toml").read_text()
    assert tomllib.loads(text)["gate"]["check"][0]["at_least"] == bar
    assert ("Landis" if task == "subjective" else "Krippendorff") in text
    assert max(map(len, text.splitlines())) <= 120


def test_init_ci_writes_a_workflow_and_a_hook_into_a_new_or_an_old_project(tmp_path):
    assert run("init", tmp_path / "new", "--ci").exit_code == 0
    assert (tmp_path / "new" / "weakhitl.toml").exists()
    assert run("init", tmp_path / "old").exit_code == 0
    assert run("init", tmp_path / "old", "--ci").exit_code == 0
    for name in (".github/workflows/gate.yml", ".pre-commit-config.yaml"):
        assert (tmp_path / "new" / name).read_text() == (tmp_path / "old" / name).read_text()
    assert run("init", tmp_path / "old", "--ci").exit_code == 3


def test_the_command_of_the_written_hook_runs_the_gate_and_leaves_the_tracked_log_alone(with_own):
    import re

    run("init", with_own, "--ci")
    run("check", "--project", with_own)
    entry = re.search(r"entry: (.*)", (with_own / ".pre-commit-config.yaml").read_text()).group(1)
    before = (with_own / "gate-log.jsonl").read_bytes()
    command = [sys.executable, "-c", "from weakhitl.cli.main import run; run()", *entry.split()[1:]]
    done = subprocess.run(command, cwd=with_own, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (with_own / "gate-log.jsonl").read_bytes() == before
