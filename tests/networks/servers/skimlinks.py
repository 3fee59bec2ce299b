"""Skimlinks' Reporting and Merchant API as documented (api-evangelist/skimbit, skimbit-reporting-openapi.yml,
skimbit-merchant-openapi.yml): a token as a parameter, offsets, one currency for all."""

import json
from datetime import datetime
from typing import Any

from werkzeug import Request, Response

from tests.networks.servers.base import ApiServer, json_of, refusal
from tests.networks.servers.history import ADVERTISERS, DECLINED, PAID, State

NUMBER, DOMAIN = "114047", "1572903"
PUBLISHER = f"{NUMBER}X{DOMAIN}"
CLIENT, SECRET = "client-1", "secret-0f-the-tests"


class SkimlinksServer(ApiServer):
    publisher = PUBLISHER
    page_size = 5000

    @property
    def credentials(self) -> dict[str, str]:
        return {"client_id": CLIENT, "client_secret": SECRET}

    def answer(self, request: Request) -> Response:
        if request.path == "/access_token":
            return self._token(request)
        if request.args.get("access_token") != self.token:
            return json_of({"message": f"{request.args.get('access_token')} has expired"}, 401)
        if request.path == f"/publisher/{NUMBER}/commission-report":
            return self._commissions(request)
        if request.path == f"/v4/publisher/{NUMBER}/merchants":
            return self._merchants(request)
        return refusal("no such resource", 404)

    def _token(self, request: Request) -> Response:
        said = json.loads(request.get_data())
        if (said["client_id"], said["client_secret"], said["grant_type"]) != (CLIENT, SECRET, "client_credentials"):
            return json_of({"message": f"wrong: {said}"}, 401)
        return json_of({"access_token": self.token, "timestamp": 1, "expiry_timestamp": 3601})

    def _commissions(self, request: Request) -> Response:
        if "updated_since" in request.args:
            since = datetime.fromisoformat(request.args["updated_since"])
            found = [state for state in self.history.states(self.now) if state.changed_at >= since]
        else:
            first, until = (datetime.fromisoformat(request.args[name]) for name in ("start_date", "end_date"))
            found = self.history.sold(first, until, self.now)
        found.sort(key=lambda state: state.sale.id, reverse=request.args.get("sort_dir") != "ASC")
        offset, limit = int(request.args.get("offset", 0)), min(int(request.args.get("limit", 30)), self.page_size)
        shown = found[offset : offset + limit]
        about = {
            "has_next": offset + limit < len(found),
            "total_count": len(found),
            "offset": offset,
            "limit": limit,
        }
        return json_of({"pagination": about, "commissions": [_commission(state) for state in shown]})

    def _merchants(self, request: Request) -> Response:
        if request.args.get("publisher_domain_id") != DOMAIN:
            return refusal("not your domain", 403)
        offset, limit = int(request.args["offset"]), min(int(request.args["limit"]), 3)
        shown = ADVERTISERS[offset : offset + limit]
        return json_of(
            {
                "user_currency": "GBP",
                "merchants": [_merchant(each) for each in shown],
                "has_more": offset + limit < len(ADVERTISERS),
                "num_returned": len(shown),
            },
            201,
        )


def _commission(state: State) -> dict[str, Any]:
    sale = state.sale
    details: dict[str, Any] = {
        "basket": {
            "items": len(state.kept),
            "publisher_amount": float(state.commission),
            "order_amount": float(state.amount),
            "currency": "GBP",
            "commission_type": "Flat-fee" if sale.bonus else "CPA",
        },
        "status": "cancelled" if state.status == DECLINED else "active",
        "payment_status": "paid" if state.payment == PAID else "unpaid",
        "transaction_date": sale.sold_at.strftime("%Y-%m-%d %H:%M:%S"),
        "last_updated": state.changed_at.strftime("%Y-%m-%d %H:%M:%S"),
    }
    if state.payout_id:
        details["invoice_id"] = state.payout_id[:8]
    row: dict[str, Any] = {
        "commission_id": sale.id,
        "transaction_details": details,
        "merchant_details": {
            "merchant_name": sale.advertiser.name,
            "merchant_id": int(sale.advertiser.ref) + 70_000,
            "advertiser_id": int(sale.advertiser.ref),
        },
        "publisher_id": int(NUMBER),
        "publisher_domain_id": int(DOMAIN),
    }
    if sale.sub_id:
        row["click_details"] = {"custom_id": sale.sub_id, "user_ip": "203.0.113.9", "page_url": "https://mag.example/a"}
    return row


def _merchant(advertiser: Any) -> dict[str, Any]:
    host = advertiser.name.lower().replace(" ", "").replace("&", "") + ".example"
    return {
        "id": int(advertiser.ref),
        "advertiser_id": int(advertiser.ref),
        "name": advertiser.name,
        "partner_type": "standard",
        "domains": [host, f"shop.{host}"],
        "calculated_commission_rate": float(advertiser.rate),
        "countries": ["united kingdom"],
        "minimum_rate": {"rate_type": "percentage", "base_rate": 3.5, "currency": None},
    }
