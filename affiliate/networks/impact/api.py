"""impact's partner API, version 16. Source: api-evangelist/impact, openapi/_original (impact-partner-actions-v16.yaml,
-invoices-, -campaigns-) and conventions/impact-conventions.yml (paging, limits).

StartDate and EndDate mean "last updated", lie 45 days apart at most, and where they are left out only the last seven days
are answered. So by date of sale the same sales are asked for in as many pieces as there were 45 days in which they can
have been updated since: each was updated last in exactly one of them. So the last twelve months are asked for again every
week (`silent_changes`), because it is not documented that a new `ClearedDate` counts as an update.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from affiliate.networks.asking.api import CHANGE, TRANSACTION, Api, Ask, Page, Window
from affiliate.networks.asking.authorization import basic
from affiliate.networks.asking.paging import Sheet, every_page, json_page, on_same_host, told, whole_number
from affiliate.networks.impact.invoices import read_payouts
from affiliate.networks.impact.programmes import read_programmes
from affiliate.networks.reading.moments import zulu

_PAGE_SIZE = 1000
_WIDEST = timedelta(days=45)


def _transactions(ask: Ask, window: Window, basis: str) -> Iterator[Page]:
    if basis == CHANGE:
        yield from _listed(ask, "Actions", _days(window))
        return
    sold = {"ActionDateStart": zulu(window.first), "ActionDateEnd": zulu(window.until)}
    for updated in _pieces(window.first, max(window.until, ask.clock())):
        yield from _listed(ask, "Actions", {**sold, **_days(updated)})


def _pieces(first: datetime, until: datetime) -> Iterator[Window]:
    while first < until:
        yield Window(first, min(first + _WIDEST, until))
        first += _WIDEST


def _payouts(ask: Ask, window: Window) -> Iterator[Page]:
    return _listed(ask, "Invoices", _days(window))


def _programmes(ask: Ask) -> Iterator[Page]:
    return _listed(ask, "Campaigns", {})


def _days(window: Window) -> Mapping[str, str]:
    return {"StartDate": zulu(window.first), "EndDate": zulu(window.until)}


def _listed(ask: Ask, what: str, parameters: Mapping[str, str]) -> Iterator[Page]:
    """All pages of a resource, whose list has the resource's own name."""
    account = ask.credentials["account_sid"]
    headers = {**basic(account, ask.credentials["auth_token"]), "Accept": "application/json", "IR-Version": "16"}
    first = f"{ask.base_url}/Mediapartners/{quote(account, safe='')}/{what}?{urlencode(parameters)}"
    report = f"impact's list of {what}"

    def fetch(url: str) -> Sheet:
        content = ask.client.get(url, headers=headers).content
        document, records = json_page(content, report, what)
        following = on_same_host(ask.base_url, told(document, "@nextpageuri"))
        return Sheet(
            content,
            records,
            following or _next_number(first, url, document, len(records)),
            whole_number(told(document, "@total")),
        )

    return every_page(report, f"{first}&Page=1&PageSize={_PAGE_SIZE}", fetch)


def _next_number(first: str, url: str, document: object, records: int) -> str | None:
    """The next page's address where the page does not name it: by what the paging fields say (they are texts), and where
    there are none, after a full page."""
    asked = parse_qs(urlsplit(url).query).get("Page", ["1"])[0]
    page = whole_number(told(document, "@page")) or whole_number(asked) or 1
    pages = whole_number(told(document, "@numpages"))
    more = page < pages if pages is not None else records >= _PAGE_SIZE
    return f"{first}&Page={page + 1}&PageSize={_PAGE_SIZE}" if more else None


API = Api(
    base_url="https://api.impact.com",
    credentials={
        "account_sid": "Settings, API: Account SID",
        "auth_token": "Settings, API: Auth Token",
    },
    bases=(CHANGE, TRANSACTION),
    longest=_WIDEST,
    transactions=_transactions,
    silent_changes=True,
    memory=timedelta(days=3 * 365),
    pause=timedelta(seconds=3.6),  # 1000 requests an hour
    source="https://integrations.impact.com (partner API v16: Actions, Invoices, Campaigns)",
    payouts=_payouts,
    read_payouts=read_payouts,
    programmes=_programmes,
    read_programmes=read_programmes,
)
