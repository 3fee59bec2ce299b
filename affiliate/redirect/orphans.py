"""The log of paths that nobody answers: where a link in print or in an old article leads to nothing.

JSON lines, one per request, in a file that is never larger than its limit: when it is full it replaces the previous
one. Only time, host, path and the host that referred are kept, and that for 30 days: somebody may have pasted a name or an
address into a path.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

KEEP = timedelta(days=30)

_LONGEST_PATH = 300


class RequestLog:
    """Lines about requests in a file of a folder, `<name>.jsonl`; processes may share it. Each line has its time as `at`."""

    def __init__(self, folder: Path, name: str, *, limit_bytes: int) -> None:
        self._path = folder / f"{name}.jsonl"
        self._previous = folder / f"{name}.previous.jsonl"
        self._limit_bytes = limit_bytes

    def add(self, row: Mapping[str, str], *, now: datetime) -> None:
        """Appends a line; what cannot be written is let go."""
        line = json.dumps({"at": now.isoformat(), **row}).encode() + b"\n"  # ASCII: a hostile path cannot break a line
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

    def rows(self) -> Iterator[dict[str, str]]:
        """The lines that are there and can be read, the oldest first."""
        for path in (self._previous, self._path):
            with contextlib.suppress(FileNotFoundError):
                for line in path.read_bytes().splitlines():
                    with contextlib.suppress(ValueError):
                        yield json.loads(line)

    def forget(self, *, now: datetime) -> int:
        """No line is older than 30 days afterwards; how many files were deleted. Whole files go: while this runs daily a
        line is kept for 15 days at least, unless the log is full before."""
        if _is_outside(self._path, now - KEEP / 2, now):
            self._path.replace(self._previous)
        if not _is_outside(self._previous, now - KEEP, now):
            return 0
        self._previous.unlink(missing_ok=True)
        return 1


class OrphanLog:
    """`orphans.jsonl` in a folder: the paths without an answer."""

    def __init__(self, folder: Path, *, limit_bytes: int = 1 << 20) -> None:
        self._lines = RequestLog(folder, "orphans", limit_bytes=limit_bytes)
        self.limit_bytes = limit_bytes

    def add(self, host: str, path: str, referrer_host: str, *, now: datetime) -> None:
        row = {"host": host, "path": path[:_LONGEST_PATH], "referrer_host": referrer_host}
        self._lines.add(row, now=now)

    def forget(self, *, now: datetime) -> int:
        """As RequestLog does."""
        return self._lines.forget(now=now)


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
