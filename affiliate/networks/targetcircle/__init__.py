"""TargetCircle. Sources: links in public code (`/?a=…&i=…`), an API client's fixture in which `i` is the ad inventory's id; the
older form and `ref1` from a URL parser's tests, which are made up."""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network
from affiliate.networks.targetcircle.links import HOSTS, LINKS, take_apart
from affiliate.networks.words import REDIRECT

NETWORK = Network(
    LINKS.key,
    "TargetCircle",
    REDIRECT,
    take_apart,
    LINKS.deep_link,
    hosts=HOSTS,
    coverage=Coverage(recognise=PROVEN, build=UNVERIFIED, sub_ids=UNVERIFIED),
)
