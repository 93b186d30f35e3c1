"""The store: events in a chain, migrations from every version, SQLite and PostgreSQL alike."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from stores import ANA, BACKENDS, BO, SCHEMA, batch, database, desk, table
from weakhitl.annotation import ADJUDICATOR, ANNOTATOR, AnnotationStore, Answer, People
from weakhitl.annotation.store.backup import backup, restore
from weakhitl.annotation.store.tables import metadata
from weakhitl.errors import ConfigError, DataError, StateError

FIRST = """
CREATE TABLE batch (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, seed INTEGER NOT NULL, overlap INTEGER, frame INTEGER NOT NULL
);
CREATE TABLE routed (
    place INTEGER PRIMARY KEY, batch INTEGER NOT NULL REFERENCES batch (number), item TEXT NOT NULL UNIQUE,
    reason TEXT NOT NULL, probability REAL NOT NULL, rank INTEGER NOT NULL
);
CREATE TABLE rating (
    number INTEGER PRIMARY KEY, item TEXT NOT NULL, annotator TEXT NOT NULL, label TEXT NOT NULL, role TEXT NOT NULL,
    UNIQUE (item, annotator, role)
);
INSERT INTO batch VALUES (1, 'routing', 7, 2, 10);
INSERT INTO routed VALUES (1, 1, 'i1', 'audit', 0.5, 1), (2, 1, 'i2', 'disagreement', 0.25, 2);
INSERT INTO rating VALUES (1, 'i1', 'ana', 'a', 'annotator'), (2, 'i1', 'eve', 'b', 'adjudicator');
PRAGMA user_version = 1;
"""
SECOND = (
    FIRST.replace("user_version = 1", "user_version = 2")
    + """
ALTER TABLE rating ADD COLUMN guideline TEXT NOT NULL DEFAULT '';
ALTER TABLE rating ADD COLUMN time TEXT NOT NULL DEFAULT '';
UPDATE rating SET guideline = 'g1', time = '2026-01-01T00:00:00+00:00';
"""
)


@pytest.fixture(params=BACKENDS)
def where(request, tmp_path):
    with database(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def store(where):
    made = AnnotationStore(where)
    yield made
    made.database.close()


@pytest.mark.parametrize(("version", "script"), [(1, FIRST), (2, SECOND)])
def test_a_store_of_an_earlier_version_keeps_all_and_gets_the_rest(tmp_path, version, script):
    path = tmp_path / "annotations.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    store = AnnotationStore(path)
    stored = store.ratings()
    assert stored[["item", "annotator", "label", "role"]].to_numpy().tolist() == [
        ["i1", "ana", "a", ANNOTATOR], ["i1", "eve", "b", ADJUDICATOR],
    ]  # fmt: skip
    assert set(stored["guideline"]) == ({""} if version == 1 else {"g1"})
    assert [list(one.items) for one in store.batches()] == [["i1", "i2"]]
    assert store.faults() == []
    assert [event.kind for event in store.events()] == ["batch", "rating", "rating"]
    made = desk(store)
    made.settle()
    assert made.next(BO).item == "i1"
    assert made.next(ANA).item == "i2", "ana has rated i1 in the old version already"


def test_migrations_lead_to_the_tables_as_they_are_declared(store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    store.add_ratings(table(("i1", "ana", "a")), ANNOTATOR)
    with store.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_every_rating_is_an_event_and_the_chain_holds(store):
    store.add_batch(batch("i1", "i2"))
    store.add_ratings(table(("i1", "ana", "a"), ("i2", "ana", "?")), ANNOTATOR, "g")
    events = store.events()
    assert [(one.kind, one.actor, one.item) for one in events] == [
        ("batch", "", None), ("rating", "ana", "i1"), ("rating", "ana", "i2"),
    ]  # fmt: skip
    assert store.faults() == []
    assert store.last_event() == 3
    assert len(store.events(after=2)) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE event SET body = replace(body, '\"a\"', '\"b\"') WHERE number = 2", "event 2 is not what was written"),
        ("UPDATE event SET time = '2020-01-01' WHERE number = 2", "event 2 is not what was written"),
        ("DELETE FROM event WHERE number = 2", "event 2 is missing"),
        ("DELETE FROM event WHERE number = 4", "the chain ends at event 3; the last one written was 4"),
        ("UPDATE rating SET label = 'c' WHERE item = 'i1'", "'i1' by 'ana' (annotator) is not what the events say"),
        ("DELETE FROM rating WHERE item = 'i1'", "'i1' by 'ana' (annotator) is lost"),
        ("UPDATE rating SET annotator = 'eve' WHERE item = 'i1'", "'i1' by 'eve' (annotator) is in no event"),
    ],
)
def test_whatever_is_changed_behind_its_back_is_found(store, change, says):
    store.add_batch(batch("i1", "i2"))
    store.add_ratings(table(("i1", "ana", "a"), ("i2", "ana", "b"), ("i2", "bo", "b")), ANNOTATOR)
    with store.database.engine.connect() as connection, connection.begin():
        connection.execute(text(change))
    assert any(says in fault for fault in store.faults()), store.faults()


def test_corrections_and_undoing_are_events_and_the_ratings_follow_from_them(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    made.next(ANA)
    made.submit(ANA, Answer("i1", "a", "1"))
    made.submit(ANA, Answer("i1", "b", "2"))
    assert store.ratings()["label"].tolist() == ["b"]
    assert made.undo(ANA).item == "i1"
    assert store.ratings().empty
    made.submit(ANA, Answer("i1", "c", "3"))
    assert [event.kind for event in store.events()] == ["batch", "rating", "correction", "undo", "rating"]
    assert store.ratings()["label"].tolist() == ["c"]
    assert store.faults() == []


def test_asking_again_sets_ratings_aside_and_keeps_them(store):
    store.add_batch(batch("i1", "i2", overlap=1))
    made = desk(store)
    for item, label in (("i1", "a"), ("i2", "b")):
        assert made.next(ANA).item == item
        made.submit(ANA, Answer(item, label, item))
    assert made.ask_again(["i1"], "class a") == 1
    assert store.ratings()["item"].tolist() == ["i2"]
    assert store.ratings(retired=True)["item"].tolist() == ["i1"]
    assert made.next(ANA).item == "i1"
    made.submit(ANA, Answer("i1", "c", "again"))
    assert sorted(store.ratings()["label"]) == ["b", "c"]
    assert store.faults() == []


def test_a_link_is_kept_as_a_hash_and_can_be_revoked(store):
    people = People(store)
    secret = people.invite("ana", skills=["fr"], quota=5)
    person = people.by_token(secret)
    assert (person.name, person.role, person.skills, person.quota) == ("ana", "annotator", ("fr",), 5)
    assert len(secret) >= 22, "128 bits or more"
    login = people.login(person)
    assert people.by_cookie(login.secret).person == person
    with store.database.engine.connect() as connection:
        kept = [str(row) for name in ("person", "login", "event") for row in connection.execute(
            text(f"SELECT * FROM {name}"))]  # fmt: skip
    assert not any(secret in row or login.secret in row for row in kept)
    people.revoke("ana")
    assert people.by_token(secret) is None
    assert people.by_cookie(login.secret) is None
    assert people.all()[0].active is False
    with pytest.raises(StateError, match="nobody called 'bo'"):
        people.revoke("bo")


def test_a_new_link_revokes_the_old_one_and_its_logins(store):
    people = People(store)
    first = people.invite("ana")
    login = people.login(people.by_token(first))
    second = people.invite("ana", "adjudicator")
    assert people.by_token(first) is None
    assert people.by_cookie(login.secret) is None
    assert people.by_token(second).role == "adjudicator"


def test_a_login_ends_after_a_month_and_a_person_keeps_twenty_at_most(where):
    now = [0.0]
    store = AnnotationStore(where)
    people = People(store, clock=lambda: now[0])
    person = people.by_token(people.invite("ana"))
    secrets = []
    for day in range(25):
        now[0] = day * 3600.0
        secrets.append(people.login(person).secret)
    assert [people.by_cookie(secret) is not None for secret in secrets] == [False] * 5 + [True] * 20
    now[0] = 40 * 86_400.0
    assert people.by_cookie(secrets[-1]) is None


@pytest.mark.parametrize(
    ("url", "says"),
    [("mysql://somewhere/db", "cannot use mysql"), ("postgresql:// :x/", "is no URL")],
)
def test_a_url_that_cannot_be_used_is_named(url, says):
    with pytest.raises(ConfigError, match=says):
        AnnotationStore(url)


@pytest.mark.current
def test_a_password_is_in_no_message():
    store = AnnotationStore("postgresql://weakhitl:geheim@127.0.0.1:1/none")
    with pytest.raises(DataError) as caught:
        store.batches()
    assert "geheim" not in str(caught.value)
    assert "cannot be used as the annotation store" in str(caught.value)


def test_labels_may_hold_any_text(store):
    rows = table(("ü'\"\n<b>", "ana;--", "a"), ("🦊", "Zoë", None))
    assert store.add_ratings(rows, ANNOTATOR) == 2
    assert store.add_ratings(rows, ANNOTATOR) == 0
    assert store.ratings()[["item", "annotator", "label"]].to_numpy().tolist() == rows.to_numpy().tolist()
    assert store.faults() == []
    assert SCHEMA.encode(None) == -1


@pytest.fixture(params=BACKENDS)
def elsewhere(request, tmp_path):
    with database(request.param, tmp_path / "elsewhere") as found:
        yield found


def test_a_backup_brings_everything_back_into_either_database(store, elsewhere, tmp_path):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    made.next(ANA)
    made.submit(ANA, Answer("i1", "a", "1", "ü🦊"))
    made.next(BO)
    secret = People(store).invite("ana")
    assert backup(store, tmp_path / "kept.db") == store.last_event() == 3
    other = AnnotationStore(elsewhere)
    assert restore(other, tmp_path / "kept.db") == (3, None)
    assert other.faults() == []
    assert other.ratings().equals(store.ratings())
    assert People(other).by_token(secret).name == "ana"
    assert desk(other).next(BO).item == "i1"
    other.add_batch(batch("i3"))
    assert [list(one.items) for one in other.batches()] == [["i1", "i2"], ["i3"]]
    other.database.close()


def test_a_backup_is_taken_while_people_go_on(store, tmp_path):
    store.add_ratings(table(*((f"i{n}", "ana", "a") for n in range(200))), ANNOTATOR)
    going = threading.Event()

    def rate():
        for n in range(40):
            store.add_ratings(table((f"i{n}", "bo", "a")), ANNOTATOR)
            going.set()

    worker = threading.Thread(target=rate)
    worker.start()
    going.wait(10)
    backup(store, tmp_path / "kept.db")
    worker.join(60)
    assert AnnotationStore(tmp_path / "kept.db").faults() == []
    assert len(AnnotationStore(tmp_path / "kept.db").ratings()) >= 200
    assert len(store.ratings()) == 240


def test_a_store_that_is_in_use_is_not_moved_aside_by_a_restore(tmp_path):
    """A server that has it open would go on writing into the old file."""
    store = AnnotationStore(tmp_path / "annotations.db")
    store.add_ratings(table(("i1", "ana", "a")), ANNOTATOR)
    backup(store, tmp_path / "kept.db")
    with closing(sqlite3.connect(tmp_path / "annotations.db")) as server:
        server.execute("SELECT count(*) FROM event").fetchall()
        with pytest.raises(StateError, match=r"cannot be moved aside \(database is locked\); stop what has it open"):
            restore(store, tmp_path / "kept.db", replace=True)
        assert len(store.ratings()) == 1
        assert not list(tmp_path.glob("*.before-*"))
    assert restore(store, tmp_path / "kept.db", replace=True)[0] == 1


def test_a_second_restore_in_one_second_overwrites_nothing(tmp_path, monkeypatch):
    store = AnnotationStore(tmp_path / "annotations.db")
    store.add_ratings(table(("i1", "ana", "a")), ANNOTATOR)
    backup(store, tmp_path / "kept.db")
    store.add_ratings(table(("i2", "ana", "a")), ANNOTATOR)
    moment = datetime(2026, 12, 1, 11, 30, 15, tzinfo=UTC)
    monkeypatch.setattr("weakhitl.annotation.store.backup.datetime", SimpleNamespace(now=lambda zone: moment))
    aside = restore(store, tmp_path / "kept.db", replace=True)[1]
    with pytest.raises(StateError, match="is of this very second; try again"):
        restore(AnnotationStore(tmp_path / "annotations.db"), tmp_path / "kept.db", replace=True)
    assert len(AnnotationStore(aside).ratings()) == 2
    assert len(AnnotationStore(tmp_path / "annotations.db").ratings()) == 1


def test_nothing_is_overwritten_by_a_backup_or_restored_from_a_damaged_one(tmp_path):
    store = AnnotationStore(tmp_path / "annotations.db")
    with pytest.raises(StateError, match="holds nothing yet"):
        backup(store, tmp_path / "kept.db")
    store.add_ratings(table(("i1", "ana", "a")), ANNOTATOR)
    backup(store, tmp_path / "kept.db")
    with pytest.raises(StateError, match="is there already"):
        backup(store, tmp_path / "kept.db")
    with pytest.raises(StateError, match="holds 1 events already; --replace moves it aside"):
        restore(store, tmp_path / "kept.db")
    store.add_ratings(table(("i2", "ana", "a")), ANNOTATOR)
    events, aside = restore(store, tmp_path / "kept.db", replace=True)
    assert events == 1
    assert len(AnnotationStore(aside).ratings()) == 2
    with closing(sqlite3.connect(tmp_path / "kept.db")) as connection:
        connection.execute("UPDATE event SET body = '{}'")
        connection.commit()
    with pytest.raises(DataError, match="event 1 is not what was written"):
        restore(AnnotationStore(tmp_path / "new.db"), tmp_path / "kept.db")
    assert not (tmp_path / "new.db").exists()
