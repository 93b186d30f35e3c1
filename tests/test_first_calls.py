"""What is typed first from Python: natural inputs are taken, and what cannot be meant is refused with the way on."""

import re

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
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


NO_VOTES = "expected Votes, found ndarray: Votes.from_long takes a table with a vote a row, Votes.from_matrix a matrix"
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
    "alpha of a matrix": (lambda: wh.krippendorff_alpha(MATRIX), UsageError, NO_VOTES),
    "Fleiss' kappa of a matrix": (lambda: wh.fleiss_kappa(MATRIX), UsageError, NO_VOTES),
    "Conger's kappa of a matrix": (lambda: wh.conger_kappa(MATRIX), UsageError, NO_VOTES),
    "Cohen's kappa of a matrix": (lambda: wh.cohen_kappa(MATRIX, "ana", "bo"), UsageError, NO_VOTES),
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
        "groups: hold none of the items: they have 0, the items are such as 'w'",
    ),
    "too few groups": (lambda: wh.by_slice(VOTES, ["new"]), DataError, "groups: are 1; expected item -> value, or one"),
    "names as truth of a calibration": (
        lambda: wh.calibration(np.full((4, 2), 0.5), ["HAM", "SPAM", "HAM", "SPAM"]),
        DataError,
        "has a truth of <U4; expected class indices, -1 where unknown",
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
