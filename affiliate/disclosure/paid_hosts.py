"""Click hosts of networks whose links we cannot take apart yet. A link there earns somebody a commission, so readers must
be told; who earns it, and what it leads to, is not known.

Sources: links of these networks in public code and in their documentation.
"""

import re

from affiliate.urls import host_of

# fmt: off
_HOSTS = frozenset({
    "tidd.ly", "prf.hn", "skimresources.com", "redirectingat.com", "fave.co", "rover.ebay.com", "ebay.us", "amzn.to",
    "shareasale.com", "shareasale-analytics.com", "shrsl.com", "viglink.com", "sovrn.co", "clk.tradedoubler.com",
    "clkuk.tradedoubler.com", "track.webgains.com", "tc.tradetracker.net", "rzekl.com", "alitems.com",
    "ad.admitad.com", "track.flexlinks.com", "track.flexlinkspro.com", "fxo.co", "pav04trk.com", "pjtra.com",
    "gopjn.com", "pjatr.com", "pntra.com", "pntrs.com", "pntrac.com", "c.pepperjamnetwork.com", "avantlink.com",
    "avantlink.ca", "snp.link", "alnk.to", "track.adtraction.com", "ds1.nl", "lt45.net", "rkn3.net", "t.cfjump.com",
    "digidip.net", "howl.me", "shop-links.co", "rd.connexity.net", "rd.shop.pricegrabber.com",
    "action.metaffiliation.com", "track.effiliation.com", "scripts.affiliatefuture.com", "track.omguk.com",
    "clk.omgt1.com", "clk.omgt4.com", "clk.omgt5.com", "clk.omgt6.com", "www1.belboon.de", "click.adrecord.com",
    "c.trackmytarget.com", "financeads.net", "tagserve.com", "ad.zanox.com", "being.successfultogether.co.uk",
    "partners.webmasterplan.com", "rstyle.me",
})
# fmt: on
_EBAY = re.compile(r"(?:.+\.)?ebay\.(?:[a-z]{2,3}|co\.uk|com\.[a-z]{2})")  # no click host: parameters on the page's own
_EBAY_CAMPAIGN = re.compile(r"[?&]campid=\d")


def leads_through_network(url: str) -> bool:
    """Whether an address is a paid link by its host alone (with eBay, by its campaign)."""
    host = host_of(url)
    if host is None:
        return False
    if _EBAY.fullmatch(host) and _EBAY_CAMPAIGN.search(url):
        return True
    labels = host.split(".")
    return any(".".join(labels[first:]) in _HOSTS for first in range(len(labels)))
