"""The released rows as Parquet shards, written and read a part at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from weakhitl.errors import ConfigError
from weakhitl.files import move, parquet_faults, sha256
from weakhitl.release.consensus_file import Labels
from weakhitl.votes import IntArray

LABEL, PROBABILITY, PROVENANCE = "label", "probability", "provenance"
LABEL_COLUMNS = [LABEL, PROBABILITY, PROVENANCE]
FOLDER = "data"

_ROWS = 1_000_000
"""Rows of a shard."""
_GROUP = 100_000
"""Rows of a row group: what is in memory at a time."""


@dataclass(frozen=True)
class Shard:
    """One Parquet file of released rows.

    Attributes
    ----------
    path
        Relative to the bundle: ``data/train-00000-of-00002.parquet``.
    split
        The split that it is a part of.
    rows, size
        How many rows it has, and how many bytes.
    sha256
        Hash of its bytes.

    """

    path: str
    split: str
    rows: int
    size: int
    sha256: str


def released_schema(own: pa.Schema) -> pa.Schema:
    """Give the dataset's own columns, then label, probability and provenance.

    A column of the dataset that has one of these names is kept as ``original_…``. Raises ``ConfigError`` where that is
    the name of another one.
    """
    fields = [one.with_name(released_name(one.name)) for one in own]
    names = [one.name for one in fields]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        taken = ", ".join(map(repr, twice))
        raise ConfigError("data", [f"columns would be called {taken} twice in a release; rename one of each"])
    added = [(LABEL, pa.string()), (PROBABILITY, pa.float64()), (PROVENANCE, pa.string())]
    return pa.schema([*fields, *map(pa.field, *zip(*added, strict=True))])


def released_name(column: str) -> str:
    """Give the name that a column of the dataset has in a release."""
    return f"original_{column}" if column in LABEL_COLUMNS else column


def released_rows(parts: Iterable[pa.Table], labels: Labels) -> Iterator[tuple[pa.Table, IntArray]]:
    """Give the released rows of each part with their labels, and each row's place in the dataset."""
    start = 0
    for part in parts:
        at = start + np.flatnonzero(labels.released[start : start + len(part)])
        rows = part.take(pa.array(at - start))
        for name, column in zip(LABEL_COLUMNS, labels.columns(at), strict=True):
            rows = rows.append_column(f"new {name}", column)
        yield rows.rename_columns(released_schema(part.schema).names), at
        start += len(part)


def write_shards(
    folder: Path, schema: pa.Schema, rows: Iterable[tuple[pa.Table, IntArray]], splits: Sequence[str], codes: IntArray
) -> list[Shard]:
    """Write rows below ``folder`` in the order in which they come; ``codes[row]``: the place of its split."""
    (folder / FOLDER).mkdir()
    writers = [_SplitWriter(folder / FOLDER, name, schema) for name in splits]
    try:
        start = 0
        for part, _ in rows:
            here = codes[start : start + len(part)]
            for code, writer in enumerate(writers):
                writer.add(part.take(pa.array(np.flatnonzero(here == code))))
            start += len(part)
    finally:
        for writer in writers:
            writer.close()
    return [shard for writer in writers for shard in writer.shards()]


def listed_shards(folder: Path, hashes: Mapping[str, str]) -> tuple[list[Shard], pa.Schema | None]:
    """Give the shards of a bundle in the order of its manifest, and the schema of the first one."""
    shards, schema = [], None
    for name in hashes:
        if not name.startswith(f"{FOLDER}/"):
            continue
        path = folder / name
        with parquet_faults(path), pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, schema or file.schema_arrow
        split = path.name.rpartition("-of-")[0].rpartition("-")[0]
        shards.append(Shard(name, split, rows, path.stat().st_size, hashes[name]))
    return shards, schema


def read_shards(folder: Path, split: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Give all or some columns of a split's rows in their order, a row group at a time."""
    for path in sorted((folder / FOLDER).glob(f"{split}-*.parquet")):
        with parquet_faults(path), pq.ParquetFile(path) as file:
            for group in range(file.metadata.num_row_groups):
                yield file.read_row_group(group, columns=None if columns is None else list(columns))


class _SplitWriter:
    """Collects a split's rows, writes them in row groups, and begins a new file when one is full."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self._folder, self._name, self._schema = folder, name, schema
        self._waiting: list[pa.Table] = []
        self._held = 0
        self._files: list[Path] = []
        self._rows: list[int] = []
        self._open: pq.ParquetWriter | None = None

    def add(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        self._held += len(rows)
        while self._held >= _GROUP:
            self._write(_GROUP)

    def close(self) -> None:
        if self._held:
            self._write(self._held)
        if self._open is not None:
            self._open.close()
            self._open = None

    def shards(self) -> Iterator[Shard]:
        """Give the files their last names, now that it is known how many they are."""
        for number, (path, rows) in enumerate(zip(self._files, self._rows, strict=True)):
            final = path.with_name(f"{self._name}-{number:05d}-of-{len(self._files):05d}.parquet")
            move(path, final)
            relative = f"{FOLDER}/{final.name}"
            yield Shard(relative, self._name, rows, final.stat().st_size, sha256(final))

    def _write(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        if self._open is None or self._rows[-1] + rows > _ROWS:
            if self._open is not None:
                self._open.close()
            self._files.append(self._folder / f"{self._name}-{len(self._files):05d}.partial")
            self._rows.append(0)
            self._open = pq.ParquetWriter(self._files[-1], self._schema)
        self._open.write_table(table.slice(0, rows).combine_chunks(), row_group_size=rows)
        self._rows[-1] += rows
        self._waiting, self._held = [table.slice(rows)], self._held - rows
