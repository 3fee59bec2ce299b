"""Partnerize's partner API as documented (api-evangelist/partnerize, partnerize-partners-api-openapi.yml and
partnerize-participations-api-openapi.yml): items with a status each, pages by `hypermedia`, self-bills."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from werkzeug import Request, Response

from tests.networks.servers.base import ApiServer, json_of
from tests.networks.servers.history import ADVERTISERS, DECLINED, PENDING, Item, Payout, State

PUBLISHER = "1l1007802"
APPLICATION = "appl1cation"
_WRITTEN = "%Y-%m-%d %H:%M:%S"
_VAT = Decimal("0.2")
_CENT = Decimal("0.01")


class PartnerizeServer(ApiServer):
    """`names_the_next` says whether a page names the next one."""

    publisher = PUBLISHER
    page_size = 300
    names_the_next = True

    @property
    def credentials(self) -> dict[str, str]:
        return {"application_key": APPLICATION, "user_api_key": self.token}

    def answer(self, request: Request) -> Response:
        known = request.authorization
        if known is None or (known.username, known.password) != (APPLICATION, self.token):
            return json_of({"error": {"message": "Your combination is invalid.", "code": "401"}}, 401)
        if request.path == f"/reporting/report_publisher/publisher/{PUBLISHER}/conversion.json":
            return self._conversions(request)
        if request.path == f"/user/publisher/{PUBLISHER}/selfbill":
            first, until = (
                datetime.fromisoformat(f"{request.args[name]}+00:00") for name in ("start_date", "end_date")
            )
            found = self.history.payouts(first, until, self.now)
            return self._page(request, "selfbills", [{"selfbill": _self_bill(each)} for each in found])
        if request.path == f"/v3/partner/{PUBLISHER}/participations":
            wanted = request.args.getlist("status[]")
            return json_of({"data": [each for each in map(_participation, ADVERTISERS) if each["status"] in wanted]})
        return json_of({"error": {"message": "No route found", "code": "404"}}, 404)

    def _conversions(self, request: Request) -> Response:
        first, until = (datetime.fromisoformat(request.args[name]) for name in ("start_date", "end_date"))
        changed = request.args.get("date_type") == "last_modified"
        found = (self.history.changed if changed else self.history.sold)(first, until, self.now)
        zone = ZoneInfo(request.args["timezone"])
        return self._page(request, "conversions", [{"conversion_data": _conversion(state, zone)} for state in found])

    def _page(self, request: Request, what: str, rows: list[dict[str, Any]]) -> Response:
        offset = int(request.args.get("offset", 0))
        page = {
            "limit": self.page_size,
            "offset": offset,
            "count": len(rows),
            what: rows[offset : offset + self.page_size],
        }
        if self.names_the_next:
            following = offset + self.page_size
            query = [(name, value) for name, value in request.args.items(multi=True) if name != "offset"]
            following_page = f"{request.path}?{urlencode([*query, ('offset', following)])}"
            page["hypermedia"] = {
                "pagination": {
                    "total_item_count": len(rows),
                    "next_page": following_page if following < len(rows) else None,
                }
            }
        return json_of(page)


def _conversion(state: State, zone: ZoneInfo) -> dict[str, Any]:
    sale = state.sale

    def moment(at: datetime | None) -> str | None:
        return at.astimezone(zone).strftime(_WRITTEN) if at else None

    items = [
        _item(sale.id, at, item, state, moment(state.validated_at))
        for at, item in enumerate(state.kept + state.returned)
    ]
    words = {item["item_status"] for item in items}
    return {
        "conversion_id": f"111111l{sale.id}",
        "campaign_id": f"10l{sale.advertiser.ref}",
        "publisher_id": PUBLISHER,
        "conversion_time": moment(sale.sold_at),
        "currency": sale.advertiser.currency,
        "publisher_reference": sale.sub_id,
        "advertiser_reference": "",
        "conversion_reference": sale.order_ref,
        "referer_ip": "2001:db8::17",
        "last_modified": moment(state.changed_at),
        "country": "GB",
        "customer_reference": f"customer-{sale.id}",
        "campaign_title": sale.advertiser.name,
        "publisher_name": "A magazine",
        "click": {"set_time": moment(sale.click_at), "set_ip": "2001:db8::17", "last_ip": "2001:db8::17"},
        "conversion_value": {
            "conversion_status": words.pop() if len(words) == 1 else "mixed",
            "value": float(sum((item.sale for item in sale.items), Decimal(0))),
            "publisher_commission": float(sum((item.commission for item in sale.items), Decimal(0))),
        },
        "conversion_items": items,
        "was_disputed": False,
    }


def _item(sale_id: int, at: int, item: Item, state: State, validated_at: str | None) -> dict[str, Any]:
    returned = at >= len(state.kept) or state.status == DECLINED
    pending = state.status == PENDING and not returned
    return {
        "conversion_item_id": f"111111l{sale_id}{at}",
        "sku": item.sku,
        "category": "Things",
        "item_value": float(item.sale),
        "item_publisher_commission": float(item.commission),
        "item_status": "rejected" if returned else "pending" if pending else "approved",
        "publisher_self_bill_id": None if returned else state.payout_id,
        "approved_at": None if pending or returned else validated_at,
        "reject_reason": "returned" if returned else None,
        "payable": state.status != PENDING and not returned,
    }


def _self_bill(payout: Payout) -> dict[str, Any]:
    vat = (payout.commission * _VAT).quantize(_CENT)
    return {
        "creation_date": payout.issued_at.strftime(_WRITTEN),
        "items_in_bill": len(payout.lines),
        "legal_entity": "GB",
        "net_value": float(payout.commission),
        "payment_date": payout.paid_at.strftime(_WRITTEN) if payout.paid_at else None,
        "publisher_id": PUBLISHER,
        "publisher_self_bill_id": payout.id,
        "self_bill_reference": f"S-{PUBLISHER}-{payout.id}",
        "selfbill_currency": payout.currency,
        "status": "created",
        "total_value": float(payout.commission + vat),
        "tracked_currency": payout.currency,
        "tracked_net_value": float(payout.commission),
        "vat_rate": 20,
        "vat_value": float(vat),
        "withheld_tax": 0,
    }


def _participation(advertiser: Any) -> dict[str, Any]:
    host = advertiser.name.lower().replace(" ", "").replace("&", "") + ".example"
    return {
        "campaign_id": f"10l{advertiser.ref}",
        "status": "p" if advertiser is ADVERTISERS[-1] else "a",
        "approved": "2022-09-24T14:15:22+00:00",
        "campaign_info": {
            "title": advertiser.name,
            "destination_url": f"https://www.{host}/",
            "tracking_link": f"https://prf.hn/click/camref:111111l{advertiser.ref}",
            "allow_deep_linking": "y",
        },
    }
