"""Start the server: where it may listen, and under which names it answers."""

import gc
import ipaddress
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from weakhitl.errors import UsageError
from weakhitl.pipeline.workspace import Workspace
from weakhitl.web.app import create_app
from weakhitl.web.guard import Doors, origin_of
from weakhitl.web.room import Room


@dataclass(frozen=True)
class Address:
    """Where to listen.

    Attributes
    ----------
    host, port
        Address and port; 0 for any that is free.
    certificate, key
        Files for TLS.
    proxy
        The address that browsers use, where a proxy stands in front.

    """

    host: str = "127.0.0.1"
    port: int = 8765
    certificate: Path | None = None
    key: Path | None = None
    proxy: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def url(self) -> str:
        """What people open."""
        if self.proxy:
            return origin_of(self.proxy)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"

    def check(self, people: int) -> None:
        """Raise ``UsageError`` where others could listen in, or come in without a link of their own."""
        if (self.certificate is None) != (self.key is None):
            raise UsageError("--tls-cert and --tls-key belong together")
        if missing := [str(path) for path in (self.certificate, self.key) if path is not None and not path.is_file()]:
            raise UsageError(f"there is no such file: {', '.join(missing)}")
        if self.proxy is not None and not (
            urlsplit(self.proxy).scheme in {"http", "https"} and urlsplit(self.proxy).hostname
        ):
            raise UsageError(f"--behind-proxy {self.proxy!r} is no address; expected one like https://rate.example.org")
        if self.is_local:
            return
        if self.certificate is None and self.proxy is None:
            raise UsageError(
                f"{self.host} can be reached by others, who would send their links in the clear: give --tls-cert and "
                "--tls-key, or --behind-proxy https://… where a proxy does that, or listen on 127.0.0.1"
            )
        if not people:
            raise UsageError(f"{self.host} can be reached by others: invite people first, `weakhitl annotate --invite`")

    def doors(self) -> Doors:
        """Give the names that the server answers to."""
        if self.proxy:
            origin = origin_of(self.proxy)
            return Doors(frozenset([origin.partition("://")[2].lower()]), origin)
        names = {"localhost", "127.0.0.1", "[::1]"} if self.is_local else set()
        if not self.is_local:
            names = {self.host, socket.gethostname(), socket.getfqdn()}
        default = 443 if self.certificate else 80
        plain = names if self.port == default else set()
        return Doors(frozenset(name.lower() for name in {*(f"{name}:{self.port}" for name in names), *plain}))


def serve(workspace: Workspace, address: Address, say: Callable[[Room, Address], None]) -> None:
    """Serve a project until somebody stops it; ``say`` is told the address when it is about to begin.

    Raises ``UsageError`` for an address that is not safe, or not free.
    """
    import uvicorn

    workspace.stay_connected()
    settings: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    if address.certificate is not None:
        settings |= {"ssl_certfile": str(address.certificate), "ssl_keyfile": str(address.key)}
    # Only a proxy on this machine is believed about where a request comes from.
    settings |= {"proxy_headers": address.proxy is not None, "forwarded_allow_ips": "127.0.0.1,::1"}
    with closing(workspace.store.database):
        room = Room(workspace)
        address.check(sum(person.active for person in room.people.all()))
        with _listen(address) as listening:
            address = replace(address, port=listening.getsockname()[1])
            app = create_app(room, address.doors())
            room.desk.settle()
            room.online.warm()
            # What is there now stays: to look through it again and again would let answers wait.
            gc.collect()
            gc.freeze()
            say(room, address)
            uvicorn.Server(uvicorn.Config(app, timeout_graceful_shutdown=5, **settings)).run(sockets=[listening])


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # where it would let two servers share a port
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address.host, address.port))
    except OSError as error:
        found.close()
        raise UsageError(
            f"cannot listen on {address.host}:{address.port} ({error.strerror}); try another --port"
        ) from error
    return found
