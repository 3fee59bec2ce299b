"""Kwanko (of old NetAffiliation, metaffiliation). Sources: links in public code; `argsite` from a link plugin's tests (Affm)
and padosoft/laravel-affiliate-network. Its report calls the sub-id `argann`: how the two hang together was not seen."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.kwanko.links import HOSTS, LINKS, take_apart
from affiliate.networks.kwanko.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    LINKS.key,
    "Kwanko",
    REDIRECT,
    take_apart,
    LINKS.deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("redir=",),
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=UNVERIFIED, file=UNVERIFIED),
)
