"""Prodigy: JSON Lines of tasks with options (``choice``), or of yes-or-no tasks with a label (``classification``)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from weakhitl.annotation.formats.content import (
    Exchange,
    Format,
    Layout,
    Rating,
    answers,
    by_item,
    item_rows,
    needed_of,
    plain,
    ratings_of,
    write_json_lines,
)
from weakhitl.annotation.formats.reading import Place, Reading, mapping, number, read_records, utc
from weakhitl.annotation.store import ANNOTATOR
from weakhitl.schema import LabelSchema

_NOTE = "user_input"  # what Prodigy's text_input block calls its field unless told otherwise
_KEYS = {"text", "meta", "options", "accept", "answer", "label", "config", "tokens", "spans", "html", _NOTE}


def write(path: Path, exchange: Exchange) -> None:
    """Write one line a rating, and an open task for each item that is queued or has no rating."""
    write_json_lines(path, _tasks(exchange))


def read(path: Path, schema: LabelSchema | None, layout: Layout) -> Exchange:
    """Read what ``db-out`` gives; a task without an answer is open.

    An ignored task is a skip, and so is a choice that is rejected or without an option. A rejected yes-or-no task is
    a rating for the other class when there are two, and none when there are more.
    """
    reading, asked = Reading(path, layout), _Asked()
    for place, task in read_records(path):
        item = _read_item(reading, place, task)
        answer = task.get("answer")
        if answer is None:
            continue
        if answer not in ("accept", "reject", "ignore"):
            reading.fault(place, f"answer {answer!r}; expected accept, reject or ignore")
        elif "label" in task and "options" not in task:
            _read_label(reading, place, item, task, schema, asked)
        else:
            _read_choice(reading, place, item, task)
    _skip_what_was_only_ignored(reading, asked)
    return reading.finish(schema)


@dataclass
class _Asked:
    """Yes-or-no tasks: who said yes or no about which item, and what was ignored."""

    decided: set[tuple[str | None, str]] = field(default_factory=set)
    ignored: list[tuple[Place, str | None, dict[str, Any]]] = field(default_factory=list)


def _tasks(exchange: Exchange) -> Iterator[dict[str, Any]]:
    ratings, needed = by_item(ratings_of(exchange, role=ANNOTATOR)), needed_of(exchange)
    options = [{"id": answer, "text": answer} for answer in answers(exchange.schema)]
    for item, text, data in item_rows(exchange):
        task = {"text": text, "options": options, "meta": {"item": item, **data}}
        for rating in ratings.get(item, []):
            yield {**task, **_answer(rating)}
        if item in needed or item not in ratings:
            yield task


def _answer(rating: Rating) -> dict[str, Any]:
    known = {
        "_timestamp": round(datetime.fromisoformat(utc(rating.time)).timestamp()) if rating.time else None,
        _NOTE: rating.note or None,
    }
    return {
        "accept": [] if rating.label is None else [rating.label],
        "answer": "ignore" if rating.label is None else "accept",
        "_annotator_id": rating.annotator,
        "_session_id": rating.annotator,
        "_view_id": "choice",
        **{key: value for key, value in known.items() if value is not None},
    }


def _read_item(reading: Reading, place: Place, task: dict[str, Any]) -> str | None:
    layout, meta = reading.layout, mapping(task.get("meta"))
    found = {**meta, **{key: cell for key, cell in task.items() if key not in _KEYS and not key.startswith("_")}}
    text = {layout.text: task["text"]} if "text" in task else {}
    data = {**text, **{key: cell for key, cell in found.items() if key != layout.item}}
    own, expected = task.get("_input_hash"), f"meta[{layout.item!r}]"
    return reading.add_item(place, found.get(layout.item), data, expected=expected, own=own)


def _read_choice(reading: Reading, place: Place, item: str | None, task: dict[str, Any]) -> None:
    accepted = task.get("accept") if task["answer"] == "accept" else []
    if not isinstance(accepted, list):
        accepted = [] if accepted is None else [accepted]
    if len(accepted) > 1:
        reading.fault(place, f"{len(accepted)} options accepted, {', '.join(map(str, accepted))}; expected one")
    _rate(reading, place, item, task, accepted[0] if accepted else None)


def _read_label(
    reading: Reading, place: Place, item: str | None, task: dict[str, Any], schema: LabelSchema | None, asked: _Asked
) -> None:
    label, answer = task["label"], task["answer"]
    if answer == "ignore":
        asked.ignored.append((place, item, task))
        return
    asked.decided.add((item, _who(task)))
    if answer == "accept":
        _rate(reading, place, item, task, label)
    elif schema is None:
        reading.fault(place, f"label {label!r} is rejected, which speaks for another; say which classes there are")
    elif label not in schema.classes:
        reading.fault(place, f"label {label!r} is not a class; {schema.expected(label)}")
    elif len(schema) == 2:
        _rate(reading, place, item, task, schema.classes[1 - schema.classes.index(label)])
    else:
        reading.left_out["rejected labels, which speak for no other class"] += 1


def _skip_what_was_only_ignored(reading: Reading, asked: _Asked) -> None:
    """Count a person's ignored yes-or-no tasks of one item as one skip, unless the person decided another of them."""
    for place, item, task in asked.ignored:
        who = (item, _who(task))
        if who not in asked.decided:
            asked.decided.add(who)
            _rate(reading, place, item, task, None)


def _rate(reading: Reading, place: Place, item: str | None, task: dict[str, Any], label: Any) -> None:
    note = task.get(_NOTE)
    reading.add_rating(
        place, item, _who(task), label, time=_time(reading, place, task), note=note if isinstance(note, str) else ""
    )


def _who(task: dict[str, Any]) -> Any:
    return task.get("_annotator_id") or task.get("_session_id") or ""


def _time(reading: Reading, place: Place, task: dict[str, Any]) -> str:
    """Turn seconds since 1970 into ISO 8601."""
    stamp = plain(task.get("_timestamp"))
    try:
        seconds = number(stamp)
        return "" if math.isnan(seconds) else datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, TypeError, OverflowError, OSError):
        reading.fault(place, f"_timestamp {stamp!r} is not a count of seconds")
        return ""


FORMAT = Format(
    "prodigy",
    ".jsonl",
    write,
    read,
    (
        "predictions: a chosen option would lead people to it",
        "decisions of adjudicators: a task has no role, so they stay out",
        "the guideline a rating was made under",
        "the seconds a rating took",
        "fractions of a second in the time of a rating",
    ),
)
