"""The switch of one article: its own yes or no to earning, thrown at any time after it was rewritten."""

from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.articles.article import ArticleFacts
from affiliate.articles.policy import Policy
from affiliate.articles.publish import Rewritten, rewrite_article
from affiliate.errors import NotFound
from affiliate.store.tables import Article


def switch_article(
    session: Session, *, article_id: int, monetise: bool | None, policy: Policy, now: datetime
) -> Rewritten | None:
    """Sets the article's own word (None: as the site says) and rewrites what was stored of it accordingly.

    Off takes paid links and disclosure out of the stored HTML and out of the placements that stand; on brings them back.
    None where the article was never rewritten. NotFound if there is no such article.
    """
    row = session.get(Article, article_id)
    if row is None:
        raise NotFound("article", article_id)
    row.monetise = monetise
    session.flush()
    if row.html is None:
        return None
    return rewrite_article(
        session, site=row.site, html=row.html, article=ArticleFacts(id=row.ref), policy=policy, now=now
    )
