"""Awin. Sources: https://success.awin.com ("What does an affiliate link look like"),
https://help.awin.com/apidocs/returns-a-list-of-transactions-for-a-given-publisher, links found in public code."""

from affiliate.networks.awin.api import API
from affiliate.networks.awin.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.awin.notifications import hint
from affiliate.networks.awin.transactions import READER
from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Awin",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    api=API,
    click_hours=3,
    hosts=HOSTS,
    hint=hint,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, api=UNVERIFIED, file=PROVEN),
)
