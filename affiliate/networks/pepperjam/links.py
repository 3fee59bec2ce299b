"""Pepperjam's links: `/t/CODE?sid=…&url=…` on half a dozen hosts. The code is opaque; it fuses publisher and advertiser."""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, path_of
from affiliate.networks.shapes import needed
from affiliate.urls import encode

KEY = "pepperjam"
HOSTS = ("pjtra.com", "gopjn.com", "pjatr.com", "pntra.com", "pntrs.com", "pntrac.com", "c.pepperjamnetwork.com")
_CODE = re.compile(r"/(t/[^/]+)/?", re.IGNORECASE)


def take_apart(url: str) -> Layer | None:
    query = Query.of(url, "url")
    found = _CODE.fullmatch(path_of(url))
    return Layer(KEY, url, found.group(1) if found else None, sub_ids=query.named("sid"), target=query.target)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """Needs the programme's parameter `code`, which stands behind /t/ in any link made by Pepperjam."""
    click = f"https://www.gopjn.com/t/{encode(needed(KEY, terms, 'code').removeprefix('t/'))}"
    after = f"url={encode(target_url)}"
    return DeepLink(f"{click}?sid=", f"&{after}", bare=f"{click}?{after}")
