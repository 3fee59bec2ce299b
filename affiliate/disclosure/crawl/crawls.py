"""Crawls as people begin, stop, go on with and look at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.disclosure.crawl import queries
from affiliate.disclosure.crawl.addresses import address, checked_start, host, refusal
from affiliate.disclosure.crawl.judging import KINDS
from affiliate.disclosure.crawl.queries import (
    DONE,
    FAILED,
    FEED,
    FETCHED,
    PAGE,
    REGISTER,
    RUNNING,
    SITEMAP,
    SKIPPED,
    START,
    STOPPED,
    WAITING,
    Found,
    FoundWrong,
)
from affiliate.disclosure.crawl.register import Register
from affiliate.disclosure.crawl.walk import grounds
from affiliate.errors import Conflict, InvalidInput, NotFound
from affiliate.store.tables import Crawl, Site

MOST_PAGES = 1_000  # of a crawl for which nobody says more: a quarter of an hour at a page a second
_MOST_EVER = 1_000_000
_MOST_REASONS = 20


@dataclass(frozen=True, slots=True)
class CrawlRow:
    """A crawl as it stands. `pages` were read or failed, of at most `most_pages`; `findings` are counted by kind."""

    id: int
    site: str
    start_url: str
    state: str
    in_background: bool
    most_pages: int
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    problem: str
    pages: int
    failed: int
    skipped: int
    lists: int
    waiting: int
    findings: Mapping[str, int]

    @property
    def found(self) -> int:
        return sum(self.findings.values())

    @property
    def is_running(self) -> bool:
        return self.state == RUNNING

    @property
    def can_go_on(self) -> bool:
        """Whether there is something left to do, and nobody does it."""
        return self.state == STOPPED or (self.state == DONE and self.waiting > 0)

    def as_json(self) -> dict[str, Any]:
        moments = {name: _iso(getattr(self, name)) for name in ("started_at", "finished_at")}
        left_out = {"in_background", *moments}
        return {name: getattr(self, name) for name in self.__slots__ if name not in left_out} | moments


@dataclass(frozen=True, slots=True)
class CrawlDetail:
    """A crawl, and why addresses were not read: (state, why, how many), the most frequent first, twenty at most."""

    row: CrawlRow
    unread: tuple[tuple[str, str, int], ...]

    def as_json(self) -> dict[str, Any]:
        unread = [{"state": state, "why": why, "addresses": count} for state, why, count in self.unread]
        return {**self.row.as_json(), "unread": unread}


def begin_crawl(
    session: Session,
    *,
    site: Site,
    start: str | None,
    most_pages: int = MOST_PAGES,
    in_background: bool,
    started_by: str,
    anywhere: bool = False,
    now: datetime,
) -> Crawl:
    """Keeps a crawl that waits to be walked: its start, and the addresses of the site's articles.

    Without a start it begins at the site's first host. Conflict while another one of this site is running; InvalidInput for
    a start on a host that is not the site's, unless `anywhere` (a preview, say) or the site has none.
    """
    other = queries.running_crawl(session, site.id)
    if other is not None:
        raise Conflict(
            f"Crawl {other.id} of this site is running. Stop it first (affiliate crawl stop {other.id}),"
            f" or go on with it if it was killed: affiliate crawl resume {other.id}"
        )
    url = _checked_start(session, site, start, anywhere=anywhere)
    crawl = Crawl(
        site_id=site.id,
        start_url=url,
        state=RUNNING,
        most_pages=checked_pages(most_pages),
        in_background=in_background,
        started_by=started_by,
        started_at=now,
    )
    session.add(crawl)
    session.flush()
    articles = list(queries.articles(session, site.id))
    key = Register(articles).key
    queries.keep_found(session, crawl.id, [Found(url, key(url), PAGE, START, 0)])
    session.flush()
    hosts = grounds(session, crawl)
    known = (there for article in articles if (there := address(article.url, article.url)))
    own = (Found(one, key(one), PAGE, REGISTER, 2) for one in known if host(one) in hosts and not refusal(one))
    queries.keep_found(session, crawl.id, own)
    session.flush()
    return crawl


def _checked_start(session: Session, site: Site, start: str | None, *, anywhere: bool) -> str:
    hosts = queries.hosts_of(session, site.id)
    if not start:
        if not hosts:
            raise InvalidInput(
                f"The site {site.key} has no host yet: name the address to start at, or add its host under Settings."
            )
        return checked_start(min(hosts, key=lambda one: (len(one), one)))
    url = checked_start(start)
    if hosts and not anywhere and host(url).partition(":")[0] not in hosts:
        raise InvalidInput(
            f"{host(url)} is no host of the site {site.key}; it has {', '.join(sorted(hosts))}. Add it under Settings if it is ours."
        )
    return url


def checked_pages(pages: int) -> int:
    if not 1 <= pages <= _MOST_EVER:
        raise InvalidInput(f"{pages} is no number of pages to read: 1 to {_MOST_EVER:,}.")
    return pages


def stop_crawl(session: Session, crawl_id: int, *, now: datetime) -> None:
    """The page that is being read is the last one. Does nothing to one that is not running."""
    crawl = find_crawl(session, crawl_id)
    if crawl.state == RUNNING:
        crawl.state, crawl.finished_at, crawl.problem = STOPPED, now, "It was stopped."


def go_on(session: Session, crawl_id: int, *, most_pages: int | None = None, in_background: bool) -> Crawl:
    """Lets a crawl run again from where it was; pages that failed for the moment are tried once more, unless it was killed.
    Conflict while another one of the site is running."""
    crawl = find_crawl(session, crawl_id)
    other = queries.running_crawl(session, crawl.site_id)
    if other is not None and other.id != crawl.id:
        raise Conflict(f"Crawl {other.id} of this site is running. Stop it first: affiliate crawl stop {other.id}")
    if crawl.state != RUNNING:
        queries.try_again(session, crawl.id)
    if most_pages is not None:
        crawl.most_pages = checked_pages(most_pages)
        queries.read_on(session, crawl.id)
    crawl.state, crawl.in_background, crawl.problem, crawl.finished_at = RUNNING, in_background, "", None
    session.flush()
    return crawl


def find_crawl(session: Session, crawl_id: int) -> Crawl:
    crawl = session.get(Crawl, crawl_id)
    if crawl is None:
        raise NotFound("crawl", crawl_id, "affiliate crawl list shows them.")
    return crawl


def list_crawls(
    session: Session, *, site_id: int | None = None, page: int = 1, per_page: int = 50
) -> tuple[list[CrawlRow], int]:
    """The crawls of a site, or of all, the newest first; and how many there are."""
    found = queries.crawls(session, site_id, offset=(page - 1) * per_page, limit=per_page)
    wrong = queries.count_findings(session, [crawl.id for crawl, _ in found])
    rows = [_row(session, crawl, site, wrong) for crawl, site in found]
    return rows, queries.count_crawls(session, site_id)


def show_crawl(session: Session, crawl_id: int) -> CrawlDetail:
    crawl = find_crawl(session, crawl_id)
    row = _row(session, crawl, crawl.site, queries.count_findings(session, [crawl_id]))
    return CrawlDetail(row, tuple(queries.problems(session, crawl_id, _MOST_REASONS)))


def list_findings(
    session: Session, crawl_id: int, *, kind: str | None = None, page: int = 1, per_page: int | None = None
) -> list[FoundWrong]:
    """The findings of a crawl, those of one kind together; all of them unless `per_page` says how many."""
    offset = (page - 1) * per_page if per_page else 0
    return queries.findings(session, crawl_id, kind=kind, offset=offset, limit=per_page)


def _row(session: Session, crawl: Crawl, site: Site, wrong: Mapping[tuple[int, str], int]) -> CrawlRow:
    counted = queries.counts(session, crawl.id)

    def number(state: str, *kinds: str) -> int:
        return sum(counted.get((what, state), 0) for what in kinds)

    return CrawlRow(
        id=crawl.id,
        site=site.key,
        start_url=crawl.start_url,
        state=crawl.state,
        in_background=crawl.in_background,
        most_pages=crawl.most_pages,
        started_by=crawl.started_by,
        started_at=crawl.started_at,
        finished_at=crawl.finished_at,
        problem=crawl.problem,
        pages=number(FETCHED, PAGE) + number(FAILED, PAGE),
        failed=number(FAILED, PAGE),
        skipped=number(SKIPPED, PAGE),
        lists=number(FETCHED, SITEMAP, FEED),
        waiting=number(WAITING, PAGE, SITEMAP, FEED),
        findings={kind: wrong[crawl.id, kind] for kind in KINDS if (crawl.id, kind) in wrong},
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
