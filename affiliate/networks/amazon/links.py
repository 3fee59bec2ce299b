"""Amazon's links: the address of a page with `tag` (who is paid) and `ascsubtag` (the sub-id) among its parameters."""

import re

from affiliate.errors import CannotBuild
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, in_ascii, is_on
from affiliate.urls import drop_parameters, encode, host_of, registrable_domain, split_query

KEY = "amazon"
HOSTS = ("amzn.to",)

# What belongs to Associates and not to the page. Sources: links in public code, which carry tag, ascsubtag, linkCode,
# ref and sourceid; linkId, camp, creative and creativeASIN are SiteStripe's of old (unverified). `th` and `psc` choose
# the variant of a product and stay.
_OWN = re.compile(r"tag|ascsubtag|linkCode|linkId|camp|creative|creativeASIN|ref|ref_|sourceid")


def take_apart(url: str) -> Layer | None:
    if is_on(url, "amzn.to"):
        return Layer(KEY, url, note="a short link: only a request would tell what is behind it")
    if marketplace(url) is None:
        return None
    query = Query.of(url)
    tag = query.first("tag")
    if tag is None:
        return None
    return Layer(KEY, url, tag, sub_ids=query.named("ascsubtag"), target=without_own_parameters(url), wrapped=False)


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
    return DeepLink(before=f"{path}?{kept}tag={encode(terms.publisher_ref)}&ascsubtag=", after=fragment)


def without_own_parameters(url: str) -> str:
    return drop_parameters(url, _OWN)


def marketplace(url: str) -> str | None:
    """amazon.co.uk, amazon.com.mx …: the shop that an address belongs to, or None."""
    domain = registrable_domain(host_of(url) or "")
    return domain if domain.startswith("amazon.") else None
