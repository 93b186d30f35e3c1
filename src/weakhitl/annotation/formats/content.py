"""What goes to another tool, or comes back from it, whatever the file format."""

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from weakhitl.annotation.store import ANNOTATOR
from weakhitl.files import require_columns, write_text
from weakhitl.schema import LabelSchema


@dataclass(frozen=True)
class Rating:
    """One person's answer to one item; ``label`` is a class, a skip answer, or None for a bare skip."""

    item: str
    annotator: str
    label: str | None
    role: str = ANNOTATOR
    guideline: str = ""
    time: str = ""
    seconds: float = math.nan
    note: str = ""


@dataclass(frozen=True)
class Prediction:
    """A model's label of one item; ``score`` is its probability, or nan."""

    item: str
    label: str
    score: float = math.nan
    model: str = ""


Row = TypeVar("Row", Rating, Prediction)

RATING_COLUMNS = [column.name for column in fields(Rating)]
PREDICTION_COLUMNS = [column.name for column in fields(Prediction)]


@dataclass(frozen=True)
class Exchange:
    """Items with what models and people say about them, and what is still to be asked.

    A file of tasks holds what is said about ``items``, and nothing about others; a long table holds every rating.

    Parameters
    ----------
    items
        The data, indexed by item id (strings); empty when a file holds none.
    predictions
        item, label, score (a probability or nan), model.
    ratings
        item, annotator, label (a class, a skip answer, or None for a bare skip), role, guideline, time (ISO 8601 in
        UTC, or empty), seconds (or nan), note.
    queue
        item, needed: how many ratings an item still needs.
    schema
        The classes.
    text
        The main text column of ``items``.
    notices
        What a reader left out, for a person to read.

    """

    items: pd.DataFrame
    predictions: pd.DataFrame
    ratings: pd.DataFrame
    queue: pd.DataFrame
    schema: LabelSchema
    text: str = "text"
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """What a reader has to be told about a file.

    Parameters
    ----------
    text
        The name that the main text gets.
    item, annotator, label, note
        Names of the columns, keys or questions that hold these.
    default_annotator
        Who rated, where a file does not say.
    people
        Who is meant by a tool's number or id, such as ``{"2": "ana"}``; others keep the name that the tool gives.
    own_ids
        Whether an item without an id of ours has the one that the tool gave it; without, that is a fault.
    items_only
        Whether only items and labels are wanted, and nobody asks who gave a label.

    """

    text: str = "text"
    item: str = "item"
    annotator: str = "annotator"
    label: str = "label"
    note: str = "note"
    default_annotator: str = ""
    people: Mapping[str, str] = field(default_factory=dict)
    own_ids: bool = False
    items_only: bool = False


@dataclass(frozen=True)
class Format:
    """A file format: how to write it, how to read it, and what of ratings and predictions it cannot hold."""

    name: str
    suffix: str
    write: Callable[[Path, Exchange], None]
    read: Callable[[Path, LabelSchema | None, Layout], Exchange]
    cannot_hold: tuple[str, ...]


def ratings_table(ratings: Iterable[Rating]) -> pd.DataFrame:
    """Make the table of ratings: one a row, texts as they are, seconds as numbers."""
    table = pd.DataFrame([asdict(rating) for rating in ratings], columns=RATING_COLUMNS, dtype=object)
    return table.astype({"seconds": float})


def predictions_table(predictions: Iterable[Prediction]) -> pd.DataFrame:
    """Make the table of predictions: one a row."""
    table = pd.DataFrame([asdict(prediction) for prediction in predictions], columns=PREDICTION_COLUMNS, dtype=object)
    return table.astype({"score": float})


def queue_table(needed: dict[str, int]) -> pd.DataFrame:
    """Make the queue: how many ratings each item still needs."""
    return pd.DataFrame({"item": pd.Series(list(needed), dtype=object), "needed": list(needed.values())}).astype(
        {"needed": "int64"}
    )


def ratings_of(exchange: Exchange, *, role: str | None = None) -> list[Rating]:
    """Give the ratings one by one; with ``role`` only those in that role."""
    rows = exchange.ratings.reindex(columns=RATING_COLUMNS).astype(object).to_dict("records")
    ratings = [Rating(**_filled(row)) for row in rows]
    return [rating for rating in ratings if role in (None, rating.role)]


def predictions_of(exchange: Exchange) -> list[Prediction]:
    """Give the predictions one by one."""
    rows = exchange.predictions.reindex(columns=PREDICTION_COLUMNS).astype(object).to_dict("records")
    return [
        Prediction(str(row["item"]), str(row["label"]), _number(row["score"]), plain(row["model"]) or "")
        for row in rows
    ]


def by_item(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Group ratings or predictions by their item."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.item, []).append(row)
    return groups


def needed_of(exchange: Exchange) -> dict[str, int]:
    """Give how many ratings each queued item still needs."""
    return {
        str(item): int(needed) for item, needed in zip(exchange.queue["item"], exchange.queue["needed"], strict=True)
    }


def item_rows(exchange: Exchange, taken: Collection[str] = ()) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each item's id, main text, and its other columns as JSON holds them.

    Columns named ``item`` or ``needed``, or as in ``taken``, are left out: the format keeps these names for itself.
    ``needed`` is there for what the queue holds. Raises ``DataError`` when there are items without the text column.
    """
    if not len(exchange.items):
        return
    require_columns(exchange.items, [exchange.text], "the items")
    needed, out = needed_of(exchange), {"item", "needed", exchange.text, *taken}
    others = [name for name in exchange.items.columns if str(name) not in out]
    columns = [exchange.items[name].tolist() for name in others]
    texts = [plain(text) for text in exchange.items[exchange.text]]
    for at, (item, text) in enumerate(zip(map(str, exchange.items.index), texts, strict=True)):
        data = {str(name): plain(column[at]) for name, column in zip(others, columns, strict=True)}
        count = {"needed": needed[item]} if item in needed else {}
        yield item, "" if text is None else str(text), {**data, **count}


def skip_answer(rating: Rating, schema: LabelSchema) -> str | None:
    """Give the label, or the first skip answer in place of a bare skip; None where there is no such answer."""
    return rating.label if rating.label is not None else next(iter(schema.skip), None)


def answers(schema: LabelSchema) -> list[str]:
    """List what a person can answer: the classes, then the skip answers."""
    return [*schema.classes, *schema.skip]


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one object a line."""
    write_text(path, json_lines(rows))


def json_lines(rows: Iterable[dict[str, Any]]) -> str:
    """Give the text of a JSON Lines file, in ASCII.

    Some tools split lines where Unicode does, not only at a line feed; escapes leave nothing to split at.
    """
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)


def plain(cell: Any) -> Any:
    """Turn a cell into what JSON holds; a missing value into None, and what JSON does not know into text."""
    if isinstance(cell, dict):
        return {str(key): plain(value) for key, value in cell.items()}
    if isinstance(cell, (list, tuple, np.ndarray)):
        return [plain(value) for value in cell]
    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, np.generic):
        return plain(cell.item())
    if isinstance(cell, (str, bool, int)) or (isinstance(cell, float) and math.isfinite(cell)):
        return cell
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _filled(row: dict[Any, Any]) -> dict[str, Any]:
    texts = {str(name): plain(cell) for name, cell in row.items()}
    filled = {name: texts[name] or "" for name in ("guideline", "time", "note")}
    return {
        **texts,
        **filled,
        "role": texts["role"] or ANNOTATOR,
        "seconds": _number(texts["seconds"]),
    }


def _number(cell: Any) -> float:
    return math.nan if plain(cell) is None else float(cell)
