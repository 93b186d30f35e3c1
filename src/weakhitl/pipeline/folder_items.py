"""Items of a folder without tables: one for each picture, sound or video that people look at, or for each text."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from weakhitl.annotation.media import media_kind
from weakhitl.errors import DataError, UsageError
from weakhitl.files import table_kind
from weakhitl.wording import number_of

if TYPE_CHECKING:
    import pandas as pd

FILE, TEXT = "file", "text"
"""The column that names the files of a project, or holds the texts."""


@dataclass(frozen=True)
class FolderItems:
    """What a folder holds: a table of ids and one column, FILE or TEXT, and the files that are no items."""

    table: "pd.DataFrame"
    column: str
    passed_over: tuple[str, ...]


def has_tables(folder: Path) -> bool:
    """Say whether there is a table in a folder."""
    return any(table_kind(file) for file in folder.iterdir() if file.is_file())


def folder_items(project: Path, folder: Path, id_column: str) -> FolderItems:
    """List the pictures, sound and video in a folder and those inside it; where there are none, read its texts.

    Ids are paths from the folder on. Hidden files and links are left out.

    Raises
    ------
    UsageError
        What people look at lies outside of the project's folder: only files in there are shown.
    DataError
        The folder holds nothing of the kind, or a text is empty or not UTF-8.

    """
    import pandas as pd

    found = sorted(file for file in folder.rglob("*") if _is_plain(file, folder))
    media = [file for file in found if media_kind(file.name) != FILE]
    texts = [file for file in found if file.suffix.lower() == ".txt"]
    if not media and not texts:
        raise DataError(
            str(folder),
            "the folder holds no table (.csv, .tsv, .jsonl, .parquet, .xlsx), picture, sound, video or .txt; expected "
            "one",
        )
    files, column = (media, FILE) if media else (texts, TEXT)
    read = _from(project, folder) if media else _read
    ids = [file.relative_to(folder).as_posix() for file in files]
    faults, cells = [], []
    for name, file in zip(ids, files, strict=True):
        try:
            cells.append(read(file))
        except ValueError as error:
            faults.append(f"{name}: {error}")
    if faults:
        raise DataError(str(folder), faults)
    taken = {*files}
    others = tuple(file.relative_to(folder).as_posix() for file in found if file not in taken)
    return FolderItems(pd.DataFrame({id_column: ids, column: cells}), column, others)


def _is_plain(file: Path, folder: Path) -> bool:
    inside = file.relative_to(folder)
    links = (folder / part for part in (inside, *inside.parents))
    return (
        file.is_file()
        and not any(part.startswith(".") for part in inside.parts)
        and not any(link.is_symlink() for link in links if link != folder)
    )


def _from(project: Path, folder: Path) -> Callable[[Path], str]:
    """Name files as the project's table does, from its folder on."""
    if not folder.resolve().is_relative_to(project.resolve()):
        to, from_, inside = (quote(str(path)) for path in (project, folder, project / folder.resolve().name))
        raise UsageError(
            f"--data: {folder} lies outside of the project's folder, and people are shown only what lies inside; move "
            f"it there (mkdir -p {to}; mv {from_} {inside}), then --data {inside}"
        )
    return lambda file: file.resolve().relative_to(project.resolve()).as_posix()


def _read(file: Path) -> str:
    """Read a text; raises ``ValueError`` where it is none."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte {error.start})") from None
    if not text.strip():
        raise ValueError("is empty")
    return text.rstrip()


def passed_over(names: tuple[str, ...]) -> str:
    """Say which files are no items; empty where all are."""
    if not names:
        return ""
    listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"{number_of(len(names), 'other file')} passed over: {listed}"
