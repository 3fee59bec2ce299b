"""The click journal: an append-only spool of segments that the loader empties. Here it is written.

A segment is allocated whole when it is made (a full disk is an error then, not a SIGBUS later) and written through a
memory map: a click costs no system call and survives kill -9 of the writer, because the pages belong to the kernel.
Power loss can take what the kernel had not yet written back.

The writer holds an exclusive flock for as long as it may write, so a segment whose lock can be had is finished.
"""

import logging
import mmap
import os
import threading
import time
from pathlib import Path

from affiliate.redirect.counters import Counters
from affiliate.redirect.records import FRAME, LARGEST_BODY, ClickRecord, frame
from affiliate.redirect.segments import HEADER_BYTES, make_segment

_RETRY_SECONDS = 1.0  # after a failure; until then every click is counted as lost without asking the disk again

log = logging.getLogger(__name__)


class JournalWriter:
    """Appends clicks for one process; threads may share it. The first click makes a segment.

    A segment is finished when it is full, and when it is `segment_seconds` old, even if no further click comes: what
    the journal knows of readers must not lie about.
    """

    def __init__(
        self, folder: Path, counters: Counters, *, segment_bytes: int = 8 << 20, segment_seconds: float = 30.0
    ) -> None:
        self.folder = folder
        self._counters = counters
        self._segment_bytes = max(segment_bytes, HEADER_BYTES + FRAME.size + LARGEST_BODY)
        self._segment_seconds = segment_seconds
        self._lock = threading.Lock()
        self._map: mmap.mmap | None = None
        self._file = -1
        self._position = 0
        self._finish_at = 0.0
        self._retry_at = 0.0
        self._failing = False

    def append(self, click: ClickRecord) -> bool:
        """Journals a click; it survives the death of this process once this returns True. False: it could not be
        written (disk full, no permission), which was counted and logged, and nothing is raised."""
        framed = frame(click)
        size = len(framed)
        with self._lock:
            start = self._position
            segment = self._map
            if segment is None or start + size > self._segment_bytes:
                segment = self._next_segment()
                if segment is None:
                    self._counters.add_journal_failure()
                    return False
                start = self._position
            segment[start : start + size] = framed
            self._position = start + size
        return True

    def close(self) -> None:
        """Finishes the segment; the loader may then delete it."""
        with self._lock:
            self._finish()

    def _next_segment(self) -> mmap.mmap | None:
        now = time.monotonic()
        if now < self._retry_at:
            return None
        try:
            self._finish()
            self._file, self._map = make_segment(self.folder, self._segment_bytes)
        except OSError as problem:
            self._retry_at = now + _RETRY_SECONDS
            if not self._failing:
                log.error("clicks are not being journalled, readers are still answered: %s", problem)
            self._failing = True
            return None
        if self._failing:
            log.warning("clicks are journalled again")
        self._failing = False
        self._position = HEADER_BYTES
        self._finish_at = now + self._segment_seconds
        timer = threading.Timer(self._segment_seconds, self._finish_when_old)
        timer.daemon = True
        timer.start()
        return self._map

    def _finish_when_old(self) -> None:
        with self._lock:
            if self._map is not None and time.monotonic() >= self._finish_at:
                self._finish()

    def _finish(self) -> None:
        if self._map is not None:
            self._map.close()
            os.close(self._file)
            self._map = None
