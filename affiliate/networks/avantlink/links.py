"""AvantLink's links: `click.php?tt=cl&mi=ADVERTISER&pw=SITE&ctc=…&url=…`, with short or long names.

A tool's link (`tt=ml`) names no advertiser but the tool: `tool:…`.
"""

from dataclasses import replace

from affiliate.networks.base import Layer
from affiliate.networks.carried import Query
from affiliate.networks.shapes import QueryLinks

KEY = "avantlink"
HOSTS = ("avantlink.com", "avantlink.ca", "snp.link", "alnk.to")
LINKS = QueryLinks(
    KEY,
    publisher=("pw", "website_id"),
    advertiser=("mi", "merchant_id"),
    target=("url",),
    sub_ids=("ctc",),
    path="/click\\.php",
    short_hosts=("snp.link", "alnk.to"),
    base="https://www.avantlink.com/click.php?tt=cl",
    built=("pw", "mi", "ctc", "url"),
    longest_sub_id=64,  # fmtc.atlassian.net; letters, digits, dot, blank, hyphen, underscore
)


def take_apart(url: str) -> Layer | None:
    layer = LINKS.take_apart(url)
    if layer is None or layer.advertiser_id or layer.note:
        return layer
    tool = Query.of(url).first("ti", "tool_id")
    return replace(layer, advertiser_id=f"tool:{tool}") if tool else layer
