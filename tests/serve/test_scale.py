"""Redirects over very many links, while editors work through the real API and rebuilt tables take over."""

import contextlib
import http.client
import json
import multiprocessing
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import insert

from affiliate.ids import new_placement_token
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.publish import Publisher
from affiliate.links.sites import add_entity, add_site
from affiliate.redirect.table import LinkTable
from affiliate.store import Store, migrations
from affiliate.store.tables import Link, LinkPath, Placement, Product
from affiliate.web.accounts import add_token
from tests.conftest import NOW
from tests.serve.conftest import Server
from tests.waiting import PATIENCE, wait_until

EDITORS = 16
READERS = 4
LATE = 10.0  # seconds; a bound against hanging, the promise is one second

_LOCATION = re.compile(r"https://www\.awin1\.com/cread\.php\?.*ued=https%3A%2F%2Fshop\.example%2F(\d+)%2F(\d+)$")


@dataclass
class Stand:
    """A server with many links, and what is known of their versions: a link's target ends in its number and version."""

    server: Server
    token: str
    links: int
    versions: list[list[tuple[float, float]]] = field(default_factory=list)  # when asked for, when confirmed

    @property
    def table(self) -> LinkTable:
        return LinkTable(self.server.data / "links")

    def rebuild(self) -> None:
        store = self.server.store
        Publisher(store, self.table).rebuild()
        store.close()

    def patch(self, connection: http.client.HTTPConnection, number: int, change: dict[str, str]) -> None:
        """Until it is stored: sixteen editors on one SQLite may be told to try again."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        status, body = 503, b""
        while status == 503:
            connection.request("PATCH", f"/api/v1/links/link-{number}", json.dumps(change), headers)
            answer = connection.getresponse()
            status, body = answer.status, answer.read()
        assert status == 200, body

    def location(self, path: str) -> str:
        return self.server.ask(path)[1]


def fill(store: Store, links: int) -> str:
    """The links `/go/link-<number>`, and an API token."""
    migrations.upgrade(store)
    with store.transaction() as session:
        add_entity(session, key="main", name="Main Ltd", base_currency="GBP")
        site = add_site(session, key="mag", name="Mag", hosts=["mag.example"], now=NOW).id
        add_account(session, "awin", "99000001", now=NOW)
        programme = add_programme(
            session, network="awin", advertiser_ref="88001", name="Shop", hosts=["shop.example"], now=NOW
        )
        of, advertiser = programme.id, programme.advertiser_id
        token = add_token(session, name="Editors", scopes=["links:write", "links:read"], now=NOW).text
    for first in range(0, links, 10_000):
        numbers = range(first, min(first + 10_000, links))
        with store.transaction() as session:
            for table, row in ROWS.items():
                rows = [row(number, site, of, advertiser) | {"created_at": NOW} for number in numbers]
                session.execute(insert(table), rows)
    return token


ROWS: dict[type, Callable[[int, int, int, int], dict[str, object]]] = {
    Product: lambda number, _site, _programme, advertiser: {
        "id": number + 1,
        "advertiser_id": advertiser,
        "target_url": "https://shop.example/",
    },
    Link: lambda number, site, programme, _advertiser: {
        "id": number + 1,
        "site_id": site,
        "product_id": number + 1,
        "programme_id": programme,
        "name": f"Link {number}",
        "target_url": f"https://shop.example/{number}/0",
        "target_key": f"shop.example/{number}/0",
        "updated_at": NOW,
    },
    LinkPath: lambda number, site, _programme, _advertiser: {
        "site_id": site,
        "link_id": number + 1,
        "path": f"/go/link-{number}",
        "slug": f"link-{number}",
    },
    Placement: lambda number, *_: {
        "token": new_placement_token(),
        "link_id": number + 1,
        "kind": "bare",
        "is_default": True,
    },
}


@contextlib.contextmanager
def standing(folder: Path, links: int) -> Iterator[Stand]:
    data = folder / "data"
    data.mkdir()
    store = Store(f"sqlite:///{data / 'affiliate.db'}")
    token = fill(store, links)
    Publisher(store, LinkTable(data / "links")).rebuild()
    store.close()
    server = Server(folder, paths=[f"/go/link-{number}" for number in range(links)])
    server.start()
    try:
        yield Stand(server, token, links, [[(0.0, 0.0)] for _ in range(links)])
    finally:
        server.stop()


@dataclass
class Crowd:
    """Editors and readers at once. Every answer must be what its path had at some moment of the request, or in the
    `LATE` seconds before."""

    stand: Stand
    read: int = 0
    edited: int = 0
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        workers = [threading.Thread(target=self._work, args=(self._edit, number)) for number in range(EDITORS)]
        workers += [threading.Thread(target=self._work, args=(self._read, number)) for number in range(READERS)]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            self._stop.set()
            for worker in workers:
                worker.join()

    def _work(self, once: Callable[[http.client.HTTPConnection, random.Random, int], None], number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.stand.server.port, timeout=PATIENCE)
        dice = random.Random(number)
        try:
            while not self._stop.is_set():
                once(connection, dice, number)
        except Exception as problem:  # noqa: BLE001 - a thread has nobody to raise to
            self.failed.append(repr(problem))
        finally:
            connection.close()

    def _edit(self, connection: http.client.HTTPConnection, dice: random.Random, editor: int) -> None:
        number = self._some_link(dice) // EDITORS * EDITORS + editor  # a link has one editor
        if number >= self.stand.links:
            return
        versions = self.stand.versions[number]
        versions.append((time.monotonic(), float("inf")))
        self.stand.patch(connection, number, {"url": f"https://shop.example/{number}/{len(versions) - 1}"})
        versions[-1] = (versions[-1][0], time.monotonic())
        with self._lock:
            self.edited += 1

    def _read(self, connection: http.client.HTTPConnection, dice: random.Random, _reader: int) -> None:
        number = self._some_link(dice)
        before = time.monotonic()
        connection.request("GET", f"/go/link-{number}", headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"})
        answer = connection.getresponse()
        answer.read()
        found = _LOCATION.match(answer.headers.get("Location", ""))
        if not (
            answer.status == 302 and found and int(found[1]) == number and self._was_so(number, int(found[2]), before)
        ):
            self.wrong.append(
                f"{number}: {answer.status} {answer.headers.get('Location')} {self.stand.versions[number]}"
            )
        with self._lock:
            self.read += 1

    def _was_so(self, number: int, version: int, before: float) -> bool:
        versions = self.stand.versions[number]
        if version >= len(versions):
            return False
        replaced = versions[version + 1][1] if version + 1 < len(versions) else float("inf")
        return replaced > before - LATE

    def _some_link(self, dice: random.Random) -> int:
        """Every second one of a few, so that reading and editing meet."""
        return dice.randrange(64) if dice.random() < 0.5 else dice.randrange(self.stand.links)


def check(stand: Stand, *, rebuilds: int) -> None:
    before = (stand.server.data / "links" / "links.mdb").resolve()
    crowd = Crowd(stand)
    with crowd.at_work():
        for _ in range(rebuilds):
            stand.rebuild()
        assert wait_until(lambda: (crowd.read > 500 and crowd.edited > 50) or bool(crowd.failed))
    assert (crowd.failed, crowd.wrong) == ([], [])
    assert (stand.server.data / "links" / "links.mdb").resolve() != before
    edited = [number for number, versions in enumerate(stand.versions) if len(versions) > 1]
    newest = {number: f"%2F{number}%2F{len(stand.versions[number]) - 1}" for number in edited}
    time.sleep(0.2)
    for _ in range(4):  # both workers
        assert [number for number in edited if not stand.location(f"/go/link-{number}").endswith(newest[number])] == []


def test_no_answer_is_mixed_or_stale_while_editors_work_and_rebuilt_tables_take_over(tmp_path: Path) -> None:
    with standing(tmp_path, 20_000) as stand:
        check(stand, rebuilds=2)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_million_links_are_rebuilt_while_editors_work(tmp_path: Path) -> None:
    with standing(tmp_path, 1_000_000) as stand:
        check(stand, rebuilds=1)


def test_whatever_an_editor_does_is_live_on_every_worker(tmp_path: Path) -> None:
    with standing(tmp_path, 100) as stand:
        connection = http.client.HTTPConnection("127.0.0.1", stand.server.port, timeout=PATIENCE)

        def everywhere(path: str, location: str) -> bool:
            return wait_until(lambda: all(stand.location(path) == location for _ in range(8)))

        stand.patch(connection, 1, {"status": "retired"})
        assert everywhere("/go/link-1", "https://shop.example/1/0")
        tracked = stand.location("/go/link-2")
        assert "awin1.com" in tracked
        stand.patch(connection, 2, {"slug": "another-name"})
        assert everywhere("/go/another-name", tracked)
        assert everywhere("/go/link-2", tracked)
        stand.patch(connection, 3, {"mode": "untouched"})
        assert everywhere("/go/link-3", "https://shop.example/3/0")
        stand.patch(connection, 1, {"status": "live"})
        assert wait_until(lambda: all("awin1.com" in stand.location("/go/link-1") for _ in range(8)))
        connection.close()


def _rebuild_for_ever(data: Path) -> None:
    store = Store(f"sqlite:///{data / 'affiliate.db'}")
    while True:
        Publisher(store, LinkTable(data / "links")).rebuild()


def test_a_rebuild_that_is_killed_is_noticed_by_no_reader(tmp_path: Path) -> None:
    with standing(tmp_path, 5_000) as stand:
        crowd = Crowd(stand)
        with crowd.at_work():
            for _ in range(5):
                rebuilder = multiprocessing.get_context("spawn").Process(
                    target=_rebuild_for_ever, args=(stand.server.data,)
                )
                rebuilder.start()
                time.sleep(random.uniform(0.5, 2.5))
                rebuilder.kill()
                rebuilder.join()
        assert (crowd.failed, crowd.wrong) == ([], [])
        stand.table.tidy()
        assert len(list((stand.server.data / "links").glob("links-*.mdb"))) == 1
