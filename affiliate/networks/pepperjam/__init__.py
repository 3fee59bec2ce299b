"""Pepperjam, now Ascend by Partnerize. Sources: https://docs.fmtc.co/kb/pepperjam, padosoft/laravel-affiliate-network
(PepperJamApi.php), links found in public code."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.pepperjam.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.pepperjam.transactions import READER
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Pepperjam / Ascend",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=UNVERIFIED, file=UNVERIFIED),
)
