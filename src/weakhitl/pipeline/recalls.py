"""What was recalled: a file of the project, one line for each recall and for each that was lifted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from weakhitl.errors import DataError
from weakhitl.files import write_text

RECALLS = "recalls.jsonl"

ONLINE, UPSTREAM, MODEL = "online", "upstream", "model"
"""What says the class of an item that arrives, and can be paused: ``online:upstream`` and ``online:model``."""


@dataclass(frozen=True)
class Recall:
    """A source or an item that was withdrawn, or that counts again.

    Attributes
    ----------
    source
        ``function:NAME``, ``annotator:NAME``, ``online:NAME`` or ``item:ID``.
    why
        The reason; it stands in every later release.
    at
        The moment, ISO 8601, UTC.
    lifted
        Whether this takes an earlier recall back.

    """

    source: str
    why: str
    at: str
    lifted: bool = False


def read_recalls(path: Path) -> list[Recall]:
    """Give all lines, oldest first; none without a file. Raises ``DataError`` naming every line that is no recall."""
    if not path.exists():
        return []
    found, faults = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found.append(_recall(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            faults.append(f"line {number} is no recall; expected source, why, at and lifted")
    if faults:
        raise DataError(str(path), faults)
    return found


def _recall(cells: Mapping[str, Any]) -> Recall:
    return Recall(str(cells["source"]), str(cells["why"]), str(cells["at"]), bool(cells["lifted"]))


def add_recalls(path: Path, recalls: Sequence[Recall]) -> None:
    """Add lines. Raises ``DataError`` where the file is none, or cannot be written."""
    lines = [json.dumps(asdict(one), ensure_ascii=False) for one in [*read_recalls(path), *recalls]]
    try:
        write_text(path, "\n".join(lines) + "\n")
    except OSError as error:
        raise DataError(str(path), f"the recall cannot be written here ({error.strerror})") from error


def standing(recalls: list[Recall]) -> Mapping[str, str]:
    """Source or item -> why, of those that are recalled now.

    >>> standing([Recall("function:f", "wrong list", ""), Recall("function:f", "mended", "", lifted=True)])
    {}

    """
    found: dict[str, str] = {}
    for recall in recalls:
        if recall.lifted:
            found.pop(recall.source, None)
        else:
            found[recall.source] = recall.why
    return found
