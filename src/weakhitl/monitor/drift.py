"""Drift: in which respects a batch of items, votes, labels and ratings differs from an earlier one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from weakhitl.agreement import agreement_difference, krippendorff_alpha
from weakhitl.brief import Brief
from weakhitl.errors import DataError, UsageError
from weakhitl.frames import as_pandas
from weakhitl.holm import holm
from weakhitl.monitor.shifts import (
    Pair,
    Shift,
    cells,
    counted_values,
    difference_shift,
    number_shift,
    share_shift,
    words_shift,
)
from weakhitl.ranges import require_share
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import IntArray, Votes
from weakhitl.wording import named_twice
from weakhitl.words import n_words

SMALLEST = 50
"""Units that either side needs: fewer say too little for a verdict in either direction."""
ALPHA = 0.05
LEAST_EFFECT = 0.05


@dataclass(frozen=True)
class Side:
    """A batch: whatever is known of its items; what is None is not compared.

    Attributes
    ----------
    name
        For people.
    columns
        Columns of the data, a row an item.
    votes
        Votes of the functions, on the same items in the same order.
    labels
        ``labels[item]``: class indices, ABSTAIN where there is none.
    people
        Votes of the people who rated its items.
    seconds
        ``annotator`` and ``seconds`` of their ratings.
    right
        ``right[audited item]``: whether the label of an audited item is what the adjudicator decided.

    """

    name: str
    columns: pd.DataFrame | None = None
    votes: Votes | None = None
    labels: IntArray | None = None
    people: Votes | None = None
    seconds: pd.DataFrame | None = None
    right: np.ndarray | None = None


@dataclass(frozen=True, repr=False)
class Drift(Brief):
    """What two batches differ in, the largest effects first.

    Attributes
    ----------
    before, after
        Names of the batches.
    shifts
        All comparisons.
    small
        What was not compared, because fewer than ``smallest`` units are on one side.
    smallest, alpha, least_effect, seed
        As asked for.

    """

    before: str
    after: str
    shifts: tuple[Shift, ...]
    small: tuple[str, ...]
    smallest: int = SMALLEST
    alpha: float = ALPHA
    least_effect: float = LEAST_EFFECT
    seed: int = 0

    @property
    def alarms(self) -> list[Shift]:
        """Those that chance does not explain and that are large enough to matter."""
        return [shift for shift in self.shifts if shift.alarm]

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return {**vars(self), "shifts": [shift.to_dict() for shift in self.shifts], "small": list(self.small)}


def drift(
    before: Side | pd.DataFrame | Votes,
    after: Side | pd.DataFrame | Votes,
    *,
    by: Sequence[str] = (),
    smallest: int = SMALLEST,
    alpha: float = ALPHA,
    least_effect: float = LEAST_EFFECT,
    seed: int = 0,
) -> Drift:
    """Compare two batches in every respect that both know something of.

    The chance that any alarm is false is at most ``alpha`` for all comparisons together (Holm's correction).

    Parameters
    ----------
    before, after
        Batches of different items: all that is known of each, or only its columns or the functions' votes.
    by
        Columns: for each of their values, functions, conflicts and labels are compared among the items that have it.
    smallest
        Units that either side of a comparison needs.
    alpha
        See above.
    least_effect
        Effect under which there is no alarm: in large batches, everything differs a little.
    seed
        Of the permutations.

    Raises
    ------
    UsageError
        A column of ``by`` is not there; ``alpha`` or ``least_effect`` is no share.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> old, new = (pd.DataFrame({"source": rng.choice(["mail", "web"], 200, p=p)}) for p in ([0.8, 0.2], [0.3, 0.7]))
    >>> found = drift(Side("may", old), Side("june", new))  # or drift(old, new)
    >>> [(shift.kind, shift.name, shift.what) for shift in found.alarms]
    [('column', 'source', 'web 27.5% -> 74.0%, mail 72.5% -> 26.0%')]

    """
    require_share("alpha", alpha, such_as=0.05)
    require_share("least_effect", least_effect, ends=True)
    before, after = _in_common_classes(_side(before, "before"), _side(after, "after"))
    rng = np.random.default_rng(seed)
    shifts: list[Shift] = []
    small: list[str] = []
    pairs = [("", before, after), *_slices(before, after, by)]
    for part, first, second in pairs:
        tests = list(_label_tests(first, second, rng, part) if part else _whole(first, second, rng))
        few = [test for test in tests if min(test.sizes) < smallest]
        if few and part:
            small.append(f"{part} ({_sizes(few[0])})")
        elif few:
            small += [f"{test.name} ({_sizes(test)})" for test in few]
        made = (test.make() for test in tests if min(test.sizes) >= smallest)
        shifts += [shift for shift in made if shift is not None]
    settings: dict[str, Any] = {"smallest": smallest, "alpha": alpha, "least_effect": least_effect, "seed": seed}
    return Drift(before.name, after.name, tuple(corrected(shifts, alpha, least_effect)), tuple(small), **settings)


def _side(given: object, name: str) -> Side:
    if isinstance(given, Side):
        return given
    given = as_pandas(given)
    if isinstance(given, pd.DataFrame):
        if twice := named_twice([str(column) for column in given.columns]):
            raise DataError(name, twice)
        return Side(name, columns=given)
    if isinstance(given, Votes):
        return Side(name, votes=given)
    raise UsageError(f"{name}: expected a Side, a DataFrame or Votes, found {type(given).__name__}")


def _in_common_classes(before: Side, after: Side) -> tuple[Side, Side]:
    """Give both the same numbers of classes, by name, or by what the later schema says that former names are now."""
    old, new = _schema(before), _schema(after)
    if old is None or new is None or old.classes == new.classes:
        return before, after
    names = dict.fromkeys([*new.classes, *(new.former.get(name, name) for name in old.classes)])
    classes = tuple(name for name in names if name not in new.skip)
    # Classes of which one side knows nothing have no place in an order.
    level = new.level if classes == new.classes else "nominal"
    common = LabelSchema(classes, level, new.skip, new.former)
    return _renumbered(before, old, common), _renumbered(after, new, common)


def _schema(side: Side) -> LabelSchema | None:
    votes = side.people if side.votes is None else side.votes
    return None if votes is None else votes.schema


def _renumbered(side: Side, schema: LabelSchema, common: LabelSchema) -> Side:
    codes = np.array([*map(common.encode, schema.classes), ABSTAIN], dtype=np.int64)

    def renumbered(votes: Votes | None) -> Votes | None:
        if votes is None:
            return None
        row, column, label = votes.entries()
        return Votes.from_entries((row, column, codes[label]), common, votes.items, votes.sources)

    labels = None if side.labels is None else codes[side.labels]
    return replace(side, votes=renumbered(side.votes), people=renumbered(side.people), labels=labels)


def corrected(shifts: Sequence[Shift], alpha: float, least_effect: float) -> list[Shift]:
    """Correct the p values for their number (Holm), raise alarms, and put the largest effects first."""
    adjusted = holm([shift.p for shift in shifts]).tolist()
    judged = [
        replace(shift, adjusted=p, alarm=bool(p <= alpha and shift.effect >= least_effect))
        for shift, p in zip(shifts, adjusted, strict=True)
    ]
    return sorted(judged, key=lambda shift: (not shift.alarm, -shift.effect))


@dataclass(frozen=True)
class _Test:
    """A comparison that can be made."""

    name: str
    sizes: tuple[int, int]
    make: Callable[[], Shift | None] = field(repr=False)


def _sizes(test: _Test) -> str:
    return " and ".join(f"{size:,}" for size in test.sizes)


def _whole(before: Side, after: Side, rng: np.random.Generator) -> Iterator[_Test]:
    if before.columns is not None and after.columns is not None:
        shared = [name for name in before.columns.columns if name in after.columns.columns]
        for name in shared:
            yield from _column_tests(str(name), before.columns[name], after.columns[name], rng)
    yield from _label_tests(before, after, rng)
    yield from _people_tests(before, after, rng)


def _column_tests(
    name: str, before: "pd.Series[Any]", after: "pd.Series[Any]", rng: np.random.Generator
) -> Iterator[_Test]:
    first, second = cells(before), cells(after)
    sizes = (len(first), len(second))
    kind = column_kind(pd.concat([first, second]))
    if kind in ("number", "text"):
        gaps = _pair(*(np.array([(side != "").sum(), (side == "").sum()]) for side in (first, second)))
        if gaps[0][1] + gaps[1][1]:
            yield _Test(f"missing {name}", sizes, lambda: share_shift("missing", name, gaps, ["there", "missing"], rng))
        first, second = first[first != ""], second[second != ""]
        sizes = (len(first), len(second))
    if kind == "number":
        yield _Test(name, sizes, lambda: number_shift("column", name, first.to_numpy(float), second.to_numpy(float)))
    elif kind == "text":
        lengths = [np.array([n_words(text) for text in side], dtype=float) for side in (first, second)]
        yield _Test(f"length of {name}", sizes, lambda: number_shift("length", name, *lengths))
        yield _Test(f"words of {name}", sizes, lambda: words_shift(name, first.tolist(), second.tolist(), rng))
    elif kind == "category":
        yield _Test(name, sizes, lambda: share_shift("column", name, *counted_values(first, second), rng))


def column_kind(column: "pd.Series[str]") -> str:
    """Say what a column holds: ``number``, ``text``, ``category``, or ``id`` for what is different everywhere.

    >>> column_kind(pd.Series(["1.5", "2", "", "7"] * 10 + [str(n) for n in range(20)]))
    'number'
    >>> column_kind(pd.Series(["red", "blue"])), column_kind(pd.Series([f"x{n}" for n in range(9)]))
    ('category', 'id')

    """
    filled = column[column != ""]
    distinct = filled.nunique()
    if distinct > 10 and pd.to_numeric(filled, errors="coerce").notna().all():
        return "number"
    if distinct > len(filled) / 2 and distinct > 2:
        return "text" if np.mean([n_words(text) for text in filled]) >= 2 else "id"
    return "category"


def _label_tests(before: Side, after: Side, rng: np.random.Generator, part: str = "") -> Iterator[_Test]:
    """Functions, conflicts and labels; ``part`` names the slice that both sides were cut to."""
    if before.votes is not None and after.votes is not None:
        classes = [*before.votes.schema.classes, "abstains"]
        sizes = (len(before.votes), len(after.votes))
        matrices = [votes.to_matrix() for votes in (before.votes, after.votes)]
        places = [{name: at for at, name in enumerate(votes.sources)} for votes in (before.votes, after.votes)]
        for name in [name for name in before.votes.sources if name in places[1]]:
            counts = _pair(*(_counts(m[:, at[name]], len(classes)) for m, at in zip(matrices, places, strict=True)))
            yield _share_test("function", str(name), counts, sizes, classes, rng, part)
        both = [(votes.class_counts() > 0).sum(axis=1) for votes in (before.votes, after.votes)]
        conflicts = _pair(*(np.array([(one < 2).sum(), (one > 1).sum()]) for one in both))
        yield _share_test("conflict", "functions", conflicts, sizes, ["none", "conflict"], rng, part)
        if before.labels is not None and after.labels is not None:
            mixes = _pair(*(_counts(labels, len(classes))[:-1] for labels in (before.labels, after.labels)))
            labelled = (int(mixes[0].sum()), int(mixes[1].sum()))
            yield _share_test("classes", "labels", mixes, labelled, classes[:-1], rng, part)


def _share_test(
    kind: str,
    name: str,
    counts: Pair,
    sizes: tuple[int, int],
    values: list[str],
    rng: np.random.Generator,
    part: str,
) -> _Test:
    title = f"{kind} {name}" + (f" where {part}" if part else "")
    return _Test(title, sizes, lambda: replace(share_shift(kind, name, counts, values, rng), slice=part))


def _pair(before: IntArray, after: IntArray) -> Pair:
    return before, after


def _counts(codes: IntArray, k: int) -> IntArray:
    """Count classes, then abstentions."""
    return np.bincount(np.where(codes == ABSTAIN, k - 1, codes), minlength=k)


def _people_tests(before: Side, after: Side, rng: np.random.Generator) -> Iterator[_Test]:
    if before.people is not None and after.people is not None:
        yield from _rating_tests(before.people, after.people, rng)
    if before.seconds is not None and after.seconds is not None:
        tables = [side[side["seconds"].notna()] for side in (before.seconds, after.seconds)]
        for who in sorted({*tables[0]["annotator"]} & {*tables[1]["annotator"]}):
            times = [table["seconds"][table["annotator"] == who].to_numpy(float) for table in tables]
            yield _pace_test(str(who), times)
    if before.right is not None and after.right is not None:
        first, second = (np.asarray(side, dtype=bool) for side in (before.right, after.right))
        counts = _pair(*(np.array([side.sum(), (~side).sum()]) for side in (first, second)))
        yield _share_test("accuracy", "audit", counts, (len(first), len(second)), ["right", "wrong"], rng, "")


def _rating_tests(before: Votes, after: Votes, rng: np.random.Generator) -> Iterator[_Test]:
    shared = [name for name in before.sources if name in set(after.sources)]
    classes = [str(name) for name in before.schema.classes]
    for who in shared:
        counts = _pair(
            *(np.bincount(votes.take_sources([who]).entries()[2], minlength=len(classes)) for votes in (before, after))
        )
        sizes = (int(counts[0].sum()), int(counts[1].sum()))
        yield _share_test("annotator", str(who), counts, sizes, classes, rng, "")
    yield _Test("agreement of people", (len(before), len(after)), lambda: _agreement_shift(before, after))


def _pace_test(who: str, times: list[np.ndarray]) -> _Test:
    return _Test(f"pace {who}", (len(times[0]), len(times[1])), lambda: number_shift("pace", who, *times))


def _agreement_shift(before: Votes, after: Votes) -> Shift | None:
    apart = agreement_difference(after, before, interval="jackknife")
    sides = [krippendorff_alpha(votes, level=votes.schema.level, interval="linearized") for votes in (before, after)]
    if apart.value is None or not apart.se or sides[0].value is None or sides[1].value is None:
        return None
    z = apart.value / apart.se
    sizes = (sides[0].n_pairable, sides[1].n_pairable)
    values = (sides[0].value, sides[1].value)
    return difference_shift("agreement", "people", values, z, 2 * float(norm.sf(abs(z))), sizes, "jackknife, normal")


def _slices(before: Side, after: Side, by: Sequence[str]) -> Iterator[tuple[str, Side, Side]]:
    """Give the items of both sides that have the same value in a column."""
    for column in by:
        if any(side.columns is None or column not in side.columns for side in (before, after)):
            raise UsageError(f"there is no column {column!r} in both batches to compare by")
        first, second = (cells(side.columns[column]) for side in (before, after) if side.columns is not None)
        for value in sorted({*first.unique()} & {*second.unique()}):
            yield f"{column} = {value or '(missing)'}", _cut(before, first == value), _cut(after, second == value)


def _cut(side: Side, mask: "pd.Series[bool]") -> Side:
    at = np.flatnonzero(mask.to_numpy())
    votes = None if side.votes is None else side.votes.take_items(at)
    return Side(side.name, votes=votes, labels=None if side.labels is None else side.labels[at])
