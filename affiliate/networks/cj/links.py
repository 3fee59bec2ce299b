"""CJ's links, on a dozen hosts: `/click-PID-AID?url=…` and `/links/PID/type/dlg/sid/SUBID/https://…`.

In the second form the target stands raw at the end, with its own `?` and `&`: whatever is appended to such a link goes
to the advertiser, so the sub-id stands before it.
"""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, behind_host, carried_at_end, decode_once, in_ascii, is_on, path_of
from affiliate.urls import encode

KEY = "cj"

# Lasso's list of hosts and that of a member-discount company, both in public code; the last two are redirect hops.
HOSTS = (
    "anrdoezrs.net",
    "dpbolvw.net",
    "jdoqocy.com",
    "kqzyfj.com",
    "tkqlhce.com",
    "qksrv.net",
    "ftjcfx.com",
    "lduhtrp.net",
    "tqlkg.com",
    "apmebf.com",
    "awltovhc.com",
    "mjbpab.com",
    "qksz.net",
    "emjcd.com",
    "cj.dotomi.com",
)
_CLICK = re.compile(r"/+click-(\d+)-(\d+)", re.IGNORECASE)
_LINKS = re.compile(r"/+links(?:-t)?/(\d+)/((?:(?!https?[:%])[^/?#]*/)*)(.*)", re.DOTALL | re.IGNORECASE)


# On hosts that no list has: the numbers of digits are those of all links seen (uBlock filters, privacy.txt, look for them too).
_SHAPE = re.compile(r"/(?:click-\d{6,9}-\d{8}/?$|links(?:-t)?/\d{6,9}/(?:type|sid)/)")


def take_apart(url: str) -> Layer | None:
    if not is_on(url, *HOSTS) and not _SHAPE.match(path_of(url)):
        return None
    if found := _LINKS.match(behind_host(url)):
        publisher, settings, tail = found.groups()
        return Layer(KEY, url, publisher, sub_ids=_sub_id(settings), target=carried_at_end(tail))
    query = Query.of(url, "url")
    if found := _CLICK.match(path_of(url)):
        publisher, ad = found.groups()
        return Layer(KEY, url, publisher, f"aid:{ad}", query.named("sid"), query.target)
    note = "its code stands for publisher and ad" if query.target else "a CJ host, but a form that is not known"
    return Layer(KEY, url, sub_ids=query.named("sid"), target=query.target, note=note)


def _sub_id(settings: str) -> dict[str, str]:
    """`settings` are pairs of segments: type/dlg/sid/SUBID/"""
    pairs = settings.split("/")
    named = dict(zip((name.lower() for name in pairs[::2]), pairs[1::2], strict=False))
    return {"sid": decode_once(named["sid"])} if named.get("sid") else {}


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """The form with the raw tail, which needs no ad id; with `ad_id` among the programme's parameters the other one.

    CJ documents no limit for a sub-id.
    """
    publisher = encode(terms.publisher_ref)
    if ad := terms.parameters.get("ad_id"):
        before = f"https://www.jdoqocy.com/click-{publisher}-{encode(ad)}?sid="
        return DeepLink(before, f"&url={encode(target_url)}")
    links, tail = f"https://www.anrdoezrs.net/links/{publisher}/type/dlg", f"/{in_ascii(target_url)}"
    return DeepLink(f"{links}/sid/", tail, bare=f"{links}{tail}")
