"""The application: pages, API, and what holds for all of their answers."""

import logging
import mimetypes
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException

from weakhitl import __version__
from weakhitl.errors import DataError, StateError, UsageError, WeakHITLError
from weakhitl.web import api, metrics, pages
from weakhitl.web.guard import Doors, Limit, check_place
from weakhitl.web.live import Live
from weakhitl.web.room import Room
from weakhitl.web.webhooks import Webhooks

MAX_BODY = 256 * 1024
"""Bytes of a request."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}

_log = logging.getLogger("weakhitl.web")

Handler = Callable[[Request], Awaitable[Response]]


def create_app(room: Room, doors: Doors) -> FastAPI:
    """Make the application for a project, reached under the names of ``doors``."""

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        yield
        await run_in_threadpool(close_app, app)

    app = FastAPI(
        title="weakhitl",
        version=__version__,
        lifespan=life,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        description="What the pages do, for programs: sign in by `Authorization: Bearer TOKEN`, the token of a link.",
    )
    app.state.room = room
    app.state.doors = doors
    app.state.live = Live(room.workspace)
    app.state.webhooks = Webhooks(room)
    app.state.live.listeners.append(app.state.webhooks.status_changed)
    app.state.limit = Limit(rate=50, burst=200)
    app.state.joins = Limit(rate=0.5, burst=20)
    app.include_router(pages.router, include_in_schema=False)
    app.include_router(api.router)
    app.include_router(metrics.router, include_in_schema=False)
    mimetypes.add_type("text/javascript", ".js")  # on Windows programs register others, which browsers do not run
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.middleware("http")(_guarded)
    for kind in (WeakHITLError, StarletteHTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _answer_error)
    return app


def close_app(app: FastAPI) -> None:
    """End what an application does beside its answers; a server does so by itself."""
    app.state.live.close()
    app.state.webhooks.close()


async def _guarded(request: Request, handle: Handler) -> Response:
    """Turn away what comes from the wrong place, is too large or too often; and put the headers on every answer."""
    response = _refused(request)
    if response is None:
        try:
            response = await handle(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person gets a sentence and the log the rest
            response = await _answer_error(request, error)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"
    return response


def _refused(request: Request) -> Response | None:
    state = request.app.state
    if (wrong := check_place(request, state.doors)) is not None:
        return _say(request, 403, wrong)
    if not state.limit.allows(_who(request)):
        return _say(request, 429, "too many requests at once; wait a moment")
    if request.method in {"POST", "PUT", "PATCH"}:
        length = request.headers.get("content-length")
        if length is None or not length.isdigit():
            return _say(request, 411, "the length of the request has to be given")
        if int(length) > MAX_BODY:
            return _say(request, 413, f"the request is larger than {MAX_BODY // 1024} KB")
    return None


def _who(request: Request) -> str:
    """Give whom to count requests of: the login where there is one, else the address."""
    name = request.cookies.get("weakhitl") or request.headers.get("authorization")
    return name or (request.client.host if request.client else "")


async def _answer_error(request: Request, error: Exception) -> Response:
    status, text = _reason(error)
    if status == 500:
        mark = secrets.token_hex(4)
        _log.error("error %s on %s %s", mark, request.method, request.url.path, exc_info=error)
        text = f"something went wrong here; the server's log says more under {mark}"
    return _say(request, status, text)


def _reason(error: Exception) -> tuple[int, str]:
    if isinstance(error, RequestValidationError):
        return 422, "; ".join(map(_invalid, error.errors()))
    if isinstance(error, StarletteHTTPException):
        return error.status_code, str(error.detail)
    if isinstance(error, StateError):
        return 409, str(error)
    if isinstance(error, UsageError):
        return 422, str(error)
    if isinstance(error, DataError):
        return 503, str(error)
    return 500, ""


def _invalid(fault: Mapping[str, Any]) -> str:
    """Say what is wrong with a part of a request, or with the whole."""
    where = ".".join(map(str, fault["loc"][1:]))
    if where:
        return f"{where}: {fault['msg']}"
    return f"{fault['msg']}; expected a JSON object, sent with the header Content-Type: application/json"


def _say(request: Request, status: int, text: str) -> Response:
    """Answer with a sentence: a page to browsers, JSON to programs."""
    headers = {"Retry-After": "5"} if status in (429, 503) else {}
    if request.url.path.startswith("/api/") or "x-fragment" in request.headers:
        return JSONResponse({"detail": text}, status, headers)
    return pages.message(request, status, text, headers)
