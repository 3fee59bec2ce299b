"""Awin's publisher API as https://help.awin.com documents it (read 22 November 2026): transactions by three kinds of date, 31
days at most, a bare array without pages; programmes and their details."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug import Request, Response

from tests.networks.servers.base import ApiServer, json_of, refusal
from tests.networks.servers.history import ADVERTISERS, PAID, Advertiser, State

PUBLISHER = "99000001"
_WRITTEN = "%Y-%m-%dT%H:%M:%S"
_LONGEST = timedelta(days=31)


class AwinServer(ApiServer):
    publisher = PUBLISHER

    def answer(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return refusal("invalid_token", 401)
        account = f"/publishers/{self.publisher}"
        match request.path.rstrip("/").removeprefix(account):
            case "/transactions":
                return self._transactions(request)
            case "/programmes":
                return json_of([_programme(each) for each in ADVERTISERS])
            case "/programmedetails":
                return self._details(request.args["advertiserId"])
        return refusal("no access to this account", 403)

    def _transactions(self, request: Request) -> Response:
        zone = ZoneInfo(request.args["timezone"])
        first, until = (
            datetime.strptime(request.args[name], _WRITTEN).replace(tzinfo=zone) for name in ("startDate", "endDate")
        )
        if until - first > _LONGEST:
            return refusal("the date range may not exceed 31 days", 400)
        moment_of = _DATES[request.args.get("dateType", "transaction")]
        states = [
            state
            for state in self.history.states(self.now)
            if (moment := moment_of(state)) is not None and first <= moment <= until
        ]
        return json_of([_row(state, zone, self.publisher) for state in states])

    def _details(self, ref: str) -> Response:
        for each in ADVERTISERS:
            if each.ref == ref:
                rate = float(each.rate * 100)
                ranges = [{"min": rate, "max": rate, "type": "percentage"}]
                return json_of({"commissionRange": ranges, "kpi": {"approvalPercentage": 91.5}})
        return refusal("no such programme", 404)


_DATES: dict[str, Callable[[State], datetime | None]] = {
    "transaction": lambda state: state.sale.sold_at,
    "validation": lambda state: state.validated_at,
    "amendment": lambda state: state.amended_at,
}


def _row(state: State, zone: ZoneInfo, publisher: str) -> dict[str, Any]:
    sale, amended = state.sale, bool(state.returned)

    def money(amount: Decimal) -> dict[str, Any]:
        return {"amount": float(amount), "currency": sale.advertiser.currency}

    def moment(at: datetime | None) -> str | None:
        return at.astimezone(zone).strftime(_WRITTEN) if at else None

    return {
        "id": sale.id,
        "advertiserId": int(sale.advertiser.ref),
        "publisherId": int(publisher),
        "commissionStatus": state.status,
        "commissionAmount": money(state.commission),
        "saleAmount": money(state.amount),
        "ipHash": "-4637421",
        "clickRefs": {"clickRef": sale.sub_id} if sale.sub_id else None,
        "clickDate": moment(sale.click_at),
        "transactionDate": moment(sale.sold_at),
        "validationDate": moment(state.validated_at),
        "type": "Bonus" if sale.bonus else "Commission group transaction",
        "declineReason": "returned" if state.status == "declined" else None,
        "amended": amended,
        "amendReason": "part of the order was returned" if amended else None,
        "oldSaleAmount": money(sum((item.sale for item in sale.items), Decimal(0))) if amended else None,
        "oldCommissionAmount": money(sum((item.commission for item in sale.items), Decimal(0))) if amended else None,
        "orderRef": sale.order_ref or None,
        "customParameters": [],
        "paidToPublisher": state.payment == PAID,
        "paymentId": int(state.paid_at.strftime("%Y%m%d")) if state.paid_at else 0,
    }


def _programme(advertiser: Advertiser) -> dict[str, Any]:
    host = advertiser.name.lower().replace(" ", "").replace("&", "") + ".example"
    return {
        "id": int(advertiser.ref),
        "name": advertiser.name,
        "status": "Active",
        "displayUrl": f"https://www.{host}",
        "currencyCode": advertiser.currency,
        "primaryRegion": {"name": "United Kingdom", "countryCode": "GB"},
        "validDomains": [{"domain": host}, {"domain": f"www.{host}"}],
    }
