"""Daisycon. Sources: https://faq-publisher.daisycon.com/hc/nl/articles/204787042, links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.daisycon.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.daisycon.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Daisycon",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("/c/?", "/c?"),
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, file=UNVERIFIED),
)
