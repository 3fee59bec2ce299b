"""impact's invoices to us: what a run pays, line by line and programme by programme.

An invoice is paid when each of its lines is PAID; PENDING and OVERDUE lines are owed. Which actions an invoice covers is not
told: an action names no invoice.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from affiliate.money import Money
from affiliate.networks.asking.paging import json_page
from affiliate.networks.base import BadRow, Reading, ReportedPayout
from affiliate.networks.reading.rows import BadValue, Row, read_each
from affiliate.networks.words import INVOICED, PAID

_WORDS = {"pending": INVOICED, "overdue": INVOICED, "paid": PAID}


def read_payouts(content: bytes, reading: Reading) -> Iterator[ReportedPayout | BadRow]:
    _, records = json_page(content, "impact's list of Invoices", "Invoices")
    return read_each(enumerate(records, start=1), lambda line, row: _payout(line, row, reading))


def _payout(line: int, row: Row, reading: Reading) -> ReportedPayout:
    currency = row.text("Currency")
    lines = _lines(row)
    paid = all(one.word(_WORDS, "Status") == PAID for one in lines)
    commission = sum((one.need_money(currency, "NetItemAmount").amount for one in lines), Decimal(0))
    net = row.need_money(currency, "TotalAmount")
    return ReportedPayout(
        line=line,
        external_id=row.need("Id"),
        publisher_ref=reading.publisher_ref,
        payment=PAID if paid else INVOICED,
        raw_status=", ".join(sorted({one.need("Status") for one in lines})),
        commission=Money(commission, net.currency),
        issued_at=row.need_moment(reading.time_zone, "CreatedDate"),
        payload=row.payload,
        net=net,
        vat=row.money(currency, "TotalVatAmount"),
        paid_at=_last_paid(lines, reading) if paid else None,
    )


def _lines(row: Row) -> list[Row]:
    lines = row.raw("LineItems")
    if not isinstance(lines, list) or not lines or not all(isinstance(one, dict) for one in lines):
        raise BadValue("LineItems is missing: nothing says what the invoice consists of.")
    return [Row(one) for one in lines]


def _last_paid(lines: list[Row], reading: Reading) -> datetime | None:
    moments = [moment for one in lines if (moment := one.moment(reading.time_zone, "PaidDate"))]
    return max(moments, default=None)
