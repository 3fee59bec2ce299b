"""The click journal: an append-only spool of segments that the loader empties. Here it is written.

A segment is allocated whole when it is made (a full disk is an error then, not a SIGBUS later) and written through a
memory map: a click costs no system call and survives kill -9 of the writer, because the pages belong to the kernel. What
a power loss can take is a setting, the durability.

On disk means fdatasync(2) of the segment, and fsync(2) of the folder that names it. It covers what was stored through the
map: in Linux msync(MS_SYNC) is vfs_fsync_range(…, datasync=1) over the pages of a range (mm/msync.c), and fdatasync is
that very call over the whole file (fs/sync.c). It is used because os.fdatasync lets go of the interpreter lock, and
mmap.flush does not (CPython 3.11, Modules/mmapmodule.c), so every other reader would wait for the disk.

The writer holds an exclusive flock for as long as it may write, so a segment whose lock can be had is finished.
"""

import contextlib
import logging
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Literal

from affiliate.redirect.counters import Counters
from affiliate.redirect.records import FRAME, LARGEST_BODY, ClickRecord, frame
from affiliate.redirect.segments import HEADER_BYTES, make_segment, sync_folder

Durability = Literal["kernel", "interval", "click"]

_RETRY_SECONDS = 1.0  # after a failure; until then every click is counted as lost without asking the disk again

log = logging.getLogger(__name__)


class _Segment:
    """A segment of ours: up to `written` it is stored, up to `synced` it is on disk. `broken`: a sync failed, and no later
    one can be believed, because Linux reports a failure once and then takes the pages for written (fsync(2), EIO)."""

    __slots__ = ("broken", "file", "made_at", "map", "synced", "written")

    def __init__(self, folder: Path, size: int, now: float) -> None:
        self.file, self.map = make_segment(folder, size)
        self.made_at = now
        self.written = HEADER_BYTES
        self.synced = 0
        self.broken = False

    def close(self) -> None:
        self.map.close()
        with contextlib.suppress(
            OSError
        ):  # close(2) lets go of the file even where it reports a late error of the disk
            os.close(self.file)


class JournalWriter:
    """Appends clicks for one process; threads may share it. The first click makes a segment.

    A segment is finished when it is full, and when it is `segment_seconds` old, even if no further click comes: what
    the journal knows of readers must not lie about.

    `durability` is what a power loss can take: with "kernel" whatever the kernel had not written back yet (on Linux up
    to half a minute), with "interval" what came since the last sync, which a thread makes every `sync_seconds`, with
    "click" nothing that was answered. None of them loses a click to the death of the process.
    """

    def __init__(
        self,
        folder: Path,
        counters: Counters,
        *,
        segment_bytes: int = 8 << 20,
        segment_seconds: float = 30.0,
        durability: Durability = "kernel",
        sync_seconds: float = 0.2,
    ) -> None:
        self.folder = folder
        self._counters = counters
        self._segment_bytes = max(segment_bytes, HEADER_BYTES + FRAME.size + LARGEST_BODY)
        self._segment_seconds = segment_seconds
        self._durability = durability
        self._waits = durability == "click"
        self._sync_seconds = sync_seconds
        self._lock = threading.Lock()  # of those who append; nothing is synced or closed under it
        self._syncing = threading.Lock()  # taken before the other one, never after it
        self._segment: _Segment | None = None
        self._group: threading.Event | None = None  # set once its sync is over
        self._finished: deque[_Segment] = deque()
        self._keeping = False
        self._wake = threading.Event()
        self._retry_at = 0.0
        self._failing = self._sync_failing = False

    def append(self, click: ClickRecord) -> bool:
        """Journals a click. Once this returns True it survives the death of this process, and with "click" that of the
        machine. False: it could not be written or synced (disk full, no permission, no disk), which was counted and
        logged, and nothing is raised."""
        framed = frame(click)
        size = len(framed)
        with self._lock:
            segment = self._segment
            if segment is None or segment.written + size > self._segment_bytes:
                segment = self._next_segment()
                if segment is None:
                    self._counters.add_journal_failure()
                    return False
            start = segment.written
            end = start + size
            segment.map[start:end] = framed
            segment.written = end
            self._counters.add_journalled()
        if self._waits and not self._is_on_disk(segment, end):
            self._counters.add_journal_failure()
            return False
        return True

    def close(self) -> None:
        """Finishes the segment; the loader may then delete it."""
        with self._lock:
            self._finish()
        self._close_finished()

    def _next_segment(self) -> _Segment | None:
        now = time.monotonic()
        if now < self._retry_at:
            return None
        self._finish()
        try:
            self._segment = _Segment(self.folder, self._segment_bytes, now)
        except OSError as problem:
            self._retry_at = now + _RETRY_SECONDS
            if not self._failing:
                log.error("clicks are not being journalled, readers are still answered: %s", problem)
            self._failing = True
            return None
        if self._failing:
            log.warning("clicks are journalled again")
        self._failing = False
        if not self._keeping:
            self._keeping = True
            threading.Thread(target=self._keep, name="journal", daemon=True).start()
        return self._segment

    def _finish(self) -> None:
        if self._segment is not None:
            self._finished.append(self._segment)
            self._segment = None
            self._wake.set()

    def _is_on_disk(self, segment: _Segment, end: int) -> bool:
        """A group commit. Who comes while a sync is under way joins the group that waits for it to end; the first of the
        group leads it and makes one sync for all. So at most two syncs pass for each click, however many threads there
        are. A lock alone would do, but whoever lets go of it mostly has it again at once, and a sync serves
        one click."""
        with self._lock:
            group = self._group
            leads = group is None
            if group is None:
                group = self._group = threading.Event()
        if leads:
            self._lead(segment, group)
        else:
            group.wait()
        if segment.synced < end:  # the leader's click was in another segment, or the sync failed
            with self._syncing:
                self._sync(segment)
        return segment.synced >= end

    def _lead(self, segment: _Segment, group: threading.Event) -> None:
        with self._syncing:
            with self._lock:
                self._group = None  # everybody in it has stored; who comes now is for the next one
            try:
                self._sync(segment)
            finally:
                group.set()

    def _sync(self, segment: _Segment) -> None:
        stored = segment.written  # read before the sync: what is stored while it runs is not covered
        if segment.broken or segment.synced == stored:
            return
        try:
            os.fdatasync(segment.file)
            if not segment.synced:
                sync_folder(self.folder)
        except OSError as problem:
            self._give_up(segment, problem)
            return
        segment.synced = stored
        self._counters.add_sync()
        if self._sync_failing:
            log.warning("clicks are brought to the disk again")
        self._sync_failing = False

    def _give_up(self, segment: _Segment, problem: OSError) -> None:
        """Goes on with a new segment, though not with more than one a second."""
        segment.broken = True
        self._counters.add_sync(failed=True)
        if not self._sync_failing:
            log.error("clicks cannot be brought to the disk, readers are still answered: %s", problem)
        self._sync_failing = True
        with self._lock:
            if self._segment is segment:
                self._retry_at = segment.made_at + _RETRY_SECONDS
                self._finish()

    def _keep(self) -> None:
        """What no reader has to wait for, for as long as there is a segment: finishes it when it is old, closes finished
        ones, and syncs if that is what time decides."""
        while True:
            self._wake.wait(self._pause())
            self._wake.clear()
            with self._lock:
                segment = self._segment
                if segment is not None and time.monotonic() >= segment.made_at + self._segment_seconds:
                    self._finish()
            if segment is not None and self._durability == "interval":
                with self._syncing:
                    self._sync(segment)
            self._close_finished()
            with self._lock:
                if self._segment is None and not self._finished:
                    self._keeping = False
                    return

    def _pause(self) -> float:
        segment = self._segment
        if segment is None:
            return 0.0
        until_old = max(segment.made_at + self._segment_seconds - time.monotonic(), 0.0)
        return min(until_old, self._sync_seconds) if self._durability == "interval" else until_old

    def _close_finished(self) -> None:
        with self._syncing:
            while self._finished:
                segment = self._finished.popleft()
                if self._durability != "kernel":
                    self._sync(segment)
                segment.close()
