"""zanox, closed: merged into Awin. Sources: links in public code. Old links are still recognised, so that their targets can be
saved; none is built."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.words import REDIRECT
from affiliate.networks.zanox.links import CLOSED, HOSTS, LINKS, take_apart

NETWORK = Network(
    LINKS.key,
    "zanox",
    REDIRECT,
    take_apart,
    LINKS.deep_link,
    hosts=HOSTS,
    closed=CLOSED,
    coverage=Coverage(recognise=PROVEN, sub_ids=UNVERIFIED),
)
