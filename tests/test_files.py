"""Files are read as strings with every fault named, and written whole or not at all."""

import csv
import gzip
from pathlib import Path

import pandas as pd
import pytest

from weakhitl.config import Names, describe_config, load_config, parse_config
from weakhitl.errors import ConfigError, DataError
from weakhitl.files import atomic_write, read_table, require_columns, row_places, write_json, write_table, write_text
from weakhitl.gate import METRICS
from weakhitl.label_model import MODELS
from weakhitl.table_stream import TableStream

NAMES = Names(METRICS, MODELS, ["overlap"])


def test_a_csv_is_read_as_strings(tmp_path):
    (tmp_path / "t.csv").write_bytes("\ufeffitem,label\n007,1\n008,\nNA,nan\n".encode())
    assert read_table(tmp_path / "t.csv").to_numpy().tolist() == [["007", "1"], ["008", ""], ["NA", "nan"]]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet", "t.xlsx"])
def test_what_is_written_comes_back(tmp_path, name):
    table = pd.DataFrame({"item": ["007", "ü"], "text": ['a "quote", a comma', "two\nlines"]})
    write_table(tmp_path / name, table)
    assert read_table(tmp_path / name).to_numpy().tolist() == table.to_numpy().tolist()


@pytest.mark.parametrize("cell", ["\r", "a\rb", "a\r\nb", "\n", '"', "\u2028"])
def test_a_cell_of_a_csv_may_hold_line_ends_and_quotes(tmp_path, cell):
    write_table(tmp_path / "t.csv", pd.DataFrame({"id": ["1", "2"], "text": [cell, "x"]}))
    assert read_table(tmp_path / "t.csv")["text"].tolist() == [cell, "x"]


@pytest.mark.parametrize("cell", ["a, b", "two\nlines", "a\ttab", 'said "so"'])
def test_a_tsv_is_read_and_written_with_tabs(tmp_path, cell):
    path = tmp_path / "t.tsv"
    write_table(path, pd.DataFrame({"id": ["007", "2"], "text": [cell, ""]}))
    assert path.read_text().startswith("id\ttext\n007\t")
    assert read_table(path).to_dict("list") == {"id": ["007", "2"], "text": [cell, ""]}
    assert pd.concat(TableStream(path).parts(1))["text"].tolist() == [cell, ""]
    assert row_places(path, [1]) == ["line 4" if "\n" in cell else "line 3"]


def test_gzip_and_folders_are_read(tmp_path):
    with gzip.open(tmp_path / "a.csv.gz", "wt") as stream:
        stream.write("item\n1\n")
    (tmp_path / "b.jsonl").write_text('{"item": "2"}\n\n{"item": "3"}\n')
    assert read_table(tmp_path)["item"].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "the file is empty"),
        ("t.csv", b"item,text\n", "has no rows"),
        ("t.csv", b"item\n" + b"x\n" * 9999 + b"\xff\xfe\n", "line 10001 is not UTF-8"),
        ("t.csv", b"a,b\n1,2\n1,2,3,4\n1,2,3\n", "2 faults\n  - line 3: 4 cells, the header has 2.*\n  - line 4"),
        ("t.csv", b'a,b\n1,"2\n', "not a well-formed CSV "),
        (
            "t.jsonl",
            b'{"a": "\\ud83d\\ude00"}\n{"a": "\\ud83d"}\n{"a": [{"\\ude00": 1}]}\n',
            r"2 faults\n  - line 2: '\\ud83d' is half of a character.*\n  - line 3: '\\ude00' is half",
        ),
        ("t.jsonl", b'{"a": 1}\n' * 9999 + b'{"a": "\xff"}\n', "line 10000 is not UTF-8"),
        (
            "t.jsonl",
            b'{"a": 1}\n{\n[]\n',
            "2 faults\n  - line 2: not JSON .*\n  - line 3: expected an object, found list",
        ),
        ("t.parquet", b"PAR1 or so", "not a readable Parquet file"),
        ("t.csv", b"id,text\n1,a,\n2,b,\n", "the rows have 3 cells, the header 2 names"),
        ("t.csv", b"sep=;\r\na;b\r\n1;2\r\n", r"line 1 is said to Excel \(sep=\) and holds no names; delete that line"),
        ("t.csv", b'"sep=\t"\na\tb\n1\t2\n', r"line 1 is said to Excel \(sep=\)"),
        ("t.tsv", b'id\ttext\n1\t"so to say\n2\tno" she said\n3\tx\n', "line 2: a quote opens a cell and swallows"),
        (
            "t.csv",
            b'id,text\n1,"so to say\n2,no\n3,"she" said\n4,x\n',
            "line 2: a quote opens a cell that ends in line 4",
        ),
        ("t.csv", b'id,text\n1,"a" b\n2,"so\n3,"she" said\n', "line 3: a quote opens a cell that ends in line 4"),
        ("t.csv", b'id,text\n1,a, b\n2,"so\n3,"she" said\n', "2 faults\n  - line 2: 3 cells.*\n  - line 3: a quote"),
        ("t.csv", b"id,text,id\n1,a,2\n", "column 'id' occurs 2 times"),
        ("t.xlsx", b"x", "not a readable workbook"),
        (
            "t.xls",
            b"x",
            r"cannot read .xls; use .csv, .tsv, .jsonl, .parquet or .xlsx .*save the sheet as .xlsx, or as",
        ),
        ("t.json", b"[]", r"cannot read .json; .* a .jsonl has an object a line, as pandas' to_json"),
        ("t", b"x", "cannot read a file without an ending"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_table(tmp_path / name)
    with pytest.raises(DataError, match=said):
        list(TableStream(tmp_path / name).parts(2))


def test_a_cell_may_be_longer_than_pythons_reader_takes(tmp_path):
    """Lines are counted by Python's csv module, which has a limit for the process; it is the same afterwards."""
    limit = csv.field_size_limit()
    path = tmp_path / "t.csv"
    path.write_text(f'id,text\n1,"{"long " * limit}\n"\n2,x\n')
    assert read_table(path)["text"].str.len().tolist() == [5 * limit + 1, 1]
    assert row_places(path, [1]) == ["line 4"]
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_header_of_a_csv_shows_what_separates_cells(tmp_path, mark):
    """A spreadsheet program writes semicolons where numbers have a comma; what is in quotes separates nothing."""
    path = tmp_path / "t.csv"
    path.write_text(f'"a, b; c"{mark}text\n1{mark}"x, y; z"\n2{mark}"\n"\n3{mark}\n', encoding="utf-8-sig")
    table = read_table(path)
    assert list(table.columns) == ["a, b; c", "text"]
    assert table["text"].tolist() == ["x, y; z", "\n", ""]
    assert row_places(path, [2]) == ["line 5"]
    parts = [*TableStream(path).parts(2)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), table)
    write_table(path, table)
    assert path.read_text().splitlines()[0] == '"a, b; c",text'


def test_missing_files_and_folders_are_named_with_the_nearest(tmp_path):
    (tmp_path / "tweets.csv").write_text("item\n1\n")
    with pytest.raises(DataError, match=r"there is no such file; did you mean 'tweets\.csv'\?"):
        read_table(tmp_path / "tweet.csv")
    with pytest.raises(DataError, match="nor the folder"):
        read_table(tmp_path / "nowhere" / "t.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="the folder holds no table"):
        read_table(tmp_path / "empty")


def test_missing_columns_are_all_named_with_the_nearest_and_a_hint_at_the_separator():
    with pytest.raises(DataError) as caught:
        require_columns(pd.DataFrame(columns=["item_id", "text"]), ["item", "label"], "t.csv")
    assert len(caught.value.faults) == 2
    assert "did you mean 'item_id'?" in caught.value.faults[0]
    with pytest.raises(DataError, match="separated by something else; expected tabs in a"):
        require_columns(pd.DataFrame(columns=["item;text"]), ["item"], "t.csv")


def test_a_column_that_is_there_twice_is_named():
    with pytest.raises(DataError, match="t: column 'label' occurs 2 times"):
        require_columns(pd.DataFrame([[1, 2, 3]], columns=["item", "label", "label"]), ["item", "label"], "t", "a hint")


def test_rows_are_named_by_their_lines(tmp_path):
    (tmp_path / "t.csv").write_text('item,text\n1,"two\nlines"\n\n2,x\n3,y\n')
    assert row_places(tmp_path / "t.csv", [0, 1, 2]) == ["line 2", "line 5", "line 6"]
    (tmp_path / "t.jsonl").write_text('{"a": 1}\n\n{"a": 2}\n')
    assert row_places(tmp_path / "t.jsonl", [0, 1]) == ["line 1", "line 3"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_write_that_is_cut_off_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "f.txt"
    write_text(path, "old")

    def cut_off() -> None:
        with atomic_write(path) as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(error):
        cut_off()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["f.txt"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write here"):
        write_text(tmp_path / "file" / "x.txt", "")
    with pytest.raises(DataError, match="cannot write this kind of file"):
        write_table(tmp_path / "x.csv.gz", pd.DataFrame({"a": [1]}))
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not (tmp_path / "x.json").exists()


GOOD = """
[project]
name = "p"
[labels]
classes = ["a", "b"]
[data]
path = "x.csv"
[labeling]
functions = ["f.py"]
"""


def test_the_examples_configuration_is_valid(root):
    config = load_config(root / "examples" / "weather" / "weakhitl.toml", NAMES)
    assert config.schema_.classes == ("negative", "neutral", "positive", "unrelated")
    assert config.schema_.skip == ("I can't tell",)


def test_every_fault_of_a_configuration_is_named_at_once_with_the_nearest_valid_name():
    text = """
nam = 1
[project]
[labels]
classes = ["a", "a"]
clases = []
[data]
path = 5
[labeling]
functions = []
[label_model]
name = "dawid"
[routing]
budget = 10
audit = 20
[annotation]
adjudicator = true
[[gate.check]]
metric = "krippendorf-alpha"
at_least = 3
[[gate.check]]
metric = "coverage"
at_leest = 0.5
"""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, NAMES)
    said = "\n".join(caught.value.faults)
    for part in (
        "unknown key 'nam' in the file; expected one of project, labels,",
        "project.name is missing",
        "unknown key 'clases' in [labels]; did you mean 'classes'?",
        "data.path = 5",
        "label_model.name = 'dawid' is unknown",
        "audit = 20 is more than budget = 10",
        "unknown key 'adjudicator' in [annotation]; did you mean 'adjudicat",
        "metric = 'krippendorf-alpha' is unknown",
        "did you mean 'krippendorff-alpha'?",
        "gate.check 1: at_least = 3: expected a number from -1 to 1",
        "did you mean 'at_least'?",
    ):
        assert part in said, part


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[labels\n", "not TOML: .*line 1"),
        (GOOD.replace('["a", "b"]', '["a", "a"]'), "class 'a' is given twice"),
        (GOOD + "[routing]\nseed = true\n", "routing.seed = True"),
        (GOOD + '[routing]\nseed = "7"\n', "routing.seed = '7'"),
        (GOOD + "[[gate.check]]\nmetric = 'coverage'\nat_least = 0.5\nconfidence = 0.5\n", "confidence = 0.5"),
    ],
)
def test_a_wrong_configuration_says_where(text, said):
    with pytest.raises(ConfigError, match=said):
        parse_config(text, NAMES)


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        ("[label_model]\nbalance = [0.9, 0.1]", []),
        ("[label_model]\nbalance = { b = 0.1, a = 0.9 }", []),
        ("[label_model]\nbalance = [0.9]", ["label_model.balance: [0.9] is not 2 positive shares that sum to 1"]),
        (
            "[label_model]\nbalance = { A = 1 }\n[routing]\nseed = true",
            [
                "label_model.balance: 'A' is not a class; the classes are a, b (or ABSTAIN); did you mean 'a'?",
                "label_model.balance: class 'a' has no share",
                "label_model.balance: class 'b' has no share",
                "routing.seed = True: input should be a valid integer",
            ],
        ),
        ("[label_model]\nbalance = 'x'", ["label_model.balance = 'x': expected a list or a table"]),
        ("[label_model]\nbalance = { a = 'x' }", ["label_model.balance.a = 'x': input should be a valid number"]),
        ("[online]\naccept = 'x'", ["online.accept = 'x': expected a number or a table"]),
        ("[annotation]\ncost_per_hour = inf", ["annotation.cost_per_hour = inf: input should be a finite number"]),
        ("[online]\naccept = 2", ["online.accept = 2: input should be less than or equal to 1"]),
        ("[online]\nroute = { a = 2 }", ["online.route.a = 2: input should be less than or equal to 1"]),
        (
            "[release]\nsplits = { float = 2.0 }",
            ["release.splits.float = 2.0: input should be less than or equal to 1"],
        ),
        ("[online]\naccept = { c = 0.9 }", ["online.accept: there is no class 'c'; there are a, b"]),
    ],
)
def test_a_key_of_several_types_has_one_fault_for_one_mistake(written, faults):
    if not faults:
        assert parse_config(GOOD + written, NAMES)
        return
    with pytest.raises(ConfigError) as caught:
        parse_config(GOOD + written, NAMES)
    assert sorted(caught.value.faults) == sorted(faults)


def test_a_missing_configuration_names_init(tmp_path):
    with pytest.raises(ConfigError, match="`weakhitl init` makes one"):
        load_config(tmp_path / "weakhitl.toml", NAMES)


def test_a_configuration_in_a_folder_above_is_named(tmp_path, monkeypatch):
    (tmp_path / "weakhitl.toml").write_text(GOOD)
    (tmp_path / "guidelines" / "old").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "guidelines" / "old")
    with pytest.raises(ConfigError) as error:
        load_config(Path("weakhitl.toml"), NAMES)
    assert str(error.value) == (
        f"weakhitl.toml: there is no such file; there is one above, in {tmp_path}: go there, or name it"
    )


def test_every_key_has_a_description():
    rows = describe_config()
    assert len({row[:2] for row in rows}) == len(rows) > 20
    assert all(description for *_, description in rows)


def test_classes_that_are_whole_numbers_need_no_quotes():
    text = """
[project]
name = "stars"
[labels]
classes = [1, 2, 3]
skip = [0]
level = "interval"
[data]
path = "items.csv"
[labeling]
functions = []
[[gate.check]]
metric = "krippendorff-alpha"
class = 2
at_least = 0.5
"""
    config = parse_config(text, NAMES)
    assert config.schema_.classes == ("1", "2", "3")
    assert config.schema_.skip == ("0",)
    assert config.gate.check[0].class_ == "2"
    with pytest.raises(ConfigError, match=r"the section \[labels\] is missing"):
        parse_config(text.partition("[labels]")[0] + "[data]" + text.partition("[data]")[2], NAMES)
