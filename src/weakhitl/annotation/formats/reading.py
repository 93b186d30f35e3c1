"""Read what came back: collect it with its place in the file, then name every fault at once."""

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.annotation.formats.content import (
    Exchange,
    Layout,
    Prediction,
    Rating,
    plain,
    predictions_table,
    queue_table,
    ratings_table,
)
from weakhitl.errors import DataError, SchemaError
from weakhitl.files import Fault, half_character
from weakhitl.label_names import in_order, require_distinct, whole
from weakhitl.schema import LabelSchema
from weakhitl.vote_table import Codes, conflict_faults, encode_labels

Place = tuple[int, str]
"""Where something stands: the number of its record, for sorting, and its name for a person."""

_FIRST_YEAR, _LAST_YEAR = 1970, 2199
"""pandas counts nanoseconds, which do not reach much further."""

Record = tuple[Place, dict[str, Any]]


@dataclass
class Reading:
    """What a reader has found so far, and what is wrong with it."""

    path: Path
    layout: Layout
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    ratings: list[tuple[Place, Rating]] = field(default_factory=list)
    predictions: list[tuple[Place, Prediction]] = field(default_factory=list)
    labels: list[tuple[Place, str]] = field(default_factory=list)
    faults: list[tuple[Place, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    notices: list[str] = field(default_factory=list)

    def add_item(self, place: Place, item: Any, data: dict[str, Any], *, expected: str, own: Any = None) -> str | None:
        """Keep an item; give its id as text, or None and a fault when there is none; ``own`` is the tool's id."""
        if self.layout.own_ids and plain(item) in (None, ""):
            item = own
        name = self._name(place, "item", item)
        if name is None and plain(item) in (None, ""):
            instead = "" if own is None else ", or take the tool's own ids (--own-ids)"
            self.fault(place, f"no item; expected its id in {expected}{instead}")
        if name is not None:
            self.items.setdefault(name, data)
        return name

    def add_rating(self, place: Place, item: str | None, annotator: Any, label: Any, **rest: Any) -> None:
        """Keep a rating; ``rest`` are further fields of ``Rating``, of which times and numbers are checked."""
        if self.layout.items_only:
            self._label(place, label)
            return
        name = self._name(place, "annotator", annotator) or self.layout.default_annotator
        if not name and plain(annotator) in (None, ""):
            self.fault(place, "no annotator; say who rated with the default annotator")
        answer = None if plain(label) is None else self._label(place, label)
        rest["time"] = self._checked(place, "time", utc, rest.get("time"))
        rest["seconds"] = self._checked(place, "seconds", duration, rest.get("seconds"))
        name = self.layout.people.get(name, name)
        if item is not None and name and (answer is not None or plain(label) is None):
            self.ratings.append((place, Rating(item, name, answer, **rest)))

    def add_prediction(self, place: Place, item: str | None, label: Any, score: Any, model: Any) -> None:
        """Keep a prediction."""
        name = self._label(place, label)
        value = self._checked(place, "score", number, score)
        if item is not None and name is not None:
            self.predictions.append((place, Prediction(item, name, value, str(plain(model) or ""))))

    def fault(self, place: Place, what: str) -> None:
        """Note what is wrong."""
        self.faults.append((place, what))

    def finish(self, schema: LabelSchema | None) -> Exchange:
        """Check labels and contradictions, raise ``DataError`` with all faults, or give what was read.

        Without a schema the classes are the labels that occur.
        """
        schema = schema or self._occurring()
        ratings = ratings_table(rating for _, rating in self.ratings)
        predictions = predictions_table(prediction for _, prediction in self.predictions)
        _, wrong = encode_labels(pd.Series([label for _, label in self.labels], dtype=object), schema)
        faults = [*self.faults, *((self.labels[row][0], what) for row, what in wrong)]
        faults += [
            (self.ratings[row][0], what)
            for row, what in role_conflicts(ratings, encode_labels(ratings["label"], schema)[0])
        ]
        if faults:
            ordered = sorted(faults, key=lambda fault: fault[0][0])
            raise DataError(str(self.path), [f"{name}: {what}" for (_, name), what in ordered])
        notices = [f"{count:,} left out: {what}" for what, count in self.left_out.items()]
        items, needed = _take_needed(self.items)
        text = self.layout.text
        return Exchange(items, predictions, ratings, queue_table(needed), schema, text, (*self.notices, *notices))

    def _occurring(self) -> LabelSchema:
        found = list(dict.fromkeys(label for _, label in self.labels))
        ordered, are_numbers = in_order(found)
        found = ordered if are_numbers else found
        require_distinct(found, str(self.path), "name the classes with --class")
        try:
            return LabelSchema(found)
        except SchemaError as error:
            occur = f"the labels that occur ({', '.join(map(repr, found)) or 'none'}) are no classes"
            faults = [f"{name}: {what}" for (_, name), what in self.faults]
            raise DataError(
                str(self.path), [*faults, f"{occur}: {'; '.join(error.faults)}; --class names them"]
            ) from None

    def _label(self, place: Place, value: Any) -> str | None:
        label = self._name(place, "label", value)
        if label is not None:
            self.labels.append((place, label))
        return label

    def _name(self, place: Place, what: str, value: Any) -> str | None:
        value = plain(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return whole(str(value))
        if value is not None and not isinstance(value, str):
            self.fault(place, f"{what} {value!r} is {type(value).__name__}; expected a text")
        return value if isinstance(value, str) and (value or what == "label") else None

    def _checked(self, place: Place, what: str, convert: Callable[[Any], Any], value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, TypeError):
            self.fault(place, f"{what} {value!r} is not a {KINDS[convert]}")
            return convert(None)


def read_records(path: Path) -> list[Record]:
    """Read the objects of a JSON list, or of a JSON Lines file, each with its place.

    Raises ``DataError`` when the file is missing, empty, no UTF-8, or no JSON, naming every line that is not.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(str(path), f"byte {error.start} is not UTF-8; save the file as UTF-8") from error
    return parse_records(str(path), text)


def parse_records(where: str, text: str) -> list[Record]:
    """Parse the objects of a JSON list, of JSON Lines, or the one object that the whole text is."""
    faults: list[str] = []
    rows = _whole(where, text) if text.lstrip().startswith("[") else _lines(text, faults)
    found = list(rows)
    faults += [f"{place[1]}: expected an object, found {type(row).__name__}" for place, row in found if _odd(row)]
    if "\\u" in text:
        faults += [f"{place[1]}: {half}" for place, row in found if (half := half_character(row))]
    if not found and not faults:
        faults.append("the file is empty; expected at least one record")
    if faults:
        raise DataError(where, faults)
    return found


def pick_question(path: Path, names: Collection[str], wanted: str) -> str:
    """Give the question that holds the label: the wanted one, or the only one; ``DataError`` when it is open."""
    if not names or wanted in names:
        return wanted
    if len(names) > 1:
        raise DataError(str(path), f"no question {wanted!r}; say which holds the label: {', '.join(names)}")
    return next(iter(names))


def objects(value: Any) -> list[dict[str, Any]]:
    """Give the objects in a list; nothing where there is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """Give an object as it is, and an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def utc(text: Any) -> str:
    """Turn a time since 1970 into ISO 8601 in UTC, empty for none; without a zone it is UTC already.

    >>> utc("2024-05-01T12:30:00Z"), utc("Wed Aug 10 09:28:43 PDT 2016"), utc(None)
    ('2024-05-01T12:30:00+00:00', '2016-08-10T16:28:43+00:00', '')
    """
    if plain(text) in (None, ""):
        return ""
    if not isinstance(text, str):
        raise TypeError(text)
    if not (text := text.strip()):
        return ""
    if text.isdigit() and len(text) > len("20240501"):  # some seconds since 1970 would be read as a day
        raise ValueError(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not _FIRST_YEAR <= aware.year <= _LAST_YEAR:
        raise ValueError(text)
    whole = aware.microsecond and aware.microsecond % 1000 == 0
    return aware.astimezone(UTC).isoformat(timespec="milliseconds" if whole else "auto")


def number(value: Any) -> float:
    """Turn a number, or the text of one, into a float; nan for none."""
    value = plain(value)
    if isinstance(value, bool):
        raise TypeError(value)
    return math.nan if value in (None, "") else float(value)


def duration(value: Any) -> float:
    """Turn seconds into a float, 0 or more; nan for none."""
    seconds = number(value)
    if seconds < 0 or math.isinf(seconds):
        raise ValueError(value)
    return seconds


KINDS: dict[Callable[[Any], Any], str] = {
    utc: f"time in ISO 8601, {_FIRST_YEAR} to {_LAST_YEAR}",
    number: "number",
    duration: "number of seconds, 0 or more",
}
"""What each reads."""


def role_conflicts(ratings: pd.DataFrame, codes: Codes) -> list[Fault]:
    """Find second, different ratings by one person of one item, in each role."""
    found: list[Fault] = []
    for role in ratings["role"].unique() if "role" in ratings else [None]:
        rows = np.arange(len(ratings)) if role is None else np.flatnonzero(ratings["role"] == role)
        conflicts = conflict_faults(ratings.iloc[rows], codes[rows], ["item", "annotator"])
        found += [(int(rows[row]), what) for row, what in conflicts]
    return found


def _take_needed(items: dict[str, dict[str, Any]]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Split the count of ratings that an item still needs from its columns, unless ``needed`` is something else."""
    cells = {item: plain(data.get("needed", "")) for item, data in items.items()}
    counts = {item: _count(cell) for item, cell in cells.items()}
    needed = {item: count for item, count in counts.items() if count is not None}
    if all(cell in (None, "") or item in needed for item, cell in cells.items()):
        items = {item: {key: cell for key, cell in data.items() if key != "needed"} for item, data in items.items()}
    else:
        needed = {}
    index = pd.Index(list(items), name="item", dtype=object)
    return pd.DataFrame(list(items.values()), index=index, dtype=object), needed


def _count(cell: Any) -> int | None:
    try:
        value = number(cell)
    except (ValueError, TypeError):
        return None
    return int(value) if value.is_integer() and value >= 0 else None


def _whole(where: str, text: str) -> Iterator[Record]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(where, f"not JSON ({error.msg} in line {error.lineno}, column {error.colno})") from error
    return (((number, f"record {number}"), row) for number, row in enumerate(rows, start=1))


def _lines(text: str, faults: list[str]) -> Iterator[Record]:
    with suppress(json.JSONDecodeError):
        whole = json.loads(text)
        yield (1, "record 1"), whole
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield (number, f"line {number}"), json.loads(line)
            except json.JSONDecodeError as error:
                faults.append(f"line {number}: not JSON ({error.msg} at column {error.colno})")


def _odd(row: Any) -> bool:
    return not isinstance(row, dict)
