"""After a revision of the guideline: ask items again, and compare how far people agreed before and after."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.agreement import agreement_difference, krippendorff_alpha
from weakhitl.annotation import ANNOTATOR, count_by
from weakhitl.errors import StateError, UsageError
from weakhitl.files import require_columns
from weakhitl.gate import PERSON
from weakhitl.pipeline.shown import shown_event
from weakhitl.pipeline.workspace import Workspace
from weakhitl.votes import IntArray, Votes


def ask_again(
    workspace: Workspace,
    classes: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
    *,
    budget: int | None = None,
    everything: bool = False,
) -> tuple[int, int]:
    """Ask routed items again: those that somebody gave one of the classes, and whose columns have these values.

    With ``budget`` so many of them, by lot, or of all; with ``everything`` all. Their ratings are set aside and kept;
    what was decided stands. Of items that are chosen by what people said of them, agreement is measured on that still:
    they are those on which people differ, so that asking again makes people agree more by chance alone. Gives how many
    items are asked again, and how many ratings were set aside. Raises ``UsageError`` for unknown classes, and
    ``StateError`` where no item is meant.
    """
    where = where or {}
    schema = workspace.config.schema_
    if unknown := [name for name in classes if name not in schema.classes]:
        raise UsageError("; ".join(f"{name!r} is not a class; {schema.expected(name)}" for name in unknown))
    if not (classes or where or budget or everything):
        raise UsageError(
            "say which items: a class that they were given, a column and its value, so many by lot, or all"
        )
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
    if budget is not None and budget < len(chosen):
        rng = np.random.default_rng([workspace.config.routing.seed, workspace.store.last_event()])
        chosen = [chosen[at] for at in np.sort(rng.choice(len(chosen), budget, replace=False))]
    why = [*classes, *(f"{name}={value}" for name, value in where.items())]
    why += ["by lot"] if budget is not None else []
    aside = workspace.desk.ask_again(chosen, ", ".join(why) or "all", classes)
    workspace.store.note([shown_event(workspace, chosen)])
    return len(chosen), aside


def before_and_after(workspace: Workspace) -> dict[str, Any]:
    """Compare alpha on the items that were asked again: before, after, and the difference; ready for JSON.

    Items that were chosen by the classes that people gave them are compared as ``without_one`` says; ``apart`` says
    so. Raises ``StateError`` where nothing was asked again.
    """
    old = workspace.store.ratings(retired=True)
    if old.empty:
        raise StateError("no item was asked again: `weakhitl route --again` does that")
    number = old["retired"].max()
    event = workspace.store.events(after=int(number) - 1)[0]
    classes = event.body.get("classes", [])
    last = old[old["retired"] == number]
    # Where what was said chose items earlier, and nothing does now, what was measured till then is what was said first.
    first = last[:0] if classes else workspace.store.said_first(before=int(number))
    first = first[first["item"].isin(last["item"])]
    before = _measured(workspace, pd.concat([first, last[~last["item"].isin(first["item"])]]))
    after = _measured(workspace, workspace.store.ratings())
    items = before.items.intersection(last["item"].unique())
    before, after = before.reindex(items), after.reindex(items)
    level = workspace.config.labels.level
    if classes:
        before, after = without_one(before, after, [before.schema.encode(name) for name in classes])
    return {
        "items": len(items),
        "compared": len(before),
        "why": event.body["why"],
        "time": event.time,
        "apart": bool(classes),
        "before": krippendorff_alpha(before, level=level).to_dict(),
        "after": krippendorff_alpha(after, level=level).to_dict(),
        "difference": agreement_difference(after, before).to_dict(),
    }


def without_one(before: Votes, after: Votes, classes: Sequence[int]) -> tuple[Votes, Votes]:
    """Leave out one person of each item, by lot, and keep the items to which that one gave one of the classes.

    Items that somebody gave a class are those on which people differ more than on others, and agree more when they are
    asked again, whatever became of the guideline. What one person said says nothing of how far the others' answers
    agree but by the item itself: on items chosen by that one, the others agree before as after where nothing changed.
    """
    row, column, label = before.entries()
    lot = np.random.default_rng(0).random(len(row))
    order = np.lexsort((lot, row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    chosen = first[np.isin(label[first], classes)]
    kept, people = row[chosen], {int(row[at]): before.sources[column[at]] for at in chosen}
    return _others(before, kept, people), _others(after, kept, people)


def _others(votes: Votes, rows: IntArray, without: Mapping[int, str]) -> Votes:
    """Take rows of votes, each without what one person said."""
    row, column, label = votes.entries()
    names = np.array(votes.sources, dtype=object)[column]
    mine = np.array([without.get(int(at)) == name for at, name in zip(row, names, strict=True)], dtype=bool)
    rest = Votes.from_entries((row[~mine], column[~mine], label[~mine]), votes.schema, votes.items, votes.sources)
    return rest.take_items(rows)


def _measured(workspace: Workspace, ratings: pd.DataFrame) -> Votes:
    batches, recalled = workspace.store.batches(), workspace.recalled(PERSON)
    return count_by(workspace.config, ratings, batches, workspace.tests, withdrawn=recalled).measured
