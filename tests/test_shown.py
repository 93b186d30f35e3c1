"""Ratings stay with ids: it is said where routed items read otherwise than when people were asked about them."""

import json

import pandas as pd
from click.testing import CliRunner

from projects import World, start
from weakhitl import Project
from weakhitl.cli.main import cli


def run(folder, *arguments):
    return CliRunner().invoke(cli, [*arguments, "--project", str(folder)], catch_exceptions=False)


def routed(folder, *, more: str = "") -> pd.DataFrame:
    """A project of which twenty items are routed; gives its data."""
    start(folder, World(60))
    table = pd.read_csv(folder / "items.csv", dtype=str)
    table["text"] += " at " + table["item"]
    table.to_csv(folder / "items.csv", index=False)
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text().replace("[annotation]", f"[annotation]\n{more}"))
    run(folder, "label")
    run(folder, "route", "--budget", "20", "--audit", "10")
    return table


def said(folder) -> str:
    return run(folder, "label").output


def test_ids_that_moved_to_other_items_are_told(tmp_path):
    table = routed(tmp_path)
    assert "read otherwise" not in said(tmp_path)
    table.assign(item=[*table["item"].iloc[1:], table["item"].iloc[0]]).to_csv(tmp_path / "items.csv", index=False)
    warning = "Warning: 20 of 20 routed items read otherwise than when people were asked about them, such as '"
    assert warning in said(tmp_path)
    assert len(json.loads(run(tmp_path, "label", "--json").output)["changed"]) == 20
    assert "ratings stay with ids" in " ".join(run(tmp_path, "status").output.split())


def test_rows_in_another_order_and_new_rows_and_columns_are_no_change(tmp_path):
    table = routed(tmp_path, more='text = "text"')
    new = pd.DataFrame({"item": ["new"], "text": ["sun at new"]})
    pd.concat([table.iloc[::-1], new]).assign(colour="red").to_csv(tmp_path / "items.csv", index=False)
    assert "read otherwise" not in said(tmp_path)


def test_an_item_that_is_asked_again_is_taken_as_it_reads_then(tmp_path):
    table = routed(tmp_path)
    project = Project.load(tmp_path)
    first = project.batches[0].items[0]
    table.loc[table["item"] == first, "text"] = "snow as was meant"
    table.to_csv(tmp_path / "items.csv", index=False)
    assert (
        f"Warning: 1 of 20 routed items read otherwise than when people were asked about them, such as '{first}'"
        in (said(tmp_path))
    )
    (tmp_path / "rated.csv").write_text(f"item,annotator,label\n{first},ana,sun\n")
    run(tmp_path, "import", str(tmp_path / "rated.csv"))
    run(tmp_path, "route", "--again", "--all")
    assert "read otherwise" not in said(tmp_path)


def test_a_column_to_be_read_that_is_not_there_is_named_before_anything_is_routed(tmp_path):
    start(tmp_path, World(60))
    run(tmp_path, "label")
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("[annotation]", '[annotation]\ntext = "txt"'))
    refused = run(tmp_path, "route", "--budget", "20", "--audit", "10")
    assert refused.exit_code == 3
    assert "no column 'txt'" in refused.output
    assert Project.load(tmp_path).batches == []


def test_what_people_read_is_compared_as_it_is_in_parquet_too(tmp_path):
    table = routed(tmp_path)
    table.to_parquet(tmp_path / "items.parquet", index=False)
    config = tmp_path / "weakhitl.toml"
    config.write_text(config.read_text().replace("items.csv", "items.parquet"))
    assert "read otherwise" not in said(tmp_path)
