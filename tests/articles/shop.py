"""A small world without a database: hosts under shop.example are paid, and every link becomes /go/<name>. Links to
direct.example are paid too and stay what they are."""

import re

from affiliate.articles.document import Anchor
from affiliate.articles.rewrite import Replacement
from affiliate.disclosure.block import Notice
from affiliate.disclosure.texts import disclosure_text

_TARGET = re.compile(r"https?://(?:www\.)?shop\.example/([a-z0-9]*)", re.IGNORECASE)
_OURS = re.compile(r"/go/[a-z0-9]+/-a0[0-9]{10}")


_DIRECT = re.compile(r"https?://direct\.example/([a-z0-9]*)", re.IGNORECASE)


def decide(url: str, anchor: Anchor) -> Replacement | None:
    if _OURS.fullmatch(url):
        return Replacement(placement=url.rpartition("-")[2])
    if found := _TARGET.match(url):
        token = f"a0{anchor.number:010d}"
        return Replacement(f"/go/{found[1] or 'shop'}/-{token}", token)
    if found := _DIRECT.match(url):
        token = f"a0{anchor.number:010d}"
        href = f"https://direct.example/{found[1]}?sub={token}"
        return Replacement(href, token, ping=f"/go/-/go/{found[1]}/-{token}")
    return None


def notice(jurisdiction: str = "uk", language: str = "en", *, product_led: bool = False) -> Notice:
    return Notice(disclosure_text(jurisdiction, language), product_led)
