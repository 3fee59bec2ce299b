"""The server by a clock that a test sets: `python -m tests.serve.stepping PORT WORKERS`, with STEPPED_CLOCK naming a file
that says how many seconds it is ahead. Only what is told the time is stepped; waiting is not."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from affiliate import clock


def step(file: Path) -> None:
    """Before anything else of the product is imported: a clock is a default of many."""
    real_time, real_time_ns = time.time, time.time_ns

    def ahead() -> float:
        return float(file.read_text())

    time.time = lambda: real_time() + ahead()
    time.time_ns = lambda: real_time_ns() + int(ahead() * 1e9)
    clock.utc_now = lambda: datetime.fromtimestamp(time.time(), UTC)


def serve() -> None:
    from affiliate.redirect import visitors
    from affiliate.serve import serve_until_told_otherwise
    from affiliate.settings import load_settings

    visitors._LOOK_SECONDS = 0.2
    serve_until_told_otherwise(load_settings(), port=int(sys.argv[1]), workers=int(sys.argv[2]))


if __name__ == "__main__":
    step(Path(os.environ["STEPPED_CLOCK"]))
    serve()
