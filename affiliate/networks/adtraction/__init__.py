"""Adtraction. Sources: padosoft/laravel-affiliate-network (Adtraction.php), links found in public code."""

from affiliate.networks.adtraction.links import HOSTS, KEY, LINKS, take_apart
from affiliate.networks.base import PROVEN, Coverage, Network
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Adtraction",
    REDIRECT,
    take_apart,
    LINKS.deep_link,
    hosts=HOSTS,
    by_shape=("/t/t",),
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
)
