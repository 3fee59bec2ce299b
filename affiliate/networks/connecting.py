"""The one way in which this product connects to a host whose name somebody else chose: an editor's link, a redirect, what a page
asks for in the browser. No such request may reach our own network.

The guard sits where the connection is made: the name is resolved once, every address it has is judged, and the socket goes
to a judged one. A name that resolves differently a moment later (DNS rebinding) therefore gains nothing.
"""

import socket
import time
from collections.abc import Callable, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from affiliate import special_addresses
from affiliate.errors import BlockedAddress

Address = IPv4Address | IPv6Address
MayConnect = Callable[[Address, int], bool]

_PORTS = (80, 443)
_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052: how a network without IPv4 reaches all that has nothing else
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the third of four words, before an IPv4 address, whatever the prefix


def is_public(address: Address, port: int) -> bool:
    """Whether a public web page may have this address and port (80 or 443). An IPv4 address that IPv6 only writes differently
    (mapped, NAT64) is judged as what it is, one that a tunnel leads to (ISATAP) as well as the address around it; what was
    for tunnels of old (IPv4-compatible, 6to4, Teredo) is never public."""
    return port in _PORTS and _is_reachable(address)


def _is_reachable(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _blocks_of_ipv4())
    if address.ipv4_mapped is not None or address in _TRANSLATED:
        return _is_reachable(_last_bits(address))
    if any(address in block for block in _blocks_of_ipv6()):
        return False
    is_tunnel = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return not is_tunnel or _is_reachable(_last_bits(address))


def _last_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


@cache
def _blocks_of_ipv4() -> tuple[IPv4Network, ...]:
    return tuple(map(IPv4Network, special_addresses.IPV4))


@cache
def _blocks_of_ipv6() -> tuple[IPv6Network, ...]:
    return tuple(map(IPv6Network, special_addresses.IPV6))


def connect(host: str, port: int, may_connect: MayConnect, *, seconds: float) -> socket.socket:
    """A socket to the first of the host's addresses that answers, in the order in which the system gives them. Each gets an equal
    share of the time that is left, so that a dead one does not use up what a living one needs. The socket's own time-out is
    `seconds`.

    BlockedAddress if any of its addresses may not be connected to, whichever the others are: nothing was connected to then.
    OSError, which names each address with what was wrong there, if none answers; TimeoutError if none did in time.
    """
    ends = time.monotonic() + seconds
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
    if not all(may_connect(ip_address(address.partition("%")[0]), port) for address in addresses):
        raise BlockedAddress(host)
    problems: list[OSError] = []
    for number, address in enumerate(addresses):
        share = (ends - time.monotonic()) / (len(addresses) - number)
        try:
            made = socket.create_connection((address, port), max(share, 0.01))
        except OSError as problem:
            problems.append(problem)
        else:
            made.settimeout(seconds)
            return made
    raise _none_of(host, addresses, problems)


def _none_of(host: str, addresses: Sequence[str], problems: Sequence[OSError]) -> OSError:
    said = "; ".join(f"{address}: {problem}" for address, problem in zip(addresses, problems, strict=True))
    is_slow = bool(problems) and all(isinstance(problem, TimeoutError) for problem in problems)
    return (TimeoutError if is_slow else OSError)(f"{host} cannot be connected to ({said or 'it has no address'})")
