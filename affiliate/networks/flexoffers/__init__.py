"""FlexOffers. Sources: https://www.flexoffers.com (new deep-linking URL structure), padosoft/laravel-affiliate-network
(FlexOffers.php), links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.flexoffers.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.flexoffers.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "FlexOffers",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, file=UNVERIFIED),
)
