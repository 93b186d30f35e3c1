"""Argilla 2: a JSON list of records, as ``dataset.records.to_json`` writes it and ``from_json`` reads it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from weakhitl.annotation.formats.content import (
    Exchange,
    Format,
    Layout,
    Prediction,
    Rating,
    by_item,
    item_rows,
    plain,
    predictions_of,
    ratings_of,
)
from weakhitl.annotation.formats.reading import Place, Reading, Record, mapping, objects, pick_question, read_records
from weakhitl.annotation.store import ANNOTATOR
from weakhitl.files import write_text
from weakhitl.schema import LabelSchema

_QUESTION, _NOTE, _FIELD = "label", "note", "text"
_OWN = {"id", "fields", "metadata", "suggestions", "responses", "vectors", "status", "_server_id", "score"}


def write(path: Path, exchange: Exchange) -> None:
    """Write one record an item: the text as its field, other columns as metadata, a suggestion, and responses."""
    write_text(path, json.dumps(list(_records(exchange)), indent=1, allow_nan=False) + "\n")


def read(path: Path, schema: LabelSchema | None, layout: Layout) -> Exchange:
    """Read records as ``to_json`` writes them, or as ``to_list(flatten=True)`` gives them.

    A discarded response is a skip, a draft is left out. ``to_json`` drops the status, so that all it holds counts as
    submitted; the flat form has it.
    """
    records = [(place, row if "fields" in row else _nested(row, layout)) for place, row in read_records(path)]
    layout = replace(layout, label=pick_question(path, _questions(records, layout), layout.label))
    reading = Reading(path, layout)
    for place, record in records:
        item = _read_item(reading, place, record)
        suggestion = mapping(mapping(record.get("suggestions")).get(layout.label))
        if plain(suggestion.get("value")) is not None:
            reading.add_prediction(place, item, suggestion["value"], suggestion.get("score"), suggestion.get("agent"))
        _read_responses(reading, place, item, mapping(record.get("responses")))
    return reading.finish(schema)


def _records(exchange: Exchange) -> Iterator[dict[str, Any]]:
    predictions = by_item(predictions_of(exchange))
    ratings = by_item(ratings_of(exchange, role=ANNOTATOR))
    for item, text, data in item_rows(exchange):
        yield {
            "id": item,
            "fields": {_FIELD: text},
            "metadata": data,
            "suggestions": _suggestions(predictions.get(item, [])),
            "responses": _responses(ratings.get(item, [])),
            "vectors": {},
            "status": "pending",
            "_server_id": None,
        }


def _suggestions(predictions: list[Prediction]) -> dict[str, dict[str, Any]]:
    if not predictions:
        return {}
    first = predictions[0]
    return {_QUESTION: {"value": first.label, "score": plain(first.score), "agent": first.model or None}}


def _responses(ratings: list[Rating]) -> dict[str, list[dict[str, Any]]]:
    answers = {
        _QUESTION: [_response(rating, rating.label) for rating in ratings],
        _NOTE: [_response(rating, rating.note) for rating in ratings if rating.note],
    }
    return {question: responses for question, responses in answers.items() if responses}


def _response(rating: Rating, value: str | None) -> dict[str, Any]:
    status = "discarded" if rating.label is None else "submitted"
    return {"value": value, "user_id": rating.annotator, "status": status}


def _questions(records: list[Record], layout: Layout) -> dict[str, None]:
    found = (mapping(record.get(key)) for _, record in records for key in ("suggestions", "responses"))
    return dict.fromkeys(question for answers in found for question in answers if question != layout.note)


def _read_item(reading: Reading, place: Place, record: dict[str, Any]) -> str | None:
    """Take the id from the metadata where it is there, else the record's own."""
    layout, metadata = reading.layout, mapping(record.get("metadata"))
    texts = mapping(record.get("fields"))
    main = _FIELD if _FIELD in texts else next(iter(texts), _FIELD)
    texts = {layout.text if name == main else name: text for name, text in texts.items()}
    data = {**texts, **{name: cell for name, cell in metadata.items() if name != layout.item}}
    return reading.add_item(place, metadata.get(layout.item, record.get("id")), data, expected="'id'")


def _read_responses(reading: Reading, place: Place, item: str | None, responses: dict[str, Any]) -> None:
    layout = reading.layout
    notes = {str(found.get("user_id")): found.get("value") for found in objects(responses.get(layout.note))}
    for response in objects(responses.get(layout.label)):
        user, status = response.get("user_id"), response.get("status") or "submitted"
        if status == "draft":
            reading.left_out["responses that are drafts"] += 1
        elif status not in ("submitted", "discarded"):
            reading.fault(place, f"status {status!r}; expected submitted, discarded or draft")
        else:
            label = response.get("value") if status == "submitted" else None
            note = notes.get(str(user))
            reading.add_rating(place, item, user, label, note=note if isinstance(note, str) else "")


def _nested(row: dict[str, Any], layout: Layout) -> dict[str, Any]:
    """Give a flat record the shape of the others; what is no answer stands in its metadata."""
    questions = {key.rpartition(".")[0] for key in row if key.endswith((".responses", ".suggestion"))}
    starts = tuple(f"{question}.{kind}" for question in questions for kind in ("responses", "suggestion"))
    data = {key: cell for key, cell in row.items() if key not in _OWN and not (starts and key.startswith(starts))}
    field = _FIELD if _FIELD in data else layout.text
    return {
        "id": row.get("id"),
        "fields": {field: data.pop(field)} if field in data else {},
        "metadata": data,
        "suggestions": {question: _flat_suggestion(row, question) for question in questions},
        "responses": {question: _flat_responses(row, question) for question in questions},
    }


def _flat_suggestion(row: dict[str, Any], question: str) -> dict[str, Any]:
    name = f"{question}.suggestion"
    return {"value": row.get(name), "score": row.get(f"{name}.score"), "agent": row.get(f"{name}.agent")}


def _flat_responses(row: dict[str, Any], question: str) -> list[dict[str, Any]]:
    values, users, statuses = (row.get(f"{question}.responses{end}") or [] for end in ("", ".users", ".status"))
    statuses = statuses or [None] * len(values)
    return [
        {"value": value, "user_id": user, "status": status}
        for value, user, status in zip(values, users, statuses, strict=False)
    ]


FORMAT = Format(
    "argilla",
    ".json",
    write,
    read,
    (
        "more than one prediction of an item: a question has one suggestion, the first",
        "decisions of adjudicators: a response has no role, so they stay out",
        "the guideline a rating was made under",
        "the time of a rating, and the seconds it took",
    ),
)
