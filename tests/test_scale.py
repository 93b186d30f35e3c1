"""Ratings on a scale: who rates higher, how far ratings are apart, and the keys of classes."""

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings, strategies as st
from statsmodels.stats import inter_rater

import weakhitl as wh
from strategies import vote_matrices, votes as some_votes
from weakhitl.annotation import annotator_quality, class_keys, qualify
from weakhitl.cli.main import cli
from weakhitl.errors import UsageError

STARS = wh.LabelSchema(["1", "2", "3", "4", "5"], level="interval")
ORDERED = wh.LabelSchema(["poor", "fair", "good", "best"], level="ordinal")


def rated(n=200, shifts=(0.0, 0.0, 0.0), seed=0, spread=0.8):
    """Raters who see the same quality with an error of their own, and round it to stars."""
    rng = np.random.default_rng(seed)
    quality = rng.normal(3, 1, n)
    seen = np.column_stack([quality + shift + rng.normal(0, spread, n) for shift in shifts])
    stars = np.clip(np.rint(seen), 1, 5).astype(int) - 1
    return wh.Votes.from_matrix(stars, STARS, sources=[f"r{at}" for at in range(len(shifts))])


def test_who_rates_higher_than_the_others_is_the_mean_difference_on_shared_items():
    matrix = [[4, 2, -1], [3, 3, 0], [-1, 1, -1], [2, -1, 1]]
    found = wh.leniency(wh.Votes.from_matrix(matrix, STARS, sources=["ana", "bo", "cy"]))
    assert found["ana"].value == pytest.approx(np.mean([4 - 2, 3 - 1.5, 2 - 1]))
    assert found["bo"].value == pytest.approx(np.mean([2 - 4, 3 - 1.5]))
    assert found["ana"].n_pairable == 3
    nobody = np.full((4, 1), -1)
    named = wh.Votes.from_matrix(np.hstack([matrix, nobody]), STARS, sources=["ana", "bo", "cy", "di"])
    assert list(wh.leniency(named)) == ["ana", "bo", "cy"]


@settings(max_examples=30)
@given(vote_matrices(4, items=(2, 12), sources=(2, 2)))
def test_of_two_raters_one_rates_higher_by_what_the_other_rates_lower(matrix):
    found = wh.leniency(wh.Votes.from_matrix(matrix, ORDERED, sources=["ana", "bo"]))
    values = [found[name].value for name in ("ana", "bo") if name in found]
    if len(values) == 2 and None not in values:
        assert values[0] == pytest.approx(-values[1])
        assert found["ana"].se is None or found["ana"].se == pytest.approx(found["bo"].se)


def test_the_interval_of_leniency_holds_the_truth():
    """Nominal 95 % at 15 items; of 400 runs, with three raters each, 37 or more misses of one rater have p < .0002."""
    shifts = (0.6, 0.0, -0.3)
    truth = {name: one.value for name, one in wh.leniency(rated(200_000, shifts, seed=9)).items()}
    missed = dict.fromkeys(truth, 0)
    for seed in range(400):
        for name, one in wh.leniency(rated(15, shifts, seed)).items():
            missed[name] += not one.low <= truth[name] <= one.high
    assert max(missed.values()) < 37


def test_a_difference_without_variation_has_no_interval_and_no_difference_is_undefined():
    same = wh.leniency(wh.Votes.from_matrix([[1, 0], [2, 1], [3, 2]], STARS))["source_0"]
    assert (same.value, same.low, same.reason) == (1.0, None, "the difference is the same on every item")
    alone = wh.leniency(wh.Votes.from_matrix([[1, -1], [-1, 2]], STARS))["source_0"]
    assert (alone.value, alone.reason) == (None, "nobody else rated these items")
    assert wh.leniency(wh.Votes.from_matrix([[1, 2]], STARS))["source_0"].reason == "a single item"
    with pytest.raises(UsageError, match="nominal level are in no order"):
        wh.leniency(wh.Votes.from_matrix([[0, 1]]))


@pytest.mark.parametrize(("schema", "weighting"), [(ORDERED, "ordinal"), (STARS, "quadratic")])
@settings(max_examples=30)
@given(data=st.data())
def test_the_mean_over_items_is_the_weighted_agreement(schema, weighting, data):
    some = wh.Votes.from_matrix(data.draw(vote_matrices(len(schema), items=(1, 10))), schema)
    table, whole = wh.by_item(some), wh.percent_agreement(some, weighting=weighting).value
    assert len(table) == 0 if whole is None else table["agreement"].mean() == pytest.approx(whole)


def test_items_and_classes_that_are_farthest_apart_come_first():
    far, near = [0, 4, 4], [2, 3, 4]
    some = wh.Votes.from_matrix([near, [3, 3, 3], far], STARS, sources=["ana", "bo", "cy"])
    assert wh.by_item(some).index.tolist() == [2, 0, 1]
    assert wh.confused_classes(some).loc[0, ["first", "second"]].tolist() == ["1", "5"]
    assert wh.confused_classes(some)["share"].tolist() == pytest.approx([32 / 38, 4 / 38, 1 / 38, 1 / 38])
    agreement = wh.coder_agreement(some)["agreement"]
    assert agreement["ana"] == pytest.approx(np.mean([1 - (1 + 4) / 32, 1.0, 0.0]))


def test_only_neighbours_can_be_one_class_and_numbers_are_none_to_merge():
    rng = np.random.default_rng(0)
    matrix = np.clip(rng.integers(0, 4, (100, 1)) + rng.integers(-1, 2, (100, 3)), 0, 3)
    found = wh.merges(wh.Votes.from_matrix(matrix, ORDERED))
    assert {(one["first"], one["second"]) for one in found} == {("poor", "fair"), ("fair", "good"), ("good", "best")}
    best = next(one for one in found if one["first"] == "good")
    merged = wh.Votes.from_matrix(np.minimum(matrix, 2), wh.LabelSchema(["poor", "fair", "good"], level="ordinal"))
    assert best["merged"].value == pytest.approx(wh.krippendorff_alpha(merged).value)
    assert wh.merges(rated(30)) == []


@pytest.mark.parametrize("weighting", ["linear", "quadratic"])
def test_weighted_kappas_of_all_pairs_are_those_of_statsmodels(weighting):
    some = rated(80, (0.4, 0.0, -0.4))
    matrix = some.to_matrix()
    for pair in wh.pairwise_cohen_kappa(some, weighting=weighting).itertuples():
        table = np.zeros((5, 5))
        np.add.at(table, tuple(matrix[:, some.sources.index(name)] for name in (pair.first, pair.second)), 1)
        theirs = inter_rater.cohens_kappa(table, wt=weighting)
        assert (pair.kappa, pair.se) == pytest.approx((theirs.kappa, theirs.std_kappa))


def run(*words):
    result = CliRunner().invoke(cli, [str(word) for word in words])
    return result.exit_code, " ".join(result.output.split())


def test_the_command_shows_who_rates_higher_and_asks_whether_numbers_are_a_scale(tmp_path):
    some = rated(60, (0.9, 0.0, -0.9)).to_long()
    some.to_csv(tmp_path / "ratings.csv", index=False)
    file = ["agreement", tmp_path / "ratings.csv", "--annotator", "source"]
    code, text = run(*file)
    assert code == 0
    assert "If they are a scale, say so: --level ordinal" in text
    assert "rates higher" not in text
    code, text = run(*file, "--level", "interval")
    assert code == 0
    assert "say so" not in text
    assert text.index("Who rates higher") < text.index("r0 60 +")
    assert "weighted kappa" in text
    assert "alpha if merged" not in text


@given(st.lists(st.one_of(st.sampled_from("0123456789"), st.text(min_size=1)), min_size=2, max_size=40, unique=True))
def test_every_key_stands_for_one_class_and_a_digit_for_the_class_that_it_names(classes):
    keys = class_keys(classes)
    assert len({*keys.values()}) == len(keys) >= min(len(classes), 19)
    assert not {*keys.values()} & {*"cfgqrsu?"}
    named = [name for name in classes if len(name) == 1 and name in "0123456789"]
    assert all(keys[name] == name for name in named)
    assert {key for key in keys.values() if key.isdigit()} == {*named} or not named


def test_init_asks_whether_numbers_are_a_scale(tmp_path):
    code, text = run("init", tmp_path / "stars", *(word for name in STARS.classes for word in ("--class", name)))
    assert code == 0
    assert 'if they are a scale, set level = "ordinal"' in text
    assert "scale" not in run("init", tmp_path / "codes", "--class", "0", "--class", "1")[1]


@given(some_votes(items=(1, 12), sources=(1, 5)))
def test_on_a_scale_people_agree_with_each_of_the_others_by_how_near_they_are(votes):
    schema = wh.LabelSchema(votes.schema.classes, level="ordinal")
    found = qualify(wh.Votes.from_entries(votes.entries(), schema, votes.items, votes.sources), 0.75, 1)
    matrix = votes.to_matrix()
    for at, name in enumerate(votes.sources):
        means = [
            np.mean([1 - abs(other - row[at]) / (len(schema) - 1) for other in others])
            for row in matrix
            if row[at] >= 0 and (others := [code for j, code in enumerate(row) if j != at and code >= 0])
        ]
        assert found.loc[name, "ratings"] == len(means)
        assert not means or found.loc[name, "agreement"] == pytest.approx(np.mean(means))


def test_on_a_scale_of_seven_the_one_who_rates_at_random_does_not_qualify():
    rng = np.random.default_rng(0)
    truth = rng.normal(3, 1.5, (200, 1))
    noise = rng.normal(0, [0.8, 0.8, 0.8], (200, 3))
    ratings = np.hstack([np.clip(np.round(truth + noise), 0, 6), rng.integers(0, 7, (200, 1))]).astype(int)
    schema = wh.LabelSchema([str(n) for n in range(1, 8)], level="ordinal")
    votes = wh.Votes.from_matrix(ratings, schema, sources=["ana", "bo", "cy", "di"])
    assert qualify(votes, 0.75, 10)["qualified"].to_dict() == {"ana": True, "bo": True, "cy": True, "di": False}
    table = votes.to_long().rename(columns={"source": "annotator"}).assign(role="annotator")
    for one in annotator_quality(table, schema):
        mean = qualify(votes, 0.75, 10)["agreement"][one.name]
        assert one.loo_agreement.value == pytest.approx(mean)
        assert one.loo_agreement.low < mean < one.loo_agreement.high
