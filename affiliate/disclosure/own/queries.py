"""What a publisher's own wordings are read with."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from affiliate.store.tables import OwnText, Site


def in_force(session: Session, *, site_id: int, jurisdiction: str, language: str) -> OwnText | None:
    """The newest wording that is not retired, the site's own before one for all sites."""
    return session.scalar(
        select(OwnText)
        .where(
            OwnText.jurisdiction == jurisdiction,
            OwnText.language == language,
            OwnText.retired_at.is_(None),
            or_(OwnText.site_id == site_id, OwnText.site_id.is_(None)),
        )
        .order_by(OwnText.site_id.is_(None), OwnText.id.desc())
        .limit(1)
    )


def own_text(session: Session, version: str) -> OwnText | None:
    return session.scalar(select(OwnText).where(OwnText.version == version))


def kept(session: Session) -> list[tuple[OwnText, str | None]]:
    """Every wording with the key of its site, the newest first."""
    rows = select(OwnText, Site.key).outerjoin(Site, Site.id == OwnText.site_id).order_by(OwnText.id.desc())
    return [(own, key) for own, key in session.execute(rows)]


def next_number(session: Session, stem: str) -> int:
    """The number of the next version of this stem; none was ever deleted."""
    return 1 + (session.scalar(select(func.count()).where(OwnText.version.startswith(stem, autoescape=True))) or 0)
