"""Paid On Results. Sources: links and a plugin for one of its shops in public code. What follows the sub-id is the path of a
page on the advertiser's host, which the link does not name: so none is built but from a programme's template."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.paidonresults.links import HOSTS, LINKS, take_apart
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    LINKS.key,
    "Paid On Results",
    REDIRECT,
    take_apart,
    LINKS.deep_link,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, sub_ids=UNVERIFIED),
)
