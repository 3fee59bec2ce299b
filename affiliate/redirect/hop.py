"""The hop: a request's path in, a redirect out, the click journalled in between. Works under any server.

The table of answers, with the reasons, is docs/redirects.md. Nothing of the request ever becomes part of a Location,
but for a placement token whose check character is right.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from affiliate.redirect import pages, records
from affiliate.redirect.addresses import Networks, client_of
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.orphans import OrphanLog
from affiliate.redirect.records import ClickRecord
from affiliate.redirect.table import Found, LinkTable, TableDamaged
from affiliate.redirect.visitors import Visitors

PREFIX = "/go/"

# The request headers that `answer` reads, in lower case.
READ_HEADERS = ("user-agent", "referer", "sec-purpose", "purpose", "x-moz", "sec-gpc", "dnt", "x-forwarded-for")

Headers = list[tuple[str, str]]

_PURPOSES = ("sec-purpose", "purpose", "x-moz")

_LONGEST_PATH = 2_000
_ALLOW = ("Allow", "GET, HEAD")
_NO_STORE = ("Cache-Control", "no-store")
_NO_INDEX = ("X-Robots-Tag", "noindex, nofollow")
_REDIRECT_HEADERS: Headers = [
    _NO_STORE,
    _NO_INDEX,
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Content-Length", "0"),
]

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """A complete answer; `body` is empty where the method is HEAD."""

    status: str
    headers: Headers
    body: bytes


class Hop:
    """Answers requests of one process. `internal` are the staff's networks, `proxies` those whose X-Forwarded-For is
    believed; both as address ranges."""

    def __init__(
        self,
        table: LinkTable,
        journal: JournalWriter,
        visitors: Visitors,
        orphans: OrphanLog,
        *,
        proxies: Sequence[str] = (),
        internal: Sequence[str] = (),
    ) -> None:
        self._table = table
        self._journal = journal
        self._visitors = visitors
        self._orphans = orphans
        self._proxies = Networks(proxies)
        self._internal = Networks(internal)

    def answer(  # noqa: PLR0917 - what a request is, in the order of its first line; every server calls it positionally
        self, method: str, host: str, path: str, headers: Mapping[str, str], client_address: str, now: datetime
    ) -> Answer | None:
        """The answer to a request, or None if the path is not ours (the pages may have it).

        `host` is the Host header, `path` percent-decoded, `headers` has lower-case names, `client_address` is the
        peer's. A GET of a known path is in the journal before this returns, or counted as a journal failure.
        """
        ours = path.startswith(PREFIX)
        if len(path) > _LONGEST_PATH:
            return self._unknown(method, host, path, headers, now) if ours else None
        host = site_host(host)
        try:
            found = self._table.find(host, path)
        except TableDamaged as problem:
            log.error("%s", problem)
            return _page("503 Service Unavailable", pages.TROUBLE, method, ("Retry-After", "2")) if ours else None
        if found is None:
            return self._unknown(method, host, path, headers, now) if ours else None
        if method == "GET":
            self._journal.append(self._click(found, host, headers, client_address, now))
        elif method != "HEAD":
            return _not_allowed()
        return _answer_of(found, method)

    def health(self) -> str:
        """Why redirects do not work, or "" if they do."""
        try:
            built = self._table.checkpoint() is not None
        except TableDamaged as problem:
            return str(problem)
        return "" if built else "The link table has not been built yet."

    def _click(self, found: Found, host: str, headers: Mapping[str, str], peer: str, now: datetime) -> ClickRecord:
        get = headers.get
        user_agent = get("user-agent", "")
        address = client_of(peer, get("x-forwarded-for", ""), self._proxies) if self._proxies else peer
        time_ms = int(now.timestamp() * 1000)
        flags = _flags(found, headers)
        if address in self._internal:
            flags |= records.INTERNAL
        refused = flags & (records.GPC | records.DNT)
        visitor = 0 if refused else self._visitors.hash(time_ms, host, address, user_agent)
        referrer_host, referrer_path = self._referrer(get("referer", ""), host)
        entry = found.entry
        return ClickRecord(
            time_ms,
            visitor,
            entry.link_id,
            flags,
            found.token or entry.token,
            "",
            user_agent,
            referrer_host,
            referrer_path,
            host,
            entry.reason,
        )

    def _referrer(self, referrer: str, host: str) -> tuple[str, str]:
        """Host, and path only where it is a site of ours; never the query."""
        if not referrer:
            return "", ""
        referrer_host, path = _split_referrer(referrer)
        if referrer_host != host and not self._is_ours(referrer_host):
            path = ""
        return referrer_host, path

    def _is_ours(self, host: str) -> bool:
        try:
            return bool(host) and self._table.has_host(host)
        except TableDamaged:
            return False

    def _unknown(self, method: str, host: str, path: str, headers: Mapping[str, str], now: datetime) -> Answer:
        if method not in ("GET", "HEAD"):
            return _not_allowed()
        self._orphans.add(site_host(host), path, _split_referrer(headers.get("referer", ""))[0], now=now)
        return _page("404 Not Found", pages.NOT_FOUND, method)


@lru_cache(1024)
def site_host(host: str) -> str:
    """A Host header as a key of the table: lower case, without port and final dot."""
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0].rstrip(".")[:255]


@lru_cache(4096)
def _split_referrer(referrer: str) -> tuple[str, str]:
    scheme, mark, rest = referrer.partition("://")
    if not mark or scheme.lower() not in ("http", "https"):
        return "", ""
    authority, slash, path = rest.partition("#")[0].partition("?")[0].partition("/")
    return site_host(authority.rpartition("@")[2]), slash + path


def _flags(found: Found, headers: Mapping[str, str]) -> int:
    flags = records.TOKEN_IN_PATH if found.token else 0
    if "sec-gpc" in headers and headers["sec-gpc"].strip() == "1":
        flags |= records.GPC
    if "dnt" in headers and headers["dnt"].strip() == "1":
        flags |= records.DNT
    if any("prefetch" in headers[name].lower() for name in _PURPOSES if name in headers):
        flags |= records.PREFETCH
    return flags


def _answer_of(found: Found, method: str) -> Answer:
    entry, token = found
    location = entry.before + (token or entry.token) + entry.after if entry.has_slot else entry.before + entry.after
    if not location:
        return _page("404 Not Found", pages.NOT_FOUND, method)
    return Answer("302 Found", [("Location", location), *_REDIRECT_HEADERS], b"")


def _not_allowed() -> Answer:
    return _page("405 Method Not Allowed", pages.NOT_ALLOWED, "GET", _ALLOW)


def _page(status: str, page: bytes, method: str, *more: tuple[str, str]) -> Answer:
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page))),
        _NO_STORE,
        _NO_INDEX,
        *more,
    ]
    return Answer(status, headers, b"" if method == "HEAD" else page)
