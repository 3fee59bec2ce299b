"""The hosts by which readers came that belong to no site, where the host would have had to say whose link is meant.

`unknown-hosts.jsonl` has a line per host, process and hour, with the host alone; lines are kept for 30 days. The node reports
these hosts to the store, so that an admin sees which ones to add to a site.
"""

import re
import threading
from datetime import datetime, timedelta
from pathlib import Path

from affiliate.redirect.orphans import RequestLog

SHOWN = 20  # hosts that a report names, the last seen first

_AGAIN = timedelta(hours=1)
_MOST = 200  # hosts that a process remembers: anybody can make up a Host header
_LIMIT_BYTES = 64 << 10
_HOST = re.compile(r"[a-z0-9_][a-z0-9._-]{0,252}|\[[0-9a-f:.]+\]")


class UnknownHosts:
    """Notes hosts, in the form of `affiliate.urls.host_key`; threads may share it."""

    def __init__(self, folder: Path) -> None:
        self._lines = RequestLog(folder, "unknown-hosts", limit_bytes=_LIMIT_BYTES)
        self._noted: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def add(self, host: str, *, now: datetime) -> None:
        """Notes a host, unless this process did so within the last hour. What is no host is let go."""
        if not _HOST.fullmatch(host):
            return
        with self._lock:
            if host in self._noted and now < self._noted[host] + _AGAIN:
                return
            if len(self._noted) >= _MOST:
                self._noted = {one: at for one, at in self._noted.items() if now < at + _AGAIN}
                if len(self._noted) >= _MOST:
                    return
            self._noted[host] = now
        self._lines.add({"host": host}, now=now)

    def seen(self) -> list[str]:
        """The hosts that were noted last, at most SHOWN, the newest first."""
        newest = dict.fromkeys(reversed([row["host"] for row in self._lines.rows() if "host" in row]))
        return list(newest)[:SHOWN]

    def forget(self, *, now: datetime) -> int:
        """No line is older than 30 days afterwards; how many files were deleted."""
        return self._lines.forget(now=now)
