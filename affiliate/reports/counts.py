"""The three counts from the hourly roll-up, for whatever clicks are to be counted."""

from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from affiliate.clicks.classes import HUMAN
from affiliate.clicks.count import Counts
from affiliate.store.tables import Article, ClickContext, ClickHour, Placement, Programme

THREE = (
    func.sum(ClickHour.clicks).label("raw"),
    func.sum(case((ClickHour.click_class == HUMAN, ClickHour.clicks), else_=0)).label("human"),
    func.sum(ClickHour.network_comparable).label("network_comparable"),
)


def rolled_up(*columns: Any) -> Any:
    """A statement over the roll-up and what its clicks are about. The outer joins go along keys: the database leaves out
    those that nothing asks for."""
    return (
        select(*columns)
        .select_from(ClickHour)
        .join(ClickContext, ClickContext.id == ClickHour.context_id)
        .outerjoin(Programme, Programme.id == ClickContext.programme_id)
        .outerjoin(Article, Article.id == ClickContext.article_id)
        .outerjoin(Placement, Placement.id == ClickContext.placement_id)
    )


def counts_by(session: Session, key: Any, *conditions: ColumnElement[bool]) -> dict[Any, Counts]:
    """Value of `key` → its counts; a value without clicks is absent."""
    rows = session.execute(rolled_up(key.label("key"), *THREE).where(*conditions).group_by(key))
    return {row.key: Counts(int(row.raw), int(row.human), int(row.network_comparable)) for row in rows}
