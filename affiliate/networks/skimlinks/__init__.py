"""Skimlinks. Sources: https://support.skimlinks.com (article 223835348), links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.skimlinks.api import API
from affiliate.networks.skimlinks.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.skimlinks.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Skimlinks",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("id=",),
    api=API,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, api=UNVERIFIED, file=PROVEN),
)
