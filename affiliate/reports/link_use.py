"""Where a link is used, and how often it is clicked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.clicks.count import Counts
from affiliate.reports.clicks import DAY, ClickRange, course
from affiliate.reports.counts import counts_by
from affiliate.store.tables import Article, ClickContext, ClickHour, Placement, Site


@dataclass(frozen=True, slots=True)
class PlacementUse:
    """One use of a link. `counts` are of the last days asked for; `removed_at` is set when the article no
    longer holds it. A placement without an article (`article_id` None) is the link's bare use."""

    token: str
    kind: str
    article_id: int | None
    article: str
    site: str
    position: int | None
    anchor_text: str
    created_at: datetime
    removed_at: datetime | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class DayClicks:
    """Clicks of a calendar day in a zone."""

    day: date
    counts: Counts

    @property
    def clicks(self) -> int:
        return self.counts.human


def clicks_of_links(session: Session, link_ids: Sequence[int], *, since: datetime) -> dict[int, Counts]:
    """The counts of each link since the hour of `since`; a link without clicks is absent."""
    return counts_by(session, ClickContext.link_id, ClickContext.link_id.in_(link_ids), ClickHour.hour >= since)


def clicks_by_day(session: Session, link_id: int, *, first: date, until: date, zone_name: str) -> list[DayClicks]:
    """Clicks of every day of [first, until) in the zone, days without any included, oldest first."""
    scope = ClickRange.of(first=first, until=until, time_zone=zone_name, site=None, within="link", key=str(link_id))
    return [DayClicks(begin.date(), figures.counts) for begin, figures in course(session, scope, DAY)]


def placements_of_link(session: Session, link_id: int, *, since: datetime) -> list[PlacementUse]:
    """Every use of the link, those that stand first, then by article and position."""
    recent = (ClickContext.link_id == link_id, ClickHour.hour >= since)
    counts = counts_by(session, ClickContext.placement_id, *recent)
    rows = session.execute(
        select(Placement, Article.title, Article.ref, Site.name.label("site"))
        .outerjoin(Article, Article.id == Placement.article_id)
        .outerjoin(Site, Site.id == Article.site_id)
        .where(Placement.link_id == link_id)
        .order_by(Placement.removed_at.is_not(None), Placement.article_id, Placement.position, Placement.id)
    )
    return [
        PlacementUse(
            token=row.Placement.token,
            kind=row.Placement.kind,
            article_id=row.Placement.article_id,
            article=row.title or row.ref or "",
            site=row.site or "",
            position=row.Placement.position,
            anchor_text=row.Placement.anchor_text,
            created_at=row.Placement.created_at,
            removed_at=row.Placement.removed_at,
            counts=counts.get(row.Placement.id, Counts()),
        )
        for row in rows
    ]
