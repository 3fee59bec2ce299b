"""Amazon Associates. No redirect host: our tag stands on the advertiser's own address, one tag per marketplace.

The Operating Agreement forbids hiding the address behind a redirect of one's own (as quoted on three sites), so its
programmes are `direct`. A sub-id must never name a person or a click, and the earnings report does not give it back.
"""

from affiliate.networks.amazon.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.amazon.transactions import READER
from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.words import DIRECT

NETWORK = Network(
    KEY,
    "Amazon Associates",
    DIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("amazon.",),
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, file=UNVERIFIED),
)
