"""What the API asks the store itself."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from affiliate.store.tables import Advertiser, Product


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
