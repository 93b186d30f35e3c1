"""SageMaker Ground Truth: the manifest of a labeling job, its output manifest, and the workers' responses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from weakhitl.annotation.formats.content import (
    Exchange,
    Format,
    Layout,
    Prediction,
    by_item,
    item_rows,
    plain,
    predictions_of,
    write_json_lines,
)
from weakhitl.annotation.formats.reading import Place, Reading, mapping, objects, read_records
from weakhitl.errors import DataError
from weakhitl.schema import LabelSchema

_META = "-metadata"
_LONGEST = 20_000, 100_000  # characters that Ground Truth takes in one attribute, and in one line
_MANIFEST, _RESPONSES = Path("manifests", "output", "output.manifest"), Path("annotations", "worker-response")


def write(path: Path, exchange: Exchange) -> None:
    """Write one line an item: ``source``, the item id, its columns, and its predictions as earlier labels.

    Raises ``DataError`` for texts that are longer than Ground Truth takes.
    """
    rows, faults = list(_lines(exchange)), []
    for row in rows:
        attribute = max(len(json.dumps(cell)) for cell in row.values())
        if attribute > _LONGEST[0] or len(json.dumps(row)) > _LONGEST[1]:
            what = f"item {row['item']!r} is too long; Ground Truth takes {_LONGEST[0]:,} characters in an attribute"
            faults.append(f"{what} and {_LONGEST[1]:,} in a line; shorten it or leave it out")
    if faults:
        raise DataError(str(path), faults)
    write_json_lines(path, rows)


def read(path: Path, schema: LabelSchema | None, layout: Layout) -> Exchange:
    """Read an output manifest, or the whole output folder of a job.

    A job consolidates its workers' answers into one label, which is no person's rating: it becomes a prediction by the
    job. With a default annotator, a label that people gave becomes that annotator's rating instead. From the folder
    the single workers' responses are read as ratings.
    """
    manifest = path / _MANIFEST if path.is_dir() else path
    reading, items = Reading(path, layout), []
    for place, line in read_records(manifest):
        items.append(_read_line(reading, place, line, alone=not path.is_dir()))
    if path.is_dir():
        _read_responses(reading, path / _RESPONSES, items)
    return reading.finish(schema)


def _lines(exchange: Exchange) -> Iterator[dict[str, Any]]:
    predictions = by_item(predictions_of(exchange))
    taken = [name for name in map(str, exchange.items.columns) if name.startswith("$") or name.endswith(_META)]
    for item, text, data in item_rows(exchange, ["source", "source-ref", *taken]):
        line = {"source": text, "item": item, **data}
        for number, prediction in enumerate(predictions.get(item, []), start=1):
            line |= _label(f"prediction-{number}", prediction, exchange.schema)
        yield line


def _label(name: str, prediction: Prediction, schema: LabelSchema) -> dict[str, Any]:
    known = {"confidence": plain(prediction.score), "job-name": prediction.model or None}
    return {
        name: schema.classes.index(prediction.label),
        name + _META: {
            "class-name": prediction.label,
            **{key: value for key, value in known.items() if value is not None},
            "type": "groundtruth/text-classification",
            "human-annotated": "no",
        },
    }


def _read_line(reading: Reading, place: Place, line: dict[str, Any], *, alone: bool) -> str | None:
    layout = reading.layout
    labels = {key.removesuffix(_META): mapping(line[key]) for key in line if key.endswith(_META)}
    taken = {*labels, *(name + _META for name in labels), layout.item, "source"}
    text = {layout.text: line["source"]} if "source" in line else {}
    data = {**text, **{key: cell for key, cell in line.items() if key not in taken}}
    item = reading.add_item(place, line.get(layout.item), data, expected=repr(layout.item), own=place[0])
    for name, found in labels.items():
        if "failure-reason" in found:
            reading.left_out["objects whose labeling failed"] += 1
        elif "class-name" not in found:
            reading.fault(place, f"{name + _META} has no class-name; expected the output of a classification with one")
        elif alone and layout.default_annotator and found.get("human-annotated") == "yes":
            reading.add_rating(place, item, None, found["class-name"], time=found.get("creation-date"))
        else:
            model = found.get("job-name", "")
            reading.add_prediction(place, item, found["class-name"], found.get("confidence"), model)
    return item


def _read_responses(reading: Reading, folder: Path, items: list[str | None]) -> None:
    """Read ``iteration/number of the manifest's line/time.json``, each with the answers of some workers."""
    files = [file for file in folder.rglob("*.json") if file.parent.name.isdecimal()]
    for file in sorted(files, key=lambda file: (int(file.parent.name), file.as_posix())):
        row, name = int(file.parent.name), file.relative_to(folder).as_posix()
        if row >= len(items):
            reading.fault((row, name), f"the manifest has no line {row + 1}; expected the files of one job")
            continue
        try:
            found = [answer for _, record in read_records(file) for answer in objects(record.get("answers"))]
        except DataError as error:
            reading.faults += [((row, name), what) for what in error.faults]
            continue
        for number, answer in enumerate(found, start=1):
            _read_answer(reading, (row, f"{name}, answer {number}"), items[row], answer)


def _read_answer(reading: Reading, place: Place, item: str | None, answer: dict[str, Any]) -> None:
    content = mapping(answer.get("answerContent"))
    named = {name: found["label"] for name, found in content.items() if isinstance(found, dict) and "label" in found}
    labels = [named[reading.layout.label]] if reading.layout.label in named else list(named.values())
    if len(labels) != 1:
        reading.fault(place, f"{len(labels)} labels; expected one, as a crowd-classifier gives")
        return
    time, seconds = answer.get("submissionTime"), answer.get("timeSpentInSeconds")
    reading.add_rating(place, item, answer.get("workerId"), labels[0], time=time, seconds=seconds)


FORMAT = Format(
    "sagemaker",
    ".manifest",
    write,
    read,
    (
        "ratings, when written: a manifest has one label from all workers, who answer in files that only the job makes",
        "decisions of adjudicators, the guideline a rating was made under, and notes",
        "a bare skip: every worker answers",
    ),
)
