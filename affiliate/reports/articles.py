"""The register of articles: what each discloses and since when, its paid links, how often they are clicked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from affiliate.clicks.count import Counts
from affiliate.errors import NotFound
from affiliate.reports.counts import counts_by
from affiliate.store.tables import (
    Advertiser,
    Article,
    ArticleDisclosure,
    ClickContext,
    Link,
    LinkPath,
    Placement,
    Programme,
    Site,
)


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article and what it shows now. `disclosure` is present, missing, not-needed, or None before its first
    rewriting. `counts` are of clicks of all time."""

    id: int
    ref: str
    site: str
    site_id: int
    url: str | None
    title: str
    kind: str
    author: str
    section: str
    tags: tuple[str, ...]
    language: str | None
    jurisdiction: str | None
    monetise: bool | None
    rewritten_at: datetime | None
    disclosure: str | None
    label: str | None
    sentence: str | None
    shown_from: datetime | None
    paid_links: int
    counts: Counts

    @property
    def shown_title(self) -> str:
        return self.title or self.url or self.ref


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Words found in title, address or author (all of them), a site, a disclosure state; pages count from 1."""

    text: str = ""
    site_id: int | None = None
    disclosure: str | None = None
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class ShownDisclosure:
    """What an article showed from `shown_from` until `shown_until` (exclusive; None: still). `reason` says why links that
    could have earned did not."""

    state: str
    jurisdiction: str
    label: str | None
    sentence: str | None
    text_version: str | None
    paid_links: int
    shown_from: datetime
    shown_until: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """One use of a link in the article, with its clicks of all time."""

    token: str
    position: int | None
    anchor_text: str
    link_id: int
    link_name: str
    path: str
    status: str
    network: str
    advertiser: str
    created_at: datetime
    removed_at: datetime | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """All about one article. Placements that stand in it come first, in its order; disclosures newest first."""

    row: ArticleRow
    html: str | None
    disclosures: tuple[ShownDisclosure, ...]
    placements: tuple[PlacedRow, ...]


def list_articles(session: Session, wanted: ArticleFilter) -> tuple[list[ArticleRow], int]:
    """The page of articles that match, the last rewritten first, and how many there are in all."""
    matching = _articles().where(*_conditions(wanted))
    total = session.scalar(select(func.count()).select_from(matching.order_by(None).subquery())) or 0
    newest = func.coalesce(Article.rewritten_at, Article.created_at).desc()
    paged = matching.order_by(newest, Article.id.desc())
    rows = session.execute(paged.limit(wanted.per_page).offset((max(wanted.page, 1) - 1) * wanted.per_page)).all()
    counts = _counts_of(session, [row.Article.id for row in rows])
    return [_row(row, counts) for row in rows], total


def show_article(session: Session, article_id: int) -> ArticlePage:
    """NotFound if there is none."""
    row = session.execute(_articles().where(Article.id == article_id)).first()
    if row is None:
        raise NotFound("article", article_id)
    return ArticlePage(
        row=_row(row, _counts_of(session, [article_id])),
        html=row.Article.html,
        disclosures=tuple(_disclosures(session, article_id)),
        placements=tuple(_placements(session, article_id)),
    )


def _articles() -> Select[Article, str, ArticleDisclosure]:
    open_row = and_(ArticleDisclosure.article_id == Article.id, ArticleDisclosure.shown_until.is_(None))
    joined = select(Article, Site.key.label("site"), ArticleDisclosure).join(Site, Site.id == Article.site_id)
    return joined.outerjoin(ArticleDisclosure, open_row)


def _conditions(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    conditions = [
        or_(*(column.icontains(word, autoescape=True) for column in (Article.title, Article.ref, Article.author)))
        for word in wanted.text.split()
    ]
    if wanted.site_id:
        conditions.append(Article.site_id == wanted.site_id)
    if wanted.disclosure:
        conditions.append(ArticleDisclosure.state == wanted.disclosure)
    return conditions


def _counts_of(session: Session, article_ids: Sequence[int]) -> dict[int, Counts]:
    return counts_by(session, ClickContext.article_id, ClickContext.article_id.in_(article_ids))


def _row(row: Row[Article, str, ArticleDisclosure], counts: dict[int, Counts]) -> ArticleRow:
    article: Article = row.Article
    shown: ArticleDisclosure | None = row.ArticleDisclosure
    return ArticleRow(
        id=article.id,
        ref=article.ref,
        site=row.site,
        site_id=article.site_id,
        url=article.url,
        title=article.title,
        kind=article.kind,
        author=article.author,
        section=article.section,
        tags=tuple(article.tags),
        language=article.language,
        jurisdiction=article.jurisdiction,
        monetise=article.monetise,
        rewritten_at=article.rewritten_at,
        disclosure=shown.state if shown else None,
        label=shown.label if shown else None,
        sentence=shown.sentence if shown else None,
        shown_from=shown.shown_from if shown else None,
        paid_links=shown.paid_links if shown else 0,
        counts=counts.get(article.id, Counts()),
    )


def _disclosures(session: Session, article_id: int) -> list[ShownDisclosure]:
    rows = session.scalars(
        select(ArticleDisclosure)
        .where(ArticleDisclosure.article_id == article_id)
        .order_by(ArticleDisclosure.shown_from.desc(), ArticleDisclosure.id.desc())
    )
    return [
        ShownDisclosure(
            row.state,
            row.jurisdiction,
            row.label,
            row.sentence,
            row.text_version,
            row.paid_links,
            row.shown_from,
            row.shown_until,
            row.reason,
        )
        for row in rows
    ]


def _placements(session: Session, article_id: int) -> list[PlacedRow]:
    counts = counts_by(session, ClickContext.placement_id, ClickContext.article_id == article_id)
    rows = session.execute(
        select(
            Placement,
            Link.name,
            Link.status,
            LinkPath.path,
            Programme.network,
            Advertiser.name.label("advertiser"),
        )
        .join(Link, Link.id == Placement.link_id)
        .join(LinkPath, and_(LinkPath.link_id == Link.id, LinkPath.is_alias.is_(False)))
        .join(Programme, Programme.id == Link.programme_id)
        .join(Advertiser, Advertiser.id == Programme.advertiser_id)
        .where(Placement.article_id == article_id)
        .order_by(Placement.removed_at.is_not(None), Placement.position, Placement.id)
    )
    return [
        PlacedRow(
            token=row.Placement.token,
            position=row.Placement.position,
            anchor_text=row.Placement.anchor_text,
            link_id=row.Placement.link_id,
            link_name=row.name,
            path=row.path,
            status=row.status,
            network=row.network,
            advertiser=row.advertiser,
            created_at=row.Placement.created_at,
            removed_at=row.Placement.removed_at,
            counts=counts.get(row.Placement.id, Counts()),
        )
        for row in rows
    ]
