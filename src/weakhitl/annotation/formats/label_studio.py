"""Label Studio: a JSON list of tasks with predictions and annotations; JSON-MIN is read, too."""

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from weakhitl.annotation.formats.content import (
    Exchange,
    Format,
    Layout,
    Prediction,
    Rating,
    answers,
    by_item,
    item_rows,
    plain,
    predictions_of,
    ratings_of,
)
from weakhitl.annotation.formats.reading import Place, Reading, Record, mapping, objects, pick_question, read_records
from weakhitl.annotation.store import ANNOTATOR
from weakhitl.errors import DataError
from weakhitl.files import write_text
from weakhitl.schema import LabelSchema

_QUESTION, _NOTE, _TEXT = "label", "note", "text"
_ANSWERS = {"choices": "choices", "rating": "rating", "number": "number", "pairwise": "selected"}
"""Type of a question -> the key of its answer."""
_MIN_KEYS = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"}


def labeling_config(schema: LabelSchema, text: str = "text") -> str:
    """Give the labeling interface of a Label Studio project: one choice among the answers, and room for a note.

    >>> print(labeling_config(LabelSchema(["HAM", "SPAM"])))
    <View>
      <Text name="text" value="$text"/>
      <Choices name="label" toName="text" choice="single" required="true">
        <Choice value="HAM"/>
        <Choice value="SPAM"/>
      </Choices>
      <TextArea name="note" toName="text" rows="1" maxSubmissions="1" placeholder="Note"/>
    </View>
    """
    choices = [f"    <Choice value={_quoted(answer)}/>" for answer in answers(schema)]
    return "\n".join(
        [
            "<View>",
            f'  <Text name="{_TEXT}" value={_quoted("$" + text)}/>',
            f'  <Choices name="{_QUESTION}" toName="{_TEXT}" choice="single" required="true">',
            *choices,
            "  </Choices>",
            f'  <TextArea name="{_NOTE}" toName="{_TEXT}" rows="1" maxSubmissions="1" placeholder="Note"/>',
            "</View>",
        ]
    )


def write(path: Path, exchange: Exchange) -> None:
    """Write one task an item, with all its predictions and its annotators' ratings."""
    predictions = by_item(predictions_of(exchange))
    ratings = by_item(ratings_of(exchange, role=ANNOTATOR))
    tasks = [
        {
            "id": number,
            "data": {"item": item, exchange.text: text, **data},
            "predictions": [_prediction(prediction) for prediction in predictions.get(item, [])],
            "annotations": [_annotation(rating) for rating in ratings.get(item, [])],
        }
        for number, (item, text, data) in enumerate(item_rows(exchange), start=1)
    ]
    write_text(path, json.dumps(tasks, indent=1, allow_nan=False) + "\n")


def read(path: Path, schema: LabelSchema | None, layout: Layout) -> Exchange:
    """Read an export, in JSON or in JSON-MIN.

    A cancelled annotation, and one without a choice, is a skip. Drafts are not read.
    """
    records, reading = read_records(path), Reading(path, layout)
    tasks = [record for record in records if isinstance(record[1].get("data"), dict)]
    if tasks:
        question = _question(path, [task for _, task in tasks], layout)
    for place, record in records:
        if isinstance(record.get("data"), dict):
            _read_task(reading, place, record, question)
        else:
            _read_min(reading, place, record)
    if len(tasks) < len(records):
        _require_question(path, records, layout)
    return reading.finish(schema)


def _prediction(prediction: Prediction) -> dict[str, Any]:
    score = plain(prediction.score)
    found = {"model_version": prediction.model, "result": [_choice(prediction.label)]}
    return found if score is None else {**found, "score": score}


def _annotation(rating: Rating) -> dict[str, Any]:
    """Say outright that it is no ground truth: Label Studio takes an imported annotation for one otherwise."""
    result = [] if rating.label is None else [_choice(rating.label)]
    if rating.note:
        result.append({**_target(_NOTE, "textarea"), "value": {"text": [rating.note]}})
    known = {"created_at": rating.time or None, "lead_time": plain(rating.seconds)}
    return {
        "completed_by": _person(rating.annotator),
        "was_cancelled": rating.label is None,
        "ground_truth": False,
        **{key: value for key, value in known.items() if value is not None},
        "result": result,
    }


def _choice(label: str) -> dict[str, Any]:
    return {**_target(_QUESTION, "choices"), "value": {"choices": [label]}}


def _target(name: str, kind: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": _TEXT, "type": kind}


def _person(name: str) -> int | dict[str, str]:
    """Give a user by number where the name is one, and by e-mail address else, as Label Studio wants it."""
    is_number = name.isascii() and name.isdigit() and len(name) < 16 and str(int(name)) == name
    return int(name) if is_number else {"email": name}


def _question(path: Path, tasks: list[dict[str, Any]], layout: Layout) -> str:
    """Find the name of the question: the layout's, or the only one; of several kinds the choices."""
    entries = [entry for task in tasks for answer in _answers(task) for entry in objects(answer.get("result"))]
    names = {str(entry.get("from_name")): entry["type"] for entry in entries if entry.get("type") in _ANSWERS}
    kinds = dict.fromkeys(str(entry.get("type")) for entry in entries if entry.get("type") != "textarea")
    if kinds and not names:
        raise DataError(str(path), f"no result is of type {', '.join(_ANSWERS)}; the types are {', '.join(kinds)}")
    choices = [name for name, kind in names.items() if kind == "choices" or name == layout.label]
    return pick_question(path, choices or names, layout.label)


def _answers(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [*_annotations(task), *objects(task.get("predictions"))]


def _annotations(task: dict[str, Any]) -> list[dict[str, Any]]:
    return objects(task.get("annotations", task.get("completions")))


def _read_task(reading: Reading, place: Place, task: dict[str, Any], question: str) -> None:
    row, where = place
    key = reading.layout.item
    data = {name: cell for name, cell in task["data"].items() if name != key}
    item = reading.add_item(place, task["data"].get(key), data, expected=f"data[{key!r}]", own=task.get("id"))
    for number, annotation in enumerate(_annotations(task), start=1):
        _read_annotation(reading, (row, f"{where}, annotation {number}"), item, annotation, question)
    for number, prediction in enumerate(objects(task.get("predictions")), start=1):
        at = (row, f"{where}, prediction {number}")
        label = _chosen(reading, at, _results(prediction, question))
        if label is not None:
            reading.add_prediction(at, item, label, prediction.get("score"), prediction.get("model_version"))


def _read_annotation(
    reading: Reading, place: Place, item: str | None, annotation: dict[str, Any], question: str
) -> None:
    label = _chosen(reading, place, _results(annotation, question))
    notes = [text for value in _results(annotation, reading.layout.note) for text in _texts(value.get("text"))]
    reading.add_rating(
        place,
        item,
        _name(annotation.get("completed_by")),
        None if annotation.get("was_cancelled") or annotation.get("skipped") else label,
        time=annotation.get("created_at"),
        seconds=annotation.get("lead_time"),
        note="\n".join(notes),
    )


def _read_min(reading: Reading, place: Place, record: dict[str, Any]) -> None:
    layout = reading.layout
    taken = {*_MIN_KEYS, layout.item, layout.label, layout.note}
    data = {name: cell for name, cell in record.items() if name not in taken}
    item = reading.add_item(place, record.get(layout.item), data, expected=repr(layout.item), own=record.get("id"))
    answer = record.get(layout.label)
    if answer is None and record.get("annotator") is None:
        return
    found = answer if isinstance(answer, list) else [answer]
    values = [{"choices": [value]} if isinstance(value, str | int | float) else mapping(value) for value in found]
    reading.add_rating(
        place,
        item,
        _name(record.get("annotator")),
        _chosen(reading, place, values),
        time=record.get("created_at"),
        seconds=record.get("lead_time"),
        note="\n".join(_texts(record.get(layout.note))),
    )


def _require_question(path: Path, records: list[Record], layout: Layout) -> None:
    """Raise when not one record of JSON-MIN has the question: all would be read as skips."""
    keys = dict.fromkeys(key for _, record in records for key in record)
    if layout.label not in keys:
        raise DataError(str(path), f"no record has {layout.label!r}; the keys are {', '.join(keys)}")


def _results(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [mapping(entry.get("value")) for entry in objects(answer.get("result")) if entry.get("from_name") == name]


def _chosen(reading: Reading, place: Place, values: Iterable[dict[str, Any]]) -> Any:
    """Give the one choice, or None; a fault for more than one."""
    choices = [choice for value in values for key in _ANSWERS.values() for choice in _listed(value.get(key))]
    if len(choices) > 1:
        reading.fault(place, f"{len(choices)} choices, {', '.join(map(str, choices))}; expected one")
    return choices[0] if choices else None


def _texts(value: Any) -> list[str]:
    return [text for text in _listed(value) if isinstance(text, str)]


def _listed(value: Any) -> list[Any]:
    """Give a list as it is, and anything else as a list of it; an empty one for none."""
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _name(person: Any) -> Any:
    return person.get("email", person.get("id")) if isinstance(person, dict) else person


def _quoted(text: str) -> str:
    return f'"{escape(text).translate({10: "&#10;", 13: "&#13;", 9: "&#9;"})}"'


FORMAT = Format(
    "label-studio",
    ".json",
    write,
    read,
    (
        "decisions of adjudicators: an annotation has no role, so they stay out",
        "the guideline a rating was made under",
    ),
)
