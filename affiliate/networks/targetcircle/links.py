"""TargetCircle's links: `/?a=AD&i=INVENTORY&r=…`, of old `/CODE?ref1=…&r=…`. The inventory is ours; the ad's code names no
advertiser: a programme needs it as its parameter `a`."""

import re
from dataclasses import replace

from affiliate.networks.base import Layer
from affiliate.networks.carried import path_of
from affiliate.networks.shapes import QueryLinks

HOSTS = ("c.trackmytarget.com",)
LINKS = QueryLinks(
    "targetcircle",
    publisher=("i",),
    target=("r",),
    sub_ids=("ref1", "click_id"),
    base="https://c.trackmytarget.com/",
    needs={"a": "a"},
    built=("i", "", "click_id", "r"),
)
_CODE = re.compile(r"/([a-z0-9]+)/?")


def take_apart(url: str) -> Layer | None:
    layer, found = LINKS.take_apart(url), _CODE.fullmatch(path_of(url))
    return replace(layer, publisher_id=found.group(1)) if layer and found else layer
