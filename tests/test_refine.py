"""Refining functions by what people say: what is found, what is proposed, what is written, and that nothing changes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import collect, start
from weakhitl.cli.main import cli
from weakhitl.feedback.candidates import candidates
from weakhitl.feedback.function_errors import class_recall, function_errors
from weakhitl.feedback.human_labels import HumanLabels
from weakhitl.pipeline.refine import repeating

SCHEMA = wh.LabelSchema(["HAM", "SPAM"])
FUNCTIONS = '''
import re
from weakhitl import ABSTAIN, labeling_function

@labeling_function
def shouts(x):
    """Loud words."""
    return "SPAM" if "WOW" in x.text else ABSTAIN

@labeling_function
def asks(x):
    return "HAM" if re.search("please", x.text) else ABSTAIN

@labeling_function
def asks_politely(x):
    return "HAM" if "please" in x.text else ABSTAIN
'''


def made(n: int = 1200, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """WOW says spam, but not beside birthday; please says ham; lottery and long texts say spam, and nobody knows."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    rows = []
    for at, spam in enumerate(truth):
        words = [f"n{rng.integers(50)}", f"m{rng.integers(50)}"]
        if spam and rng.random() < 0.4:
            words.append("lottery")
        birthday = not spam and rng.random() < 0.2
        words += ["birthday"] if birthday else []
        words += ["WOW"] if (spam and rng.random() < 0.5) or (birthday and rng.random() < 0.9) else []
        words += ["please"] if not spam and rng.random() < 0.5 else []
        rows.append((f"{at:04d}", " ".join(rng.permutation(words)), f"{rng.normal(100 + 200 * spam, 30):.1f}"))
    table = pd.DataFrame(rows, columns=["item", "text", "length"])
    shops = np.where((truth == 1) & (rng.random(n) < 0.3), "cheap & more (ltd.) ", rng.choice(["mail", "web"], n))
    return table.assign(shop=shops), truth


def test_words_that_tell_as_much_come_in_the_order_of_the_alphabet():
    words = [*"bcdefghijklmnopqrstuv"]
    texts = pd.Series([" ".join(f"{word}{word}" for word in words)] * 10 + ["fine"] * 10)
    votes = wh.Votes.from_matrix([[1]] * 20, wh.LabelSchema(["a", "b"]))
    people = HumanLabels(np.arange(20), np.repeat([0, 1], 10), np.ones(20, dtype=bool), random=True)
    assert [word for word, *_ in function_errors(votes, people, texts)[0].words] == ["bb", "cc", "dd", "ee", "ff"]


def votes_of(items: pd.DataFrame) -> wh.Votes:
    wow, please = (items["text"].str.contains(word) for word in ("WOW", "please"))
    return wh.Votes.from_matrix(
        np.column_stack([np.where(wow, 1, -1), np.where(please, 0, -1)]), SCHEMA, sources=["shouts", "asks"]
    )


def test_a_function_and_a_judge_that_are_both_right_do_not_repeat_each_other():
    """A judge votes on everything: all that a good function says it says, too."""
    _, truth = made()
    spam, again, judge = (np.where(truth == 1, 1, -1), np.where(truth == 1, 1, -1), truth)
    votes = wh.Votes.from_matrix(np.column_stack([spam, again, judge]), SCHEMA, sources=["spam", "again", "judge"])
    assert repeating(votes)[["first", "second"]].to_numpy().tolist() == [["spam", "again"]]


@pytest.fixture
def known():
    items, truth = made()
    at = np.arange(600)
    return items, truth, HumanLabels(at, truth[:600], at % 2 == 0, random=True)


def test_the_function_that_people_overturn_and_the_words_where_it_errs_come_first(known):
    items, truth, people = known
    first = function_errors(votes_of(items), people, items["text"])[0]
    judged = items["text"][:600].str.contains("WOW")
    assert first.name == "shouts"
    assert first.judged == judged.sum()
    assert first.wrong == (judged & (truth[:600] == 0)).sum()
    assert first.instead == {"HAM": first.wrong}
    assert first.words[0][0] == "birthday"
    assert first.accuracy.n_units == judged[::2].sum()
    assert all("birthday" in items["text"][place] for place in first.examples)


def test_the_words_and_limits_that_go_with_a_class_are_proposed_and_measured_apart(known):
    items, _, people = known
    found = candidates(votes_of(items), people, items[["text", "length"]])
    rules = {(one.label, one.kind, one.value): one for one in found}
    lottery = rules["SPAM", "keyword", "lottery"]
    holds = items["text"].str.contains("lottery")
    assert lottery.learned == (holds[1:600:2].sum(),) * 2
    assert lottery.precision.n_units == holds[:600:2].sum()
    assert lottery.precision.low > 0.9
    assert lottery.items == holds.sum()
    assert lottery.uncovered == (holds & ~items["text"].str.contains("WOW|please")).sum()
    assert {one.kind for one in found if one.column == "length"} == {"above", "below"}
    assert max(sum(one.label == name for one in found) for name in SCHEMA.classes) <= 4


def test_values_of_a_column_that_go_with_a_class_are_proposed(known):
    items, _, people = known
    (found,) = candidates(votes_of(items), people, items[["shop"]])
    assert (found.kind, found.label, found.value) == ("is", "SPAM", "cheap & more (ltd.)")
    assert found.name == "spam_shop_is_cheap_more_ltd_"
    assert found.items == items["shop"].str.startswith("cheap").sum()
    votes = wh.apply([found.rule()], items, SCHEMA)
    assert votes.n_votes == found.items
    assert found.precision.low > 0.9


def test_proposals_from_labels_that_go_with_nothing_are_few_and_measured_as_worth_nothing():
    items, _ = made()
    coin = np.random.default_rng(5).integers(0, 2, 600)
    people = HumanLabels(np.arange(600), coin, np.arange(600) % 2 == 0, random=True)
    found = candidates(votes_of(items), people, items[["text"]])
    assert not [one for one in found if one.precision.low is not None and one.precision.low > 0.6]


def test_the_share_of_a_class_that_functions_find_is_that_of_the_measured(known):
    items, truth, people = known
    recall = class_recall(votes_of(items), people)
    spam = (truth[:600] == 1) & people.measured
    assert recall["SPAM"].value == pytest.approx(items["text"][:600].str.contains("WOW")[spam].mean())
    assert recall["SPAM"].low < recall["SPAM"].value < recall["SPAM"].high


def test_proposals_as_toml_are_the_rules_that_were_measured(known, tmp_path):
    items, _, people = known
    found = [*candidates(votes_of(items), people, items[["text", "length"]])]
    found += candidates(votes_of(items), people, items[["shop"]])
    assert {one.kind for one in found} == {"keyword", "is", "above", "below"}
    made_project(tmp_path)
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text() + "".join(one.toml() for one in found))
    project = wh.Project.load(tmp_path)
    project.label()
    for one in found:
        votes = project.votes.take_sources([one.name])
        assert votes.n_votes == one.items
        assert set(votes.to_long()["label"]) == {one.label}


def test_no_two_proposals_have_one_name_nor_that_of_a_function(known):
    items, _, people = known
    twice = items[["text", "length"]].assign(text_=items["text"])
    found = candidates(votes_of(items), people, twice, most=20)
    assert len({one.name for one in found}) == len(found)
    taken = votes_of(items).to_matrix()
    again = wh.Votes.from_matrix(taken, SCHEMA, sources=[found[0].name, "asks"])
    assert found[0].name not in {one.name for one in candidates(again, people, twice, most=20)}


def made_project(folder: Path) -> wh.Project:
    items, _ = made()

    class Spam:
        def items(self):
            return items

    start(folder, Spam())
    config = (folder / "weakhitl.toml").read_text()
    config = config.replace('classes = ["sun", "rain", "snow"]', 'classes = ["HAM", "SPAM"]')
    config = (
        config.replace("budget = 140", "budget = 500").replace("audit = 120", "audit = 250").replace("0.955", "0.5")
    )
    (folder / "weakhitl.toml").write_text(config)
    (folder / "labeling_functions" / "functions.py").write_text(FUNCTIONS)
    return wh.Project.load(folder)


@pytest.fixture(scope="module")
def rated(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("refine") / "project"
    folder.mkdir()
    project = made_project(folder)
    project.label()
    project.route()
    _, truth = made()
    names = pd.Series(np.array(SCHEMA.classes)[truth], index=[f"{at:04d}" for at in range(len(truth))])
    routed = project.batches[0].items
    rows = [(item, who, names[item]) for item in routed for who in ("ana", "bo", "cy")]
    collect(project, folder, pd.DataFrame(rows, columns=["item", "annotator", "label"]))
    queue = project.export(folder / "queue.csv", adjudication=True).table
    decided = pd.DataFrame({"item": queue["item"], "annotator": "senior", "label": names[queue["item"]].to_numpy()})
    collect(project, folder, decided, adjudication=True)
    return folder


@pytest.fixture
def folder(rated, tmp_path):
    return Path(shutil.copytree(rated, tmp_path / "project"))


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def test_the_command_says_all_of_it_and_changes_nothing(folder):
    before = contents(folder)
    result = run("refine", "--project", folder)
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "500 items have a label by people: 250 to learn from, 250 to measure on (a random audit)" in said
    assert "shouts errs where items hold: birthday" in said
    assert "asks and asks_politely say the same" in said
    assert "SPAM: lottery" in said
    assert contents(folder) == before


def test_a_previewed_rule_changes_what_the_preview_says(folder):
    found = json.loads(run("refine", "--project", folder, "--json").output)
    number, one = next((n, c) for n, c in enumerate(found["candidates"], 1) if c["value"] == "lottery")
    before = wh.Project.load(folder).labels()["label"]
    written = json.loads(run("refine", "--project", folder, "--write", number, "--json").output)["written"]
    assert Path(written[0]) == folder / "refinements" / "refine.patch"
    subprocess.run(["patch", "-p1", "-i", written[0]], cwd=folder, check=True, capture_output=True)
    project = wh.Project.load(folder)
    project.label()
    after = project.labels()["label"]
    assert one["preview"]["labelled"] == (before.isna() & after.notna()).sum()
    assert one["preview"]["changed"] == (before.notna() & (after != before)).sum()
    released = project.assess().released.mean()
    assert one["preview"]["coverage"][1] == pytest.approx(released)


def test_a_stub_is_the_function_without_the_words_where_it_errs(folder):
    result = run("refine", "--project", folder, "--stub", "shouts")
    stub = folder / "refinements" / "shouts.py"
    assert f"wrote {stub}" in result.output
    assert votes_of_stub(stub) == ["SPAM", "-1", "-1"]


def test_the_stub_of_a_declared_rule_makes_the_rule(folder):
    functions = folder / "labeling_functions" / "functions.py"
    functions.write_text(functions.read_text().replace('"WOW" in x.text', "False"))
    config = folder / "weakhitl.toml"
    rule = '[[labeling.rule]]\nname = "loud"\nkind = "keyword"\nlabel = "SPAM"\nwords = ["WOW"]\n'
    config.write_text(config.read_text() + rule)
    wh.Project.load(folder).label()
    run("refine", "--project", folder, "--stub", "loud")
    assert votes_of_stub(folder / "refinements" / "loud.py") == ["SPAM", "-1", "-1"]


def test_a_stub_brings_what_the_function_needs_of_its_file(folder):
    functions = folder / "labeling_functions" / "functions.py"
    text = functions.read_text().replace('"WOW" in x.text', "_loud(x)")
    helpers = "import string as s\nLOUD = {s.ascii_uppercase[22] + 'OW'}\n"
    helpers += "def _loud(x):\n    return LOUD & {*x.text.split()}\n"
    functions.write_text(text.replace("@labeling_function\ndef shouts", f"{helpers}\n@labeling_function\ndef shouts"))
    wh.Project.load(folder).label()
    run("refine", "--project", folder, "--stub", "shouts")
    assert votes_of_stub(folder / "refinements" / "shouts.py") == ["SPAM", "-1", "-1"]


def test_a_function_that_does_not_stand_alone_is_not_stubbed_and_its_words_are_said(folder):
    functions = folder / "labeling_functions" / "functions.py"
    old = '@labeling_function\ndef shouts(x):\n    """Loud words."""\n    return "SPAM" if "WOW" in x.text'
    new = '@labeling_function(resources={"word": "WOW"})\ndef shouts(x, word):\n    return "SPAM" if word in x.text'
    assert old in functions.read_text()
    functions.write_text(functions.read_text().replace(old, new))
    wh.Project.load(folder).label()
    result = run("refine", "--project", folder, "--stub", "shouts")
    assert result.exit_code == 2
    assert "does not stand alone" in " ".join(result.output.split())
    assert "birthday" in result.output


def votes_of_stub(stub: Path) -> list[str]:
    """What the only function of a file votes on a loud text, a loud one with a birthday, and a quiet one."""
    code = f"import weakhitl as wh; f, = [f for f in wh.discover({str(stub)!r}) if f.name.endswith('_narrower')]\n"
    code += "class Row(dict):\n    __getattr__ = dict.get\n"
    code += "print(f(Row(text='WOW lottery')), f(Row(text='WOW birthday')), f(Row(text='no')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--write", "99"], "there is no proposal 99"),
        (["--stub", "shout"], "there is no function 'shout'"),
        (["--stub", "asks"], "no words set the errors of asks apart"),
    ],
)
def test_what_is_not_there_is_refused(folder, options, says):
    result = run("refine", "--project", folder, *options)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())
    assert not (folder / "refinements").exists()


def test_without_any_label_by_people_there_is_nothing_to_learn(tmp_path):
    made_project(tmp_path).label()
    result = run("refine", "--project", tmp_path)
    assert result.exit_code == 3
    assert "there is no label by people yet, neither gold nor" in " ".join(result.output.split())


def test_a_pilot_and_gold_are_learned_from_before_anything_is_routed(tmp_path):
    project = made_project(tmp_path)
    project.label()
    _, truth = made()
    names = pd.Series(np.array(SCHEMA.classes)[truth], index=[f"{at:04d}" for at in range(len(truth))])
    pilot = project.route(pilot=100).items
    rows = [(item, who, names[item]) for item in pilot for who in ("ana", "bo")]
    collect(project, tmp_path, pd.DataFrame(rows, columns=["item", "annotator", "label"]))
    found = project.refine()
    assert set(project.assess().evidence.items[found.people.places]) == set(pilot)
    assert not found.people.random
    gold = names[~names.index.isin(pilot)].head(200)
    gold.rename_axis("item").rename("label").to_csv(tmp_path / "gold.csv")
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("[routing]", '[label_model]\ngold = "gold.csv"\n[routing]'))
    found = wh.Project.load(tmp_path).refine()
    assert len(found.people) == 300
    assert (found.people.codes == truth[found.people.places]).all()
    assert {one.label for one, _ in found.candidates} == {"HAM", "SPAM"}
