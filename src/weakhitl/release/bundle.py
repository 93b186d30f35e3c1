"""Write a release: whole, or not at all."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.errors import DataError, StateError, UsageError, WeakHITLError
from weakhitl.files import write_json, write_table, write_text
from weakhitl.gate import Assessment
from weakhitl.release.evidence_files import write_evidence
from weakhitl.release.manifest import MANIFEST, make_manifest
from weakhitl.release.report import render_html, render_markdown

DATA, CONSENSUS = "data/data.parquet", "consensus.parquet"
GATE_RUN = "gate-run.json"
LABEL_COLUMNS = ["label", "confidence", "origin"]

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True)
class Contents:
    """What goes into a bundle.

    Attributes
    ----------
    assessment
        Labels and the evidence behind them.
    report
        The report's content, of a gate that passed.
    items
        The dataset: a table indexed by item id.
    copies
        Path in the bundle -> file to copy: configuration, functions, guidelines, as used.
    run
        The entry of the gate's log that this release rests on.

    """

    assessment: Assessment
    report: dict[str, Any]
    items: pd.DataFrame
    copies: Mapping[str, Path]
    run: Mapping[str, Any]


def check_version(version: str) -> None:
    """Raise ``UsageError`` unless ``version`` is a semantic version."""
    if not _VERSION.fullmatch(version):
        raise UsageError(f"{version!r} is no version; expected three numbers, such as 1.0.0")


def write_bundle(releases: Path, contents: Contents) -> tuple[Path, str]:
    """Write a release into a folder of its own under ``releases``; give its path and the manifest's digest.

    Raises ``StateError`` when the version exists: a release never changes.
    """
    report = contents.report
    check_version(report["version"])
    final = releases / report["version"]
    if final.exists():
        raise StateError(f"{final} exists, and a release never changes; choose a higher version")
    if wrong := [check for check in report["cross_check"] if not check["agree"]]:
        raise WeakHITLError(f"an independent package disagrees with our figures, so nothing is released: {wrong}")
    with _whole_folder(final) as folder:
        write_table(folder / DATA, released_table(contents.items, contents.assessment))
        write_table(folder / CONSENSUS, consensus_table(contents.assessment))
        write_evidence(folder, contents.assessment.evidence)
        for name, source in contents.copies.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
        write_report(folder, report)
        write_json(folder / GATE_RUN, dict(contents.run))
        seeds = [batch.seed for batch in contents.assessment.evidence.batches]
        manifest = make_manifest(folder, report["name"], report["version"], seeds, contents.run["run"])
        write_json(folder / MANIFEST, manifest)
    return final, manifest["digest"]


def write_refusal(releases: Path, report: dict[str, Any]) -> Path:
    """Write the report of a release that the gate refused, and no data; give the folder."""
    check_version(report["version"])
    folder = releases / f"{report['version']}-refused"
    write_report(folder, report)
    return folder


def write_report(folder: Path, report: dict[str, Any]) -> None:
    """Write report.json, report.md and report.html."""
    write_json(folder / "report.json", report)
    write_text(folder / "report.md", render_markdown(report))
    write_text(folder / "report.html", render_html(report))


def consensus_table(assessment: Assessment) -> pd.DataFrame:
    """One row per item of the dataset: class probabilities, label, confidence, origin, whether released."""
    final = assessment.final
    probabilities = {f"p:{name}": final.probabilities[:, at] for at, name in enumerate(final.schema.classes)}
    names = np.array([*final.schema.classes, None], dtype=object)
    return pd.DataFrame(
        {
            "item": final.items.to_numpy(),
            **probabilities,
            "label": names[final.labels],
            "confidence": final.confidence,
            "origin": assessment.origin,
            "released": assessment.released,
        }
    )


def released_table(items: pd.DataFrame, assessment: Assessment) -> pd.DataFrame:
    """Give the dataset's own columns of the released items, then label, confidence and origin.

    A column of the dataset that has one of these names is kept as ``original_…``.
    """
    own = items.rename(columns={name: f"original_{name}" for name in LABEL_COLUMNS})
    labels = consensus_table(assessment)
    released = labels["released"].to_numpy()
    table = own.loc[labels["item"]].reset_index(drop=True)[released]
    for name in LABEL_COLUMNS:
        table = table.assign(**{name: labels.loc[released, name].to_numpy()})
    return table.reset_index(drop=True)


@contextmanager
def _whole_folder(final: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes ``final`` when the block ends well, and vanishes when it does not."""
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        for left_over in final.parent.glob(f".{final.name}.*.partial"):
            shutil.rmtree(left_over)
        folder = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}.", suffix=".partial"))
    except OSError as error:
        raise DataError(str(final), f"cannot write here ({error.strerror})") from error
    try:
        yield folder
        folder.chmod(0o755)
        folder.rename(final)
        _sync(final.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
