"""Measure the annotation server under load, after kills, and with many items, and check that nothing went wrong.

Fifty annotators are real HTTP clients that send what the page's script sends: a rating, for which they get the next
item. With a pace of a second an item each (several times quicker than people), and without any pause. PostgreSQL takes
part where WEAKHITL_POSTGRES names a server (see scripts/with_postgres), with two server processes.

    scripts/with_postgres python benchmarks/annotation.py [--seconds 60] [--kills 20] [--out annotation.json]
"""

import argparse
import asyncio
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import numpy as np
import pandas as pd

from weakhitl.annotation import Desk, People, Person, Rules
from weakhitl.annotation.queue import BACK
from weakhitl.annotation.store import AnnotationStore, tables
from weakhitl.pipeline.workspace import Workspace
from weakhitl.routing import Batch
from weakhitl.schema import LabelSchema

CLIENTS = 50
OVERLAP = 3
CONFIG = """\
[project]
name = "load"
[labels]
classes = ["a", "b", "c"]
skip = ["?"]
[data]
path = "items.csv"
[labeling]
functions = ["functions.py"]
[routing]
overlap = 3
[annotation]
store = "{store}"
"""


def main() -> None:
    """Measure everything, print tables and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--millions", type=float, default=1.0)
    parser.add_argument("--only", choices=["load", "kills", "items"])
    parser.add_argument("--out", type=Path, default=Path("annotation.json"))
    arguments = parser.parse_args()
    found: dict[str, Any] = {"seconds": arguments.seconds}
    if arguments.only in (None, "load"):
        found["load"] = list(loads(arguments.seconds))
    if arguments.only in (None, "kills"):
        found["kills"] = kills(arguments.kills)
    if arguments.only in (None, "items"):
        found["items"] = list(many_items(int(arguments.millions * 1e6)))
    arguments.out.write_text(json.dumps(found, indent=2))


# Load -------------------------------------------------------------------------------------------------------------


def loads(seconds: float) -> Any:
    """Put each kind of store under load, paced and as fast as it goes."""
    print(f"{'store and pace':<44}{'ratings':>9}{'per s':>8}{'median ms':>11}{'p99 ms':>8}{'worst':>8}{'wrong':>7}")
    stores = ["sqlite"] + (["postgresql"] if "WEAKHITL_POSTGRES" in os.environ else [])
    for kind in stores:
        for pace in (1.0, 0.0):
            with tempfile.TemporaryDirectory() as folder:
                site = Site(Path(folder), kind, servers=1 if kind == "sqlite" else 2)
                site.start()
                try:
                    clients = asyncio.run(run_clients(site, seconds, pace))
                finally:
                    site.stop()
                wrong = site.faults(clients)
            times = np.array([one for client in clients for one in client.times]) * 1000
            row = {
                "work": f"{kind}, {len(site.ports)} server{'s' if len(site.ports) > 1 else ''}, "
                + ("one item a second each" if pace else "no pause"),
                "ratings": len(times),
                "per_second": len(times) / seconds,
                "median": float(np.median(times)),
                "p99": float(np.percentile(times, 99)),
                "worst": float(times.max()),
                "wrong": wrong,
            }
            print(
                f"{row['work']:<44}{row['ratings']:>9,}{row['per_second']:>8.0f}{row['median']:>11.1f}{row['p99']:>8.1f}"
                f"{row['worst']:>8.0f}{len(wrong):>7}",
                flush=True,
            )
            for one in wrong:
                print(f"  WRONG: {one}")
            yield row


class Site:
    """A project, and the servers that serve it."""

    def __init__(self, folder: Path, kind: str, servers: int, items: int = 60_000) -> None:
        self.folder = folder
        self.ports = [_free_port() for _ in range(servers)]
        self.processes: list[subprocess.Popen[bytes]] = []
        store = "annotations.db"
        if kind == "postgresql":
            import psycopg

            name = f"load_{uuid4().hex}"
            with psycopg.connect(os.environ["WEAKHITL_POSTGRES"], autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            store = f"{os.environ['WEAKHITL_POSTGRES'].rpartition('/')[0]}/{name}"
        ids = [f"i{n}" for n in range(items)]
        pd.DataFrame({"item": ids, "text": [f"text of item {n}" for n in range(items)]}).to_csv(
            folder / "items.csv", index=False
        )
        (folder / "functions.py").write_text("")
        (folder / "weakhitl.toml").write_text(CONFIG.format(store=store))
        workspace = Workspace.open(folder)
        workspace.store.add_batch(routed(ids))
        people = People(workspace.store)
        self.tokens = [people.invite(f"person {n}") for n in range(CLIENTS)]

    def start(self) -> None:
        """Start the servers and wait until they answer."""
        for port in self.ports:
            command = [sys.executable, "-m", "weakhitl", "annotate", "--port", str(port), "--project", str(self.folder)]
            log = (self.folder / f"server-{port}.log").open("ab")
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))
        for port in self.ports:
            asyncio.run(_answers(port))

    def kill(self) -> None:
        """Stop the servers as a power cut does."""
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.processes.clear()

    def stop(self) -> None:
        """Stop the servers as Ctrl-C does."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)
        self.processes.clear()

    def faults(self, clients: "list[Client]") -> list[str]:
        """Say what went wrong: errors, items over their overlap, ratings that are lost or there twice."""
        store = Workspace.open(self.folder).store
        found = [f"{client.name}: {error}" for client in clients for error in client.errors]
        ratings = store.ratings()
        counts = Counter(ratings["item"])
        found += [f"{item} has {times} ratings" for item, times in counts.items() if times > OVERLAP]
        keys = Counter(zip(ratings["item"], ratings["annotator"], strict=True))
        found += [f"{key} is there {times} times" for key, times in keys.items() if times > 1]
        events = Counter(event.id for event in store.events(kind="rating"))
        found += [f"event {one} is there {times} times" for one, times in events.items() if times > 1]
        lost = [one for client in clients for one in client.acknowledged if one not in events]
        found += [f"{one} was acknowledged, and is lost" for one in lost]
        logs = "".join(log.read_text() for log in self.folder.glob("server-*.log"))
        found += ["a server logged an error"] if "Traceback" in logs else []
        return [*found, *store.faults()][:20]


def routed(ids: list[str]) -> Batch:
    """One batch of all these items."""
    table = pd.DataFrame({"item": ids, "reason": "audit", "probability": 1.0, "rank": range(1, len(ids) + 1)})
    return Batch("routing", 0, OVERLAP, len(ids), table)


@dataclass
class Client:
    """An annotator's browser: one connection, kept open."""

    name: str
    port: int
    token: str
    retries: bool = False
    times: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cookie: str = ""
    _streams: Any = None

    async def request(self, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], str]:
        """Send a request and give status, headers and text."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX-Fragment: 1\r\nCookie: {self.cookie}\r\n"
        data = body.encode()
        if data:
            head += "Content-Type: application/x-www-form-urlencoded\r\n"
            head += f"Origin: http://127.0.0.1:{self.port}\r\nContent-Length: {len(data)}\r\n"
        writer.write(head.encode() + b"\r\n" + data)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        text = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        return int(lines[0].split()[1]), headers, text

    def drop(self) -> None:
        """Forget a connection that broke."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    async def work(self, until: float, pace: float) -> None:
        """Rate until the time is over."""
        page = await self._come_in()
        await asyncio.sleep(random.random() * pace)
        while time.monotonic() < until:
            fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
            if "item" not in fields:
                self.errors.append("there was no item left")
                return
            fields |= {"label": random.choice("abc"), "seconds": "1"}
            begun = time.monotonic()
            status, page = await self._send(fields, until)
            self.times.append(time.monotonic() - begun)
            if status == 200:
                self.acknowledged.append(fields["id"])
            elif status:
                self.errors.append(f"{status}: {page[:200]}")
                page = (await self.request("GET", "/rate"))[2]
            await asyncio.sleep(max(0.0, pace - (time.monotonic() - begun)))
        self.drop()

    async def _come_in(self) -> str:
        _, headers, _ = await self.request("GET", f"/join/{self.token}")
        self.cookie = headers["set-cookie"].partition(";")[0]
        return (await self.request("GET", "/rate"))[2]

    async def _send(self, fields: dict[str, str], until: float) -> tuple[int, str]:
        while True:
            try:
                status, _, text = await self.request("POST", "/page/rate", urlencode(fields))
            except (OSError, asyncio.IncompleteReadError) as error:
                self.drop()
                if not self.retries:
                    self.errors.append(repr(error))
                    return 0, ""
                if time.monotonic() > until + 30:
                    return 0, ""
                await asyncio.sleep(0.05)
            else:
                return status, text


async def run_clients(site: Site, seconds: float, pace: float) -> list[Client]:
    """Let all annotators work at once."""
    until = time.monotonic() + seconds
    clients = [Client(f"person {n}", site.ports[n % len(site.ports)], token) for n, token in enumerate(site.tokens)]
    await asyncio.gather(*(client.work(until, pace) for client in clients))
    return clients


# Kills ------------------------------------------------------------------------------------------------------------


def kills(times: int) -> dict[str, Any]:
    """Kill the server at random moments under load; every rating that was acknowledged has to be there."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), "sqlite", servers=1)
        site.start()
        try:
            clients = asyncio.run(_killed(site, times))
        finally:
            site.stop()
        wrong = site.faults(clients)
    done = sum(len(client.acknowledged) for client in clients)
    print(f"\nkilled {times} times under load: {done:,} ratings acknowledged, {len(wrong)} faults")
    for one in wrong:
        print(f"  WRONG: {one}")
    return {"kills": times, "acknowledged": done, "wrong": wrong}


async def _killed(site: Site, times: int) -> list[Client]:
    clients = [Client(f"person {n}", site.ports[0], token, retries=True) for n, token in enumerate(site.tokens)]
    until = time.monotonic() + 5 * times
    working = [asyncio.create_task(client.work(until, 0.05)) for client in clients]
    await asyncio.sleep(1)
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.3, 2.0))
        await asyncio.to_thread(site.kill)
        await asyncio.to_thread(site.start)
    for client in clients:
        client.retries = True
    await asyncio.gather(*working)
    return clients


# Many items -------------------------------------------------------------------------------------------------------


def many_items(number: int) -> Any:
    """Ask for the next item among many, as somebody new and as somebody who has rated a hundred thousand."""
    print(f"\n{'next item, of ' + format(number, ','):<64}{'median ms':>10}{'worst':>8}")
    with tempfile.TemporaryDirectory() as folder:
        store = AnnotationStore(Path(folder) / "annotations.db", keep=True)
        ids = [f"i{n}" for n in range(number)]
        store.add_batch(routed(ids))
        had = min(100_000, number // 2)
        for start in range(0, had, 20_000):
            part = pd.DataFrame({"item": ids[start : start + 20_000], "annotator": "old", "label": "a"})
            store.add_ratings(part, "annotator")
        rules = Rules(LabelSchema(["a", "b", "c"]))
        desk = Desk(store, rules)
        begun = time.monotonic()
        desk.settle(ids[:had])
        print(f"{'counting ' + format(had, ',') + ' items again':<64}{1000 * (time.monotonic() - begun):>10.0f}")
        for name, who in (("somebody new", "new"), (f"somebody who has rated {had:,}", "old")):
            times, first = [], 0.0
            for round_ in range(200):
                begun = time.monotonic()
                given = desk.next(Person(who))
                times.append(1000 * (time.monotonic() - begun))
                if round_ == 0:
                    first = times[0]
                from weakhitl.annotation import Answer

                desk.submit(Person(who), Answer(given.item, "a", uuid4().hex))  # type: ignore[union-attr]
            row = {"who": name, "median": statistics.median(times), "worst": max(times), "first": first}
            print(f"{name:<64}{row['median']:>10.1f}{row['worst']:>8.1f}", flush=True)
            yield row
        with store.database.read() as connection:
            back = connection.execute(tables.task.select().where(tables.task.c.lane == BACK).limit(5)).all()
        print(f"items that came back: {len(back)} or more" if back else "no item came back")
        store.database.close()


async def _answers(port: int) -> None:
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return
    raise SystemExit("the server does not answer")


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    main()
