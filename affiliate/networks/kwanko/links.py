"""Kwanko's links: `trk.php?mclic=CODE&argsite=…&redir=…`, and the same code on hosts of advertisers, as `/?CODE&redir=…`. The
code fuses campaign and site: a programme needs it as its parameter `mclic`."""

import re

from affiliate.networks.base import Layer
from affiliate.networks.carried import Query, is_on, path_of
from affiliate.networks.shapes import QueryLinks
from affiliate.urls import split_query

HOSTS = ("action.metaffiliation.com",)
LINKS = QueryLinks(
    "kwanko",
    publisher=("mclic",),
    kind="mclic:",
    target=("redir",),
    sub_ids=("argsite",),
    base="https://action.metaffiliation.com/trk.php",
    needs={"mclic": "mclic"},
    built=("", "", "argsite", "redir"),
)
_CODE = re.compile(r"P[0-9A-F]{12,}")


def take_apart(url: str) -> Layer | None:
    if is_on(url, *HOSTS):
        return LINKS.take_apart(url)
    code = (split_query(url)[1] or "").partition("&")[0]
    if path_of(url) != "/" or not _CODE.fullmatch(code):
        return None
    query = Query.of(url, "redir")
    if not query.target:
        return None
    return Layer(LINKS.key, url, f"{LINKS.kind}{code}", sub_ids=query.named("argsite"), target=query.target)
