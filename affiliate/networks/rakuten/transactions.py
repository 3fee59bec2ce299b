"""Rakuten's events: a bare JSON array, one row per item of an order, each with an id of its own.

The published schema has no status word and no payment; both come with other reports. So every row is `pending`: nothing
here says that an advertiser agreed. A cancellation is a new negative row without a pointer; it is `pending` too and
keeps its sign, so that sums of one status net out (calling it declined would leave the sale standing among the pending).
"""

from collections.abc import Iterator
from typing import BinaryIO

from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.rows import Row
from affiliate.networks.reading.streaming import json_records
from affiliate.networks.words import PENDING, SALE, UNPAID

_REPORT = "The Rakuten report"


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    return json_records(file, _REPORT)


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    currency = row.text("currency")
    return ReportedTransaction(
        line=line,
        external_id=row.need("etransaction_id"),
        line_id=row.text("sku_number") or "",
        publisher_ref=reading.publisher_ref or row.text("sid"),  # sid is the account's number, not the id in links
        advertiser_ref=row.need("advertiser_id"),
        advertiser_name=row.text("advertiser_name"),
        kind=SALE,
        status=PENDING,
        raw_status="",
        payment=UNPAID,
        commission=row.need_money(currency, "commissions"),
        sale=row.money(currency, "sale_amount"),
        transaction_at=row.need_moment("UTC", "transaction_date"),
        sub_ids=tuple(value for value in [row.text("u1")] if value),
        order_ref=row.text("order_id"),
        payload=row.payload,
    )


READER = Reader(_records, _transaction)
