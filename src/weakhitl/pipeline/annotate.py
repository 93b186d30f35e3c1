"""People and what they said: their quality, their ratings, items that somebody asks for by name."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pandas as pd

from weakhitl.annotation import AnnotatorQuality, anchoring, annotator_quality
from weakhitl.annotation.counting import COUNTED
from weakhitl.errors import StateError, UsageError
from weakhitl.estimate import Estimate
from weakhitl.files import write_table
from weakhitl.pipeline.hindsight import votes_events
from weakhitl.pipeline.shown import shown_event
from weakhitl.pipeline.workspace import Workspace
from weakhitl.routing import book_requested
from weakhitl.vote_names import unknown_item


def people_quality(workspace: Workspace) -> list[AnnotatorQuality]:
    """Say how well people rate, with intervals: on gold, against the others, against themselves, how fast; patterns."""
    return annotator_quality(_with_shown(workspace.store.ratings()), workspace.config.schema_, gold=_known(workspace))


def suggestion_effect(workspace: Workspace) -> Estimate:
    """Estimate by how much people agree more with a suggestion when they see it."""
    return anchoring(_with_shown(workspace.store.ratings()), workspace.config.schema_)


def _known(workspace: Workspace) -> "pd.Series[Any] | None":
    return pd.Series(workspace.tests, dtype=object) if workspace.tests else None


def _with_shown(ratings: pd.DataFrame) -> pd.DataFrame:
    """Give ``suggested`` as the class that was shown, empty where none was."""
    return ratings.assign(suggested=ratings["suggestion"].where(ratings["suggested"].eq(other=True), ""))


def ratings_table(workspace: Workspace) -> pd.DataFrame:
    """Give all ratings that stand, in order of arrival, with what is known of each."""
    return workspace.store.ratings()


def add_items(workspace: Workspace, items: Sequence[Mapping[str, Any] | str], overlap: int) -> int:
    """Queue items for annotators: ids of the dataset, or rows that are added to it; give how many.

    A share of them, by lot, an adjudicator decides, too (``[routing] audit_requested``). New rows are written as a file
    of their own into the data's folder. Raises ``UsageError`` naming every row that cannot be used, ``StateError``
    where the data is a single file or an item was routed before.
    """
    id_ = workspace.config.data.id
    rows = [one for one in items if not isinstance(one, str)]
    ids = [one if isinstance(one, str) else str(one.get(id_) or "") for one in items]
    known = workspace.items.index
    new = {str(row.get(id_)) for row in rows}
    faults = [f"item {at + 1} has no {id_!r}" for at, one in enumerate(ids) if not one]
    faults += [unknown_item(one, known) for one in ids if one and one not in new and one not in known]
    faults += [f"item {one!r} is in the dataset already" for one in sorted(new) if one in known]
    faults += [f"item {one!r} occurs twice" for one, times in Counter(filter(None, ids)).items() if times > 1]
    faults += [
        f"column {name!r} is not in the data"
        for name in sorted({name for row in rows for name in row} - {*map(str, workspace.items.columns), id_})
    ]
    if faults:
        raise UsageError("; ".join(faults))
    if rows and not workspace.data_path.is_dir():
        raise StateError(f"{workspace.config.data.path} is one file; new items need [data] path to be a folder")
    batches = workspace.store.batches()
    routed = {item for batch in batches for item in batch.items}
    if taken := [one for one in ids if one in routed]:
        raise StateError(f"routed before: {', '.join(taken[:20])}")
    if rows:
        table_of_rows = pd.DataFrame([dict(row) for row in rows])
        write_table(workspace.data_path / f"added-{uuid4().hex}.jsonl", table_of_rows)
        workspace.forget_items()
    share = workspace.config.routing.audit_requested
    batch = book_requested(ids, len(ids) - len(rows), share, overlap, batches)
    told = [shown_event(workspace, ids)]
    if len(batch.drawn_for_audit):
        with suppress(StateError):  # functions have not voted on new rows
            told += votes_events(workspace.store, [*batches, batch], workspace.votes())
    workspace.store.add_batch(batch, more=told)
    return len(ids)


def annotators(workspace: Workspace) -> pd.DataFrame:
    """List the people: ratings that count, and on a pilot their ratings, agreement, and whether they qualify.

    ``excluded`` says why somebody's ratings do not count by the rule, and is not there where nobody's are. How well
    they rate is in ``people_quality``.
    """
    counted = workspace.assess().counted
    table = counted.ratings
    names = pd.Index(sorted(table["annotator"].unique()), name="annotator", dtype=object)
    counts = table[table["fate"] == COUNTED]["annotator"].value_counts()
    people = pd.DataFrame({"counted": counts.reindex(names).fillna(0).astype(int)}, index=names)
    if counted.excluded:
        people["excluded"] = [counted.excluded.get(name, "") for name in names]
    if counted.annotators is not None:
        pilot = counted.annotators.rename(columns={"ratings": "pilot_ratings", "agreement": "pilot_agreement"})
        people = people.join(pilot)
        people["pilot_ratings"] = people["pilot_ratings"].fillna(0).astype(int)
        people["qualified"] = people["qualified"].eq(other=True).astype(bool)
        people = people.sort_values(["qualified", "pilot_agreement"], ascending=False, kind="stable")
    return people
