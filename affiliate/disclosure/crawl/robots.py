"""What a host's robots.txt asks of us (RFC 9309)."""

import math

from protego import Protego

# What robots.txt may call us by, and what the site's own log shows.
TOKEN = "AffiliateCheck"  # noqa: S105 - a product token, no secret
USER_AGENT = f"{TOKEN}/0.1 (a publisher's check of its own pages)"

LARGEST = 512_000  # bytes; RFC 9309 §2.5 asks for at least 500 kibibytes
_LONGEST_DELAY = 120.0  # seconds; a longer one is a slip, or means "do not come", for which there is Disallow


class Robots:
    """The rules of one host. An empty text allows everything."""

    def __init__(self, text: str) -> None:
        self._rules = Protego.parse(text)

    def may(self, url: str) -> bool:
        return bool(self._rules.can_fetch(url, TOKEN))

    @property
    def delay(self) -> float:
        """Seconds between two requests, at most 120; 0 where it asks for none."""
        asked = self._rules.crawl_delay(TOKEN) or 0.0
        rate = self._rules.request_rate(TOKEN)
        if rate and rate.requests:
            asked = max(asked, rate.seconds / rate.requests)
        return min(asked, _LONGEST_DELAY) if math.isfinite(asked) else 0.0

    @property
    def sitemaps(self) -> list[str]:
        return list(self._rules.sitemaps)
