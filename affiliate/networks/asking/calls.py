"""Calls to networks' APIs: patient, paced, and silent about credentials.

A network's API is a fixed public host that is given our credentials, so this client is the opposite of the polite one, which
reads strangers' pages: it waits minutes where it is asked to, never takes a credential to another host, and what it
raises can be shown and logged.
"""

import io
import logging
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import requests

from affiliate.errors import Unreachable
from affiliate.networks.asking.api import Answer
from affiliate.networks.connecting import MayConnect, is_public
from affiliate.networks.http import (
    CHUNK,
    REDIRECTS,
    failure,
    guarded_session,
    origin,
    retry_after,
)

USER_AGENT = "Affiliate/0.1 (a publisher's link manager; reads its own account)"

_REDIRECTS_FOLLOWED = 3
_SHOWN = 200  # characters of a refusal in the network's own words
_SHORTEST_SECRET = 4  # shorter values would blacken innocent digits
_NAMES_OF_SECRETS = ("token", "secret", "password", "key", "sign", "auth", "code", "assertion")
_LIMITED = 429
_WAITS, _LONGEST_BELIEVED = ("X-RateLimit-Retry-After", "X-RateLimit-Reset"), 86_400
_AGAIN = (408, _LIMITED, 500, 502, 503, 504)
_FIRST_WAIT, _FIRST_WAIT_OF_LIMITED = 2.0, 15.0  # seconds; doubled each time. Limits are counted by the minute

# urllib3 writes every URL, with the tokens that some networks want in it, at DEBUG
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class _Request:
    """One request, and all that must never show of it."""

    def __init__(self, method: str, url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.method = method
        self.url = url
        self.body = {name: value for name, value in body.items() if value is not None}
        self.headers = headers
        self.host = urlsplit(url).hostname or url

    def secrets(self) -> Iterable[str]:
        for name, value in self.headers.items():
            if any(word in name.lower() for word in _NAMES_OF_SECRETS):
                yield from (value, *value.split(), *_of_basic(value))
        for part in ("params", "data", "json"):
            yield from _secrets_in(self.body.get(part))


@dataclass
class ApiClient:
    """Asks one account's API; `Client` says how. `secrets` are the credentials: they are blackened in all that is shown.

    Time-outs, broken connections, 408, 429 and 5xx are tried again, `attempts` times in all, after the seconds that
    Retry-After names or ever longer ones; if it names more than `longest_wait_seconds`, Unreachable says `again_at` at
    once. `pause` is the least time between the beginnings of two calls. `timeout_seconds` is for connecting and each
    silence, `deadline_seconds` for one attempt, `largest` in bytes after decompression.

    A redirect of a GET is followed within its host only. An address that `may_connect` refuses is never connected to.
    """

    secrets: tuple[str, ...] = field(default=(), repr=False)
    pause: timedelta = timedelta(0)
    may_connect: MayConnect = is_public
    timeout_seconds: float = 60
    deadline_seconds: float = 300
    largest: int = 200_000_000  # 31 days of 100,000 sales with all their fields are about 130 MB at Awin
    attempts: int = 5
    longest_wait_seconds: float = 180
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    ticks: Callable[[], float] = field(default=time.monotonic, repr=False)
    _next_at: float = field(default=0.0, init=False, repr=False)

    def get(
        self, url: str, *, parameters: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self._patiently(_Request("GET", url, {"params": parameters}, headers or {}))

    def post(
        self,
        url: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return self._patiently(_Request("POST", url, {"params": parameters, "json": json, "data": form}, headers or {}))

    def _patiently(self, request: _Request) -> Answer:
        for attempt in range(1, self.attempts + 1):
            self._keep_pace()
            try:
                answer = self._followed(request)
                if 200 <= answer.status < 300:
                    return answer
                problem = self._refusal(request, answer)
                wait = _asked_wait(answer)
            except Unreachable as unanswered:
                problem, wait = unanswered, None
            if problem.permanent:
                raise problem
            seconds = _back_off(attempt, problem.status) if wait is None else wait
            if seconds > self.longest_wait_seconds:
                raise _later(problem, seconds)
            if attempt < self.attempts:
                self.sleep(seconds)
        raise problem

    def _keep_pace(self) -> None:
        now = self.ticks()
        if now < self._next_at:
            self.sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + self.pause.total_seconds()

    def _followed(self, request: _Request) -> Answer:
        """The answer, after redirects within the host; Unreachable, also where it leads away."""
        url = request.url
        for _ in range(_REDIRECTS_FOLLOWED + 1):
            answer = self._once(request, url)
            if answer.status not in REDIRECTS or "Location" not in answer.headers:
                return answer
            target = urljoin(url, answer.headers["Location"])
            if request.method != "GET" or origin(target) != origin(request.url):
                reason = f"it redirects to {urlsplit(target).hostname}, where credentials are not taken."
                raise Unreachable(request.host, reason, permanent=True)
            url = target
        raise Unreachable(request.host, f"it redirects more than {_REDIRECTS_FOLLOWED} times.", permanent=True)

    def _once(self, request: _Request, url: str) -> Answer:
        """One attempt. What is raised hides its cause: the library's own texts hold the URL, with a token in it perhaps."""
        body = request.body if url == request.url else {}  # a redirect names its query itself
        with guarded_session(self.may_connect, self.deadline_seconds) as (session, is_cut):
            try:
                with session.request(
                    request.method,
                    url,
                    headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate", **request.headers},
                    timeout=self.timeout_seconds,
                    allow_redirects=False,
                    stream=True,
                    **body,
                ) as response:
                    answer = Answer(response.status_code, response.headers, self._content(request, response))
            except (requests.RequestException, OSError) as problem:
                raise (self._too_slow(request) if is_cut() else failure(request.host, problem)) from None
            if is_cut():
                raise self._too_slow(request)
            return answer

    def _content(self, request: _Request, response: requests.Response) -> bytes:
        content = io.BytesIO()  # gives its bytes away without copying them, of which there may be 200 MB
        for part in response.iter_content(CHUNK):
            content.write(part)
            if content.tell() > self.largest:
                reason = f"its answer is larger than {self.largest:,} bytes; ask for fewer days at once."
                raise Unreachable(request.host, reason, permanent=True)
        return content.getvalue()

    def _refusal(self, request: _Request, answer: Answer) -> Unreachable:
        said = self._shown(answer.content, request.secrets())
        reason = f"it answered {answer.status}"
        if answer.status == 400 and not said:
            reason += " and not a word, which some networks do where more days are asked for than they answer."
        else:
            reason += f": {said}" if said else "."
        return Unreachable(request.host, reason, permanent=answer.status not in _AGAIN, status=answer.status)

    def _shown(self, content: bytes, secrets: Iterable[str]) -> str:
        """What a refusal says, in a line, without any secret."""
        text = " ".join(content[:10_000].decode("utf-8", "replace").split())
        for secret in sorted({*self.secrets, *secrets}, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                for spelling in (secret, quote(secret, safe=""), quote_plus(secret)):
                    text = text.replace(spelling, "…")
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

    def _too_slow(self, request: _Request) -> Unreachable:
        return Unreachable(request.host, f"it took longer than {self.deadline_seconds:g} seconds.")


def _asked_wait(answer: Answer) -> float | None:
    """Seconds for which the network asks to be left alone. Partnerize and impact say so in headers of their own, the second
    of which others fill with a moment since 1970: a day at most is believed."""
    if (seconds := retry_after(answer.headers.get("Retry-After"))) is not None or answer.status != _LIMITED:
        return seconds
    said = (retry_after(answer.headers.get(name)) for name in _WAITS)
    return next((seconds for seconds in said if seconds is not None and seconds <= _LONGEST_BELIEVED), None)


def _back_off(attempt: int, status: int | None) -> float:
    return float((_FIRST_WAIT_OF_LIMITED if status == _LIMITED else _FIRST_WAIT) * 2 ** (attempt - 1))


def _later(problem: Unreachable, seconds: float) -> Unreachable:
    again_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
    reason = f"{problem.reason.rstrip('.')}. It asks to come back at {again_at:%Y-%m-%d %H:%M} UTC."
    return Unreachable(problem.host, reason, status=problem.status, again_at=again_at)


def _of_basic(value: str) -> Iterable[str]:
    """Name and password of a Basic authorization."""
    scheme, _, packed = value.partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        return b64decode(packed).decode("utf-8", "replace").split(":")
    except NotBase64:
        return ()


def _secrets_in(values: object) -> Iterable[str]:
    """The texts of a query, form or JSON object whose names say that they are secret."""
    if not isinstance(values, Mapping):
        return
    for name, value in values.items():
        if isinstance(value, str) and any(word in str(name).lower() for word in _NAMES_OF_SECRETS):
            yield value
