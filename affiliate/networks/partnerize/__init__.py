"""Partnerize (Performance Horizon). Sources: its partners API (api-evangelist/partnerize,
partnerize-partners-api-openapi.yml), links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.partnerize.api import API
from affiliate.networks.partnerize.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.partnerize.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Partnerize",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("camref:",),
    api=API,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, api=UNVERIFIED, file=PROVEN, payments=UNVERIFIED),
)
