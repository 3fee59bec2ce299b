"""`ping` on links that lead straight to the shop: where the browser tells that one was used, since no redirect sees it.

The attribute is a list of addresses. Those of the author stay where they are; ours is known by its path, on any host.
"""

import re
from urllib.parse import quote

from affiliate.redirect.hop import BESIDE

_OURS = re.compile(rf"(?:^|[\t\n\f\r ])(?:https?://[^/\s]+)?{re.escape(BESIDE)}/\S+")


def ping_address(link_base: str, path: str, token: str) -> str:
    """Where the use of a link under this placement is told: without blanks, quotes or ampersands, so that it can stand in
    a list in an attribute as it is."""
    return f"{link_base}{BESIDE}{quote(path)}/-{token}"


def with_ping(value: str, address: str | None) -> str:
    """An attribute's raw value with this address as our only one, or without any of ours."""
    ours = [found.group().strip() for found in _OURS.finditer(value)]
    if address and ours == [address]:
        return value
    rest = _OURS.sub("", value)
    if address is None:
        return rest if ours else value
    return f"{rest} {address}" if rest.strip() else address
