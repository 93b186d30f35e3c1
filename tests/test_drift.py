"""Drift: what differs between two batches, and how often chance is taken for it."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import binomtest, chi2_contingency, fisher_exact, kstwobign

import weakhitl as wh
from projects import CLASSES, World, collect, ready
from weakhitl.cli.main import cli
from weakhitl.errors import UsageError
from weakhitl.holm import holm
from weakhitl.monitor import Shift, Side, drift
from weakhitl.monitor.drift import corrected
from weakhitl.monitor.shifts import number_shift, share_shift, words_shift

SCHEMA = wh.LabelSchema(["no", "yes"])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_p_values_of_all_comparisons_are_corrected_together_by_holm(values):
    shifts = [Shift("column", str(at), 0.5, 0.1, p, 100, 100, "test") for at, p in enumerate(values)]
    ours = {one.name: one.adjusted for one in corrected(shifts, 0.05, 0.0)}
    assert [ours[shift.name] for shift in shifts] == holm(values).tolist()


@pytest.mark.parametrize(("before", "after"), [([30, 10], [20, 25]), ([8, 3], [2, 9]), ([500, 40], [450, 60])])
def test_the_p_value_of_shares_is_that_of_fishers_exact_test(before, after):
    found = share_shift("column", "x", (np.array(before), np.array(after)), ["a", "b"], np.random.default_rng(0))
    exact = fisher_exact([before, after]).pvalue
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 9999) + 2e-4)


def test_the_p_value_of_many_shares_is_near_that_of_chi_squared():
    before, after = np.array([120, 80, 60, 40]), np.array([100, 100, 50, 60])
    found = share_shift("column", "x", (before, after), list("abcd"), np.random.default_rng(0))
    assert found.p == pytest.approx(chi2_contingency([before, after]).pvalue, abs=0.01)
    assert found.effect == pytest.approx(np.abs(before / before.sum() - after / after.sum()).sum() / 2)


@pytest.mark.parametrize("two", [True, False])
def test_a_difference_that_no_permutation_reaches_has_the_p_of_its_least_likely_value(two):
    before, after = (np.array([90, 10]), np.array([30, 70])) if two else (np.array([90, 9, 1]), np.array([30, 69, 1]))
    found = share_shift("column", "x", (before, after), list("abc"), np.random.default_rng(0))
    single = fisher_exact([before, after] if two else [[90, 10], [30, 70]]).pvalue
    assert 0 < found.p < 1e-12
    assert found.p == pytest.approx(single if two else 3 * single, rel=1e-6)


def test_an_alarm_is_not_lost_among_hundreds_of_comparisons():
    """Permutations alone cannot tell one of 600 at .05: their smallest p is one in ten thousand."""
    rng = np.random.default_rng(0)
    n, functions, parts = 1200, 10, 60
    sides = []
    for fires in (0.2, 0.9):
        matrix = np.where(rng.random((n, functions)) < 0.5, 1, -1)
        matrix[:, 0] = np.where(rng.random(n) < fires, 1, -1)
        columns = pd.DataFrame({"part": np.arange(n) % parts}).astype(str)
        sides.append(Side("", columns=columns, votes=wh.Votes.from_matrix(matrix, SCHEMA)))
    found = drift(*sides, by=["part"], smallest=20)
    assert len(found.shifts) > 600
    assert {shift.name for shift in found.alarms} == {"source_0"}
    assert len(found.alarms) > parts / 2


def test_psi_is_the_textbook_sum_over_tenths():
    rng = np.random.default_rng(1)
    before, after = rng.normal(0, 1, 20_000), rng.normal(0.5, 1, 20_000)
    edges = np.quantile(before, np.linspace(0, 1, 11)[1:-1])
    a, b = (np.bincount(np.searchsorted(edges, side), minlength=10) / 20_000 for side in (before, after))
    found = number_shift("column", "x", before, after)
    assert found.psi == pytest.approx(((b - a) * np.log(b / a)).sum(), rel=0.01)
    assert 0.2 < found.js < 0.25


def test_psi_of_shares_counts_half_a_unit_more_so_that_an_empty_class_has_one():
    found = share_shift(
        "classes", "", (np.array([60, 40, 0]), np.array([30, 60, 10])), list("abc"), np.random.default_rng(0)
    )
    a, b = np.array([60.5, 40.5, 0.5]) / 101.5, np.array([30.5, 60.5, 10.5]) / 101.5
    assert found.psi == pytest.approx(((b - a) * np.log(b / a)).sum())
    assert found.js == pytest.approx(jensenshannon([0.6, 0.4, 0], [0.3, 0.6, 0.1], base=2))


def test_what_chance_exceeds_in_one_of_twenty_comparisons_of_numbers_is_kolmogorovs_quantile():
    rng = np.random.default_rng(2)
    found = number_shift("column", "x", rng.random(300), rng.random(500))
    assert found.chance == pytest.approx(kstwobign.isf(0.05) * np.sqrt(1 / 300 + 1 / 500), rel=1e-3)


def test_texts_with_other_words_are_told_apart_without_fail_and_the_same_by_chance():
    """2 AUC - 1 is 1 where no word is shared, and chance exceeds its bar in one of twenty comparisons of the same."""
    apart = words_shift("text", ["red green"] * 40, ["one two"] * 60, np.random.default_rng(0))
    assert apart.effect == 1
    assert set(apart.what.split("; ")[0].removeprefix("more of ").split(", ")[:2]) == {"one", "two"}
    rng, words = np.random.default_rng(1), np.array(list("abcdefgh"))
    exceeded = 0
    for _ in range(100):
        before, after = ([" ".join(2 * word for word in rng.choice(words, 4)) for _ in range(40)] for _ in range(2))
        same = words_shift("text", before, after, rng)
        exceeded += same.effect > same.chance
    assert binomtest(exceeded, 100, 0.05).pvalue > 0.001


def batch(rng: np.random.Generator, n: int = 120) -> Side:
    """Columns of every kind, votes, labels, ratings: the same law each time."""
    words = np.array(["sun", "rain", "snow", "wind", "fog", "hail", "and", "then", "more"])
    columns = pd.DataFrame(
        {
            "text": [" ".join(rng.choice(words, 6)) for _ in range(n)],
            "size": rng.normal(size=n).round(3),
            "source": rng.choice(["mail", "web", ""], n),
        }
    )
    truth = rng.integers(0, 2, n)
    matrix = np.where(rng.random((n, 4)) < 0.7, np.where(rng.random((n, 4)) < 0.8, truth[:, None], 1), -1)
    ratings = np.where(rng.random((n, 3)) < 0.9, truth[:, None], 1 - truth[:, None])
    return Side(
        "batch",
        columns,
        wh.Votes.from_matrix(matrix, SCHEMA),
        truth,
        wh.Votes.from_matrix(ratings, SCHEMA, sources=["ana", "bo", "cy"]),
        pd.DataFrame({"annotator": rng.choice(["ana", "bo"], n), "seconds": rng.exponential(5, n)}),
        rng.random(n) < 0.9,
    )


def test_batches_of_the_same_law_raise_an_alarm_in_five_of_a_hundred_runs_at_most():
    rng = np.random.default_rng(7)
    alarms = sum(bool(drift(batch(rng), batch(rng), least_effect=0.0, seed=run).alarms) for run in range(60))
    assert binomtest(alarms, 60, 0.05, alternative="greater").pvalue > 0.01


def test_every_kind_of_thing_is_compared():
    rng = np.random.default_rng(3)
    found = drift(batch(rng, 200), batch(rng, 200))
    assert {one.kind for one in found.shifts} == {
        "column", "length", "words", "function", "conflict", "classes", "annotator", "pace", "agreement", "accuracy",
    }  # fmt: skip
    assert found.small == ()


def renamed(side: Side, matrix_codes: list[int], schema: wh.LabelSchema) -> Side:
    """The same batch, its classes numbered otherwise: ``matrix_codes[old]`` is the new number."""
    codes = np.array([*matrix_codes, -1])

    def other(votes):
        return wh.Votes.from_matrix(codes[votes.to_matrix()], schema, sources=votes.sources)

    return replace(side, votes=other(side.votes), people=other(side.people), labels=codes[side.labels])


def test_classes_are_the_same_by_their_names_whatever_their_order():
    rng = np.random.default_rng(5)
    before, after = batch(rng, 300), batch(rng, 300)
    turned = renamed(after, [1, 0], wh.LabelSchema(SCHEMA.classes[::-1]))
    more = renamed(after, [2, 1], wh.LabelSchema(["other", *SCHEMA.classes[::-1]]))
    former = wh.LabelSchema(["a new name", SCHEMA.classes[1]], former={SCHEMA.classes[0]: "a new name"})
    expected = {(one.kind, one.name): one.effect for one in drift(before, after).shifts}
    for others in (turned, more, renamed(after, [0, 1], former)):
        found = {(one.kind, one.name): one.effect for one in drift(before, others).shifts}
        assert found == pytest.approx(expected)


def test_people_agree_on_the_scale_of_classes_that_have_another_name_now():
    """Alpha in an order is not that without one; where one side knows a class alone there is no order."""
    rng = np.random.default_rng(8)
    grades = wh.LabelSchema(["low", "mid", "high"], level="ordinal")
    said = [np.clip(rng.integers(0, 3, (200, 1)) + rng.integers(-1, 2, (200, 3)), 0, 2) for _ in range(2)]
    before = Side("before", people=wh.Votes.from_matrix(said[0], grades))

    def figures(schema, codes):
        after = Side("after", people=wh.Votes.from_matrix(np.array(codes)[said[1]], schema))
        return next(one for one in drift(before, after).shifts if one.kind == "agreement").effect

    expected = figures(grades, [0, 1, 2])
    renamed = wh.LabelSchema(["poor", "mid", "high"], level="ordinal", former={"low": "poor"})
    assert figures(renamed, [0, 1, 2]) == pytest.approx(expected)
    more = wh.LabelSchema(["low", "mid", "high", "top"], level="ordinal")
    assert figures(more, [0, 1, 2]) == pytest.approx(expected)
    nominal = drift(
        Side("a", people=wh.Votes.from_matrix(said[0], wh.LabelSchema(grades.classes))),
        Side("b", people=wh.Votes.from_matrix(said[1], wh.LabelSchema(grades.classes))),
    )
    unordered = next(one for one in nominal.shifts if one.kind == "agreement").effect
    gone = wh.LabelSchema(["mid", "high", "top"], level="ordinal")
    assert figures(gone, [2, 0, 1]) != pytest.approx(expected)
    assert unordered != pytest.approx(expected)


def test_a_class_that_is_gone_is_drift_and_one_that_was_given_up_is_not():
    rng = np.random.default_rng(6)
    three = wh.LabelSchema(["a", "b", "c"])
    before, after = (wh.Votes.from_matrix(rng.integers(0, k, (300, 3)), three) for k in (3, 2))
    two = wh.Votes.from_matrix(after.to_matrix(), wh.LabelSchema(["a", "b"]))
    assert [one.name for one in drift(before, two).alarms] == [one.name for one in drift(before, after).alarms] != []
    given_up = wh.LabelSchema(["a", "b"], skip=["?"], former={"c": "?"})
    found = drift(before, wh.Votes.from_matrix(after.to_matrix(), given_up))
    assert {one.what.split()[0] for one in found.alarms if one.kind == "function"} == {"abstains"}


def change(side: Side, what: str) -> Side:
    columns = side.columns.copy()
    if what == "words":
        columns["text"] = columns["text"].str.replace("rain", "lottery")
    elif what == "column":
        columns["size"] += 1
    elif what == "missing":
        columns.loc[columns.index[:40], "size"] = np.nan
    votes = side.votes
    if what == "function":
        matrix = votes.to_matrix()
        matrix[:, 0] = -1
        votes = wh.Votes.from_matrix(matrix, SCHEMA)
    labels = np.ones_like(side.labels) if what == "classes" else side.labels
    people, right = side.people, side.right
    if what == "agreement":
        people = wh.Votes.from_matrix(
            np.random.default_rng(1).integers(0, 2, (len(people), 3)), SCHEMA, sources=people.sources
        )
    if what == "accuracy":
        right = right & (np.arange(len(right)) % 3 > 0)
    return Side("changed", columns, votes, labels, people, side.seconds, right)


@pytest.mark.parametrize("what", ["words", "column", "missing", "function", "classes", "agreement", "accuracy"])
def test_a_large_change_is_found_and_named(what):
    rng = np.random.default_rng(11)
    found = drift(batch(rng, 300), change(batch(rng, 300), what))
    assert what in {one.kind for one in found.alarms}
    assert [one.alarm for one in found.shifts] == sorted((one.alarm for one in found.shifts), reverse=True)


def test_a_difference_that_is_sure_but_small_is_no_alarm():
    before, after = (pd.DataFrame({"x": ["a"] * n + ["b"] * (50_000 - n)}) for n in (25_000, 26_000))
    assert not drift(Side("a", before), Side("b", after)).alarms
    assert drift(Side("a", before), Side("b", after), least_effect=0.01).alarms


def test_small_batches_are_not_compared_and_named():
    rng = np.random.default_rng(0)
    found = drift(batch(rng, 200), batch(rng, 30))
    assert found.shifts == ()
    assert "words of text (200 and 30)" in found.small


def test_a_change_in_one_slice_is_found_there():
    rng = np.random.default_rng(5)
    before, after = batch(rng, 900), batch(rng, 900)
    matrix = after.votes.to_matrix()
    matrix[(after.columns["source"] == "web").to_numpy(), 1] = -1
    found = drift(before, Side("after", after.columns, wh.Votes.from_matrix(matrix, SCHEMA)), by=["source"])
    assert found.alarms[0].slice == "source = web"
    assert "source = mail" not in {one.slice for one in found.alarms}
    with pytest.raises(UsageError, match="no column 'sauce'"):
        drift(before, after, by=["sauce"])


def sunny() -> World:
    """Two hundred new items, most of which are of one class."""
    new = World(200, seed=9)
    new.truth = pd.Series(new.rng.choice(CLASSES, 200, p=[0.8, 0.1, 0.1]), index=[f"n{i:03d}" for i in range(200)])
    return new


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drift") / "project"
    ready(folder)
    sunny().items().to_csv(folder.parent / "new.csv", index=False)
    return folder


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_a_file_of_new_items_goes_through_the_functions_and_is_compared(folder):
    result = run("drift", folder.parent / "new.csv", "--project", folder, "--json")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert {"function says_sun", "classes labels"} <= {
        f"{one['kind']} {one['name']}" for one in found["shifts"] if one["alarm"]
    }
    same = run("drift", folder / "items.csv", "--project", folder)
    assert same.exit_code == 0
    assert "no alarm" in same.output


def test_new_items_are_compared_after_a_function_was_recalled_and_where_there_is_none(folder, tmp_path):
    """A function that was recalled has no vote in the project, so it has none on the new items."""
    project, new = tmp_path / "project", folder.parent / "new.csv"
    shutil.copytree(folder, project)

    def compared(kind):
        found = json.loads(run("drift", new, "--project", project, "--json").output)
        return {one["name"] for one in found["shifts"] if one["kind"] == kind}

    wh.Project.load(project).recall("says_sun", "wrong words", make_release=False)
    assert compared("function") == {"says_rain", "says_snow", "first_word"}
    config = project / "weakhitl.toml"
    config.write_text(config.read_text().replace('functions = ["labeling_functions/"]', "functions = []"))
    assert compared("function") == set()
    assert compared("length") | compared("column") == {"text"}


def test_numbers_of_the_projects_parquet_are_numbers_in_a_csv_of_new_items(tmp_path):
    project = tmp_path / "p"
    (project / "lf").mkdir(parents=True)
    rng = np.random.default_rng(0)
    items = pd.DataFrame({"id": [f"i{n}" for n in range(200)], "text": "x", "likes": rng.poisson(3, 200)})
    items.to_parquet(project / "items.parquet")
    (project / "lf" / "f.py").write_text(
        "import weakhitl as wh\n\n@wh.labeling_function\n"
        "def liked(x):\n    return 'yes' if x.likes > 2 else wh.ABSTAIN\n"
    )
    (project / "weakhitl.toml").write_text(
        '[project]\nname = "p"\n[labels]\nclasses = ["no", "yes"]\n[data]\npath = "items.parquet"\nid = "id"\n'
        '[labeling]\nfunctions = ["lf/"]\n'
    )
    assert run("label", "--project", project).exit_code == 0
    new = items.assign(id=items["id"].str.replace("i", "n"), likes=items["likes"] + 4)
    new.to_csv(tmp_path / "new.csv", index=False)
    found = json.loads(run("drift", tmp_path / "new.csv", "--project", project, "--json").output)
    assert {"liked", "likes"} <= {one["name"] for one in found["shifts"] if one["alarm"]}
    new.assign(likes=["many", *new["likes"][1:].astype(str)]).to_csv(tmp_path / "new.csv", index=False)
    refused = run("drift", tmp_path / "new.csv", "--project", project)
    assert refused.exit_code == 3
    assert "line 2: likes 'many' is no number" in refused.output


def test_items_added_since_the_last_release_are_compared_with_those_in_it(folder):
    assert run("drift", "--project", folder).exit_code == 3
    project = wh.Project.load(folder)
    assert project.release("1.0.0").digest
    assert "no item has been added" in run("drift", "--project", folder).output
    items = pd.concat([pd.read_csv(path, dtype=str) for path in (folder / "items.csv", folder.parent / "new.csv")])
    items.to_csv(folder / "items.csv", index=False)
    project = wh.Project.load(folder)
    project.label()
    result = run("drift", "--project", folder)
    assert result.exit_code == 1
    assert "release 1.0.0, then items added since" in result.output
    assert project.release("1.1.0").digest is None  # the audit was not drawn from them
    batch = project.route(budget=220, audit=200)
    world = World()
    world.truth = pd.concat([world.truth, sunny().truth])
    collect(project, folder, world.ratings(batch.items, dict.fromkeys(("ana", "bo", "cy"), 0.95)))
    queue = project.export(folder / "queue.csv", adjudication=True).table
    collect(project, folder, world.ratings(pd.Index(queue["item"]), {"senior": 1.0}), adjudication=True)
    assert project.release("1.1.0").digest
    again = run("drift", folder / "releases" / "1.0.0", folder / "releases" / "1.1.0")
    assert again.exit_code == 1
    assert "function says_sun" in again.output
    assert run("drift", folder / "releases" / "1.0.0", folder / "items.csv").exit_code == 2


def test_two_files_are_compared_without_a_project(tmp_path):
    for name in ("a", "b"):
        pd.DataFrame({"x": ["red", "blue"] * 40}).to_csv(tmp_path / f"{name}.csv", index=False)
    assert run("drift", tmp_path / "a.csv", tmp_path / "b.csv").exit_code == 0
    pd.DataFrame({"x": ["red", "blue"]}).to_csv(tmp_path / "b.csv", index=False)
    few = run("drift", tmp_path / "a.csv", tmp_path / "b.csv")
    assert few.exit_code == 4
    assert "undecided: too little to compare" in few.output
