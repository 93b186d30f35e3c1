"""Keep a fitted label model as JSON and npz: readable by any later version, and nothing in it can run."""

import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from weakhitl.errors import DataError, UsageError
from weakhitl.files import atomic_write, write_json
from weakhitl.label_model.external import CrowdKitModel, SnorkelLabelModel
from weakhitl.label_model.ledger import check_fitted
from weakhitl.label_model.model import LabelModelBase
from weakhitl.label_model.table import MODELS
from weakhitl.label_model.teaching import Lesson
from weakhitl.schema import LabelSchema
from weakhitl.votes import Votes

FORMAT = 1
"""Raised when an older version could no longer read the files; newer ones read all before."""


def save_model(model: LabelModelBase, path: str | Path) -> None:
    """Write a fitted model to ``path`` with the endings ``.json`` (what it is) and ``.npz`` (its arrays).

    Raises ``UsageError`` for models of other packages, which keep their own state.
    """
    check_fitted(model)
    if isinstance(model, SnorkelLabelModel | CrowdKitModel):
        raise UsageError(f"{type(model).__name__} cannot be saved: its state belongs to another package")
    arrays: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    for name, value in _fitted(model).items():
        if isinstance(value, np.ndarray):
            arrays[name] = value
        elif isinstance(value, Lesson):
            arrays |= {f"{name}.weights": value.weights, f"{name}.bias": value.bias}
            facts[name] = {key: part for key, part in asdict(value).items() if key not in {"weights", "bias"}}
        else:
            facts[name] = value
    parameters = {key: _plain(value) for key, value in model.get_params().items()}
    document = {
        "format": FORMAT,
        "model": type(model).__name__,
        "parameters": parameters,
        "schema": {
            "classes": list(model.schema_.classes),
            "level": model.schema_.level,
            "skip": list(model.schema_.skip),
        },
        "sources": list(model.sources_),
        "fitted": facts,
    }
    if hasattr(model, "seen_"):
        seen, counts = model.seen_
        row, column, label = seen.entries()
        arrays |= {"seen.row": row, "seen.column": column, "seen.label": label, "seen.counts": counts}
    facts_path, arrays_path = _files(path)
    with atomic_write(arrays_path) as file:
        np.savez_compressed(file, **arrays)
    write_json(facts_path, document)


def load_model(path: str | Path) -> LabelModelBase:
    """Read a model that ``save_model`` wrote; it predicts as it did, and ``partial_fit`` goes on where it was.

    Raises ``DataError`` where a file is missing, damaged or of a later format.
    """
    facts_path, arrays_path = _files(path)
    try:
        document = json.loads(facts_path.read_text(encoding="utf-8"))
        with np.load(arrays_path, allow_pickle=False) as file:
            arrays = dict(file.items())
    except FileNotFoundError as error:
        raise DataError(str(error.filename), "is missing; a model is two files, .json and .npz") from error
    except (ValueError, OSError, EOFError, RecursionError, zipfile.BadZipFile) as error:
        raise DataError(str(path), f"is no saved label model: {error}") from error
    if not isinstance(document, dict) or document.get("format", FORMAT + 1) > FORMAT:
        raise DataError(str(facts_path), f"has a format that this version does not know; it reads up to {FORMAT}")
    makers = {maker.__name__: maker for maker in MODELS.values()}
    if document.get("model") not in makers:
        raise DataError(str(facts_path), f"holds a {document.get('model')!r}; known are {', '.join(sorted(makers))}")
    try:
        return _restored(makers[document["model"]], document, arrays)
    except (TypeError, KeyError, AttributeError, ValueError, IndexError) as error:
        raise DataError(str(facts_path), f"is no saved label model: {error}") from error


def _restored(maker: Any, document: dict[str, Any], arrays: dict[str, Any]) -> LabelModelBase:
    """Make a model of what a file says of it; only what a fit leaves behind is set, and no method."""
    model: LabelModelBase = maker(**document["parameters"])
    model.schema_ = LabelSchema(**document["schema"])
    model.sources_ = tuple(document["sources"])
    names = [*document["fitted"], *(name for name in arrays if "." not in name)]
    if odd := [name for name in names if not name.endswith("_") or name.startswith("_")]:
        raise ValueError(f"{odd[0]!r} is nothing that a fit leaves behind")
    for name, value in document["fitted"].items():
        lesson = f"{name}.weights" in arrays
        setattr(model, name, _lesson(value, arrays, name) if lesson else value)
    for name, array in arrays.items():
        if "." not in name:
            setattr(model, name, array)
    if "seen.counts" in arrays:
        entries = arrays["seen.row"], arrays["seen.column"], arrays["seen.label"]
        items = range(len(arrays["seen.counts"]))
        model.seen_ = Votes.from_entries(entries, model.schema_, items, model.sources_), arrays["seen.counts"]
    return model


def _files(path: str | Path) -> tuple[Path, Path]:
    """Give the two files of a model: ``model.v1`` is a name, not a name with an ending."""
    path = Path(path)
    name = path.stem if path.suffix in {".json", ".npz"} else path.name
    return path.with_name(f"{name}.json"), path.with_name(f"{name}.npz")


def _fitted(model: LabelModelBase) -> dict[str, Any]:
    apart = {"schema_", "sources_", "seen_"}
    names = [name for name in vars(model) if name.endswith("_") and name not in apart]
    return {name: getattr(model, name) for name in names}


def _lesson(facts: dict[str, Any], arrays: dict[str, Any], name: str) -> Lesson:
    strengths = {float(key): value for key, value in facts["strengths"].items()}
    rest = {**facts, "strengths": strengths}
    return Lesson(weights=arrays[f"{name}.weights"], bias=arrays[f"{name}.bias"], **rest)


def _plain(value: Any) -> Any:
    return np.asarray(value).tolist() if value is not None and not isinstance(value, str | int | float) else value
