"""Skimlinks' links, on its own hosts and on publishers' hosts: `/?id=PUBLISHERXDOMAIN&xs=1&url=…&xcust=…`.

What stands in `url` may be another network's link; Skimlinks earns all the same. Our id is both numbers, as in the link.
"""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, is_on, path_of
from affiliate.networks.shapes import SHORT_LINK
from affiliate.urls import encode

KEY = "skimlinks"
HOSTS = ("go.skimresources.com", "go.redirectingat.com", "go.skimlinks.com", "fave.co")
LONGEST_SUB_ID = 50  # https://support.skimlinks.com/hc/en-us/articles/223835348
_ID = re.compile(r"[?&]id=\d+X\d+(?:&|$|#)", re.IGNORECASE)


def take_apart(url: str) -> Layer | None:
    """On a publisher's own host the link leads from its root."""
    ours = is_on(url, *HOSTS)
    if not ours and not (path_of(url) in ("", "/") and _ID.search(url)):
        return None
    if is_on(url, "fave.co"):
        return Layer(KEY, url, note=SHORT_LINK)
    query = Query.of(url, "url")
    if not ours and query.target is None:
        return None
    return Layer(KEY, url, query.first("id"), sub_ids=query.named("xcust"), target=query.target)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """`xs=1` marks a link that was generated (the same article). The account's publisher id is both numbers: 114047X1572903."""
    before = f"https://go.skimresources.com/?id={encode(terms.publisher_ref)}&xs=1"
    after = f"&url={encode(target_url)}"
    return DeepLink(f"{before}&xcust=", after, longest=LONGEST_SUB_ID, bare=before + after)
