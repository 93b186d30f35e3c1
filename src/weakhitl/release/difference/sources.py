"""Which sources are other: functions by their votes, people by their ratings and decisions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from weakhitl.annotation import ADJUDICATOR, ANNOTATOR
from weakhitl.gate import FUNCTION, PERSON, Evidence
from weakhitl.votes import Votes

_PART = 1 << 18
"""Rows that are compared at a time."""


@dataclass(frozen=True)
class SourceChange:
    """One source before and after.

    Attributes
    ----------
    source
        ``function:NAME``, ``annotator:NAME`` or ``adjudicator:NAME``.
    before, after
        How many votes or ratings it has; None where it is not there.
    changed
        How many of those on items of both releases are other: new, gone, or of another class.
    recalled
        Why it was recalled since, or ``""``.

    """

    source: str
    before: int | None
    after: int | None
    changed: int
    recalled: str = ""


def source_changes(before: Evidence, after: Evidence, renamed: Mapping[str, str]) -> list[SourceChange]:
    """Compare all sources of two releases: those that are other, functions first.

    ``renamed`` says what earlier classes are later.
    """
    found = [*_functions(before, after, renamed), *_people(before, after, renamed)]
    return [one for one in found if one.changed or one.recalled or (one.before is None) != (one.after is None)]


def _functions(before: Evidence, after: Evidence, renamed: Mapping[str, str]) -> list[SourceChange]:
    sides = before.functions, after.functions
    names = [*sides[0].sources, *(name for name in sides[1].sources if name not in sides[0].sources)]
    changed = dict(zip(names, _changed_votes(*sides, names, renamed), strict=True))
    counts = [_counts(votes) for votes in sides]
    since = _recalled_since(before, after, FUNCTION)
    return [
        SourceChange(
            f"{FUNCTION}:{name}", counts[0].get(name), counts[1].get(name), int(changed[name]), since.get(name, "")
        )
        for name in names
    ]


def _counts(votes: Votes) -> dict[str, int]:
    _, column, _ = votes.entries()
    return dict(zip(votes.sources, np.bincount(column, minlength=len(votes.sources)).tolist(), strict=True))


def _changed_votes(before: Votes, after: Votes, names: list[str], renamed: Mapping[str, str]) -> np.ndarray:
    """``changed[source]`` on items of both, a part at a time; a class is the same by its later name."""
    codes = {name: code for code, name in enumerate(dict.fromkeys([*before.schema.classes, *after.schema.classes]))}
    tables = [
        np.array([*(codes[renamed.get(name, name)] for name in votes.schema.classes), -1]) for votes in (before, after)
    ]
    at = after.items.get_indexer(before.items)
    total = np.zeros(len(names), dtype=np.int64)
    for start in range(0, len(at), _PART):
        here = np.arange(start, min(start + _PART, len(at)))
        here = here[at[here] >= 0]
        rows = before.take_items(here), after.take_items(at[here])
        was, now = (_columns(votes, names, table) for votes, table in zip(rows, tables, strict=True))
        total += (was != now).sum(axis=0)
    return total


def _columns(votes: Votes, names: list[str], codes: np.ndarray) -> np.ndarray:
    """``codes[item, name]`` in classes common to both; -1 for none, also where there is no such source."""
    place = {name: at for at, name in enumerate(votes.sources)}
    columns = np.full((len(votes), len(names)), -1, dtype=np.int64)
    matrix = votes.to_matrix()
    for at, name in enumerate(names):
        if name in place:
            columns[:, at] = codes[matrix[:, place[name]]]
    return columns


def _people(before: Evidence, after: Evidence, renamed: Mapping[str, str]) -> list[SourceChange]:
    """Compare ratings and decisions. Two of one person on one item count as one, the last."""
    since = _recalled_since(before, after, PERSON)
    found = []
    for role in (ANNOTATOR, ADJUDICATOR):
        was, now = (_said(side.ratings, role) for side in (before, after))
        for name in sorted({*was.index.unique("annotator"), *now.index.unique("annotator")}):
            sides = [side.xs(name, level="annotator") if name in side.index else None for side in (was, now)]
            empty = pd.Series(dtype=object)
            both = pd.concat([empty if one is None else one for one in sides], axis=1, keys=["was", "now"])
            both = both.astype(object).where(both.notna(), None)
            both["was"] = both["was"].map(lambda name: renamed.get(name, name))
            differ = sum(a != b for a, b in zip(both["was"], both["now"], strict=True))
            counts = [None if one is None else len(one) for one in sides]
            found.append(SourceChange(f"{role}:{name}", counts[0], counts[1], differ, since.get(name, "")))
    return found


def _said(ratings: pd.DataFrame, role: str) -> "pd.Series[str]":
    table = ratings[(ratings["role"] == role).to_numpy()]
    said: pd.Series[str] = table.drop_duplicates(["annotator", "item"], keep="last").set_index(["annotator", "item"])[
        "label"
    ]
    return said


def _recalled_since(before: Evidence, after: Evidence, kind: str) -> dict[str, str]:
    earlier = before.context.recalled(kind)
    return {name: why for name, why in after.context.recalled(kind).items() if name not in earlier}
