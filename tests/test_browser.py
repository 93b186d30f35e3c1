"""The pages in a real browser: keys, a lost network, a restart, deciding, reading aloud, no fault that axe can find."""

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from sites import make_project, served
from weakhitl import Project
from weakhitl.annotation import ANNOTATOR, People
from weakhitl.cli.main import cli
from weakhitl.pipeline.workspace import Workspace

pytestmark = [pytest.mark.current, pytest.mark.xdist_group("browser")]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as one:
        made = one.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def page(browser):
    context = browser.new_context()
    found = context.new_page()
    problems = []
    found.on("pageerror", lambda error: problems.append(str(error)))
    found.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    yield found
    with contextlib.suppress(Exception):  # what a failed test has to be understood by; pytest shows it then
        sys.stdout.write(f"{found.url}\n{found.locator('body').inner_text(timeout=2000)}\n")
    context.close()
    assert problems == []


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    make_project(folder)
    return folder


@pytest.fixture(scope="module")
def site(project):
    with served(project) as (_, url, link):
        yield url, link


def join(page, project, url, name, role="annotator"):
    """Come in by a link; to another page than the first one, if need be."""
    page.goto(f"{url}/join/{People(Workspace.open(project).store).invite(name, role)}")


def ratings(project):
    return Workspace.open(project).store.ratings()


def saved(page, number):
    page.get_by_text(f"You have rated {number}", exact=False).wait_for()


def test_somebody_rates_by_keys_alone(project, site, page):
    join(page, project, site[0], "keys")
    first = page.locator("#rating").get_attribute("data-item")
    page.keyboard.press("2")
    saved(page, 1)
    assert page.locator("#rating").get_attribute("data-item") != first
    page.keyboard.press("u")
    page.locator(f"#rating[data-item='{first}']").wait_for()
    page.keyboard.press("s")
    page.keyboard.type("1 or 2, I cannot tell")
    page.keyboard.press("Enter")
    saved(page, 1)
    page.keyboard.press("c")
    page.keyboard.type("clear as day")
    page.keyboard.press("Enter")
    assert page.get_by_text("You have rated 1.").count(), "Enter in the comment chooses nothing"
    page.keyboard.press("Escape")
    page.keyboard.press("3")
    saved(page, 2)
    page.keyboard.press("f")
    page.keyboard.type("cut off")
    page.keyboard.press("Enter")
    page.locator("#flag:not([open])").wait_for()
    page.keyboard.press("?")
    assert page.locator("#help dl").is_visible()
    own = ratings(project).query("annotator == 'keys'")
    assert own[["label", "note"]].to_numpy().tolist() == [
        ["I can't tell", "1 or 2, I cannot tell"], ["snow", "clear as day"],
    ]  # fmt: skip
    assert (own["seconds"] >= 0).all()


def test_right_to_left_texts_are_shown_as_they_are_read(tmp_path, page):
    make_project(tmp_path, 4, budget=4, audit=4)
    items = pd.read_csv(tmp_path / "items.csv", dtype=str)
    items["text"] = ["مكان جيد, 10/10!", "good, 10/10!"] * 2
    items.to_csv(tmp_path / "items.csv", index=False)
    with served(tmp_path) as (_, url, link):
        page.goto(link)
        page.goto(f"{url}/rate")
        seen = {}
        for number in range(1, 5):
            text = page.locator("p.text")
            seen[text.inner_text()] = text.evaluate("element => getComputedStyle(element).direction")
            page.keyboard.press("1")
            saved(page, number)
    assert seen == {"مكان جيد, 10/10!": "rtl", "good, 10/10!": "ltr"}


def test_every_control_is_reached_by_tab_and_the_focus_is_seen(project, site, page):
    join(page, project, site[0], "tabs")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText || document.activeElement.name || ''").strip())
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width != "0px" or page.evaluate("document.activeElement === document.body")
    assert {"1 sun", "2 rain", "3 snow", "c Comment", "s Skip", "f Something is wrong with it", "Leave"} <= reached


def test_a_rating_waits_for_the_network_and_is_sent_once(project, site, page):
    join(page, project, site[0], "offline")
    page.context.set_offline(True)
    page.keyboard.press("1")
    page.get_by_text("There is no connection").wait_for()
    assert page.locator("button[name=label]").first.is_disabled()
    assert ratings(project).query("annotator == 'offline'").empty
    page.context.set_offline(False)
    saved(page, 1)
    assert len(ratings(project).query("annotator == 'offline'")) == 1


def test_a_rating_that_waited_is_sent_when_the_page_is_opened_again(project, site, page):
    join(page, project, site[0], "later")
    page.context.set_offline(True)
    page.keyboard.press("1")
    page.get_by_text("There is no connection").wait_for()
    with contextlib.suppress(Exception):  # the page is gone, as when a laptop is shut
        page.goto("about:blank")
    page.context.set_offline(False)
    join(page, project, site[0], "later")
    saved(page, 1)
    assert len(ratings(project).query("annotator == 'later'")) == 1


def test_an_answer_that_got_lost_on_its_way_back_is_stored_once(project, site, page):
    # Before the page is there: a page that is open may send its next request past a route that was just set.
    page.route("**/page/rate", lambda route: (route.fetch(), route.abort()))
    join(page, project, site[0], "lost")
    page.keyboard.press("1")
    page.get_by_text("There is no connection").wait_for()
    page.unroute("**/page/rate")
    saved(page, 1)
    assert len(ratings(project).query("annotator == 'lost'")) == 1


def test_a_restart_in_the_middle_of_a_rating_loses_nothing(tmp_path, page):
    make_project(tmp_path)
    with served(tmp_path) as (_, url, _link):
        join(page, tmp_path, url, "ana")
        item = page.locator("#rating").get_attribute("data-item")
    page.keyboard.press("1")
    page.get_by_text("There is no connection").wait_for()
    with served(tmp_path, port=int(url.rpartition(":")[2])):
        saved(page, 1)
    own = ratings(tmp_path)
    assert own[["item", "annotator", "label"]].to_numpy().tolist() == [[item, "ana", "sun"]]


def test_it_works_without_javascript(project, site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    join(page, project, site[0], "plain")
    page.get_by_role("button", name="rain").click()
    saved(page, 1)
    page.get_by_role("button", name="Undo the last one").click()
    page.get_by_text("You have not rated anything yet").wait_for()
    page.locator("#skip summary").click()
    page.get_by_role("button", name="I can't tell").click()
    saved(page, 1)
    assert ratings(project).query("annotator == 'plain'")["label"].tolist() == ["I can't tell"]
    context.close()


def test_a_suggestion_is_confirmed_by_enter(tmp_path, page):
    make_project(tmp_path, annotation='suggest = "review"\nhide_share = 0.0')
    with served(tmp_path) as (_, url, _link):
        join(page, tmp_path, url, "ana")
        proposed = page.locator(".suggestion strong").inner_text()
        page.keyboard.press("Enter")
        saved(page, 1)
        page.keyboard.press("Enter")
        saved(page, 2)
        page.keyboard.press("r")
        saved(page, 3)
    stored = ratings(tmp_path)
    assert stored["label"].iloc[0] == proposed
    assert stored["label"].iloc[1] == stored["suggestion"].iloc[1]
    assert stored[["label", "note"]].iloc[2].tolist() == ["I can't tell", "suggestion rejected"]


def test_on_a_scale_of_digits_each_digit_is_its_own_key_and_the_buttons_are_in_a_row(tmp_path, page):
    (tmp_path / "items.csv").write_text("item,text\n" + "".join(f"i{at},text {at}\n" for at in range(6)))
    classes = [word for name in ("-1", "0", "1", "2", "3") for word in ("--class", name)]
    folder = tmp_path / "scale"
    made = CliRunner().invoke(
        cli, ["init", str(folder), "--no-functions", "--data", str(tmp_path / "items.csv"), *classes]
    )
    assert made.exit_code == 0, made.output
    toml = folder / "weakhitl.toml"
    toml.write_text(toml.read_text().replace('level = "nominal"', 'level = "ordinal"'))
    Project.load(folder).route(everything=True, overlap=1)
    with served(folder) as (_, url, _link):
        join(page, folder, url, "ana")
        tops = [one["y"] for one in (button.bounding_box() for button in page.locator(".classes button").all())]
        assert len(set(tops)) == 1
        for done, key in enumerate(("1", "0", "w"), start=1):
            page.keyboard.press(key)
            saved(page, done)
    assert ratings(folder)["label"].tolist() == ["1", "0", "-1"]


def test_the_adjudicator_decides_and_the_owner_sees_it_come_in(tmp_path, page):
    workspace = make_project(tmp_path)
    store, items = workspace.store, workspace.store.batches()[0].items
    rows = [(item, who, label) for item in items for who, label in (("ana", "sun"), ("bo", "rain"))]
    store.add_ratings(pd.DataFrame(rows, columns=["item", "annotator", "label"]), ANNOTATOR)
    with served(tmp_path) as (_, url, link):
        join(page, tmp_path, url, "eve", "adjudicator")
        page.get_by_text("12 items wait for a decision").wait_for()
        page.keyboard.press("1")
        page.get_by_text("11 items wait for a decision").wait_for()
        page.locator("input[name=note]").fill("looked twice")
        page.get_by_role("button", name="snow").click()
        page.get_by_text("10 items wait for a decision").wait_for()
        other = page.context.browser.new_context()
        owner = other.new_page()
        owner.goto(link)
        owner.get_by_text("10 wait for a decision").wait_for()
        owner.get_by_text("Krippendorff's alpha: ").wait_for(timeout=60_000)
        owner.get_by_text("The gate would say").wait_for()
        page.keyboard.press("2")
        owner.get_by_text("9 wait for a decision").wait_for(timeout=20_000)
        other.close()
    assert ratings(tmp_path).query("role == 'adjudicator'")["label"].tolist() == ["sun", "snow", "rain"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1100, 800), (390, 800)])
def test_axe_finds_no_fault(project, site, browser, scheme, size):
    package = pytest.importorskip("axe_playwright_python")
    script = (Path(package.__file__).parent / "axe.min.js").read_text()
    url, _ = site
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": size[0], "height": size[1]}, bypass_csp=True
    )  # the pages' policy keeps axe out, as it should
    page = context.new_page()
    join(page, project, url, f"axe-{scheme}-{size[0]}", "owner")
    for where in ("rate", "adjudicate", "project", "nowhere"):
        page.goto(f"{url}/{where}")
        for fold in page.locator("details").all():
            fold.evaluate("one => one.open = true")
        page.evaluate(script)
        found = page.evaluate("axe.run()")
        faults = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
        assert faults == [], json.dumps(faults, indent=1)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"/{where} has to be scrolled sideways"
    context.close()
