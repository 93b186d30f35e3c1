"""One way to reach the database: SQLite in a file, or PostgreSQL."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError
from sqlalchemy.pool import NullPool, QueuePool

from weakhitl.annotation.store import tables, versions
from weakhitl.errors import ConfigError, DataError

_WAIT = 30
"""Seconds that a writer waits for the one before it."""

_VARIABLES = 500

_POOL = 12
"""Connections that a server keeps."""


def in_parts(items: Sequence[str]) -> list[Sequence[str]]:
    """Cut a list for queries: a statement takes only so many variables."""
    return [items[start : start + _VARIABLES] for start in range(0, len(items), _VARIABLES)]


class Database:
    """A database that is brought to the newest version when it is first used.

    Parameters
    ----------
    where
        A file, made on the first write, or the URL of a PostgreSQL database.
    keep
        Whether connections stay open, as a server wants it.

    Raises
    ------
    ConfigError
        The URL is none, or of another kind of database.

    """

    def __init__(self, where: Path | str, *, keep: bool = False) -> None:
        self.path = where if isinstance(where, Path) else None
        self.is_read_only = isinstance(where, Path) and _may_only_be_read(where)
        self.url = _server_url(where) if isinstance(where, str) else _file_url(where, read_only=self.is_read_only)
        self.name = str(where) if self.path else self.url.render_as_string(hide_password=True)
        pool: dict[str, Any] = {"poolclass": NullPool}
        if keep:
            pool = {"poolclass": QueuePool, "pool_size": _POOL, "max_overflow": 30, "pool_pre_ping": self.path is None}
        self.engine = create_engine(self.url, **pool)
        self._ready = False
        self._writer = threading.Lock()
        if self.path is not None:
            event.listen(self.engine, "connect", _prepare_reading if self.is_read_only else _prepare_writing)
            event.listen(self.engine, "begin", _begin_sqlite)

    @property
    def exists(self) -> bool:
        """Whether anything can have been written; a server is always there."""
        return self.path is None or self.path.exists()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one moment of the database."""
        with self._faults():
            self._prepare()
            with self.engine.connect() as connection:
                if self.path is None:
                    connection.execution_options(isolation_level="REPEATABLE READ")
                with connection.begin():
                    yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open the one transaction that may write; it is committed at the end, or undone on any error."""
        if self.is_read_only:
            raise DataError(self.name, "you may read this annotation store and not write it; ask whose project it is")
        with self._faults():
            self._prepare()
            # Threads queue here, fairly; SQLite's own waiting is a poll that lets some starve.
            with self._writer, self.engine.connect() as connection:
                connection.execution_options(writes=True)
                with connection.begin():
                    if self.path is None:
                        connection.execute(select(tables.state.c.id).with_for_update()).all()
                    yield connection

    def close(self) -> None:
        """Close kept connections."""
        self.engine.dispose()

    def _prepare(self) -> None:
        if self._ready:
            return
        with self._writer:
            if not self._ready:
                if self.path is not None and not self.is_read_only:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                versions.upgrade(self.engine, self.name, read_only=self.is_read_only)
                self._ready = True

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except (DatabaseError, OSError) as error:
            text = str(getattr(error, "orig", None) or error).strip()
            raise DataError(self.name, f"cannot be used as the annotation store ({text})") from error


def _server_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError("[annotation] store", f"{text!r} is no URL; expected a file or postgresql://…") from None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        kind = url.get_backend_name()
        raise ConfigError("[annotation] store", f"cannot use {kind}; expected an SQLite file or postgresql://…")
    if find_spec("psycopg") is None:
        raise ConfigError("[annotation] store", "PostgreSQL needs a driver: pip install 'weakhitl[postgres]'")
    return url.set(drivername="postgresql+psycopg")


def _may_only_be_read(path: Path) -> bool:
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _file_url(path: Path, *, read_only: bool) -> URL:
    """Name a file; one that may only be read is taken as it is, unless somebody who may write has it open."""
    if not read_only:
        return URL.create("sqlite", database=str(path))
    how = {"mode": "ro"} if Path(f"{path}-wal").exists() else {"mode": "ro", "immutable": "1"}
    return URL.create("sqlite", database=path.absolute().as_uri(), query={**how, "uri": "true"})


def _prepare_reading(connection: Any, _: object) -> None:
    connection.isolation_level = None  # begin and commit are said by us
    connection.execute(f"PRAGMA busy_timeout = {_WAIT * 1000}")


def _prepare_writing(connection: Any, _: object) -> None:
    _prepare_reading(connection, _)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
