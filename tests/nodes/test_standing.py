import threading
from datetime import timedelta
from pathlib import Path

import pytest

from affiliate.nodes import queries
from affiliate.nodes.queries import Unpublished
from affiliate.nodes.standing import PublishedTable, Watch
from affiliate.redirect.segments import end_of_content, read_segment, segments
from affiliate.store import Store
from affiliate.store.tables import LinkChange
from tests.conftest import NOW, HandClock
from tests.nodes.conftest import Machine, machine_of
from tests.waiting import PATIENCE


def test_where_nothing_happened_yet_nothing_waits(machine: Machine) -> None:
    found = machine.standing()
    assert (found.waiting.segments, found.waiting.waiting_bytes, found.waiting.since) == (0, 0, None)
    assert (found.lag_seconds, found.loaded_at) == (0.0, None)
    assert found.waiting.free_bytes > 0


def test_the_lag_is_the_age_of_the_oldest_click_that_is_not_loaded(machine: Machine) -> None:
    machine.click(-300)
    machine.load()
    machine.click(-40)
    machine.click(-90)
    machine.click(-20)
    found = machine.standing()
    assert found.waiting.since == NOW - timedelta(seconds=40)  # the next that the loader would meet
    assert found.lag_seconds == 40
    machine.load()
    found = machine.standing()
    assert (found.lag_seconds, found.waiting.since, found.waiting.waiting_bytes) == (0.0, None, 0)
    assert found.waiting.segments == 1  # the writer is still at it
    assert found.loaded_at == NOW


def test_what_waits_is_measured_over_all_segments(machine: Machine) -> None:
    machine.click(-10, many=1000)
    paths = segments(machine.folder)
    stored = sum(end_of_content(path) - 64 for path in paths)
    found = machine.standing().waiting
    assert (found.segments, found.waiting_bytes) == (len(paths), stored)
    assert len(paths) > 1
    assert found.disk_bytes >= len(paths) * 65_536
    machine.load()
    assert machine.standing().waiting.waiting_bytes == 0


def test_without_the_store_the_lag_is_never_too_small(machine: Machine, away: Store) -> None:
    machine.click(-600)
    machine.load()
    machine.clock.forward(seconds=30)
    machine.click(20)
    found = machine.standing(away)
    assert found.asked is None
    assert found.lag_seconds == 30  # true is 10; what was loaded then is not known, only that the loader had done it
    assert machine.standing().lag_seconds == 10


def test_a_clock_that_stepped_back_makes_no_negative_lag(machine: Machine) -> None:
    machine.click(3600)
    assert machine.standing().lag_seconds == 0.0


def test_damage_at_the_checkpoint_does_not_hide_what_waits_behind_it(machine: Machine) -> None:
    machine.click(-50, many=3)
    machine.writer.close()
    (path,) = segments(machine.folder)
    content = bytearray(path.read_bytes())
    content[70] ^= 1
    path.write_bytes(content)
    assert machine.standing().lag_seconds == 50


def test_a_file_that_is_no_segment_is_passed_over(machine: Machine) -> None:
    machine.click(-5)
    (machine.folder / "0-x.clicks").write_bytes(b"rubbish")
    assert machine.standing().lag_seconds == 5


def test_the_table_and_what_it_lacks_are_seen(store: Store, tmp_path: Path, clock: HandClock) -> None:
    machine = machine_of(store, tmp_path, clock)
    found = machine.standing()
    assert found.table is not None
    assert found.asked is not None
    before = found.asked.unpublished
    assert (found.table.checkpoint, before.changes) == (before.newest, 0)
    with store.transaction() as session:
        session.add(LinkChange(link_id=machine.room.links[0], changed_at=NOW))
        session.add(LinkChange(link_id=machine.room.links[1], changed_at=NOW + timedelta(seconds=1)))
    asked = machine.standing().asked
    assert asked is not None
    assert asked.unpublished == Unpublished(before.newest + 2, 2, NOW)
    if store.is_sqlite:
        assert asked.ahead_seconds == 0.0
    else:
        assert abs(asked.ahead_seconds) > 60  # this clock stands still, the server's does not


def test_a_damaged_table_is_none(machine: Machine) -> None:
    assert isinstance(machine.standing().table, PublishedTable)
    machine.table.close()
    (machine.table.folder / "links.mdb").write_bytes(b"rubbish" * 3000)
    assert machine.standing().table is None


def test_a_store_that_hangs_is_waited_for_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go_on = threading.Event(), threading.Event()
    calls = []

    def hang(*_: object) -> dict[str, int]:
        calls.append(1)
        asked.set()
        assert go_on.wait(PATIENCE)
        return {}

    monkeypatch.setattr(queries, "checkpoints", hang)
    watch = Watch(machine.store, machine.folder, machine.table, clock=machine.clock, patience_seconds=0.05)
    assert watch.standing().asked is None
    assert asked.wait(PATIENCE)
    assert watch.standing().asked is None
    assert len(calls) == 1
    go_on.set()


@pytest.mark.parametrize("many", [0, 1, 20, 21, 22, 300])
def test_the_end_of_a_segment_is_where_its_records_end(machine: Machine, many: int) -> None:
    machine.click()
    (path,) = segments(machine.folder)
    machine.click(many=many)
    assert 0 <= read_segment(path).offset - end_of_content(path) <= 6
