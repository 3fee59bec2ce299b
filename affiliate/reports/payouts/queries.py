"""The SQL of payouts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from affiliate.store.tables import Payout, PublisherAccount, Transaction
from affiliate.store.tables import TransactionVersion as Version

_FACTS = (
    Payout.id,
    PublisherAccount.network,
    PublisherAccount.publisher_ref.label("account"),
    Payout.external_id,
    Payout.number,
    Payout.payment,
    Payout.raw_status,
    Payout.currency,
    Payout.commission,
    Payout.vat,
    Payout.withheld,
    Payout.net,
    Payout.issued_at,
    Payout.paid_at,
    Payout.observed_at,
    Payout.recorded_at,
    Payout.import_run_id.label("run_id"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which payouts: of a network, of a state of payment, issued in [start, end); None: all."""

    network: str | None = None
    payment: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if self.network is not None:
            wanted.append(PublisherAccount.network == self.network)
        if self.payment is not None:
            wanted.append(Payout.payment == self.payment)
        if self.start is not None:
            wanted.append(Payout.issued_at >= self.start)
        if self.end is not None:
            wanted.append(Payout.issued_at < self.end)
        return wanted


def payouts(session: Session, asked: Asked, *, limit: int, offset: int) -> Sequence[Mapping[str, Any]]:
    """One page, the newest issued first."""
    wanted = select(*_FACTS).join(PublisherAccount, PublisherAccount.id == Payout.account_id).where(*asked.conditions)
    wanted = wanted.order_by(Payout.issued_at.desc(), Payout.id.desc()).limit(limit).offset(offset)
    return [dict(row) for row in session.execute(wanted).mappings()]


def payout(session: Session, payout_id: int) -> Mapping[str, Any] | None:
    """One, with its row as it came and the account's id."""
    wanted = select(*_FACTS, Payout.payload, Payout.account_id)
    wanted = wanted.join(PublisherAccount, PublisherAccount.id == Payout.account_id).where(Payout.id == payout_id)
    row = session.execute(wanted).mappings().first()
    return dict(row) if row else None


def sums(session: Session, asked: Asked) -> Sequence[tuple[str, str, int, Decimal]]:
    """(currency, payment, payouts, commission) of all pages together."""
    wanted = select(Payout.currency, Payout.payment, func.count(), func.sum(Payout.commission))
    wanted = wanted.join(PublisherAccount, PublisherAccount.id == Payout.account_id).where(*asked.conditions)
    rows = session.execute(wanted.group_by(Payout.currency, Payout.payment).order_by(Payout.currency, Payout.payment))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def covered(session: Session, payout_ids: Collection[int]) -> dict[int, tuple[int, Decimal, int]]:
    """(transactions that name the payout, their commission in its currency, those in another one), by payout; nothing for
    those that no transaction names."""
    in_currency = case((Version.currency == Payout.currency, Version.commission))
    elsewhere = case((Version.currency != Payout.currency, 1))
    wanted = (
        select(Payout.id, func.count(), func.sum(in_currency), func.count(elsewhere))
        .join(Version, Version.payout_ref == Payout.external_id)
        .join(
            Transaction,
            and_(
                Transaction.id == Version.transaction_id,
                Transaction.current_version_id == Version.id,
                Transaction.account_id == Payout.account_id,
            ),
        )
        .where(Payout.id.in_(payout_ids))
        .group_by(Payout.id)
    )
    return {row[0]: (row[1], row[2] or Decimal(0), row[3]) for row in session.execute(wanted)}


def payout_id(session: Session, network: str, account: str, external_id: str) -> int | None:
    wanted = select(Payout.id).join(PublisherAccount, PublisherAccount.id == Payout.account_id)
    return session.scalar(
        wanted.where(
            PublisherAccount.network == network,
            PublisherAccount.publisher_ref == account,
            Payout.external_id == external_id,
        )
    )


def networks_paying(session: Session) -> Sequence[str]:
    """Those that a payout is known of."""
    wanted = select(PublisherAccount.network).join(Payout, Payout.account_id == PublisherAccount.id).distinct()
    return session.scalars(wanted.order_by(PublisherAccount.network)).all()
