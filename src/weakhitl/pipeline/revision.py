"""After a revision of the guideline: ask items again, and compare how far people agreed before and after."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from weakhitl.agreement import agreement_difference, krippendorff_alpha
from weakhitl.annotation import ANNOTATOR, count_by
from weakhitl.errors import StateError, UsageError
from weakhitl.files import require_columns
from weakhitl.gate import PERSON
from weakhitl.pipeline.workspace import Workspace
from weakhitl.votes import Votes


def ask_again(
    workspace: Workspace, classes: Sequence[str] = (), where: Mapping[str, str] | None = None
) -> tuple[int, int]:
    """Ask routed items again: those that somebody gave one of the classes, and whose columns have these values.

    Their ratings are set aside and kept; what was decided stands. Gives how many items are asked again, and how many
    ratings were set aside. Raises ``UsageError`` for unknown classes, and ``StateError`` where no item is meant.
    """
    where = where or {}
    schema = workspace.config.schema_
    if unknown := [name for name in classes if name not in schema.classes]:
        raise UsageError("; ".join(f"{name!r} is not a class; {schema.expected(name)}" for name in unknown))
    if not classes and not where:
        raise UsageError("say which items: a class that they were given, or a column and its value")
    ratings = workspace.store.ratings()
    ratings = ratings[ratings["role"] == ANNOTATOR]
    meant = ratings["label"].isin(classes) if classes else pd.Series(data=True, index=ratings.index)
    items = pd.Index(ratings["item"][meant].unique())
    if where:
        require_columns(workspace.items, list(where), str(workspace.data_path))
        rows = workspace.items.loc[items]
        for name, value in where.items():
            rows = rows[rows[name].astype(str) == value]
        items = rows.index
    routed = {item for batch in workspace.store.batches() if batch.kind != "pilot" for item in batch.items}
    chosen = [str(item) for item in items if item in routed]
    if not chosen:
        raise StateError("no rated item is meant by that")
    why = ", ".join([*classes, *(f"{name}={value}" for name, value in where.items())])
    return len(chosen), workspace.desk.ask_again(chosen, why)


def before_and_after(workspace: Workspace) -> dict[str, Any]:
    """Compare alpha on the items that were asked again: before, after, and the difference; ready for JSON.

    Every item counts alike, since nobody drew them. Raises ``StateError`` where nothing was asked again.
    """
    old = workspace.store.ratings(retired=True)
    if old.empty:
        raise StateError("no item was asked again: `weakhitl route --again` does that")
    last = old[old["retired"] == old["retired"].max()]
    before = _measured(workspace, last)
    after = _measured(workspace, workspace.store.ratings())
    items = before.items.intersection(last["item"].unique())
    before, after = before.reindex(items), after.reindex(items)
    level = workspace.config.labels.level
    event = workspace.store.events(after=int(last["retired"].iloc[0]) - 1)[0]
    return {
        "items": len(items),
        "why": event.body["why"],
        "time": event.time,
        "before": krippendorff_alpha(before, level=level).to_dict(),
        "after": krippendorff_alpha(after, level=level).to_dict(),
        "difference": agreement_difference(after, before).to_dict(),
    }


def _measured(workspace: Workspace, ratings: pd.DataFrame) -> Votes:
    batches, recalled = workspace.store.batches(), workspace.recalled(PERSON)
    return count_by(workspace.config, ratings, batches, workspace.tests, withdrawn=recalled).measured
