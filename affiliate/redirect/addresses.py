"""Whose request it is, when proxies stand between: forwarded headers are believed only from configured proxies."""

import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

_LONGEST_CHAIN = 32  # proxies in a row; a header may hold thousands of lies


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
    """The client's address: whom the last proxy of ours that spoke in X-Forwarded-For names. What is no address names
    nobody; it is the proxy then."""
    client = peer
    if not forwarded_for or client not in proxies:
        return client
    for entry in reversed(forwarded_for.rsplit(",", _LONGEST_CHAIN)):
        address = _bare(entry.strip())
        if not address:
            break
        client = address
        if client not in proxies:
            break
    return client


def _bare(entry: str) -> str:
    """An address without the brackets and the port that some proxies write with it (a port would make every connection a
    visitor of its own); "" for what is no address."""
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in entry else socket.AF_INET, entry)
    except (OSError, ValueError):
        return ""
    return entry
