"""The desk: the right item to the right person, never too many, nothing twice, nothing lost."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from stores import ANA, BO, CY, DI, Clock, batch, desk, table
from weakhitl.annotation import (
    ADJUDICATOR,
    ANNOTATOR,
    GOLD,
    REPEAT,
    AnnotationStore,
    Answer,
    Given,
    Nothing,
    Person,
    count_ratings,
)
from weakhitl.annotation.overlap import Overlap
from weakhitl.errors import StateError, UsageError

ids = (f"id{n}" for n in itertools.count())


def rate(made, person, label, item=None):
    """Take the next item and rate it; give its id."""
    found = made.next(person)
    assert isinstance(found, Given), found
    assert item is None or found.item == item
    made.submit(person, Answer(found.item, label, next(ids)))
    return found.item


def test_an_item_goes_to_as_many_people_as_its_overlap_says(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    assert [made.next(person).item for person in (ANA, BO, CY, DI)] == ["i1", "i1", "i2", "i2"]
    assert made.next(Person("eve")) == Nothing("empty")
    for person in (ANA, BO, CY, DI):
        rate(made, person, "a")
    assert made.next(ANA) == Nothing("empty")
    assert made.overview() == {"items": 2, "done": 2, "waiting": 0, "with somebody": 0}


def test_asking_twice_gives_the_same_item(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    assert made.next(ANA).item == made.next(ANA).item == "i1"


def test_an_abandoned_item_comes_back_and_a_late_rating_is_surplus(store):
    clock = Clock()
    store.add_batch(batch("i1", overlap=1))
    made = desk(store, clock, lease=60)
    assert made.next(ANA).item == "i1"
    assert made.next(BO) == Nothing("empty")
    clock.now += 61
    rate(made, BO, "a", "i1")
    late = made.submit(ANA, Answer("i1", "b", "late"))
    assert late.surplus
    counted = count_ratings(store.ratings(), store.batches(), made.rules.schema, min_agreement=0.75, min_ratings=2)
    assert dict(zip(counted.ratings["annotator"], counted.ratings["fate"], strict=True)) == {
        "bo": "counted", "ana": "surplus",
    }  # fmt: skip
    assert counted.votes.n_votes == 1


def test_a_late_rating_of_an_item_that_nobody_took_counts(store):
    clock = Clock()
    store.add_batch(batch("i1", overlap=1))
    made = desk(store, clock, lease=60)
    made.next(ANA)
    clock.now += 3600
    assert not made.submit(ANA, Answer("i1", "b", "late")).surplus
    assert made.next(BO) == Nothing("empty")


def test_a_heartbeat_keeps_an_item_and_says_when_it_is_lost(store):
    clock = Clock()
    store.add_batch(batch("i1", overlap=1))
    made = desk(store, clock, lease=60)
    made.next(ANA)
    for _ in range(5):
        clock.now += 50
        assert made.heartbeat(ANA, "i1")
    assert made.next(BO) == Nothing("empty")
    clock.now += 61
    assert not made.heartbeat(ANA, "i1")
    assert made.next(BO).item == "i1"


def test_sending_twice_stores_once(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    made.next(ANA)
    first = made.submit(ANA, Answer("i1", "a", "same"))
    second = made.submit(ANA, Answer("i1", "a", "same"))
    assert (first.known, second.known) == (False, True)
    assert first.number == second.number
    assert len(store.ratings()) == 1
    made.next(BO)
    with pytest.raises(StateError, match="belongs to another answer"):
        made.submit(BO, Answer("i1", "a", "same"))


def test_nobody_rates_what_they_were_not_given(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    with pytest.raises(StateError, match="'i2' was not given to 'ana'"):
        made.submit(ANA, Answer("i2", "a", "1"))
    made.next(ANA)
    with pytest.raises(UsageError, match="'d' is not a class; the classes are a, b, c"):
        made.submit(ANA, Answer("i1", "d", "1"))
    assert store.ratings().empty


def test_where_people_differ_more_are_asked_up_to_the_most(store):
    store.add_batch(batch("i1", "i2", overlap=2))
    made = desk(store, most=4, settled=0.6)
    rate(made, ANA, "a", "i1")
    rate(made, BO, "b", "i1")
    rate(made, CY, "c", "i1")
    rate(made, DI, "a", "i1")
    assert made.next(Person("eve")).item == "i2"
    counted = count_ratings(
        store.ratings(), store.batches(), made.rules.schema, min_agreement=0.75, min_ratings=2, most=4, settled=0.6
    )
    assert counted.ratings["fate"].tolist() == ["counted", "counted", "extra", "extra"]
    assert counted.measured.n_votes == 2, "agreement is measured on what every item gets"
    assert counted.settling.n_votes == counted.votes.n_votes == 4


def test_a_skip_leaves_the_item_to_others(store):
    store.add_batch(batch("i1", overlap=1))
    made = desk(store)
    rate(made, ANA, "?")
    rate(made, BO, None)
    assert made.next(ANA) == Nothing("empty")
    rate(made, CY, "a", "i1")
    assert made.next(DI) == Nothing("empty")


def test_undoing_gives_the_item_back_and_counts_it_no_longer(store):
    store.add_batch(batch("i1", "i2", overlap=1))
    made = desk(store)
    rate(made, ANA, "a", "i1")
    assert made.next(ANA).item == "i2"
    assert made.undo(ANA).item == "i1"
    assert made.next(ANA).item == "i1"
    assert made.next(BO).item == "i2", "what ana had at the time is free again"
    rate(made, ANA, "b", "i1")
    assert store.ratings()["label"].tolist() == ["b"]
    assert made.undo(CY) is None


def test_a_quota_and_skills_are_kept(store):
    store.add_batch(batch("i1", "i2", "i3", "i4", overlap=1), {"i1": "fr", "i3": "fr"})
    made = desk(store)
    ana, bo = Person("ana", quota=1), Person("bo", skills=("fr",))
    rate(made, ana, "a", "i2")
    assert made.next(ana) == Nothing("quota")
    assert {rate(made, bo, "a") for _ in range(3)} == {"i1", "i3", "i4"}
    assert made.next(CY) == Nothing("empty")


def test_after_a_pilot_only_those_who_qualify_go_on(store):
    store.add_batch(batch("p1", "p2", kind="pilot", overlap=None))
    made = desk(store, min_ratings=2)
    bad = Person("bad")
    for person, labels in ((ANA, "aa"), (BO, "aa"), (CY, "aa"), (bad, "bb")):
        for label in labels:
            rate(made, person, label)
    assert made.next(ANA) == Nothing("empty")
    store.add_batch(batch("i1"))
    made = desk(store, min_ratings=2)
    assert made.next(ANA).item == "i1"
    assert made.next(bad) == Nothing("qualify")
    assert made.next(DI).item == "p1", "a new person begins with the pilot"


def test_gold_items_are_mixed_in_and_each_is_asked_once(store):
    store.add_batch(batch(*(f"i{n}" for n in range(60)), overlap=1))
    made = desk(store, gold={f"g{n}": "a" for n in range(8)}, gold_share=0.3)
    for _ in range(40):
        rate(made, ANA, "a")
    ratings = store.ratings()
    gold = ratings[ratings["role"] == GOLD]
    assert 5 <= len(gold) <= 8
    assert gold["item"].is_unique
    assert set(gold["item"]) <= {f"g{n}" for n in range(8)}
    assert made.next(BO).role in (GOLD, ANNOTATOR)


def test_a_repeat_comes_long_after_the_first_time_and_once(store):
    store.add_batch(batch(*(f"i{n}" for n in range(80)), overlap=1))
    made = desk(store, repeat_share=0.3)
    order = [rate(made, ANA, "a") for _ in range(60)]
    ratings = store.ratings()
    again = ratings[ratings["role"] == REPEAT]["item"].tolist()
    assert again
    assert len(set(again)) == len(again)
    for item in again:
        first, second = (n for n, one in enumerate(order) if one == item)
        assert second - first > 20
    counted = count_ratings(ratings, store.batches(), made.rules.schema, min_agreement=0.75, min_ratings=2)
    assert len(counted.ratings) == 60 - len(again), "what is said the second time counts nowhere else"


def test_suggestions_are_hidden_on_a_share_that_does_not_depend_on_the_moment(store):
    items = [f"i{n}" for n in range(100)]
    store.add_batch(batch(*items, overlap=1))
    made = desk(store, show_share=0.7)
    shown = []
    for _ in items:
        shown.append(made.next(ANA).suggested)
        rate(made, ANA, "a")
    assert 55 <= sum(shown) <= 85
    assert store.ratings()["suggested"].tolist() == [False] * 100, "nothing was suggested, so nothing was seen"


def test_time_is_capped_by_idleness_and_by_what_has_passed(store):
    clock = Clock()
    store.add_batch(batch("i1", "i2", "i3", overlap=1))
    made = desk(store, clock, idle=100)
    for passed, said, kept in ((10, 8.0, 8.0), (10, 5000.0, 10.0), (500, None, 100.0)):
        item = made.next(ANA).item
        clock.now += passed
        made.submit(ANA, Answer(item, "a", next(ids), seconds=said))
        assert store.ratings()["seconds"].iloc[-1] == kept


def test_two_adjudicators_never_have_the_same_item(store):
    made = desk(store)
    eve, max_ = Person("eve", "adjudicator"), Person("max", "adjudicator")
    assert made.decide_next(eve, ["i1", "i2"]).item == "i1"
    assert made.decide_next(max_, ["i1", "i2"]).item == "i2"
    assert made.decide_next(Person("kim", "adjudicator"), ["i1", "i2"]) == Nothing("empty")
    made.submit(eve, Answer("i1", "a", "1"), ADJUDICATOR)
    assert store.ratings()["role"].tolist() == [ADJUDICATOR]
    assert made.decide_next(eve, ["i2"]) == Nothing("empty")


def test_ratings_that_came_as_a_file_are_counted_by_the_queue(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    store.add_ratings(table(("i1", "ana", "a"), ("i1", "bo", "a")), ANNOTATOR)
    made.settle(["i1"])
    assert made.next(CY).item == "i2"


def test_a_flag_is_kept_once(store):
    made = desk(store)
    made.flag(ANA, "i1", "the picture is broken", "f1")
    made.flag(ANA, "i1", "the picture is broken", "f1")
    assert [(one.kind, one.actor, one.item, one.body["note"]) for one in store.events()] == [
        ("flag", "ana", "i1", "the picture is broken")
    ]


def test_the_rule_of_overlap_asks_until_people_agree():
    rule = Overlap(first=3, most=7, settled=0.6)
    assert [rule.wanted(labels) for labels in ("", "a", "aab", "abc", "abca", "abcaa", "abcabcabc")] == [
        3, 3, 3, 4, 5, 5, 7,
    ]  # fmt: skip
    assert rule.counted("abcaab") == 5
    assert Overlap(None, 0, 0.6).wanted("ab") is None


@pytest.mark.parametrize("most", [None, 5])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_whatever_people_do_no_item_gets_too_many_and_nothing_is_lost(tmp_path_factory, seed, most):
    """Rate, undo, skip, go away, come back late and send twice, in any order."""
    rng, clock = np.random.default_rng(seed), Clock()
    store = AnnotationStore(tmp_path_factory.mktemp("any") / "s.db")
    store.add_batch(batch(*(f"i{n}" for n in range(6)), overlap=2))
    made = desk(store, clock, lease=50, most=most)
    people, held, sent = [Person(f"p{n}") for n in range(6)], {}, []
    for _ in range(60):
        person = people[rng.integers(len(people))]
        what = rng.choice(["next", "rate", "undo", "wait", "resend"], p=[0.3, 0.4, 0.1, 0.1, 0.1])
        if what == "next" and isinstance(found := made.next(person), Given):
            held[person.name] = found.item
        elif what == "rate" and person.name in held:
            answer = Answer(held.pop(person.name), str(rng.choice(["a", "b", "?"])), next(ids))
            made.submit(person, answer)
            sent.append((person, answer))
        elif what == "undo" and (found := made.undo(person)) is not None:
            held[person.name] = found.item
        elif what == "wait":
            clock.now += rng.integers(10, 80)
        elif what == "resend" and sent:
            assert made.submit(*sent[rng.integers(len(sent))]).known
    assert store.faults() == []
    counted = count_ratings(
        store.ratings(), store.batches(), made.rules.schema, min_agreement=0.75, min_ratings=2, most=most
    )
    fates = counted.ratings.groupby(["item", "fate"]).size().unstack(fill_value=0)
    assert "counted" not in fates or (fates["counted"] <= 2).all()
    assert (counted.settling.class_counts().sum(axis=1) <= (most or 2)).all()
    with store.database.read() as connection:
        from weakhitl.annotation.store import tables

        rows = connection.execute(tables.task.select()).all()
    have = dict(zip(counted.settling.items, counted.settling.class_counts().sum(axis=1), strict=True))
    for row in rows:
        assert row.have == have[row.item]
        assert row.leased >= 0
        assert row.free >= 0


def test_whom_the_rule_excludes_gets_nothing_more_and_what_they_rated_wants_others(store):
    clock, excluded = Clock(), {}
    store.add_batch(batch("i1", "i2", overlap=1))
    made = desk(store, clock, exclude=lambda _: excluded)
    rate(made, ANA, "a", "i1")
    excluded["ana"] = "right on 30% of the gold"
    clock.now += 61
    assert made.next(ANA) == Nothing("qualify")
    assert made.next(BO).item == "i1"
    excluded.clear()
    clock.now += 61
    assert made.next(ANA).item == "i2"


def test_a_rating_that_came_as_a_file_meanwhile_is_corrected_by_the_page(store):
    store.add_batch(batch("i1", "i2"))
    made = desk(store)
    assert made.next(ANA).item == "i1"
    store.add_ratings(table(("i1", "ana", "a")), ANNOTATOR)
    made.settle(["i1"])
    made.submit(ANA, Answer("i1", "b", "page"))
    assert store.ratings()["label"].tolist() == ["b"]
    assert [event.kind for event in store.events()] == ["batch", "rating", "correction"]
    assert made.next(ANA).item == "i2"
    assert [made.next(person).item for person in (BO, CY)] == ["i1", "i2"]
