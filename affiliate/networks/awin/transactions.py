"""Awin's transaction list: a bare JSON array, one row per order.

A row changes in place: its status flips, or `amended` is set and the amounts are new; a declined row keeps its amounts.
`commissionStatus` stays `approved` after payment; `paidToPublisher` and `paymentId` say that money has moved. Moments
carry no offset: they are in the zone that the list was asked for, which `Reading.time_zone` must say.
"""

from collections.abc import Iterator
from typing import BinaryIO

from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.rows import Row
from affiliate.networks.reading.streaming import json_records
from affiliate.networks.words import APPROVED, BONUS, DECLINED, PAID, PENDING, SALE, UNPAID

_REPORT = "The Awin report"
_STATUSES = {"pending": PENDING, "approved": APPROVED, "declined": DECLINED, "deleted": DECLINED}
_SUB_IDS = ("clickRef", "clickRef2", "clickRef3", "clickRef4", "clickRef5", "clickRef6")


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    return json_records(file, _REPORT)


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    status = row.word(_STATUSES, "commissionStatus")
    paid = row.flag("paidToPublisher")
    payout = row.text("paymentId")
    return ReportedTransaction(
        line=line,
        external_id=row.need("id"),
        publisher_ref=row.text("publisherId") or reading.publisher_ref,
        advertiser_ref=row.need("advertiserId"),
        advertiser_name=row.text("advertiserName"),
        kind=BONUS if "bonus" in (row.text("type") or "").lower() else SALE,
        status=status,
        raw_status=row.need("commissionStatus"),
        payment=PAID if paid else UNPAID,
        raw_payment="paidToPublisher" if paid else None,
        commission=row.need_money(row.text("commissionAmount", "currency"), "commissionAmount", "amount"),
        sale=row.money(row.text("saleAmount", "currency"), "saleAmount", "amount"),
        transaction_at=row.need_moment(reading.time_zone, "transactionDate"),
        click_at=row.moment(reading.time_zone, "clickDate"),
        validated_at=row.moment(reading.time_zone, "validationDate"),
        sub_ids=row.texts(_SUB_IDS, "clickRefs"),
        order_ref=row.text("orderRef"),
        payout_ref=payout if payout != "0" else None,
        reason=row.text("declineReason") or row.text("amendReason"),
        payload=row.payload,
    )


READER = Reader(_records, _transaction, has_own_ids=True)
