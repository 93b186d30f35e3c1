"""A project served on its pages, in this process and in one of its own."""

import contextlib
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, socket
from uuid import uuid4

from projects import World, start
from weakhitl.annotation import AnnotationStore
from weakhitl.pipeline.workspace import Workspace
from weakhitl.web import create_app
from weakhitl.web.guard import Doors
from weakhitl.web.room import Room


def make_project(folder: Path, n: int = 40, annotation: str = "", config: str = "", **settings) -> Workspace:
    """A project whose items are routed."""
    project = start(folder, World(n))
    toml = folder / "weakhitl.toml"
    toml.write_text(toml.read_text().replace("[annotation]\n", f"[annotation]\n{annotation}\n") + config)
    project = type(project).load(folder)
    project.label()
    project.route(**({"budget": 12, "audit": 6, "overlap": 2} | settings))
    return Workspace.open(folder)


def make_room(workspace: Workspace) -> Room:
    workspace.__dict__["store"] = AnnotationStore(workspace.root / "annotations.db", keep=True)
    return Room(workspace)


def make_app(room: Room):
    return create_app(room, Doors(frozenset(["testserver"])))


def free_port() -> int:
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def served(folder: Path, port: int | None = None, *options: str):
    """A server of its own; gives its address and the owner's link."""
    port = port or free_port()
    command = [sys.executable, "-m", "weakhitl", "annotate", "--port", str(port), "--project", str(folder), *options]
    log = folder / f"server-{uuid4().hex}.log"
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        for _ in range(600):
            said = log.read_text()
            assert process.poll() is None, said
            with contextlib.suppress(OSError):
                create_connection(("127.0.0.1", port), 1).close()
                if "Ctrl-C" in said:
                    break
            time.sleep(0.05)
        link = (re.search(r"http\S+/join/\S+", said) or [""])[0]
        yield process, f"http://127.0.0.1:{port}", link
    finally:
        process.terminate()
        process.wait(20)
    assert "Traceback" not in log.read_text(), log.read_text()
