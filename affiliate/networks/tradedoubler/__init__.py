"""Tradedoubler. Sources: https://dev.tradedoubler.com, https://gist.github.com/lbdremy/4770970, links found in public code."""

from affiliate.networks.base import PROVEN, Coverage, Network
from affiliate.networks.tradedoubler.links import HOSTS, KEY, LINKS, take_apart
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Tradedoubler",
    REDIRECT,
    take_apart,
    LINKS.deep_link,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
)
