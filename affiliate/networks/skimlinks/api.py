"""Skimlinks' Reporting and Merchant API. Source: api-evangelist/skimbit, openapi/_original
(skimbit-reporting-openapi.yml, skimbit-merchant-openapi.yml), made from https://developers.skimlinks.com.

By date of change there is a beginning only (`updated_since`), so a window answers until now. That being paid counts as a
change is not documented, so the last twelve months are asked for again as well (`silent_changes`). Commissions are asked for in
the order of their ids: what is new comes at the end, and nothing moves to a page that was read already.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import quote

from affiliate.networks.asking.api import CHANGE, TRANSACTION, Api, Ask, Page, Window
from affiliate.networks.asking.authorization import Token
from affiliate.networks.asking.paging import Sheet, every_page, json_page, told, whole_number
from affiliate.networks.reading.moments import zulu
from affiliate.networks.skimlinks.programmes import MERCHANTS, read_programmes
from affiliate.networks.skimlinks.transactions import REPORT

_AUTHENTICATION = "https://authentication.skimapis.com"
_MERCHANTS = "https://merchants.skimapis.com"
_COMMISSIONS_A_PAGE = 5000  # the most that is answered
_MERCHANTS_A_PAGE = 200  # the usual number; a larger one is not documented


def _transactions(ask: Ask, window: Window, basis: str) -> Iterator[Page]:
    url = f"{ask.base_url}/publisher/{_publisher(ask)}/commission-report"
    asked = {**_days(window, basis), "sort_by": "id", "sort_dir": "ASC", "limit": str(_COMMISSIONS_A_PAGE)}
    token = _token(ask)

    def fetch(offset: str) -> Sheet:
        content = _get(ask, token, url, {**asked, "offset": offset})
        document, records = json_page(content, REPORT, "commissions")
        total = whole_number(told(document, "pagination", "total_count"))
        reached = int(offset) + len(records)
        more = told(document, "pagination", "has_next") is True or (total is not None and records and reached < total)
        return Sheet(content, records, str(reached) if more else None, total)

    return every_page(REPORT, "0", fetch)


def _days(window: Window, basis: str) -> Mapping[str, str]:
    if basis == CHANGE:
        return {"updated_since": zulu(window.first)}
    return {"start_date": zulu(window.first), "end_date": zulu(window.until)}


def _programmes(ask: Ask) -> Iterator[Page]:
    """The merchants of our domain: rates differ by domain."""
    url = f"{ask.at(_MERCHANTS)}/v4/publisher/{_publisher(ask)}/merchants"
    asked = {"publisher_domain_id": _domain(ask), "sort_by": "name", "sort_dir": "asc"}
    token = _token(ask)

    def fetch(offset: str) -> Sheet:
        content = _get(ask, token, url, {**asked, "limit": str(_MERCHANTS_A_PAGE), "offset": offset})
        document, records = json_page(content, MERCHANTS, "merchants")
        return Sheet(content, records, str(int(offset) + len(records)) if told(document, "has_more") is True else None)

    return every_page(MERCHANTS, "0", fetch)


def _publisher(ask: Ask) -> str:
    """Our id in links is publisher and domain: 114047X1572903."""
    return quote(ask.publisher_ref.upper().partition("X")[0], safe="")


def _domain(ask: Ask) -> str:
    return ask.publisher_ref.upper().partition("X")[2]


def _token(ask: Ask) -> Token:
    form = {name: ask.credentials[name] for name in ("client_id", "client_secret")}
    url = f"{ask.at(_AUTHENTICATION)}/access_token"
    return Token(lambda: ask.client.post(url, json={**form, "grant_type": "client_credentials"}), "Skimlinks' token")


def _get(ask: Ask, token: Token, url: str, parameters: Mapping[str, str]) -> bytes:
    """The token is a parameter here, and no header."""
    return token.send(lambda value: ask.client.get(url, parameters={**parameters, "access_token": value})).content


API = Api(
    base_url="https://reporting.skimapis.com",
    credentials={
        "client_id": "Publisher Hub, Toolbox, APIs, API Authentication Credentials: Client ID",
        "client_secret": "Publisher Hub, Toolbox, APIs, API Authentication Credentials: Client Secret",
    },
    bases=(CHANGE, TRANSACTION),
    longest=timedelta(days=366),  # none is documented; by date of change, shorter ones would only repeat each other
    transactions=_transactions,
    silent_changes=True,
    pause=timedelta(seconds=1.5),  # 40 requests a minute for one key
    source="https://developers.skimlinks.com/reporting.html, https://developers.skimlinks.com/merchant.html",
    programmes=_programmes,
    read_programmes=read_programmes,
)
