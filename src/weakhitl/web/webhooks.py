"""Signed messages to other programs: an item has all its ratings, the queue is empty, the gate's verdict changed."""

import contextlib
import hashlib
import hmac
import http.client
import json
import logging
import os
import queue
import threading
import time
import urllib.error
import urllib.request
from typing import Any
from uuid import uuid4

from weakhitl.annotation import Stored
from weakhitl.config.sections import WebhookSection
from weakhitl.errors import ConfigError
from weakhitl.web.room import Room

_TRIES = (0, 1, 5, 30)
"""Seconds before each attempt."""

_TIMEOUT = 10
"""Seconds that an answer may take."""

_KEPT = 10_000

_log = logging.getLogger("weakhitl.web")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: a message goes where the configuration says, and nowhere else."""


class Webhooks:
    """Sends messages in the background, each several times if need be; ``X-Weakhitl-Signature`` proves their origin.

    The signature is ``sha256=`` and the HMAC of the time stamp in ``X-Weakhitl-Timestamp``, a dot, and the body.
    Raises ``ConfigError`` where a secret is not in the environment.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        hooks = room.config.annotation.webhook
        if missing := [hook.secret for hook in hooks if not os.environ.get(hook.secret)]:
            raise ConfigError("[[annotation.webhook]]", [f"the environment has no secret {name}" for name in missing])
        self._senders = [_Sender(hook) for hook in hooks]

    def rated(self, item: str, stored: Stored) -> None:
        """Tell of an item that has all its ratings now, and of a queue without any that has not."""
        if not self._senders or stored.known or stored.surplus:
            return
        if not self._room.desk.unfinished([item]):
            self._tell("item-labelled", {"item": item})
            if self._room.desk.is_empty():
                self._tell("queue-empty", {})

    def status_changed(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Tell of a gate that says something else than before."""
        old, new = before.get("gate"), after.get("gate")
        if new is not None and old is not None and old != new:
            self._tell("gate-changed", {"from": old, "to": new})

    def close(self) -> None:
        """Stop sending, and wait for what is on its way."""
        for sender in self._senders:
            sender.stop()
        for sender in self._senders:
            sender.join()

    def _tell(self, kind: str, facts: dict[str, Any]) -> None:
        message = {"id": uuid4().hex, "event": kind, "project": self._room.config.project.name, **facts}
        body = json.dumps(message, ensure_ascii=False).encode()
        for sender in self._senders:
            if kind in sender.hook.events:
                sender.add(body)


class _Sender:
    """One receiver's messages, in order, on a thread of their own: one that is slow keeps no other waiting."""

    def __init__(self, hook: WebhookSection) -> None:
        self.hook = hook
        self._waiting: queue.Queue[bytes | None] = queue.Queue(_KEPT)
        self._opener = urllib.request.build_opener(_NoRedirects)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"webhook {hook.url}")
        self._begun = threading.Lock()

    def add(self, body: bytes) -> None:
        with self._begun:
            if self._thread.ident is None and not self._closing.is_set():
                self._thread.start()
        try:
            self._waiting.put_nowait(body)
        except queue.Full:
            _log.error("a message to %s was dropped: %s others wait", self.hook.url, _KEPT)

    def stop(self) -> None:
        self._closing.set()
        with contextlib.suppress(queue.Full):  # then it finds the event when it takes the next
            self._waiting.put_nowait(None)

    def join(self) -> None:
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT + 1)

    def _work(self) -> None:
        while (body := self._waiting.get()) is not None and not self._closing.is_set():
            self._send(body)

    def _send(self, body: bytes) -> None:
        wrong = ""
        for pause in _TRIES:
            if self._closing.wait(pause):
                return
            try:
                with self._opener.open(self._request(body), timeout=_TIMEOUT):
                    return
            except urllib.error.HTTPError as error:
                error.close()  # the answer, with the connection that it came by
                wrong = str(error)
            except (OSError, http.client.HTTPException) as error:
                wrong = str(error)
        _log.error("a message to %s could not be delivered: %s", self.hook.url, wrong)

    def _request(self, body: bytes) -> urllib.request.Request:
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Weakhitl-Timestamp": stamp,
            "X-Weakhitl-Signature": signature(os.environ[self.hook.secret], stamp, body),
        }
        return urllib.request.Request(self.hook.url, body, headers, method="POST")  # noqa: S310 - the configuration's


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Sign a message, as whoever receives it does to check it."""
    return "sha256=" + hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
