"""Admitad's links: `/g/CODE/?subid=…&ulp=…`, of old `/goto/CODE/`, on hosts that change. The code fuses the publisher's site and
the programme: `gotolink:…`."""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, is_on, path_of
from affiliate.networks.shapes import needed
from affiliate.urls import encode

KEY = "admitad"
HOSTS = (
    "ad.admitad.com",
    "rzekl.com",
    "alitems.com",
    "alitems.site",
    "aflink.ru",
    "allgrad.site",
    "bednari.com",
    "dhwnh.com",
    "iytlj.com",
    "kjuzv.com",
    "lenkmio.com",
    "modato.ru",
    "pafutos.com",
    "tjzuh.com",
    "xpuvo.com",
)
_CLICK = re.compile(r"/(?:g|goto)/([0-9a-z]+)/?", re.IGNORECASE)
_CODE = re.compile(r"[0-9a-z]{30}", re.IGNORECASE)  # the length of all codes seen; where only the shape tells
_SUB_IDS = ("subid", "subid1", "subid2", "subid3", "subid4")


def take_apart(url: str) -> Layer | None:
    found, ours = _CLICK.fullmatch(path_of(url)), is_on(url, *HOSTS)
    if found is None and not ours:
        return None
    code, query = found and found.group(1), Query.of(url, "ulp")
    if not ours and not (query.target and code and _CODE.fullmatch(code)):
        return None
    return Layer(KEY, url, code and f"gotolink:{code}", sub_ids=query.named(*_SUB_IDS), target=query.target)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """Needs the programme's parameter `gotolink`, the code of our site and the programme, which Admitad shows."""
    click = f"https://ad.admitad.com/g/{encode(needed(KEY, terms, 'gotolink').removeprefix('gotolink:'))}/"
    after = f"ulp={encode(target_url)}"
    return DeepLink(f"{click}?subid=", f"&{after}", bare=f"{click}?{after}")
