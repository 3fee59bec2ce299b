"""eBay's transaction detail report (ebay_partner_transaction_detail, JSON or CSV), a row per transaction.

Fields and states: padosoft/php-oara@b03fd95 (Ebay.php:140-178), one witness; the one row seen, with five of the columns, was
made up by an importer's test in public code. The report names no currency: it is that of the account. A report without a
column of states says nothing of an agreement, so its rows are pending. Moments carry an offset; days do not, and are those of
the account's zone, which eBay keeps in Denver.
"""

from collections.abc import Iterator
from typing import BinaryIO

from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.formats import open_table
from affiliate.networks.reading.rows import Row
from affiliate.networks.reading.table import refuse_missing
from affiliate.networks.words import APPROVED, DECLINED, PENDING, SALE, UNPAID

ZONE = "America/Denver"
_ID, _AT, _EARNINGS, _STATUS = "EpnTransactionId", "EventDate", "Earnings", "Status"
_KNOWN = frozenset({_ID, _AT, _EARNINGS, _STATUS, "Sales", "CustomId", "CheckoutSite", "UpdateDate", "ClickTimestamp"})
_STATUSES = {"approved": APPROVED, "pending": PENDING, "reversed": DECLINED}


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    table = open_table(file, lambda names: len(_KNOWN.intersection(names)))
    refuse_missing(table.columns, (_ID, _AT, _EARNINGS))
    yield from table.records


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    has_status = row.holds(_STATUS)
    return ReportedTransaction(
        line=line,
        external_id=row.need(_ID),
        publisher_ref=reading.publisher_ref,
        advertiser_ref=row.text("CheckoutSite") or "ebay",
        advertiser_name=None,
        kind=SALE,
        status=row.word(_STATUSES, _STATUS) if has_status else PENDING,
        raw_status=row.need(_STATUS) if has_status else "",
        payment=UNPAID,
        commission=row.need_money(reading.currency, _EARNINGS),
        sale=row.money(reading.currency, "Sales"),
        transaction_at=row.need_moment(ZONE, _AT),
        click_at=row.moment(ZONE, "ClickTimestamp"),
        sub_ids=tuple(value for value in [row.text("CustomId")] if value),
        order_ref=row.text("EbayCheckoutTransactionId"),
        payload=row.payload,
    )


READER = Reader(_records, _transaction, has_own_ids=True)
