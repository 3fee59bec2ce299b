"""A limit on how often something comes in, counted in the memory of one process: with N workers N times as much comes through,
and a restart forgets. Enough for what only has to be kept from flooding; guessing passwords is braked in `brake`."""

from collections import deque
from datetime import datetime, timedelta

_MOST_KEYS = 10_000  # about 5 MB; beyond it the oldest are forgotten


class Throttle:
    """Refuses a key for the rest of `window` after `limit` failures within it."""

    def __init__(self, limit: int, window: timedelta) -> None:
        self._limit = limit
        self._window = window
        self._failures: dict[str, deque[datetime]] = {}

    def wait(self, key: str, now: datetime) -> timedelta | None:
        """How long this key has to wait, or None if it may try."""
        recent = self._recent(key, now)
        return recent[0] + self._window - now if len(recent) >= self._limit else None

    def failed(self, key: str, now: datetime) -> None:
        recent = self._recent(key, now)
        recent.append(now)
        self._failures.pop(key, None)
        self._failures[key] = recent
        while len(self._failures) > _MOST_KEYS:
            del self._failures[next(iter(self._failures))]

    def _recent(self, key: str, now: datetime) -> deque[datetime]:
        recent = self._failures.get(key) or deque(maxlen=self._limit)
        while recent and recent[0] <= now - self._window:
            recent.popleft()
        return recent
