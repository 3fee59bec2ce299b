"""What a walk asks the store, and what it writes there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Delete, delete, func, or_, select, update
from sqlalchemy.orm import Session

from affiliate.store.tables import (
    Article,
    ArticleDisclosure,
    Crawl,
    CrawledPage,
    CrawlFinding,
    LinkPath,
    Site,
    SiteHost,
)

RUNNING, DONE, STOPPED = "running", "done", "stopped"
WAITING, FETCHED, FAILED, SKIPPED = "waiting", "done", "failed", "skipped"
ROBOTS, SITEMAP, FEED, PAGE = "robots", "sitemap", "feed", "page"
START, REGISTER, LINKED = "start", "register", "page"  # where an address was found, beside sitemap and feed
ENOUGH = "enough addresses are known for the pages that are to be read"
_ORDER = (SITEMAP, FEED, PAGE)  # what is read first
_AT_ONCE = 500  # values in one question; SQLite takes 32,766, and plans fewer faster


@dataclass(frozen=True, slots=True)
class Found:
    """An address that is to be kept: `key` is what it is compared by."""

    url: str
    key: str
    what: str
    found_in: str
    depth: int
    state: str = WAITING
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """An article of the register: what it should show, empty where it needs nothing."""

    id: int
    url: str
    title: str
    kind: str
    jurisdiction: str | None
    language: str | None
    label: str = ""
    sentence: str = ""
    shown_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class FoundWrong:
    """A finding as it is shown: what, where, and the way out."""

    id: int
    page_id: int
    url: str
    kind: str
    severity: str
    rule: str
    message: str
    mend: str
    place: str
    article_id: int | None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name not in ("id", "page_id")}


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def hosts_of(session: Session, site_id: int) -> frozenset[str]:
    """The site's hosts, without www."""
    return frozenset(session.scalars(select(SiteHost.host).where(SiteHost.site_id == site_id)))


def running_crawl(session: Session, site_id: int) -> Crawl | None:
    return session.scalar(select(Crawl).where(Crawl.site_id == site_id, Crawl.state == RUNNING).limit(1))


def background_crawls(session: Session) -> Sequence[int]:
    """Those that the worker walks, the oldest first."""
    wanted = select(Crawl.id).where(Crawl.state == RUNNING, Crawl.in_background.is_(True))
    return session.scalars(wanted.order_by(Crawl.id)).all()


def crawls(session: Session, site_id: int | None, *, offset: int, limit: int) -> Sequence[tuple[Crawl, Site]]:
    wanted = select(Crawl, Site).join(Site).order_by(Crawl.id.desc()).offset(offset).limit(limit)
    if site_id is not None:
        wanted = wanted.where(Crawl.site_id == site_id)
    return [(crawl, site) for crawl, site in session.execute(wanted)]


def count_crawls(session: Session, site_id: int | None) -> int:
    wanted = select(func.count(Crawl.id))
    return session.scalar(wanted if site_id is None else wanted.where(Crawl.site_id == site_id)) or 0


def articles(session: Session, site_id: int) -> Iterator[KnownArticle]:
    """The site's articles that have an address, the newest first."""
    open_ = (ArticleDisclosure.article_id == Article.id) & ArticleDisclosure.shown_until.is_(None)
    wanted = (
        select(Article, ArticleDisclosure)
        .outerjoin(ArticleDisclosure, open_)
        .where(Article.site_id == site_id, Article.url.is_not(None))
        .order_by(Article.id.desc(), ArticleDisclosure.id)
    )
    for article, shown in session.execute(wanted):
        yield KnownArticle(
            id=article.id,
            url=article.url or "",
            title=article.title,
            kind=article.kind,
            jurisdiction=article.jurisdiction,
            language=article.language,
            **_promised(shown),
        )


def _promised(shown: ArticleDisclosure | None) -> dict[str, Any]:
    """What readers should see."""
    if shown is None or shown.state != "present":
        return {}
    return {"label": shown.label or "", "sentence": shown.sentence or "", "shown_from": shown.shown_from}


def link_paths(session: Session, site_id: int, paths: Collection[str]) -> set[str]:
    """Those of the paths that answer for a link of the site: they lead to shops, and asking for one counts a click."""
    known: set[str] = set()
    for part in _parts(sorted(paths)):
        wanted = select(LinkPath.path).where(LinkPath.site_id == site_id, LinkPath.path.in_(part))
        known.update(session.scalars(wanted))
    return known


def next_page(session: Session, crawl_id: int) -> CrawledPage | None:
    """The address that is to be asked for now: lists first, then pages, those nearest to the start before others."""
    for what in _ORDER:
        wanted = select(CrawledPage).where(
            CrawledPage.crawl_id == crawl_id, CrawledPage.state == WAITING, CrawledPage.what == what
        )
        found = session.scalar(wanted.order_by(CrawledPage.depth, CrawledPage.id).limit(1))
        if found is not None:
            return found
    return None


def known_keys(session: Session, crawl_id: int, keys: Collection[str]) -> set[str]:
    """Those of the keys whose addresses the crawl has."""
    hashed = {digest(one): one for one in keys}
    known: set[str] = set()
    for part in _parts(list(hashed)):
        wanted = select(CrawledPage.url_sha256).where(
            CrawledPage.crawl_id == crawl_id, CrawledPage.url_sha256.in_(part)
        )
        known.update(hashed[one] for one in session.scalars(wanted))
    return known


def page_of(session: Session, crawl_id: int, key: str) -> CrawledPage | None:
    return session.scalar(
        select(CrawledPage).where(CrawledPage.crawl_id == crawl_id, CrawledPage.url_sha256 == digest(key))
    )


def keep_found(session: Session, crawl_id: int, found: Iterable[Found]) -> int:
    """Keeps the addresses that are new, and how many those are that wait. One that only the register named, and that the
    site is now seen to lead to, is said to be found there."""
    wanted = {digest(one.key): one for one in reversed(list(found))}  # the first of equal ones
    known: dict[str, CrawledPage] = {}
    for part in _parts(list(wanted)):
        rows = select(CrawledPage).where(CrawledPage.crawl_id == crawl_id, CrawledPage.url_sha256.in_(part))
        known.update((row.url_sha256, row) for row in session.scalars(rows))
    fresh = 0
    for hashed, one in reversed(wanted.items()):
        row = known.get(hashed)
        if row is None:
            session.add(_row(crawl_id, hashed, one))
            fresh += one.state == WAITING
        elif row.found_in == REGISTER and one.found_in != REGISTER:
            row.found_in, row.depth = one.found_in, min(row.depth, one.depth)
    return fresh


def _row(crawl_id: int, hashed: str, found: Found) -> CrawledPage:
    return CrawledPage(
        crawl_id=crawl_id,
        url=found.url,
        url_sha256=hashed,
        what=found.what,
        found_in=found.found_in,
        depth=found.depth,
        state=found.state,
        problem=found.problem,
        facts={},
    )


def counts(session: Session, crawl_id: int) -> dict[tuple[str, str], int]:
    """How many addresses, by what they are and their state."""
    wanted = (
        select(CrawledPage.what, CrawledPage.state, func.count())
        .where(CrawledPage.crawl_id == crawl_id)
        .group_by(CrawledPage.what, CrawledPage.state)
    )
    return {(what, state): number for what, state, number in session.execute(wanted)}


def linked_urls(session: Session, crawl_id: int) -> Sequence[str]:
    """The pages that only links led to."""
    wanted = select(CrawledPage.url).where(CrawledPage.crawl_id == crawl_id, CrawledPage.found_in == LINKED)
    return session.scalars(wanted.where(CrawledPage.state != SKIPPED).order_by(CrawledPage.id)).all()


def try_again(session: Session, crawl_id: int, page_ids: Collection[int] | None = None) -> None:
    """Lets pages wait again that failed for the moment: no answer, 408, 429 or 5xx. All of them, or only these."""
    for_now = or_(CrawledPage.status.is_(None), CrawledPage.status >= 500, CrawledPage.status.in_((408, 429)))
    failed = (CrawledPage.crawl_id == crawl_id) & (CrawledPage.state == FAILED) & for_now
    if page_ids is not None:
        failed &= CrawledPage.id.in_(page_ids)
    session.execute(
        delete(CrawlFinding).where(CrawlFinding.page_id.in_(select(CrawledPage.id).where(failed).scalar_subquery()))
    )
    session.execute(update(CrawledPage).where(failed).values(state=WAITING, status=None, problem="", fetched_at=None))


def read_on(session: Session, crawl_id: int) -> None:
    """Lets the sitemaps wait that were left out because enough addresses were known."""
    enough = (CrawledPage.crawl_id == crawl_id) & (CrawledPage.problem == ENOUGH)
    session.execute(update(CrawledPage).where(enough).values(state=WAITING, problem=""))


def pages_with(session: Session, crawl_id: int, fact: str) -> Iterator[tuple[int, str, Any]]:
    """(id, address, fact) of the pages in whose facts there is one of this name, in the order in which they were found."""
    wanted = (
        select(CrawledPage.id, CrawledPage.url, CrawledPage.facts)
        .where(CrawledPage.crawl_id == crawl_id, CrawledPage.state == FETCHED, CrawledPage.what.in_((PAGE, FEED)))
        .order_by(CrawledPage.id)
    )
    for page_id, url, facts in session.execute(wanted.execution_options(yield_per=200)):
        if facts.get(fact):
            yield page_id, url, facts[fact]


def only_registered(session: Session, crawl_id: int) -> Sequence[CrawledPage]:
    """Pages that answer, and that nothing but the register led to."""
    wanted = select(CrawledPage).where(
        CrawledPage.crawl_id == crawl_id, CrawledPage.found_in == REGISTER, CrawledPage.state == FETCHED
    )
    return session.scalars(wanted.order_by(CrawledPage.id)).all()


def replace_findings(
    session: Session, crawl_id: int, kinds: Collection[str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """These findings in place of all of the same kinds."""
    gone = delete(CrawlFinding).where(CrawlFinding.crawl_id == crawl_id, CrawlFinding.kind.in_(kinds))
    session.execute(gone)
    session.add_all(CrawlFinding(crawl_id=crawl_id, **row) for row in rows)


def count_findings(session: Session, crawl_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """How many findings there are, by crawl and kind."""
    wanted = (
        select(CrawlFinding.crawl_id, CrawlFinding.kind, func.count())
        .where(CrawlFinding.crawl_id.in_(crawl_ids))
        .group_by(CrawlFinding.crawl_id, CrawlFinding.kind)
    )
    return {(crawl_id, kind): number for crawl_id, kind, number in session.execute(wanted)}


def findings(
    session: Session, crawl_id: int, *, kind: str | None = None, offset: int = 0, limit: int | None = None
) -> list[FoundWrong]:
    wanted = (
        select(CrawlFinding, CrawledPage.url, CrawledPage.article_id)
        .join(CrawledPage, CrawledPage.id == CrawlFinding.page_id)
        .where(CrawlFinding.crawl_id == crawl_id)
        .order_by(CrawlFinding.kind, CrawlFinding.id)
        .offset(offset)
        .limit(limit)
    )
    if kind is not None:
        wanted = wanted.where(CrawlFinding.kind == kind)
    return [
        FoundWrong(
            id=row.id,
            page_id=row.page_id,
            url=url,
            kind=row.kind,
            severity=row.severity,
            rule=row.rule,
            message=row.message,
            mend=row.mend,
            place=row.place,
            article_id=article_id,
        )
        for row, url, article_id in session.execute(wanted)
    ]


def problems(session: Session, crawl_id: int, limit: int) -> list[tuple[str, str, int]]:
    """(state, why, how many) of the addresses that were not read, the most frequent reasons first."""
    number = func.count()
    wanted = (
        select(CrawledPage.state, CrawledPage.problem, number)
        .where(CrawledPage.crawl_id == crawl_id, CrawledPage.state.in_((FAILED, SKIPPED)))
        .group_by(CrawledPage.state, CrawledPage.problem)
        .order_by(number.desc(), CrawledPage.problem)
        .limit(limit)
    )
    return [(state, problem, count) for state, problem, count in session.execute(wanted)]


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def old_crawl(session: Session, before: datetime) -> int | None:
    """A crawl that ended before a moment and is not the newest of its site, if there is one."""
    newest = select(func.max(Crawl.id)).group_by(Crawl.site_id)
    old = select(Crawl.id).where(Crawl.state != RUNNING, Crawl.finished_at < before, Crawl.id.not_in(newest))
    return session.scalar(old.order_by(Crawl.id).limit(1))


def delete_some(session: Session, crawl_id: int, limit: int) -> int:
    """Deletes up to so many rows of a crawl, and how many: its findings first, then its pages, itself last."""
    for table in (CrawlFinding, CrawledPage):
        some = select(table.id).where(table.crawl_id == crawl_id).limit(limit)
        if deleted := _deleted(session, delete(table).where(table.id.in_(some))):
            return deleted
    return _deleted(session, delete(Crawl).where(Crawl.id == crawl_id))


def _deleted(session: Session, statement: Delete) -> int:
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return done.rowcount  # type: ignore[attr-defined, no-any-return] # a delete's result has it
