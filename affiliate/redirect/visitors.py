"""Telling visitors apart for a day without knowing them.

A visitor is a keyed hash of site, address and user agent. The key is random, of one UTC day, and destroyed three hours
past midnight, on disk and in every process: after that nobody can make the day's hashes again, not even from a full
list of addresses and user agents. A day whose key is gone gets another one if somebody asks (a clock that was set back):
its visitors are then new ones, and nothing joins them to the old.
"""

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from affiliate.clock import Clock, utc_now

KEY_BYTES = 32
LIVES_PAST_MIDNIGHT = timedelta(hours=3)

KeyOfDay = Callable[[date], bytearray]  # of the caller's own: it is wiped when it has had its time

_MAY_BE_EARLY = timedelta(hours=1)  # a process may be at tomorrow's key already; a day further on the clock was wrong
_LOOK_SECONDS = 30.0  # between looks whether the key in memory has had its time
_RETRY_SECONDS = 1.0  # after a failure; until then the disk is not asked again
_MS_PER_DAY = 86_400_000
_EPOCH = date(1970, 1, 1)

log = logging.getLogger(__name__)


class KeyFiles:
    """The keys of a node, one file a day (mode 0600), shared by its processes.

    A key goes from the kernel to the file and from there into the one array that is wiped: anything in between would
    leave a copy in freed memory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, day: date) -> bytearray:
        """The key of a day; the first process to ask makes it. OSError where it can be neither read nor made."""
        path = self.folder / f"{day.isoformat()}.key"
        with contextlib.suppress(FileNotFoundError):
            return _read(path)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                _make(path)
        return _read(path)

    def forget(self, *, now: datetime) -> int:
        """Destroys the keys of days that ended more than three hours ago, and of days to come (a clock that was ahead
        must not leave a key to a later day); how many there were."""
        now = now.astimezone(UTC)
        first, last = (now - LIVES_PAST_MIDNIGHT).date(), (now + _MAY_BE_EARLY).date()
        kept = {f"{day.isoformat()}.key" for day in (first, now.date(), last)}
        expired = [path for path in self.folder.glob("????-??-??.*") if path.name not in kept]
        for path in expired:
            _destroy(path)
        return len(expired)


def _make(path: Path) -> None:
    """Whole or not at all, and never under two names: a draft that a killed process left is thrown away."""
    draft = path.with_name(".draft")
    draft.unlink(missing_ok=True)
    key = _read(Path("/dev/urandom"))
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb", 0) as file:
            file.write(key)
            os.fsync(file.fileno())  # a power cut must not leave a key of zeros, which everybody knows
    finally:
        key[:] = bytes(KEY_BYTES)
    draft.rename(path)


def _read(path: Path) -> bytearray:
    key = bytearray(KEY_BYTES)
    with path.open("rb", buffering=0) as file:
        read = file.readinto(key)
    if read != KEY_BYTES or not any(key):
        raise OSError(f"{path} holds no key; delete it, and the day gets another one")
    return key


def _destroy(path: Path) -> None:
    """Overwrites a key, then deletes it. Nobody reads what is being overwritten: it loses its name first."""
    with contextlib.suppress(FileNotFoundError):
        gone = path.rename(path.with_suffix(".gone"))
        with gone.open("r+b", buffering=0) as file:
            file.write(bytes(KEY_BYTES))
            os.fsync(file.fileno())
        gone.unlink()


class Visitors:
    """Makes visitor hashes; holds one day's key at a time, and that no longer than its file may live."""

    def __init__(self, key_of_day: KeyOfDay, *, clock: Clock = utc_now) -> None:
        self._key_of_day = key_of_day
        self._clock = clock
        self._current: tuple[int, bytearray] = (-1, bytearray())
        self._retry_at = 0.0
        self._failing = False
        self._watcher: threading.Thread | None = None

    def hash(self, time_ms: int, host: str, address: str, user_agent: str) -> int:
        """A signed 64-bit number, equal for the same visitor of a site within a UTC day. 0, which is nobody's: no key can
        be had, which was logged."""
        day, key = self._current
        if day != time_ms // _MS_PER_DAY:
            key = self._take(time_ms // _MS_PER_DAY)
            if not key:
                return 0
        visitor = f"{host}\0{address}\0{user_agent}".encode("utf-8", "replace")
        return int.from_bytes(blake2b(visitor, digest_size=8, key=key).digest(), "little", signed=True) or 1

    def _take(self, day: int) -> bytearray:
        if time.monotonic() < self._retry_at:
            return bytearray()
        try:
            key = self._key_of_day(_EPOCH + timedelta(days=day))
        except OSError as problem:
            if not self._failing:
                log.error("no visitor key can be had, clicks are counted without a visitor: %s", problem)
            self._failing, self._retry_at = True, time.monotonic() + _RETRY_SECONDS
            return bytearray()
        self._failing = False
        self._current = (day, key)
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True, name="visitor key")
            self._watcher.start()
        return key

    def _watch(self) -> None:
        """Lets go of a key that has had its time, although no click comes, and wipes every key that was let go: freed
        memory keeps its content until somebody else needs it."""
        held = self._current
        while True:
            time.sleep(_LOOK_SECONDS)
            if self._current[1] and self._clock() >= _end_of(self._current[0]):
                self._current = (-1, bytearray())
            if held is not self._current:
                time.sleep(_LOOK_SECONDS)  # whoever was hashing with it is done by then
                held[1][:] = bytes(len(held[1]))
                held = self._current


def _end_of(day: int) -> datetime:
    """When the key of a day, counted since 1970, has had its time."""
    return datetime.fromtimestamp((day + 1) * _MS_PER_DAY / 1000, UTC) + LIVES_PAST_MIDNIGHT
