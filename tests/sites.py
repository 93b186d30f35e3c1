"""A project served on its pages, in this process and in one of its own."""

import contextlib
import re
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_connection
from uuid import uuid4

from projects import World, start
from weakhitl.pipeline.workspace import Workspace
from weakhitl.web import close_app, create_app
from weakhitl.web.guard import Doors
from weakhitl.web.room import Room

SLOW = 120
"""Seconds that a server may take on a busy machine."""


def make_project(folder: Path, n: int = 40, annotation: str = "", config: str = "", **settings) -> Workspace:
    """A project whose items are routed."""
    project = start(folder, World(n))
    toml = folder / "weakhitl.toml"
    toml.write_text(toml.read_text().replace("[annotation]\n", f"[annotation]\n{annotation}\n") + config)
    project = type(project).load(folder)
    project.label()
    project.route(**({"budget": 12, "audit": 6, "overlap": 2} | settings))
    return Workspace.open(folder)


@contextmanager
def opened(workspace: Workspace):
    """Its application in this process; nothing of it goes on afterwards."""
    workspace.stay_connected()
    with closing(workspace.store.database):
        app = create_app(Room(workspace), Doors(frozenset(["testserver"])))
        try:
            yield app
        finally:
            close_app(app)


class Somebody:
    """A person with a browser (or a program with a token)."""

    def __init__(self, app, role="annotator", name=None, **settings):
        from fastapi.testclient import TestClient

        self.client = TestClient(app, follow_redirects=False)
        self.token = app.state.room.people.invite(name or role, role, **settings)
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def join(self):
        answer = self.client.get(f"/join/{self.token}")
        assert answer.status_code == 303
        return self

    def page(self, where):
        answer = self.client.get(where)
        assert answer.status_code == 200, answer.text
        return answer.text

    def form(self, where="/rate"):
        text = self.page(where)
        found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))
        return {name: found[name] for name in ("csrf", "item", "id") if name in found}

    def send(self, url, **data):
        return self.client.post(url, data=data)

    def api(self, url, json=None, method="post"):
        return self.client.request(method, f"/api/v1{url}", json=json, headers=self.headers)


@contextmanager
def served(folder: Path, *options: str, port: int = 0):
    """A server of its own; gives its process, its address and the owner's link."""
    command = [sys.executable, "-m", "weakhitl", "annotate", "--port", str(port), "--project", str(folder), *options]
    log = folder / f"server-{uuid4().hex}.log"
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        link = wait_for_link(process, log)
        yield process, link.partition("/join/")[0], link
    finally:
        process.terminate()
        process.wait(SLOW)
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_for_link(process: subprocess.Popen, log: Path) -> str:
    """Wait until the server has said its link and takes connections."""
    end = time.monotonic() + SLOW
    while time.monotonic() < end:
        said = log.read_text()
        assert process.poll() is None, said
        if (found := re.search(r"https?://([^:/]+):(\d+)/join/\S+", said)) and "Ctrl-C" in said:
            with contextlib.suppress(OSError):
                create_connection((found[1], int(found[2])), 1).close()
                return found[0]
        time.sleep(0.05)
    raise AssertionError(f"no server after {SLOW} s: {log.read_text()}")
