"""zanox's links: `/ppc/?CODE&ulp=[[target]]&zpar0=[[sub-id]]`. The brackets are part of the link; within them the target stands
raw, encoded, or relative to the advertiser's site. The code fuses ad and ad space; `zpar9` is the network's own."""

import re

from affiliate.networks.base import Layer
from affiliate.networks.carried import carried_url, decode_once
from affiliate.networks.shapes import QueryLinks
from affiliate.urls import split_query

CLOSED = "zanox was merged into Awin; its links no longer earn."
HOSTS = ("ad.zanox.com", "zanox-affiliate.de")
LINKS = QueryLinks("zanox")
_TARGET = re.compile(r"&ulp=(?:\[\[|(?:%(?:25)?5B){2})(.*?)(?:\]\]|(?:%(?:25)?5D){2})", re.IGNORECASE | re.DOTALL)
_SUB_ID = re.compile(r"&(zpar[0-8])=([^&]+)", re.IGNORECASE)
_CODE = re.compile(r"\d+C\d+T?")

# An advertiser's own redirector behind zanox, seen at toysrus.fr: it goes on to the page in `url`.
_REDIRECTOR = re.compile(r"https?://[^/?#]+/redirect_znx\.jsp\?url=(https?://.*?)&?", re.IGNORECASE | re.DOTALL)


def take_apart(url: str) -> Layer:
    path, query, fragment = split_query(url)
    code, _, _ = (query or "").partition("&")
    rest = f"{query or ''}{fragment}"  # a target in brackets may have a fragment of its own
    target = _TARGET.search(rest)
    outside = _TARGET.sub("", rest)
    sub_ids = {
        name: decode_once(value).removeprefix("[[").removesuffix("]]") for name, value in _SUB_ID.findall(outside)
    }
    is_click = path.lower().rstrip("/").endswith("/ppc")
    return Layer(
        LINKS.key,
        url,
        code if is_click and _CODE.fullmatch(code) else None,
        sub_ids=sub_ids,
        target=_page(target.group(1)) if target else None,
    )


def _page(raw: str) -> str | None:
    page = carried_url(raw)
    behind = _REDIRECTOR.fullmatch(page) if page else None
    return behind.group(1) if behind else page
