"""Yesterday's hash cannot be made again, by anybody, from anything that is left."""

import base64
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from affiliate.app import Application
from affiliate.redirect.segments import read_segment, segments
from affiliate.redirect.visitors import KeyFiles, Visitors
from affiliate.settings import Settings
from affiliate.store.tables import Base
from affiliate.worker import run_task
from tests.privacy.conftest import BROWSER, Day, files_below, holders
from tests.serve.conftest import Server, children_of
from tests.waiting import wait_until


def hashes(server: Server) -> set[int]:
    found = [each for path in segments(server.journal) for each in read_segment(path).records]
    return {each.visitor for each in found if each.visitor}


def made_again(day: Day, key: bytes | bytearray) -> set[int]:
    """What somebody gets who knows a key, every address and every browser of the day."""
    visitors = Visitors(lambda _: bytearray(key))
    noon = int((day.began + timedelta(hours=12)).timestamp() * 1000)
    return {visitors.hash(noon, "mag.example", address, BROWSER) for address in day.crowd.forwarded()}


def remembered(server: Server) -> int:
    """Rows of the database that hold a visitor's hash."""
    store = server.store
    with store.reading() as session:
        tables = [table for table in Base.metadata.sorted_tables if "visitor" in table.columns]
        rows = sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    store.close()
    assert tables
    return rows


def forget(server: Server, now: datetime) -> None:
    run_task(Application(Settings(data_dir=server.data), clock=lambda: now), "visitors.forget")


def key_of(server: Server, day: Day) -> bytes:
    return (server.data / "visitor-keys" / f"{day.began.date()}.key").read_bytes()


def test_three_hours_past_midnight_nobody_can_make_the_days_hashes_again(day: Day) -> None:
    server = day.server
    for number, address in enumerate(day.crowd.forwarded()):
        day.at(hours=23, minutes=number)
        for path in (server.paths[number], server.paths[number + 1]):
            assert day.visit(path, address) == 302
    assert wait_until(lambda: server.stored() == 2 * len(day.crowd.forwarded()))
    key, tree = key_of(server, day), [server.pid, *children_of(server.pid)]
    assert hashes(server) == made_again(day, key)  # today whoever has the key can
    assert holders(key, tree)
    assert remembered(server)

    now = day.at(days=1, hours=2, minutes=59)
    forget(server, now)
    assert key_of(server, day) == key

    now = day.at(days=1, hours=3, minutes=1)  # and not a click since yesterday
    forget(server, now)
    assert wait_until(lambda: not holders(key, tree)), "a process still holds yesterday's key"
    ways = (key, key[::-1], key.hex().encode(), base64.b64encode(key))
    assert [path for path, content in files_below(server.data.parent).items() if any(w in content for w in ways)] == []
    assert list((server.data / "visitor-keys").glob("*.key")) == []
    assert remembered(server) == 0

    another = KeyFiles(server.data / "visitor-keys")(day.began.date())  # a clock set back asks for the day again
    assert hashes(server).isdisjoint(made_again(day, another))


def test_a_worker_without_clicks_lets_go_of_yesterdays_key(day: Day) -> None:
    day.at(hours=1)
    assert day.visit(day.server.paths[0], "203.0.113.1") == 302
    key, tree = key_of(day.server, day), children_of(day.server.pid)
    assert holders(key, tree)
    day.at(days=1, hours=3, seconds=1)
    assert wait_until(lambda: not holders(key, tree))


def test_no_key_gets_into_a_backup(day: Day, tmp_path: Path) -> None:
    assert day.visit(day.server.paths[0], "203.0.113.1") == 302
    assert wait_until(lambda: day.server.stored() == 1)
    backup = tmp_path / "backup.db"
    app = Application(Settings(data_dir=day.server.data))
    app.store.backup(backup)
    key = key_of(day.server, day)
    assert key not in backup.read_bytes()
    assert sqlite3.connect(backup).execute("SELECT count(*) FROM links").fetchone()[0] > 0
