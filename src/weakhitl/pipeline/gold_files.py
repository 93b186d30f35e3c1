"""Gold labels in files: what people know, not what functions say."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from weakhitl.errors import DataError
from weakhitl.gate.assessment import FUNCTIONS
from weakhitl.gold import Gold, encode_gold
from weakhitl.release.evidence_files import gold_labels
from weakhitl.schema import ABSTAIN
from weakhitl.vote_table import read_names
from weakhitl.votes import Votes

_COLUMNS = ["item", "label"]


def read_gold(path: Path | str, classes: Collection[str]) -> pd.DataFrame:
    """Read a table with columns item and label.

    Raises ``DataError`` for labels that we gave and nobody has looked at, which ``provenance`` tells: what they would
    teach, or measure, is themselves.
    """
    table = read_names(path, _COLUMNS, classes)
    if "provenance" in table and (alone := table["label"].ne("") & table["provenance"].eq(FUNCTIONS)).any():
        told = f"{alone.sum():,} of {table['label'].ne('').sum():,} labels are the functions' own (column provenance)"
        raise DataError(str(path), f"{told}, and gold is what they are judged by; keep the rows that people labelled")
    return table


def known_labels(gold: Path | str | Gold, votes: Votes) -> "pd.Series[int]":
    """Give item -> class index, from a file with columns item and label, or from what ``encode_gold`` takes.

    Items without a label are left out. Raises ``DataError`` with every unknown item and label, every item with two
    labels, and where ``read_gold`` does.
    """
    if not isinstance(gold, Path | str):
        codes = encode_gold(gold, votes.items, votes.schema)
        known = codes != ABSTAIN
        return pd.Series(codes[known], index=votes.items[known])
    table = read_gold(gold, votes.schema.classes)
    try:
        return gold_labels(table[table["label"].ne("")], votes.items, votes.schema)
    except DataError as error:
        raise DataError(str(gold), error.faults) from error
