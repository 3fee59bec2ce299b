import os
import signal
import struct
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from affiliate.redirect.counters import BOUNDS_NS, Counters, counts, journal_failures

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def counters(tmp_path: Path) -> Counters:
    return Counters(tmp_path)


def test_a_dead_process_s_counts_stay_and_its_slot_is_used_again(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        Counters(tmp_path).add_journal_failure()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    one, two = Counters(tmp_path), Counters(tmp_path)
    one.add_journal_failure()
    two.add_journal_failure()
    assert journal_failures(tmp_path) == 3
    assert len(list(tmp_path.iterdir())) == 2


def test_an_answer_is_counted_by_its_status_and_in_the_class_of_its_time(counters: Counters) -> None:
    for spent_ns in (0, 9_999, 10_000, 35_000, 1_000_000, BOUNDS_NS[-1], 10**12):
        counters.add_answer("302 Found", spent_ns)
    counters.add_answer("404 Not Found", 35_000)
    counters.add_answer("418 I'm a teapot", 35_000)
    found = counts(counters.folder)
    by_bound = dict(zip([*BOUNDS_NS, None], found.answers["302"].classes, strict=True))
    assert {bound: many for bound, many in by_bound.items() if many} == {
        10_000: 2,
        20_000: 1,
        40_000: 1,
        1_280_000: 1,
        None: 2,
    }
    assert [sum(found.answers[code].classes) for code in ("302", "404", "405", "503", "other")] == [7, 1, 0, 0, 1]
    assert found.answers["404"].spent_ns == 35_000
    assert found.answers["302"].spent_ns == 9_999 + 10_000 + 35_000 + 1_000_000 + BOUNDS_NS[-1] + 10**12


def test_no_bound_is_below_ten_microseconds_or_far_above_a_second() -> None:
    assert (BOUNDS_NS[0], BOUNDS_NS[-1]) == (10_000, 1_310_720_000)


def test_threads_that_count_at_once_lose_nothing(counters: Counters) -> None:
    def answer() -> None:
        for _ in range(20_000):
            counters.add_answer("302 Found", 20_000)
            counters.add_journal_failure()

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = counts(counters.folder)
    assert found.journal_failures == 160_000
    assert sum(found.answers["302"].classes) == 160_000


def test_the_last_pass_of_any_process_is_the_newest(counters: Counters) -> None:
    Counters(counters.folder).add_pass(MONDAY, loaded=5, set_aside=1)
    counters.add_pass(datetime(2026, 11, 22, tzinfo=UTC), loaded=2, set_aside=0)
    found = counts(counters.folder)
    assert (found.loaded, found.set_aside, found.pass_at_ms) == (7, 1, int(MONDAY.timestamp() * 1000))


@pytest.mark.parametrize("content", [b"", b"abc", struct.pack("<QQ", 3, 4)])
def test_a_slot_that_ends_early_counts_with_what_it_has(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "counters-0").write_bytes(content)
    expected = 4 if len(content) == 16 else 0
    assert journal_failures(tmp_path) == expected
    Counters(tmp_path).add_journal_failure()
    assert journal_failures(tmp_path) == expected + 1


def test_where_nothing_was_counted_all_is_zero(tmp_path: Path) -> None:
    found = counts(tmp_path / "nowhere")
    assert (found.journalled, found.pass_at_ms, sum(sum(answers.classes) for answers in found.answers.values())) == (
        0,
        0,
        0,
    )


def test_a_folder_that_cannot_be_written_to_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    counters = Counters(tmp_path / "file")
    counters.add_answer("302 Found", 1)
    counters.add_journal_failure()
