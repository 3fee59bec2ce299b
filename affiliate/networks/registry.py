"""The networks we know: a new one is a folder of this package and a line here.

Those of which no more is known than the names of their links' parameters are rows of plain.py: a folder for each would say the
same in five times the lines, and side by side they show what is known and what is not.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import cast

from affiliate.errors import CannotBuild, NotFound
from affiliate.networks import plain
from affiliate.networks.base import DeepLink, Network, Terms

_FOLDERS = (
    "awin",
    "amazon",
    "cj",
    "rakuten",
    "impact",
    "partnerize",
    "skimlinks",
    "ebay",
    "shareasale",
    "sovrn",
    "tradedoubler",
    "webgains",
    "tradetracker",
    "admitad",
    "flexoffers",
    "pepperjam",
    "avantlink",
    "adtraction",
    "daisycon",
    "commission_factory",
    "paidonresults",
    "belboon",
    "zanox",
    "kwanko",
    "targetcircle",
    "template",
)

_OTHER_NAMES = {
    "walmart": "impact",
    "generic": "template",
}  # any network's CSV: `affiliate import transactions generic FILE --map MAP`


@cache
def networks() -> tuple[Network, ...]:
    """All networks; those that know links by their shape are asked in this order."""
    folders = (cast("Network", import_module(f"affiliate.networks.{folder}").NETWORK) for folder in _FOLDERS)
    return (*folders, *plain.NETWORKS)


@cache
def _by_host() -> dict[str, Network]:
    return {host: known for known in networks() for host in known.hosts}


@cache
def _by_shape() -> tuple[tuple[str, Network], ...]:
    return tuple((text, known) for known in networks() for text in known.by_shape)


def candidates(host: str, url: str) -> Iterator[Network]:
    """Whom to ask whether a link on this (lower-case) host is theirs: who claims the host or one above it, first, then
    those that may know it by its shape."""
    claimed = _by_host()
    while host and host not in claimed:
        host = host.partition(".")[2]
    if host:
        yield claimed[host]
    written = url.lower()
    for text, known in _by_shape():
        if text in written:
            yield known


def network(key: str) -> Network:
    """The network of this key (`generic` is the template network's other name); NotFound lists the known ones."""
    wanted = _OTHER_NAMES.get(key, key)
    for known in networks():
        if known.key == wanted:
            return known
    names = ", ".join(known.key for known in networks())
    raise NotFound("network", key, f"Known are {names}; any other network is read as a CSV with: generic")


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """The tracked address of a target: from the programme's own template where it has one, whatever its network, else as the
    network builds its links. CannotBuild says what is missing."""
    if terms.template:
        return network("template").deep_link(terms, target_url)
    known = network(terms.network)
    if known.closed:
        raise CannotBuild(known.key, f"{known.closed} Add the advertiser's programme at the network it went to.")
    return known.deep_link(terms, target_url)


def network_name(key: str) -> str:
    """The network's name as people write it; the key itself for one that this version does not know."""
    try:
        return network(key).name
    except NotFound:
        return key


def compared_count(key: str) -> str:
    """Which of our counts to hold against the network's own number of clicks: `network_comparable`, which is made for
    networks that count a visitor once in three hours, or `human` where nothing is known of how it counts."""
    try:
        return "network_comparable" if network(key).click_hours == 3 else "human"
    except NotFound:
        return "human"
