"""What each person was asked and answered, as arrays: what the figures about people are computed from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from weakhitl.annotation.quality import leading_class, partial_weights, told_by_others
from weakhitl.annotation.store import ADJUDICATOR, ANNOTATOR, GOLD, REPEAT
from weakhitl.errors import DataError, RowsError
from weakhitl.files import Fault, require_columns
from weakhitl.frames import as_pandas
from weakhitl.gold import GoldByItem, encode_gold
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_table import encode_labels, missing_faults
from weakhitl.votes import FloatArray, IntArray

ROLES = (ANNOTATOR, ADJUDICATOR, GOLD, REPEAT)


@dataclass(frozen=True)
class Answers:
    """Each person's first answer to each item: one row of every array, in order of arrival.

    Attributes
    ----------
    schema
        The classes.
    people
        Names, in the order in which they first occur.
    person, item
        ``person[row]``, ``item[row]``: positions.
    label
        ``label[row]``: class index, ABSTAIN for a skip.
    gold
        ``gold[row]``: the item's gold class, ABSTAIN where there is none.
    counts
        ``counts[item, class]``: how many people answered so.
    leader, support
        ``leader[row]``: the one leading class among the others' answers to the item, ABSTAIN where they tie or there
        are none; ``support[row]``: how many of them say so.
    moment
        ``moment[row]``: when, in seconds since 1970; nan where unknown.
    seconds
        ``seconds[row]``: time taken, nan where unknown; None where the ratings have no such column.
    repeats
        ``repeats[repeat]``: positions (person, first answer, second answer) of items asked twice under one guideline
        and answered with a class both times.

    """

    schema: LabelSchema
    people: tuple[str, ...]
    person: IntArray
    item: IntArray
    label: IntArray
    gold: IntArray
    counts: IntArray
    leader: IntArray
    support: IntArray
    moment: FloatArray
    seconds: FloatArray | None
    repeats: IntArray

    def rows_of_people(self) -> list[IntArray]:
        """``rows[person]``: the rows that each person answered with a class, in order of arrival."""
        rated = np.flatnonzero(self.label != ABSTAIN)
        order = rated[np.argsort(self.person[rated], kind="stable")]
        sizes = np.bincount(self.person[rated], minlength=len(self.people))
        return [*np.split(order, np.cumsum(sizes))[:-1]]

    def others(self, rows: IntArray) -> IntArray:
        """``counts[row, class]`` of everybody else's answers to the item; the rows are answered with a class."""
        counts = self.counts[self.item[rows]]
        counts[np.arange(len(rows)), self.label[rows]] -= 1
        return counts

    def told_by_others(self, rows: IntArray) -> tuple[np.ndarray, FloatArray]:
        """Say of the rows whether the others tell of them, and how far they agree; see ``told_by_others``."""
        return told_by_others(self.others(rows), self.label[rows], partial_weights(self.schema))


def read_answers(ratings: pd.DataFrame, schema: LabelSchema, gold: GoldByItem | None) -> Answers:
    """Check a table of ratings and put it in arrays; what adjudicators decided is left out.

    Where somebody rated an item twice other than as a repeat, the first counts. Raises ``DataError`` naming every
    missing id, unknown label or role, unreadable time and negative number of seconds.
    """
    table = _checked(ratings, schema)
    table = table[table["role"] != ADJUDICATOR]
    again = table["role"] == REPEAT
    first = table[~again].drop_duplicates(["item", "annotator"]).reset_index(drop=True)
    item, items = pd.factorize(first["item"])
    people = pd.Index(table["annotator"].unique())
    label = first["label"].to_numpy(dtype=np.int64)
    n, k, rated = len(items), len(schema), label != ABSTAIN
    counts = np.bincount(item[rated] * k + label[rated], minlength=n * k).reshape(n, k)
    others = counts[item]
    others[np.flatnonzero(rated), label[rated]] -= 1
    leader, support = leading_class(others)
    return Answers(
        schema=schema,
        people=tuple(str(name) for name in people),
        person=people.get_indexer(pd.Index(first["annotator"])),
        item=item,
        label=label,
        gold=_gold_codes(gold, pd.Index(items), schema)[item],
        counts=counts,
        leader=leader,
        support=support,
        moment=first["moment"].to_numpy(dtype=np.float64),
        seconds=first["seconds"].to_numpy(dtype=np.float64) if "seconds" in ratings.columns else None,
        repeats=_repeats(first, table[again], people),
    )


def medians_of_others(answers: Answers) -> FloatArray:
    """``median[row]``: the median of the seconds that the others took for the item; nan where none are known.

    By rank: without the row's own place in the sorted times of its item, so that an item that everybody rates costs a
    sort, not a comparison of everybody with everybody.
    """
    medians = np.full(len(answers.item), np.nan)
    if answers.seconds is None:
        return medians
    known = np.flatnonzero(~np.isnan(answers.seconds) & (answers.label != ABSTAIN))
    order = known[np.lexsort((answers.seconds[known], answers.item[known]))]
    item, seconds = answers.item[order], answers.seconds[order]
    start, size = (np.searchsorted(item, item, side) for side in ("left", "right"))
    size = size - start
    rank = np.arange(len(order)) - start
    middle = [start + at + (at >= rank) for at in ((size - 2) // 2, (size - 1) // 2)]
    accompanied = size > 1
    low, high = (seconds[at[accompanied]] for at in middle)
    medians[order[accompanied]] = (low + high) / 2
    return medians


def with_roles(ratings: pd.DataFrame) -> pd.DataFrame:
    """Take all for annotators where there is no column that says who is what."""
    return ratings if "role" in ratings.columns else ratings.assign(role=ANNOTATOR)


def _checked(ratings: pd.DataFrame, schema: LabelSchema) -> pd.DataFrame:
    """Item, annotator, label (an index), role, guideline, moment, seconds. Raises ``RowsError``."""
    ratings = as_pandas(ratings)
    require_columns(ratings, ["item", "annotator", "label"], "ratings")
    ratings = with_roles(ratings)
    codes, faults = encode_labels(ratings["label"], schema)
    faults += missing_faults(ratings, ["item", "annotator"])
    moment, unreadable = _moments(ratings)
    seconds, negative = _seconds(ratings)
    roles = ratings["role"].to_numpy(dtype=object)
    wrong = np.flatnonzero(~np.isin(roles, ROLES))
    faults += unreadable + negative
    faults += [(int(at), f"role {roles[at]!r} is unknown; roles are {', '.join(ROLES)}") for at in wrong]
    if faults:
        raise RowsError("ratings", sorted(faults))
    guideline = ratings["guideline"].to_numpy(dtype=object) if "guideline" in ratings.columns else ""
    return pd.DataFrame(
        {
            "item": ratings["item"].to_numpy(dtype=object),
            "annotator": ratings["annotator"].to_numpy(dtype=object),
            "label": codes,
            "role": roles,
            "guideline": guideline,
            "moment": moment,
            "seconds": seconds,
        }
    )


def _moments(ratings: pd.DataFrame) -> tuple[FloatArray, list[Fault]]:
    """Give times in seconds since 1970, nan where there is none."""
    if "time" not in ratings.columns:
        return np.full(len(ratings), np.nan), []
    text = ratings["time"].astype(object).where(ratings["time"].notna(), "").astype(str)
    read = pd.to_datetime(text.where(text != "", None), utc=True, errors="coerce", format="ISO8601")
    wrong = np.flatnonzero((text != "") & read.isna())
    faults = [(int(at), f"time {text.iloc[at]!r} is not ISO 8601, such as 2025-01-31T12:00:00+00:00") for at in wrong]
    since = (read - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return np.asarray(since, dtype=np.float64), faults


def _seconds(ratings: pd.DataFrame) -> tuple[FloatArray, list[Fault]]:
    if "seconds" not in ratings.columns:
        return np.full(len(ratings), np.nan), []
    read = pd.to_numeric(ratings["seconds"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    told = ratings["seconds"].notna().to_numpy()
    wrong = np.flatnonzero(told & (np.isnan(read) | (read < 0) | np.isinf(read)))
    cells = ratings["seconds"].to_numpy(dtype=object)
    return read, [(int(at), f"seconds are {cells[at]!r}; expected a number from 0 on, or nothing") for at in wrong]


def _gold_codes(gold: GoldByItem | None, items: pd.Index, schema: LabelSchema) -> IntArray:
    """Encode the gold of the rated items, by their ids: their order follows from that of the ratings."""
    gold = as_pandas(gold)
    if not isinstance(gold, Mapping | pd.Series | pd.DataFrame | None):
        raise DataError("gold", f"expected item -> class, found {type(gold).__name__}")
    return encode_gold({} if gold is None else gold, items, schema, ignore_unknown=True)


def _repeats(first: pd.DataFrame, again: pd.DataFrame, people: pd.Index) -> IntArray:
    """Pair each repeat with the first answer under the same guideline; skips say nothing."""
    keys = ["item", "annotator"]
    columns = [*keys, "label", "guideline"]
    pairs = first[columns].merge(again.drop_duplicates(keys)[columns], on=[*keys, "guideline"])
    pairs = pairs[(pairs["label_x"] != ABSTAIN) & (pairs["label_y"] != ABSTAIN)]
    person = people.get_indexer(pd.Index(pairs["annotator"]))
    return np.column_stack([person, pairs["label_x"], pairs["label_y"]]).astype(np.int64)
