"""Votes as one Parquet file: a column of ids, then one of class indices per source; read and written in parts."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from weakhitl.errors import DataError
from weakhitl.files import atomic_write, parquet_faults
from weakhitl.schema import LabelSchema
from weakhitl.votes import Votes

_ROWS = 1 << 18
"""Rows of a row group, which is what is in memory beside the votes."""
_SOURCE = "source:"


def write_votes(path: Path, votes: Votes) -> None:
    """Write votes; the first column holds the items, and class indices are as in the schema (-1 abstains)."""
    names = [f"{_SOURCE}{name}" for name in votes.sources]
    with atomic_write(path) as stream:
        writer = None
        for start in range(0, max(len(votes), 1), _ROWS):
            part = votes.take_items(np.arange(start, min(start + _ROWS, len(votes))))
            matrix = part.to_matrix()
            columns = [pa.array(np.ascontiguousarray(matrix[:, at])) for at in range(len(names))]
            table = pa.table([_ids(part.items), *columns], names=["item", *names])
            writer = writer or pq.ParquetWriter(stream, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()


def read_votes(path: Path, schema: LabelSchema) -> Votes:
    """Read what ``write_votes`` wrote. Raises ``DataError`` when the file is damaged or of another schema."""
    with parquet_faults(path), pq.ParquetFile(path) as file:
        names = [str(name) for name in file.schema_arrow.names]
        if names[:1] != ["item"] or any(not name.startswith(_SOURCE) for name in names[1:]):
            raise DataError(str(path), f"is no file of votes: expected a column 'item', then '{_SOURCE}…' columns")
        if wrong := [one for one in list(file.schema_arrow)[1:] if not pa.types.is_integer(one.type)]:
            raise DataError(str(path), f"holds {wrong[0].type} votes; expected integers")
        kinds = [one.type.to_pandas_dtype() for one in list(file.schema_arrow)[1:]]
        matrix: npt.NDArray[Any] = np.empty((file.metadata.num_rows, len(kinds)), dtype=np.result_type(np.int8, *kinds))
        ids, start = [], 0
        for group in range(file.metadata.num_row_groups):
            table = file.read_row_group(group)
            ids.append(table.column(0))
            for at in range(len(kinds)):
                matrix[start : start + len(table), at] = table.column(at + 1).to_numpy()
            start += len(table)
        items = pa.chunked_array(
            [chunk for column in ids for chunk in column.chunks], type=file.schema_arrow.field(0).type
        )
    index: pd.Index = pd.Index(items.to_pandas(), name=None)
    return Votes.from_matrix(matrix, schema, index, [name.removeprefix(_SOURCE) for name in names[1:]])


def _ids(items: pd.Index) -> pa.Array:
    try:
        return pa.array(items)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # ids of several kinds
        return pa.array(items.astype(str))
