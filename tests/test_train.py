"""The end model: learning from probabilities, without leaking, kept without pickle."""

import json
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from statsmodels.stats.contingency_tables import mcnemar

import weakhitl as wh
from projects import ready
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, UsageError
from weakhitl.estimate import paired_difference
from weakhitl.feedback.committee import ask_committee

pytestmark = pytest.mark.current
CLASSES = ["no", "yes"]


def made(n: int = 400, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Items with a telling text, a telling number and a column that says nothing; their truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    texts = [f"{'good' if one else 'bad'} film {rng.integers(1000)}" for one in truth]
    table = pd.DataFrame({"text": texts, "size": rng.normal(truth, 1).round(3), "kind": rng.choice(["a", "b"], n)})
    return table, truth


def soft(truth: np.ndarray, sure: float) -> np.ndarray:
    return np.where(np.eye(2)[truth] == 1, sure, 1 - sure)


def test_it_learns_from_probabilities_what_their_likelier_classes_say():
    table, truth = made()
    model = wh.EndModel(CLASSES).fit(table, soft(truth, 0.8))
    new, answers = made(seed=1)
    assert (model.predict(new) == answers).mean() > 0.97
    assert model.kinds_ == {"text": "text", "size": "number", "kind": "category"}


def test_probabilities_are_the_expected_loss_over_the_labels_drawn_from_them():
    """A table with one feature: the same weights as logistic regression on labels drawn very often."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    yes = 1 / (1 + np.exp(-2 * values))
    table = pd.DataFrame({"x": values})
    model = wh.EndModel(CLASSES).fit(table, np.column_stack([1 - yes, yes]))
    often = np.repeat(np.arange(200), 500)
    labels = rng.random(len(often)) < yes[often]
    scaled = (values - values.mean()) / values.std()
    drawn = LogisticRegression(C=1 / 500).fit(scaled[often, None], labels)
    assert model.model_[-1].coef_[0, 0] == pytest.approx(drawn.coef_[0, 0], rel=0.05)


def test_an_items_own_label_has_no_part_in_its_out_of_fold_probabilities():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"x": rng.normal(size=200)})
    truth = rng.integers(0, 2, 200)
    model = wh.EndModel(CLASSES, RandomForestClassifier(random_state=0)).fit(table, soft(truth, 0.99))
    assert (model.predict(table) == truth).mean() > 0.95
    assert (model.out_of_fold_.argmax(axis=1) == truth).mean() < 0.65


def test_items_without_a_label_are_predicted_and_not_learned_from():
    table, truth = made()
    target = soft(truth, 0.9)
    target[::4] = np.nan
    model = wh.EndModel(CLASSES).fit(table, target)
    assert not np.isnan(model.out_of_fold_).any()
    assert (model.out_of_fold_.argmax(axis=1) == truth)[::4].mean() > 0.95


def test_estimators_without_sample_weights_and_tables_that_do_not_fit_are_refused():
    table, truth = made(40)
    with pytest.raises(UsageError, match="KNeighborsClassifier takes no sample weights"):
        wh.EndModel(CLASSES, KNeighborsClassifier()).fit(table, soft(truth, 0.9))
    with pytest.raises(DataError, match=r"expected \(40, 2\)"):
        wh.EndModel(CLASSES).fit(table, soft(truth, 0.9)[:, :1])
    with pytest.raises(DataError, match="expected at least 10"):
        wh.EndModel(CLASSES).fit(table[:5], soft(truth, 0.9)[:5])


class Odd(LogisticRegression):
    """A classifier of the user's own that does what ``act`` says when it is fitted or asked."""

    act: Any = None

    def fit(self, table, y, sample_weight=None):
        if self.act == "exit":
            sys.exit(0)
        if self.act == "raise":
            raise ZeroDivisionError("division by zero")
        return super().fit(table, y, sample_weight)

    def predict_proba(self, table):
        found = super().predict_proba(table)
        return {"nan": found * np.nan, "wide": np.hstack([found, found])}.get(self.act, found)


@pytest.mark.parametrize(
    ("act", "what"),
    [
        ("exit", "Odd failed: SystemExit: 0"),
        ("raise", "Odd failed: ZeroDivisionError: division by zero"),
        ("wide", "Odd failed: ValueError"),
        ("nan", "Odd gave probabilities that are none"),
    ],
)
def test_a_classifier_that_fails_is_named(act, what, monkeypatch):
    monkeypatch.setattr(Odd, "act", act)
    table, truth = made(60)
    with pytest.raises(UsageError, match=re.escape(what)):
        wh.EndModel(CLASSES, Odd()).fit(table, soft(truth, 0.9))


def test_a_classifier_that_takes_no_sparse_table_learns_from_texts_unless_they_are_too_large(monkeypatch):
    table, truth = made(120)
    model = wh.EndModel(CLASSES, HistGradientBoostingClassifier(max_iter=10)).fit(table, soft(truth, 0.9))
    assert (model.out_of_fold_.argmax(axis=1) == truth).mean() > 0.9
    assert model.predict(table[:9]).tolist() == truth[:9].tolist()
    monkeypatch.setattr("weakhitl.feedback.end_model._DENSE_BYTES", 1000)
    with pytest.raises(UsageError, match="GaussianNB takes no sparse table"):
        wh.EndModel(CLASSES, "sklearn.naive_bayes.GaussianNB").fit(table, soft(truth, 0.9))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("\N{THUMBS UP SIGN} \N{THUMBS UP SIGN}", "\N{THUMBS DOWN SIGN} \N{POUTING FACE}"),
        ("很好吃的菜", "不好吃又贵"),
        ("อาหารอร่อยมาก", "บริการแย่มาก"),
        ("यह बहुत अच्छा है", "यह बहुत बुरा है"),
        ("a b", "c d"),
    ],
)
def test_texts_of_any_script_are_learned_from(good, bad):
    truth = np.arange(120) % 2
    texts = [f"{(bad, good)[code]}{chr(0x1F600 + at % 20) * (at // 20 + 1)}" for at, code in enumerate(truth)]
    table = pd.DataFrame({"text": texts})
    model = wh.EndModel(CLASSES).fit(table, soft(truth, 0.9))
    assert (model.out_of_fold_.argmax(axis=1) == truth).all()
    assert (ask_committee(table, soft(truth, 0.9)).mean.argmax(axis=1) == truth).all()


def test_columns_go_by_any_name_once_and_numbers_without_bounds_are_missing():
    table, truth = made(60)
    table = table.assign(x=np.where(np.arange(60) % 7 == 0, np.inf, np.arange(60.0)))
    numbered = table.set_axis(range(len(table.columns)), axis=1)
    found = [wh.EndModel(CLASSES).fit(one, soft(truth, 0.9)).out_of_fold_ for one in (table, numbered)]
    assert found[0] == pytest.approx(found[1])
    with pytest.raises(DataError, match="column 'x' occurs 4 times"):
        wh.EndModel(CLASSES).fit(table.set_axis(["x"] * len(table.columns), axis=1), soft(truth, 0.9))


def test_a_model_comes_back_from_its_file_and_holds_no_pickle(tmp_path):
    table, truth = made()
    model = wh.EndModel(CLASSES).fit(table, soft(truth, 0.9))
    model.save(tmp_path, {"items": 400})
    again = wh.EndModel.load(tmp_path)
    assert again.predict_proba(table) == pytest.approx(model.predict_proba(table))
    with zipfile.ZipFile(tmp_path / "end_model.skops") as file:
        assert not [name for name in file.namelist() if name.endswith(".pkl")]
    with pytest.raises(DataError, match="no column 'text'"):
        again.predict(table.drop(columns="text"))


class Strange:
    """Something that no model of ours holds."""


def test_a_file_that_would_run_code_is_not_loaded(tmp_path):
    import skops.io

    model = wh.EndModel(CLASSES)
    table, truth = made(40)
    model.fit(table, soft(truth, 0.9)).save(tmp_path, {})
    skops.io.dump(Strange(), tmp_path / "end_model.skops")
    with pytest.raises(DataError, match="may run code"):
        wh.EndModel.load(tmp_path)
    with pytest.raises(DataError, match="holds no end model"):
        wh.EndModel.load(tmp_path / "elsewhere")


def test_the_interval_of_a_paired_difference_covers_as_promised():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        first = rng.random(120) < 0.85
        second = np.where(rng.random(120) < 0.9, first, rng.random(120) < 0.5)
        true = 0.85 - (0.9 * 0.85 + 0.1 * 0.5)
        found = paired_difference(first, second)
        covered += found.low <= true <= found.high
    assert covered / 400 > 0.93


def test_rows_of_one_unit_are_one_draw():
    """Items that stand for several strata do not make the interval narrower; units with one row each change nothing."""
    rng = np.random.default_rng(1)
    first, second = rng.random(120) < 0.85, rng.random(120) < 0.7
    once = paired_difference(first, second)
    assert paired_difference(first, second, unit=np.arange(120)) == once
    twice = paired_difference(np.tile(first, 2), np.tile(second, 2), unit=np.tile(np.arange(120), 2))
    assert (twice.value, twice.low, twice.high, twice.n_units) == pytest.approx(
        (once.value, once.low, once.high, once.n_units)
    )
    assert paired_difference(np.tile(first, 2), np.tile(second, 2)).low > once.low


def test_the_paired_difference_rejects_about_where_mcnemar_does():
    first = np.array([True] * 90 + [False] * 10)
    second = np.array([True] * 74 + [False] * 16 + [True] * 4 + [False] * 6)
    assert mcnemar([[74, 16], [4, 6]], exact=True).pvalue < 0.05
    assert paired_difference(first, second).low > 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train") / "project"
    ready(folder)
    return folder


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_training_compares_itself_with_the_labels_on_the_audit_and_keeps_the_model(folder):
    result = run("train", "--project", folder, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["items"] == 240
    assert found["accuracy"]["n_units"] == found["labels"]["n_units"] == 120
    assert found["gain"]["value"] == pytest.approx(found["accuracy"]["value"] - found["labels"]["value"])
    table = pd.read_parquet(folder / "models" / "out_of_fold.parquet")
    assert table.columns.tolist() == ["item", "p:sun", "p:rain", "p:snow"]
    assert table.iloc[:, 1:].sum(axis=1).to_numpy() == pytest.approx(1)
    assert wh.EndModel.load(folder / "models").predict(pd.DataFrame({"text": ["snow snow today"]})) == [2]


def test_its_votes_can_be_a_source_from_which_it_does_not_learn(folder, tmp_path):
    folder = Path(shutil.copytree(folder, tmp_path / "project"))
    first = run("train", "--project", folder, "--votes-above", "0.7")
    rule = first.output[first.output.index("[[labeling.rule]]") :]
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text() + rule)
    before = json.loads((folder / "models" / "end_model.json").read_text())
    project = wh.Project.load(folder)
    project.label()
    assert "end_model" in project.votes.sources
    voted = (project.votes.to_matrix()[:, project.votes.sources.index("end_model")] >= 0).sum()
    assert f"{voted} votes, each by a model that has not seen the item" in " ".join(first.output.split())
    assert run("train", "--project", folder).exit_code == 0
    after = json.loads((folder / "models" / "end_model.json").read_text())
    assert after["accuracy"] == before["accuracy"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--estimator", "foo.Bar"], "No module named 'foo'"),
        (["--estimator", "sklearn.svm.LinearSVC"], "has no predict_proba"),
        (["--column", "txet"], "no column 'txet'"),
    ],
)
def test_what_cannot_be_trained_is_said(folder, options, says):
    result = run("train", "--project", folder, *options)
    assert result.exit_code in (2, 3)
    assert says in " ".join(result.output.split())
