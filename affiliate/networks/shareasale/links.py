"""ShareASale's links: `/r.cfm?b=BANNER&u=PUBLISHER&m=ADVERTISER&urllink=…&afftrack=…`, names in any case; of a product
`/m-pr.cfm?merchantID=…&userID=…&productID=…`.

`urllink` is often empty and stands without a scheme. No new links are built.
"""

from affiliate.networks.shapes import QueryLinks

KEY = "shareasale"
HOSTS = ("shareasale.com", "shareasale-analytics.com", "shrsl.com")
LINKS = QueryLinks(
    KEY,
    publisher=("u", "userid"),
    advertiser=("m", "merchantid"),
    target=("urllink",),
    sub_ids=("afftrack",),
    path=r"/(r|u|m-pr)\.cfm",
    short_hosts=("shrsl.com",),
)
