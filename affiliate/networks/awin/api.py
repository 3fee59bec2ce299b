"""Awin's publisher API: transactions by three kinds of date, and the programmes of an account.

Sources, read 22 November 2026: https://help.awin.com/apidocs/returns-a-list-of-transactions-for-a-given-publisher (31 days,
dateType, timezone), …/api-authentication (a person's token opens all of that person's accounts), …/get-program-information
and …/get-program-information-details-for-publisher (which does not explain the `type` of a commissionRange); 20 calls a
minute and person: https://help.awin.com/docs/fr/awins-apis-overview.

A new sale has neither a validation nor an amendment date, and being paid changes neither of them. So what changed in a
window is three lists, and what was paid is seen only where a sale is read again by its own date.
"""

import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from affiliate.errors import Unreachable
from affiliate.networks.asking.api import CHANGE, TRANSACTION, Api, Ask, Page, Window
from affiliate.networks.asking.authorization import bearer
from affiliate.networks.base import BadRow, Reading, ReportedProgramme
from affiliate.networks.reading.rows import BadValue, Row, json_document, payload_text, records_at

_DATE_TYPES = {TRANSACTION: ("transaction",), CHANGE: ("transaction", "validation", "amendment")}
_LIST = "Awin's list of programmes"
_DETAILS = "Awin's details of a programme"
_GONE = (403, 404)  # no details for a programme that was left a moment ago
_PERCENTAGE = "percentage"  # one witness; with any other word the range is shown and no rate is taken from it


def _transactions(ask: Ask, window: Window, basis: str) -> Iterator[Page]:
    """One list for each kind of date; a sale may be in several, then it says the same."""
    kinds = _DATE_TYPES[basis]
    for kind in kinds:
        answer = ask.client.get(
            f"{ask.base_url}/publishers/{ask.publisher_ref}/transactions/",
            parameters={
                "startDate": _written(window.first),
                "endDate": _written(window.until),
                "timezone": ask.time_zone,
                "dateType": kind,
            },
            headers=bearer(ask.credentials["token"]),
        )
        yield Page(answer.content, len(kinds))


def _programmes(ask: Ask) -> Iterator[Page]:
    """A page for each joined programme: the list's entry beside its details, which only a call of its own tells."""
    address = f"{ask.base_url}/publishers/{ask.publisher_ref}"
    listed = ask.client.get(
        f"{address}/programmes", parameters={"relationship": "joined"}, headers=bearer(ask.credentials["token"])
    )
    entries = [entry for _, entry in records_at(json_document(io.BytesIO(listed.content), _LIST), _LIST)]
    for entry in entries:
        details = _details(ask, address, entry.get("id")) if isinstance(entry, dict) else None
        page = {"programme": entry, "details": details}
        yield Page(json.dumps(page, default=str).encode(), len(entries))


def _details(ask: Ask, address: str, advertiser_ref: object) -> object:
    try:
        answer = ask.client.get(
            f"{address}/programmedetails",
            parameters={"advertiserId": str(advertiser_ref), "relationship": "joined"},
            headers=bearer(ask.credentials["token"]),
        )
    except Unreachable as problem:
        if problem.status in _GONE:
            return None
        raise
    return json_document(io.BytesIO(answer.content), _DETAILS)


def _read_programmes(content: bytes, _reading: Reading) -> Iterator[ReportedProgramme | BadRow]:
    page = json_document(io.BytesIO(content), _LIST)
    try:
        yield _programme(Row(page))
    except BadValue as problem:
        yield BadRow(1, str(problem), payload_text(page), problem.word)


def _programme(row: Row) -> ReportedProgramme:
    ranges = [Row(entry) for entry in row.raw("details", "commissionRange") or ()]
    domains = row.raw("programme", "validDomains") or ()
    market = row.text("programme", "primaryRegion", "countryCode")
    return ReportedProgramme(
        line=1,
        advertiser_ref=row.need("programme", "id"),
        name=row.need("programme", "name"),
        joined=True,  # only joined ones were asked for
        raw_status=row.text("programme", "status") or "",
        hosts=tuple(host for entry in domains if (host := Row(entry).text("domain"))),
        rate=_rate(ranges),
        terms="; ".join(map(_range_in_words, ranges)),
        markets=(market.upper(),) if market else (),
    )


def _rate(ranges: list[Row]) -> Decimal | None:
    """The rate where there is but one."""
    if len(ranges) != 1 or ranges[0].text("type") != _PERCENTAGE:
        return None
    lowest, highest = ranges[0].text("min"), ranges[0].text("max")
    return Decimal(highest) / 100 if highest and lowest == highest else None


def _range_in_words(commission: Row) -> str:
    lowest, highest = commission.text("min"), commission.text("max")
    unit = commission.text("type") or ""
    return f"{highest} {unit}" if lowest == highest else f"{lowest}–{highest} {unit}"


def _written(moment: datetime) -> str:
    """In the zone that is asked for, which is UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


API = Api(
    base_url="https://api.awin.com",
    credentials={"token": "the menu of your name › API credentials, https://ui.awin.com/awin-api"},
    bases=(TRANSACTION, CHANGE),
    longest=timedelta(days=31),
    transactions=_transactions,
    silent_changes=True,
    pause=timedelta(seconds=3),
    time_zone="UTC",  # moments come without an offset, and in UTC no hour comes twice
    source="https://help.awin.com/apidocs/returns-a-list-of-transactions-for-a-given-publisher",
    programmes=_programmes,
    read_programmes=_read_programmes,
)
