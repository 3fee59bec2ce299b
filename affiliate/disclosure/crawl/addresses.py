"""Which addresses a walk takes: those of the site's own hosts, each in one form, and none that has no end or does something."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin

import can_ada

from affiliate.errors import InvalidUrl
from affiliate.urls import as_browsers_read, host_of, parse_web_url, split_query, without_tracking, without_www

LONGEST = 2_000  # characters; what sitemaps may hold is 2,048 (sitemaps.org/protocol.html)
_MOST_SEGMENTS = 16
_MOST_ALIKE_SEGMENTS = 3  # /a/b/a/b/a/b: a relative link that every page adds to its own address
_MOST_QUERIES = 20  # different queries of one path that links lead to: filters, sorting, calendars
_MOST_ALIKE = 300  # addresses of one form (/calendar/0/0) that links lead to; sitemaps and feeds may name more

_SESSION = re.compile(
    r"(?:php|asp|j|cf)?sess(?:ion)?_?(?:id|key)?|aspsessionid\w*|sid|cfid|cftoken|oscsid|zenid", re.IGNORECASE
)
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|sid|phpsessid)=[^/?;]*", re.IGNORECASE)

# Where somebody signs in, buys or changes something. Asking for one of these may do more than read.
_DOORS = frozenset(
    {
        "login",
        "log-in",
        "signin",
        "sign-in",
        "logout",
        "log-out",
        "signout",
        "sign-out",
        "signup",
        "sign-up",
        "register",
    }
    | {
        "wp-login.php",
        "wp-admin",
        "wp-json",
        "xmlrpc.php",
        "admin",
        "administrator",
        "account",
        "my-account",
        "password",
    }
    | {"cart", "basket", "checkout", "unsubscribe", "cgi-bin", "oauth", "sso", "delete", "edit"}
)
_DOING = frozenset(
    {
        "action",
        "add-to-cart",
        "add_to_cart",
        "replytocom",
        "logout",
        "delete",
        "unsubscribe",
        "share",
        "print",
        "preview",
    }
)
_FILES = frozenset(
    [
        "7z",
        "aac",
        "apk",
        "avi",
        "avif",
        "bmp",
        "bz2",
        "css",
        "csv",
        "dmg",
        "doc",
        "docx",
        "eot",
        "eps",
        "epub",
        "exe",
        "flac",
        "flv",
        "gif",
        "gz",
        "ico",
        "ics",
        "iso",
        "jar",
        "jpeg",
        "jpg",
        "js",
        "json",
        "m4a",
        "m4v",
        "map",
        "mjs",
        "mkv",
        "mov",
        "mp3",
        "mp4",
        "mpeg",
        "mpg",
        "msi",
        "odt",
        "ogg",
        "ogv",
        "otf",
        "pdf",
        "png",
        "ppt",
        "pptx",
        "ps",
        "rar",
        "rtf",
        "svg",
        "swf",
        "tar",
        "tgz",
        "tif",
        "tiff",
        "ttf",
        "txt",
        "vcf",
        "wav",
        "webm",
        "webmanifest",
        "webp",
        "wmv",
        "woff",
        "woff2",
        "xls",
        "xlsx",
        "zip",
    ]
)


def address(href: str, base: str) -> str | None:
    """Where a link leads, as it is fetched: absolute, as browsers write it, without fragment, click ids and session ids, its
    parameters in order. None for what cannot be one: no web
    address, one with a password, on no public host, or longer than 2,000 characters."""
    if len(href) > LONGEST:
        return None
    try:
        parsed = can_ada.parse(urljoin(base, as_browsers_read(href)))
    except (ValueError, TypeError):
        return None
    if parsed.protocol not in ("http:", "https:") or parsed.username or parsed.password or not parsed.hostname:
        return None
    path = _SESSION_IN_PATH.sub("", parsed.pathname)
    plain = without_tracking(f"{parsed.protocol}//{parsed.host}{path}{parsed.search}")
    before, _, query = plain.partition("?")
    kept = sorted(pair for pair in query.split("&") if pair and not _SESSION.fullmatch(_name(pair)))
    found = before + ("?" + "&".join(kept) if kept else "")
    try:
        return parse_web_url(found).text if len(found) <= LONGEST else None
    except InvalidUrl:
        return None


def key(url: str) -> str:
    """What two addresses of one page usually have in common: scheme, www., click ids, fragment and a closing slash set aside.
    Where that would make one page of two articles, the register tells them apart (`Register.key`). InvalidUrl as for any."""
    parsed = parse_web_url(without_tracking(url))
    before, query, _ = split_query(parsed.text)
    path = before.split("://", 1)[1].partition("/")[2].rstrip("/")
    return f"{parsed.host.removeprefix('www.')}/{path}" + (f"?{query}" if query else "")


def host(url: str) -> str:
    """Host and port ("" for none), without www."""
    parsed = can_ada.parse(url)
    return without_www(str(parsed.host))


def path_of(url: str) -> str:
    """The path without the query."""
    return "/" + "/".join(url.partition("?")[0].split("/")[3:])


def home(url: str) -> str:
    """The address that robots.txt and sitemap.xml stand below, without a slash at its end."""
    parsed = can_ada.parse(url)
    return f"{parsed.protocol}//{parsed.host}"


def refusal(url: str) -> str:
    """Why an address is not asked for whatever stands there, in words; "" if it may be."""
    path, _, query = url.partition("?")
    segments = [unquote(segment).lower() for segment in path.split("/")[3:] if segment]
    if any(segment in _DOORS for segment in segments):
        return "somebody signs in, buys or changes something there"
    if any(_name(pair).lower() in _DOING for pair in query.split("&")):
        return "its parameters do something"
    if segments and segments[-1].rpartition(".")[2] in _FILES and "." in segments[-1]:
        return "it is a file"
    if len(segments) > _MOST_SEGMENTS:
        return f"its path has more than {_MOST_SEGMENTS} parts"
    if any(count >= _MOST_ALIKE_SEGMENTS for count in Counter(segments).values()):
        return "its path repeats itself"
    return ""


@dataclass
class Traps:
    """What of a site has no end: calendars, filters. Counts the addresses that only links of pages led to, by their form."""

    forms: Counter[str] = field(default_factory=Counter)
    queries: Counter[str] = field(default_factory=Counter)

    def count(self, urls: Iterable[str]) -> None:
        """Takes note of addresses that were let in before."""
        for url in urls:
            self.refusal(url)

    def refusal(self, url: str) -> str:
        """Why no more addresses like this one are taken, in words; "" if it is let in, and counted."""
        path, question, query = url.partition("?")
        if question and self.queries[path] >= _MOST_QUERIES:
            return f"{_MOST_QUERIES} addresses that differ behind the ? are enough"
        form = f"{_form(path)}?{'&'.join(_name(pair) for pair in query.split('&'))}"
        if self.forms[form] >= _MOST_ALIKE and form != f"{path}?":
            return f"{_MOST_ALIKE} addresses of the form {_form(path)} are enough"
        self.forms[form] += 1
        self.queries[path] += bool(question)
        return ""


def is_ours(url: str, hosts: Iterable[str]) -> bool:
    return host(url) in hosts


def checked_start(text: str) -> str:
    """The address at which a walk begins, typed with or without https://; InvalidUrl for none."""
    typed = text.strip()
    parsed = parse_web_url(typed if "://" in typed else f"https://{typed}")
    return address(parsed.text, parsed.text) or parsed.text


def _form(path: str) -> str:
    """A path with its numbers as 0."""
    host_name = host_of(path) or ""
    return host_name + re.sub(r"\d+", "0", "/".join(["", *path.split("/")[3:]]))


def _name(pair: str) -> str:
    return unquote(pair.partition("=")[0])
