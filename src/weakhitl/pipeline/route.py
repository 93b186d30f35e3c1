"""Route: draw the next batch of items for people."""

from typing import get_args

import pandas as pd

from weakhitl.annotation import ANNOTATOR
from weakhitl.config import Score
from weakhitl.errors import StateError, UsageError
from weakhitl.files import require_columns
from weakhitl.gate import Assessment
from weakhitl.pipeline.hindsight import votes_events
from weakhitl.pipeline.licences import licensed_last
from weakhitl.pipeline.shown import shown_event
from weakhitl.pipeline.workspace import Workspace
from weakhitl.routing import (
    NOVELTY,
    RANDOM,
    REQUESTED,
    SCORES,
    Batch,
    density,
    draw_batch,
    draw_pilot,
    far_apart,
    in_turns,
    item_vectors,
    novelty,
    score_order,
)
from weakhitl.votes import FloatArray
from weakhitl.wording import number_of


def route(
    workspace: Workspace,
    *,
    pilot: int | None = None,
    budget: int | None = None,
    audit: int | None = None,
    overlap: int | None = None,
    seed: int | None = None,
    strategy: str | None = None,
    another: bool = False,
    everything: bool = False,
) -> Batch:
    """Draw the next batch and keep it; what is not given comes from ``[routing]`` (``strategy`` is its ``score``).

    With ``everything`` the budget is all items that no batch holds, and where these are fewer than the audit of the
    configuration, all are audited. Ratings that its items have already count.

    Raises ``UsageError`` for a strategy that there is not, and where items have more ratings already than the
    configuration's overlap; ``StateError`` while the last batch has no rating (unless ``another``): routing twice by
    mistake would cost a second batch of people's time.
    """
    settings = workspace.config.routing
    seed = settings.seed if seed is None else seed
    _check_asked(pilot, budget, strategy, everything=everything, more=(audit, overlap))
    assessment = workspace.assess()
    batches = workspace.store.batches()
    rated = set(workspace.store.ratings()["item"])
    drawn = [batch for batch in batches if batch.kind != REQUESTED]
    if drawn and not another and not rated & set(drawn[-1].items):
        raise StateError(
            f"the last batch ({number_of(len(drawn[-1].items), 'item')}) has no ratings yet: `weakhitl export` writes "
            "it, `weakhitl import` reads ratings; `--undo` takes it back, `--another` draws one more all the same"
        )
    taken = pd.Index([item for batch in batches for item in batch.items], dtype=object)
    items = assessment.evidence.items
    taken = taken.append(assessment.evidence.recalled_items)
    left = items[~items.isin(taken)]
    if pilot is not None:
        batch = draw_pilot(left, pilot, seed)
    else:
        budget = max(len(left), 1) if everything else settings.budget if budget is None else budget
        strategy = strategy or settings.score
        told_apart = strategy not in SCORES or assessment.evidence.functions.n_votes
        batch = draw_batch(
            _ordered(workspace, assessment, strategy, taken, budget, seed),
            budget,
            (min(settings.audit, budget) if everything else settings.audit) if audit is None else audit,
            settings.overlap if overlap is None else overlap,
            seed,
            strategy if told_apart else RANDOM,
        )
    if overlap is None and pilot is None:
        _check_overlap(workspace, batch)
    told = votes_events(workspace.store, [*batches, batch], assessment.evidence.functions)
    workspace.store.add_batch(batch, _skills(workspace, batch), [shown_event(workspace, batch.items.tolist()), *told])
    workspace.desk.settle([item for item in batch.items if item in rated])
    return batch


def _check_asked(
    pilot: int | None, budget: int | None, strategy: str | None, *, everything: bool, more: tuple[int | None, ...]
) -> None:
    """Raise ``UsageError`` for a strategy that there is not, and for settings that go ill together."""
    if everything and (pilot is not None or budget is not None):
        raise UsageError("all items, or a number of them: leave out the budget and the pilot")
    if pilot is not None and any(one is not None for one in (budget, strategy, *more)):
        raise UsageError(
            "a pilot is drawn by lot, and all its ratings count: give it no budget, audit, overlap, strategy"
        )
    if strategy is not None and strategy not in get_args(Score):
        raise UsageError(f"there is no strategy {strategy!r}; there are {', '.join(get_args(Score))}")


def _check_overlap(workspace: Workspace, batch: Batch) -> None:
    """Raise ``UsageError`` where items have more ratings than would count: a file's order would choose."""
    said = workspace.store.ratings()
    answers = (said["role"] == ANNOTATOR) & said["label"].isin(workspace.config.schema_.classes)
    rated = said[answers & said["item"].isin(batch.items)]["item"].value_counts()
    if batch.overlap is not None and len(over := rated[rated > batch.overlap]):
        raise UsageError(
            f"{number_of(len(over), 'item has', 'items have')} up to {over.max()} ratings already, of which the first "
            f"{batch.overlap} would count, as they came: say how many count with --overlap"
        )


def _skills(workspace: Workspace, batch: Batch) -> dict[str, str]:
    """Say what one has to know for a batch's items; nothing for those whose cell is empty."""
    column = workspace.config.routing.skill
    if column is None:
        return {}
    require_columns(workspace.items, [column], f"{workspace.data_path} (for [routing])")
    cells = workspace.items.loc[batch.items, column]
    return {str(item): str(cell) for item, cell in cells.items() if not pd.isna(cell)}


def _ordered(
    workspace: Workspace, assessment: Assessment, score: str, taken: pd.Index, budget: int, seed: int
) -> pd.Index:
    """Put items that are in no batch yet in the order that ``[routing]`` asks for."""
    settings, votes = workspace.config.routing, assessment.evidence.functions
    asked = (settings.stratify, settings.diverse, settings.cost, settings.near, settings.density)
    columns = [name for name in asked if name not in (None, "class")]
    table = pd.DataFrame(index=votes.items)
    if columns:
        require_columns(workspace.items, columns, f"{workspace.data_path} (for [routing])")
        table = workspace.items.loc[votes.items, columns]
    cost = None if settings.cost is None else pd.to_numeric(table[settings.cost], errors="coerce")
    dense = None if settings.density is None else density(item_vectors(table[settings.density]))
    order = score_order(_scores(workspace, assessment, score, seed), seed, density=dense, cost=cost)
    order = order[~votes.items.isin(taken)[order]]
    if settings.stratify is not None:
        by_class = settings.stratify == "class"
        order = in_turns(order, assessment.automatic.labels if by_class else table[settings.stratify])
    elif settings.diverse is not None:
        order = far_apart(order, item_vectors(table[settings.diverse]), budget)
    return votes.items[licensed_last(workspace, votes.items, order)]


def _scores(workspace: Workspace, assessment: Assessment, score: str, seed: int) -> list[FloatArray]:
    """Say of each item how much there is to learn from people about it."""
    settings = workspace.config.routing
    if score in SCORES:
        return SCORES[score](assessment.evidence.functions, assessment.automatic)
    if score == NOVELTY:
        if settings.near is None:
            raise UsageError('the strategy novelty needs [routing] near = "COLUMN", which says which items are alike')
        return [novelty(item_vectors(workspace.items.loc[assessment.evidence.items, settings.near]), seed)]
    # Here, not above: scikit-learn takes its time to load.
    from weakhitl.feedback.committee import STRATEGIES, ask_committee
    from weakhitl.pipeline.train import learning_set

    table, target = learning_set(workspace, assessment.evidence, settings.learn)
    return [STRATEGIES[score](ask_committee(table, target, seed=seed))]
