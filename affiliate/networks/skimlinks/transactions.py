"""Skimlinks' commission report: one row per commission under `commissions`, changed in place.

`status` is active or cancelled; whether the advertiser has agreed is not told. So an active commission is pending until
Skimlinks has paid it, and approved from then on (an inference: what is paid must have been agreed to); a cancelled one is
declined. `payment_status` is the money; a commission on an invoice that is not paid yet is invoiced. Amounts are converted
to the publisher's currency before we see them, at the day's rate; what the advertiser paid in is not told. Moments have no
offset and their zone is not documented: they are read in the account's.
"""

from collections.abc import Iterator
from typing import BinaryIO

from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.rows import BadValue, Row
from affiliate.networks.reading.streaming import json_records
from affiliate.networks.words import APPROVED, BONUS, CPC, DECLINED, INVOICED, LEAD, PAID, PENDING, SALE, UNPAID

REPORT = "The Skimlinks report"
_ACTIVE = "active"
_STATUSES = {_ACTIVE: PENDING, "cancelled": DECLINED}
_PAYMENTS = {"paid": PAID, "unpaid": UNPAID}
_KINDS = {"cpa": SALE, "cpc": CPC, "cpl": LEAD, "flat-fee": BONUS, "performance": BONUS}


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    return json_records(file, REPORT, "commissions")


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    status, payment = row.word(_STATUSES, "transaction_details", "status"), _payment(row)
    currency = row.text("transaction_details", "basket", "currency")
    return ReportedTransaction(
        line=line,
        external_id=row.need("commission_id"),
        publisher_ref=_publisher(row) or reading.publisher_ref,
        advertiser_ref=_advertiser(row),
        advertiser_name=row.text("merchant_details", "merchant_name") or row.text("merchant_details", "name"),
        kind=_KINDS.get((row.text("transaction_details", "basket", "commission_type") or "").lower(), SALE),
        status=APPROVED if status == PENDING and payment == PAID else status,
        raw_status=row.need("transaction_details", "status"),
        payment=payment,
        raw_payment=row.text("transaction_details", "payment_status"),
        commission=row.need_money(currency, "transaction_details", "basket", "publisher_amount"),
        sale=row.money(currency, "transaction_details", "basket", "order_amount"),
        transaction_at=row.need_moment(reading.time_zone, "transaction_details", "transaction_date"),
        sub_ids=tuple(value for value in [row.text("click_details", "custom_id")] if value),
        payout_ref=_invoice(row),
        payload=row.payload,
    )


def _payment(row: Row) -> str:
    if row.text("transaction_details", "payment_status") is None:
        return INVOICED if _invoice(row) else UNPAID
    said = row.word(_PAYMENTS, "transaction_details", "payment_status")
    return INVOICED if said == UNPAID and _invoice(row) else said


def _invoice(row: Row) -> str | None:
    return row.text("transaction_details", "invoice_id") or row.text("invoice_id")


def _publisher(row: Row) -> str | None:
    """Both numbers, as our id stands in links: each of a publisher's domains is an account of its own."""
    publisher, domain = row.text("publisher_id"), row.text("publisher_domain_id")
    return f"{publisher}X{domain}" if publisher and domain else None


def _advertiser(row: Row) -> str:
    """Skimlinks numbers advertisers and, apart from them, an advertiser's programmes ("merchants")."""
    if advertiser := row.text("merchant_details", "advertiser_id"):
        return advertiser
    if merchant := row.text("merchant_details", "merchant_id") or row.text("merchant_details", "id"):
        return f"merchant:{merchant}"
    raise BadValue("merchant_details.advertiser_id is missing.")


READER = Reader(_records, _transaction, has_own_ids=True)
