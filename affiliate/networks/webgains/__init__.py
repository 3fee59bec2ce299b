"""Webgains. Sources: knowledgehub.webgains.com, https://docs.webgains.dev, links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.webgains.links import HOSTS, KEY, LINKS
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Webgains",
    REDIRECT,
    LINKS.take_apart,
    LINKS.deep_link,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=UNVERIFIED),
)
