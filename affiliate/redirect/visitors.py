"""Telling visitors apart for a day without knowing them.

A visitor is a keyed hash of site, address and user agent. The key is random, of one UTC day, and deleted three hours
past midnight: after that nobody can make the day's hashes again, not even from a full list of addresses.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

KEY_BYTES = 32
LIVES_PAST_MIDNIGHT = timedelta(hours=3)

KeyOfDay = Callable[[date], bytes]

_MS_PER_DAY = 86_400_000
_EPOCH = date(1970, 1, 1)


class KeyFiles:
    """The keys of a node, one file a day (mode 0600), shared by its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, day: date) -> bytes:
        """The key of a day; the first process to ask makes it. OSError where it can be neither read nor made."""
        path = self._path(day)
        with contextlib.suppress(FileNotFoundError):
            return path.read_bytes()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")  # mkstemp makes it 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            with contextlib.suppress(FileExistsError):
                os.link(name, path)  # whole or not at all, and only the first one wins
        finally:
            Path(name).unlink()
        return path.read_bytes()

    def forget(self, *, now: datetime) -> int:
        """Deletes the keys of days that ended more than three hours ago; how many there were."""
        oldest_kept = (now.astimezone(UTC) - LIVES_PAST_MIDNIGHT).date()
        expired = [path for path in self.folder.glob("*.key") if path.stem < oldest_kept.isoformat()]
        for path in expired:
            path.unlink(missing_ok=True)
        return len(expired)

    def _path(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}.key"


class Visitors:
    """Makes visitor hashes; holds one day's key at a time."""

    def __init__(self, key_of_day: KeyOfDay) -> None:
        self._key_of_day = key_of_day
        self._current: tuple[int, bytes] = (-1, b"")

    def hash(self, time_ms: int, host: str, address: str, user_agent: str) -> int:
        """A signed 64-bit number, never 0, equal for the same visitor of a site within a UTC day. OSError: no key can be
        had."""
        day, key = self._current
        if day != time_ms // _MS_PER_DAY:
            day = time_ms // _MS_PER_DAY
            key = self._key_of_day(_EPOCH + timedelta(days=day))
            self._current = (day, key)
        visitor = f"{host}\0{address}\0{user_agent}".encode("utf-8", "replace")
        return int.from_bytes(blake2b(visitor, digest_size=8, key=key).digest(), "little", signed=True) or 1
