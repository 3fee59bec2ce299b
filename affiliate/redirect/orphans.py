"""The log of paths that nobody answers: where a link in print or in an old article leads to nothing.

JSON lines, one per request, in a file that is never larger than its limit: when it is full it replaces the previous
one. Only time, host, path and the host that referred are kept.
"""

import contextlib
import json
import os
from datetime import datetime
from pathlib import Path

_LONGEST_PATH = 300


class OrphanLog:
    """Appends to `orphans.jsonl` in a folder; processes may share it."""

    def __init__(self, folder: Path, *, limit_bytes: int = 1 << 20) -> None:
        self._path = folder / "orphans.jsonl"
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
                self._path.replace(self._path.with_suffix(".previous.jsonl"))
