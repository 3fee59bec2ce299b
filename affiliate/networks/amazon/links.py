"""Amazon's links: the address of a page with `tag` (who is paid) and `ascsubtag` (the sub-id) among its parameters; of old
the tag is a segment of the path, behind the product."""

import re

from affiliate.errors import CannotBuild
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, in_ascii, is_on, path_of
from affiliate.networks.shapes import SHORT_LINK
from affiliate.urls import drop_parameters, encode, host_of, split_query

KEY = "amazon"
HOSTS = ("amzn.to",)

# What belongs to Associates and not to the page. Sources: links in public code, which carry tag, ascsubtag, linkCode,
# ref and sourceid, and with them linkId, camp, creative, creativeASIN, imprToken, slotNum of Amazon's own link makers.
# `th` and `psc` choose the variant of a product and stay.
_OWN = re.compile(
    r"tag|ascsubtag|linkCode|linkId|camp|creative|creativeASIN|imprToken|slotNum|ref|ref_|sourceid", re.IGNORECASE
)
_SHOP = re.compile(
    r"(?:^|\.)(amazon\.(?:com(?:\.(?:au|be|br|mx|tr))?|co\.(?:jp|uk|za)|ae|ca|cn|de|eg|es|fr|ie|in|it|nl|pl|sa|se|sg))$"
)
_TAG_IN_PATH = re.compile(r"(?<=/)((?:ASIN|dp|product)/[0-9A-Z]{10}(?:/ref=nosim)?)/([A-Za-z0-9][\w-]*-2\d)(?=[/?#]|$)")

# Tags that others put in: Geniuslink (links in public code), Amazon's own browser extension, Mozilla's search.
_FOREIGN = {"georiot-": "Geniuslink", "amz-mkt-": "Amazon's own browser extension", "mozilla-": "Mozilla"}


def take_apart(url: str) -> Layer | None:
    if marketplace(url) is None:
        return Layer(KEY, url, note=SHORT_LINK) if is_on(url, "amzn.to") else None
    query = Query.of(url)
    in_path = _TAG_IN_PATH.search(path_of(url))
    tag = query.first("tag") or (in_path and in_path.group(2))
    if not tag:
        return None
    page = without_own_parameters(url)
    note = next((f"a tag of {whose}" for begin, whose in _FOREIGN.items() if tag.lower().startswith(begin)), None)
    return Layer(KEY, url, tag, sub_ids=query.named("ascsubtag"), target=page, wrapped=False, note=note)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """The page's own address with our tag; a foreign tag and what came with it are replaced, all else stays.

    The sub-id must be a placement's, never a click's or a person's.
    """
    there = marketplace(target_url)
    if there is None:
        raise CannotBuild(KEY, f"{host_of(target_url)} is no Amazon shop.")
    ours = terms.advertiser_ref.lower().removeprefix("www.")
    if ours.startswith("amazon.") and ours != there:
        raise CannotBuild(
            KEY,
            f"the tag {terms.publisher_ref} is for {ours}, but the page is on {there}; add a programme for {there}.",
        )
    path, query, fragment = split_query(in_ascii(without_own_parameters(target_url)))
    kept = f"{query}&" if query else ""
    tagged = f"{path}?{kept}tag={encode(terms.publisher_ref)}"
    return DeepLink(before=f"{tagged}&ascsubtag=", after=fragment, bare=tagged + fragment)


def without_own_parameters(url: str) -> str:
    return _TAG_IN_PATH.sub(r"\1", drop_parameters(url, _OWN), count=1)


def marketplace(url: str) -> str | None:
    """amazon.co.uk, amazon.com.mx …: the shop that an address belongs to, or None."""
    host = host_of(url) or ""
    found = _SHOP.search(host) if "amazon." in host else None
    return found.group(1) if found else None
