"""CJ Affiliate. Sources: https://docs.cj.com/docs/graphql-api, https://windsor.ai/data-field/cj (status words), links
found in public code. Our publisher id is the PID of a property (websiteId), not the company's CID."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.cj.api import API
from affiliate.networks.cj.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.cj.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "CJ Affiliate",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("/click-", "/links"),
    api=API,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, api=UNVERIFIED, file=PROVEN),
)
