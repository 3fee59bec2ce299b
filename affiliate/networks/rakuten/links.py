"""Rakuten's links on click.linksynergy.com. Our id has eleven characters, `*` and `/` among them, and its case counts.

`u1` is our sub-id; `subid` and `LSNSUBSITE` are the network's own.
"""

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, is_on
from affiliate.urls import encode

KEY = "rakuten"
LONGEST_SUB_ID = 72  # letters and digits; Signature Implementation Guidelines

HOSTS = ("linksynergy.com", "linksynergy.walmart.com")  # the second is of the time before Walmart went to impact


def take_apart(url: str) -> Layer | None:
    if not is_on(url, *HOSTS):
        return None
    query = Query.of(url, "murl", "rd_parm1")
    return Layer(KEY, url, query.first("id"), _advertiser(query), query.named("u1"), query.target)


def _advertiser(query: Query) -> str | None:
    if advertiser := query.first("mid"):
        return advertiser
    offer = query.first("offerid")
    return f"offer:{offer.partition('.')[0]}" if offer else None


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    ids = f"id={encode(terms.publisher_ref)}&mid={encode(terms.advertiser_ref)}"
    return DeepLink(
        before=f"https://click.linksynergy.com/deeplink?{ids}&u1=",
        after=f"&murl={encode(target_url)}",
        longest=LONGEST_SUB_ID,
    )
