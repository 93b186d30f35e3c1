"""Whether labels follow from the votes: of every item of the dataset, and of every released row."""

from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from weakhitl.files import parquet_faults
from weakhitl.gate import Assessment
from weakhitl.release.bundle import CONSENSUS, split_codes
from weakhitl.release.checking.findings import Finding
from weakhitl.release.checking.untrusted import check_table
from weakhitl.release.consensus_file import Labels
from weakhitl.release.shards import FOLDER, LABEL_COLUMNS, read_shards, released_name
from weakhitl.release.splits import assign_splits
from weakhitl.vote_names import positions
from weakhitl.votes import IntArray

TOLERANCE = 1e-6
"""Figures may differ this much between machines: sums in another order, never another label."""


def labels_finding(folder: Path, labels: Labels) -> Finding:
    """Compare every item's class probabilities and label."""
    path, start, n = folder / CONSENSUS, 0, len(labels.final.items)
    check_table(path)
    with parquet_faults(path), pq.ParquetFile(path) as file:
        for group in range(file.metadata.num_row_groups):
            found = file.read_row_group(group)
            expected = labels.table(start, min(start + len(found), n))
            if wrong := table_difference(found, expected, start):
                return Finding("labels", False, wrong)
            start += len(found)
    detail = f"all {n:,} labels come out the same" if start == n else f"{start:,} items, but the votes have {n:,}"
    return Finding("labels", start == n, detail)


def data_finding(folder: Path, assessment: Assessment, labels: Labels) -> Finding:
    """Compare every released row's id, label, probability, provenance and split."""
    section, key = assessment.evidence.config.release, released_name(assessment.evidence.config.data.id)
    for path in sorted((folder / FOLDER).iterdir()):
        check_table(path, [key, *LABEL_COLUMNS, released_name(section.group or key)])
    codes = (
        split_codes(assessment, labels, None)
        if section.group is None
        else _grouped_codes(folder, assessment, labels, section.group)
    )
    rows = 0
    for code, split in enumerate(section.splits):
        wrong, found = _split_difference(folder, split, (key, labels), labels.places[codes == code])
        if wrong:
            return Finding("data", False, f"{split}: {wrong}")
        rows += found
    places = f" in {len(section.splits)} splits" if len(section.splits) > 1 else ""
    return Finding("data", True, f"{rows:,} rows{places} carry the derived labels")


def _split_difference(folder: Path, split: str, what: tuple[str, Labels], places: IntArray) -> tuple[str, int]:
    """Say what is wrong with a split's rows, if anything is, and how many they are."""
    key, labels = what
    start = 0
    for part in read_shards(folder, split, [key, *LABEL_COLUMNS]):
        at = places[start : start + len(part)]
        ids = pa.array(labels.final.items[at].astype(str), pa.string())
        columns = dict(zip(LABEL_COLUMNS, labels.columns(at), strict=True))
        found = part.set_column(part.column_names.index(key), key, part.column(key).cast("string"))
        found = found.select([key, *LABEL_COLUMNS])
        if wrong := table_difference(found, pa.table({key: ids, **columns}), start):
            return wrong, start
        start += len(part)
    wrong = "" if start == len(places) else f"has {start:,} rows, but {len(places):,} follow from the votes"
    return wrong, start


def _grouped_codes(folder: Path, assessment: Assessment, labels: Labels, group: str) -> IntArray:
    """``split[released item]`` by the groups that the rows state; an item that is in no split is in the first."""
    config = assessment.evidence.config
    section, key, name = config.release, released_name(config.data.id), released_name(group)
    parts = list(chain.from_iterable(read_shards(folder, split, [key, name]) for split in section.splits))
    table = pa.concat_tables(parts).to_pandas() if parts else pd.DataFrame(columns=[key, name])
    codes = assign_splits(section, [], np.empty(0, np.int64), table[name].fillna("").astype(str))
    released = labels.final.items[labels.places]
    at = positions(released, pd.Index(table[key].astype(str)))
    found = np.zeros(len(released), dtype=np.int64)
    found[at[at >= 0]] = codes[at >= 0]
    return found


def table_difference(found: pa.Table, expected: pa.Table, start: int) -> str:
    """Say where two tables differ; ``start`` is the first row's number, from 0. Empty if they do not."""
    if found.column_names != expected.column_names:
        return f"has the columns {found.column_names}; expected {expected.column_names}"
    if len(found) != len(expected):
        return f"has {start + len(found):,} rows or more, but {start + len(expected):,} follow from the votes"
    for name in expected.column_names:
        same = _same(found.column(name), expected.column(name), close=_is_number(expected.schema.field(name).type))
        if not same.all():
            row = int(np.flatnonzero(~same)[0])
            a, b = found.column(name)[row].as_py(), expected.column(name)[row].as_py()
            return f"{name} of row {start + row + 1:,} is {a!r}, but {b!r} follows from the votes"
    return ""


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind))


def _same(a: pa.ChunkedArray, b: pa.ChunkedArray, *, close: bool) -> np.ndarray:
    if a.type != b.type:
        return np.zeros(max(len(a), 1), dtype=bool)
    if close:
        return np.asarray(np.isclose(a.to_numpy(), b.to_numpy(), rtol=0, atol=TOLERANCE, equal_nan=True))
    left, right = (np.asarray(side.to_pandas().astype(object)) for side in (a, b))
    missing = np.asarray(pd.isna(left) & pd.isna(right))
    return np.asarray((left == right) | missing)
