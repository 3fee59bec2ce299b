"""ShareASale's activity report, for the history of a closed network: 26 columns, parted by pipes or commas.

Columns, states, currency and zone: padosoft/php-oara@b03fd95 (ShareASale.php:220-330), one witness; no row was found. Names are
written with spaces or with `_`. Void beats paid, paid beats locked; whatever is none of these is pending.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from affiliate.money import Money
from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.amounts import plain_amount
from affiliate.networks.reading.formats import open_table
from affiliate.networks.reading.rows import BadValue, Row, moment_of, money_of
from affiliate.networks.reading.table import refuse_missing
from affiliate.networks.words import APPROVED, DECLINED, KINDS, PAID, PENDING, SALE, UNPAID

ZONE, CURRENCY = "America/Chicago", "USD"
_NEEDED = ("Trans_ID", "Merchant_ID", "Trans_Date", "Commission", "Voided")
_KNOWN = frozenset({*_NEEDED, "User_ID", "Trans_Amount", "Aff_Comment", "Lock_Date", "Paid_Date", "Reversal_Date"})
_AMERICAN = "%m/%d/%Y %I:%M:%S %p"
_NO = (None, "0")  # what an empty flag looks like
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?: [AaPp][Mm])?")


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    table = open_table(file, lambda names: len(_KNOWN.intersection(map(_plain, names))))
    refuse_missing([_plain(name) for name in table.columns], _NEEDED)
    for record in table.records:
        if isinstance(record, BadRow):
            yield record
        else:
            line, row = record
            yield line, {_plain(name): cell for name, cell in row.items()}


def _plain(name: str) -> str:
    return name.replace(" ", "_")


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    status, payment, word = _state(row)
    return ReportedTransaction(
        line=line,
        external_id=row.need("Trans_ID"),
        publisher_ref=row.text("User_ID") or reading.publisher_ref,
        advertiser_ref=row.need("Merchant_ID"),
        advertiser_name=row.text("Merchant_Organization"),
        kind=kind if (kind := (row.text("Trans_Type") or "").lower()) in KINDS else SALE,
        status=status,
        raw_status=word,
        payment=payment,
        raw_payment=f"paid {row.text('Paid_Date')}" if payment == PAID else None,
        commission=_money(row, "Commission"),
        sale=_money(row, "Trans_Amount") if row.text("Trans_Amount") else None,
        transaction_at=_moment(row, "Trans_Date"),
        click_at=_click(row),
        validated_at=_moment(row, decided) if row.text(decided := _decided(status)) else None,
        sub_ids=tuple(value for value in [row.text("Aff_Comment")] if value),
        original_ref=row.text("Reference_Trans"),
        payload=row.payload,
    )


def _state(row: Row) -> tuple[str, str, str]:
    """(status, payment, the flag that said so)."""
    if row.text("Voided") not in _NO:
        return DECLINED, UNPAID, "Voided"
    if row.text("Paid_Date"):
        return APPROVED, PAID, "Paid"
    return (APPROVED, UNPAID, "Locked") if row.text("Locked") not in _NO else (PENDING, UNPAID, "")


def _decided(status: str) -> str:
    """The column that says when the state was reached."""
    return "Reversal_Date" if status == DECLINED else "Lock_Date"


def _money(row: Row, name: str) -> Money:
    text = row.need(name)
    plain = plain_amount(text, ".")
    if plain is None:
        raise BadValue(f"{name} is {text!r}, which is no amount.")
    return money_of(plain, CURRENCY, name)


def _moment(row: Row, name: str) -> datetime:
    text = row.need(name)
    return moment_of(text, ZONE, name, _AMERICAN if "/" in text else None)


def _click(row: Row) -> datetime | None:
    """The click's day, with the time that stands beside it where the day has none of its own."""
    day, time = row.text("Click_Date"), row.text("Click_Time")
    if day is None:
        return None
    if time and _TIME.fullmatch(time) and len(day) == len("2020-12-31"):
        return moment_of(f"{day} {time}", ZONE, "Click_Date", _style(time))
    return _moment(row, "Click_Date")


def _style(time: str) -> str:
    seconds = ":%S" if time.count(":") == 2 else ""
    return f"%Y-%m-%d %I:%M{seconds} %p" if time[-1] in "mM" else f"%Y-%m-%d %H:%M{seconds}"


READER = Reader(_records, _transaction, has_own_ids=True)
