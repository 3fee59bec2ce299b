"""Commission Factory (Australia). Sources: links found in public code; php-oara's client names `UniqueId` in the report too."""

from affiliate.networks.base import PROVEN, Coverage, Network
from affiliate.networks.commission_factory.links import HOSTS, KEY, deep_link, take_apart
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    KEY,
    "Commission Factory",
    REDIRECT,
    take_apart,
    deep_link,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
)
