"""AvantLink. Sources: support.avantlink.com (Affiliate Link Encoder), fmtc.atlassian.net, links found in public code."""

from affiliate.networks.avantlink.links import HOSTS, KEY, LINKS, take_apart
from affiliate.networks.avantlink.transactions import READER
from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "AvantLink",
    REDIRECT,
    take_apart,
    LINKS.deep_link,
    READER,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, file=UNVERIFIED),
)
