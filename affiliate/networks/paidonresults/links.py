"""Paid On Results' links: `/c/PUBLISHER/CREATIVE/ADVERTISER/SUB-ID/path/of/the/page`, with 0 where there is no sub-id."""

import re

from affiliate.networks.base import Layer
from affiliate.networks.carried import behind_host, carried_url, decode_once
from affiliate.networks.shapes import QueryLinks

HOSTS = ("paidonresults.net", "portgk.com")
LINKS = QueryLinks("paidonresults")
_CLICK = re.compile(r"/c/(\d+)/[^/?#]+/(\d+)(?:/([^/?#]*)(?:/(.*))?)?", re.DOTALL)


def take_apart(url: str) -> Layer | None:
    found = _CLICK.fullmatch(behind_host(url))
    if found is None:
        return None
    publisher, advertiser, sub_id, page = found.groups()
    sub_ids = {"sub_id": decode_once(sub_id)} if sub_id and sub_id != "0" else {}
    return Layer(LINKS.key, url, publisher, advertiser, sub_ids, carried_url(page or ""))
