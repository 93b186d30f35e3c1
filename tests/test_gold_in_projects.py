"""Gold in a project: it stands as it is, teaches the model, travels in the release, and bad files are named."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, collect, ready, start
from test_release import seal
from weakhitl.cli.main import cli
from weakhitl.gate import assess

TRUTH = World().truth


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def with_gold(folder, table):
    table.to_csv(folder / "gold.csv", index=False)
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text() + '\n[label_model]\ngold = "gold.csv"\n')


def gold_table(n=60, without=()):
    """The truth of the first items but some."""
    known = TRUTH[~TRUTH.index.isin(without)][:n]
    return known.rename_axis("item").reset_index(name="label")


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """Sixty gold labels, none of an audited item."""
    folder = tmp_path_factory.mktemp("taught")
    project = ready(folder)
    with_gold(folder, gold_table(without=project.batches[0].drawn_for_audit))
    return folder


def test_gold_items_keep_their_label_and_say_where_it_is_from(taught):
    assessment = wh.Project.load(taught).assess()
    names = np.array(assessment.final.schema.classes, dtype=object)
    gold = assessment.final.items.isin(assessment.evidence.gold.index)
    decided = assessment.origin[gold] == "adjudicated"
    assert gold.sum() == 60
    assert (names[assessment.final.labels[gold]] == TRUTH.to_numpy()[gold]).all()
    assert set(assessment.origin[gold][~decided]) == {"gold"}
    assert "gold" not in set(assessment.origin[~gold])
    assert assessment.model.lesson_.n_gold == 60


def test_gold_that_people_rated_teaches_about_functions(tmp_path):
    """Such as the labels that they settled on; without what they said it would not tell functions apart."""
    world = World()
    project = start(tmp_path, world)
    project.label()
    rated = TRUTH.index[:100]
    collect(project, tmp_path, world.ratings(rated, dict.fromkeys(("ana", "bo", "cy"), 0.92)))
    with_gold(tmp_path, TRUTH[rated].rename_axis("item").reset_index(name="label"))
    model = wh.Project.load(tmp_path).assess().model
    assert model.people == ["annotator:ana", "annotator:bo", "annotator:cy"]
    assert not model.gold_is_selected_
    assert model.lesson_ is not None


@pytest.mark.parametrize("name", ["auto", "dawid-skene"])
def test_gold_of_audited_items_changes_no_figure_that_is_measured_on_them(tmp_path, name):
    """Not all of it, nor that of those alone of which the functions were wrong: the audit would come out right."""
    project = ready(tmp_path)
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text() + f'\n[label_model]\nname = "{name}"\n')

    def told():
        found = wh.Project.load(tmp_path)
        found.label()
        gate, made = found.check(), found.assess()
        return {one.metric: one.estimate for one in gate.verdicts}, made, found.doctor().findings

    before, made, _ = told()
    audited = TRUTH[project.batches[0].drawn_for_audit]
    codes = made.final.schema.classes
    labels = pd.Series(made.automatic.labels, index=made.final.items)[audited.index]
    wrong = audited[[codes[code] if code >= 0 else "" for code in labels] != audited]
    assert 0 < len(wrong) < len(audited)
    config.write_text(config.read_text() + 'gold = "gold.csv"\n')
    for known in (audited, wrong):
        known.rename_axis("item").reset_index(name="label").to_csv(tmp_path / "gold.csv", index=False)
        after, now, findings = told()
        assert after["release-accuracy"] == before["release-accuracy"]
        assert np.array_equal(now.joint.probabilities, made.joint.probabilities)
        (finding,) = [one for one in findings if one.code == "gold-audited"]
        assert finding.level == "warning"
        assert finding.message.startswith(f"{len(known)} of {len(known)} gold labels are of audited items")
    # It stands, all the same, as long as nobody has decided otherwise.
    undecided = wh.Project.load(tmp_path)._workspace.evidence()
    undecided = replace(undecided, ratings=undecided.ratings[undecided.ratings["role"] != "adjudicator"])
    final = assess(undecided).final
    at = final.items.get_indexer(wrong.index)
    assert [codes[code] for code in final.labels[at]] == wrong.tolist()
    warned = run("label", "--project", tmp_path)
    assert "Warning: gold-audited" in warned.output


def test_a_pilot_teaches_the_label_model_and_a_release_says_so_and_verifies(tmp_path):
    """By what two or more people settled on, where functions vote."""
    world = World()
    project = start(tmp_path, world)
    project.label()
    before = project.assess()
    assert before.model.lesson_ is None
    project.route(pilot=60)
    pilot = project.batches[0].items
    rated = world.ratings(pilot, dict.fromkeys(("ana", "bo", "cy"), 0.92))
    collect(project, tmp_path, rated)
    taught = project.assess()
    counts = pd.crosstab(rated["item"], rated["label"])
    settled = counts[counts.max(axis=1) >= 2].idxmax(axis=1)
    names = {item: taught.final.schema.classes[code] for item, code in taught.lesson_labels.items()}
    assert names == settled.to_dict()
    assert (
        taught.model.lesson_.n_gold
        == len(settled) - (~taught.automatic.known[taught.final.items.isin(settled.index)]).sum()
    )
    assert set(taught.origin[taught.final.items.isin(pilot)]) == {"people"}
    assert taught.final.confident(0.8).sum() > before.final.confident(0.8).sum()
    assert "not-learned" not in [finding.code for finding in project.doctor().findings]
    project.route()
    collect(project, tmp_path, world.ratings(project.batches[1].items, dict.fromkeys(("ana", "bo", "cy"), 0.92)))
    queue = project.export(tmp_path / "queue.csv", adjudication=True).table
    collect(project, tmp_path, world.ratings(pd.Index(queue["item"]), {"senior": 1.0}), adjudication=True)
    assert project.assess().lesson_labels.equals(taught.lesson_labels)
    released = project.release("1.0.0")
    assert released.gate.status == "pass", [verdict.why for verdict in released.gate.verdicts]
    said = (released.path / "report.md").read_text()
    assert f"What people settled on for {len(settled)} items of a pilot taught the label model, too." in said
    verification = wh.verify(released.path)
    assert verification.holds, verification.findings


def test_people_alone_are_taught_by_gold_and_not_by_their_own_pilot(tmp_path):
    world = World()
    project = start(tmp_path, world)
    config = (tmp_path / "weakhitl.toml").read_text()
    (tmp_path / "weakhitl.toml").write_text(re.sub(r"functions = .*", "functions = []", config))
    project = wh.Project.load(tmp_path)
    for batch, settings in enumerate(({"pilot": 60}, {"everything": True})):
        project.route(**settings)
        items = project.batches[batch].items
        collect(project, tmp_path, world.ratings(items, dict.fromkeys(("ana", "bo", "cy"), 0.9)))
    alone = project.assess()
    assert not len(alone.lesson_labels)
    assert alone.model.lesson_ is None
    with_gold(tmp_path, gold_table(without=project.batches[1].drawn_for_audit))
    model = wh.Project.load(tmp_path).assess().model
    assert model.people is None
    assert model.lesson_.n_gold == 60


def test_a_release_with_gold_carries_it_and_verifies_and_a_changed_one_does_not(taught, tmp_path):
    released = wh.Project.load(taught).release("1.0.0")
    assert wh.verify(released.path).holds
    report = json.loads((released.path / "report.json").read_text())
    assert report["label_model"]["gold"] == 60
    assert report["counts"]["released_by_origin"]["gold"] > 0
    assert "gold" in (released.path / "report.md").read_text()
    forged = shutil.copytree(released.path, tmp_path / "forged")
    table = pd.read_parquet(forged / "gold.parquet")
    table.assign(label=np.roll(table["label"], 1)).to_parquet(forged / "gold.parquet")
    assert "gold.parquet" in {finding.what for finding in wh.verify(forged).findings if not finding.holds}
    seal(forged)
    assert "labels" in {finding.what for finding in wh.verify(forged).findings if not finding.holds}


def test_all_faults_of_a_gold_file_are_named_at_once(tmp_path):
    start(tmp_path, World())
    table = gold_table(3)
    more = pd.DataFrame({"item": ["999", "001", "005"], "label": ["sun", "fog", "rain"]})
    twice = pd.DataFrame({"item": ["005"], "label": ["snow"]})
    with_gold(tmp_path, pd.concat([table, more, twice]))
    result = run("label", "--project", tmp_path)
    assert result.exit_code == 3
    for said in ("gold.csv", "'999' is not among the items", "'fog'", "'005'"):
        assert said in result.output


def test_a_gold_file_that_is_missing_and_a_model_that_cannot_learn_are_named(tmp_path):
    start(tmp_path, World())
    with_gold(tmp_path, gold_table())
    (tmp_path / "gold.csv").unlink()
    result = run("label", "--project", tmp_path)
    assert result.exit_code == 3
    assert "gold.csv" in result.output
    gold_table().to_csv(tmp_path / "gold.csv", index=False)
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text() + 'name = "majority"\n')
    result = run("label", "--project", tmp_path)
    assert result.exit_code == 2
    assert "does not learn from gold" in result.output


def test_labels_that_nobody_has_looked_at_are_no_gold(tmp_path):
    """They would teach the model itself, or measure it by itself; a release's labels by people are gold."""
    start(tmp_path, World())
    labels = tmp_path / "labels.csv"
    assert run("label", "--out", labels, "--project", tmp_path).exit_code == 0
    table = pd.read_csv(labels, dtype=str)
    n = table["label"].notna().sum()
    for command in (["lfs", "--gold"], ["doctor", "--gold"]):
        result = run(*command, labels, "--project", tmp_path)
        assert result.exit_code == 3
        assert f"{n} of {n} labels are the functions' own (column provenance)" in " ".join(result.output.split())
    with_gold(tmp_path, table)
    assert "the functions' own" in " ".join(run("label", "--project", tmp_path).output.split())
    decided = table.assign(provenance="adjudicated", label=table["item"].map(TRUTH)).head(60)
    decided.to_csv(tmp_path / "gold.csv", index=False)
    assert run("label", "--project", tmp_path).exit_code == 0


def test_the_doctor_prints_findings_with_remedies_and_calibration_on_unseen_gold(taught, tmp_path):
    pd.DataFrame({"item": TRUTH.index, "label": TRUTH.to_numpy()}).to_csv(tmp_path / "all.csv", index=False)
    result = run("doctor", "--project", taught, "--gold", tmp_path / "all.csv")
    assert result.exit_code == 0, result.output
    assert "note: class-balance" in result.output
    assert "-> " in result.output
    assert "\naccuracy 0." in result.output
    assert "expected calibration error 0." in result.output
    assert max(len(line) for line in result.output.splitlines()) <= 80
    report = json.loads(run("doctor", "--json", "--project", taught, "--gold", tmp_path / "all.csv").output)
    assert sum(part["items"] for part in report["calibration"]["bins"]) == 180
    assert json.loads(run("doctor", "--json", "--project", taught).output)["calibration"] is None


def test_explain_shows_votes_that_add_up_for_an_item_and_rates_for_a_source(taught):
    result = run("explain", "--json", "--project", taught, "100")
    told = json.loads(result.output)
    votes = [row for row in told["log_odds"] if row["vote"]]
    assert told["label"] in {row["vote"] for row in votes}
    proba = told["probabilities"]
    total = sum(row["log_odds"] for row in told["log_odds"])
    assert total == pytest.approx(np.log(proba[told["label"]] / proba[told["against"]]), abs=1e-6)
    printed = run("explain", "--project", taught, "100").output
    assert "(class balance)" in printed
    assert max(len(line) for line in printed.splitlines()) <= 80
    source = run("explain", "--project", taught, "--source", "annotator:ana").output
    assert "true class" in source
    assert re.search(r"sun +sun +0\.\d\d \[0\.\d\d, [01]\.\d\d\] +\+\d", source)
    assert "not learned" not in source
    assert "not learned" in run("explain", "--project", taught, "--source", "says_sun").output
    rows = json.loads(run("explain", "--json", "--project", taught, "--source", "says_sun").output)
    assert {row["rate"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "name an item, or a source"),
        (["100", "--source", "says_sun"], 2, "not both"),
        (["nothing"], 3, "'nothing' is not among the items"),
        (["--source", "nobody"], 3, "no source 'nobody'"),
    ],
)
def test_explain_says_what_it_cannot_find(taught, arguments, code, said):
    result = run("explain", "--project", taught, *arguments)
    assert result.exit_code == code
    assert said in result.output
