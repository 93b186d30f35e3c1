"""Votes as one Parquet file: a column of ids, then one of class indices per source."""

from pathlib import Path

import numpy as np
import pandas as pd

from weakhitl.errors import DataError
from weakhitl.files import read_table, write_table
from weakhitl.schema import LabelSchema
from weakhitl.votes import Votes


def write_votes(path: Path, votes: Votes) -> None:
    """Write votes; the first column holds the items, and class indices are as in the schema (-1 abstains)."""
    matrix = votes.to_matrix()
    columns = {f"source:{name}": matrix[:, at] for at, name in enumerate(votes.sources)}
    write_table(path, pd.DataFrame({"item": votes.items.to_numpy(), **columns}))


def read_votes(path: Path, schema: LabelSchema) -> Votes:
    """Read what ``write_votes`` wrote. Raises ``DataError`` when the file is damaged or of another schema."""
    table = read_table(path)
    names = [str(name) for name in table.columns[1:]]
    if table.columns[0] != "item" or any(not name.startswith("source:") for name in names):
        raise DataError(str(path), "is no file of votes: expected a column 'item', then 'source:…' columns")
    matrix = table.iloc[:, 1:].to_numpy()
    if not np.issubdtype(matrix.dtype, np.integer):
        raise DataError(str(path), f"holds {matrix.dtype} votes; expected integers")
    sources = [name.removeprefix("source:") for name in names]
    return Votes.from_matrix(matrix, schema, pd.Index(table["item"].to_numpy(dtype=object)), sources)
