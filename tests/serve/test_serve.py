import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from affiliate.redirect.segments import read_segment, segments
from affiliate.store.tables import Link, LinkChange
from tests.conftest import NOW
from tests.serve.conftest import START, Readers, Server, children_of, is_alive
from tests.waiting import PATIENCE, wait_until

LONG = pytest.mark.slow


@pytest.mark.parametrize("seconds", [pytest.param(4, id="short"), pytest.param(30, marks=LONG, id="long")])
def test_clicks_in_the_store_equal_the_redirects_that_were_answered(server: Server, seconds: int) -> None:
    server.start()
    readers = Readers(server)
    with readers.clicking():
        time.sleep(seconds)
        assert wait_until(lambda: readers.redirected > 500)
        assert wait_until(lambda: server.stored() > 0)  # the loader runs beside
    assert (readers.refused, readers.cut) == ([], 0)
    assert wait_until(lambda: server.stored() == readers.redirected), (server.stored(), readers.redirected)
    time.sleep(0.7)
    assert server.stored() == readers.redirected
    assert (server.failures(), server.set_aside()) == (0, 0)


@pytest.mark.parametrize("kills", [pytest.param(2, id="short"), pytest.param(20, marks=LONG, id="long")])
def test_a_server_killed_in_the_middle_loses_and_doubles_nothing(server: Server, kills: int) -> None:
    readers = Readers(server)
    for _ in range(kills):
        server.start()
        readers = Readers(server, redirected=readers.redirected, refused=readers.refused, cut=readers.cut)
        with readers.clicking():
            assert readers.go_on(100)
            server.kill_all()
    server.start()
    answered, in_flight = readers.redirected, kills * readers.threads
    assert wait_until(lambda: server.stored() >= answered - server.failures() - server.set_aside())
    time.sleep(1.5)
    assert readers.refused == []
    assert answered <= server.stored() + server.failures() + server.set_aside()
    assert server.stored() <= answered + in_flight


def test_a_killed_worker_is_back_within_a_second_and_no_redirect_fails(server: Server) -> None:
    server.start()
    readers = Readers(server)
    with readers.clicking():
        for _ in range(3):
            time.sleep(0.5)
            kill_a_worker(server)
    assert readers.refused == []
    assert wait_until(lambda: server.accounted() >= readers.redirected)
    server.stop()
    assert readers.redirected <= server.stored() <= readers.redirected + 3 * readers.threads


@pytest.mark.parametrize("which", [0, 1], ids=["web", "background"])
def test_a_killed_part_is_started_again(server: Server, which: int) -> None:
    server.start()
    time.sleep(2.1)  # a part that dies at once is started again after a pause
    victim = server.parts[which]
    os.kill(victim, signal.SIGKILL)
    assert wait_until(lambda: len(server.parts) == 2 and not is_alive(victim))
    assert wait_until(server.healthy)
    assert server.ask(server.paths[0])[0] == 302
    assert wait_until(lambda: server.stored() == 1)


def kill_a_worker(server: Server) -> None:
    web = children_of(server.pid)[0]
    os.kill(children_of(web)[-1], signal.SIGKILL)
    assert wait_until(lambda: len(children_of(web)) >= server.workers and server.healthy())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(server: Server, number: signal.Signals) -> None:
    server.start()
    tree = children_of(server.pid)
    assert len(tree) >= 2 + server.workers
    assert server.ask(server.paths[0])[0] == 302
    os.kill(server.pid, number)
    assert server.process is not None
    assert server.process.wait(PATIENCE) == 0
    assert [pid for pid in tree if is_alive(pid)] == []
    # Four seconds are enough for the loader's last pass unless the machine is very busy: then the click waits for the next start.
    left = sum(len(read_segment(path).records) for path in segments(server.journal))
    assert server.stored() + left >= 1


def test_a_killed_supervisor_leaves_no_process_behind(server: Server) -> None:
    server.start()
    tree = children_of(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    assert server.process is not None
    server.process.wait()
    assert wait_until(lambda: not any(is_alive(pid) for pid in tree))


def test_redirects_go_on_with_the_database_gone_and_the_clicks_are_loaded_later(server: Server) -> None:
    database = server.data / "affiliate.db"
    hidden = server.data / "hidden"
    hidden.mkdir()
    moved = [path.rename(hidden / path.name) for path in sorted(server.data.glob("affiliate.db*"))]
    database.mkdir()  # what stands there is no database and cannot become one
    server.start()
    assert {server.ask(path)[0] for path in server.paths[:50]} == {302}
    database.rmdir()
    for path in moved:
        path.rename(server.data / path.name)
    assert wait_until(lambda: server.stored() == 50), server.log.read_text()


def test_redirects_do_not_wait_for_a_locked_database(server: Server) -> None:
    server.start()
    holder = sqlite3.connect(server.data / "affiliate.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert {server.ask(path)[0] for path in server.paths} == {302}  # the lock is held all the time
    holder.execute("ROLLBACK")
    holder.close()
    assert wait_until(lambda: server.stored() == len(server.paths))


def test_an_edit_becomes_live_on_every_worker(server: Server) -> None:
    server.start()
    store = server.store
    with store.transaction() as session:
        link = session.query(Link).filter_by(target_url="https://shop.example/p/7").one()
        link.target_url = "https://shop.example/moved"
        session.add(LinkChange(link_id=link.id, changed_at=NOW))
    store.close()

    def everywhere() -> bool:
        return all("moved" in server.ask("/go/dress-7")[1] for _ in range(10))

    assert wait_until(everywhere)


def test_a_damaged_link_table_is_rebuilt_by_itself(server: Server) -> None:
    server.start()
    assert server.ask(server.paths[3])[0] == 302
    table = server.data / "links" / "links.mdb"
    table.write_bytes(b"rubbish" * 10_000)
    table.rename(table.with_name("taken-away"))
    assert wait_until(lambda: table.is_file() and server.healthy())
    answers: set[int] = set()

    def everywhere() -> bool:  # another worker may look for the new table a moment later
        now = {server.ask(path)[0] for path in server.paths}
        answers.update(now)
        return now == {302}

    assert wait_until(everywhere)
    assert answers <= {302, 503}


def test_a_port_that_is_taken_is_said_at_once(server: Server, tmp_path: object) -> None:
    server.start()
    other = Server(server.data.parent / "other")
    other.port = server.port
    other.process = None
    with pytest.raises(AssertionError, match="cannot be listened on"):
        _start_beside(other)


def _start_beside(other: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, str(other.port), "1"],
        env={**os.environ, "AFFILIATE_DATA_DIR": str(other.data)},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
