"""Windows that are asked for out of turn: by a person's button, or by a network's hint. The background pulls them at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from affiliate.networks.asking.api import TRANSACTION, Window
from affiliate.store.tables import PublisherAccount, Pull

_WAITING = "waiting"
_LASTS = timedelta(days=1)  # an older window is asked for anew by the rules of pulling
_RECENT = timedelta(days=2)


def ask_for(session: Session, account_id: int, window: Window, *, now: datetime) -> None:
    session.add(
        Pull(
            account_id=account_id,
            basis=TRANSACTION,
            first=window.first,
            until=window.until,
            state=_WAITING,
            requested_at=now,
        )
    )
    session.flush()


def ask_now(session: Session, account_id: int, *, now: datetime) -> None:
    """Asks for the last two days; whatever else is due, or failed lately, is pulled with them."""
    ask_for(session, account_id, Window(now - _RECENT, now), now=now)


def was_asked_for(session: Session, account_id: int, first: datetime, *, since: datetime) -> bool:
    """Whether a window beginning there was asked for since then."""
    lately = select(Pull.id).where(
        Pull.account_id == account_id, Pull.basis == TRANSACTION, Pull.first == first, Pull.requested_at > since
    )
    return session.scalar(lately.limit(1)) is not None


def asked(session: Session, *, now: datetime) -> Sequence[PublisherAccount]:
    """The accounts that have windows waiting which may be asked for now."""
    waiting = (
        select(Pull.account_id)
        .where(Pull.state == _WAITING, Pull.requested_at > now - _LASTS)
        .where(or_(Pull.not_before.is_(None), Pull.not_before <= now))
    )
    return session.scalars(select(PublisherAccount).where(PublisherAccount.id.in_(waiting))).all()
