"""A site in a store, a magazine on a server, and a walk that does not wait."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from affiliate.disclosure.crawl import Crawler, Fetcher, begin_crawl, list_findings, show_crawl
from affiliate.disclosure.crawl.crawls import CrawlDetail
from affiliate.disclosure.crawl.queries import FoundWrong
from affiliate.links.programmes import add_account
from affiliate.links.sites import ensure_default_site, find_site, set_hosts
from affiliate.store import Store
from affiliate.store.tables import Article, ArticleDisclosure
from tests.conftest import NOW
from tests.disclosure.crawl.magazine import SENTENCE, Magazine, furnish, serving


@pytest.fixture
def empty() -> Iterator[Magazine]:
    with serving(Magazine()) as magazine:
        yield magazine


@pytest.fixture
def magazine(empty: Magazine) -> Magazine:
    furnish(empty)
    return empty


@dataclass
class Desk:
    """A newsroom with one site, whose host the magazine's is."""

    store: Store
    magazine: Magazine

    def register(self, path: str, **values: Any) -> int:
        with self.store.transaction() as session:
            row = Article(
                site_id=find_site(session).id,
                ref=path,
                url=self.magazine.home + path,
                title=values.pop("title", ""),
                created_at=NOW,
                **{"kind": "mixed", **values},
            )
            session.add(row)
            session.flush()
            return row.id

    def promise(self, article_id: int, *, label: str = "Ad", sentence: str = SENTENCE) -> None:
        """What the register says that readers are shown."""
        with self.store.transaction() as session:
            session.add(
                ArticleDisclosure(
                    article_id=article_id,
                    state="present",
                    jurisdiction="uk",
                    label=label,
                    sentence=sentence,
                    text_version="uk-en-1",
                    paid_links=1,
                    html_sha256="0" * 64,
                    shown_from=NOW,
                )
            )

    def begin(self, start: str = "/", *, pages: int = 500, **options: Any) -> int:
        with self.store.transaction() as session:
            crawl = begin_crawl(
                session,
                site=find_site(session),
                start=self.magazine.home + start,
                most_pages=pages,
                started_by="test",
                now=NOW,
                **{"in_background": False, "anywhere": True, **options},
            )
            return crawl.id

    def begin_at(self, start: str | None) -> str:
        """Where a crawl from a page would begin; it is not kept."""
        with self.store.reading() as session:
            site = find_site(session)
            return begin_crawl(
                session, site=site, start=start, in_background=True, started_by="test", now=NOW
            ).start_url

    def give_host(self, host: str) -> None:
        with self.store.transaction() as session:
            set_hosts(session, find_site(session), [host])

    def walk(self, crawl_id: int, *, seconds: float = math.inf, **options: Any) -> str:
        fetcher = options.pop("fetcher", Fetcher(may_connect=lambda *_: True, timeout_seconds=2, deadline_seconds=3))
        given = {"pause_seconds": 0, "sleep": lambda _: None, **options}
        return Crawler(self.store, fetcher, clock=lambda: NOW, **given).walk(crawl_id, seconds=seconds)

    def crawl(self, start: str = "/", *, pages: int = 500) -> "Crawled":
        crawl_id = self.begin(start, pages=pages)
        self.walk(crawl_id)
        return self.look(crawl_id)

    def look(self, crawl_id: int) -> "Crawled":
        with self.store.reading() as session:
            return Crawled(show_crawl(session, crawl_id), list_findings(session, crawl_id), self.magazine)


@dataclass
class Crawled:
    detail: CrawlDetail
    findings: list[FoundWrong]
    magazine: Magazine

    def of(self, kind: str) -> dict[str, str]:
        """What was found of a kind, by path."""
        return {each.url.removeprefix(self.magazine.home): each.message for each in self.findings if each.kind == kind}


@pytest.fixture
def desk(sqlite_store: Store, empty: Magazine) -> Desk:
    return furnished(sqlite_store, empty)


def furnished(store: Store, magazine: Magazine) -> Desk:
    """The desk of a store that was empty: one site, and an account at Awin and at Amazon."""
    with store.transaction() as session:
        ensure_default_site(
            session,
            name="Mag",
            language="en-GB",
            jurisdiction="uk",
            time_zone="Europe/London",
            currency="GBP",
            now=NOW,
        )
        add_account(session, "awin", "99000001", now=NOW)
        add_account(session, "amazon", "themag-21", now=NOW)
    return Desk(store, magazine)
