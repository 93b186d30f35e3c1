"""doccano: JSON Lines of examples; a project whose members do not share labels exports one file a member, zipped."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from weakhitl.annotation.formats.content import (
    Exchange,
    Format,
    Layout,
    Rating,
    by_item,
    item_rows,
    json_lines,
    ratings_of,
    skip_answer,
    write_json_lines,
)
from weakhitl.annotation.formats.reading import Place, Reading, mapping, parse_records, read_records
from weakhitl.annotation.store import ANNOTATOR
from weakhitl.errors import DataError
from weakhitl.files import atomic_write
from weakhitl.schema import LabelSchema

_SHARED = "all"  # how doccano names the file of a project whose members share labels
_APPLE_DOUBLE = b"\x00\x05\x16\x07"  # how files begin that macOS writes beside others
_NOTES = "Comments"
_KEYS = {"id", "text", "label", "labels", "meta", "annotations", "annotation_approver", _NOTES}
_KEPT = {*_KEYS, "filename", "upload_name", "uuid"}


def write(path: Path, exchange: Exchange) -> None:
    """Write the examples without labels, to be imported; into a ``.zip`` with labels, one file an annotator."""
    if path.suffix.lower() == ".zip":
        _write_members(path, exchange)
    else:
        write_json_lines(path, _examples(exchange, {}))


def read(path: Path, schema: LabelSchema | None, layout: Layout) -> Exchange:
    """Read an export: the zip or folder with a file a member, or one such file, named after the member.

    An example without a label has not been rated.
    """
    reading = Reading(path, layout)
    if path.is_dir() or path.suffix.lower() == ".zip":
        _read_members(reading)
    else:
        annotator = layout.default_annotator or _member(path.name)
        for place, example in read_records(path):
            _read_example(reading, place, annotator, example)
        if reading.ratings and not layout.default_annotator:
            reading.notices.append(f"all ratings are by {annotator!r}, as the file is named")
    return reading.finish(schema)


def _examples(exchange: Exchange, ratings: dict[str, list[Rating]]) -> Iterator[dict[str, Any]]:
    """Give every example the same keys, and none of them null: doccano turns both into nan, which it cannot store."""
    blank = {} if exchange.queue.empty else {"needed": ""}
    for number, (item, text, data) in enumerate(item_rows(exchange, _KEPT), start=1):
        given = ratings.get(item, [])
        labels = [skip_answer(rating, exchange.schema) for rating in given]
        notes = [rating.note for rating in given if rating.note]
        cells = {key: "" if cell is None else cell for key, cell in {**blank, **data}.items()}
        example = {"id": number, "text": text, "item": item, **cells, "label": [label for label in labels if label]}
        yield {**example, _NOTES: notes} if notes else example


def _write_members(path: Path, exchange: Exchange) -> None:
    ratings = ratings_of(exchange, role=ANNOTATOR)
    names = dict.fromkeys(rating.annotator for rating in ratings)
    if others := [name for name in names if re.fullmatch(r"[\w.@+-]+", name) is None or name == _SHARED]:
        expected = "cannot be the name of a doccano member; use letters, digits and @ . + - _ (and not 'all')"
        raise DataError(str(path), [f"annotator {name!r} {expected}" for name in others])
    with atomic_write(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or [_SHARED]:
            own = by_item(rating for rating in ratings if rating.annotator == name)
            archive.writestr(f"{name}.jsonl", json_lines(_examples(exchange, own)))


def _read_members(reading: Reading) -> None:
    """Read the files of all members; places are numbered on from file to file."""
    start = 0
    for name, content in _files(reading.path):
        annotator = _member(name) or reading.layout.default_annotator
        try:
            records = parse_records(name, content.decode("utf-8-sig"))
        except (DataError, UnicodeDecodeError) as error:
            faults = error.faults if isinstance(error, DataError) else ["not UTF-8; save the file as UTF-8"]
            reading.faults += [((start, name), what) for what in faults]
            continue
        for (at, place), example in records:
            _read_example(reading, (start + at, f"{name}, {place}"), annotator, example)
        start += len(records)


def _files(path: Path) -> list[tuple[str, bytes]]:
    """Give name and content of each member's file in a folder or a zip; one without content has no example."""
    if path.is_dir():
        found = [(file.name, file.read_bytes()) for file in sorted(path.iterdir()) if _is_export(file.name)]
    else:
        found = _unzipped(path)
    found = [(name, content) for name, content in found if not content.startswith(_APPLE_DOUBLE)]
    if not found:
        raise DataError(str(path), "there is no .jsonl file in it; expected one for each member of the project")
    return [(name, content) for name, content in found if content.strip()]


def _unzipped(path: Path) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [(name, archive.read(name)) for name in archive.namelist() if _is_export(name)]
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(str(path), f"cannot be read as a zip file ({error})") from error


def _is_export(name: str) -> bool:
    """Tell a member's file, whose name may begin with a dot, from others such as those that macOS puts into a zip."""
    return name.endswith((".jsonl", ".json")) and not name.startswith("__MACOSX/")


def _member(name: str) -> str:
    """Give the member after whom a file is named; empty for the file of a project whose members share labels."""
    member = name.rpartition("/")[2].removesuffix(".json").removesuffix(".jsonl")
    return "" if member == _SHARED else member


def _read_example(reading: Reading, place: Place, annotator: str, example: dict[str, Any]) -> None:
    layout = reading.layout
    found = {**mapping(example.get("meta")), **{key: cell for key, cell in example.items() if key not in _KEYS}}
    text = {layout.text: example["text"]} if "text" in example else {}
    data = {**text, **{key: cell for key, cell in found.items() if key not in (layout.item, layout.label)}}
    name, expected = found.get(layout.item, example.get(layout.item)), repr(layout.item)
    item = reading.add_item(place, name, data, expected=expected, own=example.get("id"))
    labels = example.get(layout.label, example.get("label", example.get("labels")))
    if labels is None and example.get("annotations"):
        reading.fault(place, "labels are numbers of doccano's own; export as JSONL with the labels' text")
    labels = labels if isinstance(labels, list) else [] if labels is None else [labels]
    if len(labels) > 1:
        reading.fault(place, f"{len(labels)} labels, {', '.join(map(str, labels))}; expected one")
    notes = example.get(_NOTES) or []
    if labels:
        note = "\n".join(map(str, notes)) if isinstance(notes, list) else str(notes)
        reading.add_rating(place, item, annotator, labels[0], note=note)


FORMAT = Format(
    "doccano",
    ".jsonl",
    write,
    read,
    (
        "ratings, in a .jsonl file: doccano has one file a person; write a .zip to keep them",
        "predictions: doccano would take them for labels by the person who imports",
        "that a skip was bare: it becomes the first skip answer, and stays out where there is none",
        "decisions of adjudicators: a label has no role, so they stay out",
        "the guideline a rating was made under",
        "the time of a rating, and the seconds it took",
        "notes to an item without a label",
    ),
)
