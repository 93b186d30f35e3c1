"""A server that speaks OpenAI's protocol for chat completions, and answers as a test wants."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class JudgeServer:
    """Keeps every request; ``say`` gives the answer's text, or a status code, for an item's cells."""

    def __init__(self, say: Callable[[dict[str, Any]], str | int], seconds: float = 0.0) -> None:
        self.say, self.seconds = say, seconds
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.finish = "stop"
        self.tokens = (100, 10)
        self.busiest = self._busy = 0
        self._lock = threading.Lock()
        self.url = ""

        self.junk: bytes | None = None
        self.refuses: Callable[[dict[str, Any]], str | None] = lambda _: None
        """Says what is wrong with the fields of a call."""

    def answer(self, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        """Answer a call."""
        with self._lock:
            self.requests.append(body)
            self.keys.append(key)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        refused = self.refuses(body)
        if refused is not None:
            with self._lock:
                self._busy -= 1
            return 400, {"error": {"message": refused, "type": "invalid_request_error"}}
        time.sleep(self.seconds)
        content = body["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        said = self.say(json.loads(text)["item"])
        with self._lock:
            self._busy -= 1
        if isinstance(said, int):
            return said, {"error": {"message": f"the server said {said}", "type": "error"}}
        message = {"role": "assistant", "content": said}
        read, written = self.tokens
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        return 200, {
            "id": "1", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice],
            "usage": usage,
        }  # fmt: skip


@contextmanager
def serving(say: Callable[[dict[str, Any]], str | int], seconds: float = 0.0) -> Iterator[JudgeServer]:
    """Serve on a port of this machine until the block ends."""
    judge = JudgeServer(say, seconds)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            right = self.path == "/v1/chat/completions"
            status, found = judge.answer(body, self.headers["Authorization"]) if right else (404, {"error": "no"})
            content = judge.junk if judge.junk is not None else json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    judge.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield judge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
