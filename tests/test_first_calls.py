"""What is typed first from Python: natural inputs are taken, and what cannot be meant is refused with the way on."""

import inspect
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

import weakhitl as wh
from projects import World, collect, ready, start
from weakhitl.errors import DataError, UsageError

SCHEMA = wh.LabelSchema(["HAM", "SPAM"])
MATRIX = np.array([[0, 0, 1], [1, 1, 1], [0, 1, 0], [1, -1, 1]])
VOTES = wh.Votes.from_matrix(MATRIX, SCHEMA, list("wxyz"), ["ana", "bo", "cy"])
ROWS = pd.DataFrame({"text": ["a", "b"]})
CROWD_KIT = pd.DataFrame({"task": ["w"], "worker": ["ana"], "label": ["HAM"]})


@wh.labeling_function
def says_spam(x):
    return "SPAM"


def undecorated(x):
    return "SPAM"


NO_VOTES = "expected Votes, found ndarray: Votes.from_long takes a table with a vote a row, Votes.from_wide one with"
REFUSED = {
    "a function instead of a list": (
        lambda: wh.apply(says_spam, ROWS, SCHEMA),
        UsageError,
        "expected a list of labeling functions, found a function; put it in brackets",
    ),
    "a function without decorator": (
        lambda: wh.apply([undecorated], ROWS, SCHEMA),
        UsageError,
        "'undecorated' is no labeling function; decorate it with @labeling_function",
    ),
    "texts instead of rows": (
        lambda: wh.apply([says_spam], ["a", "b"], SCHEMA),
        DataError,
        "are a list of texts; expected a DataFrame, a list of dicts or a path, such as pd.DataFrame({'text': texts})",
    ),
    "a column instead of a table": (
        lambda: wh.apply([says_spam], ROWS["text"], SCHEMA),
        DataError,
        "items: are a Series of texts; expected a DataFrame",
    ),
    "names instead of a schema, for functions": (
        lambda: wh.apply([says_spam], ROWS, ["HAM", "SPAM"]),
        UsageError,
        "expected a LabelSchema, found list: LabelSchema(['HAM', 'SPAM'])",
    ),
    "names instead of a schema, for a matrix": (
        lambda: wh.Votes.from_matrix(MATRIX, ["HAM", "SPAM"]),
        UsageError,
        "expected a LabelSchema, found list",
    ),
    "names instead of a schema, for a table": (
        lambda: wh.Votes.from_long(CROWD_KIT, ["HAM", "SPAM"], "task", "worker"),
        UsageError,
        "expected a LabelSchema, found list",
    ),
    "another tool's columns": (
        lambda: wh.Votes.from_long(CROWD_KIT, SCHEMA),
        DataError,
        "no column 'annotator'; the columns are task, worker, label; item=, source= and label= name others",
    ),
    "lists of different lengths": (
        lambda: wh.Votes.from_wide({"ana": ["HAM", "SPAM"], "bo": ["HAM"]}),
        DataError,
        "sources have different numbers of labels: {'ana': 2, 'bo': 1}",
    ),
    "a matrix of names": (
        lambda: wh.Votes.from_wide([["HAM", "SPAM"]]),
        DataError,
        "is a list; expected a DataFrame or lists by source: {'ana': […], 'bo': […]}",
    ),
    "texts among the sources": (
        lambda: wh.Votes.from_wide(pd.DataFrame({"text": [f"text {i}" for i in range(1500)], "ana": "HAM"})),
        DataError,
        "column 'text' has another value in each row, as if it named the items; item= names",
    ),
    "texts in place of labels": (
        lambda: wh.Votes.from_long(
            pd.DataFrame({"item": range(1500), "annotator": "ana", "label": map(str, range(1500))})
        ),
        DataError,
        "1,500 different labels ('0', '1', …); name the classes",
    ),
    "one label only": (
        lambda: wh.Votes.from_long(CROWD_KIT, item="task", source="worker"),
        DataError,
        "vote table: 1 different label ('HAM'); name the classes: LabelSchema(['HAM', 'SPAM'])",
    ),
    "lists of answers for Cohen's kappa": (
        lambda: wh.cohen_kappa(["HAM", "SPAM"], ["HAM", "HAM"]),
        UsageError,
        "or lists: {'ana': […], 'bo': […]}",
    ),
    "Cohen's kappa of three": (
        lambda: wh.cohen_kappa(VOTES),
        UsageError,
        "Cohen's kappa compares two sources, found 3; name two: there are ana, bo, cy",
    ),
    "Cohen's kappa of one": (lambda: wh.cohen_kappa(VOTES, "ana"), UsageError, "found 1; name two: there are ana"),
    "alpha of a matrix": (lambda: wh.krippendorff_alpha(MATRIX), UsageError, NO_VOTES),
    "Fleiss' kappa of a matrix": (lambda: wh.fleiss_kappa(MATRIX), UsageError, NO_VOTES),
    "Conger's kappa of a matrix": (lambda: wh.conger_kappa(MATRIX), UsageError, NO_VOTES),
    "Cohen's kappa of a matrix": (lambda: wh.cohen_kappa(MATRIX, "ana", "bo"), UsageError, NO_VOTES),
    "kappa between groups of a matrix": (
        lambda: wh.kappa_between_groups(MATRIX, ["ana"], ["bo"]),
        UsageError,
        NO_VOTES,
    ),
    "groups of raters of a matrix": (lambda: wh.by_group(MATRIX, {"ana": "old"}), UsageError, NO_VOTES),
    "kappa with a group of a matrix": (lambda: wh.kappa_with_group(MATRIX, "ana"), UsageError, NO_VOTES),
    "all pairs of a matrix": (lambda: wh.pairwise_cohen_kappa(MATRIX), UsageError, NO_VOTES),
    "a summary of a matrix": (lambda: wh.lf_summary(MATRIX), UsageError, NO_VOTES),
    "accuracies of a matrix": (lambda: wh.lf_accuracy(MATRIX, {}), UsageError, NO_VOTES),
    "pairs of a matrix": (lambda: wh.lf_pairs(MATRIX), UsageError, NO_VOTES),
    "scikit-learn's name of a weighting": (
        lambda: wh.cohen_kappa(VOTES, "ana", "bo", weights="linear"),
        UsageError,
        "give weighting='linear' for classes that agree in part",
    ),
    "groups of other items": (
        lambda: wh.by_slice(VOTES, pd.Series(["new", "old"])),
        DataError,
        "groups: none of its 2 items is among the items: it has 0, they are such as 'w'",
    ),
    "two groups of one item": (
        lambda: wh.by_slice(VOTES, pd.Series(["new", "old"], index=["w", "w"])),
        DataError,
        "groups: item 'w' has two values",
    ),
    "too few groups": (
        lambda: wh.by_slice(VOTES, ["new"]),
        DataError,
        "groups: has shape (1,); expected one value for each of 4 items, or item -> value",
    ),
    "a table of groups": (lambda: wh.by_slice(VOTES, ROWS), DataError, "groups: is a table; expected item -> value"),
    "a list for a class": (
        lambda: wh.LabelModel().fit(VOTES, gold={"w": ["HAM"]}),
        DataError,
        "gold: item 'w': \"['HAM']\" is not a class",
    ),
    "names as truth of a calibration": (
        lambda: wh.calibration(np.full((4, 2), 0.5), ["HAM", "SPAM", "HAM", "SPAM"]),
        DataError,
        "has a truth of <U4; expected class indices, -1 where unknown",
    ),
    "gold in the order of items, which ratings do not tell": (
        lambda: wh.annotator_quality(
            VOTES.to_long().rename(columns={"source": "annotator"}), SCHEMA, gold=[0, 1, 0, 1]
        ),
        DataError,
        "gold: expected item -> class, found list",
    ),
    "votes instead of a table": (
        lambda: wh.annotator_quality(VOTES, SCHEMA),
        DataError,
        "ratings: expected a DataFrame, found Votes",
    ),
    "a list instead of a table": (
        lambda: wh.coverage_gaps(VOTES, ["a"] * 4),
        DataError,
        "items: expected a DataFrame, found list",
    ),
    "positions beyond the items": (
        lambda: wh.error_threshold([0.9, 0.8], [2], [False]),
        DataError,
        "audit: audited holds a position twice, or one that is not in 0..1",
    ),
    "a position twice": (lambda: wh.error_threshold([0.9, 0.8], [1, 1], [False, True]), DataError, "a position twice"),
    "errors of all items": (
        lambda: wh.error_threshold([0.9, 0.8, 0.7], [0, 2], [False, False, True]),
        DataError,
        "audit: wrong has the shape (3,); expected one for each of 2 audited items",
    ),
    "ids as positions": (
        lambda: wh.error_threshold([0.9, 0.8], ["a", "b"], [False, False]),
        DataError,
        "audit: audited holds <U1; expected positions of items, or a mask of all",
    ),
    "texts for a classifier": (
        lambda: wh.EndModel(["HAM", "SPAM"]).fit(ROWS["text"], np.full((2, 2), 0.5)),
        DataError,
        "items: are a Series; expected a DataFrame, such as texts.to_frame('text')",
    ),
    "names for a classifier": (
        lambda: wh.EndModel(["HAM", "SPAM"]).fit(ROWS, ["HAM", "SPAM"]),
        DataError,
        "probabilities: are no numbers; expected (2, 2) of them",
    ),
    "paths as batches": (
        lambda: wh.drift("may.csv", "june.csv"),
        UsageError,
        "before: expected a Side, a DataFrame or",
    ),
}


@pytest.mark.parametrize(("call", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused_with_what_to_do(call, kind, said):
    with pytest.raises(kind, match=re.escape(said)):
        call()


def test_a_matrix_is_read_in_the_terms_of_the_model_that_is_asked_about():
    model = wh.LabelModel().fit(VOTES)
    assert wh.overturned(model, MATRIX).tolist() == wh.overturned(model, VOTES).tolist()
    assert wh.diagnose(MATRIX, model) == wh.diagnose(VOTES, model)
    assert wh.explain(model, MATRIX, 2).table.equals(wh.explain(model, VOTES, "y").table)


def test_two_lists_of_answers_have_a_kappa():
    first, second = ["y", "n", "y", "y", "n", "y"], ["y", "y", "y", "n", "n", None]
    votes = wh.Votes.from_wide({"ana": first, "bo": second})
    assert wh.cohen_kappa(votes) == wh.cohen_kappa(votes, "ana", "bo")
    assert wh.cohen_kappa(votes).value == pytest.approx(cohen_kappa_score(first[:5], second[:5]))
    assert wh.scott_pi(votes) == wh.scott_pi(votes, "ana", "bo")


def test_a_mask_marks_the_audited():
    scores, wrong = np.linspace(1, 0.5, 1000), np.zeros(1000, dtype=bool)
    mask = np.arange(1000) % 2 == 0
    by_mask = wh.error_threshold(scores, mask, wrong[mask], error=0.05)
    assert by_mask == wh.error_threshold(scores, np.flatnonzero(mask), wrong[mask], error=0.05)
    assert by_mask.best is not None


def test_ratings_without_roles_are_annotators():
    table = VOTES.to_long().rename(columns={"source": "annotator"})
    assert wh.annotator_quality(table, SCHEMA) == wh.annotator_quality(table.assign(role="annotator"), SCHEMA)
    shown = table.assign(suggested="HAM", suggestion="HAM")
    assert wh.anchoring(shown, SCHEMA).reason == wh.anchoring(shown.assign(role="annotator"), SCHEMA).reason


def test_groups_are_taken_by_item_and_by_position():
    by_item = wh.by_slice(VOTES, pd.Series({"w": "new", "x": "new", "z": "old"}), wh.percent_agreement)
    assert by_item == wh.by_slice(VOTES, {"w": "new", "x": "new", "z": "old"}, wh.percent_agreement)
    assert by_item == wh.by_slice(VOTES, ["new", "new", None, "old"], wh.percent_agreement)
    assert {name: found.n_units for name, found in by_item.items()} == {"new": 2, "old": 1}
    assert wh.by_slice(VOTES, pd.Series([None] * 4, index=list("wxyz"))) == {}


def test_gold_of_functions_is_taken_by_item_and_by_position():
    by_item = wh.lf_summary(VOTES, {"w": "HAM", "x": "SPAM"})
    assert by_item.equals(wh.lf_summary(VOTES, ["HAM", 1, None, -1]))
    assert wh.lf_accuracy(VOTES, [0, 1, -1, -1])["cy"].value == 0.5


def test_tables_and_votes_are_batches():
    rng = np.random.default_rng(0)
    old, new = (pd.DataFrame({"from": rng.choice(["mail", "web"], 200, p=p)}) for p in ([0.8, 0.2], [0.3, 0.7]))
    found = wh.drift(old, new)
    assert (found.before, found.after, [shift.name for shift in found.alarms]) == ("before", "after", ["from"])
    often, seldom = (wh.Votes.from_matrix(np.where(rng.random((200, 1)) < p, 1, -1), SCHEMA) for p in (0.9, 0.2))
    assert {shift.kind for shift in wh.drift(often, seldom).alarms} == {"function"}


def test_an_estimate_is_written_in_the_format_of_a_number():
    alpha = wh.Estimate(0.6012, 0.5537, 0.6441)
    assert f"{alpha:.2f}" == "0.60 [0.55, 0.64]"
    assert f"{alpha}" == str(alpha) == "0.601 [0.554, 0.644]"
    assert f"{wh.Estimate(0.6, reason='3 items'):.0%}" == "60% (no interval: 3 items)"
    assert f"{wh.Estimate(None, reason='no item'):.2f}" == "undefined: no item"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project that is rated and decided; what the functions below call leaves it as it is, but for ``models``."""
    folder = tmp_path_factory.mktemp("calls")
    ready(folder)
    return wh.Project.load(folder)


def test_ratings_are_collected_from_a_table_as_from_a_file(tmp_path):
    world = World()
    first = start(tmp_path / "a", world)
    first.label()
    first.route()
    second = wh.Project.load(shutil.copytree(tmp_path / "a", tmp_path / "b"))
    ratings = world.ratings(first.batches[0].items, {"ana": 0.9, "bo": 0.8})
    ratings.loc[3, "label"] = None
    collect(first, tmp_path, ratings)
    assert second.collect(ratings.assign(spans=[[1, 2]] * len(ratings))).new == len(ratings) - 1
    assert second.assess().counted.votes == first.assess().counted.votes
    with pytest.raises(DataError, match=r"ratings: row 2: label 'fog' is not a class"):
        second.collect(pd.DataFrame({"item": ["000", "001"], "annotator": [7, 7], "label": ["sun", "fog"]}))
    with pytest.raises(DataError, match=r"no column 'annotator'; .*columns=\(item, annotator, label\) names others"):
        second.collect(pd.DataFrame({"item": ["000"], "label": ["sun"]}))
    with pytest.raises(UsageError, match="names the format of a file"):
        second.collect(ratings, source="label-studio")


def test_gold_of_a_project_may_be_in_memory(project, tmp_path):
    gold = pd.Series({"000": "sun", "001": "rain", "002": None, "003": "snow"}, name="label").rename_axis("item")
    gold.reset_index().to_csv(tmp_path / "gold.csv", index=False)
    assert project.lfs(gold).equals(project.lfs(tmp_path / "gold.csv"))
    assert project.lfs(gold.to_dict()).equals(project.lfs(str(tmp_path / "gold.csv")))
    assert project.doctor(gold).to_dict() == project.doctor(tmp_path / "gold.csv").to_dict()
    with pytest.raises(DataError, match="gold: is a table; expected item -> class"):
        project.doctor(gold.reset_index())


def test_new_items_may_be_in_memory(project, tmp_path):
    new = World(200, seed=1).items()
    new.to_csv(tmp_path / "new.csv", index=False)
    of_table, of_file = project.drift(new), project.drift(tmp_path / "new.csv")
    assert (of_table.after, of_file.after) == ("new items", "new.csv")
    assert of_table.shifts == of_file.shifts


def functions_of_votes():
    """List the public functions whose first argument is votes, each with how many more it needs."""
    found = []
    for name in dir(wh):
        if inspect.isfunction(function := getattr(wh, name)):
            taken = [*inspect.signature(function).parameters.values()]
            if taken and taken[0].annotation is wh.Votes:
                more = [one for one in taken[1:] if one.default is one.empty and one.kind < one.VAR_POSITIONAL]
                found.append(pytest.param(function, len(more), id=name))
    return found


@pytest.mark.parametrize(("function", "more"), functions_of_votes())
def test_every_function_of_votes_refuses_a_matrix_and_says_what_makes_votes_of_it(function, more):
    with pytest.raises(UsageError, match=NO_VOTES):
        function(MATRIX, *[MATRIX] * more)


def test_one_column_need_not_be_a_list(project):
    assert project.agreement("text") == project.agreement(["text"])
    with pytest.raises(UsageError, match="there is no column 'txet'; the data has item, text"):
        project.agreement("txet")


def test_a_classifier_may_be_given_by_itself_its_class_or_its_path(project, tmp_path):
    pytest.importorskip("skops")
    ways = {"path": "sklearn.linear_model.LogisticRegression", "kind": LogisticRegression, "one": LogisticRegression()}
    made = {name: project.train(columns="text", estimator=way, out=tmp_path / name) for name, way in ways.items()}
    assert made["path"].accuracy == made["kind"].accuracy == made["one"].accuracy
    for name in ways:
        kept = json.loads((tmp_path / name / "end_model.json").read_text())["estimator"]
        assert kept.startswith("sklearn.linear_model.")
        assert kept.endswith(".LogisticRegression")
    for wrong, said in [(object(), "has no predict_proba"), (3, "estimator 'builtins.int' has no predict_proba")]:
        with pytest.raises(UsageError, match=said):
            project.train(estimator=wrong)


def test_figures_that_cannot_be_are_refused_before_anything_is_looked_at(project):
    with pytest.raises(UsageError, match="error is 2; expected a number between 0 and 1"):
        project.threshold(error=2)
    with pytest.raises(UsageError, match=r"1 is no version; expected three numbers, such as 1\.0\.0"):
        project.release(1)


WEIGHTS = pd.Series([1, 2, 3, 4], index=VOTES.items)


@pytest.mark.parametrize(
    "measure",
    [
        lambda votes, weights: wh.krippendorff_alpha(votes, weights=weights, interval="jackknife").low,
        lambda votes, weights: wh.conger_kappa(votes, weights=weights, interval="jackknife").value,
        lambda votes, weights: wh.paradox(votes, weights=weights).to_dict()["bias"],
        lambda votes, weights: wh.DawidSkene().fit(votes, sample_weight=weights).predict_proba(votes)[0, 0],
        lambda votes, weights: wh.DawidSkene().partial_fit(votes, sample_weight=weights).predict_proba(votes)[0, 0],
    ],
)
def test_a_series_of_weights_goes_by_the_items_that_its_index_names(measure):
    """Also where it knows more items; numbered afresh, or for votes whose items nobody named, it is in their order."""
    expected = measure(VOTES, WEIGHTS.to_numpy())
    assert measure(VOTES, WEIGHTS.to_numpy()[::-1]) != pytest.approx(expected)
    assert measure(VOTES, WEIGHTS[::-1]) == pytest.approx(expected)
    assert measure(VOTES, pd.concat([pd.Series({"v": 9}), WEIGHTS[::-1]])) == pytest.approx(expected)
    assert measure(VOTES, WEIGHTS.reset_index(drop=True)) == pytest.approx(expected)
    bare = wh.Votes.from_matrix(MATRIX, SCHEMA)
    assert measure(bare, pd.Series([1, 2, 3, 4], index=[3, 2, 1, 0])) == pytest.approx(expected)
