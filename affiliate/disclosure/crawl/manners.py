"""How a server is asked: one request at a time, at its pace and ours, and not again while it wants to be left alone."""

import math
from collections.abc import Callable

from affiliate.disclosure.crawl.addresses import host
from affiliate.disclosure.crawl.fetching import Answer, Fetcher

_TRIES = 4  # of one address whose server asks to come back
_LONGEST_WAIT = 120.0  # seconds; one that asks for more is left alone until somebody goes on
_SLOWEST = 32  # times the usual pause, after failures in a row
_TRY_LATER = (429, 503)


class ComeBackLater(Exception):
    """A server asks to be left alone for longer than a walk waits; who, and for how long, in words."""


class Manners:
    """Asks with a pause of `pause_seconds` between two requests, or of `delay` seconds where robots.txt asks for more."""

    def __init__(
        self, fetcher: Fetcher, pause_seconds: float, *, sleep: Callable[[float], None], ticks: Callable[[], float]
    ) -> None:
        self._fetcher, self._pause_seconds, self._sleep, self._ticks = fetcher, pause_seconds, sleep, ticks
        self._last_at = -math.inf
        self.delay = 0.0

    @property
    def pause(self) -> float:
        return max(self._pause_seconds, self.delay)

    def wait_first(self) -> None:
        """Lets the pause pass before the first request too: another turn may have asked a moment ago."""
        self._last_at = self._ticks()

    def ask(self, url: str, *, largest: int, failures: int) -> Answer:
        """The answer of any status, patiently where the server asks to come back; slower after `failures` in a row.
        ComeBackLater, and what the fetcher raises."""
        for attempt in range(1, _TRIES + 1):
            answer = self._once(url, largest, failures)
            if answer.status not in _TRY_LATER:
                return answer
            wait = answer.wait if answer.wait is not None else self.pause * 2**attempt
            if wait > _LONGEST_WAIT:
                raise ComeBackLater(
                    f"{host(url)} answers {answer.status} and asks to come back in {wait:,.0f} seconds."
                )
            if attempt < _TRIES:
                self._sleep(wait)
        return answer

    def _once(self, url: str, largest: int, failures: int) -> Answer:
        due = self._last_at + self.pause * min(2**failures, _SLOWEST) - self._ticks()
        if due > 0:
            self._sleep(due)
        try:
            return self._fetcher.get(url, largest=largest)
        finally:
            self._last_at = self._ticks()
