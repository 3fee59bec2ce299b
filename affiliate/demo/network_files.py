"""The networks' reports on the sales, as files in their own formats, each as it was true at its moment.

What a network says later differs from what it said first: statuses flip (Awin, impact), corrections come as rows of
their own (CJ, Rakuten). Two rows of the last files cannot be booked, as it happens.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from affiliate.demo.sales import Sale
from affiliate.demo.world import ACCOUNTS, TEMPLATE, UK, Account, account_of

READ_DAYS_AGO = (44, 30, 15, 1)
TIME_ZONE = "UTC"  # the reports are asked for in UTC
THREADMILL = "threadmill"  # the name under which its column map is saved
THREADMILL_COLUMNS = {
    "external_id": "Order",
    "advertiser": "Shop",
    "sale": "Basket",
    "commission": "Commission",
    "currency": "Currency",
    "transaction_at": "Sold",
    "click_at": "Clicked",
    "status": "State",
    "status.open": "pending",
    "status.confirmed": "approved",
    "status.refused": "declined",
    "payment": "Paid out",
    "payment.no": "unpaid",
    "payment.yes": "paid",
    "sub_id": "Reference",
    "reason": "Remark",
    "date_format": "%d/%m/%Y %H:%M:%S",
}
_THREADMILL_HEADER = (
    "Order",
    "Shop",
    "Sold",
    "Clicked",
    "Basket",
    "Commission",
    "Currency",
    "State",
    "Paid out",
    "Reference",
    "Remark",
)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A report as the network gave it at `as_of`."""

    account: Account
    as_of: datetime
    name: str
    content: bytes


def network_files(sales: Sequence[Sale], *, now: datetime) -> list[NetworkFile]:
    """Every report of every account, in the order in which they came."""
    moments = [
        (now - timedelta(days=days)).replace(hour=5, minute=0, second=0, microsecond=0) for days in READ_DAYS_AGO
    ]
    files = (_file(account, sales, as_of, last=as_of == moments[-1]) for as_of in moments for account in ACCOUNTS)
    return [file for file in files if file is not None]


def _file(account: Account, sales: Sequence[Sale], as_of: datetime, *, last: bool) -> NetworkFile | None:
    known = [sale for sale in sales if account_of(sale.shop) == account and sale.sold_at < as_of]
    if not known:
        return None
    write, spoil, ending = _WRITERS[account.network]
    rows = [row for sale in known for row in write(sale, as_of)]
    if last and account.title == UK and spoil:
        rows.append(spoil(rows[-1]))
    name = f"{as_of.date().isoformat()}-{account.network}-{account.title}.{ending}"
    return NetworkFile(account, as_of, name, _ENVELOPES[account.network](rows))


def _awin(sale: Sale, as_of: datetime) -> Rows:
    decided, paid = as_of >= sale.decided_at, as_of >= sale.paid_at and not sale.declined
    lowered = decided and sale.lowered
    amount = sale.kept if lowered else sale.amount

    def money(value: Decimal) -> dict[str, Any]:
        return {"amount": float(value), "currency": sale.shop.currency}

    return [
        {
            "id": 9_990_100_000 + sale.number,
            "advertiserId": int(sale.shop.ref),
            "publisherId": int(account_of(sale.shop).ref),
            "commissionStatus": ("declined" if sale.declined else "approved") if decided else "pending",
            "commissionAmount": money(sale.commission(amount)),
            "saleAmount": money(amount),
            "clickRefs": {"clickRef": sale.sub_id} if sale.sub_id else None,
            "clickDate": _naive(sale.clicked_at),
            "transactionDate": _naive(sale.sold_at),
            "validationDate": _naive(sale.decided_at) if decided else None,
            "type": "Commission group transaction",
            "declineReason": sale.reason if decided and sale.declined else None,
            "amended": lowered,
            "amendReason": sale.reason if lowered else None,
            "oldSaleAmount": money(sale.amount) if lowered else None,
            "oldCommissionAmount": money(sale.commission(sale.amount)) if lowered else None,
            "orderRef": f"A-{sale.number:05}",
            "paidToPublisher": paid,
            "paymentId": 9_990_200_000 + sale.paid_at.month if paid else 0,
        }
    ]


def _impact(sale: Sale, as_of: datetime) -> Rows:
    decided, cleared = as_of >= sale.decided_at, as_of >= sale.paid_at and not sale.declined
    amount = sale.kept if decided else sale.amount
    return [
        {
            "Id": f"9990.{sale.shop.ref}.{sale.number}",
            "CampaignId": sale.shop.ref,
            "CampaignName": sale.shop.name,
            "ActionTrackerName": "Sale",
            "State": ("REVERSED" if sale.declined else "APPROVED") if decided else "PENDING",
            "Payout": str(sale.commission(amount)),
            "Amount": f"{amount:.2f}",
            "IntendedPayout": str(sale.commission(sale.amount)),
            "IntendedAmount": f"{sale.amount:.2f}",
            "Currency": sale.shop.currency,
            "EventDate": sale.sold_at.astimezone(UTC).isoformat(),
            "ReferringDate": sale.clicked_at.astimezone(UTC).isoformat(),
            "LockingDate": sale.decided_at.astimezone(UTC).isoformat() if decided else "",
            "ClearedDate": sale.paid_at.astimezone(UTC).isoformat() if cleared else "",
            "Oid": f"I-{sale.number:05}",
            "SubId1": sale.sub_id,
            "SubId2": "",
            "SubId3": "",
            "ReferringType": "CLICK_COOKIE",
        }
    ]


def _cj(sale: Sale, as_of: datetime) -> Rows:
    decided, closed = as_of >= sale.decided_at, as_of >= sale.paid_at
    original = {
        "commissionId": str(9_990_300_000 + sale.number),
        "original": True,
        "originalActionId": str(9_990_400_000 + sale.number),
        "actionStatus": "closed" if closed else "locked" if decided else "new",
        "actionType": "sale",
        "websiteId": account_of(sale.shop).ref,
        "advertiserId": sale.shop.ref,
        "advertiserName": sale.shop.name,
        "pubCommissionAmountPubCurrency": str(sale.commission(sale.amount)),
        "saleAmountPubCurrency": f"{sale.amount:.2f}",
        "clickDate": _with_z(sale.clicked_at),
        "eventDate": _with_z(sale.sold_at),
        "lockingDate": _with_z(sale.decided_at),
        "orderId": f"C-{sale.number:05}",
        "shopperId": sale.sub_id,
    }
    if not decided or sale.kept == sale.amount:
        return [original]
    correction = original | {
        "commissionId": str(9_990_500_000 + sale.number),
        "original": False,
        "actionStatus": "closed" if closed else "corrected",
        "pubCommissionAmountPubCurrency": str(sale.commission(sale.kept) - sale.commission(sale.amount)),
        "saleAmountPubCurrency": f"{sale.kept - sale.amount:.2f}",
    }
    return [original, correction]


def _rakuten(sale: Sale, as_of: datetime) -> Rows:
    original = {
        "etransaction_id": f"DEMO{sale.number:028}",
        "advertiser_id": int(sale.shop.ref),
        "sid": 9990000000,
        "order_id": f"R-{sale.number:05}",
        "sku_number": sale.ware.url.rpartition("/")[2],
        "sale_amount": float(sale.amount),
        "quantity": 1,
        "commissions": float(sale.commission(sale.amount)),
        "process_date": _javascript(sale.sold_at),
        "transaction_date": _javascript(sale.sold_at),
        "transaction_type": "realtime",
        "product_name": sale.ware.name,
        "u1": sale.sub_id,
        "currency": sale.shop.currency,
        "is_event": "N",
    }
    if as_of < sale.decided_at or sale.kept == sale.amount:
        return [original]
    returned = original | {
        "etransaction_id": f"DEMO{sale.number:027}R",
        "sale_amount": float(sale.kept - sale.amount),
        "commissions": float(sale.commission(sale.kept) - sale.commission(sale.amount)),
        "process_date": _javascript(sale.decided_at),
    }
    return [original, returned]


def _threadmill(sale: Sale, as_of: datetime) -> Rows:
    decided, paid = as_of >= sale.decided_at, as_of >= sale.paid_at and not sale.declined
    amount = sale.kept if decided and sale.lowered else sale.amount
    cells = (
        f"T-{sale.number:05}",
        sale.shop.ref,
        sale.sold_at.astimezone(UTC).strftime("%d/%m/%Y %H:%M:%S"),
        sale.clicked_at.astimezone(UTC).strftime("%d/%m/%Y %H:%M:%S"),
        f"{amount:.2f}",
        str(sale.commission(amount)),
        sale.shop.currency,
        ("refused" if sale.declined else "confirmed") if decided else "open",
        "yes" if paid else "no",
        sale.sub_id,
        sale.reason if decided else "",
    )
    return [dict(zip(_THREADMILL_HEADER, cells, strict=True))]


def _unknown_word(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"id": row["id"] + 50_000, "commissionStatus": "queried", "orderRef": "A-90001"}


def _no_currency(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"Id": f"{row['Id']}9", "Currency": "", "Oid": "I-90001"}


def _naive(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def _with_z(moment: datetime) -> str:
    return _naive(moment) + "Z"


def _javascript(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[utc.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day} {months[utc.month - 1]} {utc:%d %Y %H:%M:%S} GMT+0000 (UTC)"


def _json(document: Any) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()


def _csv(rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _THREADMILL_HEADER)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _cj_answer(rows: Rows) -> bytes:
    answer = {"count": len(rows), "payloadComplete": True, "records": rows}
    return _json({"data": {"publisherCommissions": answer}})


Writer = Callable[[Sale, datetime], Rows]
Spoiler = Callable[[dict[str, Any]], dict[str, Any]]

_WRITERS: dict[str, tuple[Writer, Spoiler | None, str]] = {
    "awin": (_awin, _unknown_word, "json"),
    "impact": (_impact, _no_currency, "json"),
    "cj": (_cj, None, "json"),
    "rakuten": (_rakuten, None, "json"),
    TEMPLATE: (_threadmill, None, "csv"),
}
_ENVELOPES: dict[str, Callable[[Rows], bytes]] = {
    "awin": _json,
    "impact": lambda rows: _json({"Actions": rows}),
    "cj": _cj_answer,
    "rakuten": _json,
    TEMPLATE: _csv,
}
