"""One guarded door for all that we read from outside: advertisers' pages here, networks' APIs in calls.py.

It is polite (time-outs, a size cap, Retry-After, a user agent that says who asks) and it is guarded: every connection, a
redirect's too, is made by connecting.py.
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import requote_uri
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from affiliate.errors import InvalidUrl, Unreachable
from affiliate.networks.connecting import MayConnect, connect, is_public
from affiliate.urls import parse_web_url

USER_AGENT = "Affiliate/0.1 (a publisher's link manager; reads product pages on request)"

_CONNECTED_WITHIN = 20.0  # seconds, where the request names no time-out
_IN_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w:.-]{1,40})", re.IGNORECASE)
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
REDIRECTS = (301, 302, 303, 307, 308)
_TRY_AGAIN = (429, 503)
CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Page:
    """What was answered: `url` after redirects, headers compared without case, the whole content decompressed."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return decoded(self.content, self.headers.get("Content-Type", ""))


def decoded(content: bytes, content_type: str = "") -> str:
    """A page's text as browsers decode it: by a byte-order mark, the header, a meta element at the beginning, as UTF-8, and as
    windows-1252 what is none. A charset that nobody knows, or that does not fit, is passed over."""
    header = content_type.lower().partition("charset=")[2].split(";")[0].strip(" \"'")
    in_meta = _IN_META.search(content[:2048])
    mark = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    said = (mark, header, in_meta.group(1).decode("ascii", "replace") if in_meta else "", "utf-8")
    for charset in filter(None, said):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeError, ValueError):
            continue
    return content.decode("windows-1252", "replace")


@dataclass(frozen=True)
class PoliteClient:
    """Reads addresses with GET. `timeout_seconds` is for connecting and for each silence while reading,
    `deadline_seconds` for all of a call: redirects, waits and reading.

    `may_connect` judges every address before a socket goes there; only tests and people who know why replace it.
    """

    user_agent: str = USER_AGENT
    may_connect: MayConnect = is_public
    timeout_seconds: float = 5
    deadline_seconds: float = 20
    largest: int = 5_000_000  # bytes after decompression; the heaviest product pages are about 3 MB
    redirects: int = 5
    attempts: int = 3
    longest_wait_seconds: float = 10  # a Retry-After beyond it is not waited for
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Page:
        """The page behind an address. `headers` (a token, say) go to the first host only, never along a redirect to
        another. InvalidUrl, BlockedAddress, or Unreachable for all that is no 2xx answer in time and size."""
        call = _Call(self, time.monotonic() + self.deadline_seconds)
        first = parse_web_url(url).text
        target = first
        for _ in range(self.redirects + 1):
            own = headers if origin(target) == origin(first) else None
            answer = call.patiently(target, own or {})
            if isinstance(answer, Page):
                return answer
            target = answer
        raise Unreachable(_host(first), f"it redirects more than {self.redirects} times.", permanent=True)


@dataclass(frozen=True, slots=True)
class _Wait:
    """The server asked to come back: seconds, or None where it did not say when."""

    status: int
    seconds: float | None


@dataclass(frozen=True)
class _Call:
    client: PoliteClient
    ends: float  # monotonic

    def patiently(self, url: str, headers: Mapping[str, str]) -> Page | str:
        """The page, or the address that it redirects to. Comes back when the server asks for it and time is left."""
        for attempt in range(1, self.client.attempts + 1):
            answer = self.once(url, headers)
            if not isinstance(answer, _Wait):
                return answer
            seconds = float(attempt) if answer.seconds is None else answer.seconds
            too_long = seconds > min(self.client.longest_wait_seconds, self.left())
            if too_long or attempt == self.client.attempts:
                raise Unreachable(_host(url), f"it answered {answer.status} and asks to come back later.")
            self.client.sleep(seconds)
        raise AssertionError("unreachable: attempts is at least 1")

    def once(self, url: str, headers: Mapping[str, str]) -> Page | str | _Wait:
        if self.left() <= 0:
            raise self.too_slow(url)
        with guarded_session(self.client.may_connect, self.left()) as (session, is_cut):
            try:
                with session.get(
                    url,
                    headers={"User-Agent": self.client.user_agent, "Accept-Encoding": "gzip, deflate", **headers},
                    timeout=self.client.timeout_seconds,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    answer = self.judge(url, response)
            except (requests.RequestException, OSError) as problem:
                raise (self.too_slow(url) if is_cut() else failure(_host(url), problem)) from problem
            if is_cut():
                raise self.too_slow(url)
            return answer

    def judge(self, url: str, response: requests.Response) -> Page | str | _Wait:
        status = response.status_code
        if status in REDIRECTS and "Location" in response.headers:
            return _next(url, response.headers["Location"])
        if status in _TRY_AGAIN:
            return _Wait(status, retry_after(response.headers.get("Retry-After")))
        if not 200 <= status < 300:
            raise Unreachable(_host(url), f"it answered {status}.", permanent=400 <= status < 500 and status != 408)
        return Page(url, status, response.headers, self.content(url, response))

    def content(self, url: str, response: requests.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_content(CHUNK):
            size += len(part)
            if size > self.client.largest:
                reason = f"it is larger than {self.client.largest:,} bytes."
                raise Unreachable(_host(url), reason, permanent=True)
            parts.append(part)
        return b"".join(parts)

    def left(self) -> float:
        return self.ends - time.monotonic()

    def too_slow(self, url: str) -> Unreachable:
        return Unreachable(_host(url), f"it took longer than {self.client.deadline_seconds:g} seconds.")


@contextmanager
def guarded_session(may_connect: MayConnect, seconds: float) -> Iterator[tuple[requests.Session, Callable[[], bool]]]:
    """A session for one request, and whether it was cut off. After `seconds` its sockets are shut down from beside:
    a time-out per read does not end a server that sends one byte at a time."""
    sockets: list[socket.socket] = []
    cut = threading.Event()

    def cut_off() -> None:
        cut.set()
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:  # ended by itself meanwhile
                continue

    timer = threading.Timer(max(seconds, 0), cut_off)
    timer.daemon = True
    session = requests.Session()
    session.trust_env = False  # a proxy or .netrc of the machine would go round the guard
    session.mount("http://", _GuardedAdapter(may_connect, sockets))
    session.mount("https://", _GuardedAdapter(may_connect, sockets))
    timer.start()
    try:
        yield session, cut.is_set
    finally:
        timer.cancel()
        session.close()
        for one in sockets:
            one.close()


class _GuardedAdapter(HTTPAdapter):
    """Makes its connections through `_connect`."""

    def __init__(self, may_connect: MayConnect, sockets: list[socket.socket]) -> None:
        self._may_connect = may_connect
        self._sockets = sockets
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        may_connect, sockets = self._may_connect, self._sockets

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return _connect(self, may_connect, sockets)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return _connect(self, may_connect, sockets)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def _connect(connection: HTTPConnection, may_connect: MayConnect, sockets: list[socket.socket]) -> socket.socket:
    seconds = connection.timeout if isinstance(connection.timeout, int | float) else _CONNECTED_WITHIN
    made = connect(connection.host.strip("[]"), connection.port, may_connect, seconds=seconds)
    sockets.append(made.dup())  # TLS takes the first handle away; shutting down the second ends both
    return made


def _next(url: str, location: str) -> str:
    target = urljoin(url, requote_uri(location.encode("latin-1").decode("utf-8", "replace")))
    try:
        return parse_web_url(target).text
    except InvalidUrl as problem:
        raise Unreachable(
            _host(url), f"it redirects to an address that cannot be used: {problem}", permanent=True
        ) from problem


def retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or an HTTP date (RFC 9110 §10.2.3); None for neither."""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def failure(host: str, problem: Exception) -> Unreachable:
    """What went wrong on the way, without the library's words, which hold the whole URL."""
    if isinstance(problem, requests.exceptions.SSLError):
        return Unreachable(host, "its certificate is not valid.")
    if isinstance(problem, requests.Timeout):
        return Unreachable(host, "it did not answer in time.")
    if isinstance(problem, requests.exceptions.ContentDecodingError):
        return Unreachable(host, "its answer is damaged.")
    return Unreachable(host, "no connection could be made, or it broke off.")


def origin(url: str) -> tuple[str, str]:
    """Scheme and host with port: where credentials may go."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _host(url: str) -> str:
    return parse_web_url(url).host
