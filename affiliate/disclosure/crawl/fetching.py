"""One request to one of the site's own pages: guarded, bounded, and never led on to somewhere else by itself."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests

from affiliate.disclosure.crawl.robots import USER_AGENT
from affiliate.errors import Unreachable
from affiliate.networks.connecting import MayConnect, is_public
from affiliate.networks.http import (
    CHUNK,
    REDIRECTS,
    decoded,
    failure,
    guarded_session,
    retry_after,
)
from affiliate.urls import host_of

LARGEST_PAGE = 5_000_000  # bytes; the heaviest pages of magazines that we met have 1,700,000
_READ = re.compile(
    r"text/|application/(?:xhtml\+xml|xml|rss\+xml|atom\+xml|rdf\+xml|x?-?gzip|octet-stream)|$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, whatever its status. `location` is where it redirects to, as it was said, else "". `content` is
    decompressed, and empty where the status is no 2xx or the media type is nothing to read."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    location: str = ""

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def is_read(self) -> bool:
        """Whether its media type is one that is read."""
        return bool(_READ.match(self.media_type))

    @property
    def wait(self) -> float | None:
        """Seconds after which the server asks to come back; None where it does not say."""
        return retry_after(self.headers.get("Retry-After"))

    @property
    def text(self) -> str:
        return decoded(self.content, self.headers.get("Content-Type", ""))


@dataclass(frozen=True)
class Fetcher:
    """Asks with GET, one request a connection. `timeout_seconds` is for connecting and each silence, `deadline_seconds` for
    the whole. An address that `may_connect` refuses is never connected to."""

    may_connect: MayConnect = is_public
    timeout_seconds: float = 10
    deadline_seconds: float = 30

    def get(self, url: str, *, largest: int = LARGEST_PAGE) -> Answer:
        """The answer of any status. BlockedAddress, or Unreachable where there is none in time and size."""
        ends = time.monotonic() + self.deadline_seconds
        where = host_of(url) or url
        with guarded_session(self.may_connect, self.deadline_seconds) as (session, is_cut):
            try:
                with session.get(
                    url,
                    headers={
                        "User-Agent": USER_AGENT,
                        "Accept-Encoding": "gzip, deflate",
                        "Accept": "text/html,*/*;q=0.5",
                    },
                    timeout=self.timeout_seconds,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    answer = _answer(response, largest, where)
            except (requests.RequestException, OSError) as problem:
                raise (self._too_slow(where) if is_cut() else failure(where, problem)) from problem
            if is_cut() or time.monotonic() > ends:
                raise self._too_slow(where)
            return answer

    def _too_slow(self, where: str) -> Unreachable:
        return Unreachable(where, f"it took longer than {self.deadline_seconds:g} seconds.")


def _answer(response: requests.Response, largest: int, where: str) -> Answer:
    status, headers = response.status_code, response.headers
    if status in REDIRECTS and headers.get("Location"):
        location = headers["Location"].encode("latin-1", "replace").decode("utf-8", "replace")
        return Answer(status, headers, b"", location)
    answer = Answer(status, headers, b"")
    if not 200 <= status < 300 or not answer.is_read:
        return answer
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(CHUNK):
        size += len(part)
        if size > largest:
            raise Unreachable(where, f"it is larger than {largest:,} bytes.", permanent=True)
        parts.append(part)
    return Answer(status, headers, b"".join(parts))
