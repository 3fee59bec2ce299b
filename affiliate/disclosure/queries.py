"""What the profiles of sites and their exceptions are read with."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from affiliate.store.tables import Article, RuleChange, SiteProfile


def chosen_profiles(session: Session, site_id: int) -> Sequence[SiteProfile]:
    """Those that hold, in alphabetical order."""
    wanted = select(SiteProfile).where(SiteProfile.site_id == site_id, SiteProfile.dropped_at.is_(None))
    return session.scalars(wanted.order_by(SiteProfile.profile)).all()


def all_profiles(session: Session, site_id: int) -> Sequence[SiteProfile]:
    """Every choice that was ever made, the newest first."""
    return session.scalars(
        select(SiteProfile).where(SiteProfile.site_id == site_id).order_by(SiteProfile.id.desc())
    ).all()


def rule_changes(session: Session, site_id: int, *, in_force_at: datetime | None = None) -> Sequence[RuleChange]:
    """A site's changes with those for its articles, the newest first; all, or those that hold at a moment."""
    wanted = select(RuleChange).where(RuleChange.site_id == site_id)
    if in_force_at is not None:
        wanted = wanted.where(
            RuleChange.ended_at.is_(None), or_(RuleChange.ends_at.is_(None), RuleChange.ends_at > in_force_at)
        )
    return session.scalars(wanted.order_by(RuleChange.id.desc())).all()


def article_of_site(session: Session, site_id: int, named: str) -> Article | None:
    """An article by its address, its name in the CMS, or its number."""
    wanted = select(Article).where(Article.site_id == site_id)
    found = session.scalar(wanted.where(or_(Article.url == named, Article.ref == named)).limit(1))
    if found is None and named.isdecimal() and len(named) < 10:
        found = session.scalar(wanted.where(Article.id == int(named)))
    return found


def article_names(session: Session, article_ids: Sequence[int]) -> dict[int, str]:
    """What people know each article by: its title, else its address."""
    wanted = select(Article.id, Article.title, Article.ref).where(Article.id.in_(article_ids))
    return {id_: title or ref for id_, title, ref in session.execute(wanted)}
