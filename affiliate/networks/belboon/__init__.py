"""Belboon, and the platform of Ingenious on which it and other networks run. Sources: links in public code; the sub-id from a
link plugin's tests (Affm), one witness."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.belboon.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.belboon.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Belboon / Ingenious platform",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("/ts/",),
    coverage=Coverage(recognise=PROVEN, build=UNVERIFIED, sub_ids=UNVERIFIED, file=UNVERIFIED),
)
