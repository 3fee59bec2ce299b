"""Rakuten's events and partnerships. Source: its "Affiliate APIs" OpenAPI and the client beside it
(MeltanoLabs/tap-rakutenadvertising): a token for an hour at /token, pages of the events without a total, 30 days of memory.

What is taken back comes as a further, negative event. `process_date` is when Rakuten learnt it, so asking by it finds
everything once. Whether an order is locked changes in the event itself, and no date is known that tells when: so the days
that Rakuten still answers are asked for again every week.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from affiliate.errors import Unreachable
from affiliate.networks.asking.api import CHANGE, TRANSACTION, Answer, Api, Ask, Page, Window
from affiliate.networks.asking.authorization import Token, basic, bearer
from affiliate.networks.asking.paging import Sheet, every_page, json_page, on_same_host, told, whole_number
from affiliate.networks.rakuten.programmes import PARTNERSHIPS, read_programmes

_EVENTS = "Rakuten's list of events"
_DATES = {CHANGE: "process_date", TRANSACTION: "transaction_date"}
_EVENTS_A_PAGE = 1000  # as the client above asks; no limit is documented
_ROUND = 100  # a server that sends fewer than it was asked for would cut at a round number
_PARTNERSHIPS_A_PAGE = 200  # the most that is answered
_FORBIDDEN = 403


def _transactions(ask: Ask, window: Window, basis: str) -> Iterator[Page]:
    token, url, date = _token(ask), f"{ask.base_url}/events/1.0/transactions", _DATES[basis]
    days = {f"{date}_start": _text(window.first), f"{date}_end": _text(window.until)}

    def fetch(page: str) -> Sheet:
        parameters = {**days, "limit": str(_EVENTS_A_PAGE), "page": page}
        content = _send(ask, token, url, parameters).content
        _, records = json_page(content, _EVENTS)
        return Sheet(content, records, str(int(page) + 1) if _may_go_on(len(records)) else None)

    return every_page(_EVENTS, "1", fetch)


def _may_go_on(records: int) -> bool:
    """A page says neither how many follow nor whether; one that is full, or cut at a round number, may have a next one."""
    return records > 0 and records % _ROUND == 0


def _programmes(ask: Ask) -> Iterator[Page]:
    """Advertisers with whom we are or were in touch; each page names the next one's address."""
    token = _token(ask)

    def fetch(url: str) -> Sheet:
        content = _send(ask, token, url, {}).content
        document, records = json_page(content, PARTNERSHIPS, "partnerships")
        following = on_same_host(ask.base_url, told(document, "_metadata", "_links", "next")) if records else None
        return Sheet(content, records, following, whole_number(told(document, "_metadata", "total")))

    return every_page(PARTNERSHIPS, f"{ask.base_url}/v1/partnerships?page=1&limit={_PARTNERSHIPS_A_PAGE}", fetch)


def _token(ask: Ask) -> Token:
    """The account's number as scope makes it a token of ours; without, it would be nobody's."""
    known = ask.credentials
    form = {"grant_type": "client_credentials", "scope": known["account_id"]}
    headers = basic(known["client_id"], known["client_secret"])
    return Token(lambda: ask.client.post(f"{ask.base_url}/token", form=form, headers=headers), "Rakuten's token")


def _send(ask: Ask, token: Token, url: str, parameters: Mapping[str, str]) -> Answer:
    """Rakuten answers 403 where too much was asked in a minute: trying again later helps."""
    try:
        return token.send(lambda value: ask.client.get(url, parameters=parameters, headers=bearer(value)))
    except Unreachable as problem:
        if problem.status != _FORBIDDEN:
            raise
        reason = f"{problem.reason.rstrip('.')}. With 403 Rakuten says that too much was asked in a minute."
        raise Unreachable(problem.host, reason, status=problem.status) from problem


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


API = Api(
    base_url="https://api.linksynergy.com",
    credentials={
        "client_id": "developers.rakutenadvertising.com, My Applications: client id",
        "client_secret": "developers.rakutenadvertising.com, My Applications: client secret",
        "account_id": "the account's number (SID), at the top of the publisher dashboard",
    },
    bases=(CHANGE, TRANSACTION),
    longest=timedelta(days=30),
    transactions=_transactions,
    memory=timedelta(days=30),
    silent_changes=True,
    pause=timedelta(seconds=1),
    time_zone="UTC",
    source="https://developers.rakutenadvertising.com/documentation/en-US/affiliate_apis",
    programmes=_programmes,
    read_programmes=read_programmes,
)
