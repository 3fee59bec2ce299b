"""How each programme did, counted from the ledger now and then, so that choosing a route never has to.

Of sales and leads of the last twelve months: how many the advertiser approved or declined, and how long after the sale the
money came. A correction that comes as a negative row of its own counts as a declined sale and takes an approved one away.
The day of payment is that of the payout that covers a transaction, else the day on which we first saw it paid after having
seen it unpaid: what was paid already when we first heard of it tells nothing of how long it took.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, case, delete, extract, func, insert, select
from sqlalchemy.orm import Session

from affiliate.networks.words import APPROVED, DECLINED, LEAD, PAID, SALE
from affiliate.store.tables import ImportRun, Payout, TrackRecord, Transaction, TransactionVersion

SINCE = timedelta(days=365)
FRESH = timedelta(days=1)  # counted anew after that even where nothing was imported, because the twelve months move on

_Version = TransactionVersion


def are_stale(session: Session, *, now: datetime) -> bool:
    """Whether anything was imported or undone since the records were counted, or a day has passed."""
    counted_at = session.scalar(select(func.max(TrackRecord.counted_at)))
    if counted_at is None:
        return session.scalar(select(Transaction.id).limit(1)) is not None
    changed = session.execute(select(func.max(ImportRun.recorded_at), func.max(ImportRun.undone_at))).one()
    return now - counted_at > FRESH or any(moment is not None and moment >= counted_at for moment in changed)


def count(session: Session, *, now: datetime) -> list[dict[str, Any]]:
    """A record for each programme that has sold anything, to be kept. Reads the ledger of twelve months, so not in a
    transaction that others wait for."""
    paid = {row.programme_id: row for row in session.execute(_paid(session, now - SINCE))}
    return [
        {
            "programme_id": row.programme_id,
            "transactions": row.transactions,
            "approved": max(row.approved - row.taken_back, 0),
            "declined": row.declined + row.taken_back,
            "paid": paid[row.programme_id].paid if row.programme_id in paid else 0,
            "payment_days": round(Decimal(paid[row.programme_id].days)) if row.programme_id in paid else None,
            "counted_at": now,
        }
        for row in session.execute(_decided(now - SINCE))
    ]


def keep(session: Session, records: Sequence[Mapping[str, Any]]) -> None:
    """Puts these in place of all records there are."""
    session.execute(delete(TrackRecord))
    if records:
        session.execute(insert(TrackRecord), records)


def _sales(since: datetime) -> ColumnElement[bool]:
    return and_(Transaction.kind.in_((SALE, LEAD)), Transaction.transaction_at >= since)


def _decided(since: datetime) -> Executable:
    kept = _Version.commission >= 0
    return (
        select(
            Transaction.programme_id,
            _count(kept).label("transactions"),
            _count(kept, _Version.status == APPROVED).label("approved"),
            _count(kept, _Version.status == DECLINED).label("declined"),
            _count(_Version.commission < 0, _Version.status == APPROVED).label("taken_back"),
        )
        .join(_Version, _Version.id == Transaction.current_version_id)
        .where(_sales(since))
        .group_by(Transaction.programme_id)
    )


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)


def _paid(session: Session, since: datetime) -> Executable:
    seen = (
        select(
            _Version.transaction_id,
            func.min(_Version.observed_at).label("first"),
            func.min(case((_Version.payment == PAID, _Version.observed_at))).label("paid"),
        )
        .join(ImportRun, and_(ImportRun.id == _Version.import_run_id, ImportRun.undone_at.is_(None)))
        .group_by(_Version.transaction_id)
        .subquery()
    )
    covered = and_(Payout.account_id == Transaction.account_id, Payout.external_id == _Version.payout_ref)
    watched = and_(seen.c.transaction_id == Transaction.id, seen.c.paid > seen.c.first)
    days = _days_between(session, func.coalesce(Payout.paid_at, seen.c.paid), Transaction.transaction_at)
    return (
        select(Transaction.programme_id, func.count().label("paid"), func.avg(days).label("days"))
        .join(_Version, _Version.id == Transaction.current_version_id)
        .outerjoin(Payout, covered)
        .outerjoin(seen, watched)
        .where(_sales(since), _Version.payment == PAID, _Version.commission >= 0, days >= 0)
        .group_by(Transaction.programme_id)
    )


def _days_between(session: Session, later: Any, earlier: Any) -> ColumnElement[Any]:
    if session.get_bind().dialect.name == "sqlite":
        return func.julianday(later) - func.julianday(earlier)
    return extract("epoch", later - earlier) / 86_400
