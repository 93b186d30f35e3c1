"""File formats of other annotation tools: what goes there comes back, and what is lost is said."""

import json
import math
import string
import warnings
import zipfile
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import weakhitl as wh
from weakhitl.annotation.formats.content import (
    PREDICTION_COLUMNS,
    RATING_COLUMNS,
    Prediction,
    Rating,
    predictions_table,
    queue_table,
    ratings_table,
)
from weakhitl.annotation.formats.exchange import FORMATS, Exchange, Layout, format_named, labeling_config
from weakhitl.errors import DataError
from weakhitl.files import write_table

CLASSES = ["ham & eggs", 'say "spam"', "it's <b>", "1"]
SKIP = "I can't tell"
SCHEMA = wh.LabelSchema(CLASSES, skip=[SKIP])
PLAIN = wh.LabelSchema(["HAM", "SPAM"], skip=["?"])
NASTY = [
    "007",
    "<b>&amp;</b>",
    'a "quoted", text',
    "line\nbreak\r\nand\ttab",
    "🙂 naïve 漢字",
    "\u2028\x85",
    " ",
    "null",
]


# What each format can hold: the columns of a rating, bare skips, adjudicators, and predictions of an item.
EVERY = 10**6
COMMON = {"item", "annotator", "label"}
HELD = {
    "long": (set(RATING_COLUMNS), False, True, 0),
    "label-studio": (COMMON | {"time", "seconds", "note"}, True, False, EVERY),
    "prodigy": (COMMON | {"time", "note"}, True, False, 0),
    "argilla": (COMMON | {"note"}, True, False, 1),
    "doccano": (COMMON | {"note"}, False, False, 0),
    "mturk": (set(), False, False, 0),
    "sagemaker": (set(), False, False, EVERY),
}
SUFFIX = {"doccano": ".zip"}

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")  # pandas 2.2 loses a NUL in a CSV
texts = st.sampled_from(NASTY) | st.text(CHARACTERS, min_size=1, max_size=8)
names = st.text(string.ascii_letters + string.digits + "@.+-_é", min_size=1, max_size=6).filter(lambda n: n != "all")
times = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0).isoformat()
)
seconds = st.floats(0, 1e6) | st.just(math.nan)
labels = st.sampled_from([*CLASSES, SKIP]) | st.none()


@st.composite
def exchanges(draw) -> Exchange:
    ids = draw(st.lists(texts, min_size=1, max_size=4, unique=True))
    cells = {name: [draw(texts) for _ in ids] for name in ("text", "lang")}
    items = pd.DataFrame(cells, index=pd.Index(ids, dtype=object), dtype=object)
    keys = st.tuples(st.sampled_from(ids), names, st.sampled_from(["annotator", "adjudicator"]))
    ratings = [
        Rating(item, who, draw(labels), role, draw(texts), draw(times), draw(seconds), draw(texts | st.just("")))
        for item, who, role in draw(st.lists(keys, max_size=6, unique=True))
    ]
    predictions = [
        Prediction(item, draw(st.sampled_from(CLASSES)), draw(st.floats(0, 1) | st.just(math.nan)), draw(texts))
        for item in draw(st.lists(st.sampled_from(ids), max_size=4))
    ]
    needed = draw(st.dictionaries(st.sampled_from(ids), st.integers(1, 9)))
    return Exchange(items, predictions_table(predictions), ratings_table(ratings), queue_table(needed), SCHEMA, "text")


def rows(table: pd.DataFrame) -> list[list]:
    """Rows as lists, in an order of their own, nan as None."""
    cells = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    return sorted(cells, key=str)


def small(ratings=(), predictions=(), needed=None, items=None) -> Exchange:
    items = items if items is not None else pd.DataFrame({"text": ["one", "two"]}, index=["i1", "007"])
    return Exchange(
        items, predictions_table(predictions), ratings_table(ratings), queue_table(needed or {}), PLAIN, "text"
    )


def load(name, path, schema=PLAIN, **layout) -> Exchange:
    return FORMATS[name].read(path, schema, Layout(**layout))


def put(path, content):
    """Write a list as JSON Lines, or as one JSON list where the file is .json; text as it is."""
    if not isinstance(content, str):
        lines = [json.dumps(row) for row in content]
        content = "[" + ",".join(lines) + "]" if path.suffix == ".json" else "\n".join(lines)
    path.write_text(content, encoding="utf-8")
    return path


def ratings_of(exchange: Exchange) -> list[tuple]:
    table = exchange.ratings[["item", "annotator", "label"]]
    return [tuple(row) for row in table.astype(object).where(table.notna(), None).to_numpy().tolist()]


def faults(name, path, schema=PLAIN, **layout) -> tuple[str, ...]:
    with pytest.raises(DataError) as error:
        load(name, path, schema, **layout)
    return error.value.faults


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_=exchanges())
def test_what_a_format_can_hold_comes_back_and_nothing_else_is_lost(name, given_, tmp_path):
    columns, bare, adjudicators, most = HELD[name]
    path = tmp_path / f"file{SUFFIX.get(name, FORMATS[name].suffix)}"
    FORMATS[name].write(path, given_)
    back = _read_back(name, path)
    _assert_items_equal(back, given_)
    ratings = given_.ratings if columns else given_.ratings[:0]
    if not adjudicators:
        ratings = ratings[ratings["role"] == "annotator"]
    if not bare:
        ratings = ratings.assign(label=ratings["label"].where(ratings["label"].notna(), SKIP))
    defaults = ratings_table([Rating("", "", None)] * len(ratings)).set_index(ratings.index)
    expected = ratings.assign(**{column: defaults[column] for column in RATING_COLUMNS if column not in columns})
    assert rows(back.ratings) == rows(expected)
    kept = given_.predictions[given_.predictions.groupby("item").cumcount() < most]
    assert rows(back.predictions) == rows(kept)
    assert rows(back.queue) == rows(given_.queue)
    assert list(back.predictions.columns) == PREDICTION_COLUMNS


def _read_back(name, path):
    """Mechanical Turk gives what it got in columns of its own, once for each worker; here nobody worked."""
    if name != "mturk":
        return load(name, path, SCHEMA)
    table = pd.read_csv(path, dtype=str, keep_default_na=False).add_prefix("Input.")
    table = table.assign(AssignmentStatus="Rejected", WorkerId="w", **{"Answer.label": ""})
    write_table(path, table)
    return load(name, path, SCHEMA)


def _assert_items_equal(back: Exchange, given_: Exchange) -> None:
    assert back.items.index.tolist() == given_.items.index.tolist()
    assert back.items[["text", "lang"]].to_numpy().tolist() == given_.items.to_numpy().tolist()


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_format_cannot_hold_is_said(name):
    columns, bare, adjudicators, most = HELD[name]
    said = " ".join(FORMATS[name].cannot_hold)
    lost = {"guideline", "time", "seconds", "note"} - columns if columns else {"ratings"}
    for what in (
        *lost,
        *["adjudicators"] * (not adjudicators),
        *["skip"] * (not bare),
        *["prediction"] * (most < EVERY),
    ):
        assert what in said, what


@pytest.mark.parametrize("name", FORMATS)
def test_numbers_lists_and_missing_cells_of_an_item_are_written(name, tmp_path):
    cells = {"text": ["one", None], "n": [1, math.nan], "when": [pd.Timestamp("2024-05-01"), pd.NaT], "l": [["a"], {}]}
    path = tmp_path / f"file{FORMATS[name].suffix}"
    FORMATS[name].write(path, small(items=pd.DataFrame(cells, index=["i1", "i2"])))
    assert "2024-05-01" in path.read_text()
    assert "NaN" not in path.read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_columns_whose_names_the_format_keeps_for_itself_stay_out(name, tmp_path):
    reserved = ["item", "needed", "label", "annotator", "id", "answer", "source", "x-metadata", "options", "meta"]
    items = pd.DataFrame({name: ["SPAM"] for name in ("text", *reserved)}, index=["i1"])
    path = tmp_path / f"file{SUFFIX.get(name, FORMATS[name].suffix)}"
    FORMATS[name].write(path, small([Rating("i1", "ana", "HAM")], [Prediction("i1", "HAM", 0.5, "m")], items=items))
    if name != "mturk":
        back = load(name, path)
        assert back.items.index.tolist() == ["i1"]
        assert set(ratings_of(back)) <= {("i1", "ana", "HAM")}
        assert set(back.predictions["label"]) <= {"HAM"}


def test_items_without_the_text_column_are_named(tmp_path):
    items = pd.DataFrame({"body": ["one"]}, index=["i1"])
    with pytest.raises(DataError, match="no column 'text'; the columns are body"):
        FORMATS["label-studio"].write(tmp_path / "f.json", small(items=items))
    assert not list(tmp_path.iterdir())


def test_the_main_text_keeps_its_name_through_formats_that_call_it_otherwise(tmp_path):
    items = pd.DataFrame({"body": ["one"], "text": ["other"]}, index=["i1"])
    tweets = Exchange(items, *(getattr(small(), part) for part in ("predictions", "ratings", "queue")), PLAIN, "body")
    for name in ("label-studio", "prodigy", "argilla", "sagemaker", "long"):
        path = tmp_path / f"file{FORMATS[name].suffix}"
        FORMATS[name].write(path, tweets)
        back = load(name, path, text="body")
        assert (back.text, back.items.loc["i1", "body"]) == ("body", "one"), name


BAD = {
    "label-studio": (
        "f.json",
        [
            {"data": {"item": "i1"}, "annotations": [_ls("ana", "HAM"), _ls("ana", "SPAM"), _ls("bo", "EGGS")]}
            for _ls in [
                lambda who, label: {
                    "completed_by": {"email": who},
                    "result": [{"from_name": "label", "type": "choices", "value": {"choices": [label]}}],
                }
            ]
        ]
        + [{"data": {"text": "x"}, "annotations": [{"created_at": "soon", "lead_time": "long", "result": []}]}],
    ),
    "prodigy": (
        "f.jsonl",
        [
            {"meta": {"item": "i1"}, "options": [], "accept": ["HAM"], "answer": "accept", "_annotator_id": "ana"},
            {"meta": {"item": "i1"}, "options": [], "accept": ["SPAM"], "answer": "accept", "_annotator_id": "ana"},
            {"meta": {"item": "i1"}, "options": [], "accept": ["EGGS"], "answer": "accept", "_annotator_id": "bo"},
            {"text": "x", "accept": [], "answer": "accept", "_timestamp": "soon"},
        ],
    ),
    "argilla": (
        "f.json",
        [
            {
                "id": "i1",
                "fields": {},
                "responses": {"label": [{"value": v, "user_id": u} for v, u in zip(values, users, strict=True)]},
            }
            for values, users in [(("HAM", "SPAM", "EGGS"), ("ana", "ana", "bo"))]
        ]
        + [{"fields": {}, "responses": {"label": [{"value": "HAM"}]}}],
    ),
    "doccano": (
        "all.jsonl",
        [
            {"item": "i1", "label": ["EGGS"]},
            {"item": "i1", "label": ["HAM", "SPAM"]},
            {"text": "x", "label": ["HAM"]},
        ],
    ),
    "mturk": (
        "f.csv",
        """Input.item,WorkerId,AssignmentStatus,Answer.label,SubmitTime,WorkTimeInSeconds
i1,ana,Approved,HAM,,
i1,ana,Approved,SPAM,,
i1,bo,Approved,EGGS,,
,,Approved,HAM,soon,long
""",
    ),
    "sagemaker": (
        "f.manifest",
        [
            {"item": "i1", "x": 0, "x-metadata": {"class-name": "EGGS", "confidence": "high"}},
            {"source": "x", "x": [0], "x-metadata": {"class-map": {"0": "HAM"}}},
        ],
    ),
    "long": (
        "f.csv",
        """item,annotator,label,role,time,seconds
i1,ana,HAM,,,
i1,ana,SPAM,,,
i1,bo,EGGS,,,
,,HAM,boss,soon,long
""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_all_faults_of_a_file_are_named_at_once_with_their_places(name, tmp_path):
    file, content = BAD[name]
    found = faults(name, put(tmp_path / file, content))
    text = "\n".join(found)
    expected = ["no item", "'EGGS' is not a class; the classes are HAM, SPAM"]
    if name in ("label-studio", "prodigy", "argilla", "mturk", "long"):
        expected += ["'ana' has already given item 'i1' another label", "no annotator; say who rated"]
    if name in ("label-studio", "mturk", "long"):
        expected += ["time 'soon' is not a time in ISO 8601", "seconds 'long' is not a number"]
    for what in expected:
        assert what in text, text
    assert all(fault.startswith(("line ", "record ")) for fault in found)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_cannot_be_read_is_named(name, tmp_path):
    path = tmp_path / f"file{FORMATS[name].suffix}"
    assert "no such file" in faults(name, path)[0].lower()
    path.write_text("")
    assert "empty" in faults(name, path)[0]
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in faults(name, path)[0]
    if path.suffix != ".csv":
        path.write_text('{"item": "i1"}\nnot json\n[1]\n\n3')
        assert faults(name, path) == (
            "line 2: not JSON (Expecting value at column 1)",
            "line 3: expected an object, found list",
            "line 5: expected an object, found int",
        )
        path.write_text('{"item": "i1", "text": "\\ud83d"}\n')
        assert "is half of a character" in faults(name, path)[0]
        path.write_text('[{"item": "i1"}, 1')
        assert "not JSON" in faults(name, path)[0]


def choice(label, who=None, question="label", **rest):
    result = [{"from_name": question, "to_name": "text", "type": "choices", "value": {"choices": [label]}}]
    return {"completed_by": who, "result": result} | rest


def test_label_studio_users_are_read_in_every_form(tmp_path):
    people = [7, {"id": 8, "email": "ana@example.com"}, {"id": 9}, "bo", None]
    tasks = [{"id": 1, "data": {"item": 7, "text": "x"}, "annotations": [choice("HAM", who) for who in people]}]
    back = load("label-studio", put(tmp_path / "f.json", tasks), default_annotator="me")
    assert [(item, who) for item, who, _ in ratings_of(back)] == [
        ("7", "7"), ("7", "ana@example.com"), ("7", "9"), ("7", "bo"), ("7", "me"),
    ]  # fmt: skip


def test_a_person_may_be_known_to_a_tool_by_another_name(tmp_path):
    tasks = [{"data": {"item": "i1"}, "annotations": [choice("HAM", 2), choice("SPAM", 3)]}]
    path = put(tmp_path / "f.json", tasks)
    back = load("label-studio", path, people={"2": "ana"})
    assert ratings_of(back) == [("i1", "ana", "HAM"), ("i1", "3", "SPAM")]
    assert "'ana' has already given" in faults("label-studio", path, people={"2": "ana", "3": "ana"})[0]


def test_label_studio_numbers_of_users_are_written_as_numbers_and_other_names_as_addresses(tmp_path):
    FORMATS["label-studio"].write(tmp_path / "f.json", small([Rating("i1", who, "HAM") for who in ("7", "007", "ana")]))
    task = json.loads((tmp_path / "f.json").read_text())[0]
    assert [found["completed_by"] for found in task["annotations"]] == [7, {"email": "007"}, {"email": "ana"}]
    assert not any(found["ground_truth"] for found in task["annotations"])


def test_label_studio_reads_a_cancelled_or_empty_annotation_as_a_skip_and_no_draft(tmp_path):
    annotations = [choice("HAM", "ana", was_cancelled=True), {"completed_by": "bo", "result": []}, choice("?", "cy")]
    tasks = [{"data": {"item": "i1"}, "annotations": annotations, "drafts": [choice("HAM", "di")]}]
    tasks += [{"data": {"item": "i2"}, "completions": [choice("HAM", "ana", skipped=True)]}]
    back = load("label-studio", put(tmp_path / "f.json", tasks))
    assert ratings_of(back) == [("i1", "ana", None), ("i1", "bo", None), ("i1", "cy", "?"), ("i2", "ana", None)]


def test_label_studio_takes_the_question_that_is_named_or_the_only_one(tmp_path):
    def tasks(*questions):
        results = [entry for name, label in questions for entry in choice(label, question=name)["result"]]
        answer = {"completed_by": 1, "result": results, "created_at": "2024-05-01T10:00:00.5Z", "lead_time": 4.5}
        return put(tmp_path / "f.json", [{"data": {"item": "i1", "text": "x"}, "annotations": [answer]}])

    assert ratings_of(load("label-studio", tasks(("mood", "HAM")))) == [("i1", "1", "HAM")]
    two = tasks(("mood", "HAM"), ("tone", "loud"))
    assert ratings_of(load("label-studio", two, label="mood")) == [("i1", "1", "HAM")]
    assert faults("label-studio", two) == ("no question 'label'; say which holds the label: mood, tone",)
    assert "2 choices, HAM, SPAM" in faults("label-studio", tasks(("label", "HAM"), ("label", "SPAM")))[0]
    back = load("label-studio", tasks(("label", "HAM"), ("tone", "loud")))
    assert back.ratings[["time", "seconds"]].to_numpy().tolist() == [["2024-05-01T10:00:00.500+00:00", 4.5]]


def test_label_studio_with_other_results_than_choices_is_not_read_as_skips(tmp_path):
    spans = [{"from_name": "label", "type": "labels", "value": {"start": 0, "end": 1, "labels": ["HAM"]}}]
    tasks = [{"data": {"item": "i1"}, "annotations": [{"completed_by": 1, "result": spans}]}]
    assert faults("label-studio", put(tmp_path / "f.json", tasks)) == (
        "no result is of type choices, rating, number, pairwise; the types are labels",
    )
    record = {"id": 1, "item": "i1", "annotator": 1, "mood": "HAM"}
    assert "no record has 'label'" in faults("label-studio", put(tmp_path / "f.json", [record]))[0]


def test_label_studio_json_min_is_read(tmp_path):
    common = {"id": 1, "text": "x", "annotation_id": 3, "created_at": "2024-05-01T10:00:00Z", "lead_time": 2.5}
    records = [
        common | {"item": "i1", "annotator": 1, "label": "HAM", "note": "clear"},
        common | {"item": "i1", "annotator": "ana@example.com", "label": {"choices": ["SPAM"]}},
        common | {"item": "i2", "annotator": 1},
        {"id": 2, "item": "i3", "text": "y", "annotator": None},
    ]
    back = load("label-studio", put(tmp_path / "f.json", records))
    assert ratings_of(back) == [("i1", "1", "HAM"), ("i1", "ana@example.com", "SPAM"), ("i2", "1", None)]
    assert back.ratings.loc[0, ["time", "seconds", "note"]].tolist() == ["2024-05-01T10:00:00+00:00", 2.5, "clear"]
    assert back.items["text"].to_dict() == {"i1": "x", "i2": "x", "i3": "y"}
    for several in (["HAM", "SPAM"], [{"choices": ["HAM", "SPAM"]}]):
        found = faults("label-studio", put(tmp_path / "f.json", [records[0] | {"label": several}]))
        assert found == ("record 1: 2 choices, HAM, SPAM; expected one",)


def test_label_studio_config_offers_classes_and_skip_answers_whatever_they_are_called():
    from xml.etree import ElementTree as ET

    root = ET.fromstring(labeling_config(wh.LabelSchema([*CLASSES, "two\nlines"], skip=[SKIP]), "my text"))
    assert [found.get("value") for found in root.iter("Choice")] == [*CLASSES, "two\nlines", SKIP]
    assert root.find("Text").get("value") == "$my text"


def test_prodigy_choices_are_read(tmp_path):
    def task(item, accept, answer="accept", **rest):
        own = {"_input_hash": 1, "_task_hash": 2, "_view_id": "choice", "options": [{"id": "HAM", "text": "HAM"}]}
        asked = {"text": "x", "meta": {"item": item, "source": "web"}, "accept": accept, "answer": answer}
        return asked | own | rest

    tasks = [
        task("i1", ["HAM"], _annotator_id="news-ana", _session_id="news-ana", _timestamp=1714557600),
        task("i1", ["SPAM"], _annotator_id=None, _session_id="bo", user_input="hm"),
        task("i1", [], "ignore", _session_id=None),
        task("i2", ["HAM"], "reject", _session_id="bo"),
        task("i2", [], _session_id="cy"),
        {"text": "open", "meta": {"item": "i3"}},
        {"text": "top", "item": "i4"},
    ]
    back = load("prodigy", put(tmp_path / "f.jsonl", tasks), default_annotator="me")
    assert ratings_of(back) == [
        ("i1", "news-ana", "HAM"), ("i1", "bo", "SPAM"), ("i1", "me", None), ("i2", "bo", None), ("i2", "cy", None),
    ]  # fmt: skip
    assert back.ratings["time"].tolist()[:2] == ["2024-05-01T10:00:00+00:00", ""]
    assert back.ratings["note"].tolist()[1] == "hm"
    assert back.items.loc["i1"].tolist() == ["x", "web"]
    assert back.items.index.tolist() == ["i1", "i2", "i3", "i4"]


def yes_or_no(item, label, answer, who="ana"):
    return {"text": "x", "label": label, "answer": answer, "meta": {"item": item}, "_session_id": who}


def test_a_rejected_label_is_the_other_class_of_two_and_no_rating_among_more(tmp_path):
    tasks = [yes_or_no("i1", "HAM", "accept"), yes_or_no("i2", "HAM", "reject"), yes_or_no("i3", "HAM", "ignore")]
    path = put(tmp_path / "f.jsonl", tasks)
    assert ratings_of(load("prodigy", path)) == [("i1", "ana", "HAM"), ("i2", "ana", "SPAM"), ("i3", "ana", None)]
    back = load("prodigy", path, wh.LabelSchema(["HAM", "SPAM", "EGGS"]))
    assert ratings_of(back) == [("i1", "ana", "HAM"), ("i3", "ana", None)]
    assert back.notices == ("1 left out: rejected labels, which speak for no other class",)
    assert "label 'X' is not a class" in faults("prodigy", put(path, [yes_or_no("i1", "X", "reject")]))[0]
    assert "answer 'maybe'" in faults("prodigy", put(path, [yes_or_no("i1", "HAM", "maybe")]))[0]


def test_one_yes_or_no_task_that_is_ignored_contradicts_no_other_that_is_decided(tmp_path):
    three = wh.LabelSchema(["HAM", "SPAM", "EGGS"])
    tasks = [yes_or_no("i1", "HAM", "ignore"), yes_or_no("i1", "SPAM", "accept"), yes_or_no("i2", "HAM", "ignore"),
             yes_or_no("i2", "SPAM", "ignore"), yes_or_no("i2", "HAM", "accept", "bo")]  # fmt: skip
    back = load("prodigy", put(tmp_path / "f.jsonl", tasks), three)
    assert ratings_of(back) == [("i1", "ana", "SPAM"), ("i2", "bo", "HAM"), ("i2", "ana", None)]
    tasks = [yes_or_no("i1", "HAM", "accept"), yes_or_no("i1", "SPAM", "accept")]
    assert "already given item 'i1' another label" in faults("prodigy", put(tmp_path / "f.jsonl", tasks), three)[0]


def test_prodigy_gets_an_open_task_for_what_is_queued_or_unrated(tmp_path):
    rated = [Rating("i1", "ana", "HAM"), Rating("i2", "ana", "HAM")]
    items = pd.DataFrame({"text": list("abc")}, index=["i1", "i2", "i3"])
    FORMATS["prodigy"].write(tmp_path / "f.jsonl", small(rated, needed={"i2": 1}, items=items))
    tasks = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text().splitlines()]
    assert [task["meta"]["item"] for task in tasks if "answer" not in task] == ["i2", "i3"]
    assert [option["id"] for option in tasks[0]["options"]] == ["HAM", "SPAM", "?"]
    assert not any("accept" in task for task in tasks if "answer" not in task)


def test_argilla_without_a_status_counts_as_submitted_and_with_one_drafts_are_left_out(tmp_path):
    record = {"id": "i1", "fields": {"text": "x"}, "metadata": {"lang": "en"}, "vectors": {}, "status": "completed",
              "suggestions": {"mood": {"value": "SPAM", "score": 0.7, "agent": "m"}},
              "responses": {"mood": [{"value": "HAM", "user_id": "u1"}, {"value": None, "user_id": "u2"}],
                            "note": [{"value": "clear", "user_id": "u1"}]}}  # fmt: skip
    back = load("argilla", put(tmp_path / "f.json", [record]))
    assert ratings_of(back) == [("i1", "u1", "HAM"), ("i1", "u2", None)]
    assert back.ratings["note"].tolist() == ["clear", ""]
    assert rows(back.predictions) == [["i1", "SPAM", 0.7, "m"]]
    flat = {"id": "i1", "status": "completed", "_server_id": "s", "text": "x", "lang": "en",
            "mood.responses": ["HAM", "SPAM", "HAM"], "mood.responses.users": ["u1", "u2", "u3"],
            "mood.responses.status": ["submitted", "discarded", "draft"],
            "mood.suggestion": "SPAM", "mood.suggestion.score": 0.7, "mood.suggestion.agent": "m"}  # fmt: skip
    back = load("argilla", put(tmp_path / "f.json", [flat]))
    assert ratings_of(back) == [("i1", "u1", "HAM"), ("i1", "u2", None)]
    assert rows(back.predictions) == [["i1", "SPAM", 0.7, "m"]]
    assert back.items.loc["i1"].to_dict() == {"text": "x", "lang": "en"}
    assert back.notices == ("1 left out: responses that are drafts",)
    two = record | {"responses": {"mood": [], "tone": []}}
    assert "say which holds the label: mood, tone" in faults("argilla", put(tmp_path / "f.json", [two]))[0]


def test_doccano_files_are_named_after_who_rated(tmp_path):
    example = {"id": 31, "text": "x", "item": "i1", "label": ["HAM"], "Comments": ["clear", "sure"]}
    content = {"ana.jsonl": [example, example | {"item": "i2", "label": []}], "bo.jsonl": [example], "cy.jsonl": []}
    folder = tmp_path / "export"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for name, examples in content.items():
            put(folder / name, examples)
            archive.write(folder / name, name)
        archive.writestr("__MACOSX/._ana.jsonl", b"\x00\x05")
    for path in (folder, tmp_path / "export.zip"):
        back = load("doccano", path)
        assert ratings_of(back) == [("i1", "ana", "HAM"), ("i1", "bo", "HAM")]
        assert back.ratings["note"].tolist() == ["clear\nsure"] * 2
        assert back.items.index.tolist() == ["i1", "i2"]
    alone = load("doccano", folder / "ana.jsonl")
    assert ratings_of(alone) == [("i1", "ana", "HAM")]
    assert alone.notices == ("all ratings are by 'ana', as the file is named",)
    shared = put(tmp_path / "all.jsonl", [example])
    assert "no annotator" in faults("doccano", shared)[0]
    assert ratings_of(load("doccano", shared, default_annotator="us")) == [("i1", "us", "HAM")]


def test_doccano_faults_of_all_files_are_named_at_once(tmp_path):
    put(tmp_path / "ana.jsonl", [{"item": "i1", "label": ["EGGS"]}, {"item": "i2", "annotations": [{"label": 3}]}])
    put(tmp_path / "bo.jsonl", "not json")
    found = faults("doccano", tmp_path)
    assert [fault.split(":")[0] for fault in found] == ["ana.jsonl, line 1", "ana.jsonl, line 2", "bo.jsonl"]
    assert "doccano's own" in found[1]
    (tmp_path / "bad.zip").write_text("no zip")
    assert "cannot be read as a zip file" in faults("doccano", tmp_path / "bad.zip")[0]
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    assert "there is no .jsonl file in it" in faults("doccano", tmp_path / "empty.zip")[0]


def test_doccano_gets_every_cell_as_it_cannot_store_what_is_missing(tmp_path):
    items = pd.DataFrame({"text": ["one", "two"], "lang": ["en", None]}, index=["i1", "i2"])
    FORMATS["doccano"].write(tmp_path / "f.jsonl", small(needed={"i2": 1}, items=items))
    examples = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text().splitlines()]
    assert [(example["lang"], example["needed"]) for example in examples] == [("en", ""), ("", 1)]


def test_doccano_is_given_no_labels_to_import_and_no_name_that_leaves_the_zip(tmp_path):
    FORMATS["doccano"].write(tmp_path / "f.jsonl", small([Rating("i1", "ana", "HAM")], [Prediction("i2", "HAM")]))
    assert [json.loads(line)["label"] for line in (tmp_path / "f.jsonl").read_text().splitlines()] == [[], []]
    with pytest.raises(DataError) as error:
        FORMATS["doccano"].write(tmp_path / "f.zip", small([Rating("i1", who, "HAM") for who in ("../x", "all", "a")]))
    assert len(error.value.faults) == 2
    assert "annotator '../x' cannot be the name of a doccano member" in error.value.faults[0]
    assert not (tmp_path / "f.zip").exists()


HEAD = "HITId,AssignmentId,WorkerId,AssignmentStatus,AcceptTime,SubmitTime,WorkTimeInSeconds,Input.item,Input.text"


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("Answer.label.label,Answer.note", "HAM,clear"),
        ("Answer.label,Answer.note", "HAM,clear"),
        ("Answer.label.HAM,Answer.label.SPAM,Answer.note", "true,false,clear"),
        ("Answer.sentiment.label,Answer.note", "HAM,clear"),
        ("Answer.mood,Answer.note", "HAM,clear"),
    ],
)
def test_mechanical_turk_answers_are_found_however_the_page_asked(columns, cells, tmp_path):
    times = "Wed Aug 10 09:28:00 PDT 2016,Wed Aug 10 09:28:43 PDT 2016,43"
    blank = "," * cells.count(",")
    content = f"{HEAD},{columns},Approve,Reject\nh,a,W1,Approved,{times},007,x,{cells},x,\n"
    content += f"h,b,W2,Rejected,{times},007,x,{cells},,\nh,c,W3,Submitted,{times},007,x,{cells},,too fast\n"
    content += f"h,d,W4,Submitted,{times},007,x,{blank},,\n"
    back = load("mturk", put(tmp_path / "f.csv", content))
    assert ratings_of(back) == [("007", "W1", "HAM"), ("007", "W4", None)]
    assert back.ratings.loc[0, ["time", "seconds", "note"]].tolist() == ["2016-08-10T16:28:43+00:00", 43.0, "clear"]
    assert back.notices == ("2 left out: assignments that were rejected",)
    assert back.items["text"].to_dict() == {"007": "x"}


def test_mechanical_turk_columns_that_do_not_say_the_answer_are_named(tmp_path):
    path = put(tmp_path / "f.csv", f"{HEAD},Answer.a,Answer.b\nh,a,W1,Approved,,,,i1,x,HAM,SPAM\n")
    assert faults("mturk", path) == ("no column 'Answer.label'; say which answer holds the label: Answer.a, Answer.b",)
    assert ratings_of(load("mturk", path, label="Answer.b")) == [("i1", "W1", "SPAM")]
    assert ratings_of(load("mturk", path, label="a")) == [("i1", "W1", "HAM")]
    assert "no column 'Input.tweet'" in faults("mturk", path, item="tweet")[0]
    two = f"{HEAD},Answer.label.HAM,Answer.label.SPAM\nh,a,W1,Approved,,,,i1,x,true,TRUE\n"
    assert "2 answers, HAM, SPAM; expected one" in faults("mturk", put(path, two))[0]


def job(folder, *, labels=("HAM",), index=0):
    """A labeling job's output folder: two lines, and the workers' answers to the line at ``index``."""
    (folder / "manifests" / "output").mkdir(parents=True)
    meta = {"class-name": "HAM", "confidence": 0.8, "job-name": "labeling-job/mood", "human-annotated": "yes"}
    meta |= {"type": "groundtruth/text-classification", "creation-date": "2020-10-18T22:18:13.527256"}
    lines = [{"source": "one", "item": "i1", "mood": "0", "mood-metadata": meta}]
    lines += [{"source": "two", "item": "i2", "mood": -1, "mood-metadata": {"failure-reason": "timeout"}}]
    put(folder / "manifests" / "output" / "output.manifest", lines)
    place = folder / "annotations" / "worker-response" / "iteration-1" / str(index)
    place.mkdir(parents=True)
    done = {"submissionTime": "2020-12-28T18:59:58.321Z", "timeSpentInSeconds": 40.543}
    answers = [
        done | {"workerId": f"w{n}", "answerContent": {"crowd-classifier": {"label": label}}}
        for n, label in enumerate(labels)
    ]
    put(place / "2020-12-28_18:59:58.json", json.dumps({"answers": answers}))
    return folder


def test_sagemaker_jobs_give_predictions_and_their_workers_ratings(tmp_path):
    back = load("sagemaker", job(tmp_path / "job", labels=("HAM", "SPAM")))
    assert ratings_of(back) == [("i1", "w0", "HAM"), ("i1", "w1", "SPAM")]
    assert back.ratings.loc[0, ["time", "seconds"]].tolist() == ["2020-12-28T18:59:58.321+00:00", 40.543]
    assert rows(back.predictions) == [["i1", "HAM", 0.8, "labeling-job/mood"]]
    assert back.items["text"].to_dict() == {"i1": "one", "i2": "two"}
    assert back.notices == ("1 left out: objects whose labeling failed",)


def test_a_consolidated_label_is_a_rating_only_where_somebody_is_named_for_it(tmp_path):
    manifest = job(tmp_path / "job") / "manifests" / "output" / "output.manifest"
    assert ratings_of(load("sagemaker", manifest)) == []
    back = load("sagemaker", manifest, default_annotator="vendor")
    assert ratings_of(back) == [("i1", "vendor", "HAM")]
    assert back.ratings["time"].tolist() == ["2020-10-18T22:18:13.527256+00:00"]
    assert back.predictions.empty


def test_faults_of_a_sagemaker_job_are_named(tmp_path):
    assert "the manifest has no line 10" in faults("sagemaker", job(tmp_path / "a", index=9))[0]
    assert "'EGGS' is not a class" in faults("sagemaker", job(tmp_path / "b", labels=("EGGS",)))[0]
    folder = job(tmp_path / "c")
    answers = next((folder / "annotations").rglob("*.json"))
    put(answers, json.dumps({"answers": [{"workerId": "w", "answerContent": {"boxes": []}}]}))
    assert "0 labels; expected one" in faults("sagemaker", folder)[0]
    put(answers, "not json")
    assert "iteration-1/0/2020-12-28_18:59:58.json: line 1: not JSON" in faults("sagemaker", folder)[0]


def test_texts_that_ground_truth_does_not_take_are_named_and_nothing_is_written(tmp_path):
    items = pd.DataFrame({"text": ["x" * 20_001, "short", "y" * 30_000]}, index=["i1", "i2", "i3"])
    with pytest.raises(DataError) as error:
        FORMATS["sagemaker"].write(tmp_path / "f.manifest", small(items=items))
    assert [fault[:9] for fault in error.value.faults] == ["item 'i1'", "item 'i3'"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_long_tables_of_every_kind_keep_all_of_a_rating(suffix, tmp_path):
    ratings = [Rating("007", "ana", "HAM", "adjudicator", "abc", "2024-05-01T10:00:00+00:00", 0.1 + 0.2, 'it\'s, "so"')]
    FORMATS["long"].write(tmp_path / f"f{suffix}", small(ratings, needed={"i1": 2}))
    back = load("long", tmp_path / f"f{suffix}")
    assert rows(back.ratings) == rows(ratings_table(ratings))
    assert rows(back.queue) == [["i1", 2]]
    assert back.items["text"].to_dict() == {"i1": "one", "007": "two"}


def test_a_long_table_may_have_other_names_and_nothing_but_what_is_needed(tmp_path):
    path = put(tmp_path / "f.csv", "task,worker,answer,lang\n1,ana,HAM,en\n1,bo,,en\n2,,,de\n")
    back = load("long", path, item="task", annotator="worker", label="answer")
    assert ratings_of(back) == [("1", "ana", "HAM")]
    assert back.items["lang"].to_dict() == {"1": "en", "2": "de"}
    path = put(tmp_path / "f.csv", "item,label\n1,HAM\n")
    assert ratings_of(load("long", path, default_annotator="me")) == [("1", "me", "HAM")]
    assert "no column 'annotator'" in faults("long", path)[0]
    path = put(tmp_path / "f.jsonl", [{"item": 1, "annotator": "ana", "label": 1}])
    assert ratings_of(load("long", path, SCHEMA)) == [("1", "ana", "1")]


def test_a_second_equal_rating_and_the_decision_of_an_adjudicator_are_no_contradiction(tmp_path):
    path = put(tmp_path / "f.csv", "item,annotator,label,role\ni1,ana,HAM,\ni1,ana,HAM,\ni1,ana,SPAM,adjudicator\n")
    assert load("long", path).ratings["role"].tolist() == ["annotator", "annotator", "adjudicator"]


def test_label_studio_itself_reads_what_is_written(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        objects = pytest.importorskip("label_studio_sdk.label_interface.objects")
        from label_studio_sdk.converter import Converter
        from label_studio_sdk.label_interface import LabelInterface
    ratings = [
        Rating("i1", who, label, time="2024-05-01T10:00:00+00:00", seconds=2.5, note="clear\n<b>")
        for who, label in zip(["7", "8", "ana@example.com", "9", "10", "11"], [None, SKIP, *CLASSES], strict=True)
    ]
    items = pd.DataFrame({"text": ["one & <two>", "🙂\n"]}, index=["i1", "007"])
    predictions = predictions_table([Prediction("i1", label, 0.25, "m") for label in CLASSES])
    path = tmp_path / "tasks.json"
    given_ = Exchange(items, predictions, ratings_table(ratings), queue_table({}), SCHEMA, "text")
    FORMATS["label-studio"].write(path, given_)
    interface = LabelInterface(labeling_config(SCHEMA))
    for task in json.loads(path.read_text()):
        assert interface.validate_task({"data": task["data"]})
        for answer in task["annotations"]:
            number = answer if isinstance(answer["completed_by"], int) else answer | {"completed_by": 1}
            objects.AnnotationValue(**number)
            assert interface.validate_annotation(number)
        for prediction in task["predictions"]:
            assert interface.validate_prediction(prediction, return_errors=True) == []
    converter = Converter(labeling_config(SCHEMA), str(tmp_path), download_resources=False)
    converter.convert(str(path), str(tmp_path / "min"), "JSON_MIN", is_dir=False)
    back = load("label-studio", tmp_path / "min" / "result.json", SCHEMA)
    assert rows(back.ratings) == rows(ratings_table(rating for rating in ratings if rating.label))
    assert back.items["text"].to_dict() == {"i1": "one & <two>", "007": "🙂\n"}


def test_argilla_itself_reads_and_writes_the_same(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        argilla = pytest.importorskip("argilla")
        from argilla.records._io import GenericIO, JsonIO
    users = ["11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-666666666666"]
    ratings = [Rating("i1", users[0], CLASSES[1], note="clear"), Rating("i1", users[1], None)]
    items = pd.DataFrame({"text": ["one & <two>", "🙂\n"], "lang": ["en", "de"]}, index=["i1", "007"])
    predictions = predictions_table([Prediction("007", CLASSES[0], 0.25, "m"), Prediction("i1", CLASSES[0])])
    given_ = Exchange(items, predictions, ratings_table(ratings), queue_table({}), SCHEMA, "text")
    path = tmp_path / "records.json"
    FORMATS["argilla"].write(path, given_)
    records = JsonIO._records_from_json(path)
    assert all(isinstance(record, argilla.Record) for record in records)
    flat = put(tmp_path / "flat.json", GenericIO.to_list(records, flatten=True))
    for file in (JsonIO.to_json(records, tmp_path / "again.json"), flat):
        back = load("argilla", file, SCHEMA)
        assert rows(back.ratings) == rows(given_.ratings)
        assert rows(back.predictions) == rows(given_.predictions)
        assert back.items.to_numpy().tolist() == items.to_numpy().tolist()


@pytest.mark.parametrize(
    ("kind", "key", "answers", "classes"),
    [
        ("rating", "rating", [4, 1, 4], ("1", "4")),
        ("number", "number", [4.0, 12, 4], ("4", "12")),
        ("pairwise", "selected", ["left", "right", "left"], ("left", "right")),
    ],
)
def test_label_studios_stars_numbers_and_pairs_are_read_like_choices(tmp_path, kind, key, answers, classes):
    """In the whole export, and in JSON-MIN, which has the bare answer."""
    tasks = [
        {
            "id": at,
            "data": {"text": f"text {at}"},
            "annotations": [
                {
                    "completed_by": who,
                    "result": [{"from_name": "q", "to_name": "text", "type": kind, "value": {key: answer}}],
                }
                for who in (1, 2)
            ],
        }
        for at, answer in enumerate(answers)
    ]
    short = [
        {"id": at, "text": f"text {at}", "q": answer, "annotator": 1, "annotation_id": at}
        for at, answer in enumerate(answers)
    ]
    for name, records in (("whole.json", tasks), ("short.json", short)):
        (tmp_path / name).write_text(json.dumps(records))
        read = format_named("label-studio").read(tmp_path / name, None, Layout(label="q", own_ids=True))
        assert read.schema.classes == classes
        assert read.ratings.drop_duplicates("item")["label"].tolist() == [
            str(int(a)) if kind != "pairwise" else a for a in answers
        ]


def test_label_studios_choices_are_meant_where_something_else_is_asked_too(tmp_path):
    """Many ask how sure somebody is beside the class."""
    result = [
        {"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": ["good"]}},
        {"from_name": "sure", "to_name": "text", "type": "rating", "value": {"rating": 4}},
    ]
    tasks = [{"id": 1, "data": {"text": "x"}, "annotations": [{"completed_by": 1, "result": result}]}]
    (tmp_path / "both.json").write_text(json.dumps(tasks))
    schema = wh.LabelSchema(["bad", "good", "4"])
    found = {
        label: format_named("label-studio").read(tmp_path / "both.json", schema, Layout(label=label, own_ids=True))
        for label in ("label", "sure")
    }
    assert {label: one.ratings["label"].tolist() for label, one in found.items()} == {"label": ["good"], "sure": ["4"]}


def test_a_doccano_member_whose_name_begins_with_a_dot_is_not_taken_for_a_hidden_file(tmp_path):
    """What macOS writes beside the files is known by how it begins."""
    example = {"id": 1, "text": "x", "item": "i1", "label": ["HAM"]}
    for name in (".", ".ana"):
        put(tmp_path / f"{name}.jsonl", [example])
    (tmp_path / "._.ana.jsonl").write_bytes(b"\x00\x05\x16\x07\x00\x02")
    assert ratings_of(load("doccano", tmp_path)) == [("i1", ".", "HAM"), ("i1", ".ana", "HAM")]
