"""Rakuten's links on click.linksynergy.com. Our id has eleven characters, `*` and `/` among them, and its case counts.

`u1` is our sub-id; `subid` and `LSNSUBSITE` are the network's own.
"""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, is_on, path_of
from affiliate.urls import encode

KEY = "rakuten"
LONGEST_SUB_ID = 72  # letters and digits; Signature Implementation Guidelines

HOSTS = ("linksynergy.com", "linksynergy.walmart.com")  # the second is of the time before Walmart went to impact
_PUBLISHER = re.compile(r"[A-Za-z0-9*/.]{11}")  # eleven characters, as in all links seen
_CLICK = re.compile(r"/(?:deeplink|link|fs-bin/(?:click|stat|statform))/?", re.IGNORECASE)


def take_apart(url: str) -> Layer | None:
    """Also on advertisers' hosts, by the path and the two ids."""
    if not _CLICK.fullmatch(path_of(url)):
        return None
    query = Query.of(url, "murl", "rd_parm1")
    publisher, advertiser = query.first("id"), _advertiser(query)
    if not is_on(url, *HOSTS) and not (publisher and _PUBLISHER.fullmatch(publisher) and advertiser):
        return None
    return Layer(KEY, url, publisher, advertiser, query.named("u1"), query.target)


def _advertiser(query: Query) -> str | None:
    if advertiser := query.first("mid"):
        return advertiser
    offer = query.first("offerid")
    return f"offer:{offer.partition('.')[0]}" if offer else None


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    click = (
        f"https://click.linksynergy.com/deeplink?id={encode(terms.publisher_ref)}&mid={encode(terms.advertiser_ref)}"
    )
    after = f"&murl={encode(target_url)}"
    return DeepLink(f"{click}&u1=", after, longest=LONGEST_SUB_ID, bare=click + after)
