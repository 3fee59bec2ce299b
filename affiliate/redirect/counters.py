"""Counts of a node that outlive its processes: what was answered, how fast, what became of the clicks.

Every process takes a slot, a file that exists before it is needed (a full disk cannot stop the counting) and is written
through a memory map (a kill -9 cannot lose it, and a count costs no system call). The next process takes a free slot over
and counts on, so there are never more files than there were processes at once.

A slot is a row of unsigned 64-bit numbers, aligned, which x86-64 and ARM64 store and load whole: a reader that maps the
file sees each number as it was before or after a change, never half of it. Numbers are only ever added at the end, so a
slot of an older version is one that ends early.
"""

import fcntl
import itertools
import logging
import mmap
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

# Upper bounds of the latency's classes in ns, doubling from 10 µs to 1.3 s; a last class has what took longer.
BOUNDS_NS = tuple(10_000 << doublings for doublings in range(18))
OTHER = "other"

_CLASSES = len(BOUNDS_NS) + 1
_ROW = 1 + _CLASSES  # of a status: the time all took, then how many of each class
_STATUSES = ("302 Found", "404 Not Found", "405 Method Not Allowed", "503 Service Unavailable")
_JOURNALLED, _JOURNAL_FAILURES, _SYNCS, _SYNC_FAILURES, _LOADED, _SET_ASIDE, _PASS_AT_MS = range(7)
_ANSWERS = 7  # where the rows of the statuses begin, that of all others last
_ROWS = {status: _ANSWERS + row * _ROW for row, status in enumerate((*_STATUSES, OTHER))}
_REST = _ROWS[OTHER]
_PREFETCHES, _OVERRULED, _UNCLEAR = range(_ANSWERS + len(_ROWS) * _ROW, _ANSWERS + len(_ROWS) * _ROW + 3)
_NUMBERS = _UNCLEAR + 1
_WIDTH = 8

log = logging.getLogger(__name__)


class Answers(NamedTuple):
    """How many answers took up to each of BOUNDS_NS and no class before, and last how many took longer."""

    spent_ns: int
    classes: tuple[int, ...]


class Counts(NamedTuple):
    """The node's counts, of all its processes, dead ones included. `answers` is by status code. `pass_at_ms` is when the
    loader's last complete pass began (UTC, since 1970), 0 for never. `prefetches` were refused; `overruled` were answered by
    the token's link, although host and path lead to another; for `unclear` ones host and path lead to links of several
    sites."""

    answers: dict[str, Answers]
    journalled: int
    journal_failures: int
    syncs: int
    sync_failures: int
    loaded: int
    set_aside: int
    pass_at_ms: int
    prefetches: int
    overruled: int
    unclear: int


class Counters:
    """The counts of this process, in a folder that the processes of a node share. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._slot = _take_slot(folder)

    def add_answer(self, status: str, spent_ns: int) -> None:
        """A request that the redirect answered, and how long that took.

        Without the lock, which costs 0.2 µs of the 0.3 that this may take: CPython changes threads at calls and
        backward jumps, not within these statements, and a count lost elsewhere would only be one in a picture.
        """
        time_class = (spent_ns // 10_000).bit_length()
        slot = self._slot
        row = _ROWS.get(status, _REST)
        slot[row] += spent_ns
        slot[row + 1 + time_class if time_class < _CLASSES else row + _CLASSES] += 1

    def add_journalled(self) -> None:
        """Callers take turns: the journal's writer has a lock of its own."""
        self._slot[_JOURNALLED] += 1

    def add_prefetch(self) -> None:
        """A prefetch that was refused."""
        self._add(_PREFETCHES)

    def add_overruled(self) -> None:
        """A request whose token names another link than host and path lead to."""
        self._add(_OVERRULED)

    def add_unclear(self) -> None:
        """A request whose host and path lead to links of several sites."""
        self._add(_UNCLEAR)

    def _add(self, number: int) -> None:
        with self._lock:
            self._slot[number] += 1

    def add_journal_failure(self) -> None:
        self._add(_JOURNAL_FAILURES)

    def add_sync(self, *, failed: bool = False) -> None:
        self._add(_SYNC_FAILURES if failed else _SYNCS)

    def add_pass(self, began_at: datetime, *, loaded: int, set_aside: int) -> None:
        """A pass of the loader that reached the end of the journal."""
        with self._lock:
            self._slot[_LOADED] += loaded
            self._slot[_SET_ASIDE] += set_aside
            self._slot[_PASS_AT_MS] = max(int(began_at.timestamp() * 1000), 0)


def counts(folder: Path) -> Counts:
    """What the processes of the node have counted so far."""
    slots = list(_slots(folder))
    sums = [sum(column) for column in zip(*slots, strict=True)] if slots else [0] * _NUMBERS
    return Counts(
        answers={_code(status): Answers(sums[row], tuple(sums[row + 1 : row + _ROW])) for status, row in _ROWS.items()},
        journalled=sums[_JOURNALLED],
        journal_failures=sums[_JOURNAL_FAILURES],
        syncs=sums[_SYNCS],
        sync_failures=sums[_SYNC_FAILURES],
        loaded=sums[_LOADED],
        set_aside=sums[_SET_ASIDE],
        pass_at_ms=max((slot[_PASS_AT_MS] for slot in slots), default=0),
        prefetches=sums[_PREFETCHES],
        overruled=sums[_OVERRULED],
        unclear=sums[_UNCLEAR],
    )


def _code(status: str) -> str:
    return status.partition(" ")[0]


def journal_failures(folder: Path) -> int:
    """Clicks that were answered and could not be journalled."""
    return counts(folder).journal_failures


def _slots(folder: Path) -> Iterator[list[int]]:
    for path in sorted(folder.glob("counters-*")):
        with path.open("rb") as file:
            if size := os.fstat(file.fileno()).st_size // _WIDTH * _WIDTH:
                with (
                    mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) as mapped,
                    memoryview(mapped) as bare,
                    bare.cast("Q") as numbers,
                ):
                    yield (numbers[:_NUMBERS].tolist() + [0] * _NUMBERS)[:_NUMBERS]


def _take_slot(folder: Path) -> "memoryview[int]":
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in itertools.count():
            file = os.open(folder / f"counters-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                continue
            os.posix_fallocate(file, 0, _NUMBERS * _WIDTH)
            mapped = mmap.mmap(file, _NUMBERS * _WIDTH)  # the descriptor stays open: it holds the slot
            return memoryview(mapped).cast("Q")
    except OSError as problem:
        log.error("what happens here is counted in memory only: %s", problem)
    return memoryview(bytearray(_NUMBERS * _WIDTH)).cast("Q")
