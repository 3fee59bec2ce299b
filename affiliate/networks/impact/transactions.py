"""impact's Actions: one row per order under `Actions`; "" stands for null, amounts are texts, moments carry an offset.

A row changes in place. When it is reversed, `Payout` falls, to nothing for a whole return; then `IntendedPayout` is what
was declined, and it is taken as the commission of the declined row. `ClearedDate` says that impact has cleared the money
for payout: `invoiced`, since only an invoice line says `PAID`. Both are inferences from the fields' names, not tried on a live account.
"""

from collections.abc import Iterator
from typing import BinaryIO

from affiliate.money import Money
from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.rows import Row
from affiliate.networks.reading.streaming import json_records
from affiliate.networks.words import APPROVED, BONUS, DECLINED, INVOICED, LEAD, PENDING, SALE, UNPAID

_REPORT = "The impact report"
_STATUSES = {"pending": PENDING, "approved": APPROVED, "reversed": DECLINED}
_SUB_IDS = ("SubId1", "SubId2", "SubId3")


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    return json_records(file, _REPORT, "Actions")


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    status = row.word(_STATUSES, "State")
    currency = row.text("Currency")
    cleared = row.text("ClearedDate")
    return ReportedTransaction(
        line=line,
        external_id=row.need("Id"),
        publisher_ref=reading.publisher_ref,
        advertiser_ref=row.need("CampaignId"),
        advertiser_name=row.text("CampaignName"),
        kind=_kind(row.text("ActionTrackerName") or ""),
        status=status,
        raw_status=row.need("State"),
        payment=INVOICED if cleared else UNPAID,
        raw_payment=f"ClearedDate {cleared}" if cleared else None,
        commission=_commission(row, status, currency),
        sale=row.money(currency, "Amount"),
        transaction_at=row.need_moment(reading.time_zone, "EventDate"),
        click_at=row.moment(reading.time_zone, "ReferringDate"),
        validated_at=row.moment(reading.time_zone, "LockingDate") if status == APPROVED else None,
        sub_ids=tuple(value for name in _SUB_IDS if (value := row.text(name))),
        order_ref=row.text("Oid"),
        payload=row.payload,
    )


def _commission(row: Row, status: str, currency: str | None) -> Money:
    payout = row.need_money(currency, "Payout")
    if status == DECLINED and payout.amount == 0:
        return row.money(currency, "IntendedPayout") or payout
    return payout


def _kind(tracker: str) -> str:
    words = tracker.lower().split()
    return BONUS if "bonus" in words else LEAD if "lead" in words else SALE


READER = Reader(_records, _transaction, has_own_ids=True)
