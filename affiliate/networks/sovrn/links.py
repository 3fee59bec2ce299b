"""Sovrn's links: `redirect.viglink.com/?key=…&u=…&cuid=…`. `cuid` is our sub-id; `subId` is another field.

Where Sovrn has no programme it sends the reader to the plain address: wrapped does not mean monetised.
"""

from affiliate.networks.shapes import QueryLinks

KEY = "sovrn"
HOSTS = ("redirect.viglink.com", "api.viglink.com", "apicdn.viglink.com", "sovrn.co")
LINKS = QueryLinks(
    KEY,
    publisher=("key",),
    target=("u", "out", "ourl"),  # the last two are of old
    sub_ids=("cuid",),
    short_hosts=("sovrn.co",),
    base="https://redirect.viglink.com/",
    built=("key", "", "cuid", "u"),
    longest_sub_id=32,  # the old documentation; the current one says 2048
)
