"""Fixtures that the tests share."""

import shutil
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import settings

from projects import ready
from stores import BACKENDS, database
from weakhitl.annotation import AnnotationStore

mpl.use("Agg")

# How long an example takes is the machine's affair, and no law's: without this a busy one fails tests now and then.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(params=BACKENDS)
def store(request, tmp_path):
    """An empty annotation store, in SQLite and in PostgreSQL."""
    with database(request.param, tmp_path) as where:
        made = AnnotationStore(where)
        yield made
        made.database.close()


@pytest.fixture(scope="session")
def released_once(tmp_path_factory) -> Path:
    """A project with one release; nobody may change it."""
    folder = tmp_path_factory.mktemp("released") / "project"
    ready(folder).release("1.0.0")
    return folder


@pytest.fixture
def released(released_once, tmp_path) -> Path:
    """A project of its own with one release, 1.0.0."""
    return Path(shutil.copytree(released_once, tmp_path / "project"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT
