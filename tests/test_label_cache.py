"""The cache: what was edited runs again, nothing else does, and when in doubt everything does."""

import importlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import weakhitl as wh
from projects import World, start
from weakhitl.labeling import run
from weakhitl.labeling.cache import VoteCache, row_fingerprints
from weakhitl.labeling.discover import discover
from weakhitl.labeling.function_key import function_key

SCHEMA = wh.LabelSchema(["HAM", "SPAM"])

FILE = """
import re
import weakhitl as wh
import _helper
CALLS = []
WORDS = {"win", "free"}
PATTERN = re.compile("cash")

def has_word(text):
    return bool(WORDS & set(text.split()))

@wh.labeling_function
def words(x):
    CALLS.append(("words", x.text))
    return "SPAM" if has_word(x.text) else None

@wh.labeling_function
def cash(x):
    CALLS.append(("cash", x.text))
    return "SPAM" if PATTERN.search(x.text) else None

@wh.labeling_function
def helped(x):
    CALLS.append(("helped", x.text))
    return _helper.vote(x.text)
"""
HELPER = 'def vote(text):\n    return "HAM" if len(text) < 5 else None\n'
TABLE = pd.DataFrame({"text": ["win cash", "hello", "free", "hi"]}, index=list("abcd"))


class Folder:
    """Functions in files, run with a cache; ``called`` are the (function, text) pairs that a run really called."""

    def __init__(self, path):
        self.path = path
        self.cache = VoteCache(path / "cache")
        self.write("functions.py", FILE)
        self.write("_helper.py", HELPER)

    def write(self, name, text):
        (self.path / name).write_text(text)

    def run(self, table=TABLE, schema=SCHEMA):
        sys.modules.pop("_helper", None)
        importlib.invalidate_caches()
        functions = discover(self.path / "functions.py")
        module = sys.modules[functions[0].function.__module__]
        found = run(functions, table, schema, cache=self.cache)
        assert found.votes == run(functions, table, schema).votes, "the cache changes nothing"
        calls = module.CALLS[: len(module.CALLS) - len(table) * len(functions)]
        return found, calls


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Folder(tmp_path)


def names(calls):
    return sorted({name for name, _ in calls})


def test_a_second_run_calls_nothing(folder):
    _, first = folder.run()
    assert len(first) == 12
    _, second = folder.run()
    assert second == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_a_second_run_calls_nothing_in_files_of_other_encodings(folder, encoding):
    """With a byte order mark, or a line that names the encoding."""
    marks = "# -*- coding: latin-1 -*-" if encoding == "latin-1" else ""
    for name, text in (("functions.py", FILE), ("_helper.py", HELPER)):
        (folder.path / name).write_text(f"{marks}\n# é\n{text}", encoding=encoding)
    assert len(folder.run()[1]) == 12
    assert folder.run()[1] == []


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ('"SPAM" if PATTERN', '"HAM" if PATTERN', ["cash"]),
        ('WORDS = {"win", "free"}', 'WORDS = {"win"}', ["cash", "helped", "words"]),
        ("bool(WORDS & set(text.split()))", "False", ["cash", "helped", "words"]),
        ("@wh.labeling_function\ndef words", "# a remark\n@wh.labeling_function\ndef words", []),
        ("@wh.labeling_function\ndef words", "@wh.labeling_function\n\n\ndef words", []),
    ],
)
def test_an_edit_runs_what_it_may_have_changed_and_a_remark_nothing(folder, old, new, again):
    folder.run()
    assert old in FILE
    folder.write("functions.py", FILE.replace(old, new))
    _, calls = folder.run()
    assert names(calls) == again


def test_an_edit_of_an_imported_helper_runs_all_of_the_file(folder):
    folder.run()
    folder.write("_helper.py", HELPER.replace("< 5", "< 3"))
    assert names(folder.run()[1]) == ["cash", "helped", "words"]


def test_a_word_list_that_the_file_reads_when_it_is_loaded_counts(folder):
    words = folder.path / "words.txt"
    words.write_text("win free")
    folder.write(
        "functions.py",
        FILE.replace('{"win", "free"}', f"set(__import__('pathlib').Path({str(words)!r}).read_text().split())"),
    )
    folder.run()
    assert folder.run()[1] == []
    words.write_text("hello")
    assert names(folder.run()[1]) == ["words"]


HELD = """
from functools import wraps
from pathlib import Path

def made(words):
    def has(text):
        return bool(words & set(text.split()))
    return has

def lowered(function):
    @wraps(function)
    def inner(text):
        return function(text.lower())
    return inner
"""


HELPERS = {
    "in a closure": "has_word = made(READ)",
    "in a closure in a closure": "has_word = lowered(made(READ))",
    "in a default": """
def has_word(text, words=READ):
    return bool(words & set(text.split()))
""",
    "in a default by keyword": """
def has_word(text, *, words=READ):
    return bool(words & set(text.split()))
""",
    "under a decorator": """
KNOWN = READ

@lowered
def has_word(text):
    return bool(KNOWN & set(text.split()))
""",
    "in a class": """
class List:
    words = READ

def has_word(text):
    return bool(List.words & set(text.split()))
""",
    "in a base's method": """
KNOWN = READ

class List:
    @staticmethod
    def has(text):
        return bool(KNOWN & set(text.split()))

class Short(List):
    pass

def has_word(text):
    return Short.has(text)
""",
    "in a property": """
KNOWN = READ

class List:
    @property
    def words(self):
        return KNOWN

def has_word(text):
    return bool(List().words & set(text.split()))
""",
}
HAS_WORD = FILE[FILE.index("def has_word") : FILE.index("@wh.labeling_function")]


@pytest.mark.parametrize("helper", HELPERS)
@pytest.mark.parametrize("beside", [False, True])
def test_what_a_helper_holds_counts(folder, helper, beside):
    """In the file of the functions, or in one that it imports."""
    words = folder.path / "words.txt"
    words.write_text("win free")
    held = HELD + HELPERS[helper].replace("READ", f"set(Path({str(words)!r}).read_text().split())")
    if beside:
        folder.write("_helper.py", HELPER + held)
        folder.write("functions.py", FILE.replace(HAS_WORD, "from _helper import has_word\n\n"))
    else:
        folder.write("functions.py", FILE.replace(HAS_WORD, f"{held}\n\n"))
    folder.run()
    assert folder.run()[1] == []
    words.write_text("hello")
    assert "words" in names(folder.run()[1])


USUAL = """
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from math import floor
from typing import NamedTuple

class Kind(Enum):
    SHORT = 1
    LONG = 2

class Found(NamedTuple):
    word: str
    kind: Kind = Kind.SHORT

@dataclass(slots=True)
class Bag:
    words: set = field(default_factory=set)
    least: int = 1

    def holds(self, text):
        return len(self.words & set(text.split())) >= self.least

class Looker(ABC):
    @abstractmethod
    def look(self, text): ...

class Words(Looker):
    @cached_property
    def bag(self):
        return Bag(WORDS)

    def look(self, text):
        return [Found(word, Kind.LONG) for word in self.bag.words if self.bag.holds(text)]

def has_word(text):
    return floor(len(Words().look(text))) > 0

"""


def test_classes_as_they_are_usually_written_can_be_seen(folder):
    folder.write("functions.py", FILE.replace(HAS_WORD, USUAL))
    assert len(folder.run()[1]) == 12
    assert folder.run()[1] == []


@pytest.mark.parametrize("helper", ["in a closure in a closure", "in a base's method"])
def test_the_next_process_knows_a_function_again(tmp_path, helper):
    """Sets of names are not in the same order there."""
    held = HELD + USUAL[: USUAL.index("def has_word")] + HELPERS[helper].replace("READ", '{"a", "b", "c"}')
    (tmp_path / "_helper.py").write_text(HELPER + 'WORDS = {"d", "e"}\n' + held)
    (tmp_path / "functions.py").write_text(FILE.replace(HAS_WORD, "from _helper import has_word\n\n"))
    asked = (
        "import weakhitl as wh; from weakhitl.labeling.function_key import function_key; "
        "print([function_key(one, wh.LabelSchema(['a', 'b'])) for one in wh.discover('functions.py')])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", asked],
            cwd=tmp_path,
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2)
    }
    assert len(said) == 1
    assert "None" not in said.pop()


def test_a_helper_in_a_file_that_no_import_names_is_a_doubt(folder):
    """Its text is not among what counts: an edit of it would not be seen."""
    folder.write("_other.py", "def has(text):\n    return 'win' in text\n")
    folder.write("functions.py", FILE.replace(HAS_WORD, "has_word = __import__('_other').has\n\n"))
    folder.run()
    assert names(folder.run()[1]) == ["words"]


def test_a_global_that_cannot_be_seen_whole_is_a_doubt(folder):
    folder.write("functions.py", FILE.replace('{"win", "free"}', 'type("W", (), {"__and__": lambda a, b: b})()'))
    folder.run()
    assert names(folder.run()[1]) == ["words"]


def test_only_new_and_changed_rows_run_and_their_order_does_not_matter(folder):
    folder.run()
    more = pd.DataFrame({"text": ["hello", "win cash", "new one", "hi", "free!"]})
    _, calls = folder.run(more)
    assert sorted({text for _, text in calls}) == ["free!", "new one"]


def test_the_type_of_a_cell_and_the_names_of_the_columns_count():
    def same(one, other):
        return (row_fingerprints(pd.DataFrame(one)) == row_fingerprints(pd.DataFrame(other))).all()

    assert same({"a": ["1"]}, {"a": ["1"]})
    assert not same({"a": ["1"]}, {"a": [1]})
    assert not same({"a": [1]}, {"a": [1.0]})
    assert not same({"a": np.array([1], np.int8)}, {"a": np.array([1], np.int64)})
    assert not same({"a": np.array([1], np.float32)}, {"a": np.array([1], np.float64)})
    assert not same({"a": [1]}, {"b": [1]})
    assert not same({"a": [True]}, {"a": [1]})
    assert not same({"a": ["x"], "b": ["y"]}, {"a": ["y"], "b": ["x"]})


def test_old_versions_are_forgotten_but_no_function_that_is_in_use(folder, monkeypatch):
    """However many there are: else the first of two hundred and one would run each time."""
    for limit, left in ((2, 3), (4, 4)):
        monkeypatch.setattr("weakhitl.labeling.cache._KEPT", limit)
        for words in ("win", "free", "cash"):
            folder.write("functions.py", FILE.replace('{"win", "free"}', f'{{"{words}", "{limit}"}}'))
            folder.run()
            assert folder.run()[1] == []
        assert len(list(folder.cache.folder.glob("*.npy"))) == left


def test_other_classes_run_everything(folder):
    folder.run()
    _, calls = folder.run(schema=wh.LabelSchema(["SPAM", "HAM"]))
    assert len(calls) == 12


def test_rows_on_which_a_function_failed_are_tried_again(folder):
    old = 'return "SPAM" if PATTERN'
    folder.write("functions.py", FILE.replace(old, f"assert x.text != 'hi'\n    {old}"))
    found, _ = folder.run()
    assert [fault.function for fault in found.faults] == ["cash"]
    found, calls = folder.run()
    assert [fault.count for fault in found.faults] == [1]
    assert calls == [("cash", "hi")]


def test_a_damaged_or_deleted_cache_is_no_harm(folder):
    folder.run()
    for path in folder.cache.folder.glob("*.npy"):
        path.write_bytes(b"damaged")
    assert len(folder.run()[1]) == 12
    assert folder.run()[1] == []


def test_what_cannot_be_seen_whole_is_not_remembered():
    def made(words):
        def looks(x):
            return 1 if x.text in words else -1

        return wh.LabelingFunction("looks", looks)

    class Words:
        def __contains__(self, text):
            return True

    assert function_key(made({"a"}), SCHEMA) is not None
    assert function_key(made({"a"}), SCHEMA) != function_key(made({"b"}), SCHEMA)
    assert function_key(made(Words()), SCHEMA) is None
    assert function_key(wh.LabelingFunction("builtin", len), SCHEMA) is None
    plain = made({"a"}).function
    assert function_key(wh.LabelingFunction("r", plain, resources={"n": 1}), SCHEMA) is not None
    assert function_key(wh.LabelingFunction("r", plain, resources={"n": np.array([object()])}), SCHEMA) is None
    assert function_key(wh.LabelingFunction("p", plain, pre=[Words()]), SCHEMA) is None
    lowered = wh.LabelingFunction("p", plain, pre=[lambda x: x])
    assert function_key(lowered, SCHEMA) not in (None, function_key(wh.LabelingFunction("p", plain), SCHEMA))


def test_a_project_remembers_and_can_be_told_not_to(tmp_path):
    project = start(tmp_path, World())
    first = project.label().run
    again = wh.Project.load(tmp_path).label().run
    assert again.votes == first.votes
    stored = {path.stat().st_mtime_ns for path in (tmp_path / ".weakhitl" / "cache").glob("*.npy")}
    assert len(list((tmp_path / ".weakhitl" / "cache").glob("*.npy"))) == 4
    wh.Project.load(tmp_path).label(cache=False)
    assert {path.stat().st_mtime_ns for path in (tmp_path / ".weakhitl" / "cache").glob("*.npy")} == stored


SLOW = """
import weakhitl as wh
from pathlib import Path

@wh.labeling_function
def first(x):
    with open({log!r}, "a") as file:
        file.write("f")
    return "SPAM"

@wh.labeling_function
def second(x):
    if x.n == 7 and not Path({stop!r}).exists():
        raise KeyboardInterrupt
    with open({log!r}, "a") as file:
        file.write("s")
    return "HAM"
"""


def test_after_ctrl_c_the_next_run_goes_on_where_it_was(tmp_path):
    log, stop = tmp_path / "log", tmp_path / "go"
    (tmp_path / "f.py").write_text(SLOW.format(log=str(log), stop=str(stop)))
    table, cache = pd.DataFrame({"n": range(10)}), VoteCache(tmp_path / "cache")
    with pytest.raises(KeyboardInterrupt):
        run(wh.discover(tmp_path / "f.py"), table, SCHEMA, cache=cache)
    assert log.read_text() == "f" * 10 + "s" * 7
    stop.touch()
    log.write_text("")
    votes = run(wh.discover(tmp_path / "f.py"), table, SCHEMA, cache=cache).votes
    assert log.read_text() == "s" * 3
    assert votes.to_matrix().tolist() == [[1, 0]] * 10


def test_votes_are_remembered_over_chunks_and_in_another_order(tmp_path, monkeypatch):
    log = tmp_path / "log"
    (tmp_path / "f.py").write_text(SLOW.format(log=str(log), stop=str(tmp_path)))
    table, cache = pd.DataFrame({"n": range(10)}), VoteCache(tmp_path / "cache")
    monkeypatch.setattr("weakhitl.labeling.items._ROWS", 3)
    run(wh.discover(tmp_path / "f.py"), table, SCHEMA, cache=cache)
    for again in (table, table.iloc[::-1], table.iloc[:4]):
        log.write_text("")
        assert run(wh.discover(tmp_path / "f.py"), again, SCHEMA, cache=cache).votes.to_matrix().tolist() == [
            [1, 0]
        ] * len(again)
        assert log.read_text() == ""
    run(wh.discover(tmp_path / "f.py"), table, SCHEMA, cache=cache)
    assert log.read_text() == "ffss" + "fffsss" + "fs", "rows left out are forgotten"


def test_cells_that_look_alike_are_told_apart_and_what_cannot_be_hashed_is_never_known():
    def lanes(*cells):
        return [tuple(lane) for lane in row_fingerprints(pd.DataFrame({"a": pd.Series(cells, dtype=object)})).tolist()]

    cells = [1, "1", 1.0, True, None, np.nan, "nan", "None", [1], (1,), np.zeros(2000), np.ones(2000), {"a": 1}]
    found = lanes(*cells)
    assert len(set(found)) == len(cells)
    assert lanes(*cells) == found
    thing = object()
    assert lanes(thing) != lanes(thing)
    plain = pd.DataFrame({"a": ["x", "y"], "b": ["y", "x"]})
    assert len({*map(tuple, row_fingerprints(plain).tolist())}) == 2
    swapped = row_fingerprints(plain.rename(columns={"a": "b", "b": "a"}))
    assert not set(map(tuple, swapped.tolist())) & set(map(tuple, row_fingerprints(plain).tolist()))


MEMOIZED = """
import weakhitl as wh
from weakhitl.snorkel import labeling_function
{first}
@wh.preprocessor(memoize=True)
def with_words(x):
    x.words = x.text.split()[{start}:]
    return x

@wh.labeling_function(pre=[with_words])
def own(x):
    return "SPAM" if "win" in x.words else None

@labeling_function(pre=[with_words])
def theirs(x):
    return 0 if "win" in x.words else -1
"""


def test_memoized_preprocessors_and_snorkels_functions_are_remembered_until_they_are_edited(tmp_path):
    def keys(**edits):
        (tmp_path / "f.py").write_text(MEMOIZED.format(**{"first": "", "start": 0} | edits))
        return [function_key(function, SCHEMA) for function in wh.discover(tmp_path / "f.py")]

    first = keys()
    assert None not in first
    assert len({*first}) == 2
    assert keys(first="# a remark") == first
    assert not {*keys(start=1)} & {*first}
    matrix = wh.apply(wh.discover(tmp_path / "f.py"), [{"text": "x win"}, {"text": "win"}], SCHEMA).to_matrix()
    assert matrix.tolist() == [[1, 0], [-1, -1]]
