"""CJ's publisherCommissions, as the GraphQL API answers.

A correction is a record of its own with a sign (`original` false, `originalActionId`), never an edit; so are the rows
here. `closed` means that the commission went through payment, not that it was reversed. Amounts in the publisher's
currency come without its code, which is a property of the account (`Reading.currency`); without it the USD amounts are
taken where the query asked for them. Moments are UTC.
"""

from collections.abc import Iterator
from typing import BinaryIO

from affiliate.errors import UnreadableFile
from affiliate.money import Money
from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.rows import BadValue, Row, json_document, records_at
from affiliate.networks.words import APPROVED, BONUS, CPC, LEAD, PAID, PENDING, SALE, UNPAID

REPORT = "The CJ report"
# `corrected` marks a correction record: its signed amount stands beside the approved ones, so that they net out.
_STATUSES = {"new": PENDING, "extended": PENDING, "locked": APPROVED, "closed": APPROVED, "corrected": APPROVED}
_KINDS = (("bonus", BONUS), ("perf_inc", BONUS), ("lead", LEAD), ("click", CPC))


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    return records_of(json_document(file, REPORT))


def records_of(document: object) -> Iterator[tuple[int, object]]:
    """The records of an answer, numbered from 1; UnreadableFile where CJ answered with errors or something else."""
    if isinstance(document, dict) and document.get("errors"):
        raise UnreadableFile(REPORT, f"CJ answered with errors instead: {str(document['errors'])[:300]}")
    return records_at(document, REPORT, "data", "publisherCommissions", "records")


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    status = row.word(_STATUSES, "actionStatus")
    raw_status = row.need("actionStatus")
    closed = raw_status.lower() == "closed"
    commission, sale = _amounts(row, reading.currency)
    return ReportedTransaction(
        line=line,
        external_id=row.need("commissionId"),
        publisher_ref=row.text("websiteId") or reading.publisher_ref or row.text("publisherId"),
        advertiser_ref=row.need("advertiserId"),
        advertiser_name=row.text("advertiserName"),
        kind=_kind(row.text("actionType") or ""),
        status=status,
        raw_status=raw_status,
        payment=PAID if closed else UNPAID,
        raw_payment=raw_status if closed else None,
        commission=commission,
        sale=sale,
        transaction_at=row.need_moment("UTC", "eventDate"),
        click_at=row.moment("UTC", "clickDate"),
        validated_at=row.moment("UTC", "lockingDate") if status == APPROVED else None,
        sub_ids=tuple(value for value in [row.text("shopperId")] if value),
        order_ref=row.text("orderId"),
        original_ref=_corrected(row),
        reason=row.text("correctionReason"),
        payload=row.payload,
    )


def _amounts(row: Row, currency: str | None) -> tuple[Money, Money | None]:
    """(commission, sale) in one currency: the account's, else US dollars."""
    local = row.raw("pubCommissionAmountPubCurrency") is not None
    if local and currency:
        return row.need_money(currency, "pubCommissionAmountPubCurrency"), row.money(currency, "saleAmountPubCurrency")
    if row.raw("pubCommissionAmountUsd") is not None:
        return row.need_money("USD", "pubCommissionAmountUsd"), row.money("USD", "saleAmountUsd")
    if local:
        raise BadValue(
            "The currency of pubCommissionAmountPubCurrency is missing: CJ does not name it; set the account's currency."
        )
    raise BadValue("pubCommissionAmountPubCurrency is missing.")


def _kind(action_type: str) -> str:
    return next((kind for word, kind in _KINDS if word in action_type.lower()), SALE)


def _corrected(row: Row) -> str | None:
    """The action that this record corrects: an id that the original and its corrections share."""
    return row.text("originalActionId") if row.raw("original") is False else None


READER = Reader(_records, _transaction, has_own_ids=True)
