"""Rewriting for whoever has a store: read and decide without the write lock, then store in a moment.

SQLite has one writer: whatever is read or decided while it writes keeps everybody else waiting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate import deadline
from affiliate.articles.article import ArticleFacts, Switch
from affiliate.articles.document import Document
from affiliate.articles.policy import Policy
from affiliate.articles.publish import Plan, Rewritten, parsed, plan_article
from affiliate.articles.variants import WEB
from affiliate.errors import ChangedMeanwhile, NotFound
from affiliate.store import Store
from affiliate.store.tables import Article, Site

SiteOf = Callable[[Session], Site]
"""Which site an article is of, found anew in each session."""

_TRIES = 5  # as often as others may change the same article while it is decided about


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the articles of a site are rewritten."""

    store: Store
    site_of: SiteOf
    policy: Policy

    def preview(self, html: str, article: ArticleFacts, *, now: datetime, variant: str = WEB) -> Rewritten:
        """What `publish` would answer, with passing tokens for new placements. Writes nothing, and waits for no writer."""
        return self.plan(parsed(html, variant), article, now=now, variant=variant).rewritten

    def publish(self, html: str, article: ArticleFacts, *, now: datetime, variant: str = WEB) -> Rewritten:
        """Rewrites an article and stores it. ChangedMeanwhile where others changed it again and again meanwhile, else what
        `plan_article` raises; nothing is stored then."""
        document = parsed(html, variant)
        return self.settled(lambda: self.plan(document, article, now=now, variant=variant))

    def switch(self, article_id: int, monetise: bool | None, *, now: datetime) -> Rewritten | None:
        """Sets an article's own word (None: as the site says) and rewrites what was stored of it accordingly.

        Off takes paid links and disclosure out of the stored HTML and out of the placements that stand; on brings them back.
        None where the article was never rewritten. NotFound if there is no such article.
        """
        with self.store.reading() as session:
            html = _found(session, article_id).html
        if html is None:
            with self.store.transaction() as session:
                _found(session, article_id).monetise = monetise
            return None
        return self.settled(lambda: self._switched(article_id, Switch(monetise), now))

    def _switched(self, article_id: int, switch: Switch, now: datetime) -> Plan:
        with self.store.reading() as session:
            row = _found(session, article_id)
            return plan_article(
                session,
                site=row.site,
                document=parsed(row.html or ""),
                article=ArticleFacts(id=row.ref),
                now=now,
                policy=self.policy,
                switch=switch,
            )

    def plan(self, document: Document, article: ArticleFacts, *, now: datetime, variant: str = WEB) -> Plan:
        with self.store.reading() as session:
            return plan_article(
                session,
                site=self.site_of(session),
                document=document,
                article=article,
                now=now,
                policy=self.policy,
                variant=variant,
            )

    def settled(self, decide: Callable[[], Plan]) -> Rewritten:
        """Decides, and stores; decides anew where what that rests on was changed between the two."""
        for _ in range(_TRIES - 1):
            try:
                return self._stored(decide())
            except ChangedMeanwhile:
                deadline.check()
        return self._stored(decide())

    def _stored(self, plan: Plan) -> Rewritten:
        with self.store.transaction() as session:
            return plan.store(session)


def _found(session: Session, article_id: int) -> Article:
    row = session.get(Article, article_id)
    if row is None:
        raise NotFound("article", article_id)
    return row
