"""Simulation: recorded ratings are replayed, each once, and what they buy is said."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

import weakhitl as wh
from projects import ready
from weakhitl.cli.main import cli
from weakhitl.errors import UsageError
from weakhitl.feedback.simulate import Plan, _need, ratings_until, replay
from weakhitl.pipeline.simulate import _gain, invented

SCHEMA = wh.LabelSchema(["no", "yes"])


def crowd(n: int = 200, people: int = 6, right: float = 0.8, seed: int = 0) -> tuple[wh.Votes, "pd.Series[int]"]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    matrix = np.where(rng.random((n, people)) < right, truth[:, None], 1 - truth[:, None])
    items = [f"i{at}" for at in range(n)]
    return wh.Votes.from_matrix(matrix, SCHEMA, items=items), pd.Series(truth, index=items)


@given(st.integers(0, 50), st.sampled_from(["random", "disagreement", "margin", "oracle"]), st.integers(1, 4))
def test_in_the_end_every_rating_is_given_out_once_and_labels_are_what_they_would_be_anyway(seed, order, overlap):
    people, truth = crowd(40, seed=seed)
    curve = replay(people, truth, Plan("x", order, "majority"), steps=5, seed=seed)
    counts = people.class_counts()
    first = counts == counts.max(axis=1, keepdims=True)
    assert curve["ratings"].tolist() == [0, 48, 96, 144, 192, 240]
    assert curve["accuracy"].iloc[0] == 0.5
    assert curve["accuracy"].iloc[-1] == pytest.approx((first[np.arange(40), truth] / first.sum(axis=1)).mean())
    limited = replay(people, truth, Plan("x", order, "majority", overlap), steps=5, seed=seed)
    assert limited["ratings"].iloc[-1] == 40 * overlap


def test_the_same_seed_gives_the_same_curve_and_another_one_another():
    people, truth = crowd()
    curves = [replay(people, truth, Plan("x"), seed=seed) for seed in (1, 1, 2)]
    assert curves[0].equals(curves[1])
    assert not curves[0].equals(curves[2])


def test_asking_where_labels_are_wrong_is_at_least_as_good_as_asking_anywhere():
    people, truth = crowd(400, right=0.7)
    areas = {
        order: np.mean([replay(people, truth, Plan("x", order), seed=seed)["accuracy"].mean() for seed in range(3)])
        for order in ("random", "disagreement", "oracle")
    }
    assert areas["random"] < areas["disagreement"] < areas["oracle"]


def test_functions_are_there_from_the_beginning_and_a_judge_is_paid_for():
    people, truth = crowd()
    answers = np.where(np.arange(200) % 10 > 0, truth, 1 - truth)
    judge = wh.Votes.from_matrix(answers[:, None], SCHEMA, items=truth.index, sources=["judge"])
    free = replay(people, truth, Plan("x", "random", "majority"), functions=judge, cost=2.0)
    paid = replay(people, truth, Plan("x", "random", "majority", judge=judge, judge_cost=0.5), cost=2.0)
    assert free["accuracy"].iloc[0] == paid["accuracy"].iloc[0] == pytest.approx(0.9)
    assert free["cost"].tolist() == (2.0 * free["ratings"]).tolist()
    assert paid["cost"].tolist() == (2.0 * paid["ratings"] + 100).tolist()


def test_until_a_mark_is_on_the_mean_curve_and_never_where_it_is_not_reached():
    curves = [pd.DataFrame({"ratings": [0, 10, 20], "accuracy": ends}) for ends in ([0.4, 0.6, 0.8], [0.6, 0.8, 1.0])]
    assert ratings_until(curves, 0.8) == (pytest.approx(15.0), [pytest.approx(20.0), pytest.approx(10.0)])
    assert ratings_until(curves, 0.95)[0] is None
    assert ratings_until(curves, 0.1)[0] == 0


def test_plans_that_do_not_exist_are_refused():
    with pytest.raises(UsageError, match="no order 'luck'"):
        Plan("x", "luck")
    with pytest.raises(UsageError, match="no label model 'magic'"):
        Plan("x", model="magic")
    people, _ = crowd()
    with pytest.raises(UsageError, match="nothing can be replayed"):
        replay(people, pd.Series([1], index=["elsewhere"]), Plan("x"))


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def files(tmp_path):
    people, truth = crowd(60)
    people.to_long().rename(columns={"source": "annotator"}).to_csv(tmp_path / "ratings.csv", index=False)
    names = np.array(SCHEMA.classes)[truth]
    pd.DataFrame({"item": truth.index, "label": names}).to_csv(tmp_path / "truth.csv", index=False)
    return tmp_path


def test_a_table_of_ratings_is_replayed_drawn_and_written(files):
    result = run(
        "simulate", files / "ratings.csv", "--truth", files / "truth.csv", "--order", "random", "--model", "majority",
        "--seconds", 36, "--cost-per-hour", 20, "--judge", files / "truth.csv", "--judge-cost", 0.1, "--seeds", 3,
        "--out", files / "curves.csv", "--plot", files / "curves.svg",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    curves = pd.read_csv(files / "curves.csv")
    assert set(curves["plan"]) == {"random, majority", "random, majority, judge"}
    with_judge = curves[curves["plan"] == "random, majority, judge"]
    assert with_judge["accuracy"].iloc[0] == 1
    assert with_judge["cost"].to_numpy() == pytest.approx(6 + 0.2 * with_judge["ratings"].to_numpy())
    assert "<svg" in (files / "curves.svg").read_text()
    assert "360 ratings on 60 items" in result.output


def test_each_plan_is_compared_with_its_own_twin_that_asks_by_lot(files):
    result = run(
        "simulate", files / "ratings.csv", "--truth", files / "truth.csv", "--order", "random", "--order", "oracle",
        "--model", "majority", "--judge", files / "truth.csv", "--seeds", 4, "--steps", 8, "--json",
    )  # fmt: skip
    found = json.loads(result.output)
    plans = {plan["plan"]: plan for plan in found["plans"]}
    assert [name for name, plan in plans.items() if plan["gain"] is None] == [
        "random, majority", "random, majority, judge",
    ]  # fmt: skip
    mean = pd.DataFrame(found["curves"]).groupby("plan")["accuracy"].mean()
    for name in ("oracle, majority", "oracle, majority, judge"):
        assert plans[name]["gain"] == pytest.approx(mean[name] - mean[name.replace("oracle", "random")])
    assert 0 < plans["oracle, majority"]["low"] < plans["oracle, majority"]["gain"] < plans["oracle, majority"]["high"]
    said = run("simulate", files / "ratings.csv", "--truth", files / "truth.csv", "--model", "majority", "--seeds", 4)
    assert "Mean accuracy against asking by lot" in said.output


def test_a_strategy_that_is_chance_is_shown_to_be_better_in_few_of_many_simulations():
    """With 4 seeds each and one comparison 2.5 % are expected."""
    rng = np.random.default_rng(0)
    better = 0
    for _ in range(400):
        curves = [pd.DataFrame({"accuracy": rng.normal(0.8, 0.02, 5)}) for _ in range(8)]
        better += _gain(curves[:4], curves[4:], 1)[1] > 0
    assert better <= 400 * 0.025 + 3 * np.sqrt(400 * 0.025 * 0.975)


def test_people_can_be_invented_who_are_right_as_often_as_is_said(files):
    arguments = ["simulate", "--truth", files / "truth.csv", "--people", 7, "--right", 0.8, "--seeds", 2, "--json"]
    arguments += ["--order", "random", "--model", "majority"]
    found = json.loads(run(*arguments).output)
    assert found["curves"][-1]["ratings"] == 420
    assert found["mark"] > 0.9  # seven of whom each is right on 80 %: .97
    recorded = invented(files / "truth.csv", 50, 0.8, 1.0)
    right = recorded.people.to_matrix() == recorded.truth.to_numpy()[:, None]
    assert right.mean() == pytest.approx(0.8, abs=0.03)
    assert "give one of the two" in run(*arguments, files / "ratings.csv").output
    assert "expected a number from 0 to 1" in run(*arguments, "--right", 1.5).output


def test_a_label_can_be_an_abstention(files):
    table = pd.read_csv(files / "ratings.csv")
    table.loc[table.index[:50], "label"] = "dunno"
    table.to_csv(files / "ratings.csv", index=False)
    arguments = ["simulate", files / "ratings.csv", "--truth", files / "truth.csv", "--order", "random", "--seeds", 2]
    assert "310 ratings" in run(*arguments, "--skip", "dunno").output
    assert "360 ratings" in run(*arguments).output


def test_a_projects_own_ratings_are_replayed_against_its_decisions(tmp_path):
    ready(tmp_path)
    result = run("simulate", "--project", tmp_path, "--order", "disagreement", "--seeds", 2, "--steps", 4, "--json")
    found = json.loads(result.output)
    assert [plan["plan"] for plan in found["plans"]] == ["disagreement, majority", "disagreement, auto"]
    assert found["plans"][0]["accuracy"] == pytest.approx(found["mark"])
    assert {row["ratings"] for row in found["curves"]} >= {0}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--order", "luck"], "no order 'luck'"),
        (["--judge", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_what_cannot_be_replayed_is_said(files, options, says):
    result = run("simulate", files / "ratings.csv", "--truth", files / "truth.csv", *options)
    assert result.exit_code in (2, 3)
    assert says in result.output
    assert run("simulate", files / "ratings.csv").exit_code == 2


def test_what_needs_a_rating_most_is_what_is_least_sure_or_nearest_to_a_second_class():
    proba = np.array([[0.5, 0.25, 0.25], [0.9, 0.1, 0.0], [0.55, 0.45, 0.0]])
    right = np.array([1.0, 0.0, 1.0])
    for order, wanted in (("disagreement", [0, 2, 1]), ("margin", [2, 0, 1])):
        assert np.argsort(-_need(order, proba, right, np.random.default_rng(0))).tolist() == wanted
    assert _need("oracle", proba, right, np.random.default_rng(0)).argmax() == 1
