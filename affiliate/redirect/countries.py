"""The country of an address, from a file on this machine. Nothing is asked of anybody.

Where the file in `data/` comes from stands in `data/CREDITS.md`. It is mapped, not read: opening it takes 6 ms, and the
processes of a machine share its pages, whichever of them came first.
"""

import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import maxminddb

from affiliate import special_addresses
from affiliate.redirect.addresses import Networks, packed

OFF = "off"
SHIPPED = Path(__file__).parent / "data" / "countries.mmdb"

CountryOf = Callable[[str], str]

_IPV4 = 4  # bytes

# Nobody's country, whatever a file says (ours has one for 192.168.1.1).
_NOWHERE = Networks((*special_addresses.IPV4, *special_addresses.IPV6))

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

    def of(self, address: str) -> str:
        """Two capital letters (ISO 3166-1), or "" for an address that is unknown, private or none at all. 1.5 µs."""
        read = packed(address)
        if not read or _NOWHERE.holds(read):
            return ""
        if len(read) == _IPV4 and ":" in address:
            address = socket.inet_ntop(socket.AF_INET, read)
        try:
            return _code(self._get(address))
        except (ValueError, maxminddb.InvalidDatabaseError):
            return ""


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
