"""The report's page in a real browser: light, dark, wide, narrow, printed, offline."""

import json
import shutil
from pathlib import Path

import pytest

from projects import ready
from reports import crowded, plain, rich, save

pytestmark = [pytest.mark.current, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    passed = ready(tmp_path_factory.mktemp("passed")).release("1.0.0")
    failed = ready(tmp_path_factory.mktemp("failed"), right=0.4).release("1.0.0")
    evidence = plain(tmp_path_factory.mktemp("plain"))
    out = tmp_path_factory.mktemp("out")
    return {
        "released": passed.report,
        "refused": failed.report,
        "everything": save(rich(evidence), out / "everything"),
        "crowded": save(crowded(evidence), out / "crowded"),
    }


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "install chromium: the tests open the report in a real browser"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.mark.parametrize("which", ["released", "refused", "everything", "crowded"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_fits_asks_for_nothing_and_follows_the_scheme(pages, browser, which, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(pages[which].as_uri())
    assert requests == [pages[which].as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")
    text = page.evaluate("getComputedStyle(document.querySelector('figure svg text')).fill")
    assert text == page.evaluate("getComputedStyle(document.body).color") or text != background
    page.close()


def test_every_link_of_the_contents_leads_somewhere_and_every_figure_has_a_name(pages, browser):
    page = browser.new_page()
    page.goto(pages["released"].as_uri())
    missing = page.evaluate(
        "[...document.querySelectorAll('nav a')].filter(a => !document.querySelector(a.getAttribute('href'))).length"
    )
    assert missing == 0
    figures = "[...document.querySelectorAll('figure svg[role=img]')]"
    names = page.evaluate(f"{figures}.map(s => document.getElementById(s.getAttribute('aria-labelledby')).textContent)")
    told = page.evaluate(f"{figures}.map(s => document.getElementById(s.getAttribute('aria-describedby')).textContent)")
    assert len(names) >= 8
    assert all(names)
    assert all(told)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    page.close()


@pytest.mark.parametrize("which", ["everything", "refused"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_axe_finds_no_fault(pages, browser, which, scheme, width):
    package = pytest.importorskip("axe_playwright_python")
    script = (Path(package.__file__).parent / "axe.min.js").read_text()
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(pages[which].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(script)
    found = page.evaluate("axe.run()")
    faults = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]
    assert faults == [], json.dumps(faults, indent=1)
    context.close()


@pytest.mark.parametrize("which", ["released", "refused", "everything"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1280, 720)])
def test_the_verdict_the_figures_and_the_intervals_fit_a_laptops_screen(pages, browser, which, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(pages[which].as_uri())
    assert page.evaluate("document.querySelector('header').getBoundingClientRect().bottom") <= height
    assert page.locator("header figure svg[role=img]").count() == 1
    page.close()


def test_tables_can_be_reached_and_scrolled_with_keys(pages, browser):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(pages["everything"].as_uri())
    regions = page.evaluate(
        "[...document.querySelectorAll('.scroll')].map(s => [s.tabIndex, s.getAttribute('aria-label')])"
    )
    assert len(regions) > 10
    assert all(index == 0 and label.startswith("Table: ") for index, label in regions)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#report")
    page.close()


def test_every_figure_has_its_table(pages, browser):
    page = browser.new_page()
    page.goto(pages["everything"].as_uri())
    bare = page.evaluate(
        "[...document.querySelectorAll('main figure')].filter(f => !f.parentElement.querySelector('table')).length"
    )
    assert bare == 0
    page.close()


@pytest.mark.parametrize("which", ["everything", "crowded"])
def test_print_shows_every_table_whole_and_page_one_on_one_sheet(pages, browser, which):
    page = browser.new_page(viewport={"width": 688, "height": 1017})  # A4 without margins, in CSS pixels
    page.goto(pages[which].as_uri())
    page.emulate_media(media="print")
    hidden = page.evaluate(
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().height < 10"
        " || !t.checkVisibility({contentVisibilityAuto: true})).length"
    )
    assert hidden == 0
    assert (
        page.evaluate("Math.max(...[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right))")
        <= 688
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 688
    assert page.evaluate("document.querySelector('nav').getBoundingClientRect().bottom") <= 1017
    assert page.pdf(format="A4")[:4] == b"%PDF"
    page.close()


def test_a_hundred_sources_and_a_hundred_people_stay_small(pages):
    assert pages["crowded"].stat().st_size < 1_000_000
    text = pages["crowded"].read_text(encoding="utf-8")
    assert text.count("a_function_with_quite_a_long_name_") >= 200


def test_a_figure_drawn_for_text_alone_scales_with_the_letters_not_the_screen(pages, browser):
    sizes = []
    for width in (390, 1200):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(pages["released"].as_uri())
        sizes.append(page.evaluate("document.querySelector('header svg text').getBoundingClientRect().height"))
        page.close()
    assert sizes[0] == sizes[1] > 11
