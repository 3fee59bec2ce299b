"""Web addresses, as browsers understand them (WHATWG URL), kept byte for byte.

Parsing is used to judge an address, never to rewrite it: what is stored and sent is the text that was given.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from urllib.parse import quote, unquote

import can_ada
from publicsuffixlist import PublicSuffixList

from affiliate.errors import InvalidUrl

LONGEST = 8_000  # characters; above it proxies and browsers begin to cut (RFC 9110 §4.1 asks for at least 8000)

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f<>\"`\\\ud800-\udfff]")  # the last: halves of a character, which no text holds

_ROUTE = re.compile(r"#(?:!|/)")  # what scripts of single-page shops read as a path
_ENCODED = re.compile(r"%[0-9a-fA-F]{2}")

_ODD_BEGINNING = re.compile(r"https?:(?!//[^/])|///", re.IGNORECASE)

# Parameters that only say how the visitor came, whatever the shop. Sources: the vendors' own documentation of click ids (Google:
# gclid, gbraid, wbraid, dclid, gad_*, srsltid; Meta: fbclid, igsh*; Microsoft: msclkid; TikTok, X, Pinterest: epik; Reddit: rdt_cid;
# LinkedIn: li_fat_id; Outbrain: dicbo; Yandex) and of campaign parameters (utm_*: Google Analytics; mtm_*, pk_*, piwik_*: Matomo;
# mc_*: Mailchimp; hsa_*, _hs*: HubSpot; s_kwcid, ef_id: Adobe; wt_mc: Webtrekk; mkt_tok: Marketo; vero_*, oly_*, ml_*), the lists of
# ClearURLs and of Firefox's query stripping; landing click ids of networks: awc, sv_* (Awin), cjevent, cjdata (CJ), irclickid,
# irgwc, im_ref (impact.com), ranMID and its like (Rakuten), sscid (ShareASale), tduid (Tradedoubler), clickref (Partnerize), and
# Admitad's admitad_uid, tagtag_uid.
_TRACKING = re.compile(
    r"utm_[a-z0-9_]+|gclid|gclsrc|gbraid|wbraid|dclid|gad_source|gad_campaignid|srsltid|_ga|_gl|fbclid|fb_action_(?:ids|types)"
    r"|fb_(?:source|ref)|igshid|igsh|msclkid|ttclid|twclid|__twitter_impression|epik|rdt_cid|li_fat_id|dicbo|yclid|ysclid|_openstat"
    r"|(?:mtm|pk|piwik)_(?:campaign|kwd|keyword|source|medium|content|cid|group|placement)|mc_(?:cid|eid|tc)|hsa_[a-z]+|_hsenc|_hsmi"
    r"|__hs(?:fp|sc|tc)|hsctatracking|s_kwcid|ef_id|wt_z?mc|mkt_tok|vero_(?:id|conv)|oly_(?:anon|enc)_id|ml_subscriber(?:_hash)?"
    r"|rb_clickid|wickedid|_branch_(?:match_id|referrer)"
    r"|awc|sv_(?:campaign_id|affiliate_id|tax\d)|cjevent|cjdata|irclickid|irgwc|im_ref|ranmid|raneaid|ransiteid|sscid|tduid|clickref"
    r"|admitad_uid|tagtag_uid",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WebUrl:
    """An http(s) address that may be stored: `text` is verbatim, `host` is lower-case ASCII without port."""

    text: str
    host: str
    path: str


def parse_web_url(text: str) -> WebUrl:
    """Judges a pasted address. InvalidUrl unless it is absolute, http or https, with a host, without user-info,
    control characters, blanks or quotes, and at most 8,000 characters long. Outer white space is dropped."""
    url = text.strip()
    if not url:
        raise InvalidUrl(text, "it is empty.")
    if len(url) > LONGEST:
        raise InvalidUrl(url, f"it is longer than {LONGEST} characters.")
    if found := _FORBIDDEN.search(url):
        raise InvalidUrl(url, f"it contains {found.group()!r}, which must be percent-encoded.")
    try:
        parsed = can_ada.parse(url)
    except ValueError as problem:
        raise InvalidUrl(url, "it is no web address; it should begin with https:// and a host.") from problem
    if parsed.protocol not in ("https:", "http:"):
        raise InvalidUrl(url, f"{parsed.protocol} addresses are not allowed; only https and http are.")
    if not re.match(r"https?://", url, re.IGNORECASE):
        raise InvalidUrl(url, "it should begin with https:// and a host.")
    if parsed.username or parsed.password:
        raise InvalidUrl(url, "it carries a user name or password.")
    host = parsed.hostname.rstrip(".")
    if "." not in host and not host.startswith("["):
        raise InvalidUrl(url, f"{host!r} is no public host.")
    return WebUrl(url, host, parsed.pathname)


def as_browsers_read(href: str) -> str:
    """An href as a browser goes to it: outer blanks dropped; an http(s) or `//` address with line breaks, blanks, quotes
    or backslashes in it, or without its slashes, as the browser repairs it. All other addresses verbatim."""
    text = href.strip("\t\n\f\r ")
    if not _FORBIDDEN.search(text) and not _ODD_BEGINNING.match(text):
        return text
    try:
        parsed = can_ada.parse("https:" + text if text[:1] in ("/", "\\") else text)
    except (ValueError, TypeError):
        return text
    rooted = text[:1] in ("/", "\\") and text[1:2] not in ("/", "\\")
    return text if rooted or parsed.protocol not in ("https:", "http:") else str(parsed.href)


@lru_cache(maxsize=64)  # one link's host is asked for ten times while it is taken apart
def host_of(text: str) -> str | None:
    """The lower-case ASCII host of an absolute http(s) URL, without port, or None for anything else."""
    try:
        parsed = can_ada.parse(text.strip())
    except (ValueError, TypeError):  # the second for half a character
        return None
    if parsed.protocol not in ("https:", "http:"):
        return None
    return parsed.hostname.rstrip(".") or None


def normalise_host(text: str) -> str:
    """A host as typed by a person (any case, with or without scheme, path or www) in stored form; `www.` is kept off.

    InvalidUrl where there is no public host in it.
    """
    candidate = text.strip()
    if "://" not in candidate:
        candidate = f"https://{candidate}"
    return without_www(parse_web_url(candidate).host)


def without_www(host: str) -> str:
    """A lower-case host without `www.`; `www.example`, where nothing but a top-level domain would be left, stays."""
    return host[4:] if host.startswith("www.") and "." in host[4:] else host


@lru_cache(maxsize=1024)  # every redirect asks, and a node has few hosts
def host_key(host: str) -> str:
    """A host as a request or an address names it, in the form in which a site's hosts are stored (`normalise_host`): lower
    case, ASCII, without port, final dot and `www.`. At most 255 characters. Never raises: what is no host stays as it is and
    is then nobody's."""
    return without_www(without_port(host if host.isascii() else _as_ascii(host)))


def without_port(host: str) -> str:
    """Host, or host and port, in lower case without port and final dot; at most 255 characters."""
    name = host.lower()
    if name.startswith("["):
        return (name.partition("]")[0] + "]")[:255]
    return name.partition(":")[0].rstrip(".")[:255]


def _as_ascii(host: str) -> str:
    """An internationalised host, with or without port, with its name as punycode. WSGI hands the bytes of a header over as
    Latin-1."""
    with suppress(UnicodeError):  # it is text already
        host = host.encode("latin-1").decode()
    try:
        return str(can_ada.parse(f"https://{host}").host)
    except (ValueError, TypeError):
        return host


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def registrable_domain(host: str) -> str:
    """The part of a host that somebody registered (shop.example.co.uk → example.co.uk); the host itself if unknown."""
    return str(_suffixes().privatesuffix(host) or host)


def host_and_parents(host: str) -> list[str]:
    """The host without www., then each parent down to the registrable domain: most specific first."""
    host = without_www(host)
    lowest = registrable_domain(host)
    hosts = [host]
    while host != lowest and "." in host:
        host = host.partition(".")[2]
        hosts.append(host)
    return hosts


def split_query(url: str) -> tuple[str, str | None, str]:
    """(before the `?`, raw query or None, fragment with its `#` or ""), verbatim: joining them gives the input back."""
    rest, mark, fragment = url.partition("#")
    path, question, query = rest.partition("?")
    return path, query if question else None, mark + fragment


def drop_parameters(url: str, unwanted: re.Pattern[str]) -> str:
    """The URL without the query parameters whose name, decoded, matches `unwanted` in full; every other byte stays."""
    path, query, fragment = split_query(url)
    if query is None:
        return url
    kept = [pair for pair in query.split("&") if not unwanted.fullmatch(unquote(pair.partition("=")[0]))]
    return path + ("?" + "&".join(kept) if "&".join(kept) else "") + fragment


def without_tracking(url: str) -> str:
    """The URL without the parameters that only say how a visitor came; what selects the product is never touched."""
    return drop_parameters(url, _TRACKING)


def encode(text: str) -> str:
    """Percent-encodes all but unreserved characters (RFC 3986 §2.3), as a query value or a path segment needs it."""
    return quote(text, safe="")


def identity(url: str) -> str:
    """The form in which two addresses are equal if, and only if, one link may serve both: what a browser makes of them
    (WHATWG URL), with http taken for https where no port is named, because a link's https replaces its http.

    Fragment, path, query, www. and a slash at the end all count: what differs in one of them may be another page.
    For comparing only, never sent anywhere. What is no address is its own identity.
    """
    parsed = _parsed(url)
    if parsed is None:
        return url
    return str(parsed.href if parsed.port else parsed.href.removeprefix(parsed.protocol))


def other_scheme(url: str) -> str | None:
    """The http form of an https address, or the other way about; None where these are not the same page."""
    begins, colon, rest = url.partition(":")
    other = {"https": "http", "http": "https"}.get(begins.lower(), "") + colon + rest
    return other if begins.lower() in ("http", "https") and identity(other) == identity(url) else None


def likeness(url: str) -> str:
    """The form in which addresses that often lead to the same page are equal: identity, with tracking, a place in the page,
    www., a slash at the end, the order of the parameters and the case of percent-encodings set aside. A fragment that a
    page's script reads as a path (#/…, #!…) counts. For proposing only: it decides nothing.
    """
    parsed = _parsed(without_tracking(url))
    if parsed is None:
        return url
    host = parsed.host.removeprefix("www.").replace(".:", ":").rstrip(".")
    query = "&".join(sorted(pair for pair in parsed.search.removeprefix("?").split("&") if pair))
    route = parsed.hash if _ROUTE.match(parsed.hash) else ""
    plain = f"{host}{parsed.pathname.rstrip('/')}?{query}{route}"
    return _ENCODED.sub(lambda found: found.group().upper(), plain)


def is_https(url: str) -> bool:
    return url[:6].lower() == "https:"


def digest(text: str) -> str:
    """A text of any length as an index holds it: SHA-256, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def _parsed(url: str) -> can_ada.URL | None:
    try:
        return can_ada.parse(url)
    except (ValueError, TypeError):  # the second for half a character
        return None
