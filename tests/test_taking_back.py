"""What was routed by mistake can be taken back while nobody has answered; what people said is never lost."""

import itertools

import pandas as pd
import pytest
from click.testing import CliRunner

from sites import make_project
from stores import ANA, BO, CY, batch, desk, table
from weakhitl import Project
from weakhitl.annotation import ANNOTATOR, AnnotationStore, Answer, Given, Nothing
from weakhitl.annotation.arrivals import Arrival, Arrivals
from weakhitl.annotation.store.store import replay
from weakhitl.cli.main import cli
from weakhitl.errors import StateError
from weakhitl.routing import REQUESTED

ids = (f"taken{n}" for n in itertools.count())


def run(folder, *arguments, code=0):
    found = CliRunner().invoke(cli, [*arguments, "--project", str(folder)], catch_exceptions=False)
    assert found.exit_code == code, found.output
    return " ".join(found.output.split())


def asked(made, person) -> list[str]:
    """Rate all that a person is given; list it."""
    items = []
    while isinstance(given := made.next(person), Given):
        made.submit(person, Answer(given.item, "a", next(ids)))
        items.append(given.item)
    return items


def test_nobody_is_asked_about_a_batch_that_was_taken_back_and_its_items_may_be_routed_again(store):
    store.add_batch(batch("i1", "i2"))
    asked(desk(store), ANA)
    store.add_batch(batch("i3", "i4", "i5"))
    made = desk(store)
    done = made.take_back()
    assert (done.kind, done.items, done.ratings) == ("batch", ("i3", "i4", "i5"), 0)
    assert [list(one.items) for one in store.batches()] == [["i1", "i2"]]
    assert asked(made, BO) == ["i1", "i2"]
    store.add_batch(batch("i4", "i3"))
    assert asked(made, BO) == ["i4", "i3"]
    assert store.faults() == []


def test_who_has_an_item_open_is_told_and_gets_the_next_batch_whole(store):
    store.add_batch(batch("i1", "i2", "i3"))
    made = desk(store)
    held = made.next(ANA)
    made.take_back()
    with pytest.raises(StateError, match="not given to 'ana'"):
        made.submit(ANA, Answer(held.item, "a", "late"))
    assert made.next(ANA) == Nothing("empty")
    store.add_batch(batch("j1", "j2", "i1"))
    assert asked(made, ANA) == ["j1", "j2", "i1"]
    assert made.overview()["with somebody"] == 0


def test_a_batch_of_which_anything_was_said_stays(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    made.submit(ANA, Answer(made.next(ANA).item, "?", "skip"))
    with pytest.raises(StateError, match="said something about 1 item of the 2"):
        made.take_back()
    made.undo(ANA)
    assert made.take_back().items == ("i1", "i2")


def test_ratings_from_before_a_batch_do_not_keep_it(store):
    store.add_ratings(table(("i1", "ana", "a"), ("i2", "ana", "b")), ANNOTATOR)
    store.add_batch(batch("i1", "i2"))
    desk(store).take_back()
    assert store.batches() == []
    assert len(store.ratings()) == 2


def test_what_was_asked_again_by_mistake_counts_as_before(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    for person in (ANA, BO):
        asked(made, person)
    before = store.ratings()
    made.ask_again(["i1", "i2"], "all")
    assert store.ratings().empty
    done = made.take_back()
    assert (done.kind, set(done.items), done.ratings) == ("again", {"i1", "i2"}, 4)
    pd.testing.assert_frame_equal(store.ratings(), before)
    assert store.asked_again() == []
    assert store.said_first().empty
    assert made.next(CY) == Nothing("empty")
    assert store.faults() == []


def test_of_two_mistakes_the_later_is_taken_back_first(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    for person in (ANA, BO):
        asked(made, person)
    made.ask_again(["i1"], "a", ["a"])
    made.ask_again(["i2"], "all")
    assert set(store.said_first()["item"]) == {"i1"}
    assert made.take_back().items == ("i2",)
    assert made.take_back().items == ("i1",)
    with pytest.raises(StateError, match="said something about 2 items"):
        made.take_back()
    told = {key: label for key, label in replay(store.events()).items() if key[3] == 0}
    assert len(told) == 4


def test_what_somebody_waits_for_goes_on_being_asked(store):
    """An item that arrived with a question of its own keeps it, also when it was in a batch that is taken back."""
    Arrivals(store).add(Arrival("i1", {}, {}, "routed", None, None, "model"), "", 1)
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    made.take_back()
    assert asked(made, ANA) == ["i1"]


def test_what_people_asked_for_by_name_stays(store):
    store.add_batch(batch("i1"))
    store.add_batch(batch("i2", kind=REQUESTED))
    with pytest.raises(StateError, match="asked for by name"):
        desk(store).take_back()


def test_the_command_takes_back_and_routing_goes_on_as_if_nothing_had_been(tmp_path):
    made = make_project(tmp_path)
    items = list(made.store.batches()[0].items)
    assert "`--undo` takes it back" in run(tmp_path, "route", "--budget", "20", code=3)
    assert "leave out --budget" in run(tmp_path, "route", "--undo", "--budget", "3", code=2)
    assert run(tmp_path, "route", "--undo").startswith("Taken back: the last batch of 12 items")
    assert "nothing was routed" in run(tmp_path, "route", "--undo", code=3)
    run(tmp_path, "route", "--budget", "12", "--audit", "6", "--overlap", "2")
    assert list(Project.load(tmp_path)._workspace.store.batches()[0].items) == items


def test_the_command_lets_ratings_count_again(tmp_path):
    made = make_project(tmp_path)
    rows = [(item, who, "sun") for item in made.store.batches()[0].items for who in ("ana", "bo")]
    made.store.add_ratings(pd.DataFrame(rows, columns=["item", "annotator", "label"]), ANNOTATOR)
    run(tmp_path, "route", "--again", "--all")
    assert "24 ratings that were set aside count as before" in run(tmp_path, "route", "--undo")
    assert "was asked again" in run(tmp_path, "agreement", "--again", code=3)


def test_nothing_is_made_where_nothing_was_routed(tmp_path):
    store = AnnotationStore(tmp_path / "annotations.db")
    with pytest.raises(StateError, match="nothing was routed"):
        desk(store).take_back()
    assert not (tmp_path / "annotations.db").exists()
