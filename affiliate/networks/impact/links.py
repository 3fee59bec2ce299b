"""impact's links: `/c/PARTNER/AD/PROGRAMME` on any host.

Advertisers put impact on hosts of their own; one public list has 805 of them and is not complete, so the path decides.
"""

import re

from affiliate.errors import CannotBuild, InvalidUrl
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, is_on, path_of
from affiliate.networks.shapes import SHORT_LINK
from affiliate.urls import encode, host_of, parse_web_url

KEY = "impact"
SHORT_CODE = "its code stands for publisher and programme: only a request would tell them"
LONGEST_SUB_ID = 255  # documented for the shared id; not stated for subId1 to 3

# fmt: off
# For short links alone, which no path tells: those of links and lists in public code. One list has 805 and is not complete.
HOSTS = (
    "pxf.io", "sjv.io", "7eer.net", "evyy.net", "pvxt.net", "ojrq.net", "bbgqo9.net", "tm7559.net", "rrmo.net", "7cnq.net",
    "oaccss.net", "ngi2ba.net", "7tiv.net", "goto.walmart.com", "goto.target.com", "2gl34e.net", "trw6mw.net", "snlv.net",
    "dfjeo3.net", "7zd4df.net", "o64jx9.net", "ilbqy6.net", "owjezm.net", "r69o.net", "i8epma.net", "tv2h87.net", "f6rcao.net",
    "8zwg.net", "rvgu.net", "tod8mp.net", "lmwjx3.net", "z6rjha.net", "tm7566.net", "4emhls.net", "briy.net",
)
# fmt: on
_NUMBERED = re.compile(r"imp\.i\d{5,7}\.net")  # imp.i146998.net and its like, one for each advertiser
_CLICK = re.compile(r"/c/(\d+)/(\d+)/(\d+)/?", re.IGNORECASE)
_DAY = re.compile(r"/c/(?:19|20)\d\d/(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/?", re.IGNORECASE)  # of an archive
_VIEW = re.compile(r"/i/(\d+)/(\d+)/(\d+)/?")
_SHORT = re.compile(r"/[A-Za-z0-9]{6}/?")
_SUB_IDS = ("subid1", "subid2", "subid3", "sharedid")


def take_apart(url: str) -> Layer | None:
    path = path_of(url)
    if (found := _CLICK.fullmatch(path)) and (is_on(url, *HOSTS) or not _DAY.fullmatch(path)):
        publisher, _ad, programme = found.groups()
        query = Query.of(url, "u", "url")
        return Layer(KEY, url, publisher, programme, query.named(*_SUB_IDS), query.target)
    if is_on(url, *HOSTS) or _NUMBERED.fullmatch(host_of(url) or ""):
        inside = Query.of(url, "return").target if is_on(url, "ojrq.net") else None
        note = "a picture that counts views, no link" if _VIEW.fullmatch(path) else SHORT_LINK
        return _hop(url, inside) if inside else _short(url) or Layer(KEY, url, note=note)
    return _short(url) if "ubid1=" in url.lower() and _SHORT.fullmatch(path) else None


def _short(url: str) -> Layer | None:
    """A short link takes a target and sub-ids too, and then shows these: `HOST/AbCdEf?subId1=…&u=…` (uBlock filters, privacy.txt,
    among the links that may be skipped)."""
    query = Query.of(url, "u", "url")
    if query.target is None:
        return None
    return Layer(KEY, url, sub_ids=query.named(*_SUB_IDS), target=query.target, note=SHORT_CODE)


def _hop(url: str, inside: str) -> Layer:
    """The cookie-sync hop has no ids of its own; they are those of the link that it carries."""
    link = take_apart(inside)
    if link is None:
        return Layer(KEY, url, target=inside)
    return Layer(KEY, url, link.publisher_id, link.advertiser_id, link.sub_ids, inside)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """Needs the programme's tracking host and ad id, which impact shows with every link that it makes."""
    host, ad = _needed(terms, "host"), _needed(terms, "ad_id")
    try:
        host = parse_web_url(f"https://{host.removeprefix('https://').rstrip('/')}").host
    except InvalidUrl as problem:
        raise CannotBuild(KEY, f"the programme's parameter host is {host!r}, which is no host.") from problem
    path = "/".join(encode(part) for part in (terms.publisher_ref, ad, terms.advertiser_ref))
    return DeepLink(f"https://{host}/c/{path}?subId1=", f"&u={encode(target_url)}", longest=LONGEST_SUB_ID)


def _needed(terms: Terms, name: str) -> str:
    if value := str(terms.parameters.get(name, "")).strip():
        return value
    raise CannotBuild(
        KEY,
        f"the programme's parameter {name} is missing; take it from a link of impact's own: https://HOST/c/PARTNER/AD_ID/PROGRAMME.",
    )
