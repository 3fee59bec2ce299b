"""How long a request may take: set where it comes in, asked at the natural steps of what it does.

A thread cannot be stopped from outside, so long work asks for itself: the parser at each tag, the rewriter at each link, an
import at each batch, the store at each statement. Where no limit was set (commands, background jobs) nothing ends.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from affiliate.errors import TookTooLong

_limit: ContextVar[tuple[float, float] | None] = ContextVar("limit", default=None)  # seconds, and when they are over


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done in the block may take so many seconds."""
    token = _limit.set((seconds, time.monotonic() + seconds))
    try:
        yield
    finally:
        _limit.reset(token)


@contextmanager
def lifted() -> Iterator[None]:
    """What is done in the block may take its time: what must follow once something is stored, and saying what went wrong."""
    token = _limit.set(None)
    try:
        yield
    finally:
        _limit.reset(token)


def check() -> None:
    """TookTooLong once the time is over."""
    limit = _limit.get()
    if limit is not None and time.monotonic() > limit[1]:
        raise TookTooLong(limit[0])


def seconds_left() -> float | None:
    """Not below zero; None where there is no limit."""
    limit = _limit.get()
    return None if limit is None else max(limit[1] - time.monotonic(), 0.0)
