"""Adtraction's links: `/t/t?a=AD&as=CHANNEL&t=2&tk=1&epi=…&url=…`, on its own hosts and on advertisers'."""

from affiliate.networks.base import Layer
from affiliate.networks.carried import is_on, path_of
from affiliate.networks.shapes import QueryLinks

KEY = "adtraction"
HOSTS = ("track.adtraction.com",)
LINKS = QueryLinks(
    KEY,
    publisher=("as",),
    advertiser=("a",),
    target=("url",),
    sub_ids=("epi", "epi2"),
    base="https://track.adtraction.com/t/t?t=2&tk=1",
    built=("as", "a", "epi", "url"),
)


def take_apart(url: str) -> Layer | None:
    """On advertisers' hosts by its path and its two numbers."""
    if path_of(url).rstrip("/").lower() != "/t/t":
        return None
    layer = LINKS.take_apart(url)
    if layer is None or is_on(url, *HOSTS):
        return layer
    ids = (layer.publisher_id, layer.advertiser_id)
    return layer if all(part and part.isdecimal() for part in ids) else None
