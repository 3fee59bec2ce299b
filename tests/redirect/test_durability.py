"""What each durability promises, with a disk that can be watched, held up and broken."""

import errno
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from affiliate.redirect import journal
from affiliate.redirect.counters import Counters, counts
from affiliate.redirect.journal import Durability, JournalWriter
from affiliate.redirect.segments import held, read_segment, segments
from tests.redirect.test_journal import click
from tests.waiting import PATIENCE, wait_until

real_fdatasync = os.fdatasync


class Disk:
    """Stands in for os.fdatasync. `synced` has, by file, how many clicks stood in it when it was last brought to the disk;
    `let_go` holds every sync up while it is not set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.synced: dict[int, int] = {}
        self.calls = 0
        self.names = 0
        self.broken = False
        self.let_go = threading.Event()
        self.let_go.set()
        self.reached = threading.Event()

    def fdatasync(self, file: int) -> None:
        self.calls += 1
        inode = os.fstat(file).st_ino
        stood = len(read_segment(self._path(inode)).records)
        self.reached.set()
        assert self.let_go.wait(PATIENCE)
        if self.broken:
            raise OSError(errno.EIO, "Input/output error")
        real_fdatasync(file)
        self.synced[inode] = max(stood, self.synced.get(inode, 0))

    def sync_folder(self, folder: Path) -> None:
        assert folder == self.folder
        self.names += 1

    def _path(self, inode: int) -> Path:
        return next(path for path in segments(self.folder) if path.stat().st_ino == inode)

    @property
    def clicks(self) -> int:
        """How many clicks a power loss would leave."""
        return sum(self.synced.values())


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk(tmp_path / "journal")
    monkeypatch.setattr(os, "fdatasync", made.fdatasync)
    monkeypatch.setattr(journal, "sync_folder", made.sync_folder)
    return made


@pytest.fixture
def counters(tmp_path: Path) -> Counters:
    return Counters(tmp_path / "counters")


Open = Callable[..., JournalWriter]


@pytest.fixture
def open_writer(disk: Disk, counters: Counters) -> Open:
    def open_writer(
        durability: Durability, *, segment_bytes: int = 8 << 20, sync_seconds: float = 0.02
    ) -> JournalWriter:
        return JournalWriter(
            disk.folder, counters, durability=durability, segment_bytes=segment_bytes, sync_seconds=sync_seconds
        )

    return open_writer


def test_with_click_every_click_and_its_segment_s_name_are_on_disk_before_append_returns(
    open_writer: Open, disk: Disk
) -> None:
    writer = open_writer("click", segment_bytes=8192)
    for number in range(1, 200):
        assert writer.append(click(number))
        assert disk.clicks == number
    assert disk.names == len(segments(disk.folder)) > 1


def test_threads_that_wait_share_one_sync(open_writer: Open, disk: Disk, counters: Counters) -> None:
    writer = open_writer("click")
    assert writer.append(click(0))
    disk.let_go.clear()
    disk.reached.clear()
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(writer.append(click()))) for _ in range(9)]
    threads[0].start()
    assert disk.reached.wait(PATIENCE)
    for thread in threads[1:]:
        thread.start()
    (path,) = segments(disk.folder)
    assert wait_until(lambda: len(read_segment(path).records) == 10)  # a sync under way keeps nobody from storing
    assert answers == []
    disk.let_go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert answers == [True] * 9
    assert disk.clicks == 10
    assert disk.calls == counts(counters.folder).syncs == 3  # the first click's, the one under way, one for all others


def test_a_failed_sync_is_a_counted_failure_and_a_new_segment_is_tried(
    open_writer: Open, disk: Disk, counters: Counters, caplog: pytest.LogCaptureFixture
) -> None:
    writer = open_writer("click")
    assert writer.append(click(1))
    disk.broken = True
    assert [writer.append(click(2)) for _ in range(50)] == [False] * 50
    found = counts(counters.folder)
    assert (found.journal_failures, found.sync_failures) == (50, 1)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert [len(read_segment(path).records) for path in segments(disk.folder)] == [2]  # stored, though not proven
    disk.broken = False
    writer._retry_at = 0.0
    assert writer.append(click(3))
    assert [len(read_segment(path).records) for path in segments(disk.folder)] == [2, 1]
    assert caplog.records[-1].getMessage() == "clicks are brought to the disk again"


def test_a_click_stored_while_a_sync_fails_is_not_believed_to_be_on_disk(
    open_writer: Open, disk: Disk, counters: Counters
) -> None:
    writer = open_writer("click")
    assert writer.append(click(0))
    disk.broken = True
    disk.let_go.clear()
    disk.reached.clear()
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(writer.append(click()))) for _ in range(2)]
    threads[0].start()
    assert disk.reached.wait(PATIENCE)
    threads[1].start()
    (path,) = segments(disk.folder)
    assert wait_until(lambda: len(read_segment(path).records) == 3)
    disk.let_go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert answers == [False, False]
    assert counts(counters.folder).journal_failures == 2
    assert disk.calls == 2  # the second one did not ask a file that had lost something already


def test_with_interval_no_answer_waits_and_a_thread_syncs(open_writer: Open, disk: Disk) -> None:
    writer = open_writer("interval", segment_bytes=8192)
    disk.let_go.clear()
    for number in range(200):  # over several segments, each of which has to be synced before it is closed
        assert writer.append(click(number))
    assert disk.clicks == 0
    disk.let_go.set()
    assert wait_until(lambda: disk.clicks == 200)
    assert writer.append(click(200))
    assert wait_until(lambda: disk.clicks == 201)
    assert disk.names == len(segments(disk.folder)) > 1
    calls = disk.calls
    time.sleep(0.1)
    assert disk.calls == calls  # nothing new, nothing to do


def test_with_interval_a_failed_sync_is_counted_and_clicks_go_to_a_new_segment(
    open_writer: Open, disk: Disk, counters: Counters
) -> None:
    writer = open_writer("interval")
    disk.broken = True
    assert writer.append(click(1))
    assert wait_until(lambda: counts(counters.folder).sync_failures == 1)
    disk.broken = False
    writer._retry_at = 0.0
    assert writer.append(click(2))
    assert wait_until(lambda: disk.clicks == 1)
    found = counts(counters.folder)
    assert (len(segments(disk.folder)), found.journalled, found.journal_failures) == (2, 2, 0)


def test_with_kernel_nothing_is_synced(open_writer: Open, disk: Disk, counters: Counters) -> None:
    writer = open_writer("kernel", segment_bytes=8192)
    for number in range(200):
        assert writer.append(click(number))
    writer.close()
    assert (disk.calls, disk.names, counts(counters.folder).journalled) == (0, 0, 200)


@pytest.mark.parametrize("durability", ["kernel", "interval", "click"])
def test_a_finished_segment_is_let_go_of_and_its_keeper_ends(
    durability: Durability, open_writer: Open, disk: Disk
) -> None:
    writer = open_writer(durability, segment_bytes=8192)
    for number in range(100):
        assert writer.append(click(number))
    *finished, _current = segments(disk.folder)

    def let_go() -> bool:
        for path in finished:
            with held(path) as over:
                if not over:
                    return False
        return True

    assert wait_until(let_go)
    writer.close()
    assert wait_until(lambda: not writer._keeping)
    assert disk.clicks == (0 if durability == "kernel" else 100)
    assert writer.append(click())
    writer.close()
