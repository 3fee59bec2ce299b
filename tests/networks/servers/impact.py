"""impact's partner API, version 16, as its OpenAPI documents it (api-evangelist/impact, impact-partner-actions-v16.yaml,
-invoices-, -campaigns-; paging: conventions/impact-conventions.yml)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from werkzeug import Request, Response

from tests.networks.servers.base import ApiServer, json_of, refusal
from tests.networks.servers.history import ADVERTISERS, DECLINED, History, Payout, State

PUBLISHER = "1924609"  # the media partner's id, which stands in links
ACCOUNT = "IRabcDEF99"
_WIDEST, _MEMORY, _USUAL = timedelta(days=45), timedelta(days=3 * 365 + 1), timedelta(days=7)


class ImpactServer(ApiServer):
    """`names_the_next` says whether a page gives the next one's address beside their number."""

    publisher = PUBLISHER
    page_size = 1000
    names_the_next = True

    @property
    def credentials(self) -> dict[str, str]:
        return {"account_sid": ACCOUNT, "auth_token": self.token}

    def answer(self, request: Request) -> Response:
        if request.authorization is None or (request.authorization.username, request.authorization.password) != (
            ACCOUNT,
            self.token,
        ):
            return json_of({"Status": "ERROR", "Message": "Authentication failed"}, 401)
        match request.path.removeprefix(f"/Mediapartners/{ACCOUNT}/"):
            case "Actions":
                return self._actions(request)
            case "Invoices":
                found = self.history.payouts(*_days(request, self.now), self.now)
                return self._page(request, "Invoices", [_invoice(each) for each in reversed(found)])
            case "Campaigns":
                return self._page(request, "Campaigns", [_campaign(each) for each in ADVERTISERS])
        return refusal("no such resource", 404)

    def _actions(self, request: Request) -> Response:
        first, until = _days(request, self.now)
        if until - first > _WIDEST or first < self.now - _MEMORY:
            return json_of({"Status": "ERROR", "Message": "StartDate and EndDate: 45 days apart, 3 years back"}, 400)
        sold_from, sold_to = (_moment(request, f"ActionDate{which}") for which in ("Start", "End"))
        found = [
            state
            for state in _changed(self.history, first, until, self.now)
            if (not sold_from or sold_from <= state.sale.sold_at) and (not sold_to or state.sale.sold_at <= sold_to)
        ]
        found.sort(key=lambda state: state.sale.sold_at, reverse=True)
        return self._page(request, "Actions", [_action(state) for state in found])

    def _page(self, request: Request, what: str, rows: Sequence[dict[str, Any]]) -> Response:
        number, size = int(request.args.get("Page", 1)), min(int(request.args.get("PageSize", 100)), self.page_size)
        pages = max(-(-len(rows) // size), 1)
        query = urlencode({**request.args.to_dict(), "Page": number + 1, "PageSize": size})
        following = f"{request.path}?{query}" if number < pages and self.names_the_next else ""
        about = {"@page": number, "@numpages": pages, "@pagesize": size, "@total": len(rows)}
        return json_of(
            {name: str(value) for name, value in about.items()}
            | {"@nextpageuri": following, what: rows[(number - 1) * size : number * size]}
        )


def _changed(history: History, first: datetime, until: datetime, now: datetime) -> list[State]:
    return [state for state in history.states(now) if first <= state.changed_at <= until]


def _days(request: Request, now: datetime) -> tuple[datetime, datetime]:
    return _moment(request, "StartDate") or now - _USUAL, _moment(request, "EndDate") or now


def _moment(request: Request, name: str) -> datetime | None:
    return datetime.fromisoformat(request.args[name]) if name in request.args else None


def _action(state: State) -> dict[str, Any]:
    sale, gone = state.sale, state.status == DECLINED
    payout, amount = (Decimal("0.00"), Decimal("0.00")) if gone else (state.commission, state.amount)
    intended = sum((item.commission for item in sale.items), Decimal(0))
    return {
        "Id": f"{sale.advertiser.ref}.4636.{sale.id}",
        "CampaignId": sale.advertiser.ref,
        "CampaignName": sale.advertiser.name,
        "ActionTrackerId": "2240",
        "ActionTrackerName": "Bonus" if sale.bonus else "Sale",
        "State": {"declined": "REVERSED"}.get(state.status, state.status.upper()),
        "AdId": "506720",
        "Payout": str(payout),
        "Amount": str(amount),
        "Currency": sale.advertiser.currency,
        "EventDate": _written(sale.sold_at),
        "LockingDate": _written(state.validated_at),
        "Oid": sale.order_ref,
        "SubId1": sale.sub_id,
        "SubId2": "",
        "SubId3": "",
        "IntendedPayout": str(intended),
        "IntendedAmount": str(sum((item.sale for item in sale.items), Decimal(0))),
        "ReferringDate": _written(sale.click_at),
        "CreationDate": _written(sale.sold_at),
        "ClearedDate": _written(state.invoiced_at),
        "ReferringType": "CLICK_COOKIE",
        "CustomerCountry": "GB",
    }


def _invoice(payout: Payout) -> dict[str, Any]:
    status = "PAID" if payout.paid_at else "PENDING"
    by_advertiser: dict[str, Decimal] = {}
    for line in payout.lines:
        ref = line.sale.advertiser.ref
        by_advertiser[ref] = by_advertiser.get(ref, Decimal(0)) + line.commission
    return {
        "Id": f"{PUBLISHER}-{payout.id}",
        "CreatedDate": _written(payout.issued_at),
        "Currency": payout.currency,
        "TotalAmount": str(payout.commission),
        "TotalVatAmount": "0.00",
        "LineItems": [
            {
                "CampaignId": ref,
                "Description": "MEDIA_PAYOUT",
                "NetItemAmount": str(amount),
                "VatItemAmount": "0.00",
                "TotalItemAmount": str(amount),
                "Status": status,
                "PaidDate": _written(payout.paid_at),
            }
            for ref, amount in by_advertiser.items()
        ],
    }


def _campaign(advertiser: Any) -> dict[str, Any]:
    host = advertiser.name.lower().replace(" ", "").replace("&", "") + ".example"
    return {
        "AdvertiserId": "1804207",
        "AdvertiserName": advertiser.name,
        "CampaignId": advertiser.ref,
        "CampaignName": advertiser.name,
        "CampaignUrl": f"https://www.{host}/welcome",
        "ShippingRegions": ["UK", "US"],
        "ContractStatus": "Active",
        "TrackingLink": f"https://{advertiser.ref}.sjv.io/c/{PUBLISHER}/506720/{advertiser.ref}",
        "AllowsDeeplinking": "true",
        "DeeplinkDomains": [host, f"*.{host}"],
    }


def _written(moment: datetime | None) -> str:
    """In impact's own zone, with its offset; "" for none."""
    return (moment - timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M:%S-07:00") if moment else ""
