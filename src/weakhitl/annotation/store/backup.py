"""Copy a store whole: to a file that is kept, and back into SQLite or PostgreSQL."""

import shutil
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from weakhitl.annotation.store import tables
from weakhitl.annotation.store.store import AnnotationStore
from weakhitl.errors import DataError, StateError
from weakhitl.files import move

_LEFT_OUT = {"login"}
"""People sign in again by their links: a copy of the cookies' hashes is of no use."""

_AT_ONCE = 5_000


def backup(store: AnnotationStore, out: Path) -> int:
    """Copy a store, as it is at one moment, into a new SQLite file; give how many events it holds.

    The copy is checked before it takes its name. Raises ``StateError`` where there is nothing to copy, or the file is
    there already, and ``DataError`` where the store does not hold.
    """
    if not store.database.exists or not store.last_event():
        raise StateError(f"{store.database.name} holds nothing yet")
    if out.exists():
        raise StateError(f"{out} is there already; a backup replaces none")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".backup-") as folder:
        made = AnnotationStore(Path(folder) / "copy.db")
        _copy(store, made)
        _check(made, str(out))
        path = _closed(made)
        move(path, out)
    return AnnotationStore(out).last_event()


def restore(store: AnnotationStore, file: Path, *, replace: bool = False) -> tuple[int, Path | None]:
    """Copy a backup into a store; give how many events it holds, and where the old store was moved.

    Raises ``DataError`` where the backup does not hold, and ``StateError`` where the store holds something, unless
    ``replace``: an SQLite file is moved aside then, and nothing is ever deleted.
    """
    if not file.is_file():
        raise DataError(str(file), "there is no such file")
    with tempfile.TemporaryDirectory(prefix="weakhitl-") as folder:
        copied = Path(folder) / "kept.db"
        shutil.copyfile(file, copied)  # a backup of an earlier version is brought up to date, but not where it lies
        kept = AnnotationStore(copied)
        _check(kept, str(file))
        return _bring_back(store, kept, replace=replace)


def _bring_back(store: AnnotationStore, kept: AnnotationStore, *, replace: bool) -> tuple[int, Path | None]:
    aside = None
    if store.database.exists and store.last_event():
        if not replace or store.database.path is None:
            hint = "--replace moves it aside" if store.database.path else "name another database in weakhitl.toml"
            raise StateError(f"{store.database.name} holds {store.last_event():,} events already; {hint}")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        path = _closed(store)
        aside = path.with_name(f"{path.name}.before-{stamp}")
        if aside.exists():
            raise StateError(f"{aside.name} is of this very second; try again")
        move(path, aside)
        store = AnnotationStore(path)
    _copy(kept, store)
    return store.last_event(), aside


def _check(store: AnnotationStore, name: str) -> None:
    if faults := store.faults():
        raise DataError(name, faults)


def _copy(source: AnnotationStore, target: AnnotationStore) -> None:
    """Copy all rows in one transaction."""
    with source.database.read() as from_, target.database.write() as to:
        for table in tables.metadata.sorted_tables:
            if table.name in _LEFT_OUT:
                continue
            to.execute(delete(table))
            for part in from_.execute(select(table)).mappings().partitions(_AT_ONCE):
                to.execute(insert(table), [dict(row) for row in part])
        if to.dialect.name == "postgresql":
            _move_counters(to)


def _move_counters(connection: Connection) -> None:
    """Let PostgreSQL's own counters go on after the rows that were copied."""
    for table, column in (("batch", "number"), ("routed", "place")):
        found: Table = tables.metadata.tables[table]
        last = connection.execute(select(func.max(found.c[column]))).scalar()
        if last is not None:
            sequence = text("SELECT setval(pg_get_serial_sequence(:of, :column), :last)")
            connection.execute(sequence, {"of": table, "column": column, "last": last})


def _closed(store: AnnotationStore) -> Path:
    """Bring all of an SQLite store into its one file, and give it."""
    import sqlite3

    path = store.database.path
    if path is None:
        raise StateError(f"{store.database.name} is no file")
    store.database.close()
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        hint = "stop what has it open, such as `weakhitl annotate`, then try again"
        raise StateError(f"{store.database.name} cannot be moved aside ({error}); {hint}") from error
    return path
