"""The store: batches and ratings, and the events that they follow from."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from weakhitl.annotation.store import chain, tables
from weakhitl.annotation.store.chain import Event
from weakhitl.annotation.store.database import Database, in_parts
from weakhitl.errors import RowsError, StateError
from weakhitl.files import Fault
from weakhitl.routing import Batch
from weakhitl.routing.batch import PILOT, ROUTING

ANNOTATOR, ADJUDICATOR, GOLD, REPEAT = "annotator", "adjudicator", "gold", "repeat"
"""What a rating was made as; on a gold item, and on an item that the same person had before, it counts nowhere else."""

ROLES = (ANNOTATOR, ADJUDICATOR, GOLD, REPEAT)

RATING_COLUMNS = ["item", "annotator", "label", "role", "guideline", "time"]
EVIDENCE_COLUMNS = [*RATING_COLUMNS, "seconds"]
"""What labels, figures and who counts depend on; older releases have no seconds."""

MORE_COLUMNS = ["seconds", "note", "suggestion", "suggested", "number", "retired"]

EVERYBODY = 1_000_000
"""People that may rate an item of a batch without an overlap."""

_KEY = ["item", "annotator", "role"]
_ROUTED = ["item", "reason", "probability", "rank"]


class AnnotationStore:
    """Batches and ratings, in the order in which they came; what happened is never changed or deleted.

    Parameters
    ----------
    where
        The SQLite file, made on the first write, or the URL of a PostgreSQL database.
    keep
        Whether connections stay open, as a server wants it.
    former
        What former names of classes are now: labels are read by today's names.

    """

    def __init__(self, where: Path | str, *, keep: bool = False, former: Mapping[str, str] | None = None) -> None:
        self.database = Database(where, keep=keep)
        self.former = dict(former or {})

    def add_batch(self, batch: Batch, skills: Mapping[str, str] | None = None, more: Sequence[Event] = ()) -> None:
        """Append a batch and ``more`` events, all or none, and queue its items.

        ``skills`` says what one needs to know for an item. Raises ``StateError`` when one of its items is in an earlier
        batch.
        """
        head = {"kind": batch.kind, "seed": batch.seed, "overlap": batch.overlap, "frame": batch.frame}
        rows = [
            dict(zip(_ROUTED, map(_plain, cells), strict=True))
            for cells in batch.table[_ROUTED].astype(object).itertuples(index=False)
        ]
        try:
            with self.database.write() as connection:
                number = connection.execute(insert(tables.batch).values(head)).inserted_primary_key[0]  # type: ignore[index]  # an insert has a key
                for row in rows:
                    row["batch"] = number
                if rows:
                    connection.execute(insert(tables.routed), rows)
                told = hashlib.sha256(json.dumps([list(row.values()) for row in rows]).encode()).hexdigest()
                chain.append(connection, [Event("batch", body=head | {"number": number, "items": told}), *more])
                _queue(connection, number, batch, skills or {})
        except IntegrityError as error:
            raise StateError(f"{self.database.name}: an item of the batch was routed before ({error.orig})") from error

    def batches(self) -> list[Batch]:
        """All batches, oldest first."""
        if not self.database.exists:
            return []
        columns = tables.batch.c
        with self.database.read() as connection:
            heads = connection.execute(
                select(columns.number, columns.kind, columns.seed, columns.overlap, columns.frame).order_by("number")
            ).all()
            query = select(*(tables.routed.c[name] for name in ("batch", *_ROUTED))).order_by(tables.routed.c.place)
            routed = table_of(connection.execute(query), ["batch", *_ROUTED])
        parts = {number: part.drop(columns="batch").reset_index(drop=True) for number, part in routed.groupby("batch")}
        return [
            Batch(row.kind, row.seed, row.overlap, row.frame, parts.get(row.number, routed.drop(columns="batch")[:0]))
            for row in heads
        ]

    def add_ratings(self, table: pd.DataFrame, role: str, guideline: str = "") -> int:
        """Append ratings, all or none, and give how many are new.

        The table has item, annotator, label, and perhaps role, guideline, time, seconds and note; what it lacks is
        ``role``, ``guideline`` and the present time. A rating that is stored already is passed over. Raises
        ``RowsError`` naming each rating that contradicts a stored one by the same person.
        """
        with self.database.write() as connection:
            table = table if "role" in table else table.assign(role=role)
            known = read_ratings(connection, self.former).set_index(_KEY)["label"]
            keys = pd.MultiIndex.from_frame(table[_KEY])
            new = ~keys.isin(known.index)
            stored = known.reindex(keys).to_numpy(dtype=object)
            if faults := _contradictions(table, stored, new):
                raise RowsError("ratings", faults)
            rows = table[new].drop_duplicates(_KEY)
            record(connection, [_rating_event(row, guideline) for row in _records(rows)])
        return len(rows)

    def ratings(self, *, retired: bool = False, item: str | None = None) -> pd.DataFrame:
        """All ratings that stand, in order of arrival; or those that were made before their items were asked again.

        Of one ``item`` only, if one is given.

        Returns
        -------
        DataFrame
            item, annotator; label: a class name or skip answer, None for a bare skip; role; guideline: a hash; time, in
            UTC; seconds that it took; note; suggestion, and whether it was shown; number of the event, and of the one
            that set it aside, or 0. What an older version did not write down is empty.

        """
        if not self.database.exists:
            return pd.DataFrame(columns=[*RATING_COLUMNS, *MORE_COLUMNS], dtype=object)
        with self.database.read() as connection:
            return read_ratings(connection, self.former, retired=retired, item=item)

    def note(self, events: Sequence[Event]) -> None:
        """Append events that change nothing else."""
        if events:
            with self.database.write() as connection:
                chain.append(connection, events)

    def asked_again(self) -> list[tuple[int, dict[str, Any]]]:
        """List the events by which items were asked again, oldest first: number, and items, why, classes."""
        return self.told("again")

    def told(self, kind: str) -> list[tuple[int, dict[str, Any]]]:
        """List numbers and bodies of the events of a kind that were not taken back, oldest first."""
        if not self.database.exists:
            return []
        query = select(tables.event.c.number, tables.event.c.body).where(tables.event.c.kind == kind)
        with self.database.read() as connection:
            gone = chain.taken_back(connection)
            rows = connection.execute(query.order_by("number")).all()
        return [(number, json.loads(body)) for number, body in rows if number not in gone]

    def said_first(self, before: int | None = None) -> pd.DataFrame:
        """Give what was said, of items that were asked again because of that (``before`` an event), before they were.

        Items chosen by the classes that people gave them are those on which people differ. Asked again, people agree on
        them more by chance alone, and on the others no less.
        """
        ratings = self.ratings(retired=True)
        if ratings.empty:
            return ratings
        chosen: dict[str, int] = {}
        for number, body in self.asked_again():
            if before is not None and number >= before:
                break
            for item in body["items"]:
                if body.get("classes") == []:
                    chosen.pop(item, None)
                else:
                    chosen.setdefault(item, number)
        return ratings[ratings["retired"] == ratings["item"].map(chosen)]

    def events(self, after: int = 0, kind: str | None = None) -> list[Event]:
        """List what happened after an event's number, oldest first; only events of a kind, if one is given."""
        if not self.database.exists:
            return []
        query = select(tables.event).where(tables.event.c.number > after).order_by(tables.event.c.number)
        if kind is not None:
            query = query.where(tables.event.c.kind == kind)
        with self.database.read() as connection:
            return [
                Event(row.kind, row.actor, row.item, json.loads(row.body), row.id, row.time)
                for row in connection.execute(query)
            ]

    def last_event(self) -> int:
        """Give the number of the last event; 0 before the first."""
        if not self.database.exists:
            return 0
        with self.database.read() as connection:
            return int(connection.execute(select(tables.state.c.number)).scalar_one())

    def head(self) -> dict[str, Any]:
        """Give number and hash of the last event: whoever knows them can tell that no event before was changed."""
        if not self.database.exists:
            return {"events": 0, "hash": chain.FIRST}
        with self.database.read() as connection:
            number, last = connection.execute(select(tables.state.c.number, tables.state.c.hash)).one()
        return {"events": int(number), "hash": str(last)}

    def faults(self) -> list[str]:
        """Say what does not hold: the chain of events, and whether the ratings follow from it."""
        if not self.database.exists:
            return []
        with self.database.read() as connection:
            if found := list(chain.chain_faults(connection)):
                return found
            rows = connection.execute(select(tables.rating)).mappings()
            stored = {_key(row): row["label"] for row in rows}
        told = replay(self.events())
        found = [f"{_person(key)} is not what the events say" for key in sorted(stored.keys() & told) if
                  stored[key] != told[key]]  # fmt: skip
        found += [f"{_person(key)} is in no event" for key in sorted(stored.keys() - told)]
        found += [f"{_person(key)} is lost, though an event tells of it" for key in sorted(told.keys() - stored)]
        return found


def record(connection: Connection, events: Sequence[Event]) -> list[int]:
    """Append events about ratings, and change the ratings as they say; give the events' numbers."""
    numbers = chain.append(connection, events)
    made = []
    for number, event in zip(numbers, events, strict=True):
        if event.kind == "rating":
            made.append(_row(event) | {"number": number})
        elif event.kind == "correction":
            changed = {name: value for name, value in _row(event).items() if name not in ("item", "annotator", "role")}
            connection.execute(update(tables.rating).where(_of(event)).values(changed))
        elif event.kind == "undo":
            connection.execute(delete(tables.rating).where(_of(event)))
    if made:
        connection.execute(insert(tables.rating), made)
    return numbers


def retire(connection: Connection, items: Sequence[str], event: Event) -> int:
    """Set annotators' ratings of items aside, because the items are asked again; give how many."""
    (number,) = chain.append(connection, [event])
    done = 0
    columns = tables.rating.c
    for part in in_parts(items):
        which = columns.item.in_(part) & (columns.retired == 0) & (columns.role == ANNOTATOR)
        done += connection.execute(update(tables.rating).where(which).values(retired=number)).rowcount
    return done


def replay(events: Sequence[Event]) -> dict[tuple[str, str, str, int], str | None]:
    """Derive from events what each person's rating is: (item, annotator, role, retired) -> label."""
    found: dict[tuple[str, str, str, int], str | None] = {}
    for number, event in enumerate(events, start=1):
        if event.kind in ("rating", "correction"):
            found[str(event.item), event.actor, event.body["role"], 0] = event.body["label"]
        elif event.kind == "undo":
            found.pop((str(event.item), event.actor, event.body["role"], 0), None)
        elif event.kind == "again":
            again = {*event.body["items"]}
            gone = [key for key in found if key[0] in again and key[2] == ANNOTATOR and key[3] == 0]
            for key in gone:
                found[(*key[:3], number)] = found.pop(key)
        elif event.kind == chain.TAKEN_BACK:
            for key in [key for key in found if key[3] == event.body["event"]]:
                found[(*key[:3], 0)] = found.pop(key)
    return found


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in table.columns]
    return [dict(zip(names, cells, strict=True)) for cells in table.astype(object).itertuples(index=False)]


def _key(row: Any) -> tuple[str, str, str, int]:
    return row["item"], row["annotator"], row["role"], row["retired"]


def _person(key: tuple[str, str, str, int]) -> str:
    return f"the rating of item {key[0]!r} by {key[1]!r} ({key[2]})"


def _of(event: Event) -> Any:
    columns = tables.rating.c
    mine = (columns.item == event.item) & (columns.annotator == event.actor)
    return mine & (columns.role == event.body["role"]) & (columns.retired == 0)


def _row(event: Event) -> dict[str, Any]:
    body = event.body
    return {
        "item": event.item,
        "annotator": event.actor,
        "role": body["role"],
        "label": body["label"],
        "guideline": body["guideline"],
        "time": event.time,
        "seconds": body.get("seconds"),
        "note": body.get("note", ""),
        "suggestion": body.get("suggestion", ""),
        "suggested": body.get("suggested", False),
        "retired": 0,
    }


def _rating_event(row: Mapping[str, Any], guideline: str) -> Event:
    body: dict[str, Any] = {"label": _text(row["label"]), "role": row["role"]}
    body["guideline"] = str(row.get("guideline") or guideline)
    if row.get("note"):
        body["note"] = str(row["note"])
    if pd.notna(row.get("seconds")):
        body["seconds"] = float(row["seconds"])
    time = {"time": str(row["time"])} if row.get("time") else {}
    return Event("rating", str(row["annotator"]), str(row["item"]), body, **time)


def read_ratings(
    connection: Connection, former: Mapping[str, str], *, retired: bool = False, item: str | None = None
) -> pd.DataFrame:
    """Give all ratings that stand, or those that were set aside; of one item, if one is given.

    ``former`` says what former names of classes are now.
    """
    names = [*RATING_COLUMNS, *MORE_COLUMNS]
    columns = tables.rating.c
    query = select(*(columns[name] for name in names)).order_by(columns.number)
    query = query.where(columns.retired != 0 if retired else columns.retired == 0)
    if item is not None:
        query = query.where(columns.item == item)
    table = table_of(connection.execute(query), names, dtype=object)
    if former:
        for name in ("label", "suggestion"):
            table[name] = table[name].map(lambda label: former.get(label, label))
    return table


def table_of(rows: Iterable[Any], names: list[str], dtype: type | None = None) -> pd.DataFrame:
    """Make a table of a query's rows: of plain tuples, since of any other row pandas asks what it is."""
    return pd.DataFrame(list(map(tuple, rows)), columns=names, dtype=dtype)


def _queue(connection: Connection, number: int, batch: Batch, skills: Mapping[str, str]) -> None:
    """Put a batch's items at the end of the queue, but those that are in it already since they arrived one by one."""
    query = select(tables.routed.c.item, tables.routed.c.place).where(
        tables.routed.c.batch == number, tables.routed.c.item.not_in(select(tables.task.c.item))
    )
    wanted = EVERYBODY if batch.overlap is None else batch.overlap
    # What was asked for by name waits with the rest; only a pilot is for everybody.
    kind = PILOT if batch.kind == PILOT else ROUTING
    common = {"kind": kind, "overlap": batch.overlap, "have": 0, "leased": 0, "free": wanted, "lane": 1}
    rows = [
        {"item": item, "skill": skills.get(item, ""), "turn": place, **common}
        for item, place in connection.execute(query)
    ]
    if rows:
        connection.execute(insert(tables.task), rows)


def _contradictions(table: pd.DataFrame, stored: np.ndarray, new: np.ndarray) -> list[Fault]:
    labels = table["label"].astype(object).to_numpy()
    faults = []
    for row in np.flatnonzero(~new):
        if _text(labels[row]) != _text(stored[row]):
            who, item = table["annotator"].iloc[row], table["item"].iloc[row]
            faults.append((int(row), f"{who!r} rates item {item!r} {labels[row]!r}, but {stored[row]!r} is stored"))
    return faults


def _text(label: Any) -> str | None:
    return None if pd.isna(label) else str(label)


def _plain(value: object) -> object:
    """Give numpy scalars as Python's own."""
    return value.item() if isinstance(value, np.generic) else value
