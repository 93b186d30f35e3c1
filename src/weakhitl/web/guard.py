"""Who may do what: cookies and tokens, roles, CSRF, where a request comes from, and how often."""

import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request

from weakhitl.annotation import Login, People
from weakhitl.annotation.people import Role

COOKIE = "weakhitl"
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}

_ALLOWED: dict[str, set[str]] = {
    "annotator": {"annotator", "owner"},
    "adjudicator": {"adjudicator", "owner"},
    "owner": {"owner"},
}
"""Role that is asked for -> roles that have it."""


@dataclass(frozen=True)
class Doors:
    """Under which names the server is reached: host names with ports, and the origin in front of a proxy, if any."""

    hosts: frozenset[str]
    origin: str | None = None

    def origins(self, request: Request) -> set[str]:
        """Give the origins that requests of our own pages have."""
        return {self.origin} if self.origin else {f"{request.url.scheme}://{request.headers.get('host', '')}"}

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS through a proxy."""
        return bool(self.origin and self.origin.startswith("https:"))


def check_place(request: Request, doors: Doors) -> str | None:
    """Say what is wrong with where a request was sent, or comes from; None if nothing is."""
    if request.headers.get("host", "").lower() not in doors.hosts:
        return "this server does not answer under that name"
    if request.method not in UNSAFE:
        return None
    origin = request.headers.get("origin")
    if origin is not None and origin not in doors.origins(request):
        return "the request comes from another site"
    if origin is None and request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return "the request comes from another site"
    return None


def current_login(request: Request) -> Login:
    """Give who asks: by their cookie, or by ``Authorization: Bearer``. 401 where nobody does."""
    people: People = request.app.state.room.people
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        person = people.by_token(token.strip())
        if person is not None:
            return Login(person, "")
    elif cookie := request.cookies.get(COOKIE):
        login = people.by_cookie(cookie)
        if login is not None:
            return login
    if scheme or request.url.path.startswith("/api/"):
        raise HTTPException(401, "expected the header Authorization: Bearer, with the token of a link that still holds")
    raise HTTPException(401, "open your personal link again: this browser is not signed in")


def has_role(role: Role) -> Callable[[Request, Login], Login]:
    """Make a dependency: somebody who has a role, else 401 or 403. What is sent with a cookie needs the CSRF token."""

    def check(request: Request, login: Annotated[Login, Depends(current_login)]) -> Login:
        if login.person.role not in _ALLOWED[role]:
            raise HTTPException(403, f"this is for the {role}; you are signed in as {login.person.role}")
        if request.method in UNSAFE and login.csrf and not request.url.path.startswith("/page/"):
            check_csrf(login, request.headers.get("x-csrf-token", ""))
        return login

    return check


def check_csrf(login: Login, token: str) -> None:
    """Raise 403 where the token of a form, or of a script's header, is not the login's."""
    if not hmac.compare_digest(login.csrf.encode(), token.encode("utf-8", "surrogatepass")):
        raise HTTPException(403, "the form is of another session; reload the page")


Annotator = Annotated[Login, Depends(has_role("annotator"))]
Adjudicator = Annotated[Login, Depends(has_role("adjudicator"))]
Owner = Annotated[Login, Depends(has_role("owner"))]
Anybody = Annotated[Login, Depends(current_login)]


class Limit:
    """So many requests a second, and so many at once, for each key."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def allows(self, key: str) -> bool:
        """Take one of a key's requests; False if none is left for now."""
        with self._lock:
            now = self._clock()
            if len(self._left) > 10_000:  # whoever has been away for long begins anew
                fresh = now - self._burst / self._rate
                self._left = {one: kept for one, kept in self._left.items() if kept[1] > fresh}
            left, then = self._left.get(key, (self._burst, now))
            left = min(self._burst, left + (now - then) * self._rate)
            self._left[key] = (max(left - 1, 0.0) if left >= 1 else left, now)
            return left >= 1


def origin_of(url: str) -> str:
    """Give scheme, host and port of a URL, as browsers write them."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port and parts.port != {"http": 80, "https": 443}.get(parts.scheme) else ""
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
