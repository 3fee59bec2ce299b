"""Where a link is used, and how often people click it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from affiliate.clock import day_bounds, zone
from affiliate.store.tables import Article, ClickContext, ClickHour, Placement, Site

HUMAN = "human"


@dataclass(frozen=True, slots=True)
class PlacementUse:
    """One use of a link. `clicks` are human clicks of the last days asked for; `removed_at` is set when the article no
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
    clicks: int


@dataclass(frozen=True, slots=True)
class DayClicks:
    """Human clicks of a calendar day in a zone."""

    day: date
    clicks: int


def clicks_of_links(session: Session, link_ids: Sequence[int], *, since: datetime) -> dict[int, int]:
    """Human clicks by link since the hour of `since`; a link without any is absent."""
    rows = session.execute(
        select(ClickContext.link_id, func.sum(ClickHour.clicks).label("clicks"))
        .join(ClickContext, ClickContext.id == ClickHour.context_id)
        .where(ClickContext.link_id.in_(link_ids), ClickHour.click_class == HUMAN, ClickHour.hour >= since)
        .group_by(ClickContext.link_id)
    )
    return {row.link_id: int(row.clicks) for row in rows}


def clicks_by_day(session: Session, link_id: int, *, first: date, until: date, zone_name: str) -> list[DayClicks]:
    """Human clicks of every day of [first, until) in the zone, days without any included, oldest first."""
    start, end = day_bounds(first, until, zone_name)
    rows = session.execute(
        select(ClickHour.hour, func.sum(ClickHour.clicks).label("clicks"))
        .join(ClickContext, ClickContext.id == ClickHour.context_id)
        .where(
            ClickContext.link_id == link_id,
            ClickHour.click_class == HUMAN,
            ClickHour.hour >= start,
            ClickHour.hour < end,
        )
        .group_by(ClickHour.hour)
    )
    local, counted = zone(zone_name), Counter[date]()
    for row in rows:
        counted[row.hour.astimezone(local).date()] += int(row.clicks)
    days = [first + timedelta(days=number) for number in range((until - first).days)]
    return [DayClicks(day, counted[day]) for day in days]


def placements_of_link(session: Session, link_id: int, *, since: datetime) -> list[PlacementUse]:
    """Every use of the link, those that stand first, then by article and position."""
    counted = session.execute(
        select(ClickContext.placement_id, func.sum(ClickHour.clicks).label("clicks"))
        .join(ClickContext, ClickContext.id == ClickHour.context_id)
        .where(ClickContext.link_id == link_id, ClickHour.click_class == HUMAN, ClickHour.hour >= since)
        .group_by(ClickContext.placement_id)
    )
    clicks = {row.placement_id: int(row.clicks) for row in counted}
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
            clicks=clicks.get(row.Placement.id, 0),
        )
        for row in rows
    ]
