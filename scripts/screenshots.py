"""Take the pictures of the annotation pages and the report that the documentation shows, from the demo's project.

python scripts/screenshots.py [--out docs/images]
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

PORT = 8797
SWEARS = re.compile("fuck|shit|damn|bitch|ass|mother", re.IGNORECASE)
VIEWS = {
    "light": {"viewport": {"width": 1100, "height": 760}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1100, "height": 760}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 780}, "color_scheme": "light", "is_mobile": True},
}


def main() -> None:
    """Make the demo's project, serve it, and look at each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        weakhitl("demo", "--out", folder)
        project = Path(folder) / "weather"
        with sync_playwright() as playwright:
            browser = start(playwright)
            for name, view in VIEWS.items():
                shoot_report(browser, view, project / "releases" / "1.0.0" / "report.html", out / f"report-{name}.png")
        toml = project / "weakhitl.toml"
        more = '[annotation]\ntext = "text"\nadjudicate_below = 0.9\n'  # so that many items wait for a decision
        toml.write_text(toml.read_text().replace("[annotation]\n", more))
        ana = link(weakhitl("annotate", "--invite", "ana", "--port", str(PORT), "--project", str(project)))
        server = subprocess.Popen(
            [sys.executable, "-m", "weakhitl", "annotate", "--port", str(PORT), "--project", str(project)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            owner = link(server.stdout.readline() if server.stdout else "")
            wait()
            with sync_playwright() as playwright:
                browser = start(playwright)
                for name, view in VIEWS.items():
                    shoot(browser, view, ana, "rate", out / f"rate-{name}.png")
                    shoot(browser, view, owner, "adjudicate", out / f"decide-{name}.png")
                    shoot(browser, view, owner, "project", out / f"project-{name}.png")
        finally:
            server.terminate()
            server.wait()


def start(playwright: Playwright) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
    )  # fmt: skip


def shoot_report(browser: Browser, view: dict, report: Path, file: Path) -> None:
    """Keep a picture of the report's first screen."""
    context = browser.new_context(**view)
    page = context.new_page()
    page.goto(report.as_uri())
    page.screenshot(path=str(file))
    context.close()


def shoot(browser: Browser, view: dict, link_: str, page_name: str, file: Path) -> None:
    """Open a page as somebody and keep a picture of it."""
    context = browser.new_context(**view)
    page = context.new_page()
    page.goto(link_)
    page.goto(f"http://127.0.0.1:{PORT}/{page_name}")
    if page_name == "rate" and not page.get_by_text("You have rated").count():
        page.keyboard.press("3")
        page.get_by_text("You have rated 1").wait_for()
    while page_name == "adjudicate" and SWEARS.search(page.locator(".item").inner_text()):
        item = page.locator("#rating").get_attribute("data-item")
        page.keyboard.press("4")
        page.locator(f"#rating:not([data-item='{item}'])").wait_for()
    if page_name == "project":
        page.get_by_text("The gate would say").wait_for(timeout=120_000)
    page.screenshot(path=str(file))
    context.close()


def weakhitl(*arguments: str) -> str:
    """Run a command and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "weakhitl", *arguments], check=True, capture_output=True, text=True
    )  # fmt: skip
    return done.stdout


def link(text: str) -> str:
    """Find the link in what a command printed."""
    found = re.search(r"http\S+/join/\S+", text)
    if found is None:
        raise SystemExit(f"no link in {text!r}")
    return found.group()


def wait() -> None:
    """Wait until the server answers."""
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/static/app.css")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not answer")


if __name__ == "__main__":
    main()
