"""Labeling functions: written, found, run and summed up as their users expect."""

import os
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binomtest

import weakhitl as wh
from weakhitl.errors import DataError, LabelingFunctionError, UsageError
from weakhitl.labeling import Run, run
from weakhitl.labeling.apply import LabelingFunctionWarning
from weakhitl.labeling.chunk import Row
from weakhitl.labeling.items import read_items
from weakhitl.vote_names import is_unique

SCHEMA = wh.LabelSchema(["HAM", "SPAM"])
LABELS = {"win": "SPAM", "hello": "HAM"}
ITEMS = [{"text": "win a prize"}, {"text": "hello"}, {"text": "win"}]


@wh.labeling_function
def wins(x):
    """Promises a prize."""
    return "SPAM" if "win" in x.text else wh.ABSTAIN


def test_the_decorator_works_bare_and_with_arguments():
    @wh.labeling_function(name="other", resources={"word": "hello"}, pre=[lambda x: Row(text=x.text.upper())])
    def unused(x, word):
        return 0 if x["text"] == word.upper() else None

    assert (wins.name, wins.__doc__) == ("wins", "Promises a prize.")
    assert unused.name == "other"
    assert wh.apply([wins, unused], ITEMS, SCHEMA).to_matrix().tolist() == [[1, -1], [-1, 0], [1, -1]]
    with pytest.raises(TypeError, match="by keyword"):
        wh.labeling_function("name")


def test_preprocessors_run_in_their_order():
    add = [lambda x, c=c: Row(text=x.text + c) for c in "ab"]
    function = wh.LabelingFunction("f", lambda x: "SPAM" if x.text.endswith("ab") else "HAM", pre=add)
    assert wh.apply([function], ITEMS, SCHEMA).to_matrix().tolist() == [[1]] * 3


@pytest.mark.parametrize("vote", ["SPAM", 1, np.int64(1), np.int8(1)])
def test_a_vote_may_be_a_name_or_an_index(vote):
    assert wh.apply([wh.LabelingFunction("f", lambda _: vote)], ITEMS[:1], SCHEMA).to_matrix().tolist() == [[1]]


def test_every_kind_of_items_gives_the_same_votes(tmp_path):
    table = pd.DataFrame(ITEMS).assign(id=["007", "8", "9"])
    expected = wh.apply([wins], table, SCHEMA, id="id")
    assert list(expected.items) == ["007", "8", "9"]
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    table.to_parquet(tmp_path / "t.parquet", index=False)
    assert wh.apply([wins], table.to_dict("records"), SCHEMA, id="id") == expected
    for name in ("t.csv", "t.jsonl", "t.parquet"):
        assert wh.apply([wins], tmp_path / name, SCHEMA, id="id") == expected
    assert list(wh.apply([wins], pd.DataFrame(ITEMS, index=["x", "y", "z"]), SCHEMA).items) == ["x", "y", "z"]


def test_an_exception_is_counted_an_abstention_and_reported():
    def fragile(x):
        return "SPAM" if x.text.split()[2] == "prize" else "HAM"

    with pytest.warns(LabelingFunctionWarning, match="'fragile' failed 2 times, first on item 1: IndexError"):
        votes = wh.apply([wh.LabelingFunction("fragile", fragile), wins], ITEMS, SCHEMA, max_faults=0.7)
    assert votes.to_matrix().tolist() == [[1, 1], [-1, -1], [-1, 1]]
    result = run([wh.LabelingFunction("fragile", fragile)], read_items(ITEMS), SCHEMA, max_faults=0.7)
    assert "split()[2]" in result.faults[0].traceback
    assert result.seconds["fragile"] > 0


def test_a_function_that_always_fails_stops_the_run_and_a_missing_column_is_named():
    with pytest.raises(LabelingFunctionError, match="the row has no column 'txt'; the columns are text"):
        wh.apply([wh.LabelingFunction("f", lambda x: x.txt)], ITEMS, SCHEMA)
    with pytest.raises(LabelingFunctionError, match="the row has no column 'txt'"):
        wh.apply([wh.LabelingFunction("f", lambda x: x["txt"])], ITEMS, SCHEMA)


@pytest.mark.parametrize("vote", ["spam", 2, -2, True, 1.5, [1]])
def test_a_return_value_that_is_no_class_stops_the_run(vote):
    with pytest.raises(LabelingFunctionError, match=r"'f' returned .* for item 0; the classes are HAM, SPAM"):
        wh.apply([wh.LabelingFunction("f", lambda _: vote)], ITEMS, SCHEMA)


def test_a_missing_cell_that_a_function_returns_as_it_is_abstains():
    items = pd.DataFrame({"old": ["HAM", None, "SPAM"], "empty": ["HAM", "", "SPAM"], "float": [1.0, np.nan, 0.0]})
    items["code"] = pd.array([1, None, 0], dtype="Int64")
    functions = [wh.LabelingFunction(name, lambda x, name=name: x[name]) for name in items]
    assert wh.apply(functions, items, SCHEMA).to_matrix().tolist() == [[0, 0, 1, 1], [-1, -1, -1, -1], [1, 1, 0, 0]]


def test_what_is_no_set_of_functions_or_items_is_refused():
    with pytest.raises(UsageError, match="no labeling functions"):
        wh.apply([], ITEMS, SCHEMA)
    with pytest.raises(UsageError, match="@labeling_function"):
        wh.apply([3], ITEMS, SCHEMA)
    with pytest.raises(LabelingFunctionError, match="'wins' occurs twice"):
        wh.apply([wins, wins], ITEMS, SCHEMA)
    with pytest.raises(DataError, match="no items"):
        wh.apply([wins], [], SCHEMA)
    with pytest.raises(DataError, match="duplicate ids"):
        wh.apply([wins], pd.DataFrame(ITEMS, index=[1, 1, 2]), SCHEMA)


def test_progress_goes_from_nothing_to_everything():
    seen = []
    run([wins], read_items([{"text": ""}] * 2500), SCHEMA, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2500), (1000, 2500), (2000, 2500), (2500, 2500)]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_drawn_where_it_can_be_seen_and_a_function_is_told_anywhere(monkeypatch, capsys, terminal):
    monkeypatch.setenv("FORCE_COLOR", "1") if terminal else monkeypatch.delenv("FORCE_COLOR", raising=False)
    expected = wh.apply([wins], ITEMS, SCHEMA)
    assert capsys.readouterr().err == ""
    assert wh.apply([wins], ITEMS, SCHEMA, progress=True) == expected
    assert ("labeling functions" in capsys.readouterr().err) is terminal
    seen = []
    assert wh.apply([wins], ITEMS, SCHEMA, progress=lambda done, total: seen.append((done, total))) == expected
    assert seen[-1] == (3, 3)
    assert capsys.readouterr().err == ""


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


FUNCTION = "from weakhitl import labeling_function\n@labeling_function\ndef {}(x):\n    return None\n"


def test_functions_are_found_in_files_and_folders_in_the_order_of_writing(tmp_path):
    write(tmp_path, b=FUNCTION.format("second"), a=FUNCTION.format("zz") + FUNCTION.format("first"), _helper="raise 1")
    assert [f.name for f in wh.discover(tmp_path)] == ["zz", "first", "second"]
    assert [f.name for f in wh.discover(tmp_path / "b.py", tmp_path / "a.py")] == ["second", "zz", "first"]


def test_a_file_may_import_its_neighbours_and_share_their_functions(tmp_path):
    write(tmp_path, neighbour_of_mine=FUNCTION.format("shared"), user="from neighbour_of_mine import shared\n")
    assert [f.name for f in wh.discover(tmp_path / "user.py")] == ["shared"]


def test_functions_are_found_in_folders_inside_and_helpers_are_for_import_only(tmp_path):
    """A package, what begins with an underscore, and what is not the project's own hold no functions."""
    for name, text in {
        "spam/urls.py": "import tools.text\n" + FUNCTION.format("url"),
        "spam/deep/words.py": "import _words\n" + FUNCTION.format("word"),
        "top.py": "import tools.text\n" + FUNCTION.format("top"),
        "tools/__init__.py": "",
        "tools/text.py": "from . import more\nimport weakhitl as wh\nhas = wh.keyword('u', ['u'], label=0)\n",
        "tools/more.py": "",
        "_words.py": "",
        "_old/dead.py": FUNCTION.format("dead"),
        ".hidden/f.py": FUNCTION.format("hidden"),
        "env/pyvenv.cfg": "",
        "env/lib/f.py": FUNCTION.format("of_environment"),
        "releases/1.0.0/weakhitl.toml": "",
        "releases/1.0.0/labeling_functions/f.py": FUNCTION.format("of_release"),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "around").symlink_to(tmp_path)
    assert [f.name for f in wh.discover(tmp_path)] == ["word", "url", "top"]
    assert [f.name for f in wh.discover(tmp_path, tmp_path / "spam")] == ["word", "url", "top"]
    assert [f.name for f in wh.discover(tmp_path / "_old")] == ["dead"]


def test_functions_and_rules_in_a_list_are_found_where_it_stands(tmp_path):
    made = """
import weakhitl as wh
words = ["sun"] * 3
rules = [wh.keyword(f"says_{word}", [word], label=word) for word in ("sun", "rain")]
snow = wh.regex("snows", "snow", label="snow")
again = (snow, *rules)
"""
    write(tmp_path, f=made)
    assert [f.name for f in wh.discover(tmp_path)] == ["says_sun", "says_rain", "snows"]
    write(tmp_path, g="import weakhitl as wh\nmore = [wh.keyword('snows', ['snow'], label='snow')]\n")
    with pytest.raises(LabelingFunctionError, match=r"g\.py: the name 'snows' is taken by a function of .*f\.py"):
        wh.discover(tmp_path)


RULES = "import weakhitl as wh\n"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (2 * FUNCTION.format("f"), "'f' is made on line 3 and again on line 7, which hides the first"),
        (RULES + 2 * "r = wh.regex('a', 'a', label='x')\n", "'r' is made on line 2 and again on line 3"),
        (RULES + "r = wh.regex('a', 'a', label='x')\n" + 2 * "words = list('ab')\n", None),
        (RULES + "def f(x): ...\nf = wh.labeling_function(f)\n", None),
        (RULES + "f = str\n@wh.labeling_function\ndef f(x): ...\n", None),
    ],
)
def test_a_function_that_a_later_one_of_its_name_hides_is_named(tmp_path, source, fault):
    """Python keeps the later one without a word: a copied function whose name was not changed would be lost."""
    write(tmp_path, f=source)
    if fault is None:
        assert len(wh.discover(tmp_path)) == 1
        return
    with pytest.raises(LabelingFunctionError, match=fault):
        wh.discover(tmp_path)


def test_every_broken_file_is_named_at_once_with_its_line(tmp_path):
    write(
        tmp_path,
        a="x = 1\ndef f(:\n",
        b="import weakhitl\nimport no_such_module_anywhere\n",
        c=FUNCTION.format("f"),
        d=FUNCTION.format("f"),
        e="raise SystemExit(3)\n",
    )
    with pytest.raises(LabelingFunctionError) as caught:
        wh.discover(tmp_path)
    faults = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 4
    for part in (
        "a.py, line 2",
        "b.py, line 2: ModuleNotFoundError",
        "d.py: the name 'f' is taken",
        "e.py, line 1: SystemExit",
    ):
        assert part in faults


def test_missing_paths_are_all_named(tmp_path):
    with pytest.raises(LabelingFunctionError) as caught:
        wh.discover(tmp_path / "no.py", tmp_path / "nor_this")
    assert len(caught.value.faults) == 2


def test_the_summary_of_a_small_example():
    votes = wh.Votes.from_matrix([[0, -1], [1, 0], [1, 1], [-1, -1]], SCHEMA, sources=["f", "g"])
    found = wh.lf_summary(votes, gold={0: "HAM", 1: "HAM", 2: 1})
    assert found.to_dict("index") == {
        "f": {"j": 0, "Polarity": [0, 1], "Coverage": 0.75, "Overlaps": 0.5, "Conflicts": 0.25, "Correct": 2,
              "Incorrect": 1, "Emp. Acc.": pytest.approx(2 / 3)},
        "g": {"j": 1, "Polarity": [0, 1], "Coverage": 0.5, "Overlaps": 0.5, "Conflicts": 0.25, "Correct": 2,
              "Incorrect": 0, "Emp. Acc.": 1.0},
    }  # fmt: skip
    with pytest.raises(DataError, match="item 9 is not among the items"):
        wh.lf_summary(votes, gold={9: "HAM"})


@pytest.mark.current
@pytest.mark.filterwarnings("ignore")
def test_the_summary_is_snorkels():
    """But for a function without a vote on gold: Snorkel calls its accuracy 0, we say nan."""
    from snorkel.labeling import LabelingFunction, LFAnalysis

    functions = [LabelingFunction(f"f{j}", lambda x: -1) for j in range(5)]
    rng = np.random.default_rng(0)
    for seed in range(20):
        matrix = rng.integers(-1, 3, (30, 5))
        matrix[:, 4] = -1 if seed % 2 else matrix[:, 4]
        truth = rng.integers(0, 3, 30)
        theirs = LFAnalysis(matrix, functions).lf_summary(truth)
        votes = wh.Votes.from_matrix(matrix, wh.LabelSchema(["a", "b", "c"]), sources=[f.name for f in functions])
        ours = wh.lf_summary(votes, pd.Series(truth))
        assert list(ours.columns) == list(theirs.columns)
        assert list(ours.index) == list(theirs.index)
        assert ours["Polarity"].tolist() == theirs["Polarity"].tolist()
        numbers = [column for column in ours if column != "Polarity"]
        expected = theirs[numbers].to_numpy(dtype=float)
        found = ours[numbers].to_numpy(dtype=float)
        assert np.isnan(found[4, -1]) == bool(seed % 2)
        assert np.allclose(np.nan_to_num(found), expected)


def test_pairs_are_compared_where_both_vote():
    rng = np.random.default_rng(0)
    matrix = rng.integers(-1, 2, (60, 4))
    votes = wh.Votes.from_matrix(matrix, SCHEMA, sources=list("abcd"))
    for row in wh.lf_pairs(votes).itertuples():
        first, second = matrix[:, votes.sources.index(row.first)], matrix[:, votes.sources.index(row.second)]
        both = (first >= 0) & (second >= 0)
        agreed = (both & (first == second)).sum()
        assert row.both == both.sum()
        assert row.conflict == pytest.approx(1 - agreed / both.sum())
        assert row.repeats == pytest.approx(agreed / min((first >= 0).sum(), (second >= 0).sum()))
    twice = np.column_stack([matrix[:, 0], matrix[:, 0], matrix[:, 1]])
    assert wh.lf_pairs(wh.Votes.from_matrix(twice, SCHEMA)).loc[0, "repeats"] == 1
    assert wh.lf_pairs(wh.Votes.from_matrix([[0, -1], [-1, 1]], SCHEMA)).empty


@pytest.mark.current
def test_buckets_are_snorkels():
    from snorkel.analysis import get_label_buckets, get_label_instances

    rng = np.random.default_rng(0)
    gold, said = rng.integers(0, 2, 50), rng.integers(-1, 2, 50)
    ours, theirs = wh.get_label_buckets(gold, said), get_label_buckets(gold, said)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[bucket], theirs[bucket]) for bucket in ours)
    items = np.arange(50) * 2
    for bucket in [*ours, (7, 7)]:
        assert np.array_equal(
            wh.get_label_instances(bucket, items, gold, said), get_label_instances(bucket, items, gold, said)
        )


def test_buckets_of_a_table_are_its_rows_and_lengths_have_to_fit():
    table = pd.DataFrame({"text": ["a", "b", "c"]})
    assert wh.get_label_instances((1,), table, [0, 1, 1])["text"].tolist() == ["b", "c"]
    with pytest.raises(DataError, match="expected arrays of one length"):
        wh.get_label_buckets([0, 1], [0])
    with pytest.raises(DataError, match="are 3, but there are 2 labels"):
        wh.get_label_instances((1,), table, [0, 1])
    with pytest.raises(DataError, match="has 2 labels; expected one for each of the 1 arrays"):
        wh.get_label_instances((1, 0), table, [0, 1, 1])


@pytest.mark.parametrize(
    ("vote", "expected"),
    [
        (lambda table: np.where(table["text"] == "win", "SPAM", None), [-1, -1, 1]),
        (lambda table: np.where(table["text"] == "win", 1, -1), [-1, -1, 1]),
        (lambda table: pd.Series(["SPAM", None, "HAM"]), [1, -1, 0]),
        (lambda table: table["text"].map({"win": 1, "hello": 0}), [-1, 0, 1]),  # floats: one is missing
        (lambda table: ["SPAM", "abstain", 0], [1, -1, 0]),
    ],
)
def test_a_batch_function_gives_an_array_a_series_or_a_list(vote, expected):
    schema = wh.LabelSchema(["HAM", "SPAM"], skip=["abstain"])
    function = wh.LabelingFunction("f", vote, batch=True)
    assert wh.apply([function], ITEMS, schema).to_matrix()[:, 0].tolist() == expected


def test_a_batch_function_abstains_on_just_the_rows_that_make_it_fail():
    @wh.labeling_function(batch=True, resources={"bar": 1})
    def parses(table, bar):
        return np.where(table["n"].map(int) > bar, "SPAM", "HAM")

    rows = pd.DataFrame({"n": ["1", "2", "x", "3", "y", "0"]})
    with pytest.warns(LabelingFunctionWarning, match="'parses' failed 2 times, first on item 2: ValueError"):
        votes = wh.apply([parses], rows, SCHEMA)
    assert votes.to_matrix()[:, 0].tolist() == [0, 1, -1, 1, -1, 0]


def test_a_batch_function_has_to_vote_once_a_row():
    with pytest.raises(LabelingFunctionError, match="f: gave 2 votes for a table of 3 rows; expected one for each"):
        wh.apply([wh.LabelingFunction("f", lambda table: [1, 0], batch=True)], ITEMS, SCHEMA)


def test_a_classifier_votes_where_it_is_sure_and_its_classes_may_have_thresholds_of_their_own():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(
        ["win", "win win", "hello", "hello you"], ["SPAM", "SPAM", "HAM", "HAM"]
    )
    texts = pd.DataFrame({"text": ["win win win", "hello", "song"]})
    sure = model.predict_proba(texts["text"])
    votes = wh.apply([wh.classifier("model", model, threshold=0.6)], texts, SCHEMA).to_matrix()[:, 0]
    assert votes.tolist() == [1, 0 if sure[1, 0] >= 0.6 else -1, -1]
    only_spam = wh.classifier("model", model, threshold={"SPAM": 0.5})
    assert set(wh.apply([only_spam], texts, SCHEMA).to_matrix()[:, 0].tolist()) <= {-1, 1}
    with pytest.raises(LabelingFunctionError, match="threshold for 'EGGS', which is none of HAM, SPAM"):
        wh.classifier("model", model, threshold={"EGGS": 0.5})
    with pytest.raises(LabelingFunctionError, match="LogisticRegression has no classes_; expected a fitted classifier"):
        wh.classifier("model", LogisticRegression())
    with pytest.raises(LabelingFunctionError, match=r"threshold 1.5; expected a probability"):
        wh.classifier("model", model, threshold=1.5)


def test_faults_may_stop_the_run_at_once_or_beyond_a_share():
    fragile = wh.LabelingFunction("fragile", lambda x: x.text.split()[1] and None)
    with pytest.raises(
        LabelingFunctionError, match=r"'fragile' failed 2 times.*67% of the items; max_faults allows 50%"
    ):
        wh.apply([fragile, wins], ITEMS, SCHEMA)
    with pytest.raises(LabelingFunctionError, match="fragile: failed on item 1: IndexError"):
        wh.apply([fragile], ITEMS, SCHEMA, on_error="raise")
    tables = []
    parses = wh.LabelingFunction("parses", lambda t: tables.append(len(t)) or t["text"].map(int), batch=True)
    with pytest.raises(LabelingFunctionError, match="parses: failed on item 0: ValueError"):
        wh.apply([parses], ITEMS, SCHEMA, on_error="raise")
    assert tables == [3, 1], "it stops at the first row at fault"
    with pytest.raises(UsageError, match="on_error = 'stop'; expected 'abstain' or 'raise'"):
        wh.apply([wins], ITEMS, SCHEMA, on_error="stop")
    with pytest.raises(UsageError, match="max_faults = 2; expected a share from 0 to 1"):
        wh.apply([wins], ITEMS, SCHEMA, max_faults=2)


def test_the_rows_of_a_file_or_folder_come_in_chunks_and_give_the_votes_of_the_whole(tmp_path, monkeypatch):
    table = pd.DataFrame({"id": [f"c{at}" for at in range(25)], "text": ["win", "hello", "song", "x", "win it"] * 5})
    expected = wh.apply([wins], table, SCHEMA, id="id")
    for part, rows in enumerate(np.array_split(np.arange(25), 3)):
        table.iloc[rows].to_parquet(tmp_path / f"{part}.parquet", index=False)
    monkeypatch.setattr("weakhitl.labeling.items._ROWS", 4)
    assert wh.apply([wins], tmp_path, SCHEMA, id="id") == expected
    assert wh.apply([wins], str(tmp_path), SCHEMA).items.equals(pd.RangeIndex(25))
    table.assign(id="same").to_parquet(tmp_path / "3.parquet", index=False)
    with pytest.raises(DataError) as caught:
        wh.apply([wins], tmp_path, SCHEMA, id="id")
    assert len(caught.value.faults) == 24


def test_a_function_made_by_snorkels_package_runs_as_it_is():
    class Foreign:
        name = "foreign"

        def __call__(self, x):
            return 1 if x.text == "win" else -1

    assert wh.apply([Foreign(), wins], ITEMS, SCHEMA).to_matrix()[:, 0].tolist() == [-1, -1, 1]


def test_slow_functions_are_named():
    seconds = {"a": 0.1, "b": 0.1, "c": 5.0}
    assert Run(wh.apply([wins], ITEMS, SCHEMA), (), seconds).slow() == ["c"]
    assert Run(wh.apply([wins], ITEMS, SCHEMA), (), {"a": 3.0, "b": 3.1}).slow() == []


def test_a_file_that_changes_twice_within_a_second_is_read_again(tmp_path, monkeypatch):
    """Compiled code of the same size and second would be taken for it."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    path, helper = tmp_path / "functions.py", tmp_path / "_helper.py"
    for label in ("HAM", "HUM"):
        helper.write_text(f"LABEL = {label!r}\n")
        head = "import _helper\nfrom weakhitl import labeling_function\n\n"
        path.write_text(f"{head}@labeling_function\ndef f(x):\n    return _helper.LABEL, {label!r}\n")
        for file in (path, helper):
            os.utime(file, (1, 1))
        (function,) = wh.discover(tmp_path)
        assert function(None) == (label, label)
    assert not (tmp_path / "__pycache__").exists()


def test_an_edited_helper_is_read_again(tmp_path):
    write(
        tmp_path, helper_that_changes="LEAST = 3\n", f="from helper_that_changes import LEAST\n" + FUNCTION.format("f")
    )
    assert wh.discover(tmp_path / "f.py")[0].function.__globals__["LEAST"] == 3
    write(tmp_path, helper_that_changes="LEAST = 4000\n")
    assert wh.discover(tmp_path / "f.py")[0].function.__globals__["LEAST"] == 4000


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("kind", [StopIteration, SystemExit, ValueError])
def test_whatever_a_function_raises_is_a_fault_of_its_row(kind, batch):
    """A bare ``next()`` that finds nothing raises StopIteration, which ends a ``map`` in silence."""

    def falls_in_a_table(table):
        return [falls_on(text) for text in table["text"]]

    def falls_on(text):
        if text == "hello":
            raise kind("no")
        return "SPAM"

    function = falls_in_a_table if batch else lambda x: falls_on(x.text)
    found = run([wh.LabelingFunction("f", function, batch=batch), wins], ITEMS, SCHEMA)
    assert found.votes.to_matrix().tolist() == [[1, 1], [-1, -1], [1, 1]]
    assert [(one.function, one.count, one.item, one.error) for one in found.faults] == [
        ("f", 1, 1, f"{kind.__name__}: no")
    ]
    with pytest.raises(LabelingFunctionError, match=f"failed on item 1: {kind.__name__}: no"):
        wh.apply([wh.LabelingFunction("f", function, batch=batch)], ITEMS, SCHEMA, on_error="raise")


@pytest.mark.parametrize("ids", [["a", "b", "c"], [2, 0, 1], [0, 1, 2]])
@pytest.mark.parametrize(
    "votes",
    [
        lambda table: table.sort_values("text", ascending=False)["text"].map(LABELS),
        lambda table: table["text"].sort_index(ascending=False).map(LABELS),
        lambda table: pd.Series(table["text"].map(LABELS).to_numpy()),
        lambda table: table.set_index("text").index.to_series().map(LABELS),
        lambda table: table["text"].map(LABELS),
    ],
)
def test_a_batch_functions_series_goes_by_the_rows_that_its_index_names(ids, votes):
    """As pandas would align it; a Series that was numbered afresh, or goes by something else, is in the rows' order."""
    items = pd.DataFrame({"text": ["win", "hello", "zoo"]}, index=ids)
    found = wh.apply([wh.LabelingFunction("f", votes, batch=True)], items, SCHEMA)
    assert found.to_matrix().ravel().tolist() == [1, 0, -1]


def test_a_function_cannot_change_what_the_others_see():
    """A preprocessor gets a copy of the row, plain functions included; a batch function has a table of its own."""

    def louder(x):
        x.text = x.loud = x.text.upper()
        return x

    def shouts(table):
        table["text"] = table["text"].str.upper()
        table.iloc[0, 0] = "WIN"
        return np.where(table["text"].str.contains("WIN"), "SPAM", None)

    functions = [
        wh.LabelingFunction("decorated", lambda x: "SPAM" if "WIN" in x.loud else None, pre=[wh.preprocessor(louder)]),
        wh.LabelingFunction("plain", lambda x: "SPAM" if "WIN" in x.loud else None, pre=[louder]),
        wh.LabelingFunction("shouts", shouts, batch=True),
        wins,
    ]
    items = pd.DataFrame(ITEMS)
    assert wh.apply(functions, items, SCHEMA).to_matrix().tolist() == [[1, 1, 1, 1], [-1, -1, -1, -1], [1, 1, 1, 1]]
    assert items["text"].tolist() == [item["text"] for item in ITEMS]


@pytest.mark.parametrize("changes", ["x.text = 'win'", "x['text'] = 'win'", "del x.text", "setattr(x, 'new', 1)"])
def test_a_function_that_would_change_the_row_is_told_what_may(changes):
    function = wh.LabelingFunction("f", lambda x: exec(changes))
    with pytest.raises(LabelingFunctionError, match=r"all functions share the row, so none may .* a @preprocessor may"):
        wh.apply([function, wins], ITEMS, SCHEMA)


def test_two_helpers_of_one_name_are_refused_as_python_would_take_one_for_both(tmp_path):
    """Also where a helper imports the other; one that both files share is none."""
    write(tmp_path, _common="import _words\n")
    for name in ("spam", "urls"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, f="import _common\n" + FUNCTION.format(name), _words=f"WORD = {name!r}\n")
    got, meant = (tmp_path / name / "_words.py" for name in ("spam", "urls"))
    fault = f"{tmp_path / 'urls' / 'f.py'}: '_words' is {got} here, and not {meant}; Python keeps one module of a name"
    with pytest.raises(LabelingFunctionError, match=re.escape(fault)):
        wh.discover(tmp_path)
    meant.write_text("LATER = 1\n")
    write(tmp_path / "urls", f="from _words import LATER\n" + FUNCTION.format("urls"))
    with pytest.raises(LabelingFunctionError, match=re.escape(fault)):
        wh.discover(tmp_path)
    meant.unlink()
    write(tmp_path / "urls", f="import _common\n" + FUNCTION.format("urls"))
    assert [function.name for function in wh.discover(tmp_path)] == ["spam", "urls"]


def test_accuracies_have_exact_intervals_or_a_reason():
    matrix = np.array([[1, 0], [1, -1], [1, -1], [0, -1], [0, 1]])
    votes = wh.Votes.from_matrix(matrix, SCHEMA, sources=["f", "g"])
    found = wh.lf_accuracy(votes, {0: "SPAM", 1: "SPAM", 2: "HAM", 3: "HAM"}, confidence=0.9)
    low, high = binomtest(3, 4).proportion_ci(0.9, method="exact")
    assert (found["f"].value, found["f"].low, found["f"].high, found["f"].n_units) == pytest.approx(
        (0.75, low, high, 4)
    )
    nothing = wh.lf_accuracy(votes, {1: "SPAM"})["g"]
    assert (nothing.value, nothing.kind) == (None, "nothing-measured")
    with pytest.raises(UsageError, match="confidence is 95"):
        wh.lf_accuracy(votes, {0: "HAM"}, confidence=95)


def test_gaps_are_the_words_that_items_without_votes_share():
    texts = ["win win cash", "cash", "channel mine", "my channel", None, "other channel"]
    votes = wh.Votes.from_matrix([[1], [1], [-1], [-1], [-1], [0]], SCHEMA)
    gaps = wh.coverage_gaps(votes, pd.DataFrame({"text": texts}), at_least=2)
    assert gaps.to_dict("records") == [{"value": "channel", "items": 3, "uncovered": 2, "excess": 0.5}]
    cells = wh.coverage_gaps(votes, pd.DataFrame({"lang": list("aabbba")}), "lang", words=False, at_least=2)
    assert cells.to_dict("records") == [{"value": "b", "items": 3, "uncovered": 3, "excess": 1.5}]
    with pytest.raises(DataError, match="no column 'body'"):
        wh.coverage_gaps(votes, pd.DataFrame({"text": texts}), "body")
    with pytest.raises(DataError, match="are 2 rows, but there are votes on 6 items"):
        wh.coverage_gaps(votes, pd.DataFrame({"text": texts[:2]}))


def test_pictures_show_what_the_tables_say():
    from matplotlib import pyplot as plt

    rng = np.random.default_rng(0)
    votes = wh.Votes.from_matrix(rng.integers(-1, 2, (50, 4)), SCHEMA, sources=list("abcd"))
    table = wh.lf_summary(votes)
    axes = wh.plot_lf_summary(votes)
    widths = [bar.get_width() for bar in axes.containers[0]]
    assert widths == pytest.approx(table["Coverage"].tolist())
    assert [label.get_text() for label in axes.get_yticklabels()] == list("abcd")
    frequency = wh.plot_label_frequency(votes)
    assert sum(bar.get_height() for bar in frequency.containers[0]) == pytest.approx(1)
    polarity = wh.plot_polarity(votes)
    assert sum(bar.get_width() for part in polarity.containers for bar in part) == pytest.approx(
        table["Coverage"].sum()
    )
    shares = np.asarray(wh.plot_lf_conflicts(votes).images[0].get_array())
    pairs = wh.lf_pairs(votes).set_index(["first", "second"])
    assert shares[0, 1] == shares[1, 0] == pytest.approx(pairs.loc[("a", "b"), "conflict"])
    axes = wh.plot_lf_accuracy(votes, dict.fromkeys(range(50), "HAM"), plt.figure().subplots())
    marks = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    assert marks == pytest.approx([e.value for e in wh.lf_accuracy(votes, dict.fromkeys(range(50), 0)).values()])
    plt.close("all")


@given(cut=st.lists(st.integers(0, 30), max_size=4), sparse=st.booleans())
def test_votes_that_were_cut_are_whole_again_when_they_are_put_together(cut, sparse):
    rng = np.random.default_rng(1)
    matrix = np.where(rng.random((30, 12)) < (0.95 if sparse else 0.3), -1, rng.integers(0, 2, (30, 12)))
    votes = wh.Votes.from_matrix(matrix, SCHEMA, items=[f"i{n}" for n in range(30)])
    edges = [0, *sorted(cut), 30]
    parts = [votes.take_items(np.arange(a, b)) for a, b in pairwise(edges)]
    assert wh.Votes.concatenate(parts) == votes
    with pytest.raises(DataError, match="item 'i0' occurs twice"):
        wh.Votes.concatenate([votes, votes])
    with pytest.raises(DataError, match="different sources"):
        wh.Votes.concatenate([votes, votes.take_sources(votes.sources[:2])])


def test_very_many_ids_are_told_apart_by_their_hashes(monkeypatch):
    monkeypatch.setattr("weakhitl.vote_names._MANY", 10)
    ids = pd.Index(pd.Series([f"c{at}" for at in range(50)], dtype="string[pyarrow]"))
    assert is_unique(ids)
    assert not is_unique(ids.append(ids[:1]))
    monkeypatch.setattr("polars.Series.hash", lambda self, seed: self.str.len_chars())  # every hash collides
    assert is_unique(ids)


def test_columns_may_have_any_name():
    names = ["text", "a b", "class", "_0", "", "é", 3]
    table = pd.DataFrame([[*range(7)]], columns=names)
    seen = []
    function = wh.LabelingFunction("f", lambda x: seen.append([x[str(name)] for name in names]))
    wh.apply([function], table, SCHEMA)
    wh.apply([function], table[["text", "_0", "é"]].assign(**dict.fromkeys(("a b", "class", "", "3"), 9)), SCHEMA)
    assert seen == [[0, 1, 2, 3, 4, 5, 6], [0, 9, 9, 3, 9, 5, 9]]
    plain = wh.LabelingFunction("f", lambda x: seen.append((x._0, x.text)))
    wh.apply([plain], table[["text", "_0", "é"]], SCHEMA)
    assert seen[2] == (3, 0)


def test_a_run_ends_as_soon_as_a_function_has_failed_too_often(monkeypatch):
    monkeypatch.setattr("weakhitl.labeling.items._ROWS", 10)
    calls = []
    fragile = wh.LabelingFunction("fragile", lambda x: calls.append(1) or x.missing)
    with pytest.raises(
        LabelingFunctionError, match=r"'fragile' failed 60 times.*60% of the items; max_faults allows 50%"
    ):
        wh.apply([fragile], [{"text": ""}] * 100, SCHEMA)
    assert len(calls) == 60


def test_what_cannot_be_a_table_is_refused_by_its_kind():
    class OfDask:
        to_delayed = None

    with pytest.raises(UsageError, match="items are a DataFrame of Dask; run them with engine='dask'"):
        wh.apply([wins], OfDask(), SCHEMA)
    with pytest.raises(DataError, match="are a int; expected a DataFrame, a list of dicts or a path"):
        wh.apply([wins], 3, SCHEMA)


def test_a_function_that_takes_a_csv_cell_for_a_number_is_told_that_it_is_text(tmp_path):
    @wh.labeling_function
    def liked(x):
        return "a" if x.likes > 3 else wh.ABSTAIN

    (tmp_path / "items.csv").write_text("item,likes\n1,4\n2,5\n")
    with pytest.raises(LabelingFunctionError, match=r"float\(\.\.\.\) makes a number of one"):
        wh.apply([liked], tmp_path / "items.csv", wh.LabelSchema(["a", "b"]), id="item")
    with pytest.raises(LabelingFunctionError) as error:
        wh.apply([liked], [{"likes": None}, {"likes": None}], wh.LabelSchema(["a", "b"]))
    assert "CSV" not in str(error.value)
