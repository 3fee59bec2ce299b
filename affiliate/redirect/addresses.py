"""Whose request it is, when proxies stand between: forwarded headers are believed only from configured proxies."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


class Networks:
    """A set of address ranges, such as `10.0.0.0/8`. ValueError for a text that is none."""

    def __init__(self, ranges: Iterable[str]) -> None:
        self._ranges: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(text, strict=False) for text in ranges)
        self._known = lru_cache(4096)(self._holds)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __contains__(self, address: str) -> bool:
        return bool(self._ranges) and self._known(address)

    def _holds(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None)
        return any((mapped or parsed) in known for known in self._ranges)


def client_of(peer: str, forwarded_for: str, proxies: Networks) -> str:
    """The client's address: the last one in X-Forwarded-For that is not a proxy of ours, if the peer is one."""
    if peer not in proxies or not forwarded_for:
        return peer
    client = peer
    for hop in reversed(forwarded_for.split(",")):
        client = hop.strip()
        if client not in proxies:
            break
    return client
