"""ShareASale's links: `/r.cfm?b=BANNER&u=PUBLISHER&m=ADVERTISER&urllink=…&afftrack=…`, names in any case.

`urllink` is often empty and stands without a scheme. No new links are built.
"""

from affiliate.networks.shapes import QueryLinks

KEY = "shareasale"
HOSTS = ("shareasale.com", "shareasale-analytics.com", "shrsl.com")
LINKS = QueryLinks(
    KEY,
    publisher=("u",),
    advertiser=("m",),
    target=("urllink",),
    sub_ids=("afftrack",),
    short_hosts=("shrsl.com",),
)
