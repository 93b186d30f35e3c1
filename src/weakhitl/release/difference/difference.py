"""The difference between two releases."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from weakhitl.release.checking.untrusted import opened
from weakhitl.release.difference.labels import LabelChanges, label_changes
from weakhitl.release.difference.reasons import Reason, find_reasons
from weakhitl.release.difference.side import Side
from weakhitl.release.difference.sources import SourceChange, source_changes
from weakhitl.release.difference.texts import TextChange, text_changes
from weakhitl.release.last_release import comparable
from weakhitl.release.report.content.drift import drift_content
from weakhitl.release.shards import read_shards, released_name


@dataclass(frozen=True)
class Difference:
    """What is other in a later release, and why.

    Attributes
    ----------
    before, after
        The versions.
    renamed
        Classes of the earlier one that have another name, or are one with another, in the later one, and that name. All
        else speaks of them by it.
    counts
        How many items are new, gone, newly released, no longer released, have another label, are in another split.
    rows
        Every item whose label, or whether it is released, is other, with the reason; sorted by item.
    flips
        Source -> how many rows its vote flips.
    sources
        Functions, annotators and adjudicators that are other.
    texts
        Configuration, functions and guidelines that are other.
    figures
        The report's figures before and now, as its section on drift has them.

    """

    before: str
    after: str
    renamed: Mapping[str, str]
    counts: Mapping[str, int]
    rows: tuple[Reason, ...]
    flips: Mapping[str, int]
    sources: tuple[SourceChange, ...]
    texts: tuple[TextChange, ...]
    figures: Mapping[str, Any]

    def table(self) -> pd.DataFrame:
        """One row per item: item, before, after, was_released, is_released, why."""
        rows = [(row.item, row.before, row.after, *row.released, row.why) for row in self.rows]
        return pd.DataFrame(rows, columns=["item", "before", "after", "was_released", "is_released", "why"])

    def to_dict(self) -> dict[str, Any]:
        """Give all of it, ready for JSON."""
        return {
            "before": self.before,
            "after": self.after,
            "renamed": dict(self.renamed),
            "counts": dict(self.counts),
            "rows": [row.to_dict() for row in self.rows],
            "flips": dict(self.flips),
            "sources": [asdict(one) for one in self.sources],
            "texts": [asdict(one) for one in self.texts],
            "figures": dict(self.figures),
        }


def diff(before: Path | str, after: Path | str) -> Difference:
    """Compare two releases of one project.

    Parameters
    ----------
    before, after
        Folders or zip files.

    Raises
    ------
    DataError
        One of them is no release, is not what its manifest says, or is not safe to read.

    """
    with opened(Path(before)) as first, opened(Path(after)) as second:
        return compare(Side.of(first), Side.of(second))


def compare(before: Side, after: Side) -> Difference:
    """Compare two releases that are open."""
    was, now = before.evidence.schema, after.evidence.schema
    renamed = {old: new for old, new in now.former.items() if old in was.classes and new in now.classes}
    labels = label_changes(before.folder, after.folder, renamed)
    rows = find_reasons(before, after, labels.table, renamed)
    flips = Counter(vote.source for row in rows for vote in row.votes if vote.flips)
    drift = drift_content(after.report, comparable(before.report, before.manifest, renamed)) or {}
    return Difference(
        before.version,
        after.version,
        renamed,
        _with_moves(labels, before, after),
        tuple(rows),
        dict(flips.most_common()),
        tuple(source_changes(before.evidence, after.evidence, renamed)),
        tuple(text_changes(before.folder, after.folder)),
        drift,
    )


def _with_moves(labels: LabelChanges, before: Side, after: Side) -> dict[str, int]:
    """Count, beside the labels, the items that are released in both and in another split."""
    import polars as pl

    both = _splits(before).join(_splits(after), on="item", how="inner", suffix="_after")
    moved = both.filter(pl.col("split") != pl.col("split_after")).height
    return {**labels.counts, "released in another split": moved}


def _splits(side: Side) -> Any:
    """Give item and split of every released row."""
    import polars as pl

    config = side.evidence.config
    key = released_name(config.data.id)
    parts = [
        part.select([key])
        .rename_columns(["item"])
        .cast(pa.schema([("item", pa.string())]))
        .append_column("split", pa.repeat(split, len(part)))
        for split in config.release.splits
        for part in read_shards(side.folder, split, [key])
    ]
    schema = pa.schema([("item", pa.string()), ("split", pa.string())])
    return pl.from_arrow(pa.concat_tables(parts) if parts else schema.empty_table())
