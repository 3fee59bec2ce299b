"""Whose request it is, when proxies stand between: forwarded headers are believed only from configured proxies."""

import socket
from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TypeVar

_LONGEST_CHAIN = 32  # proxies in a row; a header may hold thousands of lies
_MAPPED = bytes(10) + b"\xff\xff"  # an IPv4 address as IPv6 writes it

_Bounds = tuple[list[bytes], list[bytes]]  # first and last addresses, in order


class Networks:
    """A set of address ranges, such as `10.0.0.0/8`. ValueError for a text that is none."""

    def __init__(self, ranges: Iterable[str]) -> None:
        networks = [ip_network(text, strict=False) for text in ranges]
        self._bounds: dict[int, _Bounds] = {
            4: _bounds(each for each in networks if isinstance(each, IPv4Network)),
            16: _bounds(each for each in networks if isinstance(each, IPv6Network)),
        }
        self._any = bool(networks)

    def __bool__(self) -> bool:
        return self._any

    def __contains__(self, address: str) -> bool:
        return self._any and self.holds(packed(address))

    def holds(self, address: bytes) -> bool:
        """Whether an address, as `packed` gives it, is in one of the ranges."""
        if not address:
            return False
        firsts, lasts = self._bounds[len(address)]
        before = bisect_right(firsts, address) - 1
        return before >= 0 and address <= lasts[before]


_Network = TypeVar("_Network", IPv4Network, IPv6Network)


def _bounds(networks: Iterable[_Network]) -> _Bounds:
    apart = list(collapse_addresses(networks))  # in order, and none inside another
    return [each.network_address.packed for each in apart], [each.broadcast_address.packed for each in apart]


def packed(address: str) -> bytes:
    """The 4 or 16 bytes of an address; b"" for what is none. An IPv4 address that is written as IPv6 has 4."""
    try:
        read = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return b""
    return read.removeprefix(_MAPPED)


def client_of(peer: str, forwarded_for: str, proxies: Networks) -> str:
    """The client's address: whom the last proxy of ours that spoke in X-Forwarded-For names. What is no address names
    nobody; it is the proxy then."""
    client = peer
    if not forwarded_for or client not in proxies:
        return client
    for entry in reversed(forwarded_for.rsplit(",", _LONGEST_CHAIN)):
        address = _bare(entry.strip())
        named = packed(address)
        if not named:
            break
        client = address
        if not proxies.holds(named):
            break
    return client


def _bare(entry: str) -> str:
    """Without the brackets and the port that some proxies write with an address: a port would make every connection a
    visitor of its own."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
