"""Will it earn, on this site and in this article? The article's switch speaks first, then the programmes."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from affiliate.articles.policy import Policy, rule
from affiliate.articles.queries import article_by_ref, article_by_url
from affiliate.errors import NotFound
from affiliate.links.earning import Verdict, will_earn
from affiliate.store.tables import Article, Site


def will_earn_there(
    session: Session, *, site: Site, urls: Sequence[str], article: str | None = None, policy: Policy | None = None
) -> list[Verdict]:
    """One verdict for each address, in order. `article` is an article's id or address; NotFound if the site has no such."""
    row = _article(session, site, article) if article else None
    ruling = rule(
        policy or Policy(),
        kind=row.kind if row else "mixed",
        tags=row.tags if row else (),
        section=row.section if row else "",
        override=row.monetise if row else None,
        published_at=row.published_at if row else None,
        site_default=site.monetise,
    )
    return will_earn(session, site=site, urls=urls, off="" if ruling.monetise else ruling.reason)


def _article(session: Session, site: Site, named: str) -> Article:
    found = article_by_ref(session, site.id, named) or article_by_url(session, site.id, named)
    if found is None:
        raise NotFound("article", named, "It is known once it was rewritten; leave it out to ask for the site.")
    return found
