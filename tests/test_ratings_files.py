"""Ratings in other files: a column an annotator, another tool's; the figures are those of the long table."""

import json
import re
import unicodedata

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

import weakhitl as wh
from projects import World, start
from weakhitl.annotation.formats import as_long
from weakhitl.cli.main import cli
from weakhitl.errors import DataError, UsageError
from weakhitl.files import write_table

COLUMNS = ("item", "annotator", "label")


def run(*arguments: object):
    return CliRunner().invoke(cli, [*map(str, arguments)])


def sheet(ratings: pd.DataFrame) -> pd.DataFrame:
    return ratings.pivot_table(index="item", columns="annotator", values="label", aggfunc="first").reset_index()


@pytest.fixture
def files(tmp_path):
    """The same ratings of 30 items by three people, who left some out, as a long and as a wide table."""
    ratings = World().ratings(World().truth.index[:30], dict.fromkeys(("ana", "bo", "cy"), 0.8)).drop(range(0, 90, 7))
    ratings.to_csv(tmp_path / "long.csv", index=False)
    sheet(ratings).to_csv(tmp_path / "wide.csv", index=False)
    return tmp_path


@given(st.lists(st.lists(st.sampled_from(["a", "b", ""]), min_size=3, max_size=3), min_size=1, max_size=6))
def test_a_wide_table_has_a_row_for_each_cell_and_says_where_it_stood(cells):
    table = pd.DataFrame(cells, columns=["ana", "bo", "cy"]).assign(item=[f"i{at}" for at in range(len(cells))])
    long, columns, rows = as_long(table, COLUMNS, wide=["*"])
    assert columns == COLUMNS
    found = dict(zip(zip(long["item"], long["annotator"], strict=True), long["label"], strict=True))
    assert found == {
        (f"i{at}", who): row[place] for at, row in enumerate(cells) for place, who in enumerate(["ana", "bo", "cy"])
    }
    assert [f"i{row}" for row in rows] == long["item"].tolist()


def test_patterns_and_names_choose_the_annotators_and_other_columns_stay():
    table = pd.DataFrame({"id": [7], "rater_1": ["a"], "rater_2": ["b"], "label": ["c"], "place": ["x"], 5: ["a"]})
    long, columns, _ = as_long(table, ("id", "", ""), wide=["rater_*", "5"])
    assert columns == ("id", "annotator", "label")
    assert long["annotator"].tolist() == ["rater_1", "rater_2", "5"]
    assert long["label"].tolist() == ["a", "b", "a"]
    assert long["place"].tolist() == ["x"] * 3
    with pytest.raises(DataError, match=r"fits, 'coder\*'; the columns are id, rater_1"):
        as_long(table, ("id", "", ""), wide=["rater_1", "coder*"])
    with pytest.raises(DataError, match="no column 'item'"):
        as_long(table, COLUMNS, wide=["*"])


@pytest.mark.parametrize(
    "options", [[], ["--level", "ordinal", "--class", "sun", "--class", "rain", "--class", "snow"]]
)
def test_agreement_is_that_of_the_long_table(files, options):
    wide = run("agreement", files / "wide.csv", "--wide", "*", *options, "--json")
    long = run("agreement", files / "long.csv", *options, "--json")
    assert wide.exit_code == long.exit_code == 0
    found, expected = (json.loads(one.output)["dataset"] for one in (wide, long))
    for name, estimate in expected.items():
        assert found[name]["value"] == pytest.approx(estimate["value"]), name
        assert found[name]["n_sources"] == 3


def test_without_a_column_of_items_agreement_and_gate_number_the_rows(files):
    named = pd.read_csv(files / "wide.csv", dtype=str)
    named.drop(columns="item").to_csv(files / "bare.csv", index=False)
    bare, whole = (
        json.loads(run("agreement", files / name, "--wide", "*", "--json").output) for name in ("bare.csv", "wide.csv")
    )
    assert bare["dataset"]["krippendorff-alpha"]["value"] == whole["dataset"]["krippendorff-alpha"]["value"]
    (files / "gate.toml").write_text(
        '[labels]\nclasses = ["sun", "rain", "snow"]\n[[gate.check]]\nmetric = "krippendorff-alpha"\nat_least = -1\n'
        "min_units = 2\nmin_minority = 1\n"
    )
    gate = run("check", "--votes", files / "bare.csv", "--wide", "*", "--policy", files / "gate.toml")
    assert gate.exit_code == 0, gate.output
    other = run("agreement", files / "bare.csv", "--wide", "*", "--item", "task")
    assert (other.exit_code, "no column 'task'" in other.output) == (3, True)


def test_a_project_imports_a_wide_table_and_names_the_faults_by_line(files):
    project = start(files, World())
    project.label()
    sheet = pd.read_csv(files / "wide.csv", dtype=str, keep_default_na=False)
    sheet.assign(cy=["fog", *sheet["cy"][1:]], item=[*sheet["item"][:-1], "999"]).to_csv(files / "bad.csv", index=False)
    bad = run("import", files / "bad.csv", "--wide", "*", "--project", files)
    assert bad.exit_code == 3
    assert "line 2: label 'fog' is not a class" in bad.output
    assert bad.output.count("line 31: item '999' is not in the dataset") == 1
    assert "0 new" not in bad.output
    assert project.collect(pd.read_csv(files / "wide.csv", dtype=str), wide=["ana", "b*", "cy"]).new == 77
    assert project.collect(pd.read_csv(files / "wide.csv", dtype=str), wide="*").known == 77
    again = run("import", files / "long.csv", "--project", files)
    assert "0 new ratings (77 were known)" in again.output
    with pytest.raises(UsageError, match="leave out --from"):
        project.collect(files / "wide.csv", wide=["*"], source="doccano")


def test_a_simulation_replays_a_wide_table(files):
    World().truth.rename_axis("item").rename("label").to_csv(files / "truth.csv")
    settings = ["--truth", files / "truth.csv", "--order", "random", "--model", "majority", "--seeds", 2, "--json"]
    wide, long = (
        run("simulate", files / name, *more, *settings)
        for name, more in (("wide.csv", ["--wide", "*"]), ("long.csv", []))
    )
    assert wide.exit_code == long.exit_code == 0, wide.output
    ends = [json.loads(one.output)["plans"][0]["accuracy"] for one in (wide, long)]
    assert ends[0] == pytest.approx(ends[1], abs=0.05)  # the order of people differs, and with it the lot


def test_labels_that_are_numbers_need_no_classes_at_any_level(tmp_path):
    """10 comes after 9, whatever comes first in the file; words have no order of their own, nor has nan."""
    labels = ["9", "10", "2", "10", "9", "2.5", "2", "2"]
    rows = [f"{at // 2},{who},{label}" for at, (who, label) in enumerate(zip("ab" * 4, labels, strict=True))]
    (tmp_path / "r.csv").write_text("item,annotator,label\n" + "\n".join(rows) + "\n")
    for level in ("ordinal", "interval", "ratio"):
        classes = [part for name in ("2", "2.5", "9", "10") for part in ("--class", name)]
        alone = run("agreement", tmp_path / "r.csv", "--level", level, "--json")
        given_ = run("agreement", tmp_path / "r.csv", "--level", level, *classes, "--json")
        assert alone.exit_code == 0, alone.output
        assert json.loads(alone.output) == json.loads(given_.output)
        assert list(json.loads(alone.output)["by_class"]) == ["2", "2.5", "9", "10"]
    for word in ("low", "nan"):
        (tmp_path / "r.csv").write_text("item,annotator,label\n" + "\n".join([*rows, f"9,a,{word}"]) + "\n")
        refused = run("agreement", tmp_path / "r.csv", "--level", "interval")
        assert (refused.exit_code, "needs the classes in order" in refused.output) == (2, True)


def test_of_many_classes_the_lowest_are_shown(tmp_path):
    rows = [f"{at},{who},{(at + (who == 'b' and at % 3 == 0)) % 25}" for at in range(100) for who in "ab"]
    (tmp_path / "r.csv").write_text("item,annotator,label\n" + "\n".join(rows) + "\n")
    shown = run("agreement", tmp_path / "r.csv").output
    assert "the lowest 20 of 25 (--json shows all)" in shown
    every = json.loads(run("agreement", tmp_path / "r.csv", "--json").output)["by_class"]
    assert len(every) == 25
    table = shown[shown.index("the lowest 20 of 25") : shown.index("Classes that people confuse")]
    rows = re.findall(r"^ (\d+) +0\.\d+ \[", table, re.MULTILINE)
    assert rows == sorted(every, key=lambda name: every[name]["value"])[:20]


@pytest.fixture
def routed(files):
    """A project with the ratings of ``files``, to be exported."""
    project = start(files, World())
    project.label()
    project.collect(files / "long.csv")
    return project


def without_our_ids(value: object) -> object:
    """Take the key item out of all objects."""
    if isinstance(value, dict):
        return {key: without_our_ids(cell) for key, cell in value.items() if key != "item"}
    return [without_our_ids(cell) for cell in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("tool", "name"), [("label-studio", "e.json"), ("argilla", "e.json"), ("prodigy", "e.jsonl")])
def test_agreement_and_gate_read_other_tools_files_without_a_project(routed, files, tool, name):
    routed.export(files / name, to=tool, ratings=True)
    expected = json.loads(run("agreement", files / "long.csv", "--json").output)["dataset"]
    found = run("agreement", files / name, "--from", tool, "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["dataset"]["krippendorff-alpha"]["value"] == pytest.approx(
        expected["krippendorff-alpha"]["value"]
    )
    (files / "gate.toml").write_text(
        '[labels]\nclasses = ["sun", "rain", "snow"]\n[[gate.check]]\nmetric = "percent-agreement"\nat_least = 0.3\n'
        "min_units = 2\nmin_minority = 1\n"
    )
    gate = run("check", "--votes", files / name, "--from", tool, "--policy", files / "gate.toml")
    assert gate.exit_code == 0, gate.output


def test_a_label_studio_export_needs_no_ids_of_ours_for_agreement_but_to_import(routed, files):
    routed.export(files / "e.json", to="label-studio", ratings=True)
    tasks = without_our_ids(json.loads((files / "e.json").read_text()))
    (files / "bare.json").write_text(json.dumps(tasks))
    ours, bare = (
        json.loads(run("agreement", files / one, "--from", "label-studio", "--json").output)
        for one in ("e.json", "bare.json")
    )
    assert bare["dataset"] == ours["dataset"]
    refused = run("import", files / "bare.json", "--from", "label-studio", "--project", files)
    assert (refused.exit_code, "no item; expected its id in data['item']" in refused.output) == (3, True)


def test_a_file_of_another_tool_is_told_from_a_table(files):
    (files / "e.json").write_text("[]")
    for arguments, said in [
        (["agreement", files / "e.json"], "say which with --from: label-studio, prodigy"),
        (["agreement", files / "e.json", "--from", "magic"], "there is no format 'magic'"),
        (["agreement", files / "e.json", "--from", "doccano", "--wide", "*"], "leave out --from"),
    ]:
        refused = run(*arguments)
        assert refused.exit_code in (2, 3)
        assert said in refused.output


def test_a_no_to_a_label_needs_the_classes(files):
    """Prodigy's yes-or-no tasks: which other class is meant is known from two classes alone."""
    tasks = [
        {"text": "a", "_input_hash": at, "label": "sun", "answer": answer, "_session_id": who}
        for at, who, answer in [(1, "ana", "accept"), (1, "bo", "reject"), (2, "ana", "accept"), (2, "bo", "accept")]
    ]
    (files / "e.jsonl").write_text("\n".join(map(json.dumps, tasks)))
    refused = run("agreement", files / "e.jsonl", "--from", "prodigy")
    assert (refused.exit_code, "say which classes there are" in refused.output) == (3, True)
    told = run("agreement", files / "e.jsonl", "--from", "prodigy", "--class", "sun", "--class", "rain", "--json")
    assert json.loads(told.output)["dataset"]["percent-agreement"]["value"] == 0.5


def test_a_person_who_shares_no_item_with_others_is_listed_as_such(files):
    table = pd.read_csv(files / "long.csv", dtype=str)
    alone = pd.DataFrame({"item": ["x", "y"], "annotator": "dora", "label": ["sun", "rain"]})
    pd.concat([table, alone]).to_csv(files / "more.csv", index=False)
    found = run("agreement", files / "more.csv")
    assert (found.exit_code, "none shared" in found.output) == (0, True), found.output


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_ids_names_and_labels_may_be_numbers_in_files_that_keep_types(tmp_path, ending):
    """Also where a missing one beside them made floats of integers; the figures are those of the CSV."""
    rows = pd.DataFrame({"item": [1, 1, 2, 2, 3], "annotator": [7, 8, 7, 8, 7], "label": [1, 2, 2, 2, None]})
    write_table(tmp_path / f"r.{ending}", rows)
    rows.astype({"label": "Int64"}).to_csv(tmp_path / "r.csv", index=False)
    found, expected = (run("agreement", tmp_path / f"r.{one}", "--json").output for one in (ending, "csv"))
    assert json.loads(found)["dataset"] == json.loads(expected)["dataset"]
    gold = pd.DataFrame({"item": [1, 2, 3], "label": [1, 2, None]})
    write_table(tmp_path / f"g.{ending}", gold)
    (tmp_path / "items.csv").write_text("item,text\n1,a\n2,b\n3,c\n")
    made = run("init", tmp_path / "p", "--data", tmp_path / "items.csv", "--class", "1", "--class", "2")
    assert made.exit_code == 0, made.output
    taken = run("import", tmp_path / f"r.{ending}", "--project", tmp_path / "p", "--json")
    assert json.loads(taken.output)["new"] == 4
    assert run("label", "--project", tmp_path / "p").exit_code == 0
    told = run("doctor", "--gold", tmp_path / f"g.{ending}", "--project", tmp_path / "p")
    assert told.exit_code == 0, told.output
    simulated = run(
        "simulate", tmp_path / f"r.{ending}", "--truth", tmp_path / f"g.{ending}", "--project", tmp_path / "p"
    )
    assert simulated.exit_code == 0, simulated.output


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_people_and_their_groups_may_be_numbers_in_files_that_keep_types(tmp_path, ending):
    ratings = pd.DataFrame({"item": [1, 1, 2, 2], "annotator": [7, 8, 7, 8], "label": ["a", "b", "b", "b"]})
    write_table(tmp_path / f"r.{ending}", ratings)
    people = pd.DataFrame({"annotator": [7, 8, 9], "age": pd.array([20, 30, None], dtype="Int64")})
    people = people.astype({"age": "float"}) if ending != "csv" else people
    write_table(tmp_path / f"p.{ending}", people)
    found = json.loads(
        run("agreement", tmp_path / f"r.{ending}", "--people", tmp_path / f"p.{ending}", "--json").stdout
    )
    assert list(found["by_group"]["age"]) == ["20", "30"]
    alone = run("agreement", tmp_path / f"r.{ending}", "--people", tmp_path / f"p.{ending}", "--group", "annotator")
    assert alone.exit_code == 0, alone.output


def test_labels_of_classes_that_are_written_with_a_point_keep_it(tmp_path):
    write_table(
        tmp_path / "r.jsonl",
        pd.DataFrame({"item": ["a", "a", "b", "b"], "annotator": ["x", "y"] * 2, "label": [1.0, 2.0, 2.0, 2.0]}),
    )
    classes = ["--class", "1.0", "--class", "2.0"]
    assert run("agreement", tmp_path / "r.jsonl", *classes).exit_code == 0


def test_cells_that_are_lists_or_objects_are_no_ids_and_no_labels(files):
    """As doccano writes labels; each command names the rows."""
    rows = [
        {"item": "000", "annotator": "ana", "label": ["sun"], "tags": ["x"]},
        {"item": {"id": 1}, "annotator": "ana", "label": "sun", "tags": ["x"]},
        {"item": "001", "annotator": "bo", "label": "rain", "tags": None},
        {"item": "001", "annotator": "ana", "label": "sun", "tags": None},
    ]
    start(files / "p", World())
    (files / "n.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (files / "good.jsonl").write_text("\n".join(map(json.dumps, rows[2:])))
    commands = (["agreement", files / "n.jsonl"], ["import", files / "n.jsonl", "--project", files / "p"])
    for arguments in commands:
        refused = run(*arguments)
        assert refused.exit_code == 3
        assert "line 1: label ['sun'] is a list; expected a text" in refused.output
        assert "line 2: item {'id': 1} is a dict; expected a text" in refused.output
    assert run("agreement", files / "good.jsonl").exit_code == 0
    schema = wh.LabelSchema(["sun", "rain"])
    with pytest.raises(DataError, match=r"row 1: label \['sun'\] is a list"):
        wh.Votes.from_long(pd.DataFrame(rows), schema)
    ids = files / "p" / "items.jsonl"
    ids.write_text('{"item": [1], "text": "a"}\n{"item": "b", "text": "b"}\n')
    with pytest.raises(DataError, match=r"line 1: item \[1\] is a list"):
        wh.apply([wh.keyword("a", ["a"], label="sun")], ids, schema, id="item")


def test_a_gate_in_ci_logs_a_folder_of_tables_by_what_it_holds(files):
    (files / "folder").mkdir()
    whole = pd.read_csv(files / "long.csv", dtype=str)
    for number, part in enumerate((whole[:40], whole[40:])):
        part.to_csv(files / "folder" / f"{number}.csv", index=False)
    (files / "gate.toml").write_text(
        '[labels]\nclasses = ["sun", "rain", "snow"]\n[[gate.check]]\nmetric = "percent-agreement"\nat_least = 0\n'
    )

    def inputs() -> str:
        run("check", "--votes", files / "folder", "--policy", files / "gate.toml")
        return json.loads((files / "gate-log.jsonl").read_text().splitlines()[-1])["data"]

    first, again = inputs(), inputs()
    assert first == again
    whole[40:70].to_csv(files / "folder" / "1.csv", index=False)
    assert inputs() != first


def test_labels_and_people_that_differ_by_case_or_spaces_alone_are_asked_about(tmp_path):
    """Each would be a class, or a person, of its own, and nobody would agree."""
    file = tmp_path / "mixed.csv"
    file.write_text("item,annotator,label\n1,Ana,Yes\n1,bo,yes\n2,ana,no\n2,bo,no\n")
    refused = run("agreement", file)
    assert refused.exit_code == 3
    assert "labels 'Yes', 'yes' differ by case, spaces or accents' encoding alone" in refused.output
    with pytest.raises(wh.WeakHITLError, match="'Yes', 'yes' differ by case"):
        wh.Votes.from_long(pd.read_csv(file), source="annotator")
    taken = run("agreement", file, "--class", "yes", "--class", "Yes", "--class", "no")
    assert taken.exit_code == 0
    assert "'Ana' and 'ana' differ by case" in taken.output
    file.write_text(unicodedata.normalize("NFD", "item,annotator,label\n1,ana,sí\n") + "1,bo,sí\n2,ana,no\n")
    assert "accents' encoding" in run("agreement", file).output


def test_an_import_asks_whether_people_of_like_names_are_one(tmp_path):
    (tmp_path / "items.csv").write_text("item,text\n1,a\n2,b\n")
    project = tmp_path / "p"
    made = run("init", project, "--no-functions", "--data", tmp_path / "items.csv", "--class", "no", "--class", "yes")
    assert made.exit_code == 0
    said = []
    for name in ("ana", "bo", "Ana "):
        (tmp_path / "r.csv").write_text(f"item,annotator,label\n1,{name},yes\n")
        said.append(" ".join(run("import", tmp_path / "r.csv", "--project", project).output.split()))
    assert ["differ by case" in one for one in said] == [False, False, True]
    assert "recall the one (weakhitl recall), and import those ratings under the name of the other" in said[2]


def test_classes_that_are_sets_of_others_are_said_to_be_classes_of_their_own(tmp_path):
    file = tmp_path / "sets.csv"
    file.write_text('item,annotator,label\n1,a,"angry,sad"\n1,b,sad\n2,a,angry\n2,b,angry\n')
    assert "'angry,sad' looks like a set of others" in run("agreement", file).output
    file.write_text("item,annotator,label\n1,a,yes; surely\n1,b,no\n2,a,no\n2,b,no\n")
    assert "looks like a set" not in run("agreement", file).output


@pytest.mark.parametrize(
    ("sheet", "column", "why"),
    [
        (",ana,bo\n0,yes,yes\n1,no,no\n2,yes,no\n3,no,no\n", "Unnamed: 0", "counts the rows"),
        (",ana,bo\n0,1,2\n1,5,5\n2,2,2\n3,3,3\n", "Unnamed: 0", "counts the rows"),
        ("id,ana,bo\n17,1,1\n10,0,0\n25,1,0\n3,0,0\n", "id", "has another value in each row"),
        (
            "item,text,ana,bo,cy\n0,aa,yes,yes,no\n1,bb,no,no,no\n2,aa,yes,no,\n",
            "text",
            "shares no value with the others",
        ),
    ],
)
def test_a_column_of_ids_or_texts_is_not_taken_for_an_annotator(tmp_path, sheet, column, why):
    """It would be one more person, who agrees with nobody."""
    file = tmp_path / "sheet.csv"
    file.write_text(sheet)
    refused = run("agreement", file, "--wide", "*")
    assert refused.exit_code == 3
    assert f"column '{column}' {why}" in refused.output
    with pytest.raises(wh.WeakHITLError, match=f"column '{column}' {why}"):
        wh.Votes.from_wide(pd.read_csv(file))
    named = [word for name in ("ana", "bo") for word in ("--wide", name)]
    item = [] if column == "text" else ["--item", column]
    assert run("agreement", file, *named, *item).exit_code == 0


@given(st.integers(4, 40), st.integers(2, 5), st.integers(2, 4), st.integers(0, 10_000))
def test_people_who_use_the_same_classes_are_taken_for_people(rows, classes, people, seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, rows)
    cells = {
        f"p{at}": np.where(rng.random(rows) < 0.8, truth, rng.integers(0, classes, rows)).astype(str).tolist()
        for at in range(people)
    }
    if len({value for column in cells.values() for value in column}) > 1 and rows > classes:
        assert len(wh.Votes.from_wide(cells)) == rows


def test_a_gap_in_one_of_three_columns_makes_nobody_of_its_annotator(tmp_path):
    """Pandas writes whole numbers there with a fraction, so that no text is the same as elsewhere."""
    file = tmp_path / "stars.csv"
    file.write_text("item,ana,bo,cy\na,1,1.0,2\nb,5,5.0,5\nc,3,,4\nd,2,1.0,2\ne,4,4.0,5\n")
    found = json.loads(run("agreement", file, "--wide", "*", "--json").output)
    assert list(found["by_class"]) == ["1", "2", "3", "4", "5"]
    assert found["dataset"]["krippendorff-alpha"]["n_sources"] == 3
    assert wh.Votes.from_wide(pd.read_csv(file, dtype=str)).sources == ("ana", "bo", "cy")
