"""Stores that the tests use: SQLite files, and databases of a real PostgreSQL server where there is one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest

import weakhitl as wh
from weakhitl.annotation import ANNOTATOR, AnnotationStore, Desk, Person, Rules
from weakhitl.routing import Batch

SCHEMA = wh.LabelSchema(["a", "b", "c"], skip=["?"])
BACKENDS = [
    "sqlite",
    pytest.param(
        "postgresql",
        marks=[
            pytest.mark.current,
            pytest.mark.skipif("WEAKHITL_POSTGRES" not in os.environ, reason="no server: see scripts/with_postgres"),
        ],
    ),
]


@contextmanager
def database(backend: str, folder: Path) -> Iterator[Path | str]:
    """Where a new store is, until the end."""
    if backend == "sqlite":
        yield folder / "annotations.db"
        return
    import psycopg

    server, name = os.environ["WEAKHITL_POSTGRES"], f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def table(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "annotator", "label"], dtype=object)


def batch(*items, kind="routing", overlap: int | None = 2, reasons=None) -> Batch:
    reasons = reasons or ["disagreement"] * len(items)
    content = pd.DataFrame({"item": items, "reason": reasons, "probability": 0.5, "rank": range(1, len(items) + 1)})
    return Batch(kind, 0, overlap, 10, content)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def desk(store: AnnotationStore, clock=None, **settings) -> Desk:
    return Desk(store, Rules(SCHEMA, **settings), **({"clock": clock} if clock else {}))


ANA, BO, CY, DI = (Person(name) for name in ("ana", "bo", "cy", "di"))

__all__ = ["ANA", "ANNOTATOR", "BACKENDS", "BO", "CY", "DI", "SCHEMA", "Clock", "batch", "database", "desk", "table"]
