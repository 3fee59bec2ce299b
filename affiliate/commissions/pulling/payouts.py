"""What networks paid or will pay, as they last said it: kept beside the ledger, a row for each invoice or self-bill."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.commissions.importing import API
from affiliate.commissions.pulling import queries
from affiliate.networks.base import BadRow, ReportedPayout
from affiliate.store.tables import ImportRun, Payout, PublisherAccount, QuarantinedRow

PAYOUTS = "payouts"


@dataclass(frozen=True, slots=True)
class StoredPayouts:
    run_id: int
    rows: int
    new: int
    amended: int
    unchanged: int
    quarantined: int


def store_payouts(
    session: Session,
    account: PublisherAccount,
    rows: Iterable[ReportedPayout | BadRow],
    *,
    name: str,
    sha256: str,
    as_of: datetime,
    origin: str = API,
    now: datetime,
) -> StoredPayouts:
    """Brings the account's payouts up to what the network said at `as_of`, as one import run of the caller's transaction.

    A payout is known again by the network's id; what was said later than `as_of` is not undone by it, so the order of
    calls does not matter. Rows that cannot be stored are set aside whole.
    """
    run = ImportRun(
        kind=PAYOUTS, network=account.network, file_name=name[-255:], file_sha256=sha256, as_of=as_of, recorded_at=now,
        rows=0, new=0, amended=0, unchanged=0, quarantined=0, origin=origin, reading={"publisher_ref": account.publisher_ref},
    )  # fmt: skip
    session.add(run)
    session.flush()
    told = list(rows)
    good = [row for row in told if not isinstance(row, BadRow)]
    known = queries.payouts_of(session, account.id, [row.external_id for row in good])
    for row in good:
        fields = _fields(row)
        payout = known.get(row.external_id)
        if payout is None:
            payout = Payout(account_id=account.id, external_id=row.external_id)
            known[row.external_id] = payout
            session.add(payout)
            _say(payout, fields, run)
            run.new += 1
        elif payout.observed_at > as_of or all(getattr(payout, name) == value for name, value in fields.items()):
            payout.observed_at = max(payout.observed_at, as_of)
            run.unchanged += 1
        else:
            _say(payout, fields, run)
            run.amended += 1
    bad = [row for row in told if isinstance(row, BadRow)]
    session.add_all(
        QuarantinedRow(import_run_id=run.id, line=row.line, reason=row.reason, payload=row.payload, word=row.word)
        for row in bad
    )
    run.rows, run.quarantined = len(told), len(bad)
    session.flush()
    return StoredPayouts(run.id, run.rows, run.new, run.amended, run.unchanged, run.quarantined)


def _say(payout: Payout, fields: dict[str, Any], run: ImportRun) -> None:
    for name, value in fields.items():
        setattr(payout, name, value)
    payout.observed_at, payout.recorded_at, payout.import_run_id = run.as_of, run.recorded_at, run.id


def _fields(row: ReportedPayout) -> dict[str, Any]:
    """All amounts in the currency of the commission."""
    return {
        "number": row.number,
        "payment": row.payment,
        "raw_status": row.raw_status,
        "currency": row.commission.currency,
        "commission": row.commission.amount,
        "vat": row.vat.amount if row.vat else None,
        "withheld": row.withheld.amount if row.withheld else None,
        "net": row.net.amount if row.net else None,
        "issued_at": row.issued_at,
        "paid_at": row.paid_at,
        "payload": json.dumps(row.payload, ensure_ascii=False, default=str),
    }
