"""Which labels are other: every item whose label, or whose place in the release, changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from weakhitl.release.bundle import CONSENSUS

_COLUMNS = ["item", "label", "probability", "provenance", "released"]


@dataclass(frozen=True)
class LabelChanges:
    """What became of the labels.

    Attributes
    ----------
    table
        A row per item whose label changed, or which is newly or no longer released, sorted by item: ``item``; then
        ``label``, ``probability``, ``provenance``, ``released`` before and after (``…_before``, ``…_after``), missing
        where the item is not in that dataset, and ``there_before``, ``there_after``.
    counts
        How many items there are of each kind.

    """

    table: pd.DataFrame
    counts: dict[str, int]


def label_changes(before: Path, after: Path, renamed: Mapping[str, str]) -> LabelChanges:
    """Compare the labels of all items of two releases, by item id; ``renamed`` says what earlier classes are later."""
    import polars as pl

    sides: list[Any] = []
    for folder, when in ((before, "before"), (after, "after")):
        table = pl.read_parquet(folder / CONSENSUS, columns=_COLUMNS)
        named = table.rename({name: f"{name}_{when}" for name in _COLUMNS[1:]})
        sides.append(named.with_columns(pl.lit(value=True).alias(f"there_{when}")))
    sides[0] = sides[0].with_columns(pl.col("label_before").replace(renamed))
    both = sides[0].join(sides[1], on="item", how="full", coalesce=True)
    there = [pl.col(f"there_{when}").fill_null(value=False) for when in ("before", "after")]
    released = [pl.col(f"released_{when}").fill_null(value=False) for when in ("before", "after")]
    both = both.with_columns(*there, *released)
    same = pl.col("label_before").eq_missing(pl.col("label_after"))
    kinds: dict[str, Any] = {
        "items before": pl.col("there_before"),
        "items after": pl.col("there_after"),
        "new items": ~pl.col("there_before"),
        "gone items": ~pl.col("there_after"),
        "released before": pl.col("released_before"),
        "released after": pl.col("released_after"),
        "newly released": ~pl.col("released_before") & pl.col("released_after"),
        "no longer released": pl.col("released_before") & ~pl.col("released_after"),
        "another label": pl.col("there_before") & pl.col("there_after") & ~same,
        "released with another label": pl.col("released_before") & pl.col("released_after") & ~same,
    }
    counts = both.select(**{name: kind.sum() for name, kind in kinds.items()}).row(0, named=True)
    changed = both.filter(~same | (pl.col("released_before") != pl.col("released_after"))).sort("item")
    columns: dict[str, Any] = {name: changed[name].to_list() for name in changed.columns}
    return LabelChanges(pd.DataFrame(columns, dtype=object), {name: int(count) for name, count in counts.items()})
