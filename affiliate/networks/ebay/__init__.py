"""eBay Partner Network. No redirect host: our campaign stands on the page's own address. Sources:
https://developer.ebay.com/api-docs/buy/static/ref-epn-link.html, links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.ebay.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.ebay.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "eBay Partner Network",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("ebay.",),
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, file=UNVERIFIED),
)
