"""The log of a gate's runs: a line each, chained by hashes, so that none can be changed or dropped unseen."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from weakhitl import __version__
from weakhitl.errors import DataError
from weakhitl.gate.evidence import Evidence
from weakhitl.gate.verdicts import PASS, Gate
from weakhitl.locks import lock

_PART = 1 << 18
"""Rows that are hashed at a time."""

_PACKAGES = ("numpy", "pandas", "scipy")


@dataclass(frozen=True)
class Run:
    """What a gate was run on.

    Attributes
    ----------
    data, policy
        Hashes of what was judged and by what.
    seed
        Of the resamples.
    as_of
        The moment, ISO 8601, UTC.
    where
        Column -> value, where only a part was judged.

    """

    data: str
    policy: str
    seed: int
    as_of: str
    where: Mapping[str, str] = field(default_factory=dict)


def append_run(path: Path, gate: Gate, run: Run) -> dict[str, Any]:
    """Append a run of the gate to the log and give its entry, ``run`` being its hash.

    Raises ``DataError`` where the file cannot be written, or is no such log.
    """
    body = {
        **asdict(run),
        "status": gate.status,
        "checks": [
            {
                "name": verdict.name,
                "status": verdict.status,
                "value": verdict.estimate.value,
                "low": verdict.estimate.low,
                "high": verdict.estimate.high,
                "met": verdict.met,
            }
            for verdict in gate.verdicts
        ],
        "weakhitl": __version__,
        "packages": {name: version(name) for name in _PACKAGES},
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="\n") as file:
            lock(file.fileno())  # until it is closed: two runs at once must not follow the same one
            previous = None
            for earlier in read_runs(path):
                previous = earlier["run"]
            entry = {"previous": previous, **body}
            entry = {"run": run_hash(entry), **entry}
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DataError(str(path), f"the run of the gate cannot be logged here ({error.strerror})") from error
    return entry


def read_runs(path: Path) -> Iterator[dict[str, Any]]:
    """Give the entries of a log, oldest first; nothing where there is none.

    Raises ``DataError`` naming the first line that was changed, or before which one is missing.
    """
    if not path.exists():
        return
    previous = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entry = json.loads(line)
            sound = entry["run"] == run_hash(entry) and entry["previous"] == previous
        except (ValueError, KeyError, AttributeError):
            sound = False
        if not sound:
            what = "was changed, or lines before it are missing; keep the file as evidence and start a new log"
            raise DataError(str(path), f"line {number} {what}")
        previous = entry["run"]
        yield entry


def looks_before(runs: Iterable[Mapping[str, Any]], since: datetime | None = None) -> dict[str, int]:
    """Check -> how often it was looked at and did not pass, though it could have: its preconditions were met.

    Runs of the same figures are one look; ``since`` is the moment after which they count.
    """
    seen: dict[str, set[tuple[float, float, float]]] = {}
    for run in runs:
        if run["where"] or (since is not None and datetime.fromisoformat(run["as_of"]) <= since):
            continue
        for check in run["checks"]:
            if check["status"] != PASS and check.get("met") and check["low"] is not None:
                seen.setdefault(check["name"], set()).add((check["value"], check["low"], check["high"]))
    return {name: len(looks) for name, looks in seen.items()}


def evidence_digest(evidence: Evidence) -> str:
    """Hash all that a project's gate decides on, but the moment and the configuration."""
    digest = hashlib.sha256()
    functions, context = evidence.functions, evidence.context
    gold = None if evidence.gold is None else [(str(item), int(label)) for item, label in evidence.gold.items()]
    facts = {
        "sources": list(functions.sources),
        "batches": [(batch.kind, batch.seed, batch.overlap, batch.frame) for batch in evidence.batches],
        "gold": gold,
        "guideline": context.guideline,
        "previous": context.previous,
        "tests": sorted(context.tests.items()),
        "withdrawn": sorted(context.withdrawn.items()),
    }
    if context.decided_before_change:
        facts["decided_before_change"] = context.decided_before_change
    digest.update(json.dumps(facts, sort_keys=True).encode())
    for start in range(0, len(functions), _PART):
        part = functions.take_items(np.arange(start, min(start + _PART, len(functions))))
        digest.update(json.dumps(list(map(str, part.items))).encode())
        for entries in part.entries():
            digest.update(np.ascontiguousarray(entries, dtype=np.int64).tobytes())
    aside = [evidence.set_aside] if len(evidence.set_aside) else []
    for table in [evidence.ratings, *aside, *(batch.table for batch in evidence.batches), context.attributes]:
        digest.update(json.dumps([len(table), *map(str, table.columns)]).encode())
        for start in range(0, len(table), _PART):
            cells = table.iloc[start : start + _PART].reset_index().astype(object)
            rows = cells.where(cells.notna(), "").astype(str).to_numpy().tolist()
            digest.update(json.dumps(rows).encode())
    return digest.hexdigest()


def run_hash(entry: Mapping[str, Any]) -> str:
    """Hash an entry's canonical form: keys sorted, no spaces, without the hash itself."""
    body = {key: value for key, value in entry.items() if key != "run"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
