"""TradeTracker's links: `tc.tradetracker.net/?c=CAMPAIGN&m=MATERIAL&a=SITE&r=…&u=…`, where `u` is mostly a path on the
advertiser's host, which the link does not name; and on advertisers' hosts `?tt=CAMPAIGN_MATERIAL_SITE_REFERENCE&r=TARGET`.
"""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, is_on
from affiliate.networks.shapes import needed, path_on
from affiliate.urls import encode

KEY = "tradetracker"
HOSTS = ("tc.tradetracker.net",)
_DEEP_LINK = "12"  # the material of every deep link found in public code
_DIRECT = re.compile(r"(\d+)_\d+_(\d+)(?:_(.*))?", re.DOTALL)


def take_apart(url: str) -> Layer | None:
    if is_on(url, *HOSTS):
        query = Query.of(url, "u")
        return Layer(KEY, url, query.first("a"), query.first("c"), query.named("r"), query.target)
    return _direct(url)


def _direct(url: str) -> Layer | None:
    """Its module for shops reads `tt` so and sends the reader on to `r` (TradeTracker_Connect, Controller/Redirect)."""
    query = Query.of(url, "r")
    found = _DIRECT.fullmatch(query.first("tt") or "")
    if found is None:
        return None
    campaign, site, reference = found.groups()
    return Layer(KEY, url, site, campaign, {"reference": reference} if reference else {}, query.target)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """Needs the programme's parameter `target_host`, the shop's host, to which a path is added; `material` where the network
    shows another than that of deep links."""
    path = path_on(needed(KEY, terms, "target_host"), KEY, target_url)
    material = str(terms.parameters.get("material", "")).strip() or _DEEP_LINK
    ids = f"c={encode(terms.advertiser_ref)}&m={encode(material)}&a={encode(terms.publisher_ref)}"
    return DeepLink(f"https://tc.tradetracker.net/?{ids}&r=", f"&u={encode(path)}")
