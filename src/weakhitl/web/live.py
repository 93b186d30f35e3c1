"""How the project stands, computed beside the server: it takes seconds, and a gate's own checks are code."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from weakhitl.pipeline.workspace import Workspace

_PAUSE = 5.0
"""Seconds between two computations at least."""

_LONGEST = 600

Listener = Callable[[dict[str, Any], dict[str, Any]], None]
"""Is told the facts before, and those now."""


class Live:
    """The newest status, brought up to date in the background whenever somebody asks and something has happened."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._running: subprocess.Popen[str] | None = None
        self._waiting: threading.Thread | None = None
        self._began = -_PAUSE
        self._event = -1
        self._facts: dict[str, Any] = {}
        self._closed = False
        self.listeners: list[Listener] = []

    def facts(self) -> dict[str, Any]:
        """Give what is known now, at once; ``updating`` says whether something newer is being computed."""
        with self._lock:
            last = self._workspace.store.last_event()
            due = last != self._event and time.monotonic() - self._began >= _PAUSE
            if due and self._running is None and not self._closed:
                self._began, self._event = time.monotonic(), last
                self._running = self._start()
                self._waiting = threading.Thread(target=self._wait, args=(self._running,), daemon=True)
                self._waiting.start()
            return {**self._facts, "updating": self._running is not None or last != self._event}

    def close(self) -> None:
        """Stop what still runs, and wait for its end."""
        with self._lock:
            self._closed = True
            running, waiting = self._running, self._waiting
        if running is not None:
            running.kill()
        if waiting is not None:
            waiting.join()

    def _start(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "weakhitl", "status", "--json", "--checks", "--kpis"]
        return subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--project", str(self._workspace.root)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def _wait(self, running: "subprocess.Popen[str]") -> None:
        try:
            out, wrong = running.communicate(timeout=_LONGEST)
            facts = json.loads(out) if running.returncode == 0 else {"error": wrong.strip()[-500:]}
        except (subprocess.TimeoutExpired, ValueError) as error:
            running.kill()
            running.communicate()
            facts = {"error": f"the status could not be computed ({error})"}
        with self._lock:
            before, self._facts, self._running = self._facts, facts, None
        for listener in () if self._closed else self.listeners:
            listener(before, facts)
