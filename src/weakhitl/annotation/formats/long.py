"""The long table: one rating a row (item, annotator, label)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.annotation.formats.content import (
    RATING_COLUMNS,
    Exchange,
    Format,
    Layout,
    by_item,
    item_rows,
    needed_of,
    plain,
    ratings_of,
    skip_answer,
    write_json_lines,
)
from weakhitl.annotation.formats.facts import read_facts
from weakhitl.annotation.formats.reading import Place, Reading, role_conflicts
from weakhitl.annotation.formats.wide import HINT, ITEM, Columns, as_long
from weakhitl.annotation.store import ADJUDICATOR, ANNOTATOR, ROLES
from weakhitl.errors import DataError
from weakhitl.files import raise_row_faults, read_table, require_columns, row_places, write_table
from weakhitl.frames import as_pandas
from weakhitl.schema import LabelSchema
from weakhitl.vote_names import unknown_item
from weakhitl.vote_table import encode_labels, missing_faults

ROW = "row"
"""The index of ratings that were read from a plain table: their rows in the file, from 0."""


def read_long(
    ratings: Path | str | pd.DataFrame,
    schema: LabelSchema,
    items: pd.Index,
    columns: Columns = ("item", "annotator", "label"),
    wide: str | Sequence[str] = (),
    *,
    adjudication: bool = False,
    ids: str = "",
    people: Mapping[str, str] | None = None,
    default_annotator: str = "",
    others: Collection[str] = (),
) -> pd.DataFrame:
    """Read ratings from a long file, or a table in memory, into columns item, annotator, label (strings).

    Columns role, guideline, time, seconds and note stand beside them where the table has them (see ``read_facts``) and
    they are not among ``others``, such as the dataset's: a file that people fill in holds those, too.

    Its index, called ``ROW``, holds their rows in the file, from 0.

    Where nobody named another column of items and there is none called item, the column ``ids`` is it, if it is there.
    ``people`` says who is meant by a name, ``default_annotator`` who rated where there is none.

    With ``adjudication`` they are decisions, whose person may be in a column ``adjudicator``, as in the queue that is
    written; without, such a table is refused. ``wide`` are the annotators' columns of a table whose rows are items
    (see ``as_long``).
    A row with an empty label is a place that nobody has filled in yet and is left out. Raises ``DataError``
    naming every missing id, unknown item, label that is neither class nor skip answer, and second,
    different rating by one annotator of one item.
    """
    path, hint, given = str(ratings), HINT, as_pandas(ratings)
    if isinstance(given, pd.DataFrame):
        path = "ratings"
        hint = "columns=(item, annotator, label) names others; wide=['*'] if each annotator has a column"
    else:
        given = read_table(given)
    if columns[0] == ITEM and ITEM not in given and ids and ids in given:
        columns = (ids, *columns[1:])
    if ADJUDICATOR in given and columns[1] not in given and not wide:
        if not adjudication:
            raise DataError(path, "has a column 'adjudicator': these are decisions; read them with --adjudication")
        columns = (columns[0], ADJUDICATOR, columns[2])
    if default_annotator and columns[1] not in given and not wide:
        given = given.assign(**{columns[1]: default_annotator})
    given, columns, origin = as_long(given, columns, wide, path, hint, schema.classes)
    table = given[list(columns)].set_axis(["item", "annotator", "label"], axis=1).reset_index(drop=True)
    filled = ~(table["label"].isna() | table["label"].eq(""))
    rows = origin[filled]
    table = table[filled].reset_index(drop=True)
    table["annotator"] = _named(path, table["annotator"], people or {}, default_annotator)
    codes, faults = encode_labels(table["label"], schema)
    other = given.columns if wide else {*columns, *others}
    facts, wrong = read_facts(given[filled.to_numpy()].reset_index(drop=True), other)
    faults += wrong
    missing = missing_faults(table, ["item", "annotator"])
    unknown = items.get_indexer(pd.Index(table["item"])) < 0
    unknown[[row for row, _ in missing]] = False
    faults += missing
    faults += [(int(at), unknown_item(table["item"].iloc[at], items)) for at in np.flatnonzero(unknown)]
    if adjudication:
        facts = facts.drop(columns="role", errors="ignore")
    table = table.join(facts)
    faults += role_conflicts(table, codes)
    raise_row_faults(path, [(int(rows[at]), what) for at, what in faults])
    return table.set_axis(pd.Index(rows, name=ROW))


def _named(path: str, names: "pd.Series[Any]", people: Mapping[str, str], default_annotator: str) -> "pd.Series[Any]":
    """Say who is meant. Raises ``DataError`` where nobody wrote down who rated anything."""
    blank = names.isna() | names.eq("")
    if blank.any() and default_annotator:
        names = names.mask(blank, default_annotator)
    elif len(names) and blank.all():
        raise DataError(path, "no row says who rated; give the name with --by NAME, or fill the column in")
    return names.map(lambda name: people.get(str(name), name)) if people else names


def write_queue(
    path: Path, queue: pd.DataFrame, items: pd.DataFrame, schema: LabelSchema, who: str = ANNOTATOR
) -> None:
    """Write items to be rated: the queue's columns, the items' own, and empty cells for ``who`` and the label.

    For decisions ``who`` is ``adjudicator``, so that nobody takes them for ratings. A spreadsheet offers the classes.
    """
    own = items.loc[queue["item"]].reset_index(drop=True)
    own = own.drop(columns=[name for name in ("item", ANNOTATOR, ADJUDICATOR, "label") if name in own])
    blank = pd.DataFrame({who: "", "label": ""}, index=own.index)
    write_table(path, pd.concat([queue.reset_index(drop=True), own, blank], axis=1), {"label": answers(schema)})


def write(path: Path, exchange: Exchange) -> None:
    """Write one row a rating, and an open row for each item that is queued or has no rating.

    Every row has the item's own columns. The file is CSV, JSON Lines, Parquet or a spreadsheet, by its ending.
    """
    rows = list(_rows(exchange))
    if path.suffix.lower() == ".jsonl":
        write_json_lines(path, rows)
    else:
        write_table(path, pd.DataFrame(rows, dtype=object), {"label": answers(exchange.schema)})


def answers(schema: LabelSchema | None) -> list[str]:
    """List what people may answer: classes, then skip answers; nothing where that is not known."""
    return [] if schema is None else [*map(str, schema.classes), *schema.skip]


def read(path: Path, schema: LabelSchema | None, layout: Layout) -> Exchange:
    """Read a long table; a row with an empty label is open.

    Columns role, guideline, time, seconds and note may be there, others are the item's own.
    """
    table = read_table(path)
    names = {"item": layout.item, "annotator": layout.annotator, "label": layout.label, "note": layout.note}
    who = [] if layout.default_annotator or layout.items_only else [layout.annotator]
    required = [layout.item, layout.label, *who]
    require_columns(table, required, str(path))
    columns = {column: names.get(column, column) for column in RATING_COLUMNS}
    reading, rows = Reading(path, layout), table.to_dict("records")
    for number, (where, row) in enumerate(zip(row_places(path, range(len(rows))), rows, strict=True)):
        own = {str(name): cell for name, cell in row.items() if name not in columns.values()}
        found = {column: row.get(name) for column, name in columns.items()}
        _read_row(reading, (number, where), own, found)
    return reading.finish(schema)


def _rows(exchange: Exchange) -> Iterator[dict[str, Any]]:
    ratings, needed = by_item(ratings_of(exchange)), needed_of(exchange)
    known = {item: {exchange.text: text, **data} for item, text, data in item_rows(exchange, RATING_COLUMNS)}
    for item in dict.fromkeys([*known, *ratings]):
        own = {"item": item, **known.get(item, {})}
        for rating in ratings.get(item, []):
            label = skip_answer(rating, exchange.schema)
            if label is not None:
                yield {**own, **{name: plain(cell) for name, cell in asdict(rating).items()}, "label": label}
        if item in needed or item not in ratings:
            yield {**own, "annotator": "", "label": ""}


def _read_row(reading: Reading, place: Place, own: dict[str, Any], found: dict[str, Any]) -> None:
    item = reading.add_item(place, found["item"], own, expected=f"column {reading.layout.item!r}")
    if plain(found["label"]) in (None, ""):
        return
    texts = {name: str(plain(found[name]) or "") for name in ("role", "guideline", "note")}
    if texts["role"] not in ("", *ROLES):
        reading.fault(place, f"role {texts['role']!r}; expected {', '.join(ROLES[:-1])} or {ROLES[-1]}")
    rest = {**texts, "role": texts["role"] or ANNOTATOR, "time": found["time"], "seconds": found["seconds"]}
    reading.add_rating(place, item, found["annotator"], found["label"], **rest)


FORMAT = Format(
    "long",
    ".csv",
    write,
    read,
    (
        "predictions",
        "that a skip was bare: it becomes the first skip answer, and stays out where there is none",
    ),
)
