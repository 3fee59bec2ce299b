"""ShareASale, closed; its programmes went to Awin under new advertiser ids. Sources:
https://resources.awin.com/shareasale-to-awin, fmtc.atlassian.net (page 635961359), links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.shareasale.links import HOSTS, KEY, LINKS
from affiliate.networks.shareasale.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "ShareASale",
    REDIRECT,
    LINKS.take_apart,
    LINKS.deep_link,
    READER,
    hosts=HOSTS,
    closed="ShareASale is closed; its programmes moved to Awin under new advertiser ids.",
    coverage=Coverage(recognise=PROVEN, sub_ids=PROVEN, file=UNVERIFIED),
)
