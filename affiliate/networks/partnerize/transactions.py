"""Partnerize's conversion report: `conversions[].conversion_data`, whose `conversion_items[]` carry the real status.

An order's own status is `mixed` where its items differ, so each item is a row: the conversion with the one `item`. Items
change in place. `publisher_self_bill_id` names the self-billed invoice that an item is on; that it has been paid is said by
the self-bill alone. Moments have no offset: they are in the zone that the report was asked for.
"""

from collections.abc import Iterator
from typing import BinaryIO

from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.mapped import beside
from affiliate.networks.reading.rows import BadValue, Row
from affiliate.networks.reading.streaming import json_records
from affiliate.networks.words import APPROVED, DECLINED, INVOICED, PENDING, SALE, UNPAID

REPORT = "The Partnerize report"
_STATUSES = {"pending": PENDING, "approved": APPROVED, "rejected": DECLINED}
_ITEMS, _ITEM = "conversion_items", "item"


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    conversions = json_records(file, REPORT, "conversions")
    return enumerate((record for _, conversion in conversions for record in _items_of(conversion)), start=1)


def _items_of(conversion: object) -> Iterator[object]:
    """A row per item; whatever is no such conversion stays as it is, to be set aside whole."""
    data = conversion.get("conversion_data") if isinstance(conversion, dict) else None
    items = data.get(_ITEMS) if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(items, list) or not items:
        yield conversion
        return
    about = {name: value for name, value in data.items() if name != _ITEMS}
    yield from ({**about, _ITEM: item} for item in items)


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    if not row.holds(_ITEM):
        raise BadValue("conversion_data.conversion_items is missing: only items carry a status of their own.")
    currency, self_bill = row.text("currency"), row.text(_ITEM, "publisher_self_bill_id")
    return ReportedTransaction(
        line=line,
        external_id=row.need("conversion_id"),
        line_id=row.need(_ITEM, "conversion_item_id"),
        publisher_ref=row.text("publisher_id") or reading.publisher_ref,
        advertiser_ref=row.need("campaign_id"),
        advertiser_name=row.text("campaign_title"),
        kind=SALE,
        status=row.word(_STATUSES, _ITEM, "item_status"),
        raw_status=row.need(_ITEM, "item_status"),
        payment=INVOICED if self_bill else UNPAID,
        raw_payment=f"self-bill {self_bill}" if self_bill else None,
        commission=row.need_money(currency, _ITEM, "item_publisher_commission"),
        sale=row.money(currency, _ITEM, "item_value"),
        transaction_at=row.need_moment(reading.time_zone, "conversion_time"),
        click_at=row.moment(reading.time_zone, "click", "set_time"),
        validated_at=row.moment(reading.time_zone, _ITEM, "approved_at"),
        sub_ids=tuple(value for name in ("publisher_reference", "advertiser_reference") if (value := row.text(name))),
        order_ref=row.text("conversion_reference"),
        payout_ref=self_bill,
        reason=row.text(_ITEM, "reject_reason"),
        payload=row.payload,
    )


# conversion_item.csv, the export of the same: columns of its documentation's example (partnerize-partners-api-openapi.yml,
# /reporting/export/export/conversion_item.csv). The example has neither our references nor the self-bill; a publisher's
# schema of this export has (voxmedia/tap-partnerize, tap_partnerize/streams.py).
_EXPORT = {
    "external_id": "conversion_id",
    "line_id": "conversion_item_id",
    "publisher": "publisher_id",
    "advertiser": "campaign_id",
    "advertiser_name": "campaign_title",
    "commission": "item_publisher_commission",
    "sale": "item_value",
    "currency": "currency",
    "transaction_at": "conversion_date_time",
    "click_at": "click_date_time",
    "order_ref": "conversion_reference",
    "sub_id": "publisher_reference",
    "sub_id_2": "advertiser_reference",
    "payment": "publisher_self_bill_id",
    "payment.*": "invoiced",
    "payout_ref": "publisher_self_bill_id",
    "reason": "reject_reason",
    "status": "item_status",
    "status.rejected": "declined",
}

READER = beside(Reader(_records, _transaction, has_own_ids=True), _EXPORT)
