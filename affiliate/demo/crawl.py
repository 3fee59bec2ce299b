"""One crawl of a demo title, walked as any other, with its pages served from memory: nothing is asked of the network.

Its home page shows teasers without a label, and an old article that never went through the rewriter still earns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.app import Application
from affiliate.demo.world import TITLES, UK
from affiliate.disclosure.crawl import Crawler, Fetcher, begin_crawl
from affiliate.disclosure.crawl.fetching import LARGEST_PAGE, Answer
from affiliate.links.sites import find_site
from affiliate.store.tables import Article

_PAGE = "<!DOCTYPE html><html lang='en-GB'><head><title>{title}</title></head><body>{body}</body></html>"
_OLD = "/fashion/ten-gifts-from-2019"
_OLD_BODY = (
    "<article><h1>Ten gifts from 2019</h1><p>Still our favourite: the"
    ' <a href="https://www.awin1.com/cread.php?awinmid=4294967301&amp;awinaffid=4294967999'
    '&amp;ued=https%3A%2F%2Fkestrelyard.example%2Fscarf">checked scarf</a>.</p></article>'
)


@dataclass(frozen=True)
class _Shelf(Fetcher):
    """Answers from pages that lie ready, by address."""

    pages: Mapping[str, str] = field(default_factory=dict)

    def get(self, url: str, *, largest: int = LARGEST_PAGE) -> Answer:
        headers = {"Content-Type": "text/html; charset=utf-8"}
        page = self.pages.get(url)
        return Answer(404, headers, b"") if page is None else Answer(200, headers, page.encode()[:largest])


def walk(app: Application) -> None:
    """Walks once over the first title's pages."""
    home = f"https://www.{next(title.host for title in TITLES if title.key == UK)}"
    with app.store.transaction() as session:
        pages = _pages(session, home)
        crawl = begin_crawl(
            session,
            site=find_site(session, UK),
            start=f"{home}/",
            in_background=False,
            started_by="demo",
            now=app.clock(),
        )
    Crawler(app.store, _Shelf(pages=pages), app.clock, pause_seconds=0, written=app.rechecker().served).walk(crawl.id)


def _pages(session: Session, home: str) -> dict[str, str]:
    site = find_site(session, UK)
    articles = session.scalars(select(Article).where(Article.site_id == site.id).order_by(Article.id)).all()
    cards = "".join(
        f'<li><h2><a href="{escape(article.url or "")}">{escape(article.title)}</a></h2></li>' for article in articles
    )
    older = f'<p>From the archive: <a href="{_OLD}">Ten gifts from 2019</a></p>'
    pages = {f"{home}/": _PAGE.format(title="Home", body=f"<main><ul>{cards}</ul>{older}</main>")}
    pages[home + _OLD] = _PAGE.format(title="Ten gifts from 2019", body=_OLD_BODY)
    for article in articles:
        pages[article.url or ""] = _PAGE.format(title=escape(article.title), body=f"<article>{article.html}</article>")
    return pages
