"""Route items to people, hand them out, collect what comes back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import pandas as pd

from weakhitl.annotation import AnnotatorQuality, anchoring, annotator_quality
from weakhitl.annotation.counting import COUNTED
from weakhitl.errors import StateError, UsageError
from weakhitl.estimate import Estimate
from weakhitl.files import require_columns, write_table
from weakhitl.gate import Assessment
from weakhitl.pipeline.licences import licensed_last
from weakhitl.pipeline.workspace import Workspace
from weakhitl.routing import REQUESTED, Batch, draw_batch, draw_pilot, far_apart, in_turns, item_vectors, score_order


def route(
    workspace: Workspace,
    *,
    pilot: int | None = None,
    budget: int | None = None,
    audit: int | None = None,
    overlap: int | None = None,
    seed: int | None = None,
    another: bool = False,
) -> Batch:
    """Draw the next batch and keep it; what is not given comes from ``[routing]``.

    Raises ``StateError`` while the last batch has no rating, unless ``another``: routing twice by mistake
    would cost a second batch of people's time.
    """
    settings = workspace.config.routing
    seed = settings.seed if seed is None else seed
    assessment = workspace.assess()
    batches = workspace.store.batches()
    rated = set(workspace.store.ratings()["item"])
    if batches and not another and not rated & set(batches[-1].items):
        raise StateError(
            f"the last batch ({len(batches[-1].items):,} items) has no ratings yet: `weakhitl export` writes it, "
            "`weakhitl import` reads ratings; `--another` draws one more all the same"
        )
    taken = pd.Index([item for batch in batches for item in batch.items], dtype=object)
    if pilot is not None:
        items = assessment.evidence.items
        batch = draw_pilot(items[~items.isin(taken)], pilot, seed)
    else:
        budget = settings.budget if budget is None else budget
        batch = draw_batch(
            _ordered(workspace, assessment, taken, budget, seed),
            budget,
            settings.audit if audit is None else audit,
            settings.overlap if overlap is None else overlap,
            seed,
        )
    workspace.store.add_batch(batch, _skills(workspace, batch))
    return batch


def _skills(workspace: Workspace, batch: Batch) -> dict[str, str]:
    """Say what one has to know for a batch's items; nothing for those whose cell is empty."""
    column = workspace.config.routing.skill
    if column is None:
        return {}
    require_columns(workspace.items, [column], f"{workspace.data_path} (for [routing])")
    cells = workspace.items.loc[batch.items, column]
    return {str(item): str(cell) for item, cell in cells.items() if not pd.isna(cell)}


def _ordered(workspace: Workspace, assessment: Assessment, taken: pd.Index, budget: int, seed: int) -> pd.Index:
    """Put items that are in no batch yet in the order that ``[routing]`` asks for."""
    settings, votes = workspace.config.routing, assessment.evidence.functions
    asked = (settings.stratify, settings.diverse, settings.cost, settings.near)
    columns = [name for name in asked if name not in (None, "class")]
    table = pd.DataFrame(index=votes.items)
    if columns:
        require_columns(workspace.items, columns, f"{workspace.data_path} (for [routing])")
        table = workspace.items.loc[votes.items, columns]
    cost = None if settings.cost is None else pd.to_numeric(table[settings.cost], errors="coerce").to_numpy()
    near = None if settings.near is None else item_vectors(table[settings.near])
    order = score_order(votes, assessment.automatic, seed, settings.score, cost, near)
    order = order[~votes.items.isin(taken)[order]]
    if settings.stratify is not None:
        by_class = settings.stratify == "class"
        order = in_turns(order, assessment.automatic.labels if by_class else table[settings.stratify])
    elif settings.diverse is not None:
        order = far_apart(order, item_vectors(table[settings.diverse]), budget)
    return votes.items[licensed_last(workspace, votes.items, order)]


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

    Nothing is measured on them, since nobody drew them. New rows are written as a file of their own into the data's
    folder. Raises ``UsageError`` naming every row that cannot be used, ``StateError`` where the data is a single file
    or an item was routed before.
    """
    id_ = workspace.config.data.id
    rows = [one for one in items if not isinstance(one, str)]
    ids = [one if isinstance(one, str) else str(one.get(id_) or "") for one in items]
    known = workspace.items.index
    new = {str(row.get(id_)) for row in rows}
    faults = [f"item {at + 1} has no {id_!r}" for at, one in enumerate(ids) if not one]
    faults += [f"item {one!r} is not in the dataset" for one in ids if one and one not in new and one not in known]
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
    table = pd.DataFrame({"item": ids, "reason": REQUESTED, "probability": 1.0, "rank": 0})
    routed = {item for batch in workspace.store.batches() for item in batch.items}
    if taken := [one for one in ids if one in routed]:
        raise StateError(f"routed before: {', '.join(taken[:20])}")
    if rows:
        table_of_rows = pd.DataFrame([dict(row) for row in rows])
        write_table(workspace.data_path / f"added-{uuid4().hex}.jsonl", table_of_rows)
        workspace.forget_items()
    workspace.store.add_batch(Batch("requested", 0, overlap, len(ids), table))
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
