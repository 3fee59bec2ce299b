"""The walk itself: takes the next address from the database, asks for it politely, and keeps what came of it before the next."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.clock import Clock, utc_now
from affiliate.disclosure.check import check
from affiliate.disclosure.crawl import queries
from affiliate.disclosure.crawl.addresses import Traps, address, home, host, is_ours, path_of, refusal
from affiliate.disclosure.crawl.concluding import conclude
from affiliate.disclosure.crawl.fetching import LARGEST_PAGE, Answer, Fetcher
from affiliate.disclosure.crawl.judging import Wrong, failing, gone, judge, moved
from affiliate.disclosure.crawl.manners import ComeBackLater, Manners
from affiliate.disclosure.crawl.queries import (
    DONE,
    FAILED,
    FEED,
    FETCHED,
    LINKED,
    PAGE,
    ROBOTS,
    RUNNING,
    SITEMAP,
    SKIPPED,
    STOPPED,
    WAITING,
    Found,
    KnownArticle,
)
from affiliate.disclosure.crawl.reading import Reading
from affiliate.disclosure.crawl.register import Register
from affiliate.disclosure.crawl.robots import LARGEST as LARGEST_ROBOTS
from affiliate.disclosure.crawl.robots import Robots
from affiliate.disclosure.crawl.sitemaps import LARGEST as LARGEST_SITEMAP
from affiliate.disclosure.crawl.sitemaps import Listed, read
from affiliate.disclosure.crawl.teasers import teasers_of, titles_of
from affiliate.disclosure.findings import Checked
from affiliate.disclosure.own_links import OwnLinks
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.profiles import changes_of, profiles_of
from affiliate.disclosure.rules import profile_names
from affiliate.errors import AffiliateError, BlockedAddress, Conflict, NotFound, Unreachable
from affiliate.links.programmes import account_test
from affiliate.store import Store
from affiliate.store.tables import Crawl, CrawledPage, CrawlFinding, Site

log = logging.getLogger(__name__)

_DEEPEST = 12  # links from the start; older articles of a listing are named by sitemaps
_MOST_FAILURES = 10  # in a row: then something is wrong with the server, or with the way there
_IN_RESERVE = 1_000  # addresses beyond the pages that are to be read; further sitemaps wait until more are
_REMEMBERED = 20_000  # links
_REDIRECTS = 5  # between spellings of one address: http and https, with and without www. or a closing slash


class _Stop(Exception):
    """The walk cannot go on; why, in words."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a walk is. `pages` were asked for, of at most `most`; `waiting` are known and were not yet."""

    crawl_id: int
    url: str
    pages: int
    waiting: int
    findings: int
    most: int


def _nothing(_progress: Progress) -> None:
    pass


def _unwritten(_article_id: int, _html: str, _status: int) -> Checked | None:
    return None


@dataclass(frozen=True)
class Crawler:
    """Walks with one request at a time. `pause_seconds` pass between two requests, more where robots.txt asks for it.
    `written` checks an article's page (id, HTML, status) and writes that down as evidence; None where it did not."""

    store: Store
    fetcher: Fetcher
    clock: Clock = utc_now
    pause_seconds: float = 1.0
    told: Callable[[Progress], None] = _nothing
    written: Callable[[int, str, int], Checked | None] = _unwritten
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    ticks: Callable[[], float] = field(default=time.monotonic, repr=False)

    def walk(self, crawl_id: int, *, seconds: float = math.inf) -> str:
        """Walks for so long, or to the end; the state of the crawl then. Conflict while another process walks this site."""
        with self.store.reading() as session:
            crawl = session.get(Crawl, crawl_id)
            if crawl is None:
                raise NotFound("crawl", crawl_id, "affiliate crawl list shows them.")
            site_id = crawl.site_id
        with self.store.holding(f"crawl-{site_id}") as held:
            if not held:
                raise Conflict("This site is being walked by another process already; look with: affiliate crawl list")
            return _Walk(self, crawl_id).go(seconds)


class _Walk:
    """One process's turn at a crawl. What it remembers is only for speed and politeness: all else is in the database."""

    def __init__(self, given: Crawler, crawl_id: int) -> None:
        self._given, self._id = given, crawl_id
        self._robots: dict[str, Robots | str] = {}
        self._manners = Manners(given.fetcher, given.pause_seconds, sleep=given.sleep, ticks=given.ticks)
        self._failures: list[int] = []
        self._led: dict[str, str | None] = {}
        with given.store.reading() as session:
            crawl = session.get_one(Crawl, crawl_id)
            self._site: Site = crawl.site
            self._start = crawl.start_url
            self._hosts = grounds(session, crawl)
            self._register = Register(queries.articles(session, crawl.site_id))
            self._profiles = Profiles(session, crawl.site, given.clock())
            self._traps = Traps()
            self._traps.count(queries.linked_urls(session, crawl_id))
            self._count(session)

    def go(self, seconds: float) -> str:
        ends = self._given.ticks() + seconds
        while self._given.ticks() < ends:
            with self._given.store.reading() as session:
                crawl = session.get_one(Crawl, self._id)
                state, self._most = crawl.state, crawl.most_pages
                row = queries.next_page(session, self._id) if state == RUNNING else None
            if state == STOPPED:
                return self._end(STOPPED, crawl.problem)
            if state != RUNNING:
                return state
            if row is None or (row.what == PAGE and self._pages >= self._most):
                return self._end(DONE, self._left())
            try:
                self._visit(row)
            except _Stop as stop:
                return self._end(STOPPED, str(stop))
        return RUNNING

    def _left(self) -> str:
        if not self._waiting:
            return ""
        return (
            f"{self._most:,} pages were read, as many as it should; {self._waiting:,} addresses are left."
            f" Go on with: affiliate crawl resume {self._id} --pages {self._most * 2}"
        )

    def _end(self, state: str, problem: str) -> str:
        """Keeps what can be told only at the end, and the state."""
        with self._given.store.transaction() as session:
            crawl = session.get_one(Crawl, self._id)
            conclude(session, crawl, self._register, self._profiles.all, is_whole=state == DONE and not problem)
            crawl.state, crawl.problem, crawl.finished_at = state, problem, self._given.clock()
        return state

    # one address

    def _visit(self, row: CrawledPage) -> None:
        robots = self._rules(row.url)
        if isinstance(robots, str):
            self._skip(row, robots)
        elif not robots.may(row.url):
            self._skip(row, "robots.txt asks not to read it")
        elif row.what == SITEMAP and self._waiting > self._most + _IN_RESERVE:
            self._skip(row, queries.ENOUGH)
        else:
            self._read(row)

    def _read(self, row: CrawledPage) -> None:
        try:
            url, answer = self._asked(row)
        except BlockedAddress as problem:
            way_out = f"The command may read it: affiliate crawl resume {self._id}"
            raise _Stop(f"{problem} {way_out}") from problem
        except Unreachable as problem:
            self._failed(row, None, problem.reason.rstrip("."), for_now=not problem.permanent)
            return
        if answer.location:
            self._redirected(row, answer, url)
        elif not 200 <= answer.status < 300:
            wrongs = (
                [gone(answer.status, article)]
                if (article := self._article(row)) and answer.status in (404, 410)
                else []
            )
            self._failed(
                row, answer.status, f"it answers {answer.status}", for_now=_is_for_now(answer.status), wrongs=wrongs
            )
        elif not answer.is_read:
            self._skip(row, f"{answer.media_type or 'its type'} is no page", answer.status)
        else:
            self._understood(row, url, answer)

    def _understood(self, row: CrawledPage, url: str, answer: Answer) -> None:
        try:
            if row.what != PAGE or _is_list(answer):
                self._list(row, url, read(answer.content, url), answer)
            else:
                self._page(row, url, answer)
        except AffiliateError as problem:
            self._failed(row, answer.status, str(problem), for_now=False)
        except Exception:  # one page that nobody thought of must not end the walk
            log.exception("crawl %d: a page could not be understood", self._id)
            self._failed(row, answer.status, "it could not be understood; the log says more", for_now=False)

    def _list(self, row: CrawledPage, url: str, listed: Listed, answer: Answer) -> None:
        found_in = FEED if listed.is_feed else SITEMAP
        found = [
            *self._admitted(((there, SITEMAP) for there in listed.sitemaps), url, SITEMAP, row.depth + 1),
            *self._admitted(((there, PAGE) for there in listed.pages), url, found_in, 1),
        ]
        facts: dict[str, Any] = {"addresses": len(listed.pages)}
        wrongs: list[Wrong] = []
        if listed.is_feed and len(answer.content) <= LARGEST_PAGE:
            xml = answer.text
            wrongs += failing(check(xml, self._profiles.all, changes=self._profiles.changes))
            facts["teasers"] = self._own(titles_of(xml, url, self._profiles.all))
        self._keep(row, FETCHED, answer.status, found=found, facts=facts, wrongs=wrongs)

    def _page(self, row: CrawledPage, url: str, answer: Answer) -> None:
        html, own = answer.text, self._article(row)
        with self._given.store.reading() as session:
            leads_to = self._leads_to(OwnLinks(session, session.get_one(Site, self._site.id)))
            reading = Reading(url, Page(html, leads_to=leads_to))
            article = own or self._by_key(reading.canonical)
            profiles = self._profiles.of(article, reading)
            checked = self._given.written(own.id, html, answer.status) if own else None
            if checked is None:
                kind = article.kind if article else None
                checked = check(html, profiles, kind=kind, leads_to=leads_to, changes=self._profiles.changes)
            wrongs = list(judge(reading, article, checked, account_test(session)))
        facts = {
            "title": reading.title,
            "kind": reading.said_kind,
            "paid_links": len(reading.paid),
            "verdicts": checked.verdicts,
            "scripts": list(reading.page.rewriters),
            "teasers": self._own(teasers_of(reading, self._profiles.all)),
        }
        found = [
            *self._admitted(((there, FEED) for there in reading.feeds), url, LINKED, row.depth + 1),
            *self._admitted(((there, PAGE) for there in reading.links), url, LINKED, row.depth + 1),
        ]
        self._keep(row, FETCHED, answer.status, found=found, facts=facts, wrongs=wrongs, article=article)

    def _leads_to(self, own_links: OwnLinks) -> Callable[[str], str | None]:
        """Where a link of ours leads. A site's pages share most of their links: remembering what they are halves the work."""

        def leads_to(href: str) -> str | None:
            if href not in self._led:
                self._led[href] = own_links.leads_to(href)
            return self._led[href]

        if len(self._led) > _REMEMBERED:
            self._led.clear()
        return leads_to

    def _own(self, teasers: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return [teaser for teaser in teasers if is_ours(teaser["url"], self._hosts)]

    def _redirected(self, row: CrawledPage, answer: Answer, url: str) -> None:
        there = address(answer.location, url)
        article = self._article(row)
        if there is None or not is_ours(there, self._hosts):
            led = host(there) if there else "an address that is none"
            wrongs = [moved(led, article)] if article else []
            self._skip(row, f"it leads to {led}, which is not of this site", answer.status, wrongs)
            return
        found = list(self._admitted([(there, row.what)], url, LINKED, row.depth + 1))
        wrongs = [moved(there, article)] if article and row.what == PAGE else []
        self._keep(row, FETCHED, answer.status, found=found, facts={"leads_to": there}, wrongs=wrongs, article=article)

    # asking

    def _rules(self, url: str) -> Robots | str:
        """The robots.txt of the address's host, or why nothing is asked for there. Read once a crawl."""
        top = home(url)
        if top not in self._robots:
            rules = self._robots[top] = self._known_rules(top) or self._fresh_rules(top)
            if isinstance(rules, Robots):
                self._manners.delay = max(self._manners.delay, rules.delay)
        return self._robots[top]

    def _known_rules(self, top: str) -> Robots | None:
        with self._given.store.reading() as session:
            row = queries.page_of(session, self._id, self._register.key(f"{top}/robots.txt"))
            return Robots(str(row.facts.get("text", ""))) if row is not None and row.state == FETCHED else None

    def _fresh_rules(self, top: str) -> Robots | str:
        url = f"{top}/robots.txt"
        row = CrawledPage(url=url, what=ROBOTS)
        try:
            _, answer = self._asked(row, LARGEST_ROBOTS)
            status, problem = answer.status, f"it answers {answer.status}"
            text = answer.text if 200 <= status < 300 and answer.is_read else ""
        except BlockedAddress as blocked:
            raise _Stop(f"{blocked} The command may read it: affiliate crawl resume {self._id}") from blocked
        except Unreachable as unreachable:
            status, problem, text = 500, unreachable.reason.rstrip("."), ""
        if _is_for_now(status):  # RFC 9309 §2.3.1.4: until it can be read, nothing may be
            why = f"robots.txt of {host(top)} cannot be read ({problem}), and until it can nothing is asked for there"
            if host(top) == host(self._start):
                raise _Stop(f"{why}. Go on later: affiliate crawl resume {self._id}")
            return why
        robots = Robots(text)
        named = robots.sitemaps or [f"{top}/sitemap.xml"]
        self._keep_rules(url, status, text, list(self._admitted(((one, SITEMAP) for one in named), url, SITEMAP, 0)))
        return robots

    def _keep_rules(self, url: str, status: int, text: str, sitemaps: Sequence[Found]) -> None:
        with self._given.store.transaction() as session:
            queries.keep_found(
                session, self._id, [Found(url, self._register.key(url), ROBOTS, LINKED, 0, state=FETCHED)]
            )
            session.flush()
            row = queries.page_of(session, self._id, self._register.key(url))
            if row is not None:
                row.status, row.facts, row.fetched_at = status, {"text": text.replace("\x00", "")}, self._given.clock()
                row.what, row.state = ROBOTS, FETCHED
            self._waiting += queries.keep_found(session, self._id, sitemaps)

    def _asked(self, row: CrawledPage, largest: int = 0) -> tuple[str, Answer]:
        """The answer, and the spelling of the address that gave it."""
        url = row.url
        largest = largest or (LARGEST_PAGE if row.what == PAGE else LARGEST_SITEMAP)
        for _ in range(_REDIRECTS):
            try:
                answer = self._manners.ask(url, largest=largest, failures=len(self._failures))
            except ComeBackLater as later:
                raise _Stop(f"{later} Go on then: affiliate crawl resume {self._id}") from later
            there = address(answer.location, url) if answer.location else None
            key = self._register.key
            same = there is not None and is_ours(there, self._hosts) and (key(there) == key(url) or row.what == ROBOTS)
            if there is None or not same:
                return url, answer
            url = there
        raise Unreachable(host(url), f"it redirects more than {_REDIRECTS} times.", permanent=True)

    # what addresses are taken

    def _admitted(self, found: Iterable[tuple[str, str]], base: str, found_in: str, depth: int) -> Iterator[Found]:
        """Those of (address, what it is) that this walk goes on to."""
        known: dict[str, Found] = {}
        for href, what in found:
            there = address(href, base)
            if there is None or not is_ours(there, self._hosts) or depth > _DEEPEST or _is_redirect_of_ours(there):
                continue
            if what == PAGE and refusal(there):
                continue
            key = self._register.key(there)
            known.setdefault(key, Found(there, key, what, found_in, depth))
        with self._given.store.reading() as session:
            led = queries.link_paths(session, self._site.id, {path_of(one.url) for one in known.values()})
            old = queries.known_keys(session, self._id, known)
        for one in known.values():
            if path_of(one.url) not in led:
                yield from [one] if one.key in old or not _is_endless(one) else self._untrapped(one)

    def _untrapped(self, found: Found) -> Iterator[Found]:
        """Counts an address that only links lead to; the first one of a form that is too many is kept as skipped."""
        problem = self._traps.refusal(found.url)
        if not problem:
            yield found
        elif problem not in self._told:
            self._told.add(problem)
            yield replace(found, state=SKIPPED, problem=problem)

    def _article(self, row: CrawledPage) -> KnownArticle | None:
        return self._register.at(row.url)

    def _by_key(self, url: str | None) -> KnownArticle | None:
        return self._register.at(url) if url and is_ours(url, self._hosts) else None

    # what is kept

    def _skip(self, row: CrawledPage, why: str, status: int | None = None, wrongs: Sequence[Wrong] = ()) -> None:
        self._keep(row, SKIPPED, status, problem=why, wrongs=wrongs, article=self._article(row))

    def _failed(
        self, row: CrawledPage, status: int | None, why: str, *, for_now: bool, wrongs: Sequence[Wrong] = ()
    ) -> None:
        """A sitemap that was only guessed, and is not there, is no failure."""
        self._keep(row, FAILED, status, problem=why, wrongs=wrongs, article=self._article(row), for_now=for_now)
        if len(self._failures) >= _MOST_FAILURES:
            with self._given.store.transaction() as session:
                queries.try_again(session, self._id, self._failures)
            raise _Stop(
                f"{_MOST_FAILURES} addresses in a row did not answer, the last one because {why}."
                f" Go on when they do: affiliate crawl resume {self._id}"
            )

    def _keep(
        self,
        row: CrawledPage,
        state: str,
        status: int | None,
        *,
        problem: str = "",
        found: Sequence[Found] = (),
        facts: dict[str, Any] | None = None,
        wrongs: Sequence[Wrong] = (),
        article: KnownArticle | None = None,
        for_now: bool = False,
    ) -> None:
        """All that came of one address, in one transaction: killed before it, the address is asked for again."""
        with self._given.store.transaction() as session:
            kept = session.get_one(CrawledPage, row.id)
            kept.state, kept.status, kept.problem = state, status, problem
            kept.facts, kept.fetched_at = facts or {}, self._given.clock()
            kept.article_id = article.id if article else None
            session.add_all(CrawlFinding(crawl_id=self._id, **wrong.as_row(row.id)) for wrong in wrongs)
            fresh = queries.keep_found(session, self._id, found)
        self._failures = [*self._failures, row.id] if for_now else [] if state == FETCHED else self._failures
        self._waiting += fresh - 1
        self._pages += row.what == PAGE and state != SKIPPED
        self._findings += len(wrongs)
        self._given.told(Progress(self._id, row.url, self._pages, self._waiting, self._findings, self._most))

    def _count(self, session: Session) -> None:
        counted = queries.counts(session, self._id)
        self._told: set[str] = set()
        self._most = session.get_one(Crawl, self._id).most_pages
        self._waiting = sum(number for (_, state), number in counted.items() if state == WAITING)
        self._pages = sum(counted.get((PAGE, state), 0) for state in (FETCHED, FAILED))
        if counted.keys() - {(what, WAITING) for what in (PAGE, SITEMAP, FEED)}:
            self._manners.wait_first()
        self._findings = sum(queries.count_findings(session, [self._id]).values())


class Profiles:
    """What the pages of a site are checked against, and which rules it takes differently."""

    def __init__(self, session: Session, site: Site, now: datetime) -> None:
        self.all = profiles_of(session, site)
        self.changes = changes_of(session, site.id, None, now)
        self._jurisdiction = site.jurisdiction

    def of(self, article: KnownArticle | None, reading: Reading) -> tuple[str, ...]:
        """Those of the site, the article's own jurisdiction, and the networks whose links stand there."""
        own = article.jurisdiction if article and article.jurisdiction else self._jurisdiction
        networks = sorted({link.network or "" for link in reading.paid})
        beside = [profile for profile in self.all if profile != self._jurisdiction]
        known = profile_names()
        return tuple(dict.fromkeys(each for each in (own, *beside, *networks) if each in known))


def grounds(session: Session, crawl: Crawl) -> frozenset[str]:
    """The hosts (without www., with a port where there is one) on which a crawl stays: the site's where its start is one of
    them, else the start's alone, such as a preview's."""
    start = host(crawl.start_url)
    own = queries.hosts_of(session, crawl.site_id)
    return own | {start} if start.partition(":")[0] in own else frozenset({start})


def _is_endless(found: Found) -> bool:
    """Whether nobody but links says that the address is there."""
    return found.what == PAGE and found.found_in == LINKED


def _is_redirect_of_ours(url: str) -> bool:
    return path_of(url).startswith("/go/")


def _is_list(answer: Answer) -> bool:
    """Whether an address that a page led to is a sitemap or a feed."""
    start = answer.content[:600].lstrip(b"\xef\xbb\xbf \t\r\n")
    is_xml = (
        start.startswith((b"<?xml", b"<rss", b"<feed", b"<urlset", b"<sitemapindex")) and b"<html" not in start.lower()
    )
    return (is_xml and b"xhtml" not in start) or answer.content.startswith(b"\x1f\x8b")


def _is_for_now(status: int) -> bool:
    return status >= 500 or status in (408, 429)
