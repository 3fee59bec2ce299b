"""What the whole server survives under load, each failure done for real.

The law: answered <= stored + failures of the journal + set aside, and stored <= answered + requests under way. A
connection that a kill cut is no failed redirect; any answer but the redirect is.
"""

import http.client
import os
import random
import re
import resource
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from affiliate.redirect.segments import segments
from affiliate.store.tables import Link, LinkChange, Programme
from tests.conftest import NOW, postgres_server
from tests.serve.conftest import Readers, Server, children_of
from tests.waiting import PATIENCE, wait_until

READERS = 6


def assert_every_answer_is_accounted_for(server: Server, readers: Readers, *, under_way: int = 0) -> None:
    assert readers.refused == []
    wait_until(lambda: server.accounted() >= readers.redirected)
    counts = (readers.redirected, server.stored(), server.set_aside(), server.failures())
    assert server.accounted() >= readers.redirected, (counts, server.log.read_text()[-3000:])
    time.sleep(0.7)  # what would be doubled would be doubled now
    assert readers.redirected <= server.accounted()
    assert server.stored() <= readers.redirected + under_way, (server.stored(), readers.redirected)


# ---- kill -9 ---------------------------------------------------------------------------------------------------------


def victims(server: Server, dice: random.Random) -> list[int]:
    """A web worker, the loader's process, both, everything below the supervisor, or the supervisor too."""
    parts, workers = server.parts, server.web_workers
    loader = [pid for pid in parts if not children_of(pid)][-1:]
    worker = dice.sample(workers, min(1, len(workers)))
    return dice.choice([worker, loader, worker + loader, parts + workers, [server.pid, *parts, *workers]])


@pytest.mark.parametrize("kills", [pytest.param(6, id="six"), pytest.param(100, marks=pytest.mark.slow, id="hundred")])
@pytest.mark.timeout(900)
def test_killed_at_random_points_the_server_loses_and_doubles_nothing(tmp_path: Path, kills: int) -> None:
    server, dice = Server(tmp_path, settings={"AFFILIATE_JOURNAL__SEGMENT_SECONDS": "2"}), random.Random()
    readers = Readers(server, threads=READERS)
    try:
        server.start()
        with readers.clicking():
            for _ in range(kills):
                time.sleep(dice.uniform(0.05, 1))
                chosen = victims(server, dice)
                for pid in chosen:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                if server.pid in chosen:
                    server.wait()
                    server.start()
            assert readers.go_on()
        assert_every_answer_is_accounted_for(server, readers, under_way=kills * READERS)
        assert server.failures() == 0
        print(
            f"{kills} kills: {readers.redirected} answered, {readers.cut} cut off, {server.stored()} stored, "
            f"{server.set_aside()} set aside, {len(readers.refused)} refused"
        )
    finally:
        server.stop()


# ---- disks -----------------------------------------------------------------------------------------------------------


def limit_files(server: Server, size: int) -> None:
    """No process of the server may make a file larger than this: what a full disk does, by the same system calls."""
    for pid in [server.pid, *children_of(server.pid)]:
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


def test_a_full_disk_under_load_costs_counted_clicks_only(tmp_path: Path) -> None:
    settings = {"AFFILIATE_JOURNAL__SEGMENT_SECONDS": "1", "AFFILIATE_JOURNAL__SEGMENT_BYTES": "1048576"}
    server = Server(tmp_path, settings=settings)
    readers = Readers(server, threads=READERS)
    try:
        server.start()
        with readers.clicking():
            assert readers.go_on()
            limit_files(server, 1 << 19)
            assert wait_until(lambda: server.failures() > 100)
            limit_files(server, resource.RLIM_INFINITY)
            time.sleep(1.5)
            lost = server.failures()
            assert readers.go_on(200)
            assert server.failures() == lost  # it is over
        assert readers.cut == 0
        assert_every_answer_is_accounted_for(server, readers)
        assert server.set_aside() == 0
        assert server.log.read_text().count("not being journalled") <= server.workers
    finally:
        server.stop()


def newest_segment(server: Server) -> Path:
    assert wait_until(lambda: bool(segments(server.journal)))
    return segments(server.journal)[-1]


def flip(path: Path) -> None:
    """Changes bytes of the last records, which the loader has not read yet, far enough apart to hit each record once."""
    with path.open("r+b") as file:
        end = len(file.read().rstrip(b"\0"))
        for offset in range(max(200, end - 4_000), end, 400):
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 0x20]))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.unlink(), id="deleted"),
        pytest.param(lambda path: os.truncate(path, 5_000), id="cut"),
        pytest.param(flip, id="flipped"),
    ],
)
def test_a_segment_damaged_under_its_writer_and_its_loader_costs_what_stood_in_it(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    server = Server(tmp_path, settings={"AFFILIATE_JOURNAL__SEGMENT_SECONDS": "2"})
    readers = Readers(server, threads=READERS)
    try:
        server.start()
        with readers.clicking():
            assert readers.go_on()
            loaded = server.stored()
            for _ in range(3):
                damage(newest_segment(server))
                time.sleep(1)
            time.sleep(2.5)  # every segment that was hit has been followed by another
            hit = readers.redirected
            assert readers.go_on(300)
        assert readers.refused == []
        safe = readers.redirected if damage is flip else loaded + readers.redirected - hit
        assert wait_until(lambda: server.accounted() >= safe), (server.accounted(), safe)
        assert wait_until(lambda: not segments(server.journal))
        assert server.stored() <= readers.redirected + 3 * READERS
        if damage is flip:
            assert server.set_aside() > 0
    finally:
        server.stop()


# ---- databases -------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_postgres(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A PostgreSQL server that may be stopped: nobody else's."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR") or tempfile.mkdtemp())
    server = postgres_server(Path(tempfile.mkdtemp(prefix="affiliate-postgres-")))
    yield server
    for pid in children_of(server.get_pid() or 0):
        os.kill(pid, signal.SIGCONT)
    server.cleanup()


@pytest.fixture
def on_postgres(own_postgres: Any, tmp_path: Path) -> Iterator[Server]:
    url = own_postgres.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server = Server(tmp_path, url=url)
    yield server
    server.stop()


def test_postgresql_stopped_and_started_under_load_delays_clicks_and_nothing_else(
    on_postgres: Server, own_postgres: Any
) -> None:
    server, readers = on_postgres, Readers(on_postgres, threads=READERS)
    server.start()
    with readers.clicking():
        assert wait_until(lambda: server.stored() > 50)
        own_postgres.stop()
        assert readers.go_on(300)
        own_postgres.ensure_postgres_running()
        loaded = server.stored()
        assert wait_until(lambda: server.stored() > loaded)
    assert readers.cut == 0
    assert_every_answer_is_accounted_for(server, readers)
    assert (server.failures(), server.set_aside()) == (0, 0)


def freeze(pid: int, number: signal.Signals) -> None:
    for each in [pid, *children_of(pid)]:
        with suppress(ProcessLookupError):
            os.kill(each, number)


def test_a_postgresql_that_hangs_holds_up_the_loader_and_nobody_else(on_postgres: Server, own_postgres: Any) -> None:
    server, readers = on_postgres, Readers(on_postgres, threads=READERS)
    server.start()
    with readers.clicking():
        assert wait_until(lambda: server.stored() > 50)
        freeze(own_postgres.get_pid(), signal.SIGSTOP)
        try:
            assert readers.go_on(500)
        finally:
            freeze(own_postgres.get_pid(), signal.SIGCONT)
    assert readers.cut == 0
    assert_every_answer_is_accounted_for(server, readers)


def test_pages_that_wait_for_a_database_that_hangs_leave_threads_to_the_redirect(
    on_postgres: Server, own_postgres: Any
) -> None:
    server = on_postgres
    server.start()
    freeze(own_postgres.get_pid(), signal.SIGSTOP)
    stop = threading.Event()

    def ask_for_pages() -> None:
        while not stop.is_set():
            with suppress(OSError, http.client.HTTPException):
                server.ask("/readyz")

    people = [threading.Thread(target=ask_for_pages, daemon=True) for _ in range(40)]  # more than there are threads
    for person in people:
        person.start()
    try:
        time.sleep(1)
        assert {server.ask(path)[0] for path in server.paths} == {302}
        assert server.healthy()
    finally:
        freeze(own_postgres.get_pid(), signal.SIGCONT)
        stop.set()
        for person in people:
            person.join()
    assert wait_until(lambda: server.ask("/readyz")[0] == 200)
    assert wait_until(lambda: server.stored() == len(server.paths))


def test_sqlite_locked_moved_away_and_back_under_load_delays_clicks_and_nothing_else(server: Server) -> None:
    readers = Readers(server, threads=READERS)
    database, hidden = server.data / "affiliate.db", server.data / "hidden"
    hidden.mkdir()
    server.start()
    with readers.clicking():
        assert wait_until(lambda: server.stored() > 50)
        holder = sqlite3.connect(database, isolation_level=None, timeout=PATIENCE)
        holder.execute("BEGIN EXCLUSIVE")
        assert readers.go_on(300)
        holder.execute("ROLLBACK")
        holder.close()
        moved = [path.rename(hidden / path.name) for path in sorted(server.data.glob("affiliate.db*"))]
        database.mkdir()  # what stands there is no database and cannot become one
        assert readers.go_on(300)
        database.rmdir()
        for path in moved:
            path.rename(server.data / path.name)
        assert readers.go_on()
    assert readers.cut == 0
    assert_every_answer_is_accounted_for(server, readers)


# ---- clocks and edits ------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_under_load_costs_and_doubles_no_click(tmp_path: Path) -> None:
    server = Server(tmp_path, settings={"AFFILIATE_JOURNAL__SEGMENT_SECONDS": "1"}, stepped=True)
    readers = Readers(server, threads=READERS)
    try:
        server.start()
        with readers.clicking():
            for hours in (-1, -26, 26, 49, 0, -0.001):
                server.step_clock(hours * 3600)
                assert readers.go_on(150)
        assert readers.cut == 0
        assert_every_answer_is_accounted_for(server, readers)
        assert (server.failures(), server.set_aside()) == (0, 0)
        assert wait_until(lambda: len(segments(server.journal)) == 0)
    finally:
        server.stop()


def edit(server: Server, paths: range, versions: int) -> None:
    """Edits each link of a range again and again. Its target says its version twice, at both ends, behind the sub-id; the
    programme, which goes by turns, stands before it."""
    store = server.store
    with store.reading() as session:
        programmes = session.scalars(select(Programme.id).order_by(Programme.id)).all()
    for version in range(1, versions + 1):
        for number in paths:
            with store.transaction() as session:
                link = session.query(Link).filter_by(name=f"Link {number}").one()
                link.target_url = f"https://shop.example/version={version}/{'x' * (version % 40)}?end={version}"
                link.programme_id = programmes[(version + 1) % 2]
                session.add(LinkChange(link_id=link.id, changed_at=NOW))
    store.close()


def is_whole(location: str) -> bool:
    """Whether all parts of a Location are of one version: the unedited and the odd ones of the first programme, the even
    ones of the second."""
    found = re.fullmatch(r".*awinmid=([12])&.*clickref=a\w{11}&.*shop\.example%2F(.*)", location)
    if found is None:
        return False
    if re.fullmatch(r"p%2F\d+", found[2]):
        return found[1] == "1"
    version = re.fullmatch(r"version%3D(\d+)%2Fx*%3Fend%3D(\d+)", found[2])
    return version is not None and version[1] == version[2] and int(found[1]) == 2 - int(version[1]) % 2


def test_links_edited_while_redirects_run_are_old_or_new_and_never_both(server: Server) -> None:
    server.start()
    assert is_whole(server.ask("/go/dress-0")[1])
    seen: set[str] = set()
    wrong: list[tuple[int, str]] = []
    stop = threading.Event()

    def follow(seed: int) -> None:
        dice = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        while not stop.is_set():
            connection.request("GET", f"/go/dress-{dice.randrange(8)}", headers={"User-Agent": f"Mozilla/5.0 {seed}"})
            answer = connection.getresponse()
            answer.read()
            location = answer.headers.get("Location", "")
            seen.add(location)
            if answer.status != 302 or not is_whole(location):
                wrong.append((answer.status, location))
        connection.close()

    followers = [threading.Thread(target=follow, args=(seed,), daemon=True) for seed in range(READERS)]
    editors = [
        threading.Thread(target=edit, args=(server, range(start, start + 4), 30), daemon=True) for start in (0, 4)
    ]
    for thread in (*followers, *editors):
        thread.start()
    for thread in editors:
        thread.join()
    assert wait_until(lambda: all("end%3D30" in server.ask(f"/go/dress-{number}")[1] for number in range(8)))
    stop.set()
    for thread in followers:
        thread.join()
    assert wrong == []
    assert len(seen) > 16  # two versions of each link at least: it was edited under their eyes
