"""Addresses carried inside addresses: read as they stand and decoded once, never re-serialised.

A parser that decodes `+`, normalises escapes or decodes twice would change the advertiser's address, and a changed
address is a lost sale. So the raw query is read by hand.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Self
from urllib.parse import quote, unquote_to_bytes

from affiliate.urls import host_of, parse_web_url, split_query

_WEB = re.compile(r"https?:/", re.IGNORECASE)
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_PATH = re.compile(r"[a-z]+://[^/?#]*([^?#]*)", re.IGNORECASE)
_BEHIND_HOST = re.compile(r"[a-z]+://[^/?#]*(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"(?<=://)[^/?#]+")
_AMPERSAND = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+", re.IGNORECASE)


def as_address(text: str) -> str:
    """The address that was meant where it stands as HTML writes it (`&amp;`, `&#038;`); any other comes back as it is."""
    return _AMPERSAND.sub("&", text) if ";" in text else text


def decode_once(text: str) -> str:
    """One layer of percent-encoding off. `+` stays, a `%` that starts no escape stays, and so do escapes that are no
    UTF-8."""
    if "%" not in text:
        return text
    decoded = unquote_to_bytes(text).decode("utf-8", "surrogateescape")
    return _NOT_UTF8.sub(lambda found: f"%{ord(found.group()) - 0xDC00:02X}", decoded)


def carried_url(text: str) -> str | None:
    """The address in a value that was decoded once, or None for an empty one. Decoded again only while the value is
    no address but its decoding is (old Rakuten links are encoded twice)."""
    candidate = text
    while not _WEB.match(candidate):
        inner = decode_once(candidate)
        if inner == candidate:
            return text or None
        candidate = inner
    return candidate


def carried_at_end(raw: str) -> str | None:
    """The address at the end of a path, which stands there raw, with its own `?` and `&`, or encoded."""
    return raw if _WEB.match(raw) else carried_url(decode_once(raw))


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a tracking link: name in lower case → (name as it stands, value decoded once). Empty values
    are left out. `target` is the address that one of the asked names carries."""

    values: dict[str, tuple[str, str]]
    target: str | None = None

    @classmethod
    def of(cls, url: str, *target_names: str) -> Self:
        """Reads a link's query. Names compare without case (`u`/`U`, `subid1`/`subId1` are both in use).

        A target that stands there in clear with a `?` of its own reaches to the end of the link: what follows belongs
        to the advertiser, not to the network. One that stands in clear at the end takes the fragment along.
        """
        _, query, fragment = split_query(url)
        values: dict[str, tuple[str, str]] = {}
        pairs = query.split("&") if query else []
        for position, pair in enumerate(pairs, start=1):
            name, _, raw = pair.partition("=")
            if not raw:
                continue
            if "%" in name:
                name = decode_once(name)
            known = name.lower()
            if known in target_names and _WEB.match(raw) and ("?" in raw or position == len(pairs)):
                return cls(values, "&".join([raw, *pairs[position:]]) + fragment)
            if known not in values:
                values[known] = (name, decode_once(raw))
        found = cls(values)
        value = found.first(*target_names)
        return cls(values, carried_url(value) if value else None)

    def first(self, *names: str) -> str | None:
        """The value of the first of these (lower-case) names that has one."""
        for name in names:
            if name in self.values:
                return self.values[name][1]
        return None

    def named(self, *names: str) -> dict[str, str]:
        """The parameters of these (lower-case) names that have a value, under the name that stands in the link."""
        return dict([self.values[name] for name in names if name in self.values])


@lru_cache(maxsize=64)  # each network that knows links by their path asks for the same one
def path_of(url: str) -> str:
    """The raw path of an absolute address, without its query."""
    found = _PATH.match(url)
    return found.group(1) if found else ""


def behind_host(url: str) -> str:
    """All that follows the host, raw: path, query and fragment."""
    found = _BEHIND_HOST.match(url)
    return found.group(1) if found else ""


def is_on(url: str, *domains: str) -> bool:
    """Whether the address is on one of these hosts or below it."""
    host = host_of(url)
    return host is not None and f".{host}".endswith(_dotted(domains))


@cache
def _dotted(domains: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f".{domain}" for domain in domains)


def in_ascii(url: str) -> str:
    """The address as it may stand in a header: other characters percent-encoded as UTF-8, as browsers send them, the
    host in its ASCII form. An ASCII address comes back byte for byte."""
    if url.isascii():
        return url
    host = parse_web_url(url).host
    named = _HOST.sub(lambda found: found.group() if found.group().isascii() else host, url, count=1)
    return _NOT_ASCII.sub(lambda found: quote(found.group(), safe=""), named)
