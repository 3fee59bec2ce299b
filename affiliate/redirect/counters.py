"""Counts that outlive a process: how many clicks could not be journalled.

Every process takes a slot, a file of eight bytes that exists before it is needed (a full disk cannot stop the counting)
and is written through a memory map (a kill -9 cannot lose it). The next process takes a free slot over and counts on,
so there are never more files than there were processes at once.
"""

import fcntl
import itertools
import logging
import mmap
import os
import struct
import threading
from pathlib import Path

_COUNT = struct.Struct("<Q")

log = logging.getLogger(__name__)


class Counters:
    """The counts of this process, in a folder that the processes of a node share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._slot: mmap.mmap | bytearray = _take_slot(folder)

    def add_journal_failure(self) -> None:
        with self._lock:
            _COUNT.pack_into(self._slot, 0, _COUNT.unpack_from(self._slot)[0] + 1)


def journal_failures(folder: Path) -> int:
    """Clicks that were answered and could not be journalled, of all processes of the node, dead ones included."""
    slots = (path.read_bytes() for path in sorted(folder.glob("failures-*")))
    return sum(_COUNT.unpack_from(slot)[0] for slot in slots if len(slot) >= _COUNT.size)


def _take_slot(folder: Path) -> mmap.mmap | bytearray:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in itertools.count():
            file = os.open(folder / f"failures-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                continue
            os.posix_fallocate(file, 0, _COUNT.size)
            return mmap.mmap(file, _COUNT.size)  # the descriptor stays open: it holds the slot
    except OSError as problem:
        log.error("clicks that cannot be journalled are counted in memory only: %s", problem)
    return bytearray(_COUNT.size)
