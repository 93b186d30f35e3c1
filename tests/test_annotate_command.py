"""``weakhitl annotate``: links, the terminal, messages to other programs, and a server that is killed."""

import http.server
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from sites import SLOW, make_project, opened, served
from test_web import Somebody
from weakhitl.cli import terminal
from weakhitl.cli.main import cli
from weakhitl.errors import ConfigError
from weakhitl.pipeline.workspace import Workspace
from weakhitl.web.webhooks import signature

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def run(folder, *arguments):
    return CliRunner().invoke(cli, ["annotate", *arguments, "--project", str(folder)], catch_exceptions=False)


def test_people_are_invited_listed_and_revoked(tmp_path):
    make_project(tmp_path)
    said = run(tmp_path, "--invite", "ana", "--skill", "fr", "--quota", "20").output
    assert re.search(r"http://127\.0\.0\.1:8765/join/[\w-]{43}", said)
    outside = run(tmp_path, "--invite", "bo", "--role", "adjudicator", "--behind-proxy", "https://rate.example.org")
    assert "https://rate.example.org/join/" in outside.output
    listed = json.loads(run(tmp_path, "--list", "--json").output)
    assert [(one["name"], one["role"], one["skills"], one["quota"]) for one in listed] == [
        ("ana", "annotator", ["fr"], 20), ("bo", "adjudicator", [], None),
    ]  # fmt: skip
    run(tmp_path, "--revoke", "ana")
    assert "annotator (revoked)" in run(tmp_path, "--list").output
    assert run(tmp_path, "--revoke", "nobody").exit_code == 3
    assert run(tmp_path, "--invite", "ana", "--list").exit_code == 2


def test_a_server_for_others_without_tls_is_refused_with_what_to_do(tmp_path):
    make_project(tmp_path)
    said = run(tmp_path, "--host", "0.0.0.0")
    assert said.exit_code == 2
    assert "--behind-proxy" in said.output
    said = run(tmp_path, "--host", "0.0.0.0", "--behind-proxy", "https://rate.example.org")
    assert said.exit_code == 2
    assert "invite people first" in said.output


def test_a_port_that_is_taken_is_named(tmp_path):
    make_project(tmp_path)
    with served(tmp_path) as (_, url, _link):
        port = url.rpartition(":")[2]
        said = run(tmp_path, "--port", port)
    assert said.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in said.output


def test_where_a_terminal_has_no_modes_clicks_keys_are_read_to_their_end(tmp_path, monkeypatch):
    """As on Windows."""
    make_project(tmp_path)
    keys = iter("12")

    def getchar() -> str:
        try:
            return next(keys)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(terminal, "_single_keys", lambda: None)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("click.getchar", getchar)
    workspace = Workspace.open(tmp_path)
    terminal.rate_in_terminal(workspace, "ana")
    assert workspace.store.ratings()["label"].tolist() == ["sun", "rain"]


def test_one_person_rates_in_a_terminal_with_one_key_a_class(tmp_path):
    make_project(tmp_path)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "weakhitl", "annotate", "--terminal", "--project", str(tmp_path)]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=os.environ | {"COLUMNS": "80"})
    os.close(slave)
    said = ""

    def until(text):
        nonlocal said
        end = time.monotonic() + 30
        while text not in said:
            assert time.monotonic() < end, said
            if select.select([master], [], [], 0.2)[0]:
                said += os.read(master, 4096).decode(errors="replace")
        said = said.partition(text)[2]

    until("today")
    os.write(master, b"13ux")  # typed ahead
    until("saved: sun")
    until("saved: snow")
    until("is no key here")
    os.write(master, b"s")
    until("Why")
    os.write(master, b"foggy\n")
    until("saved: I can't tell")
    until("today")
    os.write(master, b"q")
    until("2 rated")
    assert process.wait(20) == 0
    os.close(master)
    stored = Workspace.open(tmp_path).store.ratings()
    assert stored[["label", "note"]].to_numpy().tolist() == [["sun", ""], ["I can't tell", "foggy"]]
    assert (stored["seconds"] < 60).all()


class Receiver(http.server.BaseHTTPRequestHandler):
    """Another program that is told what happens; it fails the first time."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.failures:
            self.server.failures -= 1
            self.send_response(500)
        else:
            self.server.got.append((dict(self.headers), body))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Nonsense(Receiver):
    """A program that speaks no HTTP."""

    def do_POST(self):
        self.wfile.write(b"what?\r\n")
        self.close_connection = True


class Listening(http.server.ThreadingHTTPServer):
    """One of them at an address of its own."""

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.got, self.failures = [], 1
        self.url = f"http://127.0.0.1:{self.server_port}/x"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join()
        self.server_close()

    def wait(self, number):
        end = time.monotonic() + 60
        while len(self.got) < number and time.monotonic() < end:
            time.sleep(0.02)
        return [json.loads(body) for _, body in self.got]


def hook_to(url: str) -> str:
    return f'[[annotation.webhook]]\nurl = "{url}"\nsecret = "HOOK_SECRET"\n'


def test_other_programs_are_told_in_signed_messages_and_again_where_they_fail(tmp_path, monkeypatch):
    with Listening(Receiver) as receiver:
        make_project(tmp_path, config=hook_to(receiver.url), budget=2, audit=1, overlap=1)
        monkeypatch.setenv("HOOK_SECRET", "geheim")
        with opened(Workspace.open(tmp_path)) as app:
            ana = Somebody(app, name="ana")
            items = []
            for _ in range(2):
                items.append(ana.api("/next").json()["item"])
                ana.api("/ratings", {"item": items[-1], "label": "sun", "id": items[-1]})
            ana.api("/ratings", {"item": items[-1], "label": "sun", "id": items[-1]})
            app.state.webhooks.status_changed({"gate": "undecided"}, {"gate": "pass"})
            app.state.webhooks.status_changed({"gate": "pass"}, {"gate": "pass"})
            told = receiver.wait(4)
    assert [(one["event"], one.get("item"), one.get("to")) for one in told] == [
        ("item-labelled", items[0], None), ("item-labelled", items[1], None), ("queue-empty", None, None),
        ("gate-changed", None, "pass"),
    ]  # fmt: skip
    for headers, body in receiver.got:
        assert headers["X-Weakhitl-Signature"] == signature("geheim", headers["X-Weakhitl-Timestamp"], body)
        assert headers["X-Weakhitl-Signature"] != signature("other", headers["X-Weakhitl-Timestamp"], body)


def test_a_receiver_that_answers_nonsense_or_nothing_keeps_no_other_from_its_messages(tmp_path, monkeypatch):
    with Listening(Receiver) as receiver, Listening(Nonsense) as nonsense:
        make_project(tmp_path, config=hook_to(nonsense.url) + hook_to(receiver.url))
        monkeypatch.setenv("HOOK_SECRET", "geheim")
        with opened(Workspace.open(tmp_path)) as app:
            for verdict in ("fail", "pass"):
                app.state.webhooks.status_changed({"gate": "undecided"}, {"gate": verdict})
            assert [one["to"] for one in receiver.wait(2)] == ["fail", "pass"]


def test_a_webhook_whose_secret_is_not_in_the_environment_is_refused(tmp_path):
    make_project(tmp_path, config=hook_to("http://127.0.0.1:1/x"))
    with pytest.raises(ConfigError, match="no secret HOOK_SECRET"), opened(Workspace.open(tmp_path)):
        pass


def test_a_webhook_without_an_address_is_a_fault_of_the_configuration(tmp_path):
    make_project(tmp_path)
    toml = tmp_path / "weakhitl.toml"
    toml.write_text(toml.read_text() + '[[annotation.webhook]]\nurl = "ftp://x"\nsecret = "S"\nevent = []\n')
    with pytest.raises(ConfigError) as caught:
        Workspace.open(tmp_path)
    assert "ftp://x" in str(caught.value)
    assert "unknown key 'event'" in str(caught.value)


def rate_until_it_breaks(url: str, token: str, name: str, acknowledged: list[str]) -> None:
    """Rate as fast as it goes, and note what the server said it kept."""
    import httpx

    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=10) as client:
        for n in range(10_000):
            try:
                item = client.post("/next").raise_for_status().json()["item"]
                client.post("/ratings", json={"item": item, "label": "sun", "id": f"{name}-{n}"}).raise_for_status()
            except httpx.HTTPError:
                return
            acknowledged.append(f"{name}-{n}")


def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path):
    make_project(tmp_path, n=240, budget=200, audit=100)
    acknowledged = []
    for number in range(3):
        with served(tmp_path) as (process, url, link):
            token = link.rpartition("/")[2]
            worker = threading.Thread(target=rate_until_it_breaks, args=(url, token, str(number), acknowledged))
            known = len(acknowledged)
            worker.start()
            until = time.monotonic() + SLOW
            while len(acknowledged) < known + 5 and time.monotonic() < until:
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            worker.join(30)
    store = Workspace.open(tmp_path).store
    assert len(acknowledged) > 10
    assert {*acknowledged} <= {event.id for event in store.events()}
    assert store.faults() == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_with_a_certificate_it_speaks_tls_and_cookies_are_for_tls_alone(tmp_path):
    import ssl
    import urllib.request

    make_project(tmp_path)
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *more], check=True, capture_output=True)
    options = ("--tls-cert", str(certificate), "--tls-key", str(key))
    with served(tmp_path, *options) as (_, _, link):
        assert link.startswith("https://127.0.0.1:")
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(certificate))),
            urllib.request.HTTPCookieProcessor(),
        )
        with opener.open(link, timeout=10) as answer:
            assert answer.status == 200
            assert answer.url.endswith("/project")
        cookies = [one for handler in opener.handlers for one in getattr(handler, "cookiejar", [])]
        assert [one.secure for one in cookies] == [True]
