"""The store: batches and ratings in one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from weakhitl.errors import DataError, StateError
from weakhitl.files import Fault
from weakhitl.routing import Batch

ANNOTATOR, ADJUDICATOR = "annotator", "adjudicator"
RATING_COLUMNS = ["item", "annotator", "label", "role", "guideline", "time"]

_VERSION = 2
_TABLES = """
CREATE TABLE batch (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    seed INTEGER NOT NULL,
    overlap INTEGER,
    frame INTEGER NOT NULL
);
CREATE TABLE routed (
    place INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch (number),
    item TEXT NOT NULL UNIQUE,
    reason TEXT NOT NULL,
    probability REAL NOT NULL,
    rank INTEGER NOT NULL
);
CREATE TABLE rating (
    number INTEGER PRIMARY KEY,
    item TEXT NOT NULL,
    annotator TEXT NOT NULL,
    label TEXT NOT NULL,
    role TEXT NOT NULL,
    UNIQUE (item, annotator, role)
);
"""
_SINCE = {
    1: _TABLES,
    2: """
ALTER TABLE rating ADD COLUMN guideline TEXT NOT NULL DEFAULT '';
ALTER TABLE rating ADD COLUMN time TEXT NOT NULL DEFAULT '';
""",
}
"""What each version added; an older file gets what it lacks."""


class AnnotationStore:
    """Batches and ratings, in the order in which they came; nothing is changed or deleted.

    Parameters
    ----------
    path
        The SQLite file; made on the first write.

    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add_batch(self, batch: Batch) -> None:
        """Append a batch. Raises ``StateError`` when one of its items is in an earlier batch."""
        with self._connection() as connection:
            row = (batch.kind, batch.seed, batch.overlap, batch.frame)
            cursor = connection.execute("INSERT INTO batch (kind, seed, overlap, frame) VALUES (?, ?, ?, ?)", row)
            number = cursor.lastrowid
            columns = batch.table[["item", "reason", "probability", "rank"]].astype(object)
            rows = [(number, *map(_plain, cells)) for cells in columns.itertuples(index=False)]
            try:
                connection.executemany(
                    "INSERT INTO routed (batch, item, reason, probability, rank) VALUES (?, ?, ?, ?, ?)",
                    rows,
                )
            except sqlite3.IntegrityError as error:
                raise StateError(f"{self.path}: an item of the batch was routed before ({error})") from error

    def batches(self) -> list[Batch]:
        """All batches, oldest first."""
        if not self.path.exists():
            return []
        with self._connection() as connection:
            heads = connection.execute(
                "SELECT number, kind, seed, overlap, frame FROM batch ORDER BY number"
            ).fetchall()
            query = "SELECT batch, item, reason, probability, rank FROM routed ORDER BY place"
            routed = pd.DataFrame(
                connection.execute(query).fetchall(),
                columns=["batch", "item", "reason", "probability", "rank"],
            )
        return [
            Batch(
                kind,
                seed,
                overlap,
                frame,
                routed[routed["batch"] == number].drop(columns="batch").reset_index(drop=True),
            )
            for number, kind, seed, overlap, frame in heads
        ]

    def add_ratings(self, table: pd.DataFrame, role: str, guideline: str = "") -> int:
        """Append ratings (item, annotator, label), all or none; give how many are new.

        They carry the time, and the hash of the guideline that they were made under. A rating that is stored
        already is passed over. Raises ``DataError`` naming each rating that contradicts a stored one by the same
        person.
        """
        ratings = self.ratings()
        known = ratings[ratings["role"] == role].set_index(["item", "annotator"])["label"]
        keys = pd.MultiIndex.from_frame(table[["item", "annotator"]])
        stored = known.reindex(keys).to_numpy(dtype=object)
        new = pd.isna(stored)
        if faults := _contradictions(table, stored, new):
            raise DataError("ratings", [f"row {row + 1}: {what}" for row, what in faults])
        rows = table[new].drop_duplicates(["item", "annotator"])[["item", "annotator", "label"]]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connection() as connection:
            connection.executemany(
                "INSERT INTO rating (item, annotator, label, role, guideline, time) VALUES (?, ?, ?, ?, ?, ?)",
                [(*map(str, cells), role, guideline, now) for cells in rows.itertuples(index=False)],
            )
        return len(rows)

    def ratings(self) -> pd.DataFrame:
        """All ratings in order of arrival: item, annotator, label, role, guideline, time.

        ``label`` is a class name or a skip answer, ``guideline`` a hash, ``time`` in UTC; the last two are empty where
        an older version stored the rating.
        """
        rows = []
        if self.path.exists():
            with self._connection() as connection:
                query = "SELECT item, annotator, label, role, guideline, time FROM rating ORDER BY number"
                rows = connection.execute(query).fetchall()
        return pd.DataFrame(rows, columns=RATING_COLUMNS, dtype=object)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that is committed at the end, or rolled back on any error."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    self._migrate(connection)
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
        except (sqlite3.DatabaseError, OSError) as error:
            raise DataError(str(self.path), f"cannot be used as the annotation store ({error})") from error

    def _migrate(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == _VERSION:
            return
        if version > _VERSION:
            raise StateError(f"{self.path} was written by a later weakhitl (version {version}); upgrade weakhitl")
        for added in range(version + 1, _VERSION + 1):
            for statement in filter(str.strip, _SINCE[added].split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _contradictions(table: pd.DataFrame, stored: np.ndarray, new: np.ndarray) -> list[Fault]:
    differing = ~new & (stored != table["label"].to_numpy(dtype=object))
    return [
        (int(row), f"{who!r} rates item {item!r} {label!r}, but {stored[row]!r} is stored")
        for row in np.flatnonzero(differing)
        for item, who, label in [table[["item", "annotator", "label"]].iloc[row]]
    ]


def _plain(cell: object) -> object:
    return cell.item() if isinstance(cell, np.generic) else cell
