"""What the API lists of what links stand on."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from affiliate.store.tables import Advertiser, Product, Programme, Site


def sites(session: Session) -> Sequence[Site]:
    wanted = select(Site).options(joinedload(Site.entity), selectinload(Site.hosts))
    return session.scalars(wanted.order_by(Site.id)).all()


def programmes(session: Session, text: str, limit: int, offset: int) -> tuple[Sequence[Programme], int]:
    """The page of programmes whose name or advertiser holds the text, by name, and how many there are in all."""
    matching = select(Programme).join(Advertiser, Advertiser.id == Programme.advertiser_id)
    if text.strip():
        part = text.strip()
        matching = matching.where(
            or_(Programme.name.icontains(part, autoescape=True), Advertiser.name.icontains(part, autoescape=True))
        )
    total = session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    wanted = matching.options(
        joinedload(Programme.account), joinedload(Programme.advertiser), selectinload(Programme.hosts)
    )
    return session.scalars(wanted.order_by(Programme.name, Programme.id).limit(limit).offset(offset)).all(), total


def products(session: Session, text: str, limit: int, offset: int) -> tuple[Sequence[Product], int]:
    """The page of products whose title, address or advertiser holds the text, newest first, and how many in all."""
    matching = select(Product).join(Advertiser, Advertiser.id == Product.advertiser_id)
    if text.strip():
        part = text.strip()
        matching = matching.where(
            or_(
                Product.title.icontains(part, autoescape=True),
                Product.target_url.icontains(part, autoescape=True),
                Advertiser.name.icontains(part, autoescape=True),
            )
        )
    total = session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    wanted = matching.options(joinedload(Product.advertiser))
    return session.scalars(wanted.order_by(Product.id.desc()).limit(limit).offset(offset)).all(), total
