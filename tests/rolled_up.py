"""Cells of the hourly roll-up, put in by hand."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.store.tables import ClickContext, ClickHour, Placement


def roll_up(
    session: Session,
    placement: Placement,
    hour: datetime,
    clicks: int,
    click_class: str = "human",
    *,
    comparable: int | None = None,
    country: str = "",
    device: str = "desktop",
    referrer_host: str = "",
) -> None:
    """Adds clicks of one placement; `comparable` of them (default: all human ones) would count for a network too."""
    where = {
        "site_id": placement.link.site_id,
        "link_id": placement.link_id,
        "placement_id": placement.id,
        "article_id": placement.article_id,
        "programme_id": placement.link.programme_id,
        "country": country,
        "device": device,
        "referrer_host": referrer_host,
    }
    context = session.scalars(select(ClickContext).filter_by(**where)).first()
    if context is None:
        number = len(session.scalars(select(ClickContext.id)).all()) + 1
        context = ClickContext(digest=number.to_bytes(16, "big"), **where)
        session.add(context)
        session.flush()
    session.add(
        ClickHour(
            hour=hour,
            context_id=context.id,
            click_class=click_class,
            clicks=clicks,
            network_comparable=comparable if comparable is not None else clicks * (click_class == "human"),
        )
    )
    session.flush()
