"""Awin's links: scripts on awin1.com whose parameters change their meaning from script to script."""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, carried_at_end, is_on, path_of
from affiliate.networks.shapes import SHORT_LINK
from affiliate.urls import encode

KEY = "awin"
HOSTS = ("awin1.com", "tidd.ly")
REFUSAL = "&cons=0"  # https://help.awin.com/developers/docs/consent-framework-for-partners, read 22 November 2026
LONGEST_SUB_ID = 50  # http://wiki.affiliatewindow.com/index.php/Affiliate_Click_Ref
SUB_IDS = ("clickref", "clickref2", "clickref3", "clickref4", "clickref5", "clickref6")

# Script → (publisher, advertiser, target). `p` is the target in cread.php and a product id in pclick.php; awclick.php is
# documented without a target, but is used with `ued` and with `p` (links in public code).
_SCRIPTS = {
    "cread.php": (("awinaffid", "r"), ("awinmid", "v"), ("ued", "p")),
    "awclick.php": (("awinaffid", "id"), ("mid", "awinmid"), ("ued", "p")),
    "pclick.php": (("a", "id"), ("m", "mid"), ()),
}
# Awin's older link builder put `p` in brackets, as zanox did; within them it is raw, encoded, or encoded twice.
_IN_BRACKETS = re.compile(r"(?<=[?&])p=(?:\[\[|%5B%5B)(.*?)(?:\]\]|%5D%5D)", re.IGNORECASE | re.DOTALL)


def take_apart(url: str) -> Layer | None:
    if is_on(url, "tidd.ly"):
        return Layer(KEY, url, note=SHORT_LINK)
    if not is_on(url, "awin1.com"):
        return None
    script = path_of(url).rstrip("/").rpartition("/")[2].lower()
    publisher, advertiser, target = _SCRIPTS.get(script, ((), (), ()))
    bracketed = _IN_BRACKETS.search(url) if target else None
    query = Query.of(_IN_BRACKETS.sub("", url) if bracketed else url, *target)
    inside = carried_at_end(bracketed.group(1)) if bracketed else query.target if target else None
    return Layer(KEY, url, query.first(*publisher), query.first(*advertiser), query.named(*SUB_IDS), inside)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    ids = f"awinmid={encode(terms.advertiser_ref)}&awinaffid={encode(terms.publisher_ref)}"
    return DeepLink(
        before=f"https://www.awin1.com/cread.php?{ids}&clickref=",
        after=f"&ued={encode(target_url)}",
        longest=LONGEST_SUB_ID,
        refusal=REFUSAL,
    )
