"""Amazon Mechanical Turk: the CSV from which a batch is made, and the CSV of its results."""

from pathlib import Path
from typing import Any

import pandas as pd

from weakhitl.annotation.formats.content import Exchange, Format, Layout, item_rows
from weakhitl.annotation.formats.reading import Place, Reading
from weakhitl.errors import DataError
from weakhitl.files import read_table, require_columns, row_places, write_table
from weakhitl.schema import LabelSchema

_INPUT, _ANSWER = "Input.", "Answer."
_REQUIRED = ("AssignmentStatus", "WorkerId")
_HIT = "HITId"


def write(path: Path, exchange: Exchange) -> None:
    """Write one row an item; each column is a variable of the task's page, such as ``${text}``."""
    rows = [{"item": item, exchange.text: text, **data} for item, text, data in item_rows(exchange)]
    write_table(path, pd.DataFrame(rows, dtype=object))


def read(path: Path, schema: LabelSchema | None, layout: Layout) -> Exchange:
    """Read the results of a batch.

    The label stands in ``Answer.label.label`` (a crowd-classifier named ``label``), in ``Answer.label``, in
    ``Answer.label.CLASS`` that are true or false (radio buttons), or in the only answer. An assignment without an
    answer is a skip; one that is rejected, or marked so in ``Reject``, is left out.
    """
    table = read_table(path)
    item = _HIT if layout.own_ids and _HIT in table else _named(_INPUT, layout.item)
    require_columns(table, [item, *_REQUIRED], str(path))
    answer = _answer_columns(path, table, layout)
    rows = table.to_dict("records")
    reading = Reading(path, layout)
    for number, (where, row) in enumerate(zip(row_places(path, range(len(rows))), rows, strict=True)):
        _read_assignment(reading, (number, where), row, answer)
    return reading.finish(schema)


def _read_assignment(reading: Reading, place: Place, row: dict[Any, Any], answer: dict[str, str | None]) -> None:
    layout, key = reading.layout, _named(_INPUT, reading.layout.item)
    own = {name.removeprefix(_INPUT): cell for name, cell in row.items() if name.startswith(_INPUT) and name != key}
    item = reading.add_item(place, row.get(key), own, expected=repr(key), own=row.get(_HIT))
    if row["AssignmentStatus"] == "Rejected" or row.get("Reject"):
        reading.left_out["assignments that were rejected"] += 1
        return
    labels = _labels(row, answer)
    if len(labels) > 1:
        reading.fault(place, f"{len(labels)} answers, {', '.join(labels)}; expected one")
    reading.add_rating(
        place,
        item,
        row["WorkerId"],
        labels[0] if labels else None,
        time=row.get("SubmitTime"),
        seconds=row.get("WorkTimeInSeconds"),
        note=row.get(_named(_ANSWER, layout.note), ""),
    )


def _answer_columns(path: Path, table: pd.DataFrame, layout: Layout) -> dict[str, str | None]:
    """Give the columns that hold the label; to each the label that it stands for, or None where the cell is it."""
    name = _named(_ANSWER, layout.label)
    found = [str(column) for column in table.columns if str(column).startswith(_ANSWER)]
    others = [column for column in found if column != _named(_ANSWER, layout.note)]
    choices = {column: column.removeprefix(f"{name}.") for column in others if column.startswith(f"{name}.")}
    if name in found:
        return {name: None}
    if set(choices.values()) - {"label"} and all(_is_flag(table[column]) for column in choices):
        return dict(choices)
    if f"{name}.label" in found:
        return {f"{name}.label": None}
    classifiers = [column for column in others if column.endswith(".label")] or others
    if len(classifiers) == 1:
        return {classifiers[0]: None}
    raise DataError(str(path), f"no column {name!r}; say which answer holds the label: {', '.join(found) or 'none'}")


def _is_flag(cells: "pd.Series[Any]") -> bool:
    return bool(cells.astype(str).str.lower().isin(["true", "false", ""]).all())


def _labels(row: dict[Any, Any], answer: dict[str, str | None]) -> list[str]:
    cells = [(str(row[column]), label) for column, label in answer.items()]
    chosen = [cell if label is None else label for cell, label in cells if label is None or cell.lower() == "true"]
    return [label for label in chosen if label]


def _named(prefix: str, name: str) -> str:
    return name if name.startswith(prefix) else prefix + name


FORMAT = Format(
    "mturk",
    ".csv",
    write,
    read,
    (
        "ratings, when written: a batch starts from items alone, and its results come back with ratings",
        "predictions",
        "decisions of adjudicators, and the guideline a rating was made under",
        "which skip answer was meant where a worker submitted none",
    ),
)
