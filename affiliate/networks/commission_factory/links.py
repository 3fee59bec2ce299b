"""Commission Factory's links: `/PUBLISHER/t/PROGRAMME?UniqueId=…&Url=…`, with `b` and a banner's number, or `p` and a product's,
in the place of `t` and the programme's."""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, path_of
from affiliate.urls import encode

KEY = "commission-factory"
HOSTS = ("t.cfjump.com",)
_CLICK = re.compile(r"/(\d+)/([tbp])/(\d+)/?")


def take_apart(url: str) -> Layer:
    query = Query.of(url, "url")
    found = _CLICK.fullmatch(path_of(url))
    publisher, kind, number = found.groups() if found else (None, "", None)
    advertiser = {"t": number, "b": f"banner:{number}"}.get(kind)
    return Layer(KEY, url, publisher, advertiser, query.named("uniqueid"), query.target)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    click = f"https://t.cfjump.com/{encode(terms.publisher_ref)}/t/{encode(terms.advertiser_ref)}"
    target = f"Url={encode(target_url)}"
    return DeepLink(f"{click}?UniqueId=", f"&{target}", bare=f"{click}?{target}")
