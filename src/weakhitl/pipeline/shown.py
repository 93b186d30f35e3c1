"""Whether items still read as when people were asked about them: ratings stay with ids, whatever the data become."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from weakhitl.annotation import Event
from weakhitl.pipeline.workspace import Workspace

_KIND = "shown"
_LOOKED_AT = 1000
"""Items of a batch of which it is remembered: a batch may hold millions, and where ids have moved a part shows it."""


@dataclass(frozen=True)
class Changed:
    """Items that read otherwise than when people were asked about them, and how many were looked at."""

    items: tuple[str, ...]
    looked_at: int

    def __str__(self) -> str:
        """Say it in a sentence; empty where nothing has changed."""
        if not self.items:
            return ""
        return (
            f"{len(self.items):,} of {self.looked_at:,} routed items read otherwise than when people were asked about "
            f"them, such as {self.items[0]!r}: ratings stay with ids, so see to it that each id is still the same item"
        )


def shown_event(workspace: Workspace, items: Sequence[str]) -> Event:
    """Say how the first of these items read now, for the store: it belongs to what people say of them."""
    columns = workspace.columns_read
    digests = _digests(workspace.items[columns], list(items)[:_LOOKED_AT])
    return Event(_KIND, body={"columns": columns, "digests": digests})


def changed(workspace: Workspace) -> Changed:
    """Compare, in the columns that are still there; the last time that an item was given out counts."""
    first: dict[str, tuple[list[str], str]] = {}
    for event in workspace.store.events(kind=_KIND):
        columns = event.body["columns"]
        first |= {item: (columns, digest) for item, digest in event.body["digests"].items()}
    others, looked_at = [], 0
    for columns in {tuple(columns) for columns, _ in first.values()}:
        if not {*columns} <= {*workspace.items.columns}:
            continue
        mine = {item: digest for item, (read, digest) in first.items() if tuple(read) == columns}
        here = workspace.items.index.intersection(list(mine), sort=False)
        now = _digests(workspace.items[[*columns]], here.tolist())
        looked_at += len(now)
        others += [item for item, digest in now.items() if digest != mine[item]]
    return Changed(tuple(others), looked_at)


def _digests(table: pd.DataFrame, items: list[str]) -> dict[str, str]:
    rows = table.loc[items]
    cells = rows.astype(object).where(rows.notna(), "").astype(str).to_numpy().tolist()
    return {item: _digest(row) for item, row in zip(items, cells, strict=True)}


def _digest(cells: list[str]) -> str:
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:16]
