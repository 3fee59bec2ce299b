"""A ledger's history as it can be compared between two ledgers: without ids, numbers and moments of recording."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.commissions.queries import REPEATED
from affiliate.store.tables import (
    ImportRun,
    Placement,
    Programme,
    PublisherAccount,
    Transaction,
    TransactionVersion,
)

_SAID = [
    Programme.advertiser_ref,
    Placement.token,
    *(
        getattr(TransactionVersion, name)
        for name in [
            "kind",
            "transaction_at",
            "click_at",
            "order_ref",
            "sub_id",
            "attribution",
            "status",
            "raw_status",
            "payment",
            "raw_payment",
            "sale_amount",
            "sale_currency",
            "commission",
            "currency",
            "validated_at",
            "payout_ref",
            "original_ref",
            "reason",
        ]
    ),
]

History = list[tuple[datetime, dict[str, Any]]]


def canonical(session: Session) -> dict[str, History]:
    """What was said of each transaction since when: the last of one moment counts, what repeats the one before is left
    out. Checked on the way: each transaction's current picture is the newest version, and repeated beside its id."""
    rows = session.execute(
        select(Transaction, PublisherAccount.publisher_ref, TransactionVersion, *_SAID)
        .join(TransactionVersion, TransactionVersion.transaction_id == Transaction.id)
        .join(ImportRun, ImportRun.id == TransactionVersion.import_run_id)
        .join(PublisherAccount, PublisherAccount.id == Transaction.account_id)
        .join(Programme, Programme.id == TransactionVersion.programme_id)
        .outerjoin(Placement, Placement.id == TransactionVersion.placement_id)
        .where(ImportRun.undone_at.is_(None))
        .order_by(
            Transaction.external_id,
            TransactionVersion.observed_at,
            TransactionVersion.recorded_at,
            TransactionVersion.number,
        )
    )
    histories: dict[str, dict[datetime, dict[str, Any]]] = {}
    newest: dict[str, tuple[Transaction, TransactionVersion]] = {}
    for transaction, account, version, *said in rows:
        facts = {"account": account} | {column.key: value for column, value in zip(_SAID, said, strict=True)}
        histories.setdefault(transaction.external_id, {})[version.observed_at] = facts
        newest[transaction.external_id] = transaction, version
    for transaction, version in newest.values():
        session.refresh(transaction)
        assert transaction.current_version_id == version.id
        for name in REPEATED:
            assert getattr(transaction, name) == getattr(version, name), name
    return {name: _collapsed(history) for name, history in histories.items()}


def _collapsed(history: dict[datetime, dict[str, Any]]) -> History:
    kept: History = []
    for at, facts in sorted(history.items()):
        if not kept or kept[-1][1] != facts:
            kept.append((at, facts))
    return kept
