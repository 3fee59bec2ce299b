"""Rakuten's events: a bare JSON array, one row per item of an order, each with an id of its own.

`etransaction_id` alone tells a row from another (pubhelp.rakutenadvertising.com, "Events API Common Questions": unique to
each record, one record per SKU); `sku_number` is only there where the advertiser reports it, and may be filled in later.

Today's answers carry `lock_status` and `order_auto_lock_date`, which the published schema has not (two independent clients
read them: a Go adapter that was checked against Rakuten's events guide on 2026-08-26, and a test of a JavaScript one). A
locked order can no longer be changed by its advertiser: it is approved. Which words `lock_status` uses is documented
nowhere, so only those that can be read in one way are known; another sets the row aside, and whoever knows it says
`status.WORD = approved`. Without the field a row is `pending`. A cancellation is a new negative row without a pointer; it
has the status that its own lock says and keeps its sign, so that sums of one status net out (calling it declined would leave
the sale standing). Payment comes with other reports.
"""

from collections.abc import Iterator
from typing import BinaryIO

from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.rows import BadValue, Row
from affiliate.networks.reading.streaming import json_records
from affiliate.networks.words import APPROVED, PENDING, SALE, STATUSES, UNPAID

_REPORT = "The Rakuten report"
_LOCK, _LOCKS_ON = "lock_status", "order_auto_lock_date"
_LOCKS = {
    "locked": APPROVED,
    "unlocked": PENDING,
    "y": APPROVED,  # as `is_event` of the same answer says yes and no
    "n": PENDING,
    "true": APPROVED,
    "false": PENDING,
}
_SAID = "status."  # before a word that a person named


def _records(file: BinaryIO, _reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    return json_records(file, _REPORT)


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    currency = row.text("currency")
    lock = _lock(row)
    status = _status(lock, reading)
    return ReportedTransaction(
        line=line,
        external_id=row.need("etransaction_id"),
        publisher_ref=reading.publisher_ref or row.text("sid"),  # sid is the account's number, not the id in links
        advertiser_ref=row.need("advertiser_id"),
        advertiser_name=row.text("advertiser_name"),
        kind=SALE,
        status=status,
        raw_status=lock,
        payment=UNPAID,
        commission=row.need_money(currency, "commissions"),
        sale=row.money(currency, "sale_amount"),
        transaction_at=row.need_moment("UTC", "transaction_date"),
        validated_at=row.moment("UTC", _LOCKS_ON) if status == APPROVED else None,
        sub_ids=tuple(value for value in [row.text("u1")] if value),
        order_ref=row.text("order_id"),
        payload=row.payload,
    )


def _lock(row: Row) -> str:
    """The word of `lock_status`, "" without one."""
    value = row.raw(_LOCK)
    return str(value).lower() if isinstance(value, bool) else row.text(_LOCK) or ""


def _status(lock: str, reading: Reading) -> str:
    if not lock:
        return PENDING
    words = _LOCKS | {
        name.removeprefix(_SAID).lower(): ours
        for name, ours in reading.said.items()
        if name.startswith(_SAID) and ours in STATUSES
    }
    if (ours := words.get(lock.lower())) is None:
        raise BadValue(
            f"{_LOCK} is {lock!r}, an unknown word; known are {', '.join(words)}. Say what it means:"
            f' "{_SAID}{lock}=approved", pending or declined.',
            word=lock,
        )
    return ours


READER = Reader(_records, _transaction, has_own_ids=True)
