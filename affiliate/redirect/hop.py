"""The hop: a request's path in, a redirect out, the click journalled in between. Works under any server.

The table of answers, with the reasons, is docs/redirects.md. Nothing of the request ever becomes part of a Location,
but for a placement token whose check character is right.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from affiliate.redirect import pages, records
from affiliate.redirect.addresses import Networks, client_of
from affiliate.redirect.counters import Counters
from affiliate.redirect.countries import CountryOf, nowhere
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.orphans import OrphanLog
from affiliate.redirect.records import ClickRecord
from affiliate.redirect.referrers import REFERRER_POLICIES
from affiliate.redirect.signs import is_ahead, machine_flags, wishes
from affiliate.redirect.table import AGREED, OVERRULED, Found, LinkTable, TableDamaged, Unclear
from affiliate.redirect.unknown_hosts import UnknownHosts
from affiliate.redirect.visitors import Visitors
from affiliate.urls import host_key, without_port

PREFIX = "/go/"
BESIDE = "/go/-"  # no segment of a slug begins with "-", so whatever stands below is no link's
SCRIPT = f"{BESIDE}/clicks.js"

# The request headers that `answer` reads, in lower case.
READ_HEADERS = (
    "user-agent",
    "referer",
    "x-forwarded-for",
    "cookie",
    "ping-from",
    "sec-gpc",
    "dnt",
    "sec-purpose",
    "purpose",
    "x-purpose",
    "x-moz",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-ch-ua",
)

Headers = list[tuple[str, str]]
IsStaff = Callable[[str, datetime], bool]  # by the Cookie header

_LONGEST_PATH = 2_000
_REMEMBERED = 4096  # clients a process keeps the facts of, so that a proxy and a country cost 0.1 µs and not 3
_LONGEST_FORWARDED = 2_000  # characters of X-Forwarded-For, from its end: more than a chain of 32 proxies needs
_NOT_TOLD_APART = records.GPC | records.DNT
_READ = ("Allow", "GET, HEAD")
_SENT = ("Allow", "POST")
_NO_STORE = ("Cache-Control", "no-store")
_NO_INDEX = ("X-Robots-Tag", "noindex, nofollow")
_REDIRECT_HEADERS: dict[str, Headers] = {
    policy: [_NO_STORE, _NO_INDEX, ("Referrer-Policy", policy), ("Content-Length", "0")] for policy in REFERRER_POLICIES
}
_USUAL_HEADERS = _REDIRECT_HEADERS[REFERRER_POLICIES[0]]

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """A complete answer; `body` is empty where the method is HEAD. The list of headers is this answer's own: a server may
    add to it."""

    status: str
    headers: Headers
    body: bytes


def nobody(_cookies: str, _now: datetime) -> bool:
    return False


class Hop:
    """Answers requests of one process.

    `internal` are the staff's networks, `proxies` those whose X-Forwarded-For is believed; both as address ranges.
    `is_staff` says whether a Cookie header is that of somebody signed in. With `refuse_unknown` networks are told that a
    reader refuses also where nothing is known of it.
    """

    def __init__(
        self,
        table: LinkTable,
        journal: JournalWriter,
        visitors: Visitors,
        orphans: OrphanLog,
        *,
        unknown_hosts: UnknownHosts,
        counters: Counters,
        proxies: Sequence[str] = (),
        internal: Sequence[str] = (),
        country_of: CountryOf = nowhere,
        is_staff: IsStaff = nobody,
        refuse_unknown: bool = False,
    ) -> None:
        self._table = table
        self._journal = journal
        self._visitors = visitors
        self._orphans = orphans
        self._unknown_hosts = unknown_hosts
        self._counters = counters
        self._proxies = Networks(proxies)
        self._internal = Networks(internal)
        self._country_of = country_of
        self._is_staff = is_staff
        self._refuse_unknown = refuse_unknown
        self._facts = lru_cache(_REMEMBERED)(self._facts_of)

    def answer(  # noqa: PLR0917 - what a request is, in the order of its first line; every server calls it positionally
        self, method: str, host: str, path: str, headers: Mapping[str, str], client_address: str, now: datetime
    ) -> Answer | None:
        """The answer to a request, or None if the path is not ours (the pages may have it).

        `host` is the Host header, `path` percent-decoded, `headers` has lower-case names, `client_address` is the
        peer's. A GET of a link is in the journal before this returns, or counted as a journal failure.
        """
        ours = path.startswith(PREFIX)
        if ours and path.startswith("-/", len(PREFIX)):
            return self._beside(method, host, path, headers, client_address, now)
        if len(path) > _LONGEST_PATH:
            return self._unknown(method, host, path, headers, now) if ours else None
        key = host_key(host)
        try:
            found = self._table.find(key, path)
        except TableDamaged as problem:
            log.error("%s", problem)
            return _trouble(method, pages.TROUBLE) if ours else None
        if found is None:
            return self._unknown(method, host, path, headers, now) if ours else None
        if method not in ("GET", "HEAD"):
            return _not_allowed(method, _READ)
        if is_ahead(headers):
            self._counters.add_prefetch()
            return Answer("503 Service Unavailable", [_NO_STORE, _NO_INDEX, ("Content-Length", "0")], b"")
        if isinstance(found, Unclear):
            self._note_doubt(found, key, now)
            return _choice(found.targets, method)
        if found.decided != AGREED:
            self._note_doubt(found, key, now)
        wanted = wishes(headers)
        if method == "GET":
            flags = wanted | machine_flags(headers)
            self._journal.append(self._click(found, flags, found.entry.reason, key, headers, client_address, now))
        return _answer_of(found, method, refused=wanted != 0 or self._refuse_unknown)

    def _note_doubt(self, found: Found | Unclear, host: str, now: datetime) -> None:
        """Counts that host and path alone lead to another link than the token, or to links of several sites."""
        if isinstance(found, Found) and found.decided == OVERRULED:
            self._counters.add_overruled()
            return
        self._counters.add_unclear()
        if not self._is_ours(host):
            self._unknown_hosts.add(host, now=now)

    def health(self) -> str:
        """Why redirects do not work, or "" if they do."""
        try:
            built = self._table.checkpoint() is not None
        except TableDamaged as problem:
            return str(problem)
        return "" if built else "The link table has not been built yet."

    def _beside(  # noqa: PLR0917 - see answer
        self, method: str, host: str, path: str, headers: Mapping[str, str], peer: str, now: datetime
    ) -> Answer:
        """`/go/-` and a path: the address where the use of a direct link is told. Says nothing back, and notes no orphans:
        no person can land here. The body is not read."""
        if path == SCRIPT and method in ("GET", "HEAD"):
            return Answer("200 OK", [*pages.SCRIPT_HEADERS], b"" if method == "HEAD" else pages.SCRIPT)
        if method != "POST":
            return _not_allowed(method, _SENT)
        key = host_key(host)
        try:
            found = self._table.find(key, path[len(BESIDE) :]) if len(path) <= _LONGEST_PATH else None
        except TableDamaged as problem:
            log.error("%s", problem)
            return _trouble(method, b"")
        if found is None and self.health():
            return _trouble(method, b"")
        if found is None:
            return Answer("404 Not Found", [_NO_STORE, ("Content-Length", "0")], b"")
        if isinstance(found, Unclear) or found.decided != AGREED:
            self._note_doubt(found, key, now)
        if isinstance(found, Found):
            flags = wishes(headers) | records.BEACON
            self._journal.append(self._click(found, flags, "", key, headers, peer, now))
        return Answer("204 No Content", [_NO_STORE], b"")

    def _click(  # noqa: PLR0917 - see answer
        self, found: Found, flags: int, reason: str, host: str, headers: Mapping[str, str], peer: str, now: datetime
    ) -> ClickRecord:
        get = headers.get
        user_agent = get("user-agent", "")
        forwarded = get("x-forwarded-for", "")[-_LONGEST_FORWARDED:] if self._proxies else ""
        address, internal, country = self._facts(peer, forwarded)
        time_ms = int(now.timestamp() * 1000)
        flags |= internal
        if found.token:
            flags |= records.TOKEN_IN_PATH
        if "cookie" in headers and self._is_staff(headers["cookie"], now):
            flags |= records.INTERNAL
        referrer_host, referrer_path = self._referrer(get("referer") or get("ping-from", ""), host)
        return ClickRecord(
            time_ms,
            0 if flags & _NOT_TOLD_APART else self._visitors.hash(time_ms, host, address, user_agent),
            found.entry.link_id,
            flags,
            found.token or found.entry.token,
            country,
            user_agent,
            referrer_host,
            referrer_path,
            host,
            reason,
        )

    def _facts_of(self, peer: str, forwarded_for: str) -> tuple[str, int, str]:
        """Whose request it is, INTERNAL if it is staff's, and the country."""
        address = client_of(peer, forwarded_for, self._proxies)
        return address, records.INTERNAL if address in self._internal else 0, self._country_of(address)

    def _referrer(self, referrer: str, host: str) -> tuple[str, str]:
        """Host, and path only where it is a site of ours; never the query."""
        if not referrer:
            return "", ""
        referrer_host, path = _split_referrer(referrer)
        if path and (there := host_key(referrer_host)) != host and not self._is_ours(there):
            path = ""
        return referrer_host, path

    def _is_ours(self, host: str) -> bool:
        try:
            return bool(host) and self._table.has_host(host)
        except TableDamaged:
            return False

    def _unknown(self, method: str, host: str, path: str, headers: Mapping[str, str], now: datetime) -> Answer:
        if method not in ("GET", "HEAD"):
            return _not_allowed(method, _READ)
        if self.health():  # whether the path is a link's nobody knows yet
            return _trouble(method, pages.TROUBLE)
        self._orphans.add(without_port(host), path, _split_referrer(headers.get("referer", ""))[0], now=now)
        return _page("404 Not Found", pages.NOT_FOUND, method)


@lru_cache(4096)
def _split_referrer(referrer: str) -> tuple[str, str]:
    scheme, mark, rest = referrer.partition("://")
    if not mark or scheme.lower() not in ("http", "https"):
        return "", ""
    authority, slash, path = rest.partition("#")[0].partition("?")[0].partition("/")
    return without_port(authority.rpartition("@")[2]), slash + path


def _answer_of(found: Found, method: str, *, refused: bool) -> Answer:
    entry, token, _ = found
    sub_id = (token or entry.token) if entry.has_slot else ""
    location = f"{entry.before}{sub_id}{entry.refusal if refused else ''}{entry.after}"
    if not location:
        return _page("404 Not Found", pages.NOT_FOUND, method)
    headers = _REDIRECT_HEADERS.get(entry.referrer_policy, _USUAL_HEADERS)
    return Answer("302 Found", [("Location", location), *headers], b"")


def _choice(targets: Sequence[str], method: str) -> Answer:
    """Where the links of several sites lead, without tracking: the page itself where they agree, else all of them to choose
    from. Nobody earns by a guess."""
    if len(targets) == 1:
        return Answer("302 Found", [("Location", targets[0]), *_USUAL_HEADERS], b"")
    if not targets:
        return _page("404 Not Found", pages.NOT_FOUND, method)
    return _page("300 Multiple Choices", pages.choice(targets), method)


def _trouble(method: str, page: bytes) -> Answer:
    return _page("503 Service Unavailable", page, method, ("Retry-After", "2"))


def _not_allowed(method: str, allowed: tuple[str, str]) -> Answer:
    return _page("405 Method Not Allowed", pages.NOT_ALLOWED, method, allowed)


def _page(status: str, page: bytes, method: str, *more: tuple[str, str]) -> Answer:
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page))),
        _NO_STORE,
        _NO_INDEX,
        *more,
    ]
    return Answer(status, headers, b"" if method == "HEAD" else page)
