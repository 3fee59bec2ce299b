"""Sovrn Commerce, once VigLink. Sources: https://developer.sovrn.com/reference/building-monetized-urls, links found in
public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.sovrn.links import HOSTS, KEY, LINKS
from affiliate.networks.sovrn.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Sovrn Commerce",
    REDIRECT,
    LINKS.take_apart,
    LINKS.deep_link,
    READER,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, file=UNVERIFIED),
)
