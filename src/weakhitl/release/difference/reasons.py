"""Why labels are other: which vote flipped which row, where weights did it, and what people decided."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.consensus import hard_labels
from weakhitl.gate.assessment import ADJUDICATED, GOLD
from weakhitl.release.difference.side import Side
from weakhitl.schema import LabelSchema
from weakhitl.votes import IntArray, Votes

_WORDS = {ADJUDICATED: "a decision", GOLD: "gold"}


@dataclass(frozen=True)
class VoteChange:
    """A vote on a row before and after; None is none. ``flips``: it alone makes the difference."""

    source: str
    before: str | None
    after: str | None
    flips: bool

    def __str__(self) -> str:
        return f"{self.source}: {self.before or 'none'} -> {self.after or 'none'}"


@dataclass(frozen=True)
class Reason:
    """Why a row is other.

    Attributes
    ----------
    item
        The item.
    before, after
        Its label; None for none.
    released
        Whether it was and whether it is released.
    why
        In words.
    votes
        The votes on it that are other, those that flip it first.

    """

    item: str
    before: str | None
    after: str | None
    released: tuple[bool, bool]
    why: str
    votes: tuple[VoteChange, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give all of it, ready for JSON."""
        votes = [vote.__dict__ for vote in self.votes]
        return {**self.__dict__, "released": list(self.released), "votes": votes}


def find_reasons(before: Side, after: Side, table: pd.DataFrame, renamed: Mapping[str, str]) -> list[Reason]:
    """Say of each row of a table of label changes why it is other; ``renamed`` says what earlier classes are later.

    A vote *flips* a row when it alone makes the difference: put back as it was, the later release's model no longer
    gives the later label (or, of a label that stayed, no longer lies on the same side of the confidence that is
    needed); or, of a source that this model does not know, taken as it is now, the earlier model gives the later one.
    Without any vote that differs, the model weighs the same votes otherwise.
    """
    items = pd.Index(table["item"], dtype=object)
    sides = before.ledger(items), after.ledger(items)
    changes = _vote_changes(*sides, items, renamed)
    bars = before.evidence.config.release.min_confidence, after.evidence.config.release.min_confidence
    flips = _flips((before.model, after.model), sides, changes, _Rows.of(table, after.evidence.schema, bars))
    told = [
        VoteChange(source, was, now, bool(flip))
        for source, was, now, flip in zip(changes["source"], changes["was"], changes["now"], flips, strict=True)
    ]
    votes: dict[int, list[VoteChange]] = {}
    for row, vote in zip(changes["row"], told, strict=True):
        votes.setdefault(row, []).append(vote)
    same = before.evidence.schema == after.evidence.schema
    recalled = [table["item"].isin(side.evidence.recalled_items) for side in (before, after)]
    table = table.assign(recalled_before=recalled[0], recalled_after=recalled[1])
    return [
        _reason(row, sorted(votes.get(at, []), key=lambda vote: not vote.flips), bars, same_classes=same)
        for at, row in enumerate(table.to_dict("records"))
    ]


def _vote_changes(before: Votes, after: Votes, items: pd.Index, renamed: Mapping[str, str]) -> pd.DataFrame:
    """Give ``row``, ``source``, ``was``, ``now`` (class names or None) of every vote that differs."""
    sides = [votes.to_long().set_index(["item", "source"])["label"] for votes in (before, after)]
    sides[0] = sides[0].map(lambda name: renamed.get(name, name))
    both = pd.concat(sides, axis=1, keys=["was", "now"]).astype(object)
    both = both.where(both.notna(), None)
    differ = np.array([was != now for was, now in zip(both["was"], both["now"], strict=True)], dtype=bool)
    both = both[differ].reset_index()
    both["row"] = items.get_indexer(pd.Index(both["item"], dtype=object))
    return both.sort_values(["row", "source"], kind="stable", ignore_index=True)


def _flips(models: tuple[Any, Any], sides: tuple[Votes, Votes], changes: pd.DataFrame, rows: "_Rows") -> np.ndarray:
    """``mask[change]``: that vote alone makes the difference."""
    earlier, later = models
    found = np.zeros(len(changes), dtype=bool)
    if earlier is None or later is None or earlier.schema_.classes != later.schema_.classes or changes.empty:
        return found
    known = changes["source"].isin(later.sources_).to_numpy()
    found[known] = ~rows.as_after(changes["row"][known], later, _one_other(sides[1], changes[known], "was"), 1)
    old = ~known & changes["source"].isin(earlier.sources_).to_numpy()
    found[old] = rows.as_after(changes["row"][old], earlier, _one_other(sides[0], changes[old], "now"), 0)
    return found


@dataclass(frozen=True)
class _Rows:
    """What became of the rows: their label afterwards, or, where that stayed, whether they are sure enough."""

    label: IntArray
    renamed: np.ndarray
    sure: np.ndarray
    bars: tuple[float, float]

    @classmethod
    def of(cls, table: pd.DataFrame, schema: LabelSchema, bars: tuple[float, float]) -> "_Rows":
        renamed = [was != now for was, now in zip(table["label_before"], table["label_after"], strict=True)]
        label = [
            -1 if name is None or name not in schema.classes else schema.encode(name) for name in table["label_after"]
        ]
        sure = table["probability_after"].astype(float).fillna(0.0).to_numpy() >= bars[1]
        return cls(np.array(label, dtype=np.int64), np.array(renamed, dtype=bool), sure, bars)

    def as_after(self, at: "pd.Series[int]", model: Any, votes: Votes, side: int) -> np.ndarray:
        """``mask[vote row]``: the model makes of it what became of the row ``at``."""
        known = [name for name in votes.sources if name in set(model.sources_)]
        proba = np.asarray(model.predict_proba(votes.take_sources(known)))
        label, sure = hard_labels(proba), proba.max(axis=1, initial=0.0) >= self.bars[side]
        return np.asarray(np.where(self.renamed[at], label == self.label[at], sure == self.sure[at]))


def _one_other(votes: Votes, changes: pd.DataFrame, column: str) -> Votes:
    """Give, for each change, its row with that one vote as ``column`` has it."""
    matrix_rows = votes.take_items(changes["row"].to_numpy())
    row, source, label = matrix_rows.entries()
    place = {name: at for at, name in enumerate(votes.sources)}
    names = [*votes.sources, *(name for name in dict.fromkeys(changes["source"]) if name not in place)]
    at = np.array([names.index(name) for name in changes["source"]], dtype=np.int64)
    kept = source != at[row]
    cast = changes[column].notna().to_numpy()
    codes = np.array([votes.schema.encode(name) for name in changes[column][cast]], dtype=np.int64)
    entries = (
        np.concatenate([row[kept], np.flatnonzero(cast)]),
        np.concatenate([source[kept], at[cast]]),
        np.concatenate([label[kept], codes]),
    )
    return Votes.from_entries(entries, votes.schema, range(len(changes)), names)


def _reason(
    row: Mapping[Any, Any], votes: Sequence[VoteChange], bars: Sequence[float], *, same_classes: bool
) -> Reason:
    why = "; ".join(_why(row, votes, bars, same_classes=same_classes))
    released = bool(row["released_before"]), bool(row["released_after"])
    return Reason(str(row["item"]), row["label_before"], row["label_after"], released, why, tuple(votes))


def _why(
    row: Mapping[Any, Any], votes: Sequence[VoteChange], bars: Sequence[float], *, same_classes: bool
) -> Iterator[str]:
    if not (row["there_before"] and row["there_after"]):
        yield "new in the dataset" if row["there_after"] else "no longer in the dataset"
        return
    if row["recalled_before"] != row["recalled_after"]:
        yield "it was recalled" if row["recalled_after"] else "it is not recalled any more"
        return
    was, now = (_WORDS.get(row[f"provenance_{when}"]) for when in ("before", "after"))
    same, flipping = row["label_before"] == row["label_after"], [vote for vote in votes if vote.flips]
    if was != now or (now and not same):
        yield f"{now} says so" if now else f"{was} no longer counts"
        return
    if same:
        yield _withheld(row, bars)
        if flipping:
            yield f"by {', '.join(map(str, flipping))}"
        return
    if flipping:
        yield f"flipped by {', '.join(map(str, flipping))}"
    elif votes:
        yield f"{len(votes)} votes differ, none of which does it alone"
    elif same_classes:
        yield "the same votes, weighed otherwise"
    else:
        yield "other classes"


def _withheld(row: Mapping[Any, Any], bars: Sequence[float]) -> str:
    """Say why a label that stayed is newly, or no longer, released."""
    before, after = (float(row[f"probability_{when}"]) for when in ("before", "after"))
    was, now = before >= bars[0], after >= bars[1]
    if was == now:
        return "its part of the data is withheld by a check" if row["released_before"] else "its part now passes"
    moved = f"its probability went from {before:.3f} to {after:.3f}"
    return f"{moved}; {bars[1]:g} is needed" + ("" if bars[0] == bars[1] else f", before {bars[0]:g}")
