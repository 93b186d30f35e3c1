"""Spreadsheets: what people type in them is read as it looks, and what is written keeps its texts."""

import builtins

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from projects import World, start
from weakhitl.cli.main import cli
from weakhitl.errors import DataError
from weakhitl.files import read_table, row_places, write_table
from weakhitl.table_stream import TableStream


def run(folder, *arguments, code=0):
    found = CliRunner().invoke(cli, [*map(str, arguments), "--project", str(folder)], catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found.output


def book(path, **sheets):
    """A workbook of these sheets, rows of cells each."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def test_cells_are_read_as_they_look(tmp_path):
    day = pd.Timestamp("2026-05-17").to_pydatetime()
    rows = [["item", "a"], [7, True], ["007", 0.5], [2.0, day], [None, None], [day.replace(hour=9), day.date()]]
    path = book(tmp_path / "t.xlsx", one=rows)
    table = read_table(path)
    assert table["item"].tolist() == ["7", "007", "2", "2026-05-17 09:00:00"]
    assert table["a"].tolist() == ["TRUE", "0.5", "2026-05-17", "2026-05-17"]
    assert row_places(path, [2, 3]) == ["row 4", "row 6"]
    pd.testing.assert_frame_equal(pd.concat(TableStream(path).parts(3), ignore_index=True), table)
    assert TableStream(path).rows == 4


def test_a_sheet_may_be_read_again_after_a_change(tmp_path):
    path = book(tmp_path / "t.xlsx", one=[["item"], ["a"]])
    assert len(read_table(path)) == 1
    book(path, one=[["item"], ["a"], ["b"]])
    assert len(read_table(path)) == 2


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"one": [["item"], ["a"]], "two": [["item"], ["b"]]}, "holds the sheets one, two; expected one: hide"),
        ({"one": []}, "the file is empty"),
        ({"one": [["item", "label"]]}, "the file has no rows"),
        ({"one": [["item", "item"], ["a", "b"]]}, "column 'item' occurs 2 times"),
        ({"one": [["item", None, "label"], ["a", "x", "b"], ["c", "d", "e", "f"]]},
         "column B, which is filled in row 2, has no name\n  - column D, which is filled in row 3, has no name"),
    ],
)  # fmt: skip
def test_a_sheet_that_cannot_be_used_says_why(tmp_path, sheets, said):
    with pytest.raises(DataError, match=said):
        read_table(book(tmp_path / "t.xlsx", **sheets))


def test_what_is_hidden_or_empty_does_not_count(tmp_path):
    path = book(tmp_path / "t.xlsx", one=[[], ["item", None, "x"], ["a", None, "y"]], two=[], three=[["secret"], ["z"]])
    made = openpyxl.load_workbook(path)
    made["three"].sheet_state = "hidden"
    made.save(path)
    assert read_table(path).to_dict("records") == [{"item": "a", "x": "y"}]


TEXTS = ["007", "=1+1", "true", "2026-05-17", "#N/A", "1e5", "a\nb", " x ", ""]


def test_texts_stay_texts_and_numbers_numbers(tmp_path):
    table = pd.DataFrame({"text": TEXTS, "n": [1, 2.5, None, float("inf"), *range(5)], "label": ""})
    write_table(tmp_path / "t.xlsx", table)
    cells = list(openpyxl.load_workbook(tmp_path / "t.xlsx").active.iter_rows(min_row=2))
    assert [row[0].value or "" for row in cells] == TEXTS
    assert {row[0].data_type for row in cells if row[0].value} == {"s"}
    assert [row[1].value for row in cells][:4] == [1, 2.5, None, "inf"]
    assert {row[2].number_format for row in cells} == {"@"}
    assert read_table(tmp_path / "t.xlsx")["text"].tolist() == TEXTS


def test_what_a_sheet_cannot_hold_is_named_and_nothing_is_written(tmp_path):
    with pytest.raises(DataError) as caught:
        write_table(tmp_path / "t.xlsx", pd.DataFrame({"text": ["x", "a\x07", "y" * 40_000]}))
    assert list(caught.value.faults) == [
        "row 3: 'text' holds a control character, which a cell cannot",
        "row 4: 'text' has 40,000 characters; a cell holds 32,767",
    ]
    assert not [*tmp_path.iterdir()]


def test_without_openpyxl_the_remedy_is_said(tmp_path, monkeypatch):
    path = book(tmp_path / "t.xlsx", one=[["item"], ["a"]])
    known = builtins.__import__

    def missing(name, *rest):
        if name.startswith("openpyxl"):
            raise ImportError(name)
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DataError, match=r"pip install 'weakhitl\[excel\]', or use a .csv"):
        read_table(path)


def test_a_project_of_sheets_from_items_to_ratings(tmp_path):
    """Items, what people get and what they give back are sheets; what lies beside an open one is passed over."""
    start(tmp_path, World(60))
    items = read_table(tmp_path / "items.csv")
    (tmp_path / "items").mkdir()
    write_table(tmp_path / "items" / "first.xlsx", items[:40])
    write_table(tmp_path / "items" / "second.xlsx", items[40:])
    (tmp_path / "items" / "~$first.xlsx").write_bytes(b"open")
    toml = tmp_path / "weakhitl.toml"
    toml.write_text(toml.read_text().replace('"items.csv"', '"items"'))
    (tmp_path / "items.csv").unlink()
    run(tmp_path, "label")
    run(tmp_path, "route", "--budget", "12", "--audit", "6", "--overlap", "2")
    run(tmp_path, "export", tmp_path / "sheet.xlsx")
    made = openpyxl.load_workbook(tmp_path / "sheet.xlsx")
    (rule,) = made["items"].data_validations.dataValidation
    assert (str(rule.sqref), rule.type, rule.formula1) == ("D2:D13", "list", "choices!$A$1:$A$4")
    assert made["choices"].sheet_state == "hidden"
    assert [cell.value for cell in made["choices"]["A"]] == ["sun", "rain", "snow", "I can't tell"]
    for row in made["items"].iter_rows(min_row=2):
        row[-2].value, row[-1].value = "ana", "sun"
    made["items"].cell(3, 4).value = "sunn"
    made.save(tmp_path / "back.xlsx")
    said = run(tmp_path, "import", tmp_path / "back.xlsx", code=3)
    assert "row 3: label 'sunn' is not a class" in said
    made["items"].cell(3, 4).value = None
    made.save(tmp_path / "back.xlsx")
    assert "11 new ratings" in run(tmp_path, "import", tmp_path / "back.xlsx")


def test_a_sheet_in_which_nobody_wrote_a_name_is_somebodys(tmp_path):
    project = start(tmp_path, World(30))
    project.label()
    items = project.route(budget=6, audit=3, overlap=2).items
    book(tmp_path / "ana.xlsx", one=[["item", "annotator", "label"], *([item, None, "sun"] for item in items)])
    assert "no row says who rated; give the name with --by NAME" in run(
        tmp_path, "import", tmp_path / "ana.xlsx", code=3
    )
    assert "6 new ratings" in run(tmp_path, "import", tmp_path / "ana.xlsx", "--by", "ana")
    book(tmp_path / "bo.xlsx", one=[["item", "label"], *([item, "rain"] for item in items)])
    assert "6 new ratings" in run(tmp_path, "import", tmp_path / "bo.xlsx", "--by", "2", "--who", "2=bo")
    assert "say which tool wrote it" in run(tmp_path, "import", tmp_path / "bo.xlsx", "--own-ids", code=2)
    said = project._workspace.store.ratings()
    assert set(zip(said["annotator"], said["label"], strict=True)) == {("ana", "sun"), ("bo", "rain")}
