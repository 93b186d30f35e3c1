"""Asking people what a classifier would learn most from."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import entropy

import weakhitl as wh
from projects import World, start
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, UsageError
from weakhitl.feedback.committee import STRATEGIES, Opinion, ask_committee
from weakhitl.routing import Batch

pytestmark = pytest.mark.current


def films(n: int = 200, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Texts with a word that says which of three classes they are of."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    words = np.array(["good", "bad", "long"])
    return pd.DataFrame({"text": [f"{words[code]} film {rng.integers(1000)}" for code in truth]}), np.eye(3)[truth]


def test_each_strategy_is_what_its_name_says():
    mean = np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]])
    found = {
        name: score(Opinion(mean, np.array([0.1, 0.0]), np.array([2.0, 3.0]))) for name, score in STRATEGIES.items()
    }
    assert found["model-error"] == pytest.approx([0.5, 0])
    assert found["model-margin"] == pytest.approx([0.8, 0])
    assert found["model-entropy"] == pytest.approx([entropy(row) for row in mean])
    assert found["committee"] == pytest.approx([0.1, 0])
    features = np.array([1.0, 1.0, np.sqrt(2)])  # of length 2
    gradients = [np.outer(mean[0] - label, features) for label in np.eye(3)]
    assert found["gradient-length"][0] == pytest.approx(mean[0] @ [np.linalg.norm(one) for one in gradients])
    assert found["gradient-length"][1] == pytest.approx(0)


def test_no_member_is_asked_of_an_item_that_it_learned_from():
    """A wrong label on a text of its own does not come back as the committee's opinion."""
    table, target = films()
    table.loc[0, "text"], target[0] = "good film zzz", [0, 1, 0]
    assert ask_committee(table, target).mean[0].argmax() == 0


def test_they_disagree_about_what_they_learned_little_of():
    table, target = films()
    new = pd.DataFrame({"text": ["good bad film", "good film", "bad film"]})
    asked = ask_committee(pd.concat([table, new]), np.vstack([target, np.full((3, 3), np.nan)]))
    assert asked.mean[-2:].argmax(axis=1).tolist() == [0, 1]
    for name in STRATEGIES:
        scores = STRATEGIES[name](asked)
        assert (scores >= 0).all()
        assert scores[-3] > scores[-2:].max(), name


def test_a_committee_is_the_same_again_and_bears_a_class_of_one_item():
    table, target = films(30)
    target[:] = [1, 0, 0]
    target[4] = [0, 1, 0]
    first, again = ask_committee(table, target, seed=3), ask_committee(table, target, seed=3)
    assert first.mean.tolist() == again.mean.tolist()
    assert first.mean.sum(axis=1) == pytest.approx(np.ones(30))
    assert (ask_committee(table, target, seed=4).mean != first.mean).any()


def test_what_no_committee_can_learn_from_is_said():
    table, target = films(30)
    known = target.copy()
    known[9:] = np.nan
    with pytest.raises(DataError, match="9 have a label; expected at least 10"):
        ask_committee(table, known)
    with pytest.raises(DataError, match="all that have a label have the same"):
        ask_committee(table, np.tile([1.0, 0, 0], (30, 1)))


@pytest.fixture(scope="module")
def routed_by_default(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    project = start(folder, World())
    project.label()
    return {*filled(project.route(), "disagreement")}


def filled(batch: Batch, strategy: str) -> pd.Series:
    return batch.table["item"][batch.table["reason"] == strategy]


@pytest.mark.parametrize("strategy", ["random", "model-margin", "committee", "gradient-length"])
def test_a_project_routes_by_what_a_model_would_learn(tmp_path, strategy, routed_by_default):
    start(tmp_path, World()).label()
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("[routing]", '[routing]\nlearn = ["text"]\ndensity = "text"'))
    made = CliRunner().invoke(cli, ["route", "--strategy", strategy, "--project", str(tmp_path), "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["items"] == 140
    (batch,) = wh.Project.load(tmp_path).batches
    assert len(filled(batch, strategy)) == 20
    assert {*filled(batch, strategy)} != routed_by_default


def test_a_strategy_that_there_is_not_is_refused(tmp_path):
    start(tmp_path, World()).label()
    refused = CliRunner().invoke(cli, ["route", "--strategy", "magic", "--project", str(tmp_path)])
    assert refused.exit_code == 2
    assert "there is no strategy 'magic'; there are disagreement, " in refused.output.replace("\n", " ")
    with pytest.raises(UsageError, match=r'the strategy novelty needs .* near = "COLUMN"'):
        wh.Project.load(tmp_path).route(strategy="novelty")
