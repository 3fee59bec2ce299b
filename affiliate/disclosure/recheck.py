"""Checking the pages of articles whenever there is an occasion, and writing down what was found.

The rewriter's own output is checked as it is stored; a page as readers get it is asked for by its address, politely, and
in a browser where that is wanted. What a page that passed fails from now on is told in the log once.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from affiliate.clock import Clock
from affiliate.disclosure.browser.program import NoBrowser
from affiliate.disclosure.check import Change, check
from affiliate.disclosure.evidence import queries
from affiliate.disclosure.evidence.recording import Recorded, record_check
from affiliate.disclosure.evidence.records import (
    CRAWL,
    EDIT,
    LIVE,
    PUBLISH,
    RENDERED,
    STATIC,
    STORED,
    PaidLink,
    RuleException,
    Screenshot,
    Seen,
    without_credentials,
)
from affiliate.disclosure.findings import Checked
from affiliate.disclosure.looks import Screen
from affiliate.disclosure.own_links import OwnLinks
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.pages.paid import PaidLink as Link
from affiliate.disclosure.profiles import profiles_of
from affiliate.disclosure.rules import pack, profile_names
from affiliate.errors import NotFound
from affiliate.networks.http import Page as Answer
from affiliate.store import Store
from affiliate.store.tables import Article

if TYPE_CHECKING:
    from affiliate.disclosure.browser.windows import Chromium

_BY_RECORD = "the article's record"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one article is checked against."""

    article_id: int
    url: str
    kind: str
    profiles: tuple[str, ...]
    exceptions: tuple[RuleException, ...]
    own_links: OwnLinks
    links: tuple[PaidLink, ...]
    scripts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fetched:
    html: str
    status: int | None
    engine: str = ""
    screens: tuple[Screen, ...] = ()
    pictures: tuple[Screenshot, ...] = ()

    @property
    def shown(self) -> str:
        """After its scripts ran, where a browser ran them."""
        return self.screens[0].html if self.screens else self.html


@dataclass(frozen=True)
class Rechecker:
    """`read` fetches a page by its address; `chromium` opens a browser. With `rendered` every page that is asked for is also
    measured there, else only one that a browser found fault with: what it saw is mended when a browser sees it mended."""

    store: Store
    clock: Clock
    read: Callable[[str], Answer]
    chromium: "Callable[[], Chromium] | None" = None
    rendered: bool = False

    def stored(self, article_id: int, occasion: str) -> Recorded | None:
        """Checks an article as the rewriter left it. None if there is nothing to check, or if this very page was checked
        already when it was published or edited: a job may run twice."""
        with self.store.reading() as session:
            article = session.get(Article, article_id)
            if article is None or not article.html:
                return None
            asked = self._asked(session, article, article.html)
            seen = self._seen(asked, _Fetched(article.html, None), occasion, STORED)
            if not asked.profiles or (occasion in (PUBLISH, EDIT) and _is_known(session, article_id, seen)):
                return None
        return self._record(asked, seen)

    def live(self, article_id: int, occasion: str) -> Recorded | None:
        """Checks an article as readers get it. None for one without an address; Unreachable, or what else kept the page from
        being read: nothing was recorded then."""
        with self.store.reading() as session:
            article = session.get(Article, article_id)
            if article is None:
                raise NotFound("article", article_id)
            if not article.url:
                return None
            url, in_browser = article.url, self.rendered or _found_in_browser(session, article_id)
        with self._fetched(url, in_browser=in_browser) as fetched, self.store.reading() as session:
            asked = self._asked(session, session.get_one(Article, article_id), fetched.shown)
            if not asked.profiles:
                return None
            seen = self._seen(asked, fetched, occasion, LIVE)
        return self._record(asked, seen)

    def served(self, article_id: int, html: str, status: int) -> Checked | None:
        """Checks an article as a walk over the site just read it. None if there is nothing to check it against."""
        with self.store.reading() as session:
            asked = self._asked(session, session.get_one(Article, article_id), html)
            if not asked.profiles:
                return None
            seen = self._seen(asked, _Fetched(html, status), CRAWL, LIVE)
        self._record(asked, seen)
        return seen.checked

    @contextmanager
    def _fetched(self, url: str, *, in_browser: bool) -> Iterator[_Fetched]:
        if in_browser and self.chromium is not None:
            try:
                browser = self.chromium().__enter__()
            except NoBrowser as problem:
                log.warning("disclosure: %s Pages are checked by their markup alone.", problem)
            else:
                from affiliate.disclosure.browser.pictures import pictures

                try:
                    with browser.url(url) as opened:
                        shots = tuple(Screenshot(name, content) for name, content in pictures(opened))
                        yield _Fetched(opened.html, opened.status, opened.engine, opened.screens, shots)
                    return
                finally:
                    browser.__exit__()
        answer = self.read(url)
        yield _Fetched(answer.text, answer.status)

    def _asked(self, session: Session, article: Article, html: str) -> _Asked:
        site, now = article.site, self.clock()
        own_links = OwnLinks(session, site)
        page = Page(html, kind=article.kind, leads_to=own_links.leads_to)
        links = tuple(_as_recorded(link, own_links) for link in page.links)
        networks = {link.network for link in links} | {script.lower() for script in page.rewriters}
        return _Asked(
            article.id,
            article.url or article.ref,
            article.kind,
            _with_networks(profiles_of(session, site, article.jurisdiction or ""), networks),
            queries.exceptions_in_force(session, site.id, article.id, now=now),
            own_links,
            links,
            page.rewriters,
        )

    def _seen(self, asked: _Asked, fetched: _Fetched, occasion: str, origin: str) -> Seen:
        checked = check(
            fetched.html,
            asked.profiles,
            kind=asked.kind,
            screens=fetched.screens,
            leads_to=asked.own_links.leads_to,
            changes=[Change(each.rule, each.severity, each.reason) for each in asked.exceptions],
        )
        return Seen(
            url=asked.url,
            html=fetched.html,
            checked=checked,
            packs={profile: pack(profile).version for profile in asked.profiles},
            kind=asked.kind,
            kind_by=_BY_RECORD,
            occasion=occasion,
            fetched_at=self.clock(),
            origin=origin,
            mode=RENDERED if fetched.screens else STATIC,
            status=fetched.status,
            links=asked.links,
            scripts=asked.scripts,
            exceptions=asked.exceptions,
            screenshots=fetched.pictures,
            browser=fetched.engine,
        )

    def _record(self, asked: _Asked, seen: Seen) -> Recorded:
        with self.store.transaction() as session:
            article = session.get_one(Article, asked.article_id)
            recorded = record_check(session, seen, site=article.site, article=article, now=self.clock())
        if recorded.newly_failing:
            failing = ", ".join(recorded.newly_failing)
            log.warning("disclosure: %s fails for %s, see record %d", seen.url, failing, recorded.number)
        return recorded


def _as_recorded(link: Link, own_links: OwnLinks) -> PaidLink:
    """A paid link of a page, with what we know of it if it is ours."""
    own = own_links.find(link.href)
    return PaidLink(
        href=without_credentials(link.href),
        network=(own.network if own else link.network) or "",
        programme=own.programme if own else "",
        placement=(own.placement if own else "") or link.place.attrs.get("data-affiliate-placement", ""),
        rel=link.place.attrs.get("rel", ""),
    )


def _is_known(session: Session, article_id: int, seen: Seen) -> bool:
    """Whether the last check of what was stored was of the same page, by the same rules."""
    last = queries.newest_check(session, article_id, origin=STORED)
    if last is None or last.html_sha256 != sha256(seen.html.encode("utf-8", "replace")).hexdigest():
        return False
    return dict(last.verdicts) == dict(seen.checked.verdicts)


def _found_in_browser(session: Session, article_id: int) -> bool:
    return any(
        verdict.verdict != "PASS" and by.mode == RENDERED
        for verdict, by in queries.verdicts_now(session, article_id, "web")
    )


def _with_networks(profiles: Sequence[str], networks: Collection[str]) -> tuple[str, ...]:
    """And the networks whose links stand on the page, as far as they have rules."""
    known = profile_names()
    return tuple(dict.fromkeys((*profiles, *(each for each in sorted(networks) if each in known))))
