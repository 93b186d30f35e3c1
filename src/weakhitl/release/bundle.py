"""Write a release: whole, or not at all."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from weakhitl.errors import DataError, StateError, UsageError, WeakHITLError
from weakhitl.files import write_json, write_text
from weakhitl.gate import Assessment, Gate
from weakhitl.gate.outputs import junit
from weakhitl.label_model import save_model
from weakhitl.label_model.external import CrowdKitModel, SnorkelLabelModel
from weakhitl.release.consensus_file import PART, Labels, write_tables
from weakhitl.release.description import croissant, render_card
from weakhitl.release.evidence_files import write_evidence
from weakhitl.release.manifest import MANIFEST, Provenance, make_manifest
from weakhitl.release.report import Report
from weakhitl.release.shards import Shard, released_rows, released_schema, write_shards
from weakhitl.release.splits import assign_splits
from weakhitl.release.whole_folder import whole_folder
from weakhitl.table_stream import TableStream
from weakhitl.votes import IntArray

if TYPE_CHECKING:
    import pandas as pd

CONSENSUS, MODEL = "consensus.parquet", "model"
CARD, CROISSANT = "README.md", "croissant.json"
GATE, JUNIT, GATE_LOG = "gate.json", "gate.junit.xml", "gate-log.jsonl"

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True)
class Contents:
    """What goes into a bundle.

    Attributes
    ----------
    assessment
        Labels and the evidence behind them; people by their pseudonyms.
    gate
        The verdicts, of a gate that passed.
    report
        The report's content.
    rows
        The dataset, in the order of the assessment's items.
    copies
        Path in the bundle -> file to copy: configuration, functions, guidelines, as used.
    runs
        The gate's log up to the run that this release rests on, which is the last one.
    annotation_log
        The head of the annotation store's log: number and hash of its last event.

    """

    assessment: Assessment
    gate: Gate
    report: dict[str, Any]
    rows: TableStream
    copies: Mapping[str, Path]
    runs: Sequence[Mapping[str, Any]]
    annotation_log: dict[str, Any]


def check_version(version: str) -> None:
    """Raise ``UsageError`` unless ``version`` is a semantic version."""
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise UsageError(f"{version!r} is no version; expected three numbers, such as 1.0.0")


def check_new(releases: Path, version: str) -> Path:
    """Give the folder of a new release. Raises ``StateError`` when it exists: a release never changes."""
    check_version(version)
    final = releases / version
    if final.exists():
        raise StateError(f"{final} exists, and a release never changes; choose a higher version")
    return final


def write_bundle(releases: Path, contents: Contents) -> tuple[Path, str]:
    """Write a release into a folder of its own under ``releases``; give its path and the manifest's digest.

    Raises ``StateError`` when the version exists, ``DataError`` where it cannot be written.
    """
    report = contents.report
    final = check_new(releases, report["version"])
    if wrong := [check for check in report["cross_check"] if not check["agree"]]:
        raise WeakHITLError(f"an independent package disagrees with our figures, so nothing is released: {wrong}")
    with whole_folder(final) as folder:
        labels = Labels(contents.assessment)
        shards = write_data(folder, contents, labels)
        write_tables(folder / CONSENSUS, labels.tables())
        write_evidence(folder, contents.assessment.evidence)
        if not isinstance(contents.assessment.model, SnorkelLabelModel | CrowdKitModel):
            save_model(contents.assessment.model, folder / MODEL)
        for name, source in contents.copies.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
        Report(report).save(folder)
        write_description(folder, contents, shards)
        write_json(folder / GATE, contents.gate.to_dict())
        write_text(folder / JUNIT, junit(contents.gate))
        lines = [json.dumps(entry, ensure_ascii=False) for entry in contents.runs]
        write_text(folder / GATE_LOG, "\n".join(lines) + "\n")
        manifest = make_manifest(folder, _provenance(contents))
        write_json(folder / MANIFEST, manifest)
    return final, manifest["digest"]


def write_data(folder: Path, contents: Contents, labels: Labels) -> list[Shard]:
    """Write the released rows, in splits."""
    section = contents.assessment.evidence.config.release
    codes = split_codes(contents.assessment, labels, group_column(contents.rows, section.group))
    rows = released_rows(_same_items(contents, labels), labels)
    return write_shards(folder, released_schema(contents.rows.schema), rows, list(section.splits), codes)


def write_description(folder: Path, contents: Contents, shards: Sequence[Shard]) -> None:
    """Write the dataset card and the Croissant metadata."""
    evidence, schema = contents.assessment.evidence, released_schema(contents.rows.schema)
    write_text(folder / CARD, render_card(evidence.config, contents.report, shards, schema))
    metadata = croissant(evidence.config, contents.report, shards, schema, evidence.context.as_of)
    write_json(folder / CROISSANT, metadata)


def group_column(rows: TableStream, name: str | None) -> "pd.Series[Any] | None":
    """Read the column whose rows stay together. Raises ``DataError`` where there is none of this name."""
    return None if name is None else rows.column(name)


def split_codes(assessment: Assessment, labels: Labels, groups: "pd.Series[Any] | None") -> IntArray:
    """``split[released item]``; ``groups`` has a value for each item of the dataset."""
    section, at = assessment.evidence.config.release, labels.places
    if len(section.splits) == 1:
        return np.zeros(len(at), dtype=np.int8)
    items = (item for start in range(0, len(at), PART) for item in assessment.evidence.items[at[start : start + PART]])
    together = None if groups is None else groups.iloc[at].fillna("").astype(str)
    return assign_splits(section, items, labels.final.labels[at], together)


def _same_items(contents: Contents, labels: Labels) -> Any:
    """Give the dataset's parts; raise ``DataError`` if they are no longer those that were labelled."""
    items, key = contents.assessment.evidence.items, contents.assessment.evidence.config.data.id
    start = 0
    for part in contents.rows.tables(PART):
        found = part.column(key).cast("string").to_pandas()
        if not np.array_equal(found.to_numpy(object), items[start : start + len(part)].to_numpy(object)):
            raise DataError(contents.rows.where, "changed while it was being released; run `weakhitl label` again")
        yield part
        start += len(part)
    if start != len(labels.released):
        raise DataError(contents.rows.where, "changed while it was being released; run `weakhitl label` again")


def _provenance(contents: Contents) -> Provenance:
    evidence, report = contents.assessment.evidence, contents.report
    previous = evidence.context.previous
    return Provenance(
        name=report["name"],
        version=report["version"],
        created=evidence.context.as_of,
        seeds={
            "batches": [batch.seed for batch in evidence.batches],
            "resamples": evidence.config.routing.seed,
            "splits": evidence.config.release.seed,
        },
        gate_run=str(contents.runs[-1]["run"]),
        annotation_log=contents.annotation_log,
        previous=None if previous is None else {"version": previous["version"], "digest": previous["digest"]},
    )


def write_refusal(releases: Path, report: dict[str, Any], gate: Gate) -> Path:
    """Write the report of a release that the gate refused, and no data; give the folder."""
    check_version(report["version"])
    final = releases / f"{report['version']}-refused"
    with whole_folder(final, replace=True) as folder:
        Report(report).save(folder)
        write_json(folder / GATE, gate.to_dict())
        write_text(folder / JUNIT, junit(gate))
    return final
