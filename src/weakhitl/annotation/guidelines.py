"""The guideline and its versions: each text is kept under its hash, which ratings carry."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, select

from weakhitl.annotation.store import AnnotationStore, Event, chain, tables


@dataclass(frozen=True)
class Guideline:
    """A version: its hash (of the file's bytes, as in releases) and its text; both empty where there is none."""

    hash: str = ""
    text: str = ""


class Guidelines:
    """The versions of a guideline file, each kept in the store from when it is first seen."""

    def __init__(self, store: AnnotationStore, path: Path | None) -> None:
        self._store = store
        self._path = path
        self._seen: tuple[tuple[float, int], Guideline] | None = None

    def current(self) -> Guideline:
        """Give the present version; a new one is kept."""
        if self._path is None or not self._path.is_file():
            return Guideline()
        stat = self._path.stat()
        state = (stat.st_mtime, stat.st_size)
        if self._seen is None or self._seen[0] != state:
            content = self._path.read_bytes()
            found = Guideline(hashlib.sha256(content).hexdigest(), content.decode("utf-8-sig", "replace"))
            self._keep(found)
            self._seen = state, found
        return self._seen[1]

    def text(self, version: str) -> str | None:
        """Give the text of a version; None where it was never seen."""
        with self._store.database.read() as connection:
            columns = tables.guideline.c
            return connection.execute(select(columns.text).where(columns.hash == version)).scalar()

    def _keep(self, found: Guideline) -> None:
        if self.text(found.hash) is not None:
            return
        with self._store.database.write() as connection:
            columns = tables.guideline.c
            if connection.execute(select(columns.hash).where(columns.hash == found.hash)).first() is None:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                connection.execute(insert(tables.guideline).values(hash=found.hash, time=now, text=found.text))
                chain.append(connection, [Event("guideline", body={"hash": found.hash})])
