"""The difference between two releases: which labels, which votes, which texts, which figures."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import collect, ready
from weakhitl.cli.main import cli
from weakhitl.errors import DataError

MAJORITY = '[label_model]\nname = "majority"\n'


@pytest.fixture(scope="module")
def released_once(tmp_path_factory) -> Path:
    """A project whose label model is majority vote, so that everybody can tell what a vote does."""
    folder = tmp_path_factory.mktemp("difference") / "project"
    ready(folder)
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text().replace("[routing]", f"{MAJORITY}[routing]").replace("0.955", "0.6"))
    project = wh.Project.load(folder)
    project.label()
    assert project.release("1.0.0").digest
    return folder


@pytest.fixture
def folder(released_once, tmp_path) -> Path:
    return Path(shutil.copytree(released_once, tmp_path / "project"))


def again(folder: Path, version: str = "1.1.0") -> wh.Difference:
    """Label, release and compare with the first release."""
    project = wh.Project.load(folder)
    project.label()
    assert project.release(version).digest
    return wh.diff(folder / "releases" / "1.0.0", folder / "releases" / version)


def unrouted(folder: Path) -> pd.DataFrame:
    """Items that nobody rated, whose two functions agree on rain."""
    project = wh.Project.load(folder)
    items = pd.read_csv(folder / "items.csv", dtype=str)
    routed = {item for batch in project.batches for item in batch.items}
    return items[~items["item"].isin(routed) & items["text"].eq("rain rain today")]


def edit(folder: Path, item: str, text: str) -> None:
    items = pd.read_csv(folder / "items.csv", dtype=str)
    items.loc[items["item"] == item, "text"] = text
    items.to_csv(folder / "items.csv", index=False)


def test_a_release_does_not_differ_from_itself(folder):
    found = wh.diff(folder / "releases" / "1.0.0", folder / "releases" / "1.0.0")
    assert found.rows == found.sources == found.texts == ()
    assert found.flips == {}
    assert found.counts["another label"] == found.counts["released in another split"] == 0
    assert all(row["before"] == row["now"] for row in found.figures["counts"].values())


def test_the_vote_that_flips_a_row_is_named_and_those_that_do_not_are_not(folder):
    """Majority vote: rain by two; then one says sun, one rain, and first_word sun."""
    item = unrouted(folder)["item"].iloc[0]
    edit(folder, item, "sun rain today")
    found = again(folder)
    (row,) = [row for row in found.rows if row.item == item]
    assert (row.before, row.after, row.released) == ("rain", "sun", (True, True))
    votes = {vote.source: (vote.before, vote.after, vote.flips) for vote in row.votes}
    assert votes == {"first_word": ("rain", "sun", True), "says_sun": (None, "sun", True)}
    assert row.why.startswith("flipped by first_word: rain -> sun, says_sun: none -> sun")
    assert found.flips == {"first_word": 1, "says_sun": 1}
    assert {one.source: one.changed for one in found.sources} == {"function:first_word": 1, "function:says_sun": 1}


def test_a_vote_without_which_the_label_would_be_the_same_does_not_flip_the_row(folder):
    """Two for rain, then two for snow: without first_word's turn a tie, without that of another one still snow."""
    item = unrouted(folder)["item"].iloc[0]
    edit(folder, item, "snow snow today")
    (row,) = [row for row in again(folder).rows if row.item == item]
    assert row.after == "snow"
    flips = {vote.source: vote.flips for vote in row.votes}
    assert flips == {"first_word": True, "says_rain": False, "says_snow": False}


def test_a_label_that_people_decided_says_so(folder):
    project = wh.Project.load(folder)
    item = unrouted(folder)["item"].iloc[0]
    collect(
        project, folder, pd.DataFrame({"item": [item], "annotator": ["senior"], "label": ["snow"]}), adjudication=True
    )
    found = again(folder)
    (row,) = [row for row in found.rows if row.item == item]
    assert (row.before, row.after, row.why) == ("rain", "snow", "a decision says so")
    (source,) = found.sources
    assert source.source.startswith("adjudicator:person-")
    assert source.after == source.before + 1


def test_items_that_came_and_went_are_counted_and_named(folder):
    items = pd.read_csv(folder / "items.csv", dtype=str)
    gone = unrouted(folder)["item"].iloc[0]
    more = pd.DataFrame({"item": ["new"], "text": ["sun sun today"]})
    pd.concat([items[items["item"] != gone], more]).to_csv(folder / "items.csv", index=False)
    found = again(folder)
    assert (found.counts["new items"], found.counts["gone items"]) == (1, 1)
    why = {row.item: row.why for row in found.rows}
    assert why == {"new": "new in the dataset", gone: "no longer in the dataset"}


def test_a_function_that_is_new_or_gone_or_edited_is_named_with_its_votes(folder):
    functions = folder / "labeling_functions" / "functions.py"
    functions.write_text(functions.read_text().replace("says_rain", "says_wet"))
    found = again(folder)
    sources = {one.source: (one.before is None, one.after is None) for one in found.sources}
    assert sources == {"function:says_rain": (False, True), "function:says_wet": (True, False)}
    assert [(text.path, text.status, text.added, text.removed) for text in found.texts] == [
        ("labeling_functions/functions.py", "changed", 1, 1)
    ]


def test_a_file_that_is_new_or_gone_is_shown_with_its_lines(folder):
    more = folder / "labeling_functions" / "more.py"
    more.write_text("import weakhitl as wh\n\n\n@wh.labeling_function\ndef never(x):\n    return None\n")
    (text,) = again(folder).texts
    assert (text.path, text.status, text.added, text.removed) == ("labeling_functions/more.py", "new", 6, 0)
    (text,) = wh.diff(folder / "releases" / "1.1.0", folder / "releases" / "1.0.0").texts
    assert (text.status, text.added, text.removed) == ("gone", 0, 6)


def test_the_guidelines_changed_lines_are_shown(folder):
    (folder / "guidelines" / "guideline.md").write_text("# Look out of the window\n\nHail is snow.\n")
    again(folder)
    folders = [str(folder / "releases" / name) for name in ("1.0.0", "1.1.0")]
    done = CliRunner().invoke(cli, ["diff", *folders])
    assert done.exit_code == 0
    assert "+Hail is snow." in done.output


def test_a_bar_that_moved_is_told_from_a_probability_that_did(tmp_path):
    ready(tmp_path).release("1.0.0")
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("min_confidence = 0.955", "min_confidence = 0.99"))
    found = again(tmp_path)
    assert found.counts["another label"] == 0
    assert found.counts["no longer released"] == len(found.rows) > 0
    assert {row.why.partition("; ")[2] for row in found.rows} == {"0.99 is needed, before 0.955"}
    assert found.flips == {}


def test_items_in_another_split_are_counted(folder):
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text() + "splits = { train = 0.5, test = 0.5 }\n")
    found = again(folder)
    assert 0 < found.counts["released in another split"] < found.counts["released after"]
    assert found.rows == ()


def test_every_changed_row_is_in_the_table_and_the_json(folder, tmp_path):
    edit(folder, unrouted(folder)["item"].iloc[0], "sun rain today")
    found = again(folder)
    folders = [str(folder / "releases" / name) for name in ("1.0.0", "1.1.0")]
    done = CliRunner().invoke(cli, ["diff", *folders, "--out", str(tmp_path / "rows.csv"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == json.loads(json.dumps(found.to_dict()))
    rows = pd.read_csv(tmp_path / "rows.csv", dtype=str)
    assert rows["item"].tolist() == [row.item for row in found.rows]


def test_a_zip_file_is_compared_as_its_folder_is(folder, tmp_path):
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", folder / "releases", "1.0.0")
    assert wh.diff(packed, folder / "releases" / "1.0.0").rows == ()


def test_a_release_that_was_changed_is_not_compared(folder):
    (folder / "releases" / "1.0.0" / "consensus.parquet").write_bytes(b"x")
    with pytest.raises(DataError, match=r"consensus\.parquet has 1 bytes"):
        wh.diff(folder / "releases" / "1.0.0", folder / "releases" / "1.0.0")


def test_other_classes_are_compared_by_name(folder):
    """A class more changes the numbers of the others; no vote is other for that."""
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text().replace('["sun", "rain", "snow"]', '["hail", "sun", "rain", "snow"]'))
    found = again(folder, "2.0.0")
    assert found.sources == ()
    assert all(row.before == row.after or row.before is None or row.after is None for row in found.rows)
