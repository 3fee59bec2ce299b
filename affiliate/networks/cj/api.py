"""CJ's commissions by GraphQL, its advertisers by the older REST API. Sources: https://docs.cj.com/docs/graphql-api, the
schema as the endpoint itself tells it (api-evangelist/cj-affiliate, graphql/cj-affiliate-commissions-schema.graphql),
https://docs.cj.com/docs/advertiser-lookup.

New commissions and corrections are found by posting date. That a commission is locked or closed moves no date that can be
asked for, so the last twelve months are asked for again by event date (`silent_changes`). More than about 31 days are
answered with 400 and an empty body; Vox Media asks for 28 (voxmedia/tap-cj), and so do we.
"""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

from affiliate.errors import UnreadableFile
from affiliate.networks.asking.api import CHANGE, TRANSACTION, Api, Ask, Page, Window
from affiliate.networks.asking.authorization import bearer
from affiliate.networks.asking.paging import Sheet, every_page, whole_number
from affiliate.networks.cj.programmes import ADVERTISERS, PAGE_SIZE, advertisers_of, read_programmes
from affiliate.networks.cj.transactions import REPORT, records_of
from affiliate.networks.reading.moments import zulu
from affiliate.networks.reading.rows import json_document

_LOOKUP = "https://advertiser-lookup.api.cj.com"
_DATES = {CHANGE: "PostingDate", TRANSACTION: "EventDate"}
_QUERY = """
{
  publisherCommissions(%s) {
    count
    limit
    maxCommissionId
    payloadComplete
    records {
      commissionId
      original
      originalActionId
      correctionReason
      actionStatus
      actionType
      actionTrackerId
      actionTrackerName
      validationStatus
      lockingMethod
      advertiserId
      advertiserName
      publisherId
      websiteId
      websiteName
      aid
      shopperId
      orderId
      coupon
      country
      isCrossDevice
      clickDate
      eventDate
      postingDate
      lockingDate
      pubCommissionAmountPubCurrency
      pubCommissionAmountUsd
      saleAmountPubCurrency
      saleAmountUsd
      items { commissionItemId sku quantity perItemSaleAmountPubCurrency totalCommissionPubCurrency }
    }
  }
}
"""


def _transactions(ask: Ask, window: Window, basis: str) -> Iterator[Page]:
    """Batch after batch until CJ says that the payload is complete; each begins after the last commission of the one before."""
    date = _DATES[basis]
    asked = {f"since{date}": zulu(window.first), f"before{date}": zulu(window.until)}

    def fetch(after: str) -> Sheet:
        since = {"sinceCommissionId": after} if after else {}
        body = {"query": _query(ask.credentials["company_id"], {**asked, **since})}
        content = ask.client.post(f"{ask.base_url}/query", json=body, headers=_known_by(ask)).content
        document = json_document(io.BytesIO(content), REPORT)
        records = [record for _, record in records_of(document)]
        return Sheet(content, records, _following(document["data"]["publisherCommissions"], len(records)))

    return every_page(REPORT, "", fetch)


def _query(company: str, arguments: Mapping[str, str]) -> str:
    """Arguments stand in the query itself, as in CJ's own examples; GraphQL writes texts as JSON does."""
    named = [f"forPublishers: {json.dumps([company])}"]
    return _QUERY % ", ".join([*named, *(f"{name}: {json.dumps(value)}" for name, value in arguments.items())])


def _following(answer: Mapping[str, object], records: int) -> str | None:
    """Where the next batch begins, None after the last. What is not complete must go on, or the window has failed."""
    told = whole_number(answer.get("count"))
    if told is not None and told > records:
        raise UnreadableFile(REPORT, f"it tells of {told} commissions but holds {records}.")
    complete, last = answer.get("payloadComplete"), answer.get("maxCommissionId")
    if complete is True:
        return None
    if complete is not False:
        raise UnreadableFile(REPORT, "it does not say whether it is complete (payloadComplete).")
    if not isinstance(last, str) or not last:
        raise UnreadableFile(REPORT, "it is not complete, and does not say where it goes on (maxCommissionId).")
    return last


def _programmes(ask: Ask) -> Iterator[Page]:
    """The advertisers that we have joined. An answer is XML; at most 100 of them come at once."""
    url = f"{ask.at(_LOOKUP)}/v2/advertiser-lookup"
    asked = {"requestor-cid": ask.credentials["company_id"], "advertiser-ids": "joined"}

    def fetch(page: str) -> Sheet:
        parameters = {**asked, "records-per-page": str(PAGE_SIZE), "page-number": page}
        content = ask.client.get(url, parameters=parameters, headers=_known_by(ask)).content
        advertisers, total = advertisers_of(content)
        more = int(page) * len(advertisers) < total if total is not None else len(advertisers) >= PAGE_SIZE
        return Sheet(content, advertisers, str(int(page) + 1) if advertisers and more else None, total)

    return every_page(ADVERTISERS, "1", fetch)


def _known_by(ask: Ask) -> Mapping[str, str]:
    return bearer(ask.credentials["token"])


API = Api(
    base_url="https://commissions.api.cj.com",
    credentials={
        "token": "a personal access token of developers.cj.com",
        "company_id": "the company's CID, at the top of CJ's pages (not the PID of a site)",
    },
    bases=(CHANGE, TRANSACTION),
    longest=timedelta(days=28),
    transactions=_transactions,
    silent_changes=True,
    pause=timedelta(seconds=2.4),  # 25 calls a minute are documented for the REST APIs, nothing for this one
    time_zone="UTC",
    source="https://docs.cj.com/docs/graphql-api, https://docs.cj.com/docs/advertiser-lookup",
    programmes=_programmes,
    read_programmes=read_programmes,
)
