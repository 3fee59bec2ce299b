"""eBay's links: the address of a page with `campid` (who is paid), `mkrid` (the site) and `customid` (the sub-id) among its
parameters; of old `rover.ebay.com/rover/1/ROTATION/1?campid=…&mpre=…`."""

import re

from affiliate.errors import CannotBuild
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, in_ascii, is_on, path_of
from affiliate.networks.shapes import SHORT_LINK
from affiliate.urls import drop_parameters, encode, host_of, registrable_domain, split_query

KEY = "ebay"
HOSTS = ("rover.ebay.com", "ebay.us")
LONGEST_SUB_ID = 256

# What belongs to the Partner Network and not to the page:
# https://developer.ebay.com/api-docs/buy/static/ref-epn-link.html
_OWN = re.compile(r"mkevt|mkcid|mkrid|campid|customid|toolid|siteid")
_ROVER = re.compile(r"/rover/\d+/(\d+(?:-\d+)+)(?:/|$)")


def take_apart(url: str) -> Layer | None:
    if is_on(url, "ebay.us"):
        return Layer(KEY, url, note=SHORT_LINK)
    if is_on(url, "rover.ebay.com"):
        return _rover(url)
    if _shop(url) is None:
        return None
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
    )


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
    if _shop(target_url) is None:
        raise CannotBuild(KEY, f"{host_of(target_url)} is no eBay site.")
    path, query, fragment = split_query(in_ascii(drop_parameters(target_url, _OWN)))
    kept = f"{query}&" if query else ""
    ids = f"mkevt=1&mkcid=1&mkrid={encode(terms.advertiser_ref)}&campid={encode(terms.publisher_ref)}&toolid=10001"
    return DeepLink(f"{path}?{kept}{ids}&customid=", fragment, longest=LONGEST_SUB_ID)


def _shop(url: str) -> str | None:
    domain = registrable_domain(host_of(url) or "")
    return domain if domain.startswith("ebay.") else None
