"""Admitad. Sources: links found in public code, and the click domains in a link cleaner's list (unwrapAdmitad)."""

from affiliate.networks.admitad.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.base import PROVEN, Coverage, Network
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Admitad",
    REDIRECT,
    take_apart,
    deep_link,
    hosts=HOSTS,
    by_shape=("/g/", "/goto/"),
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
)
