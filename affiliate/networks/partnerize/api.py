"""Partnerize's partner API. Source: api-evangelist/partnerize, openapi/_original/partnerize-partners-api-openapi.yml
(conversion report, self-bills) and openapi/partnerize-participations-api-openapi.yml (participations, paging, limits).

The conversion report is asked for by `last_modified` or by the time of sale, always in UTC. The documentation names the
former's value in two ways, `last_modified` and `last_updated`; if it were not understood, nothing would tell, so the last
twelve months are asked for again by the time of sale as well (`silent_changes`). Pages are followed by
`hypermedia.pagination.next_page`, or, where there is none, counted by `offset`, `limit` and `count`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from affiliate.networks.asking.api import CHANGE, TRANSACTION, Api, Ask, Page, Window
from affiliate.networks.asking.authorization import basic
from affiliate.networks.asking.paging import Sheet, every_page, json_page, on_same_host, told, whole_number
from affiliate.networks.partnerize.payouts import SELF_BILLS, read_payouts
from affiliate.networks.partnerize.programmes import PARTICIPATIONS, read_programmes
from affiliate.networks.partnerize.transactions import REPORT
from affiliate.networks.reading.moments import zulu


def _transactions(ask: Ask, window: Window, basis: str) -> Iterator[Page]:
    asked = {"start_date": zulu(window.first), "end_date": zulu(window.until), "timezone": "UTC"}
    if basis == CHANGE:
        asked["date_type"] = "last_modified"
    path = f"/reporting/report_publisher/publisher/{_publisher(ask)}/conversion.json"
    return _listed(ask, REPORT, "conversions", path, list(asked.items()))


def _payouts(ask: Ask, window: Window) -> Iterator[Page]:
    """Self-bills that were made in the window."""
    asked = [("start_date", _text(window.first)), ("end_date", _text(window.until))]
    return _listed(ask, SELF_BILLS, "selfbills", f"/user/publisher/{_publisher(ask)}/selfbill", asked)


def _programmes(ask: Ask) -> Iterator[Page]:
    """Campaigns of every status, retired ones too: what we are no longer in must be told as well."""
    asked = [
        ("fields[]", "camref"),
        *(("status[]", word) for word in "aprt"),
        *(("campaign_status[]", word) for word in "ar"),
    ]
    return _listed(ask, PARTICIPATIONS, "data", f"/v3/partner/{_publisher(ask)}/participations", asked)


def _listed(ask: Ask, report: str, what: str, path: str, asked: Sequence[tuple[str, str]]) -> Iterator[Page]:
    headers = basic(ask.credentials["application_key"], ask.credentials["user_api_key"])
    first = f"{ask.base_url}{path}?{urlencode(asked)}"

    def fetch(url: str) -> Sheet:
        content = ask.client.get(url, headers=headers).content
        document, records = json_page(content, report, what)
        pagination = told(document, "hypermedia", "pagination")
        if isinstance(pagination, dict):
            following = on_same_host(ask.base_url, pagination.get("next_page"))
        else:
            following = _next_offset(first, url, document, len(records))
        total = whole_number(told(pagination, "total_item_count") or told(document, "count"))
        return Sheet(content, records, following if records else None, total)

    return every_page(report, first, fetch)


def _next_offset(first: str, url: str, document: object, records: int) -> str | None:
    """The next page's address, counted where the page does not name it; None if this one is neither full nor short of the
    count, which some take for the page's own."""
    reached = (whole_number(parse_qs(urlsplit(url).query).get("offset", ["0"])[0]) or 0) + records
    count, limit = whole_number(told(document, "count")), whole_number(told(document, "limit"))
    more = (count is not None and reached < count) or (limit is not None and records >= limit)
    return f"{first}&offset={reached}" if more else None


def _publisher(ask: Ask) -> str:
    return quote(ask.publisher_ref, safe="")


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


API = Api(
    base_url="https://api.partnerize.com",
    credentials={
        "application_key": "console.partnerize.com, Settings, Account settings: User Application Key",
        "user_api_key": "console.partnerize.com, Settings, Account settings: User API Key",
    },
    bases=(CHANGE, TRANSACTION),
    longest=timedelta(days=31),  # none is documented
    transactions=_transactions,
    silent_changes=True,
    time_zone="UTC",
    source="https://api-docs.partnerize.com/partner",
    payouts=_payouts,
    read_payouts=read_payouts,
    programmes=_programmes,
    read_programmes=read_programmes,
)
