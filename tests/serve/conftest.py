"""The real server as a process tree of its own, and readers who click for real."""

import contextlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from affiliate.clicks.count import count
from affiliate.ids import new_placement_token
from affiliate.links.publish import Publisher
from affiliate.links.slugs import PREFIX
from affiliate.redirect.counters import journal_failures
from affiliate.redirect.table import LinkTable
from affiliate.store import Store, migrations
from affiliate.store.tables import JournalSegment, Link, LinkChange, LinkPath, Placement, Site
from tests.clicks.conftest import furnish
from tests.conftest import NOW
from tests.waiting import PATIENCE, wait_until

TOP = Path(__file__).parents[2]
SLUGS = 200
START = "import sys; from affiliate.settings import load_settings; from affiliate.serve import serve_until_told_otherwise as s; s(load_settings(), port=int(sys.argv[1]), workers=int(sys.argv[2]))"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(pid: int) -> list[int]:
    """Every descendant of a process, from /proc."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                parents[int(status.parent.name)] = int(fields[1])
    found = [pid]
    for known in found:
        found.extend(child for child, parent in parents.items() if parent == known)
    return found[1:]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Server:
    """`affiliate serve` in a data folder with 200 links, on SQLite there or on the database of a URL. `settings` are
    environment variables. With a clock that can be stepped the server's time is ours."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 2,
        url: str = "",
        settings: Mapping[str, str] | None = None,
        stepped: bool = False,
        paths: Sequence[str] = (),
    ) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.url = url or f"sqlite:///{self.data / 'affiliate.db'}"
        self.port = free_port()
        self.workers = workers
        self.clock = folder / "clock"
        self.environment = {"AFFILIATE_DATA_DIR": str(self.data), **(settings or {})}
        if url:
            self.environment["AFFILIATE_DATABASE__URL"] = url
        if stepped:
            self.environment["STEPPED_CLOCK"] = str(self.clock)
            self.step_clock(0)
        self.paths = list(paths) or self._furnish()
        self.log = folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> Store:
        return Store(self.url)

    @property
    def journal(self) -> Path:
        return self.data / "journal"

    def step_clock(self, seconds: float) -> None:
        """From now on the server's clock is so many seconds ahead of ours."""
        draft = self.clock.with_name("clock.draft")
        draft.write_text(repr(seconds))
        draft.replace(self.clock)

    def _furnish(self) -> list[str]:
        store = self.store
        migrations.upgrade(store)
        room = furnish(store)
        paths = []
        with store.transaction() as session:
            first = session.get_one(Link, room.links[0])
            site = session.scalars(select(Site)).one()
            for number in range(SLUGS):
                link = Link(
                    site_id=site.id,
                    product_id=first.product_id,
                    programme_id=first.programme_id,
                    name=f"Link {number}",
                    target_url=f"https://shop.example/p/{number}",
                    target_key=f"shop.example/p/{number}",
                    created_at=NOW,
                    updated_at=NOW,
                )
                session.add(link)
                session.flush()
                slug = f"dress-{number}"
                session.add(LinkPath(site_id=site.id, link_id=link.id, path=PREFIX + slug, slug=slug, created_at=NOW))
                session.add(Placement(token=new_placement_token(), link_id=link.id, is_default=True, created_at=NOW))
                session.add(LinkChange(link_id=link.id, changed_at=NOW))
                paths.append(PREFIX + slug)
        Publisher(store, LinkTable(self.data / "links")).rebuild()
        store.close()
        return paths

    def start(self) -> None:
        start = ["-m", "tests.serve.stepping"] if "STEPPED_CLOCK" in self.environment else ["-c", START]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *start, str(self.port), str(self.workers)],
                env={**os.environ, **self.environment},
                cwd=TOP,
                stdout=log,
                stderr=log,
            )
        started = self.process
        assert wait_until(lambda: started.poll() is not None or self.healthy()), self.log.read_text()
        assert started.poll() is None, self.log.read_text()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def parts(self) -> list[int]:
        """The processes below the supervisor: web and background."""
        below = children_of(self.pid)
        grandchildren = {pid for child in below for pid in children_of(child)}
        return [child for child in below if child not in grandchildren]

    @property
    def web_workers(self) -> list[int]:
        return [pid for pid in children_of(self.pid) if pid not in self.parts]

    def healthy(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask("/healthz")[0] == 200
        return False

    def ask(self, path: str, method: str = "GET") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Location", "")
        finally:
            connection.close()

    def kill_all(self) -> None:
        """kill -9 of the whole tree at one moment."""
        for pid in [self.pid, *children_of(self.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> None:
        """Until the supervisor has ended."""
        assert self.process is not None
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill_all()

    def stored(self) -> int:
        """Clicks in the store, by the roll-up."""
        store = self.store
        with store.reading() as session:
            raw = count(session).raw
        store.close()
        return raw

    def set_aside(self) -> int:
        store = self.store
        with store.reading() as session:
            found = session.scalar(select(func.sum(JournalSegment.set_aside))) or 0
        store.close()
        return int(found)

    def failures(self) -> int:
        return journal_failures(self.journal)

    def accounted(self) -> int:
        """Clicks that are stored, set aside or counted as not journalled: never fewer than were answered."""
        return self.stored() + self.set_aside() + self.failures()


@dataclass
class Readers:
    """Threads that click random links over kept-alive connections, and count what they were told."""

    server: Server
    threads: int = 8
    redirected: int = 0
    refused: list[int] = field(default_factory=list)
    cut: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._running: list[threading.Thread] = []

    @contextlib.contextmanager
    def clicking(self) -> Iterator[None]:
        self._running = [threading.Thread(target=self._click, args=(number,)) for number in range(self.threads)]
        for thread in self._running:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._running:
                thread.join()

    def go_on(self, clicks: int = 50) -> bool:
        """Whether so many more redirects are answered, however long that takes."""
        before = self.redirected
        return wait_until(lambda: self.redirected >= before + clicks)

    def _click(self, number: int) -> None:
        dice = random.Random(number)
        headers = {"User-Agent": f"Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/140.0"}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        while not self._stop.is_set():
            try:
                connection.request("GET", dice.choice(self.server.paths), headers=headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                with self._lock:
                    self.cut += 1
                time.sleep(0.02)
                continue
            with self._lock:
                if answer.status == 302:
                    self.redirected += 1
                else:
                    self.refused.append(answer.status)
        connection.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.stop()
