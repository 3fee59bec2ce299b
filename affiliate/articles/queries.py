"""What the rewriter asks the store."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, contains_eager

from affiliate.disclosure.state import PRESENT
from affiliate.store.tables import Article, ArticleDisclosure, Link, LinkPath, Placement
from affiliate.urls import other_scheme

_AT_ONCE = 500  # addresses in one question; SQLite takes 999 parameters where it is old
DRAFT = "draft-"  # how the ref of an article begins that nobody named


def article_by_ref(session: Session, site_id: int, ref: str) -> Article | None:
    return session.scalar(select(Article).where(Article.site_id == site_id, Article.ref == ref))


def article_by_url(session: Session, site_id: int, url: str) -> Article | None:
    """The site's article at this address, else at its form with http for https or the other way about. Nothing else is set
    aside: a path with a slash at its end, www. or another query may be another article's."""
    for spelled in filter(None, (url, other_scheme(url))):
        wanted = select(Article).where(Article.site_id == site_id, Article.url == spelled)
        if (found := session.scalar(wanted.order_by(Article.id).limit(1))) is not None:
            return found
    return None


def draft_holding(session: Session, site_id: int, tokens: Collection[str]) -> Article | None:
    """The site's draft whose placements these tokens name; the oldest of several."""
    wanted = (
        select(Article)
        .join(Placement, Placement.article_id == Article.id)
        .where(Article.site_id == site_id, Article.ref.startswith(DRAFT), Placement.token.in_(tokens))
        .order_by(Article.id)
        .limit(1)
    )
    return session.scalar(wanted)


def placements_of(session: Session, article_id: int, kind: str) -> Sequence[Placement]:
    """The article's placements of a kind: those that stand in it first, in their order, then those that were removed."""
    wanted = select(Placement).where(Placement.article_id == article_id, Placement.kind == kind)
    return session.scalars(wanted.order_by(Placement.removed_at.is_not(None), Placement.position, Placement.id)).all()


def articles_at(session: Session, site_id: int, urls: Collection[str]) -> dict[str, tuple[Article, bool]]:
    """The site's articles at these addresses, and whether each holds paid links now."""
    found: dict[str, tuple[Article, bool]] = {}
    for some in _batches(sorted(urls)):
        wanted = (
            select(Article, ArticleDisclosure.state)
            .outerjoin(
                ArticleDisclosure,
                and_(ArticleDisclosure.article_id == Article.id, ArticleDisclosure.shown_until.is_(None)),
            )
            .where(Article.site_id == site_id, Article.url.in_(some))
            .order_by(Article.id)
        )
        for article, state in session.execute(wanted):
            found.setdefault(str(article.url), (article, state == PRESENT))
    return found


def links_of_tokens(session: Session, site_id: int, tokens: Collection[str]) -> dict[str, int]:
    """The ids of the site's links by these tokens of their placements."""
    wanted = select(Placement.token, Placement.link_id).join(Link, Link.id == Placement.link_id)
    found = (
        session.execute(wanted.where(Link.site_id == site_id, Placement.token.in_(some)))
        for some in _batches(sorted(tokens))
    )
    return {token: link_id for rows in found for token, link_id in rows}


def placements_with(session: Session, site_id: int, tokens: Collection[str]) -> dict[str, Placement]:
    """The placements of the site's links that have these tokens."""
    wanted = select(Placement).join(Link, Link.id == Placement.link_id).options(contains_eager(Placement.link))
    found = (
        session.scalars(wanted.where(Link.site_id == site_id, Placement.token.in_(some)))
        for some in _batches(sorted(tokens))
    )
    return {placement.token: placement for rows in found for placement in rows}


def known_paths(session: Session, site_id: int, paths: Collection[str]) -> set[str]:
    """Those of the paths that answer for a link of the site."""
    wanted = select(LinkPath.path).where(LinkPath.site_id == site_id, LinkPath.path.in_(paths))
    return set(session.scalars(wanted))


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
