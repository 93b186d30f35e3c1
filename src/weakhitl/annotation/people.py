"""People: their roles, skills and quotas, the links that let them in, and their logins."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete, func, insert, select, update

from weakhitl.annotation.store import AnnotationStore, Event, chain, tables
from weakhitl.errors import StateError, UsageError

Role = Literal["annotator", "adjudicator", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)

_BYTES = 32
"""Of a link's secret, and of a cookie's: 256 bits."""

_DAYS = 30
"""That a login lasts."""

_person, _login = tables.person.c, tables.login.c


@dataclass(frozen=True)
class Person:
    """Somebody who may come in. ``quota``: ratings that they may give; None for as many as there are."""

    name: str
    role: Role = "annotator"
    skills: tuple[str, ...] = ()
    quota: int | None = None
    active: bool = True


@dataclass(frozen=True)
class Login:
    """Somebody who has come in: ``secret`` goes into a cookie, ``csrf`` into forms."""

    person: Person
    csrf: str
    secret: str = ""


class People:
    """The people of a store. Secrets are random, and only their hashes are kept."""

    def __init__(self, store: AnnotationStore, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self._clock = clock

    def invite(
        self,
        name: str,
        role: Role = "annotator",
        skills: Sequence[str] = (),
        quota: int | None = None,
        *,
        keep_logins: bool = False,
    ) -> str:
        """Let a person in, and give the secret of their link; one that they had is revoked, and where it let in closed.

        Raises ``UsageError`` for a name that cannot be one.
        """
        name = name.strip()
        if not name or len(name) > 100 or not name.isprintable():
            raise UsageError(f"{name!r} cannot be a name; expected 1 to 100 characters that can be printed")
        if role not in ROLES:
            raise UsageError(f"{role!r} is no role; expected {', '.join(ROLES)}")
        secret = secrets.token_urlsafe(_BYTES)
        values = {"role": role, "token": _hashed(secret), "skills": json.dumps(list(skills)), "quota": quota}
        told = {"name": name, "role": role, "skills": list(skills), "quota": quota}
        with self.store.database.write() as connection:
            (number,) = chain.append(connection, [Event("person", body=told)])
            connection.execute(delete(tables.cursor).where(tables.cursor.c.person == name))  # skills may have changed
            if not keep_logins:
                connection.execute(delete(tables.login).where(_login.person == name))
            if not connection.execute(update(tables.person).where(_person.name == name).values(values)).rowcount:
                connection.execute(insert(tables.person).values(name=name, created=str(number), **values))
        return secret

    def revoke(self, name: str) -> None:
        """Let a person in no longer, wherever they are. Raises ``StateError`` where there is no such person."""
        with self.store.database.write() as connection:
            if not connection.execute(update(tables.person).where(_person.name == name).values(token=None)).rowcount:
                raise StateError(f"there is nobody called {name!r}; `weakhitl annotate --list` names all")
            connection.execute(delete(tables.login).where(_login.person == name))
            chain.append(connection, [Event("revoked", body={"name": name})])

    def all(self) -> list[Person]:
        """Everybody, in the order of their names."""
        if not self.store.database.exists:
            return []
        with self.store.database.read() as connection:
            return [_made(row) for row in connection.execute(select(tables.person).order_by(_person.name))]

    def by_token(self, secret: str) -> Person | None:
        """Give whose link it is."""
        with self.store.database.read() as connection:
            row = connection.execute(select(tables.person).where(_person.token == _hashed(secret))).first()
            return None if row is None else _made(row)

    def login(self, person: Person) -> Login:
        """Open a login, as long as the person has not been revoked meanwhile."""
        secret, csrf = secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES)
        until = self._clock() + _DAYS * 86_400
        with self.store.database.write() as connection:
            connection.execute(delete(tables.login).where(_login.until < self._clock()))
            _bound(connection, person.name)
            values = {"key": _hashed(secret), "person": person.name, "csrf": csrf, "until": until}
            connection.execute(insert(tables.login).values(values))
        return Login(person, csrf, secret)

    def by_cookie(self, secret: str) -> Login | None:
        """Give whose login it is, while it lasts and the person is not revoked."""
        query = (
            select(tables.person, _login.csrf)
            .join_from(tables.login, tables.person, _login.person == _person.name)
            .where(_login.key == _hashed(secret), _login.until > self._clock(), _person.token.is_not(None))
        )
        with self.store.database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else Login(_made(row), row.csrf)

    def logout(self, secret: str) -> None:
        """End a login."""
        with self.store.database.write() as connection:
            connection.execute(delete(tables.login).where(_login.key == _hashed(secret)))


def _bound(connection: Connection, name: str) -> None:
    """Keep the newest of a person's logins only: a link that is opened without end fills no table."""
    count = connection.execute(select(func.count()).where(_login.person == name)).scalar_one()
    if count >= 20:
        old = select(_login.key).where(_login.person == name).order_by(_login.until).limit(count - 19)
        connection.execute(delete(tables.login).where(_login.key.in_(old)))


def _made(row: Any) -> Person:
    return Person(row.name, row.role, tuple(json.loads(row.skills)), row.quota, row.token is not None)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
