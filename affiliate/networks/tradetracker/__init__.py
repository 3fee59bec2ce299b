"""TradeTracker. Sources: its module for Magento (TradeTracker_Connect, Controller/Redirect/Index.php), links found in
public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.tradetracker.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.tradetracker.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "TradeTracker",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("tt=",),
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, file=UNVERIFIED),
)
