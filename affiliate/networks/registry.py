"""The networks we know: a new one is a folder of this package and a line here."""

from functools import cache
from importlib import import_module
from typing import cast

from affiliate.errors import NotFound
from affiliate.networks.base import Network

_FOLDERS = (
    "awin",
    "amazon",
    "cj",
    "rakuten",
    "impact",  # behind the others: it recognises its links by their path on any host
    "template",
)

_OTHER_NAMES = {"generic": "template"}  # any network's CSV: `affiliate import transactions generic FILE --map MAP`


@cache
def networks() -> tuple[Network, ...]:
    """All networks, in the order in which they are asked whether a link is theirs."""
    return tuple(cast("Network", import_module(f"affiliate.networks.{folder}").NETWORK) for folder in _FOLDERS)


def network(key: str) -> Network:
    """The network of this key (`generic` is the template network's other name); NotFound lists the known ones."""
    wanted = _OTHER_NAMES.get(key, key)
    for known in networks():
        if known.key == wanted:
            return known
    names = ", ".join(known.key for known in networks())
    raise NotFound("network", key, f"Known are {names}; any other network is read as a CSV with: generic")


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
