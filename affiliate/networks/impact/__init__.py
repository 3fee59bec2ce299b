"""impact.com. Sources: its partner API v16 (api-evangelist/impact, impact-partner-actions-v16.yaml),
https://help.impact.com (articles 48001235417 and 155000000123), links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.impact.api import API
from affiliate.networks.impact.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.impact.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "impact.com",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("/c/", "ubid1=", "//imp.i"),
    api=API,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, api=UNVERIFIED, file=PROVEN, payments=UNVERIFIED),
)
