"""Long tables of votes: read their cells, find their faults."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from weakhitl.errors import SchemaError
from weakhitl.files import Fault
from weakhitl.schema import ABSTAIN, LabelSchema

Codes = npt.NDArray[np.int64]


def encode_labels(labels: "pd.Series[Any]", schema: LabelSchema) -> tuple[Codes, list[Fault]]:
    """Turn a column of class names into indices; faults for what is neither name, skip answer nor missing."""
    codes = np.full(len(labels), ABSTAIN, dtype=np.int64)
    faults: list[Fault] = []
    positions, distinct = pd.factorize(labels)
    for number, value in enumerate(distinct):
        at = np.flatnonzero(positions == number)
        if not isinstance(value, str):
            hint = "a long table holds class names as strings: table.astype({'label': str})"
            faults += [(int(row), f"label {value!r} is {type(value).__name__}; {hint}") for row in at]
            continue
        try:
            codes[at] = schema.encode(value)
        except SchemaError as error:
            faults += [(int(row), f"label {error.faults[0]}") for row in at]
    return codes, faults


def missing_faults(table: pd.DataFrame, columns: Sequence[str]) -> list[Fault]:
    """Find cells of id columns that are missing or empty."""
    faults: list[Fault] = []
    for name in columns:
        empty = table[name].isna() | table[name].eq("")
        faults += [(int(row), f"no {name}") for row in np.flatnonzero(empty)]
    return faults


def conflict_faults(table: pd.DataFrame, codes: Codes, key: Sequence[str], wrong: Collection[int] = ()) -> list[Fault]:
    """Find rows that give a second, different label for one (item, source); rows in ``wrong`` are left out."""
    item, source = key
    keep = np.setdiff1d(np.arange(len(table)), np.array(list(wrong), dtype=np.int64))
    groups = [table[item].to_numpy()[keep], table[source].to_numpy()[keep]]
    first = pd.Series(codes[keep]).groupby(groups).transform("first")
    return [
        (
            int(row),
            f"{table[source].iloc[row]!r} has already given item {table[item].iloc[row]!r} another label",
        )
        for row in keep[first.to_numpy() != codes[keep]]
    ]
