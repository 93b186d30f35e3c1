"""The long table: one rating a row (item, annotator, label)."""

from pathlib import Path

import numpy as np
import pandas as pd

from weakhitl.files import raise_row_faults, read_table, require_columns, write_table
from weakhitl.schema import LabelSchema
from weakhitl.vote_table import conflict_faults, encode_labels, missing_faults


def read_long(
    path: Path,
    schema: LabelSchema,
    items: pd.Index,
    columns: tuple[str, str, str] = ("item", "annotator", "label"),
) -> pd.DataFrame:
    """Read ratings from a long file into columns item, annotator, label (strings).

    A row with an empty label is a place that nobody has filled in yet and is left out. Raises ``DataError``
    naming every missing id, unknown item, label that is neither class nor skip answer, and second,
    different rating by one annotator of one item.
    """
    table = read_table(path)
    require_columns(table, columns, str(path))
    table = table[list(columns)].set_axis(["item", "annotator", "label"], axis=1)
    filled = ~(table["label"].isna() | table["label"].eq(""))
    rows = np.flatnonzero(filled)
    table = table[filled].reset_index(drop=True)
    codes, faults = encode_labels(table["label"], schema)
    missing = missing_faults(table, ["item", "annotator"])
    unknown = items.get_indexer(pd.Index(table["item"])) < 0
    unknown[[row for row, _ in missing]] = False
    faults += missing
    faults += [(int(at), f"item {table['item'].iloc[at]!r} is not in the dataset") for at in np.flatnonzero(unknown)]
    faults += conflict_faults(table, codes, ["item", "annotator"])
    raise_row_faults(path, [(int(rows[at]), what) for at, what in faults])
    return table


def write_queue(path: Path, queue: pd.DataFrame, items: pd.DataFrame, id_column: str) -> None:
    """Write items to be rated: the queue's columns, the items' own, and empty annotator and label cells."""
    own = items.loc[queue["item"]].drop(columns=[id_column], errors="ignore").reset_index(drop=True)
    own = own.drop(columns=[name for name in ("item", "annotator", "label") if name in own])
    blank = pd.DataFrame({"annotator": "", "label": ""}, index=own.index)
    write_table(path, pd.concat([queue.reset_index(drop=True), own, blank], axis=1))
