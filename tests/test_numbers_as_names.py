"""Classes that are numbers: a number is a name, unless it can only be an index."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, start
from weakhitl.cli.main import cli
from weakhitl.gold import encode_gold


def run(*words):
    result = CliRunner().invoke(cli, [str(word) for word in words])
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("value", [1, 5, np.int64(2), -1])
def test_a_number_that_is_a_place_and_another_name_is_refused(value):
    schema = wh.LabelSchema(["1", "-1", "5", "2"])
    function = wh.LabelingFunction("f", lambda row: row.value)
    with pytest.raises(wh.WeakHITLError, match=rf"returned .* for item 0; .*'{value}' is a name: give names as text"):
        wh.apply([function], pd.DataFrame({"value": [value, value]}), schema)
    votes = wh.Votes.from_wide({"ana": ["1", "2"], "bo": ["1", "5"]}, schema)
    with pytest.raises(wh.WeakHITLError, match=f"item 0: .*{value}.* is not a class; .*'{value}' is a name"):
        wh.LabelModel().fit(votes, gold=[value, None])
    assert encode_gold(np.array([2, -1]), votes.items, schema).tolist() == [2, -1], "an array is of indices"
    assert encode_gold(np.array([2.0, np.nan]), votes.items, schema).tolist() == [2, -1]
    named = wh.apply([function], pd.DataFrame({"value": [str(value), None]}), schema)
    assert named.to_matrix().ravel().tolist() == [schema.encode(str(value)), -1]


def test_a_number_is_a_name_however_the_name_is_written():
    schema = wh.LabelSchema(["1.0", "2.0"])
    with pytest.raises(wh.WeakHITLError, match="1 is not a class; a number is the place of a class"):
        schema.encode(1)
    assert (schema.encode("2"), schema.encode(-1), schema.encode(0)) == (1, -1, 0)


def test_a_number_that_is_the_place_of_its_own_name_is_taken():
    votes = wh.apply([wh.LabelingFunction("f", lambda row: row.value)], pd.DataFrame({"value": [0, 2, -1]}),
                     wh.LabelSchema(["0", "1", "2"]))  # fmt: skip
    assert votes.to_matrix().ravel().tolist() == [0, 2, -1]


GAPPED = "item,ana,bo\n1,1,1.0\n2,0,0.0\n3,1,\n4,0,1.0\n5,1,1.0\n6,0,0.0\n"
"""As pandas writes whole numbers: with a fraction in each column where one is missing."""


def test_a_whole_number_is_the_same_name_in_a_column_with_a_gap(tmp_path):
    file = tmp_path / "sheet.csv"
    file.write_text(GAPPED)
    whole = wh.krippendorff_alpha(wh.Votes.from_wide({"ana": [1, 0, 1, 0, 1, 0], "bo": [1, 0, None, 1, 1, 0]})).value
    for more in ([], ["--class", "0", "--class", "1"], ["--class", "0.0", "--class", "1.0"]):
        found = CliRunner().invoke(cli, ["agreement", str(file), "--wide", "*", "--json", *more])
        assert found.exit_code == 0, found.output
        assert json.loads(found.output)["dataset"]["krippendorff-alpha"]["value"] == pytest.approx(whole)
    texts = pd.read_csv(file, dtype=str, index_col="item")
    assert wh.krippendorff_alpha(wh.Votes.from_wide(texts)).value == pytest.approx(whole)


def test_ratings_with_fractions_are_stored_under_the_names_of_classes_and_people(tmp_path):
    project = start(tmp_path, World(6))
    toml = tmp_path / "weakhitl.toml"
    toml.write_text(
        toml.read_text().replace('["sun", "rain", "snow"]', '["0", "1", "2"]').replace('["labeling_functions/"]', "[]")
    )
    items = World(6).truth.index
    ratings = pd.DataFrame({"item": items, "annotator": [7, 7, 7, 8, 8, None], "label": [1, 0, 1, 2, None, None]})
    ratings.to_csv(tmp_path / "ratings.csv", index=False)
    assert "7.0,1.0" in (tmp_path / "ratings.csv").read_text()
    project = wh.Project.load(tmp_path)
    assert project.collect(tmp_path / "ratings.csv").new == 4
    assert project.collect(ratings.dropna().astype({"annotator": int, "label": int})).known == 4
    stored = project._workspace.store.ratings()
    assert stored["label"].tolist() == ["1", "0", "1", "2"]
    assert stored["annotator"].tolist() == ["7", "7", "7", "8"]


def test_a_project_whose_classes_are_numbers_goes_all_the_way_with_gold_and_a_pilot(tmp_path):
    """The index of each class is the name of another."""
    world, names = World(), {"sun": "2", "rain": "0", "snow": "1"}
    start(tmp_path, world)
    toml = tmp_path / "weakhitl.toml"
    text = toml.read_text().replace('["sun", "rain", "snow"]', '["2", "0", "1"]').replace("0.955", "0.5")
    toml.write_text(text + '[label_model]\ngold = "gold.csv"\n')
    functions = tmp_path / "labeling_functions" / "functions.py"
    functions.write_text(
        functions.read_text().replace("return x.text.split()[0]", f"return {names}.get(x.text.split()[0])")
    )
    functions.write_text(
        functions.read_text()
        .replace('return "sun" if', 'return "2" if')
        .replace('return "rain" if', 'return "0" if')
        .replace('return "snow" if', 'return "1" if')
    )
    truth = world.truth.map(names)
    truth.iloc[:30].rename_axis("item").rename("label").to_csv(tmp_path / "gold.csv")
    project = wh.Project.load(tmp_path)
    project.label()

    def rated(items, people):
        table = world.ratings(pd.Index(items), people)
        return table.assign(label=table["label"].map(names))

    people = dict.fromkeys(("ana", "bo", "cy"), 0.95)
    project.collect(rated(project.route(pilot=40).items, people))
    project.collect(rated(project.route(budget=120, audit=100).items, people))
    queue = project.export(tmp_path / "queue.csv", adjudication=True).table
    project.collect(rated(queue["item"], {"senior": 1.0}), adjudication=True)
    released = project.release("1.0.0")
    assert released.gate.status == "pass"
    labels = pd.read_parquet(released.path / "data").set_index("item")["label"]
    assert (labels == truth[labels.index]).mean() > 0.85
    where, gold = ["--project", tmp_path], ["--gold", tmp_path / "gold.csv"]
    for words in (
        ["verify", released.path],
        ["doctor", *gold, *where],
        ["lfs", *gold, *where],
        ["lfs", "--audit", *where],
    ):
        code, text = run(*words)
        assert code == 0, text
