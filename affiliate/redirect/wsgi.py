"""The hop in front of a WSGI application: paths of ours are answered here, everything else goes through."""

import json
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from threading import BoundedSemaphore
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from affiliate.clock import Clock
from affiliate.redirect.bodies import Bodies
from affiliate.redirect.counters import Counters
from affiliate.redirect.hop import PREFIX, READ_HEADERS, Answer, Hop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HEADER_KEYS = tuple((f"HTTP_{name.upper().replace('-', '_')}", name) for name in READ_HEADERS)
_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"  # prometheus.io/docs/instrumenting/exposition_formats
_UNDECODABLE = PREFIX + "\ufffd"  # stands for a path that is not UTF-8: ours, and never known


def _utc_now() -> datetime:
    return datetime.now(UTC)


class RedirectMiddleware:
    """`/healthz` says whether redirects work, without asking the database. `/readyz` adds what `not_ready` says: the
    reason why pages cannot be served yet, or "". `/metrics` is what `metrics` gives for a peer and its X-Forwarded-For, None
    for one to whom they are not open.

    No more than `pages_at_once` requests for anything else are under way at a time, and a further one gets a 503 at once:
    pages wait for the database, and when that hangs they would take every thread from the redirect. `bodies` receives what
    such a request carries before it takes a place of the pages.
    """

    def __init__(
        self,
        hop: Hop,
        app: "WSGIApplication",
        counters: Counters,
        *,
        clock: Clock = _utc_now,
        not_ready: Callable[[], str] = lambda: "",
        metrics: Callable[[str, str], bytes | None] = lambda _peer, _forwarded_for: None,
        pages_at_once: int | None = None,
        bodies: Bodies | None = None,
    ) -> None:
        self._hop = hop
        self._app = app
        self._counters = counters
        self._clock = clock
        self._not_ready = not_ready
        self._metrics = metrics
        self._pages = BoundedSemaphore(pages_at_once or 1_000_000)
        self._bodies = bodies

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        began = perf_counter_ns()
        path = environ.get("PATH_INFO", "")
        if not path.isascii():
            path = _decoded(path)
        answer = self._hop.answer(
            environ["REQUEST_METHOD"],
            environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""),
            path,
            {name: environ[key] for key, name in _HEADER_KEYS if key in environ},
            environ.get("REMOTE_ADDR", ""),
            self._clock(),
        )
        if answer is not None:
            self._counters.add_answer(answer.status, perf_counter_ns() - began)
        elif path == "/healthz":
            answer = _status(self._hop.health())
        elif self._bodies and (refusal := self._bodies.receive(environ)):
            answer = refusal
        elif not self._pages.acquire(blocking=False):
            answer = _BUSY
        else:
            try:
                with self._bodies.answering(environ) if self._bodies else nullcontext():
                    return self._page(path, environ, start_response)
            finally:
                self._pages.release()
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _page(self, path: str, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """What may have to wait for the database."""
        if path == "/readyz":
            answer = _status(self._hop.health() or self._not_ready())
        elif path == "/metrics":
            answer = self._metrics_page(environ)
        else:
            return self._app(environ, start_response)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _metrics_page(self, environ: "WSGIEnvironment") -> Answer:
        page = self._metrics(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""))
        if page is None:
            return _whole(
                "403 Forbidden", _TEXT, b"Not open to this address: see the setting metrics.allowed_networks.\n"
            )
        return _whole("200 OK", _METRICS, page)


def _status(problem: str) -> Answer:
    body = json.dumps({"status": "trouble", "problem": problem} if problem else {"status": "ok"}).encode()
    return _whole("503 Service Unavailable" if problem else "200 OK", "application/json", body)


def _whole(status: str, content_type: str, body: bytes, *more: tuple[str, str]) -> Answer:
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        *more,
    ]
    return Answer(status, headers, body)


_BUSY = _whole(
    "503 Service Unavailable",
    _TEXT,
    b"The pages are busy: the database may be slow to answer. Redirects work.\n",
    ("Retry-After", "5"),
)


def _decoded(path: str) -> str:
    """A path as WSGI hands it over (bytes dressed as Latin-1) as text."""
    raw: Any = path.encode("latin-1", "replace")
    try:
        return str(raw.decode())
    except UnicodeDecodeError:
        return _UNDECODABLE if path.startswith(PREFIX) else path
