"""The report's page in a real browser: light, dark, wide, narrow, printed, offline."""

import shutil

import pytest

from projects import ready

pytestmark = [pytest.mark.current, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    passed = ready(tmp_path_factory.mktemp("passed")).release("1.0.0")
    failed = ready(tmp_path_factory.mktemp("failed"), right=0.4).release("1.0.0")
    return {"released": passed.report, "refused": failed.report}


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


@pytest.mark.parametrize("which", ["released", "refused"])
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


def test_the_page_prints(pages, browser):
    page = browser.new_page()
    page.goto(pages["released"].as_uri())
    assert page.pdf(format="A4")[:4] == b"%PDF"
    page.close()
