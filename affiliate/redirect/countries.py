"""The country of an address, from a file on this machine. Nothing is asked of anybody.

Where the file in `data/` comes from stands in `data/CREDITS.md`. It is mapped, not read: opening it takes 6 ms, and the
processes of a machine share its pages, whichever of them came first.
"""

import logging
import socket
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import maxminddb

OFF = "off"
SHIPPED = Path(__file__).parent / "data" / "countries.mmdb"

CountryOf = Callable[[str], str]

_REMEMBERED = 4096  # addresses a process keeps the answer for: 0.1 µs instead of 2

# Nobody's country, whatever a file says (ours has one for 192.168.1.1). IANA's registries of special-purpose addresses,
# https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry; multicast, RFC 5771, 4291.
_NOWHERE = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/3", "::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1"),
)

log = logging.getLogger(__name__)


def nowhere(_address: str) -> str:
    """Where there is no file to look into: unknown."""
    return ""


def open_countries(path: str) -> CountryOf:
    """Looks into the file we ship (""), another one, or none (`off`). One that cannot be read is said, once, and every
    country is unknown then."""
    if path == OFF:
        return nowhere
    try:
        return Countries(Path(path) if path else SHIPPED).of
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as problem:
        log.error("clicks are counted without their country: %s cannot be read: %s", path or SHIPPED, problem)
        return nowhere


class Countries:
    """Answers from a MaxMind DB file: the code stands in `country_code` or, as in GeoLite2 and DB-IP Lite, in
    `country.iso_code`. OSError or InvalidDatabaseError if the file is none."""

    def __init__(self, path: Path) -> None:
        self._get = maxminddb.open_database(path).get
        self.of = lru_cache(_REMEMBERED)(self._look_up)

    def _look_up(self, address: str) -> str:
        """Two capital letters (ISO 3166-1), or "" for an address that is unknown, private or none at all."""
        try:
            packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
            if packed.startswith(_MAPPED):
                packed = packed[len(_MAPPED) :]
                address = socket.inet_ntop(socket.AF_INET, packed)
            return "" if _is_nowhere(packed) else _code(self._get(address))
        except (OSError, ValueError, maxminddb.InvalidDatabaseError):
            return ""


_MAPPED = bytes(10) + b"\xff\xff"  # an IPv4 address as IPv6 writes it


def _bounds(length: int) -> tuple[list[bytes], list[bytes]]:
    """First and last addresses of the ranges above, of addresses of 4 or 16 bytes, in their order."""
    ranges = sorted(
        (network.network_address.packed, network.broadcast_address.packed)
        for network in map(ip_network, _NOWHERE)
        if network.max_prefixlen == 8 * length
    )
    return [first for first, _ in ranges], [last for _, last in ranges]


_BOUNDS = {4: _bounds(4), 16: _bounds(16)}


def _is_nowhere(packed: bytes) -> bool:
    firsts, lasts = _BOUNDS[len(packed)]
    before = bisect_right(firsts, packed) - 1
    return before >= 0 and packed <= lasts[before]


def _code(found: Any) -> str:
    if not isinstance(found, dict):
        return ""
    country = found.get("country")
    code = found.get("country_code") or (country.get("iso_code") if isinstance(country, dict) else "")
    return (
        code
        if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()
        else ""
    )
