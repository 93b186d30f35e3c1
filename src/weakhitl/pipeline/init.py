"""Init: a new project's folder."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weakhitl.annotation.formats.exchange import Layout, format_named, refuse_json
from weakhitl.config import CONFIG_NAME
from weakhitl.errors import DataError, SchemaError, StateError, UsageError
from weakhitl.files import (
    read_table,
    require_columns,
    separator_faults,
    table_files,
    table_kind,
    write_table,
    write_text,
)
from weakhitl.label_names import are_numbers
from weakhitl.pipeline.folder_items import FILE, folder_items, has_tables, passed_over
from weakhitl.pipeline.guideline import new_guideline
from weakhitl.pipeline.texts import TEXT, likely_text
from weakhitl.schema import LabelSchema
from weakhitl.wording import a_few, number_of
from weakhitl.words import name_of

if TYPE_CHECKING:
    import pandas as pd

_ID = "item"
"""What a column of ids is usually called."""

_SKIP = "I can't tell"
"""The answer of a new project that is no class."""

_TOML = """\
[project]
name = {name}

[labels]
classes = {classes}
skip = [{skip}]        # answers that are abstentions
level = "nominal"              # nominal | ordinal | interval | ratio

[data]
path = {data}                  # csv, tsv, jsonl, parquet or xlsx; one file or a folder of them
id = {id}

[labeling]
functions = {functions}

[label_model]
name = "auto"

[routing]
budget = 150                   # items for annotators
overlap = 3                    # annotators per item
audit = 100                    # how many of them are a random sample of all items
seed = 0

[annotation]
guideline = "guidelines/guideline.md"
{read}
store = "annotations.db"
qualify_agreement = 0.75       # on a pilot, from which an annotator counts
qualify_ratings = 10           # pilot ratings that are needed to tell

[[gate.check]]
metric = "krippendorff-alpha"
{bar}
confidence = 0.95

[[gate.check]]
metric = "release-accuracy"
at_least = 0.8
confidence = 0.95

[[gate.check]]
metric = "coverage"
at_least = 0.5

[release]
min_confidence = 0.8           # labels below are withheld, and counted
"""

_BARS = {
    "subjective": 'at_least = 0.6                 # a matter of opinion: "substantial" begins here (Landis, Koch 1977)',
    "objective": "at_least = 0.8                 # a matter of fact: what Krippendorff (2018, section 12.4) relies on",
}
"""Kinds of task and their usual bars for agreement."""

_WORKFLOW = """\
name: gate
on: [push, pull_request]

jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install weakhitl
      - run: weakhitl label
      - run: weakhitl check --format github   # exit 1 fails, 4 undecided: both stop the job
"""

_HOOK = """\
repos:
  - repo: local
    hooks:
      - id: weakhitl-check
        name: weakhitl check
        entry: weakhitl check --log .weakhitl/hook-log.jsonl
        language: system
        pass_filenames: false
        always_run: true
        stages: [pre-push]
"""

_ATTRIBUTES_FILE = ".gitattributes"

_ATTRIBUTES = """\
# These files are known by the hashes of their bytes: git is not to change their line ends, as it does on Windows.
guidelines/** -text
releases/** -text
"""

_FUNCTION_FILE = "labeling_functions/functions.py"

_FUNCTIONS = '''\
"""Labeling functions: rules of thumb that vote on a row. See `weakhitl lfs` for what they do."""

from weakhitl import ABSTAIN, labeling_function


@labeling_function
def mentions_{word}(x):
    """Vote {first} where the text says so; replace this by a rule of yours."""
    return {first!r} if {word!r} in str(x[{column!r}]).lower() else ABSTAIN
'''

_FUNCTIONS_ON_FILES = '''\
"""Labeling functions: rules of thumb that vote on a row. See `weakhitl lfs` for what they do."""

from pathlib import Path

from weakhitl import ABSTAIN, labeling_function

PROJECT = Path(__file__).resolve().parents[1]


@labeling_function
def small_is_{word}(x):
    """Vote {first} where the file is small; replace this by a rule of yours."""
    return {first!r} if (PROJECT / x[{column!r}]).stat().st_size < 10_000 else ABSTAIN
'''


def init_ci(folder: Path) -> list[Path]:
    """Write a GitHub workflow and a pre-commit hook that run the gate; give the files written.

    The hook runs before a push. Raises ``StateError`` when a file is there already: nothing is overwritten.
    """
    return _write(folder, {".github/workflows/gate.yml": _WORKFLOW, ".pre-commit-config.yaml": _HOOK})


@dataclass(frozen=True)
class Made:
    """What a new project is made of: files that were written, the column of ids, the classes, what to know of it."""

    written: list[Path]
    id_column: str
    classes: tuple[str, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Items:
    """A new project's items: the file as the configuration names it, its columns, classes, and a copy to write.

    ``shown`` says that the column names files that people look at.
    """

    name: str = "items.csv"
    id_: str = _ID
    column: str = TEXT
    classes: tuple[str, ...] = ()
    copy: "pd.DataFrame | None" = None
    shown: bool = False
    notices: tuple[str, ...] = ()


def init_project(
    folder: Path,
    classes: Sequence[str] = (),
    data: Path | None = None,
    id_column: str | None = None,
    task: str = "subjective",
    *,
    add_ids: bool = False,
    functions: bool = True,
    source: str | None = None,
    label: str = "label",
) -> Made:
    """Write weakhitl.toml, labeling_functions/ and guidelines/ into ``folder``.

    ``id_column`` defaults to a column of the data called item or id, else to the first whose cells differ, and to text
    only where no other does. With ``add_ids`` the project works on a copy of the data in ``folder``, with a new first
    column of this name (default: item) that numbers the rows. ``source`` names the tool that wrote ``data``: its items
    are copied, under its own ids where they have none of ours; ``label`` is its question. Of a folder without tables
    each picture, sound or video is an item, or else each text (see ``folder_items``). Without ``functions`` people
    label everything. The classes default to the labels in the tool's file, else to no and yes. ``task``,
    subjective or objective, sets the bar for agreement. Raises ``StateError`` when a file is there already: nothing
    is overwritten.
    """
    try:
        schema = LabelSchema(classes, skip=[_SKIP]) if classes else None
    except SchemaError as error:
        raise UsageError(f"--class: {'; '.join(error.faults)}") from None
    if data is None and (add_ids or source):
        raise UsageError(f"{'--add-ids' if add_ids else '--from'}: say which data with --data")
    if data is None:
        items = _Items(id_=id_column or _ID)
    elif source is None and data.is_dir() and not has_tables(data):
        items = _items_of_folder(folder, data, id_column, add_ids=add_ids)
    elif source is None:
        items = _items_of_table(folder, data, id_column, add_ids=add_ids)
    elif add_ids:
        raise UsageError("--add-ids: another tool's file has ids of its own; leave out --add-ids or --from")
    else:
        layout = Layout(item=id_column or _ID, label=label, own_ids=True, items_only=True)
        items = _items_of_tool(data, source, schema, layout)
    names = tuple(classes) or items.classes or ("no", "yes")
    copy = {} if items.copy is None else {items.name: items.copy}
    written = _write(folder, {**copy, **_texts(folder, names, items, task, functions=functions)})
    return Made(written, items.id_, names, items.notices)


def _items_of_table(folder: Path, data: Path, id_column: str | None, *, add_ids: bool) -> _Items:
    refuse_json(data)
    table = read_table(data)
    if faults := separator_faults(table):
        raise DataError(str(data), faults)
    id_ = id_column or _ID if add_ids else _id_column(table, data, id_column)
    guess = "" if add_ids or id_column else f"The column {id_!r} tells items apart; if another does, change [data] id."
    doubt = _doubt([str(name) for name in table.columns], data)
    if add_ids:
        table = _numbered(table, data, id_)
    names = [str(name) for name in table.columns]
    column = TEXT if TEXT in names else likely_text(table.drop(columns=id_, errors="ignore")) or id_
    name = _copy_name(data) if add_ids else _path_from(folder, data)
    return _Items(name, id_, column, copy=table if add_ids else None, notices=tuple(filter(None, (guess, doubt))))


def _doubt(names: list[str], data: Path) -> str:
    """Ask whether the names of a CSV's or a sheet's columns are an item's cells."""
    like_cells = any(are_numbers([name]) for name in names) or (len(names) == 1 and " " in names[0])
    if not like_cells or table_kind(table_files(data)[0]) not in ("csv", "xlsx"):
        return ""
    found = a_few([repr(name) for name in names])
    return f"The first line is read as the names of the columns: {found}. If it is an item, put names above it."


def _items_of_folder(folder: Path, data: Path, id_column: str | None, *, add_ids: bool) -> _Items:
    """List the files of a folder without tables."""
    if add_ids:
        raise UsageError("--add-ids: the files of a folder are told apart by their names; leave it out")
    id_ = id_column or _ID
    found = folder_items(folder, data, id_)
    notices = (
        f"{number_of(len(found.table), 'file is an item', 'files are the items')}.",
        passed_over(found.passed_over),
    )
    return _Items(
        id_=id_, column=found.column, copy=found.table, shown=found.column == FILE, notices=tuple(filter(None, notices))
    )


def _items_of_tool(data: Path, source: str, schema: LabelSchema | None, layout: Layout) -> _Items:
    """Read what people see, not what they said: ``weakhitl import`` does that."""
    content = format_named(source).read(data, schema, layout)
    table = content.items.drop(columns=_ID, errors="ignore").map(_as_cell).reset_index(names=_ID)
    column = content.text if content.text in table else str(table.columns[min(1, len(table.columns) - 1)])
    return _Items(column=column, classes=tuple(name for name in content.schema.classes if name != _SKIP), copy=table)


def _as_cell(value: Any) -> Any:
    """Write what CSV has no type for as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _texts(folder: Path, classes: tuple[str, ...], items: _Items, task: str, *, functions: bool) -> dict[str, str]:
    word = name_of(classes[0].lower())
    texts = {
        CONFIG_NAME: _TOML.format(
            name=_quoted(folder.resolve().name),
            classes=f"[{', '.join(map(_quoted, classes))}]",
            skip=_quoted(_SKIP),
            data=_quoted(items.name),
            id=_quoted(items.id_),
            functions='["labeling_functions/"]' if functions else "[]                 # people label everything",
            bar=_BARS[task],
            read=_shown_to_people(items),
        ),
        _FUNCTION_FILE: (_FUNCTIONS_ON_FILES if items.shown else _FUNCTIONS).format(
            word=word, first=classes[0], column=items.column
        ),
        "guidelines/guideline.md": new_guideline(classes),
        _ATTRIBUTES_FILE: _ATTRIBUTES,
    }
    if not functions:
        del texts[_FUNCTION_FILE]
    if (folder / _ATTRIBUTES_FILE).exists():
        del texts[_ATTRIBUTES_FILE]
    return texts


def _write(folder: Path, contents: "Mapping[str, str | pd.DataFrame]") -> list[Path]:
    if there := [name for name in contents if (folder / name).exists()]:
        raise StateError(f"{folder} holds {', '.join(there)} already; nothing was written")
    paths = [folder / name for name in contents]
    try:
        for path, content in zip(paths, contents.values(), strict=True):
            if isinstance(content, str):
                write_text(path, content)
            else:
                write_table(path, content)
    except BaseException:  # half a project would be in the way of the next try
        _remove(folder, paths)
        raise
    return paths


def _remove(folder: Path, paths: Sequence[Path]) -> None:
    """Remove files, and the folders below ``folder`` that are empty then."""
    for path in paths:
        with suppress(OSError):
            path.unlink()
    for place in {path.parent for path in paths} - {folder}:
        with suppress(OSError):
            place.rmdir()


def _shown_to_people(items: _Items) -> str:
    """Name the column that people look at or read; where it is a guess, as a hint."""
    if items.shown:
        return f"{f'media = [{_quoted(items.column)}]':<30} # files of the project that people look at"
    line = f"text = {_quoted(items.column)}"
    line = line if items.column == TEXT else f"# {line}"
    return f"{line:<30} # what people read, or a list of columns; without, all: labels, too"


def _path_from(folder: Path, data: Path) -> str:
    """Give the data's path as the project's configuration names it: from its folder where they lie in it or beside it.

    Both can be moved or cloned together then.
    """
    data, folder = data.resolve(), folder.resolve()
    if data.is_relative_to(folder):
        return data.relative_to(folder).as_posix()
    if data.is_relative_to(folder.parent) and folder.parent != Path(folder.anchor):
        return f"../{data.relative_to(folder.parent).as_posix()}"
    return str(data)


def _copy_name(data: Path) -> str:
    return f"{data.name.partition('.')[0]}_with_ids.{table_kind(table_files(data)[0])}"


def _numbered(table: "pd.DataFrame", data: Path, name: str) -> "pd.DataFrame":
    if name in map(str, table.columns):
        raise UsageError(f"--add-ids: {data} has a column {name!r} already; name another with --id")
    table.insert(0, name, [str(row) for row in range(1, len(table) + 1)])
    return table


def _id_column(table: "pd.DataFrame", data: Path, wanted: str | None) -> str:
    require_columns(table, [] if wanted is None else [wanted], str(data))
    columns = [str(name) for name in table.columns]
    usual = [name for name in ("item", "id") if name in columns]
    candidates = [*usual, *sorted(columns, key=lambda name: name == TEXT)] if wanted is None else [wanted]
    for name in candidates:
        if table[name].is_unique:
            return name
    what = "no column has" if wanted is None else f"the column {wanted!r} does not have"
    raise UsageError(
        f"{data}: {what} a different value in every row; for a copy with a column that numbers the rows, give --add-ids"
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
