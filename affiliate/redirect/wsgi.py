"""The hop in front of a WSGI application: paths of ours are answered here, everything else goes through."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from affiliate.clock import Clock
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
    for one to whom they are not open."""

    def __init__(
        self,
        hop: Hop,
        app: "WSGIApplication",
        counters: Counters,
        *,
        clock: Clock = _utc_now,
        not_ready: Callable[[], str] = lambda: "",
        metrics: Callable[[str, str], bytes | None] = lambda _peer, _forwarded_for: None,
    ) -> None:
        self._hop = hop
        self._app = app
        self._counters = counters
        self._clock = clock
        self._not_ready = not_ready
        self._metrics = metrics

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
        if answer is None:
            if path in ("/healthz", "/readyz"):
                answer = self._status(path)
            elif path == "/metrics":
                answer = self._metrics_page(environ)
            else:
                return self._app(environ, start_response)
        else:
            self._counters.add_answer(answer.status, perf_counter_ns() - began)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _status(self, path: str) -> Answer:
        problem = self._hop.health() or (self._not_ready() if path == "/readyz" else "")
        body = json.dumps({"status": "trouble", "problem": problem} if problem else {"status": "ok"}).encode()
        return _page("503 Service Unavailable" if problem else "200 OK", "application/json", body)

    def _metrics_page(self, environ: "WSGIEnvironment") -> Answer:
        page = self._metrics(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""))
        if page is None:
            return _page(
                "403 Forbidden", _TEXT, b"Not open to this address: see the setting metrics.allowed_networks.\n"
            )
        return _page("200 OK", _METRICS, page)


def _page(status: str, content_type: str, body: bytes) -> Answer:
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    return Answer(status, headers, body)


def _decoded(path: str) -> str:
    """A path as WSGI hands it over (bytes dressed as Latin-1) as text."""
    raw: Any = path.encode("latin-1", "replace")
    try:
        return str(raw.decode())
    except UnicodeDecodeError:
        return _UNDECODABLE if path.startswith(PREFIX) else path
