"""Webgains' links: `track.webgains.com/click.html?wgcampaignid=…&wgprogramid=…&clickref=…&wgtarget=…`.

`wgcampaignid` is the publisher's site, not the account. `wgtarget` comes last, raw or encoded.
"""

from affiliate.networks.shapes import QueryLinks

KEY = "webgains"
HOSTS = ("track.webgains.com",)
LINKS = QueryLinks(
    KEY,
    publisher=("wgcampaignid",),
    advertiser=("wgprogramid",),
    target=("wgtarget",),
    sub_ids=("clickref",),
    base="https://track.webgains.com/click.html",
    built=("wgcampaignid", "wgprogramid", "clickref", "wgtarget"),
)
