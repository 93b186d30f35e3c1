"""The pages and the API: what they do, and what they refuse."""

import mimetypes
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import weakhitl as wh
from sites import Somebody, make_project, opened
from weakhitl.annotation import ADJUDICATOR, ANNOTATOR, Desk
from weakhitl.annotation.media import media_kind, media_path
from weakhitl.config.sections import RuleSection
from weakhitl.errors import DataError, UsageError
from weakhitl.web import recent
from weakhitl.web.guard import Doors, Limit, origin_of
from weakhitl.web.server import Address
from weakhitl.web.show import fields_of, guideline_html
from weakhitl.web.spans import Spans

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning"), pytest.mark.xdist_group("web")]

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


@pytest.fixture
def open_app():
    """Open applications that are closed after the test."""
    with ExitStack() as until_the_end:
        yield lambda workspace: until_the_end.enter_context(opened(workspace))


@pytest.fixture
def app(tmp_path, open_app):
    return open_app(make_project(tmp_path))


@pytest.fixture
def room(app):
    return app.state.room


@pytest.fixture
def ana(app):
    return Somebody(app, name="ana").join()


@pytest.fixture
def owner(app):
    return Somebody(app, "owner", "olga").join()


def test_an_item_is_rated_undone_skipped_and_flagged_by_forms_alone(room, ana):
    form = ana.form()
    assert ana.send("/page/rate", **form, label="sun").headers["location"] == "/rate"
    page = ana.page("/rate")
    assert "You have rated 1. Saved at" in page
    assert "<strong>sun</strong>" in page
    assert ana.form()["item"] != form["item"]
    ana.send("/page/undo", csrf=form["csrf"])
    assert ana.form()["item"] == form["item"]
    assert room.workspace.store.ratings().empty
    ana.send("/page/rate", **ana.form(), skip="I can't tell", note="two clouds")
    stored = room.workspace.store.ratings()
    assert stored[["label", "note"]].to_numpy().tolist() == [["I can't tell", "two clouds"]]
    form = ana.form()
    ana.send("/page/flag", **form, note="it is cut off")
    assert ana.form()["item"] == form["item"]
    assert [(one.actor, one.item, one.body["note"]) for one in room.flags()] == [("ana", form["item"], "it is cut off")]


def test_a_form_that_is_sent_twice_counts_once(room, ana):
    form = ana.form()
    for _ in range(2):
        assert ana.send("/page/rate", **form, label="sun").status_code == 303
    assert len(room.workspace.store.ratings()) == 1


def test_a_rating_carries_time_guideline_and_who(room, ana):
    text = ana.page("/rate")
    version = re.search(r'name="guideline" value="(\w+)"', text)[1]
    assert version == room.workspace.guideline_hash
    ana.send("/page/rate", **ana.form(), label="rain", guideline=version, seconds="0.01")
    row = room.workspace.store.ratings().iloc[0]
    assert (row["annotator"], row["label"], row["guideline"]) == ("ana", "rain", version)
    assert 0 <= row["seconds"] <= 0.01


def test_after_a_revision_the_page_shows_what_changed(room, ana):
    ana.send("/page/rate", **ana.form(), label="sun", guideline=room.guidelines.current().hash)
    assert "has changed since" not in ana.page("/rate")
    room.workspace.guideline_path.write_text("# Look out of the window\nAnd look twice.\n")
    page = ana.page("/rate")
    assert "The guideline has changed since your last rating" in page
    assert "And look twice." in page
    assert [event.kind for event in room.workspace.store.events()].count("guideline") == 2


def test_the_page_says_when_there_is_nothing_left_and_why(app, room):
    quick = Somebody(app, name="quick", quota=1).join()
    quick.send("/page/rate", **quick.form(), label="sun")
    assert "as many items as you were asked to" in quick.page("/rate")
    for name in ("ana", "bo"):
        somebody = Somebody(app, name=name).join()
        while "item" in (form := somebody.form()):
            somebody.send("/page/rate", **form, label="sun")
        assert "nothing to rate for you" in somebody.page("/rate")
    assert room.desk.overview()["waiting"] == 0


def test_blind_people_see_no_label_vote_or_rating_of_others(room, app, ana):
    bo = Somebody(app, name="bo").join()
    ana.send("/page/rate", **(form := ana.form()), label="snow", note="my secret reason")
    assert bo.form()["item"] == form["item"]
    text = bo.page("/rate")
    assert "my secret reason" not in text
    assert "says_sun" not in text
    assert "Suggested" not in text
    found = bo.api("/next").json()
    assert found["suggestion"] is None
    assert set(found["fields"]) == {"text"}


def test_the_adjudicator_sees_ratings_and_votes_side_by_side_and_decides_blind_on_the_audit(room, app):
    store = room.workspace.store
    batch = store.batches()[0]
    audit, others = list(batch.drawn_for_audit), [one for one in batch.items if one not in set(batch.drawn_for_audit)]
    rows = [(item, who, label) for item in batch.items for who, label in (("ana", "sun"), ("bo", "rain"))]
    store.add_ratings(pd.DataFrame(rows, columns=["item", "annotator", "label"]), ANNOTATOR)
    room.desk.settle()
    eve = Somebody(app, "adjudicator", "eve").join()
    seen = {}
    while "item" in (form := eve.form("/adjudicate")):
        seen[form["item"]] = eve.page("/adjudicate")
        assert eve.send("/page/decide", **form, label="snow", note="looked twice").status_code == 303
    assert set(seen) == set(batch.items)
    for item in others:
        assert "What people said" in seen[item]
        assert ">ana</th><td>sun</td>" in seen[item]
        assert "What functions voted" in seen[item]
        assert "<strong>tie</strong>" in seen[item]
    for item in audit:
        assert "What people said" not in seen[item]
        assert "ana" not in seen[item]
        assert "tie" not in seen[item].split("<main")[1]
    decided = store.ratings()
    assert set(decided["label"][decided["role"] == ADJUDICATOR]) == {"snow"}
    assert "No item waits" in eve.page("/adjudicate")


def test_nobody_decides_blind_on_what_they_rated_themselves(room, app, owner):
    store = room.workspace.store
    item = store.batches()[0].items[0]
    rows = [(item, who, "sun") for who in ("olga", "bo")]
    store.add_ratings(pd.DataFrame(rows, columns=["item", "annotator", "label"]), ANNOTATOR)
    room.desk.settle()
    assert item not in set(room.waiting(next(one for one in room.people.all() if one.name == "olga"))["item"])


def test_large_numbers_are_grouped_for_people_and_not_for_the_bar(owner, monkeypatch):
    large = {"items": 120000, "done": 100000, "waiting": 20000, "with somebody": 1000}
    monkeypatch.setattr(Desk, "overview", lambda self: large)
    page = owner.page("/project")
    assert "100,000 of 120,000 items have all their ratings; 1,000 are with somebody" in page
    assert '<progress value="100000" max="120000"' in page


def test_the_project_page_shows_queue_people_and_flags_and_makes_links(room, app, owner, ana):
    ana.send("/page/rate", **ana.form(), label="sun")
    ana.send("/page/flag", **ana.form(), note="<b>cut</b> off")
    page = owner.page("/project")
    assert "0 of 12 items have all their ratings" in page
    assert "&lt;b&gt;cut&lt;/b&gt; off" in page
    assert '<th scope="row">ana</th>' in page
    csrf = owner.form("/project")["csrf"]
    answer = owner.send("/page/invite", csrf=csrf, name="new", role="adjudicator", skills="de, fr", quota="7")
    link = re.search(r"http://testserver(/join/[\w-]+)", answer.text)[1]
    assert ana.client.get(link).status_code == 303
    new = next(one for one in room.people.all() if one.name == "new")
    assert (new.role, new.skills, new.quota) == ("adjudicator", ("de", "fr"), 7)
    owner.send("/page/revoke", csrf=csrf, name="new")
    assert ana.client.get(link).status_code == 404


def test_suggestions_are_shown_confirmed_corrected_and_rejected(tmp_path, open_app):
    app = open_app(make_project(tmp_path, annotation='suggest = "review"\nhide_share = 0.0'))
    room = app.state.room
    ana = Somebody(app, name="ana").join()
    labels = {}
    for how in ("confirm", "correct", "reject"):
        form, text = ana.form(), ana.page("/rate")
        proposed = re.search(r"Suggested: <strong><bdi>(\w+)</bdi></strong>", text)[1]
        assert f'value="{proposed}" data-key' in text.replace('class="proposed" ', "")
        assert "autofocus" in text
        label = {"confirm": proposed, "correct": next(one for one in room.classes if one != proposed), "reject": None}[
            how
        ]
        said = {"label": label} if label else {"skip": "I can't tell", "note": "suggestion rejected"}
        ana.send("/page/rate", **form, **said)
        labels[form["item"]] = (proposed, label or "I can't tell")
    stored = room.workspace.store.ratings()
    assert stored["suggested"].all()
    assert {row["item"]: (row["suggestion"], row["label"]) for _, row in stored.iterrows()} == labels


def test_passages_that_rules_go_by_are_marked_where_suggestions_are_shown(tmp_path, open_app):
    rule = '[[labeling.rule]]\nname = "word"\nkind = "keyword"\nlabel = "sun"\nwords = ["today"]\n'
    rule += '[[labeling.rule]]\nname = "re"\nkind = "regex"\nlabel = "sun"\npattern = "s.n"\n'
    app = open_app(make_project(tmp_path, annotation='suggest = "show"\nhide_share = 0.0', config=rule))
    ana = Somebody(app, name="ana").join()
    assert "<mark>today</mark>" in ana.page("/rate")


@pytest.mark.parametrize(
    ("words", "text", "marked"),
    [
        (["win"], "Win at windows", ("Win",)),
        (["c++"], "C++ or C", ("C++",)),
        (["好"], "很好吃", ("好",)),
        (["अच्छा"], "अच्छा है", ("अच्छा",)),
        (["अच्छा"], "अच्छाई", ()),
    ],
)
def test_the_passages_of_a_keyword_are_those_that_its_rule_goes_by(words, text, marked):
    rule = RuleSection(name="word", kind="keyword", label="sun", words=words)
    assert Spans([rule]).find(text) == marked
    assert (wh.keyword("word", words, label="sun")({"text": text}) == "sun") == bool(marked)
    inside = rule.model_copy(update={"whole_words": False})
    assert Spans([inside]).find(text)


def test_the_api_does_what_the_pages_do(room, app):
    ana, olga = Somebody(app, name="ana"), Somebody(app, "owner", "olga")
    first = ana.api("/next").json()
    assert first["classes"] == ["sun", "rain", "snow"]
    rating = {"item": first["item"], "label": "sun", "id": "one", "seconds": 2.5}
    stored = [ana.api("/ratings", rating).json() for _ in range(2)]
    assert [one["known"] for one in stored] == [False, True]
    assert ana.api("/undo").json()["item"] == first["item"]
    assert ana.api("/ratings", rating | {"id": "two", "label": None}).json()["known"] is False
    following = ana.api("/next").json()["item"]
    assert ana.api("/heartbeat", {"item": following}).json() == {"yours": True}
    assert ana.api("/heartbeat", {"item": first["item"]}).json() == {"yours": False}
    assert ana.api("/flags", {"item": following, "note": "odd"}).status_code == 204
    status = olga.api("/queue", method="get").json()
    assert status["queue"]["items"] == 12
    exported = olga.api("/export", method="get").json()
    assert [(row["item"], row["annotator"], row["label"]) for row in exported] == [(first["item"], "ana", None)]
    assert olga.api(f"/export?after={exported[0]['number']}", method="get").json() == []
    token = olga.api("/people", {"name": "bo", "role": "annotator"}).json()["token"]
    assert {one["name"] for one in olga.api("/people", method="get").json()} == {"ana", "olga", "bo"}
    assert olga.api("/people/bo", method="delete").status_code == 204
    assert ana.client.get(f"/join/{token}").status_code == 404
    eve = Somebody(app, "adjudicator", "eve")
    assert eve.api("/decisions/next").json()["nothing"] == "empty"


def test_items_are_queued_by_name_and_nothing_is_measured_on_them(room, app):
    olga, ana = Somebody(app, "owner", "olga"), Somebody(app, name="ana")
    routed = set(room.workspace.store.batches()[0].items)
    free = [item for item in room.workspace.items.index if item not in routed][:2]
    assert olga.api("/items", {"items": free, "overlap": 1}).json() == {"queued": 2}
    while (found := ana.api("/next").json())["item"] is not None:
        ana.api("/ratings", {"item": found["item"], "label": "sun"})
    assert set(free) <= set(room.workspace.store.ratings()["item"])
    for wrong, says in (
        ({"items": ["nowhere"]}, "'nowhere' is not in the dataset"),
        ({"items": [free[0]]}, "routed before"),
        ({"items": [{"item": "new", "text": "hi"}]}, "is one file"),
        ({"items": [{"text": "hi"}]}, "has no 'item'"),
    ):
        answer = olga.api("/items", wrong)
        assert answer.status_code in (409, 422)
        assert says in answer.json()["detail"]


def test_new_items_are_added_to_a_folder_of_data(tmp_path, open_app):
    workspace = make_project(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "items.csv").rename(tmp_path / "data" / "items.csv")
    toml = tmp_path / "weakhitl.toml"
    toml.write_text(toml.read_text().replace('path = "items.csv"', 'path = "data"'))
    app = open_app(type(workspace).open(tmp_path))
    room = app.state.room
    olga, ana = (Somebody(app, role, role) for role in ("owner", "annotator"))
    assert olga.api("/items", {"items": [{"item": "new", "text": "rain all day"}]}).json() == {"queued": 1}
    assert room.workspace.items.loc["new", "text"] == "rain all day"
    while (found := ana.api("/next").json())["item"] not in (None, "new"):
        ana.api("/ratings", {"item": found["item"], "label": "sun"})
    assert found["fields"] == {"text": "rain all day"}


# What is refused ----------------------------------------------------------------------------------------------------


def test_without_a_link_nothing_is_shown(app):
    from fastapi.testclient import TestClient

    stranger = TestClient(app, follow_redirects=False)
    for where in ("/", "/rate", "/adjudicate", "/project", "/media?item=000&column=text"):
        assert stranger.get(where).status_code == 401, where
    for route in app.routes:
        path = getattr(route, "path", "")
        if not path.startswith("/api/v1/") or path.endswith("openapi.json"):
            continue
        for method in route.methods:
            answer = stranger.request(method, path.replace("{name}", "x"), json={})
            assert answer.status_code in (401, 422), (method, path, answer.status_code)
            assert answer.status_code == 401, (method, path, answer.text)
    assert stranger.get("/join/wrong").status_code == 404
    assert stranger.get("/rate", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert stranger.get("/rate", cookies={"weakhitl": "wrong"}).status_code == 401


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("annotator", {"rate"}), ("adjudicator", {"adjudicate"}), ("owner", {"rate", "adjudicate", "project"})],
)
def test_each_role_does_its_own_and_no_more(app, role, allowed):
    one = Somebody(app, role, role).join()
    for where in ("rate", "adjudicate", "project"):
        assert one.client.get(f"/{where}").status_code == (200 if where in allowed else 403), where
    calls = {
        "rate": [("post", "/next", None), ("post", "/undo", None), ("post", "/ratings", {"item": "x", "label": None})],
        "adjudicate": [("post", "/decisions/next", None), ("post", "/decisions", {"item": "x", "label": None})],
        "project": [("get", "/queue", None), ("get", "/export", None), ("get", "/people", None),
                    ("post", "/people", {"name": "x"}), ("post", "/items", {"items": ["x"]}),
                    ("delete", "/people/x", None)],
    }  # fmt: skip
    for where, requests in calls.items():
        for method, url, body in requests:
            status = one.api(url, body, method).status_code
            assert (status == 403) == (where not in allowed), (role, url, status)


def test_an_annotator_becomes_no_adjudicator_by_asking_for_it(room, app, ana):
    form = ana.form()
    assert ana.send("/page/decide", **form, label="sun").status_code == 403
    assert ana.send("/page/invite", csrf=form["csrf"], name="x", role="owner").status_code == 403
    assert ana.api("/ratings", {"item": form["item"], "label": "sun", "role": "adjudicator"}).status_code == 422
    assert room.workspace.store.ratings().empty


def test_nobody_rates_flags_or_looks_at_what_was_given_to_another(room, app, ana):
    given = ana.form()["item"]
    other = next(item for item in room.workspace.store.batches()[0].items if item != given)
    csrf = ana.form()["csrf"]
    assert ana.send("/page/rate", csrf=csrf, item=other, id="x", label="sun").status_code == 409
    assert ana.send("/page/flag", csrf=csrf, item=other, id="x", note="x").status_code == 403
    assert ana.api("/ratings", {"item": other, "label": "sun"}).status_code == 409
    assert room.workspace.store.ratings().empty


def test_a_form_of_another_site_or_session_is_refused(room, app, ana):
    form = ana.form()
    bo = Somebody(app, name="bo").join()
    assert ana.send("/page/rate", **form | {"csrf": bo.form()["csrf"]}, label="sun").status_code == 403
    assert ana.send("/page/rate", **form | {"csrf": "x"}, label="sun").status_code == 403
    no_token = {name: value for name, value in form.items() if name != "csrf"}
    assert ana.send("/page/rate", **no_token, label="sun").status_code == 422
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = ana.client.post("/page/rate", data=form | {"label": "sun"}, headers=headers)
        assert answer.status_code == 403, headers
    assert ana.client.post("/api/v1/next").status_code == 403, "a cookie alone does not do for the API"
    ok = ana.client.post("/api/v1/next", headers={"X-CSRF-Token": form["csrf"], "Origin": "http://testserver"})
    assert ok.status_code == 200
    assert room.workspace.store.ratings().empty


def test_another_host_name_is_not_answered(ana):
    assert ana.client.get("/rate", headers={"Host": "rebound.example"}).status_code == 403


def test_scripts_run_where_a_program_has_registered_another_kind_for_them(tmp_path, open_app, monkeypatch):
    """On Windows the kinds of files are those of the registry, and `nosniff` forbids to run what is plain text."""
    mimetypes.guess_type("app.js")  # reads what is registered
    monkeypatch.setitem(mimetypes.types_map, ".js", "text/plain")
    ana = Somebody(open_app(make_project(tmp_path)), name="ana").join()
    assert ana.client.get("/static/app.js").headers["content-type"].startswith("text/javascript")


def test_every_answer_forbids_what_a_page_does_not_need(ana, app):
    for where in ("/rate", "/nowhere", "/static/app.css", "/api/v1/openapi.json", "/project"):
        headers = ana.client.get(where).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    text = ana.page("/rate")
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=|javascript:", text)
    cookie = ana.client.get(f"/join/{ana.token}").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


def test_too_much_and_too_often_is_refused(app, ana, room):
    form = ana.form()
    assert ana.send("/page/rate", **form, label="sun", note="x" * 300_000).status_code == 413
    assert ana.send("/page/rate", **form, label="sun", note="x" * 2_001).status_code == 422
    chunks = ana.client.post("/page/rate", content=iter([b"x"]), headers={"Content-Type": "text/plain"})
    assert chunks.status_code == 411
    app.state.limit = Limit(rate=1, burst=3)
    assert [ana.client.get("/rate").status_code for _ in range(5)].count(429) == 2
    app.state.joins = Limit(rate=0.1, burst=2)
    app.state.limit = Limit(rate=100, burst=100)
    assert [ana.client.get("/join/guess").status_code for _ in range(4)] == [404, 404, 429, 429]


def test_a_limit_lets_through_what_it_says():
    now = [0.0]
    limit = Limit(rate=2, burst=4, clock=lambda: now[0])
    assert [limit.allows("a") for _ in range(6)] == [True] * 4 + [False] * 2
    assert limit.allows("b")
    now[0] = 1.0
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]


NASTY = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg/onload=alert(1)>", "javascript:alert(1)",
    "{{ 7 * 7 }}", "</p><form action=//evil>", "<a href='javascript:alert(1)'>x</a>", "'; DROP TABLE rating; --",
]  # fmt: skip


@pytest.mark.parametrize("nasty", NASTY)
def test_text_of_items_is_shown_and_never_run(tmp_path, open_app, nasty):
    workspace = make_project(tmp_path)
    items = pd.read_csv(tmp_path / "items.csv", dtype=str)
    items["text"] = nasty
    items.to_csv(tmp_path / "items.csv", index=False)
    app = open_app(type(workspace).open(tmp_path))
    page = Somebody(app, name="ana").join().page("/rate")
    from markupsafe import escape

    assert f'<p class="text" dir="auto">{escape(nasty)}</p>' in page
    assert "<svg" not in page
    assert "onerror" not in re.sub(r'<p class="text" dir="auto">.*?</p>', "", page, flags=re.DOTALL)


@pytest.mark.parametrize("nasty", NASTY)
def test_html_fields_and_guidelines_lose_what_could_run(nasty):
    shown = str(fields_of({"a": nasty + "<b>fine</b>"}, ["a"], [], ["a"])[0].content)
    for bad in ("<script", "onerror", "onload", "href='javascript", 'href="javascript', "<svg", "<img", "<form"):
        assert bad not in shown
    assert "<b>fine</b>" in shown
    rendered = str(guideline_html(f"# Title\n\n{nasty}\n\n[x](javascript:alert(1))"))
    assert "<h1>Title</h1>" in rendered
    assert not re.search(r"<script|<img|<svg|<form|<a[^>]*javascript", rendered)


@pytest.mark.parametrize(
    "cell",
    ["../secret.txt", "/etc/passwd", "media/../../secret.txt", "link.png", "folder/inside.png", "C:\\x.png",
     "..\\secret.txt", "http://evil.example/x.png", "file:///etc/passwd", ".hidden/x.png", "missing.png", "media",
     "a\0b.png", "//host/x.png"],
)  # fmt: skip
def test_media_come_from_the_projects_folder_and_nowhere_else(tmp_path, cell):
    root = tmp_path / "project"
    (root / ".hidden").mkdir(parents=True)
    (root / "media").mkdir()
    (root / ".hidden" / "x.png").write_bytes(PIXEL)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "inside.png").write_bytes(PIXEL)
    (tmp_path / "secret.txt").write_text("secret")
    (root / "link.png").symlink_to(tmp_path / "secret.txt")
    (root / "folder").symlink_to(tmp_path / "outside")
    with pytest.raises(DataError):
        media_path(root, cell)


def test_media_are_sent_to_those_who_have_the_item_in_parts_and_an_svg_as_a_file(tmp_path, open_app):
    workspace = make_project(tmp_path)
    config = tmp_path / "weakhitl.toml"
    shown = '[annotation]\ntext = "text"\nmedia = ["picture", "sound"]\n'
    config.write_text(config.read_text().replace("[annotation]\n", shown))
    items = pd.read_csv(tmp_path / "items.csv", dtype=str)
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.png").write_bytes(PIXEL)
    (tmp_path / "media" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    items.assign(picture="media/a.png", sound="media/a.svg").to_csv(tmp_path / "items.csv", index=False)
    app = open_app(type(workspace).open(tmp_path))
    ana, bo = (Somebody(app, name=name).join() for name in ("ana", "bo"))
    page = ana.page("/rate")
    item = re.search(r'data-item="([^"]+)"', page)[1]
    assert f'<img src="/media?item={item}&amp;column=picture"' in page.replace("&column", "&amp;column")
    whole = ana.client.get(f"/media?item={item}&column=picture")
    assert (whole.content, whole.headers["content-type"]) == (PIXEL, "image/png")
    assert whole.headers["content-disposition"].startswith("inline")
    part = ana.client.get(f"/media?item={item}&column=picture", headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, PIXEL[:8])
    drawing = ana.client.get(f"/media?item={item}&column=sound")
    assert drawing.headers["content-disposition"].startswith("attachment")
    assert bo.client.get(f"/media?item={item}&column=picture").status_code == 403
    assert ana.client.get(f"/media?item={item}&column=text").status_code == 404
    assert ana.client.get("/media?item=nowhere&column=picture").status_code == 404


def test_what_kind_of_player_a_file_gets():
    names = ["a.png", "a.JPG", "a.mp3", "a.mp4", "a.svg", "a.pdf", "a.html", "a"]
    assert [media_kind(name) for name in names] == ["image", "image", "audio", "video", "file", "file", "file", "file"]


def test_the_server_never_runs_a_labeling_function(tmp_path, open_app):
    workspace = make_project(tmp_path, annotation='suggest = "show"\nhide_share = 0.0')
    functions = tmp_path / "labeling_functions" / "functions.py"
    text = functions.read_text()
    mark = tmp_path / "ran"
    functions.write_text(f"from pathlib import Path\nPath({str(mark)!r}).write_text('ran')\n{text}")
    from weakhitl import Project

    Project.load(tmp_path).label()
    assert mark.exists()
    mark.unlink()
    before = set(sys.modules)
    app = open_app(type(workspace).open(tmp_path))
    ana, olga = Somebody(app, name="ana").join(), Somebody(app, "owner", "olga").join()
    assert "Suggested" in ana.page("/rate")
    ana.send("/page/rate", **ana.form(), label="sun")
    for where in ("/project", "/adjudicate"):
        olga.page(where)
    while app.state.live.facts()["updating"]:
        pass
    assert not mark.exists()
    assert not [name for name in set(sys.modules) - before if "functions" in name and "weakhitl." not in name]


# Where it listens ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "people", "says"),
    [
        (Address("0.0.0.0"), 1, "can be reached by others, who would send their links in the clear"),
        (Address("192.168.1.4"), 1, "in the clear"),
        (Address("0.0.0.0", proxy="https://rate.example.org"), 0, "invite people first"),
        (Address("0.0.0.0", proxy="rate.example.org"), 1, "is no address"),
        (Address(certificate=Path("nowhere.pem")), 1, "belong together"),
        (Address(certificate=Path("nowhere.pem"), key=Path("no.pem")), 1, "there is no such file: nowhere.pem, no.pem"),
    ],
)
def test_an_address_that_is_not_safe_is_refused(address, people, says):
    with pytest.raises(UsageError, match=says):
        address.check(people)


def test_an_address_that_is_safe_is_taken():
    Address().check(0)
    Address("localhost").check(0)
    Address("::1").check(0)
    Address("0.0.0.0", proxy="https://rate.example.org").check(1)
    assert Address(proxy="https://Rate.example.org:443/x").doors() == Doors(
        frozenset(["rate.example.org"]), "https://rate.example.org"
    )
    assert "localhost:8765" in Address().doors().hosts
    assert origin_of("http://[::1]:8080/x") == "http://[::1]:8080"


def test_behind_a_proxy_only_its_name_is_answered_and_the_cookie_is_for_tls(room):
    from fastapi.testclient import TestClient

    from weakhitl.web import create_app

    app = create_app(room, Address(proxy="https://rate.example.org").doors())
    token = room.people.invite("ana")
    client = TestClient(app, base_url="http://rate.example.org", follow_redirects=False)
    cookie = client.get(f"/join/{token}").headers["set-cookie"]
    assert "Secure" in cookie
    assert TestClient(app, base_url="http://127.0.0.1:8765").get("/rate").status_code == 403
    client.cookies.set("weakhitl", re.search(r"weakhitl=([\w-]+)", cookie)[1])
    form = dict(re.findall(r'name="(csrf|item|id)" value="([^"]*)"', client.get("/rate").text))
    for origin, status in (("https://rate.example.org", 303), ("http://rate.example.org", 403)):
        answer = client.post("/page/rate", data=form | {"label": "sun"}, headers={"Origin": origin})
        assert answer.status_code == status


def test_a_figure_is_counted_anew_when_it_is_old_and_rarely_where_counting_takes_long(monkeypatch):
    clock, counted = [0.0], []
    monkeypatch.setattr(recent, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def count():
        clock[0] += 2.0
        counted.append(clock[0])
        return len(counted)

    figure = recent.Recent(count)
    assert figure() == 1
    clock[0] += 19.9
    assert figure() == 1
    clock[0] += 0.2
    assert figure() == 2
