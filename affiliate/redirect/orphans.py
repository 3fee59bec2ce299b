"""The log of paths that nobody answers: where a link in print or in an old article leads to nothing.

JSON lines, one per request, in a file that is never larger than its limit: when it is full it replaces the previous
one. Only time, host, path and the host that referred are kept, and that for 30 days: somebody may have pasted a name or an
address into a path.
"""

import contextlib
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

KEEP = timedelta(days=30)

_LONGEST_PATH = 300


class OrphanLog:
    """Appends to `orphans.jsonl` in a folder; processes may share it."""

    def __init__(self, folder: Path, *, limit_bytes: int = 1 << 20) -> None:
        self._path = folder / "orphans.jsonl"
        self._previous = folder / "orphans.previous.jsonl"
        self._limit_bytes = limit_bytes

    def add(self, host: str, path: str, referrer_host: str, *, now: datetime) -> None:
        """Notes a path without an answer; what cannot be written is let go."""
        row = {"at": now.isoformat(), "host": host, "path": path[:_LONGEST_PATH], "referrer_host": referrer_host}
        line = json.dumps(row).encode() + b"\n"  # ASCII: a hostile path cannot break a line
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(file, line)
                full = os.fstat(file).st_size > self._limit_bytes
            finally:
                os.close(file)
            if full:
                self._path.replace(self._previous)

    def forget(self, *, now: datetime) -> int:
        """No line is older than 30 days afterwards; how many files were deleted. Whole files go: while this runs daily a
        line is kept for 15 days at least, unless the log is full before."""
        if _is_outside(self._path, now - KEEP / 2, now):
            self._path.replace(self._previous)
        if not _is_outside(self._previous, now - KEEP, now):
            return 0
        self._previous.unlink(missing_ok=True)
        return 1


def _is_outside(path: Path, oldest: datetime, now: datetime) -> bool:
    """Whether the first line, which is the oldest, was written before a moment. A line that cannot be read, or is of a
    time to come, is taken for old: nobody knows its age."""
    with contextlib.suppress(FileNotFoundError):
        with path.open("rb") as file:
            line = file.readline()
        try:
            return not oldest <= datetime.fromisoformat(json.loads(line)["at"]) <= now + timedelta(days=1)
        except (ValueError, KeyError, TypeError):
            return True
    return False
