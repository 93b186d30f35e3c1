"""Declared labeling functions: each kind, its edges, its faults; in Python, in files and in a configuration."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import weakhitl as wh
from projects import CONFIG, World, start
from weakhitl.config import parse_config
from weakhitl.errors import ConfigError, DataError, LabelingFunctionError, StateError
from weakhitl.release.evidence_files import NAMES

MANY = [f"{n:06d} {n * n:09x}" for n in range(100_000)]
SCHEMA = wh.LabelSchema(["HAM", "SPAM"])
TEXTS = ["Win cash now", "windy today", "", None, "ÉCLAIR for 5 €", "in new york, at last", "yorkshire", "WIN"]


def votes(rule, cells=TEXTS, column="text"):
    return wh.apply([rule], pd.DataFrame({column: cells}), SCHEMA).to_matrix()[:, 0].tolist()


def on(*positions, n=8):
    return [1 if at in positions else -1 for at in range(n)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (wh.regex("r", "[wW]in", label="SPAM"), on(0, 1)),
        (wh.regex("r", "(?i)^win$", label="SPAM"), on(7)),
        (wh.keyword("k", ["win"], label="SPAM"), on(0, 7)),
        (wh.keyword("k", ["win"], label="SPAM", whole_words=False), on(0, 1, 7)),
        (wh.keyword("k", ["éclair", "€"], label="SPAM"), on(4)),
        (wh.keyword("k", "cash", label="SPAM"), on(0)),
        (wh.gazetteer("g", ["win", "new york", "york"], label="SPAM"), on(0, 5, 7)),
        (wh.gazetteer("g", ["win", "york"], label="SPAM", whole_words=False), on(0, 1, 5, 6, 7)),
        (wh.gazetteer("g", ["nothing of it"], label="SPAM"), on()),
        (wh.lookup("l", {"win": "SPAM", "WINDY today": "HAM"}, column="text"), [-1, 0, -1, -1, -1, -1, -1, 1]),
        (wh.lookup("l", {"win": "SPAM"}, column="text", ignore_case=False), on()),
    ],
)
def test_each_kind_votes_where_it_should_and_abstains_on_missing_cells(rule, expected):
    assert votes(rule) == expected


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [({"above": 5}, [-1, 1, -1, -1, 1]), ({"below": 5}, [1, -1, -1, -1, -1]), ({"above": 4, "below": 6}, on(3, n=5))],
)
def test_a_threshold_takes_numbers_and_text_that_is_one(bounds, expected):
    rule = wh.threshold("t", "n", label="SPAM", **bounds)
    cells = [3, 7, None, 5, 9]
    assert votes(rule, cells, "n") == expected
    assert votes(rule, ["3", "7.0", "", "5", "9e0"], "n") == expected
    assert votes(wh.threshold("t", "n", label="SPAM", above=0), ["many", "nan", "1"], "n") == [-1, -1, 1]


@settings(max_examples=60)
@given(
    st.lists(st.text(alphabet="ab é_€-", max_size=12), min_size=1, max_size=8),
    st.lists(st.text(alphabet="abé€-", min_size=1, max_size=3), min_size=1, max_size=4),
)
def test_keyword_and_gazetteer_agree_with_pythons_regular_expressions(cells, terms):
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, terms)) + r")(?!\w)")
    expected = [1 if pattern.search(cell) else -1 for cell in cells]
    assert votes(wh.keyword("k", terms, label="SPAM"), cells) == expected
    assert votes(wh.gazetteer("g", terms, label="SPAM"), cells) == expected


@pytest.mark.parametrize(
    "rule",
    [
        wh.regex("r", "win", label="SPAM"),
        wh.keyword("k", ["win", "new york"], label="SPAM"),
        wh.gazetteer("g", ["york"], label="SPAM"),
        wh.lookup("l", {"windy today": "HAM"}, column="text"),
    ],
)
def test_a_rule_called_with_a_row_votes_as_it_does_on_the_column(rule):
    cells = [cell for cell in TEXTS if cell]
    assert [SCHEMA.encode(rule({"text": cell})) for cell in cells] == votes(rule, cells)


def test_rules_and_functions_run_side_by_side_in_their_order():
    @wh.labeling_function
    def short(x):
        return "HAM" if len(x.text) < 6 else None

    table = pd.DataFrame({"text": ["win", "win a car today"]}, index=["a", "b"])
    found = wh.apply([short, wh.regex("win", "win", label="SPAM")], table, SCHEMA)
    assert found.sources == ("short", "win")
    assert found.to_matrix().tolist() == [[0, 1], [-1, 1]]
    assert list(found.items) == ["a", "b"]


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: wh.regex("r", "(?<=a)b", label="SPAM"), "Rust's regular expressions: look-around"),
        (lambda: wh.regex("r", "(", label="SPAM"), "is not one of Rust's"),
        (lambda: wh.keyword("k", [], label="SPAM"), "at least one word"),
        (lambda: wh.keyword("k", MANY, label="SPAM"), "100,000 words are too many for a pattern; a gazetteer"),
        (lambda: wh.regex("r", "(" + "long " * 1000, label="SPAM"), "the pattern '.{203}' is not one"),
        (lambda: wh.gazetteer("g", ["a", " "], label="SPAM"), "no empty one"),
        (lambda: wh.threshold("t", "n", label="SPAM"), "expected above, below, or both"),
        (lambda: wh.lookup("l", {}, column="text"), "its table is empty"),
        (lambda: votes(wh.regex("r", "a", label="SPMA")), "label 'SPMA' is no class.*did you mean 'SPAM'"),
        (lambda: votes(wh.lookup("l", {"a": "EGGS"}, column="text")), "label 'EGGS' is no class"),
    ],
)
def test_a_rule_that_cannot_work_says_why(make, what):
    with pytest.raises(LabelingFunctionError, match=what):
        make()


def test_every_column_that_rules_miss_is_named_at_once():
    rules = [wh.regex("a", "x", label="SPAM", column="txet"), wh.threshold("b", "length", label="HAM", above=1)]
    with pytest.raises(DataError) as caught:
        wh.apply(rules, pd.DataFrame({"text": ["x"], "n": [1]}), SCHEMA)
    assert [fault.split(";")[0] for fault in caught.value.faults] == ["no column 'txet'", "no column 'length'"]


def test_many_terms_cost_little_more_than_few():
    """The automaton reads each text once, whatever the number of terms: right answers among 100,000."""
    rng = np.random.default_rng(0)
    terms = ["".join(letters) for letters in rng.choice([*"abcdefghij"], (100_000, 8))]
    hits = [terms[n] for n in rng.integers(0, 100_000, 200)]
    cells = [f"here is {term} in a text" for term in hits] + [f"here is {term}x" for term in hits]
    assert votes(wh.gazetteer("g", terms, label="SPAM"), cells) == [1] * 200 + [-1] * 200


RULES = """
[[labeling.rule]]
name = "hot"
kind = "keyword"
label = "sun"
words = ["sun", "heat"]
[[labeling.rule]]
name = "wet"
kind = "regex"
label = "rain"
pattern = "rain"
[[labeling.rule]]
name = "white"
kind = "gazetteer"
label = "snow"
file = "snow.txt"
[[labeling.rule]]
name = "known"
kind = "lookup"
column = "item"
file = "known.csv"
[[labeling.rule]]
name = "late"
kind = "threshold"
label = "sun"
column = "item"
above = 230
"""


@pytest.fixture
def declared(tmp_path):
    start(tmp_path, World())
    text = CONFIG.replace('functions = ["labeling_functions/"]\n', "") + RULES
    (tmp_path / "weakhitl.toml").write_text(text)
    (tmp_path / "snow.txt").write_text("snow\n\nsnowfall\n")
    (tmp_path / "known.csv").write_text("key,label\n003,rain\n004,snow\n")
    return tmp_path


def test_a_project_can_do_with_declared_rules_alone(declared):
    project = wh.Project.load(declared)
    project.label()
    found = project.votes
    assert found.sources == ("hot", "wet", "white", "known", "late")
    table = found.to_matrix()
    assert [found.schema.classes[code] for code in table[[3, 4], 3]] == ["rain", "snow"]
    assert (table[:, 4] >= 0).sum() == 9
    text = project.items["text"].to_numpy()
    assert ((table[:, 1] >= 0) == ["rain" in cell for cell in text]).all()


def test_votes_are_out_of_date_when_a_rule_or_its_file_changes(declared):
    project = wh.Project.load(declared)
    project.label()
    (declared / "snow.txt").write_text("ice\n")
    with pytest.raises(StateError, match=r"changed since the labeling functions ran: snow.txt"):
        _ = project.votes
    (declared / "snow.txt").write_text("snow\n\nsnowfall\n")
    config = (declared / "weakhitl.toml").read_text()
    (declared / "weakhitl.toml").write_text(config.replace('"heat"', '"warm"'))
    with pytest.raises(StateError, match="changed since"):
        _ = wh.Project.load(declared).votes


def test_all_rules_that_cannot_be_made_are_named_at_once(declared):
    config = (declared / "weakhitl.toml").read_text()
    (declared / "weakhitl.toml").write_text(config.replace('pattern = "rain"', 'pattern = "(?=rain)"'))
    (declared / "snow.txt").unlink()
    (declared / "known.csv").write_text("key,label\n003,rain\n003,snow\n")
    with pytest.raises(ConfigError) as caught:
        wh.Project.load(declared).label()
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        f"labeling.rule {name!r}" for name in ("wet", "white", "known")
    ]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ('kind = "regex"', "a regex needs label, pattern"),
        ('kind = "threshold"\nlabel = "a"', "a threshold needs above or below"),
        ('kind = "keyword"\nlabel = "a"\nword = ["x"]', "did you mean 'words'"),
        ('kind = "regexp"', "labeling.rule 1: kind = 'regexp'"),
    ],
)
def test_a_rule_of_a_configuration_that_makes_no_sense_is_refused(rule, what):
    text = '[project]\nname = "p"\n[labels]\nclasses = ["a", "b"]\n[data]\npath = "x"\n[[labeling.rule]]\nname = "r"\n'
    with pytest.raises(ConfigError, match=what):
        parse_config(text + rule, NAMES)


def test_rules_in_a_python_file_are_found_with_its_functions(tmp_path):
    (tmp_path / "functions.py").write_text(
        "import weakhitl as wh\n"
        'wins = wh.regex("wins", "win", label="SPAM")\n'
        "@wh.labeling_function\ndef short(x):\n    return None\n"
        'cash = wh.keyword("cash", ["cash"], label="SPAM")\n'
    )
    assert [function.name for function in wh.discover(tmp_path)] == ["wins", "short", "cash"]


def test_a_release_carries_the_files_that_rules_name(declared):
    from projects import collect

    world = World()
    project = wh.Project.load(declared)
    project.label()
    project.route()
    collect(project, declared, world.ratings(project.batches[0].items, dict.fromkeys(("ana", "bo", "cy"), 0.95)))
    queue = project.export(declared / "queue.csv", adjudication=True).table
    collect(project, declared, world.ratings(pd.Index(queue["item"]), {"senior": 1.0}), adjudication=True)
    config = (declared / "weakhitl.toml").read_text()
    (declared / "weakhitl.toml").write_text(config.replace("at_least = 0.7", "at_least = 0.1").replace("0.955", "0.5"))
    released = wh.Project.load(declared).release("1.0.0")
    assert released.gate.status == "pass", released.gate
    assert (released.path / "labeling_functions" / "snow.txt").read_text() == "snow\n\nsnowfall\n"
    assert wh.verify(released.path).holds
