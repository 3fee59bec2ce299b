"""The links of a page that somebody pays for, as far as its markup shows, and the scripts that make others paid.

Sources of the hosts: the networks' own links (affiliate.networks); Amazon's and Geniuslink's short links, links of A8.net, ValueCommerce,
Rakuten Japan and bol.com in public code, which no network here reads.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from affiliate.disclosure.pages.tree import Place
from affiliate.errors import InvalidUrl
from affiliate.ids import is_placement_token
from affiliate.networks.amazon.links import marketplace
from affiliate.networks.inspect import inspect
from affiliate.urls import as_browsers_read, host_of, registrable_domain

# How a link is known as a paid one.
NETWORK, OURS, SPONSORED, SCRIPT = "a network's link", "our link", "rel=sponsored", "a script"

AMAZON_SHORT = frozenset({"amzn.to", "amzn.eu", "amzn.asia", "amzn.com", "a.co"})
_OTHER_NETWORKS = {
    "geni.us": "geniuslink",
    "hb.afl.rakuten.co.jp": "rakuten-japan",
    "a.r10.to": "rakuten-japan",
    "px.a8.net": "a8",
    "ck.jp.ap.valuecommerce.com": "valuecommerce",
    "partner.bol.com": "bol",
}
# Paths under which link managers hide where a link leads (Pretty Links, ThirstyAffiliates and others let one choose among these).
_CLOAKED = re.compile(
    r"/(?:go|out|goto|recommends?|refer|visit|aff|affiliate|link|links|buy|shop|deals?|click|r|ref)/[^/?#]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://[^\s'\"<>)\\]{4,2000}")

# Services that turn a page's outbound links into paid ones where readers are, by the addresses of their scripts, as the services'
# own instructions have them (read through public pages, 2026-11): whether each page's links earn, markup does not show.
_REWRITERS = {
    "Skimlinks": re.compile(r"skimresources\.com/|\bskimlinks\.js\b|\bskimlinks_(?:pub_id|tracking)\b", re.IGNORECASE),
    "Sovrn (VigLink)": re.compile(r"viglink\.com/|\bvglnk\b|\bvglnk_\w+", re.IGNORECASE),
    "Digidip": re.compile(r"\bdigidip\.net/", re.IGNORECASE),
    "Metapic": re.compile(r"\bmetapic\.(?:com|se)/|\bmtpc\.se/", re.IGNORECASE),
    "Yieldkit": re.compile(r"\bsrvtrck\.com/|\byieldkit\.com/", re.IGNORECASE),
    "Geniuslink": re.compile(
        r"\bgenius(?:link)?(?:cdn)?\.com/[^\s'\"]{0,200}?snippet|\bgeni\.us/snippet|\bgeorainbow\b", re.IGNORECASE
    ),
    "Howl (Narrativ)": re.compile(r"\bnarrativ\.com/|\bstatic\.nrtv\b|\bshop-links\.co/link\.js", re.IGNORECASE),
}
_AMP_REWRITERS = {
    "amp-skimlinks": "Skimlinks",
    "amp-smartlinks": "Howl (Narrativ)",
    "amp-link-rewriter": "a link rewriter",
}
_AWIN = re.compile(r"\bdwin[12]\.com/", re.IGNORECASE)
AWIN = "Awin's MasterTag"

_REMEMBERED = 4000  # characters of an address that is remembered from page to page

# Where no shop is: links to these are never turned into paid ones.
_NO_SHOPS = re.compile(
    r"(?:^|\.)(?:wikipedia\.org|wikimedia\.org|youtube\.com|youtu\.be|facebook\.com|instagram\.com|twitter\.com|x\.com|tiktok\.com"
    r"|pinterest\.\w+|linkedin\.com|reddit\.com|threads\.net|bsky\.app|whatsapp\.com|wa\.me|t\.me|telegram\.me|google\.\w+|apple\.news"
    r"|flipboard\.com|github\.com|archive\.org|doi\.org|gov|edu|mil|gov\.\w\w|ac\.uk|nhs\.uk|europa\.eu|who\.int|bbc\.co\.uk|reuters\.com)$"
)


@dataclass(frozen=True, slots=True, eq=False)
class PaidLink:
    """`number` counts from 1 in document order. `network` and `target` are None where the link does not say them; `how` is what
    it was known by. `leads` is where a link of ours is known to lead."""

    number: int
    place: Place
    href: str
    how: str
    network: str | None = None
    target: str | None = None
    leads: str | None = None

    @property
    def where(self) -> str:
        return f"paid link {self.number}: {self.href[:120]}"

    @property
    def is_ours(self) -> bool:
        return self.how == OURS

    @property
    def is_unknown(self) -> bool:
        """Whether nobody said where it leads: a short link, or one of ours that was not looked up."""
        is_bare = self.how in (OURS, SPONSORED) or self.network == "geniuslink"
        return is_bare and self.leads is None and marketplace(self.href) is None

    @property
    def marketplace(self) -> str | None:
        """The Amazon shop that it is known to lead to (amazon.co.uk), "amazon" for a short link, None for another place."""
        for address in (self.href, self.leads, self.target):
            if address and (there := marketplace(address)):
                return there
        return "amazon" if self.network == "amazon" or host_of(self.leads or "") in AMAZON_SHORT else None


class Reader:
    """Says which links of a page are paid. `own` is the page's own registrable domain, "" where nobody said it; `leads_to` tells
    where a link of ours leads, None where it is not ours or not known."""

    def __init__(self, own: str, leads_to: Callable[[str], str | None] | None) -> None:
        self._own = own
        self._leads_to = leads_to or (lambda _href: None)

    def paid(self, place: Place) -> PaidLink | None:
        """The link of an element, numbered 0; None where nobody pays for it as far as markup shows."""
        for href in _addresses(place):
            if link := self._paid(place, href):
                return link
        return None

    def _paid(self, place: Place, href: str) -> PaidLink | None:
        rel = set(place.attrs.get("rel", "").lower().split())
        if self._is_ours(href, rel):
            return PaidLink(0, place, href, OURS, leads=self._leads_to(href))
        found = network_of(href)
        if found is not None:
            return PaidLink(0, place, href, NETWORK, *found)
        if "data-affiliate-placement" in place.attrs:  # one that stands in the page as it is leads where it says
            return PaidLink(0, place, href, OURS, leads=self._leads_to(href) or (href if host_of(href) else None))
        if "sponsored" in rel:
            return PaidLink(0, place, href, SPONSORED)
        leads = self._leads_to(href) if href.startswith(("/", "http")) else None
        return PaidLink(0, place, href, OURS, leads=leads) if leads else None

    def _is_ours(self, href: str, rel: set[str]) -> bool:
        if href.startswith("/go/") or is_placement_token(re.split(r"[?#]", href.rpartition("/-")[2])[0]):
            return True
        host = host_of("https:" + href if href.startswith("//") else href)
        if host is None:
            return not href.startswith(("#", "mailto:", "tel:")) and bool(
                rel & {"sponsored", "nofollow"} and _CLOAKED.match(_path(href))
            )
        path = _path(href)
        is_own = bool(self._own) and registrable_domain(host) == self._own
        if path.startswith("/go/") and len(path) > len("/go/"):
            return is_own or bool(rel & {"sponsored", "nofollow"})
        return is_own and bool(rel & {"sponsored", "nofollow"}) and bool(_CLOAKED.match(path))

    def is_outbound(self, place: Place) -> bool:
        """Whether a link leads to another site that may be a shop."""
        href = as_browsers_read(place.attrs.get("href", ""))
        host = host_of("https:" + href if href.startswith("//") else href)
        if host is None or _NO_SHOPS.search(host):
            return False
        return not self._own or registrable_domain(host) != self._own


def network_of(href: str) -> tuple[str, str | None] | None:
    """The network whose link an address is, and the target that it carries; None for no network's."""
    return _network_of(href) if len(href) <= _REMEMBERED else _network_of.__wrapped__(href)


@lru_cache(maxsize=4096)
def _network_of(href: str) -> tuple[str, str | None] | None:
    address = "https:" + href if href.startswith("//") else href
    host = host_of(address)
    if host is None:
        return None
    if host in AMAZON_SHORT and len(_path(address)) > 1:
        return "amazon", None
    if (bare := host.removeprefix("www.")) in _OTHER_NETWORKS and len(_path(address)) > 1:
        return _OTHER_NETWORKS[bare], None
    try:
        found = inspect(address)
    except InvalidUrl:
        return None
    return (found.layers[0].network, found.target_url) if found.layers else None


def rewriters(scripts: Iterator[tuple[Place, str]]) -> tuple[tuple[str, ...], bool]:
    """The services whose scripts rewrite links, in the order of the page, and whether Awin's MasterTag is there, which may.
    `scripts` are elements with the text in them."""
    found: dict[str, None] = {}
    awin = False
    for place, text in scripts:
        if place.tag in _AMP_REWRITERS:
            found[_AMP_REWRITERS[place.tag]] = None
            continue
        said = (
            f"{place.attrs.get('src', '')} {place.attrs.get('href', '')} {place.attrs.get('custom-element', '')} {text}"
        )
        for service, signature in _REWRITERS.items():
            if service not in found and signature.search(said):
                found[service] = None
        awin = awin or bool(_AWIN.search(said))
    return tuple(found), awin


def _addresses(place: Place) -> Iterator[str]:
    """Where an element leads when it is clicked."""
    attrs = place.attrs
    if place.tag in ("a", "area"):
        if href := attrs.get("href") or attrs.get("xlink:href"):
            yield as_browsers_read(href)
    elif place.tag == "form" and "action" in attrs:
        yield as_browsers_read(attrs["action"])
    elif place.tag == "button" and "formaction" in attrs:
        yield as_browsers_read(attrs["formaction"])
    for name in ("data-href", "data-url", "data-link"):
        if attrs.get(name, "").startswith(("http", "//", "/go/")):
            yield as_browsers_read(attrs[name])
    if "onclick" in attrs:
        yield from _ADDRESS.findall(attrs["onclick"][:4000])


def _path(href: str) -> str:
    try:
        return urlsplit(href).path or ("/" if href.startswith("http") else "")
    except ValueError:
        return ""
