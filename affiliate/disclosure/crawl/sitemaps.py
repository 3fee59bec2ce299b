"""Lists of a site's pages that machines read: sitemaps (XML, text, packed), indexes of them, RSS and Atom feeds.

The libraries for it fetch by themselves, a whole tree at a time; a walk that can be killed reads one file after another.
"""

import gzip
import io
import zlib
from dataclasses import dataclass
from itertools import islice
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from affiliate.errors import UnreadableFile

LARGEST = 52_428_800  # bytes unpacked, as sitemaps.org/protocol.html has it, and so many addresses
_MOST = 50_000
_LISTS = {"url": "pages", "sitemap": "sitemaps", "item": "pages", "entry": "pages"}


@dataclass(frozen=True, slots=True)
class Listed:
    """The addresses as they stand there, the newest first where days are given. `is_feed` for RSS and Atom."""

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...] = ()
    is_feed: bool = False


def read(content: bytes, name: str) -> Listed:
    """The addresses in a sitemap or a feed, at most 50,000; of one that is broken off, those before. UnreadableFile for other
    XML, one with a document type that has entities, and one of more than 50 MB unpacked."""
    unpacked = _unpacked(content, name)
    start = unpacked[:1000].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if start.startswith(b"<"):
        return _of_xml(unpacked.lstrip(), name)
    lines = (line.strip() for line in io.TextIOWrapper(io.BytesIO(unpacked), "utf-8", "replace"))
    return Listed(tuple(islice((line for line in lines if line.startswith(("http://", "https://"))), _MOST)))


def _unpacked(content: bytes, name: str) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        unpacked = gzip.GzipFile(fileobj=io.BytesIO(content)).read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise UnreadableFile(name, "it is packed, and damaged.") from problem
    if len(unpacked) > LARGEST:
        raise UnreadableFile(name, f"it is larger than {LARGEST:,} bytes when it is unpacked.")
    return unpacked


def _of_xml(content: bytes, name: str) -> Listed:
    found: dict[str, list[tuple[str, str]]] = {"pages": [], "sitemaps": []}
    root = ""
    around: list[Element] = []
    entry: Element | None = None  # the outermost that is open
    try:
        for event, element in iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=False):
            tag = _tag(element)
            root = root or tag
            if event == "start":
                around.append(element)
                entry = element if entry is None and tag in _LISTS else entry
                continue
            around.pop()
            if entry is not None and element is entry:
                found[_LISTS[tag]].append(_entry(entry))
                entry = None
                if sum(map(len, found.values())) >= _MOST:
                    break
            if entry is None and around:
                around[-1].clear()  # what is read is let go: 50 MB of empty elements would be gigabytes
    except DefusedXmlException as problem:
        raise UnreadableFile(name, "it defines entities, which no sitemap needs.") from problem
    except (ParseError, ValueError, LookupError) as problem:
        if not any(found.values()):
            raise UnreadableFile(name, "it is no well-formed XML.") from problem
    if root not in ("urlset", "sitemapindex", "rss", "feed", "rdf"):
        raise UnreadableFile(name, f"it is neither a sitemap nor a feed (<{root[:40]}>).")
    pages, sitemaps = (
        tuple(url for url, _ in sorted(found[part], key=lambda entry: entry[1], reverse=True) if url)
        for part in ("pages", "sitemaps")
    )
    return Listed(pages, sitemaps, is_feed=root in ("rss", "feed", "rdf"))


def _entry(element: Element) -> tuple[str, str]:
    """(address, day). Only children in the element's own namespace: pictures and videos have a `loc` too."""
    url = day = ""
    space = element.tag.rpartition("}")[0]
    for child in element:
        if child.tag.rpartition("}")[0] != space:
            continue
        tag, text = _tag(child), (child.text or "").strip()
        if tag == "loc" or (tag == "link" and child.get("rel", "alternate") == "alternate"):
            url = url or text or (child.get("href") or "").strip()
        elif tag == "lastmod":
            day = text
    return url, day


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()
