"""Accepting labels without a person: the promise about their error, and what people see of it."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st
from scipy.stats import binomtest, hypergeom

from projects import World, collect, start
from weakhitl import Project, error_threshold
from weakhitl.cli.main import cli
from weakhitl.cli.threshold import _setting
from weakhitl.errors import UsageError
from weakhitl.feedback import thresholds
from weakhitl.feedback.threshold import least_audit, upper_share
from weakhitl.files import write_table
from weakhitl.gate import Evidence, assess
from weakhitl.pipeline.threshold import _claims
from weakhitl.schema import LabelSchema


@given(st.integers(1, 200), st.data())
def test_the_bound_is_the_largest_number_of_errors_that_is_not_ruled_out(size, data):
    n = data.draw(st.integers(1, size))
    k = data.draw(st.integers(0, n))
    errors = round(upper_share(size, n, k, 0.95) * size)
    assert hypergeom.cdf(k, size, errors, n) > 0.05 - 1e-9 or errors == k
    assert errors == size - (n - k) or hypergeom.cdf(k, size, errors + 1, n) <= 0.05 + 1e-9


@pytest.mark.parametrize("size", [400, 2000])
def test_the_error_of_what_is_accepted_is_too_large_in_five_of_a_hundred_audits_at_most(size):
    """The hardest case: scores say nothing, and every cutoff has one error more than is allowed."""
    rng = np.random.default_rng(size)
    scores = np.linspace(1, 0.5, size)
    wrong = np.diff(np.floor(0.05 * np.arange(1, size + 1)) + 1, prepend=0) > 0
    broken = 0
    for _ in range(200):
        audited = rng.choice(size, 150, replace=False)
        best = error_threshold(scores, audited, wrong[audited], error=0.05).best
        broken += best is not None
    assert binomtest(broken, 200, 0.05, alternative="greater").pvalue > 0.01


@given(st.lists(st.sampled_from([0.5, 0.7, 0.9, 0.99]), min_size=60, max_size=200), st.integers(0, 2**31))
def test_cutoffs_follow_from_the_scores_alone(scores, seed):
    rng = np.random.default_rng(seed)
    n = len(scores) // 2
    cutoffs = [
        [cutoff.confidence for cutoff in error_threshold(scores, audited, wrong, error=0.1).cutoffs]
        for audited, wrong in ((rng.permutation(len(scores))[:n], rng.random(n) < 0.5) for _ in range(2))
    ]
    assert cutoffs[0] == cutoffs[1]
    assert cutoffs[0] == sorted(cutoffs[0], reverse=True)


def test_nothing_below_the_first_cutoff_that_fails_is_accepted():
    scores = np.linspace(1, 0.5, 1000)
    audited = np.arange(0, 1000, 2)
    found = error_threshold(scores, audited, (scores[audited] < 0.9) & (scores[audited] > 0.8), error=0.05)
    holds = [cutoff.holds for cutoff in found.cutoffs]
    assert found.best is not None
    assert holds == sorted(holds, reverse=True)
    assert 0.87 < found.best.confidence < 0.91


def test_too_small_an_audit_says_how_large_it_has_to_be():
    found = error_threshold(np.linspace(1, 0.5, 1000), np.arange(100), np.zeros(100), error=0.02)
    assert found.best is None
    assert f"about {least_audit(0.02, 0.95)} without an error" in found.reason


@pytest.mark.parametrize(("error", "confidence"), [(0, 0.95), (1, 0.95), (0.02, 95), (0.02, 0)])
def test_shares_that_are_none_are_refused(error, confidence):
    with pytest.raises(UsageError, match="expected a number between 0 and 1"):
        error_threshold([0.9], [0], [False], error=error, confidence=confidence)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project of 1,200 items with a decided audit of 400."""
    folder, world = tmp_path_factory.mktemp("threshold"), World(1200)
    start(folder, world)
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text().replace("budget = 140", "budget = 450").replace("audit = 120", "audit = 400"))
    project = Project.load(folder)
    project.label()
    project.route()
    collect(project, folder, world.ratings(project.batches[0].items, dict.fromkeys(("ana", "bo", "cy"), 0.95)))
    queue = project.export(folder / "queue.csv", adjudication=True).table
    collect(project, folder, world.ratings(pd.Index(queue["item"]), {"senior": 1.0}), adjudication=True)
    world.truth.to_csv(folder / "truth.csv")
    return folder


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_what_is_accepted_is_written_and_is_as_good_as_was_asked_for(folder, tmp_path):
    result = run("threshold", "--project", folder, "--error", 0.1, "--out", tmp_path / "accepted.csv")
    assert result.exit_code == 0, result.output
    accepted = pd.read_csv(tmp_path / "accepted.csv", dtype={"item": str}).set_index("item")
    truth = pd.read_csv(folder / "truth.csv", dtype=str, index_col=0).iloc[:, 0]
    truth.index = [f"{int(item):03d}" for item in truth.index]
    routed = Project.load(folder).batches[0].items
    assert len(accepted) > 200
    assert not accepted.index.isin(routed).any()
    assert (accepted["label"] != truth[accepted.index]).mean() <= 0.1
    assert f"{len(accepted):,} items that nobody has looked at can be accepted" in result.output


def test_what_cannot_be_shown_is_undecided(folder):
    result = run("threshold", "--project", folder, "--error", 0.001)
    assert result.exit_code == 4
    assert "undecided" in result.output
    assert "2,995 without an error" in " ".join(result.output.split())


def test_every_class_has_its_own_threshold_and_they_share_the_risk(folder):
    found = json.loads(run("threshold", "--project", folder, "--error", 0.1, "--by-class", "--json").output)
    assert list(found) == ["sun", "rain", "snow"]
    assert all(one["confidence"] == pytest.approx(1 - 0.05 / 3) for one in found.values())
    together = json.loads(run("threshold", "--project", folder, "--error", 0.1, "--json").output)["all"]
    assert sum(one["items"] for one in found.values()) == together["items"]
    assert sum(one["audited"] for one in found.values()) == together["audited"]


def test_a_class_without_a_threshold_is_left_out_of_the_setting():
    """The setting that is printed for [online] names only classes that some confidence is enough for."""
    some = SimpleNamespace(best=SimpleNamespace(confidence=0.87654))
    assert _setting({"sun": some, "snow": SimpleNamespace(best=None)}) == '{ "sun" = 0.8766 }'
    assert _setting({"all": some}) == "0.8766"


def claims(folder, right):
    """What a model says of every item, right as often as it is sure."""
    truth = pd.read_csv(folder / "truth.csv", dtype=str, index_col=0).iloc[:, 0]
    rng = np.random.default_rng(1)
    sure = np.round(0.5 + 0.5 * rng.random(len(truth)) ** (1 - right), 4)
    other = truth.map({"sun": "rain", "rain": "snow", "snow": "sun"})
    items = [f"{int(item):03d}" for item in truth.index]
    label = np.where(rng.random(len(truth)) < sure, truth, other)
    return pd.DataFrame({"item": items, "label": label, "confidence": sure}), pd.Series(truth.to_numpy(), index=items)


def test_labels_of_another_model_have_a_threshold_over_the_whole_frame(folder, tmp_path):
    table, truth = claims(folder, 0.9)
    table.to_csv(tmp_path / "claims.csv", index=False)
    result = run(
        "threshold",
        "--project",
        folder,
        "--scores",
        tmp_path / "claims.csv",
        "--error",
        0.1,
        "--out",
        tmp_path / "a.csv",
    )
    assert result.exit_code == 0, result.output
    accepted = pd.read_csv(tmp_path / "a.csv", dtype={"item": str}).set_index("item")
    assert (accepted["label"] != truth[accepted.index]).mean() <= 0.1
    found = Project.load(folder).threshold(scores=tmp_path / "claims.csv", error=0.1)
    assert found.thresholds["all"].items == 1200
    assert found.thresholds["all"].audited == 400
    cut = float(result.output.rsplit("accept = ", 1)[1])
    assert cut - 0.0001 < found.thresholds["all"].best.confidence <= cut
    by_class = run("threshold", "--project", folder, "--scores", tmp_path / "claims.csv", "--error", 0.3, "--by-class")
    assert 'accept = { "sun" = 0.' in by_class.output


def test_probabilities_of_classes_are_read_as_the_likeliest_one(folder, tmp_path):
    table, _ = claims(folder, 0.9)
    shares = {f"p:{name}": np.where(table["label"] == name, table["confidence"], 0) for name in ("sun", "rain", "snow")}
    table.to_csv(tmp_path / "long.csv", index=False)
    table[["item"]].assign(**shares).to_parquet(tmp_path / "wide.parquet")
    long, wide = (Project.load(folder).threshold(scores=tmp_path / name) for name in ("long.csv", "wide.parquet"))
    assert long.thresholds == wide.thresholds


def test_every_fault_of_a_file_of_scores_is_named(folder, tmp_path):
    rows = ["item,label,confidence", "001,fog,0.5", "002,sun,2", "002,sun,", "003,,0.5"]
    (tmp_path / "bad.csv").write_text("\n".join(rows) + "\n")
    refused = run("threshold", "--project", folder, "--scores", tmp_path / "bad.csv")
    assert refused.exit_code == 3
    said = " ".join(refused.output.split())
    for line, what in [(2, "its label is no class"), (3, "its confidence is no"), (4, "its item occurs twice")]:
        assert f"line {line}: {what}" in said
    (tmp_path / "other.csv").write_text("item,label,confidence\nelsewhere,sun,0.5\n")
    assert (
        "holds none of the project's items"
        in run("threshold", "--project", folder, "--scores", tmp_path / "other.csv").output
    )


def test_an_audited_item_without_a_decision_counts_as_an_error(folder):
    evidence = Project.load(folder).assess().evidence
    last = [thresholds(assess(one), error=0.3)["all"].cutoffs[-1] for one in (evidence, undecided(evidence, 100))]
    assert last[1].audited == last[0].audited
    assert 50 < last[1].errors - last[0].errors <= 100


def undecided(evidence: Evidence, n: int) -> Evidence:
    """The same without the first decisions."""
    ratings = evidence.ratings
    gone = ratings.index[ratings["role"] == "adjudicator"][:n]
    return replace(evidence, ratings=ratings.drop(gone))


def test_an_audit_that_nobody_has_decided_shows_nothing(tmp_path):
    project = start(tmp_path, World())
    project.label()
    project.route()
    result = run("threshold", "--project", tmp_path)
    assert result.exit_code == 4
    assert "audited items has been adjudicated" in " ".join(result.output.split())


def test_without_an_audit_there_is_nothing_to_go_by(tmp_path):
    project = start(tmp_path, World())
    project.label()
    result = run("threshold", "--project", tmp_path)
    assert result.exit_code == 2
    assert "there is no random audit" in result.output


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_labels_of_scores_that_are_numbers_are_names_of_classes_and_no_places(tmp_path, ending):
    """In a file the label 1 is the class called 1, the first of these two."""
    schema = LabelSchema(["1", "2"])
    table = pd.DataFrame({"item": [7, 8], "label": [1, 2], "confidence": [0.9, 0.8]})
    write_table(tmp_path / f"scores.{ending}", table)
    labels, sure = _claims(tmp_path / f"scores.{ending}", pd.Index(["7", "8"], dtype=object), schema)
    assert (labels.tolist(), sure.tolist()) == ([0, 1], [0.9, 0.8])
