"""Waiting for what another process, thread or page does: for as long as it needs on a machine of any speed.

The one bound tells a hang from work; no test passes or fails because a machine is slow.
"""

import time
from collections.abc import Callable

PATIENCE = 280.0  # seconds; pytest ends a test after 600


def wait_until(true: Callable[[], bool]) -> bool:
    """Whether it became true before everything must be taken to hang."""
    until = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
