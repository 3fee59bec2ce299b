"""The bodies of requests, received whole before a request takes a place of the pages: whoever sends slowly, or never ends,
waits here, and not where everybody else is answered."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, NamedTuple

from affiliate.redirect import connections
from affiliate.redirect.hop import Answer, Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LEAST_BYTES_PER_SECOND = 500  # beyond the first seconds, as Apache's mod_reqtimeout has it (MinRate)

_STEP = 8_192  # bytes of one read, which waits for them all
_IN_MEMORY = 1 << 20
_PLACE_SECONDS = 2.0  # to wait for a place: a body that is sent at once is there in a moment
_MOST_WAITING = 20  # for a place; each keeps a thread meanwhile
_LOOK_SECONDS = 0.5  # between two tries to end what is late

ClientOf = Callable[[str, str], str]  # by the peer's address and X-Forwarded-For


class Bodies:
    """Receives up to `at_once` bodies at a time, and `per_client` of one client; a few more wait a moment for their turn. `seconds` is how long one may take, and a
    second more for every 500 bytes that have come. What is larger than `largest` bytes is not received."""

    def __init__(
        self, *, client_of: ClientOf, seconds: float, at_once: int, per_client: int, largest: int = 1 << 30
    ) -> None:
        self._client_of = client_of
        self._seconds = seconds
        self._at_once = at_once
        self._per_client = per_client
        self._largest = largest
        self._turns = threading.Condition()
        self._waiting = 0
        self._arriving: Counter[str] = Counter()
        self._answering: dict[object, tuple[str, float]] = {}

    def receive(self, environ: "WSGIEnvironment") -> Answer | None:
        """Puts the whole body into `environ`, in place of what is still to come; or the answer for one that is not taken. A
        body that says that it is too large is left out, and its length stands: the pages refuse it."""
        length = environ.get("CONTENT_LENGTH") or ""
        if length in ("", "0") and "HTTP_TRANSFER_ENCODING" not in environ:
            return None
        if length.isdecimal() and int(length) > self._largest:
            environ["wsgi.input"] = BytesIO()
            return None
        client = self._client_of(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""))
        with self._place(client) as refusal:
            return refusal or self._received(environ, int(length) if length.isdecimal() else None)

    @contextmanager
    def _place(self, client: str) -> Iterator[Answer | None]:
        with self._turns:
            refusal = self._refusal(client)
            if refusal and self._waiting < _MOST_WAITING:
                self._waiting += 1
                self._turns.wait_for(lambda: self._refusal(client) is None, _PLACE_SECONDS)
                self._waiting -= 1
                refusal = self._refusal(client)
            if refusal is None:
                self._arriving[client] += 1
        try:
            yield refusal and refusal.again()
        finally:
            with self._turns:
                if refusal is None:
                    self._arriving[client] -= 1
                self._arriving += Counter()  # forgets clients of whom nothing arrives
                self._turns.notify_all()

    def _refusal(self, client: str) -> "_Refusal | None":
        """What a client is told whose body cannot be received now."""
        if self._arriving[client] >= self._per_client:
            return _MANY
        return _FULL if self._arriving.total() >= self._at_once else None

    def _received(self, environ: "WSGIEnvironment", length: int | None) -> Answer | None:
        peer, began = environ.get("REMOTE_ADDR", ""), time.monotonic()
        before = connections.received_from(peer)
        body = _Arriving(environ["wsgi.input"], self._largest)
        late = False
        while not body.ended.wait(max(began + self._allowed(body) - time.monotonic(), _LOOK_SECONDS if late else 0)):
            waited = time.monotonic() - began
            late = waited >= self._allowed(body)
            if late and not self._is_answering(peer, since=began):
                connections.end_stalled(peer, before, seconds=waited, at_most=body.size + 2 * _STEP)
        is_whole = length is not None and body.size >= length
        if late or (not is_whole and time.monotonic() - began >= self._allowed(body) - 2 * _LOOK_SECONDS):
            return _LATE.again()  # or ended beside another one of this client that was late
        if body.problem:
            return _BROKEN.again()
        if length is not None and not is_whole:
            return _CUT.again()
        body.content.seek(0)
        environ["wsgi.input"] = body.content
        environ["CONTENT_LENGTH"] = str(body.size)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return None

    def _allowed(self, body: "_Arriving") -> float:
        return self._seconds + body.size / LEAST_BYTES_PER_SECOND

    @contextmanager
    def answering(self, environ: "WSGIEnvironment") -> Iterator[None]:
        """While an answer is being made whose connection must not be taken for one that stalls."""
        mark = object()
        self._answering[mark] = (environ.get("REMOTE_ADDR", ""), time.monotonic())
        try:
            yield
        finally:
            del self._answering[mark]

    def _is_answering(self, peer: str, *, since: float) -> bool:
        """Whether an answer to this peer has been under way since before then."""
        return any(to == peer and began <= since + _LOOK_SECONDS for to, began in list(self._answering.values()))


class _Content(SpooledTemporaryFile[bytes]):
    """Closed when its request, or the thread that still waits for the rest of it, lets go of it."""

    def __del__(self) -> None:
        self.close()


class _Arriving:
    """A body that a thread of its own waits for, since nobody else could give up waiting."""

    def __init__(self, source: IO[bytes], largest: int) -> None:
        self.content = _Content(_IN_MEMORY)
        self.size = 0
        self.ended = threading.Event()
        self.problem = False
        self._source = source
        self._largest = largest
        threading.Thread(target=self._read, daemon=True, name="body").start()

    def _read(self) -> None:
        try:
            while self.size <= self._largest and (some := self._source.read(_STEP)):
                self.content.write(some)
                self.size += len(some)
        except (OSError, RuntimeError, ValueError):  # no room for it, or the connection broke
            self.problem = True
        self.ended.set()


class _Refusal(NamedTuple):
    answer: Answer

    def again(self) -> Answer:
        """An answer whose list of headers is its own."""
        return self.answer._replace(headers=[*self.answer.headers])


def _refusal(status: str, body: bytes, *more: tuple[str, str]) -> _Refusal:
    headers: Headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Connection", "close"),
        *more,
    ]
    return _Refusal(Answer(status, headers, body))


_MANY = _refusal(
    "429 Too Many Requests",
    b"Too many requests from your address are still being sent. Please try again in a few seconds.\n",
    ("Retry-After", "5"),
)
_FULL = _refusal(
    "503 Service Unavailable",
    b"Too many requests are still being sent. Please try again in a few seconds. Redirects work.\n",
    ("Retry-After", "5"),
)
_LATE = _refusal(
    "408 Request Timeout",
    b"The request did not arrive in time; please send it again. (The setting server.body_seconds says how long it may take.)\n",
)
_CUT = _refusal("400 Bad Request", b"The request ended before its end.\n")
_BROKEN = _refusal(
    "503 Service Unavailable", b"The request could not be received; please try again.\n", ("Retry-After", "5")
)
