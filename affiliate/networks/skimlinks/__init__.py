"""Skimlinks. Sources: https://support.skimlinks.com (article 223835348), links found in public code."""

from affiliate.networks.base import PROVEN, Coverage, Network
from affiliate.networks.skimlinks.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Skimlinks",
    REDIRECT,
    take_apart,
    deep_link,
    hosts=HOSTS,
    by_shape=True,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
)
