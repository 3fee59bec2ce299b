"""Rakuten Advertising (LinkShare). Sources: its "Affiliate APIs" OpenAPI (kept in MeltanoLabs/tap-rakutenadvertising),
https://pubhelp.rakutenadvertising.com (Signature Implementation Guidelines), https://docs.fmtc.co/kb/rakuten."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.rakuten.api import API
from affiliate.networks.rakuten.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.rakuten.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Rakuten Advertising",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    by_shape=("/deeplink", "/link", "/fs-bin/"),
    api=API,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN, api=UNVERIFIED, file=PROVEN),
)
