"""eBay's links: the address of a page with `campid` (who is paid), `mkrid` (the site) and `customid` (the sub-id) among its
parameters; of old `rover.ebay.com/rover/1/ROTATION/1?campid=…&mpre=…`."""

import re

from affiliate.errors import CannotBuild
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, in_ascii, is_on, path_of
from affiliate.networks.shapes import SHORT_LINK
from affiliate.urls import drop_parameters, encode, host_of, split_query

KEY = "ebay"
HOSTS = ("rover.ebay.com", "ebay.us")
LONGEST_SUB_ID = 256

# What belongs to the Partner Network and not to the page:
# https://developer.ebay.com/api-docs/buy/static/ref-epn-link.html
_OWN = re.compile(r"mkevt|mkcid|mkrid|campid|customid|toolid|siteid", re.IGNORECASE)
_SKIMLINKS = re.compile(r"\d+X\d+", re.IGNORECASE)
_SITE = re.compile(
    r"(?:^|\.)ebay\.(?:com(?:\.(?:au|hk|sg|my|tw))?|co\.uk|at|be|ca|ch|cn|de|es|fr|ie|in|it|nl|ph|pl|se)$"
)
_ROVER = re.compile(r"/rover/\d+/(\d+(?:-\d+)+)(?:/|$)")


def take_apart(url: str) -> Layer | None:
    if not _is_shop(url):
        return Layer(KEY, url, note=SHORT_LINK) if is_on(url, "ebay.us") else None
    if is_on(url, "rover.ebay.com"):
        return _rover(url)
    query = Query.of(url)
    campaign = query.first("campid")
    if campaign is None:
        return None
    return Layer(
        KEY,
        url,
        campaign,
        query.first("mkrid"),
        query.named("customid"),
        drop_parameters(url, _OWN),
        wrapped=False,
        note=_note(query),
    )


def _note(query: Query) -> str | None:
    """A click counts only with mkevt=1 (ref-epn-link.html); a sub-id such as 129857X1500… was found in live links, and is
    Skimlinks'."""
    if query.first("mkevt") != "1":
        return "without mkevt=1 eBay counts no click"
    if _SKIMLINKS.match(query.first("customid") or ""):
        return "the sub-id looks like one of Skimlinks'"
    return None


def _rover(url: str) -> Layer:
    query = Query.of(url, "mpre", "loc", "url")
    rotation = _ROVER.match(path_of(url))
    return Layer(
        KEY,
        url,
        query.first("campid"),
        rotation.group(1) if rotation else None,
        query.named("customid"),
        query.target,
    )


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """The page's own address with our campaign; a foreign one and what came with it are replaced. The programme's advertiser
    id is the rotation id of the eBay site, such as 710-53481-19255-0."""
    if not _is_shop(target_url):
        raise CannotBuild(KEY, f"{host_of(target_url)} is no eBay site.")
    path, query, fragment = split_query(in_ascii(drop_parameters(target_url, _OWN)))
    kept = f"{query}&" if query else ""
    ids = f"mkevt=1&mkcid=1&mkrid={encode(terms.advertiser_ref)}&campid={encode(terms.publisher_ref)}&toolid=10001"
    return DeepLink(f"{path}?{kept}{ids}&customid=", fragment, longest=LONGEST_SUB_ID)


def _is_shop(url: str) -> bool:
    host = host_of(url) or ""
    return "ebay." in host and _SITE.search(host) is not None
