"""Groups of raters: the figures are those of all pairs of ratings, and their intervals keep what they promise."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

import weakhitl as wh
from weakhitl.agreement.distances import agreement_weights
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, UsageError

CLASSES = ("1", "2", "3")
NAMES = ["ana", "bo", "cy", "di", "eve"]
OLD, YOUNG = NAMES[:2], NAMES[2:]
GROUPS = dict.fromkeys(OLD, "old") | dict.fromkeys(YOUNG, "young")
SHEETS = st.lists(st.lists(st.integers(-1, 2), min_size=5, max_size=5), min_size=1, max_size=12)


def votes_of(matrix, level: str = "nominal") -> wh.Votes:
    return wh.Votes.from_matrix(np.asarray(matrix), wh.LabelSchema(CLASSES, level), sources=NAMES)


def run(*arguments: object):
    return CliRunner().invoke(cli, [*map(str, arguments)])


@given(SHEETS, st.sampled_from(["identity", "linear", "quadratic", "ordinal"]))
def test_kappa_between_groups_is_that_of_all_pairs_of_one_rating_each(matrix, weighting):
    """Each item counts alike, whatever the number of its pairs."""
    similarity = agreement_weights(weighting, (1.0, 2.0, 3.0))
    sides = [([c for c in row[:2] if c >= 0], [c for c in row[2:] if c >= 0]) for row in matrix]
    sides = [(one, other) for one, other in sides if one and other]
    found = wh.kappa_between_groups(votes_of(matrix), OLD, YOUNG, weighting=weighting).value
    if not sides:
        assert found is None
        return
    observed = np.mean([np.mean([similarity[pair] for pair in product(one, other)]) for one, other in sides])
    first, second = (
        np.mean([np.bincount(side[at], minlength=3) / len(side[at]) for side in sides], axis=0) for at in (0, 1)
    )
    expected = first @ similarity @ second
    assert found is None if expected > 1 - 1e-9 else found == pytest.approx((observed - expected) / (1 - expected))


@given(SHEETS)
def test_a_group_of_one_is_the_kappa_of_a_source_with_the_group_and_of_two_it_is_cohens(matrix):
    votes = votes_of(matrix)
    one = wh.kappa_between_groups(votes, ["ana"], NAMES[1:]).value
    assert one == wh.kappa_with_group(votes, "ana").value
    two = wh.kappa_between_groups(votes, ["ana"], ["bo"], weighting="linear").value
    cohen = wh.cohen_kappa(votes, "ana", "bo", weighting="linear").value
    assert two is cohen is None or two == pytest.approx(cohen)


@given(SHEETS)
def test_what_one_of_two_groups_gives_more_often_the_other_gives_less_often(matrix):
    votes = votes_of(matrix)
    if votes.n_votes == 0:
        with pytest.raises(DataError, match="nobody who rated has a group"):
            wh.by_group(votes, GROUPS)
        return
    found = wh.by_group(votes, GROUPS)
    if len(found) < 2:
        assert all(one.value is None for group in found.values() for one in group.more.values())
        return
    for label in CLASSES:
        one, other = (found[name].more[label].value for name in ("old", "young"))
        assert one is other is None or one == pytest.approx(-other)
    assert found["old"].within.value == wh.krippendorff_alpha(votes.take_sources(OLD)).value


def test_between_groups_partial_agreement_counts_as_the_level_says():
    matrix = np.random.default_rng(0).integers(0, 3, (60, 5))
    for level, weighting in {"ordinal": "ordinal", "interval": "quadratic", "nominal": "identity"}.items():
        votes = votes_of(matrix, level)
        between = wh.by_group(votes, GROUPS)["old"].between
        assert between == wh.kappa_between_groups(votes, OLD, YOUNG, weighting=weighting)


def test_groups_that_do_not_differ_are_shown_to_in_at_most_one_run_of_twenty():
    """300 items, three groups, three classes: any of nine intervals excludes 0 in at most 5 % of 400 runs."""
    rng = np.random.default_rng(1)
    wrong = 0
    groups = dict.fromkeys(NAMES, "a") | {"cy": "b", "di": "b", "eve": "c"}
    for _ in range(400):
        truth = rng.integers(0, 3, 300)
        matrix = np.where(rng.random((300, 5)) < 0.6, truth[:, None], rng.integers(0, 3, (300, 5)))
        matrix[rng.random((300, 5)) < 0.4] = -1
        found = wh.by_group(votes_of(matrix), groups, interval="linearized")
        wrong += any(not one.low <= 0 <= one.high for group in found.values() for one in group.more.values())
    assert wrong <= 400 * 0.05 + 2 * np.sqrt(400 * 0.05 * 0.95)


def test_the_interval_of_kappa_between_groups_covers_what_many_items_give():
    """The young give class 3 for every third 2; 200 runs of 150 items, nominal 95 %."""
    rng = np.random.default_rng(2)

    def drawn(n: int) -> wh.Votes:
        truth = rng.integers(0, 3, n)
        matrix = np.where(rng.random((n, 5)) < 0.7, truth[:, None], rng.integers(0, 3, (n, 5)))
        shifted = (matrix == 1) & (rng.random((n, 5)) < 1 / 3)
        shifted[:, :2] = False
        return votes_of(np.where(shifted, 2, matrix))

    true = wh.kappa_between_groups(drawn(200_000), OLD, YOUNG, interval="linearized").value
    found = [wh.kappa_between_groups(drawn(150), OLD, YOUNG, interval="linearized") for _ in range(200)]
    assert sum(one.low <= true <= one.high for one in found) >= 200 * 0.95 - 2 * np.sqrt(200 * 0.95 * 0.05)


def test_what_is_wrong_with_groups_is_said():
    votes = votes_of([[0, 0, 1, 1, -1], [1, 1, 1, 1, -1]])
    with pytest.raises(UsageError, match="bo: in both groups"):
        wh.kappa_between_groups(votes, ["ana", "bo"], ["bo", "cy"])
    with pytest.raises(UsageError, match="holds the group fixed"):
        wh.kappa_between_groups(votes, OLD, YOUNG, raters="sampled", interval="jackknife")
    with pytest.raises(DataError, match="nobody who rated has a group; they are such as 'ana'"):
        wh.by_group(votes, {"eve": "young", "zoe": "old", "ana": None, "bo": ""})
    with pytest.raises(DataError, match="rater 'ana' occurs twice"):
        wh.by_group(votes, pd.Series(["old", "young"], index=["ana", "ana"]))
    with pytest.raises(
        DataError, match=r"is a table; expected rater -> group, such as table.set_index\('annotator'\)\['age'\]"
    ):
        wh.by_group(votes, pd.DataFrame({"annotator": ["ana"], "age": ["old"]}))
    with pytest.raises(DataError, match="one group for each of 5 raters, or rater -> group"):
        wh.by_group(votes, ["old", "young"])


def test_groups_may_stand_in_the_order_of_the_raters_and_one_rater_be_a_name():
    votes = votes_of(np.random.default_rng(0).integers(0, 3, (40, 5)))
    assert wh.by_group(votes, [GROUPS[name] for name in NAMES]) == wh.by_group(votes, GROUPS)
    assert wh.kappa_between_groups(votes, "ana", YOUNG) == wh.kappa_between_groups(votes, ["ana"], YOUNG)


@pytest.fixture
def files(tmp_path):
    """80 items by five people, of whom the young call every second 2 a 3; and what is known of them."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 80)
    matrix = np.where(rng.random((80, 5)) < 0.9, truth[:, None], rng.integers(0, 3, (80, 5)))
    matrix[:, 2:] = np.where((matrix[:, 2:] == 1) & (rng.random((80, 3)) < 0.5), 2, matrix[:, 2:])
    rows = [f"{item},{who},{CLASSES[matrix[item, at]]}" for item in range(80) for at, who in enumerate(NAMES)]
    (tmp_path / "ratings.csv").write_text("item,annotator,label\n" + "\n".join(rows) + "\n")
    people = pd.DataFrame({"annotator": NAMES, "age": [GROUPS[name] for name in NAMES], "town": "Ulm"})
    people.to_csv(tmp_path / "people.csv", index=False)
    return tmp_path


def test_the_command_compares_groups_of_people(files):
    shown = run("agreement", files / "ratings.csv", "--people", files / "people.csv", "--group", "age").output
    assert "Groups of people by age" in shown
    assert "by town" not in shown
    (line,) = [line for line in shown.splitlines() if line.startswith(" young (3)") and " 2 " in line]
    assert "-0." in line
    told = run("agreement", files / "ratings.csv", "--people", files / "people.csv", "--json")
    content = json.loads(told.output)["by_group"]
    assert set(content) == {"age", "town"}
    assert content["age"]["young"]["more"]["3"]["low"] > 0
    assert content["town"]["Ulm"]["between"]["value"] is None
    assert "by_group" not in json.loads(run("agreement", files / "ratings.csv", "--json").output)


def test_faults_of_the_table_of_people_are_named_at_once(files):
    (files / "bad.csv").write_text("annotator,age\nana,old\n,old\nana,young\n")
    bad = run("agreement", files / "ratings.csv", "--people", files / "bad.csv")
    assert bad.exit_code == 3
    assert "line 3: no annotator" in bad.output
    assert "line 4: 'ana' occurs twice" in bad.output
    no_column = run("agreement", files / "ratings.csv", "--people", files / "people.csv", "--group", "sex")
    assert (no_column.exit_code, "no column 'sex'; the columns are annotator, age, town" in no_column.output) == (
        3,
        True,
    )
    alone = run("agreement", files / "ratings.csv", "--group", "age")
    assert (alone.exit_code, "say which table that is" in alone.output) == (2, True)
