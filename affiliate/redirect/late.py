"""Pages that may not be there yet, because a file that they need can be neither read nor written (a full disk, a folder that is
read-only). The redirect, which needs no such file, goes on meanwhile."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affiliate.redirect.hop import IsStaff

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds between two tries, doubling

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages, and whether a Cookie header is that of somebody signed in there."""

    app: "WSGIApplication"
    is_staff: IsStaff


class Late:
    """A WSGI application that is made by the first request for which `make` raises no OSError; requests before that get a 503
    that says why. Tries are made a second apart at first, and a minute apart at last; the log says once that they fail and
    once that they succeed."""

    def __init__(self, make: Callable[[], Pages], *, name: str, now: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._name = name
        self._now = now
        self._lock = threading.Lock()
        self._waiting = True
        self._problem = ""
        self._pause = _FIRST_PAUSE
        self._next_try = 0.0
        self.made: Pages | None = None

    def tried(self) -> str:
        """Why the application is not there, or ""; makes it if it is time for another try."""
        if self.made is not None:
            return ""
        with self._lock:
            if self._waiting and self._now() >= self._next_try:
                self._try()
            return self._problem

    def _try(self) -> None:
        try:
            self.made = self._make()
        except OSError as problem:
            if not self._problem:
                log.error("%s cannot be opened, redirects go on: %s", self._name, problem)
            self._problem = f"{problem.strerror or problem}: {problem.filename or 'the data folder'}"
            self._next_try = self._now() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            return
        if self._problem:
            log.warning("%s are open now", self._name)
        self._waiting, self._problem = False, ""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        problem = self.tried()
        if self.made is not None:
            return self.made.app(environ, start_response)
        body = (
            f"The pages cannot be opened: a file that they need can be neither read nor written ({problem}). Make room on the"
            " disk, or the folder writable; they open by themselves then. Redirects work.\n"
        ).encode()
        start_response(
            "503 Service Unavailable",
            [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Retry-After", "60"),
            ],
        )
        return [body]
