"""Projects of a folder of files: each picture or text is an item, nothing is passed over in silence."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from weakhitl.cli.main import cli

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def said(result) -> str:
    return " ".join(result.output.split())


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder of a project to be, with pictures in folders, and what is none."""
    folder = tmp_path / "shapes" / "pics"
    for name in ("a.png", "round/b.PNG", "round/c.jpg", ".hidden.png", ".cache/d.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(PNG)
    (folder / "drawing.svg").write_text("<svg/>")
    (folder / "notes.txt").write_text("where they are from")
    (tmp_path / "elsewhere.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "elsewhere.png")
    return folder


def test_each_picture_of_a_folder_is_an_item_that_people_see(pictures):
    project = pictures.parent
    made = run("init", project, "--class", "round", "--class", "square", "--data", pictures, "--no-functions")
    assert made.exit_code == 0, made.output
    assert "3 files are the items. 2 other files passed over: drawing.svg, notes.txt" in said(made)
    items = pd.read_csv(project / "items.csv", dtype=str)
    assert items["item"].tolist() == ["a.png", "round/b.PNG", "round/c.jpg"]
    assert items["file"].tolist() == ["pics/a.png", "pics/round/b.PNG", "pics/round/c.jpg"]
    assert run("route", "--all", "--project", project).exit_code == 0
    loaded = wh.Project.load(project)
    assert loaded.config.annotation.media == ["file"]
    assert loaded.status()["items"] == 3


def test_functions_of_such_a_project_find_the_files_from_anywhere(pictures):
    project = pictures.parent
    assert run("init", project, "--class", "round", "--class", "square", "--data", pictures).exit_code == 0
    (pictures / "a.png").write_bytes(PNG * 200)
    assert run("label", "--project", project).exit_code == 0
    assert wh.Project.load(project).votes.to_long()["item"].tolist() == ["round/b.PNG", "round/c.jpg"]


def test_pictures_outside_of_the_project_are_refused_with_the_way_to_bring_them_in(pictures, tmp_path):
    refused = run("init", tmp_path / "my shapes", "--data", pictures)
    assert refused.exit_code == 2
    assert f"mv {pictures} '{tmp_path / 'my shapes' / 'pics'}'" in said(refused)
    assert not (tmp_path / "my shapes").exists()


def test_without_pictures_the_texts_of_a_folder_are_the_items(tmp_path):
    folder = tmp_path / "letters"
    (folder / "1912").mkdir(parents=True)
    (folder / "a.txt").write_text("\ufeffDear Anna,\n\nit snows.\n", encoding="utf-8")
    (folder / "1912" / "b.TXT").write_text("Größe", encoding="utf-8")
    (folder / "c.pdf").write_bytes(b"%PDF")
    made = run("init", tmp_path / "p", "--data", folder)
    assert "2 files are the items. 1 other file passed over: c.pdf" in said(made)
    items = pd.read_csv(tmp_path / "p" / "items.csv", dtype=str).set_index("item")["text"]
    assert items.to_dict() == {"1912/b.TXT": "Größe", "a.txt": "Dear Anna,\n\nit snows."}
    assert run("label", "--project", tmp_path / "p").exit_code == 0
    assert set(wh.Project.load(tmp_path / "p").votes.items) == {"1912/b.TXT", "a.txt"}


def test_all_texts_that_cannot_be_read_are_named_and_nothing_is_written(tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for name, content in {"a.txt": b"fine", "b.txt": b"\xff\xfe", "c.txt": b" \n"}.items():
        (folder / name).write_bytes(content)
    refused = run("init", tmp_path / "p", "--data", folder)
    assert refused.exit_code == 3
    assert "b.txt: is not UTF-8 (byte 0)" in refused.output
    assert "c.txt: is empty" in refused.output
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    ("files", "options", "code", "says"),
    [
        ([], [], 3, "holds no table (.csv, .tsv, .jsonl, .parquet, .xlsx), picture, sound, video or .txt"),
        (["a.txt"], ["--add-ids"], 2, "told apart by their names"),
    ],
)
def test_a_folder_that_gives_no_items_is_refused(tmp_path, files, options, code, says):
    (tmp_path / "data").mkdir()
    for name in files:
        (tmp_path / "data" / name).write_text("text")
    refused = run("init", tmp_path / "p", "--data", tmp_path / "data", *options)
    assert refused.exit_code == code
    assert says in said(refused)
    assert not (tmp_path / "p").exists()
