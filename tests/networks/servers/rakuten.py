"""Rakuten's events and partnerships as its "Affiliate APIs" OpenAPI documents them (MeltanoLabs/tap-rakutenadvertising): a
token for an hour, a bare array, nothing that is older than 30 days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug import Request, Response

from tests.networks.servers.base import ApiServer, json_of, refusal
from tests.networks.servers.history import ADVERTISERS, History, Movement, Sale

PUBLISHER = "aBcD1234*/x"  # as it stands in links
ACCOUNT = "4752883"
CLIENT, SECRET = "client-1", "secret-0f-the-tests"
_MEMORY = timedelta(days=30)
_NOT_JOINED = "pending"


class RakutenServer(ApiServer):
    publisher = PUBLISHER
    page_size = 1000

    @property
    def credentials(self) -> dict[str, str]:
        return {"client_id": CLIENT, "client_secret": SECRET, "account_id": ACCOUNT}

    def answer(self, request: Request) -> Response:
        if request.path == "/token":
            return self._token(request)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return json_of({"message": "Access Token Expired"}, 401)
        if request.path == "/events/1.0/transactions":
            return self._events(request)
        if request.path == "/v1/partnerships":
            return self._partnerships(request)
        return refusal("no such resource", 404)

    def _token(self, request: Request) -> Response:
        known = request.authorization
        if known is None or (known.username, known.password) != (CLIENT, SECRET) or request.form["scope"] != ACCOUNT:
            return json_of({"error": "invalid_client", "said": f"{request.authorization}"}, 401)
        return json_of({"access_token": self.token, "token_type": "bearer", "expires_in": 3600})

    def _events(self, request: Request) -> Response:
        date = "process_date" if "process_date_start" in request.args else "transaction_date"
        first, until = (
            datetime.strptime(request.args[f"{date}_{which}"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            for which in ("start", "end")
        )
        if first < self.now - _MEMORY:
            return json_of({"message": "date older than 30 days"}, 400)
        rows = [
            event
            for sale, movements in _told(self.history, self.now)
            for at, movement in enumerate(movements)
            if first <= (movement.at if date == "process_date" else sale.sold_at) <= until
            for event in [_event(sale, at, movement)]
        ]
        size, number = min(int(request.args.get("limit", 100)), self.page_size), int(request.args.get("page", 1))
        return json_of(rows[(number - 1) * size : number * size])

    def _partnerships(self, request: Request) -> Response:
        size, number = min(int(request.args["limit"]), 2), int(request.args["page"])
        shown = ADVERTISERS[(number - 1) * size : number * size]
        links = {"self": request.full_path}
        if number * size < len(ADVERTISERS):
            links["next"] = f"/v1/partnerships?page={number + 1}&limit={size}"
        return json_of(
            {
                "_metadata": {"api_name_version": "partnerships-v1.0.0", "_links": links},
                "partnerships": [
                    {
                        "advertiser": {"id": int(each.ref), "network": 3, "name": each.name, "status": "active"},
                        "status": _NOT_JOINED if each is ADVERTISERS[-1] else "active",
                    }
                    for each in shown
                ],
            }
        )


def all_events(told: History, now: datetime) -> list[dict[str, Any]]:
    """What it would tell if it forgot nothing."""
    return [_event(sale, at, each) for sale, movements in _told(told, now) for at, each in enumerate(movements)]


def _told(told: History, now: datetime) -> Iterator[tuple[Sale, list[Movement]]]:
    return ((sale, list(sale.movements(now))) for sale in told.made if sale.sold_at <= now)


def _event(sale: Sale, at: int, movement: Movement) -> dict[str, Any]:
    return {
        "etransaction_id": f"{sale.id:X}{at:04X}",
        "advertiser_id": int(sale.advertiser.ref),
        "sid": int(ACCOUNT),
        "order_id": sale.order_ref or f"bonus-{sale.id}",
        "offer_id": 185078,
        "sku_number": movement.item.sku,
        "sale_amount": float(movement.sale),
        "quantity": 1,
        "commissions": float(movement.commission),
        "process_date": _written(movement.at),
        "transaction_date": _written(sale.sold_at),
        "transaction_type": "realtime",
        "product_name": "A thing",
        "u1": sale.sub_id,
        "currency": sale.advertiser.currency,
        "is_event": "N",
        "commissions_list_id": "",
    }


def _written(moment: datetime) -> str:
    return moment.strftime("%a %b %d %Y %H:%M:%S GMT+0000 (UTC)")
