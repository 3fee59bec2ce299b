"""CJ's commissions by GraphQL, as the endpoint's schema and https://docs.cj.com/docs/graphql-api document them, and its
Advertiser Lookup (https://docs.cj.com/docs/advertiser-lookup). More than 31 days: 400 and nothing else."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from werkzeug import Request, Response

from tests.networks.servers.base import ApiServer, json_of
from tests.networks.servers.history import ADVERTISERS, PENDING, UNPAID, Movement, Sale, State

PUBLISHER = "8000123"  # the PID of a site
COMPANY = "4567"
_LONGEST = timedelta(days=31)
_DATES = {"PostingDate": "postingDate", "EventDate": "eventDate"}
_ARGUMENTS = re.compile(r"publisherCommissions\((.*?)\)\s*\{", re.DOTALL)
_ARGUMENT = re.compile(r'(\w+): ("[^"]*"|\[[^]]*\])')


class CjServer(ApiServer):
    publisher = PUBLISHER
    page_size = 1000

    @property
    def credentials(self) -> dict[str, str]:
        return {"token": self.token, "company_id": COMPANY}

    def answer(self, request: Request) -> Response:
        known = request.headers.get("Authorization") == f"Bearer {self.token}"
        if request.path == "/v2/advertiser-lookup":
            return self._lookup(request) if known else _xml("<error-message>Not Authenticated</error-message>", 401)
        if not known:
            return json_of({"message": f"{request.headers.get('Authorization')} is not known"}, 401)
        asked = _ARGUMENTS.search(json.loads(request.get_data())["query"])
        said = {name: json.loads(value) for name, value in _ARGUMENT.findall(asked.group(1) if asked else "")}
        date = next((name for name in _DATES if f"since{name}" in said and f"before{name}" in said), None)
        if date is None or said.get("forPublishers") != [COMPANY]:
            return json_of({"errors": [{"message": "Validation error"}], "data": None})
        first, until = (datetime.fromisoformat(said[f"{which}{date}"]) for which in ("since", "before"))
        if until - first > _LONGEST:
            return Response("", status=400)
        after = int(said.get("sinceCommissionId", 0))
        rows = sorted(
            (
                row
                for state in self.history.states(self.now)
                for row in _records(state, self.now)
                if first <= datetime.fromisoformat(row[_DATES[date]]) < until and int(row["commissionId"]) > after
            ),
            key=lambda row: int(row["commissionId"]),
        )
        batch = rows[: self.page_size]
        answer = {
            "count": len(batch),
            "limit": self.page_size,
            "maxCommissionId": batch[-1]["commissionId"] if batch else None,
            "payloadComplete": len(batch) == len(rows),
            "records": batch,
        }
        return json_of({"data": {"publisherCommissions": answer}})

    def _lookup(self, request: Request) -> Response:
        size, number = min(int(request.args["records-per-page"]), 3), int(request.args["page-number"])
        shown = ADVERTISERS[(number - 1) * size : number * size]
        listed = "".join(map(_advertiser, shown))
        about = f'total-matched="{len(ADVERTISERS)}" records-returned="{len(shown)}" page-number="{number}"'
        return _xml(f"<advertisers {about}>{listed}</advertisers>")


def _records(state: State, now: datetime) -> Iterator[dict[str, Any]]:
    """The sale, and a record of its own with a sign for all that one moment took back."""
    grouped = groupby(state.sale.movements(now), key=lambda movement: movement.at)
    for at, (posted, movements) in enumerate(grouped, start=1):
        yield _record(state, at, posted, list(movements))


def _record(state: State, at: int, posted: datetime, movements: list[Movement]) -> dict[str, Any]:
    sale, original = state.sale, movements[0].original
    commission = str(sum((each.commission for each in movements), Decimal(0)))
    amount = str(sum((each.sale for each in movements), Decimal(0)))
    return {
        "commissionId": f"{sale.id}{at:02}",
        "original": original,
        "originalActionId": str(sale.id),
        "correctionReason": None if original else "RETURNED_MERCHANDISE",
        "actionStatus": _status(state),
        "actionType": "bonus" if sale.bonus else "item_sale",
        "advertiserId": sale.advertiser.ref,
        "advertiserName": sale.advertiser.name,
        "publisherId": COMPANY,
        "websiteId": None if sale.bonus else PUBLISHER,
        "shopperId": sale.sub_id or None,
        "orderId": sale.order_ref or None,
        "clickDate": _written(sale.click_at),
        "eventDate": _written(sale.sold_at),
        "postingDate": _written(posted),
        "lockingDate": _written(_locking(sale)),
        "pubCommissionAmountPubCurrency": commission,
        "pubCommissionAmountUsd": commission,
        "saleAmountPubCurrency": amount,
        "saleAmountUsd": amount,
        "items": [{"sku": each.item.sku, "quantity": 1} for each in movements],
    }


def _status(state: State) -> str:
    if state.payment != UNPAID:
        return "closed"
    return "new" if state.status == PENDING else "locked"


def _locking(sale: Sale) -> datetime:
    """The tenth of the next month."""
    return (sale.sold_at.replace(day=1) + timedelta(days=32)).replace(day=10, hour=10, minute=0, second=0)


def _advertiser(advertiser: Any) -> str:
    host = advertiser.name.lower().replace(" ", "").replace("&", "") + ".example"
    rate = f"{advertiser.rate * 100:.2f}%"
    return (
        f"<advertiser><advertiser-id>{advertiser.ref}</advertiser-id><account-status>Active</account-status>"
        f"<advertiser-name>{escape(advertiser.name)}</advertiser-name><program-url>https://{host}/</program-url>"
        f"<relationship-status>joined</relationship-status>"
        f"<primary-category><parent>Shopping</parent><child>Fashion</child></primary-category>"
        f"<actions><action><name>Sale</name><type>sale</type><id>266</id><commission><default>{rate}</default>"
        f"</commission></action></actions></advertiser>"
    )


def _xml(inside: str, status: int = 200) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?><cj-api>{inside}</cj-api>'
    return Response(text, status=status, content_type="application/xml")


def _written(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
