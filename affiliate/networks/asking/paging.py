"""Going through a network's pages: none left out unnoticed, and an end in any case.

Reports are live: rows come and go while they are paged through, totals change, and servers send a page twice. What came
twice does no harm, since a transaction is booked once; what never came would be money that nobody looks for, so a window
whose pages do not add up fails whole and is asked for again.
"""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from affiliate.errors import UnreadableFile
from affiliate.networks.asking.api import Page
from affiliate.networks.reading.rows import json_document, records_at


class Sheet(NamedTuple):
    """One page as it was read: its records, where the next one begins (None after the last), how many records the network
    says there are in all, None where it does not say."""

    content: bytes
    records: Sequence[object]
    following: str | None
    total: int | None = None


def every_page(report: str, first: str, fetch: Callable[[str], Sheet]) -> Iterator[Page]:
    """The pages from `first` on, in order; one that holds nothing new is left out.

    UnreadableFile where pages go round in a circle or come again and again, where one came twice and no total tells
    whether another was lost for it, and where fewer different records came than the network told of on every page (totals
    that shrink or grow while we read are normal: the least one counts).
    """
    seen: set[bytes] = set()
    asked: set[str] = set()
    totals: list[int] = []
    largest = 0  # records of a page; by it pages are counted, for the progress that is shown
    repeated = 0  # pages without anything new, one after the other
    place: str | None = first
    while place is not None:
        if place in asked:
            raise UnreadableFile(report, "its pages go round in a circle, so their end would never come.")
        asked.add(place)
        sheet = fetch(place)
        totals += [] if sheet.total is None else [sheet.total]
        fresh = set(map(_mark, sheet.records)) - seen
        repeated = repeated + 1 if sheet.records and not fresh else 0
        if repeated and (not totals or repeated > 1):
            raise UnreadableFile(report, "its pages repeat themselves, so nothing tells whether one is missing.")
        if fresh or not seen:
            seen |= fresh
            largest = max(largest, len(sheet.records))
            yield Page(sheet.content, -(-sheet.total // largest) if sheet.total and largest else None)
        place = sheet.following
    if totals and len(seen) < min(totals):
        raise UnreadableFile(report, f"it tells of {min(totals)} records but only {len(seen)} came.")


def json_page(content: bytes, report: str, *path: str) -> tuple[Any, list[object]]:
    """A page as (document, its records at the path); UnreadableFile where it is broken or none of this report's."""
    document = json_document(io.BytesIO(content), report)
    return document, [record for _, record in records_at(document, report, *path)]


def told(document: object, *path: str) -> object:
    """What a document says at a path of names, None where it has no such thing."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def whole_number(value: object) -> int | None:
    """A count as networks write it, 12 or "12"; None for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() else None


def on_same_host(base_url: str, address: object) -> str | None:
    """The address of a next page, taken to our host: credentials follow no link that leads elsewhere. None for none."""
    if not isinstance(address, str) or not address:
        return None
    parts = urlsplit(address)
    return f"{base_url}/{parts.path.lstrip('/')}" + (f"?{parts.query}" if parts.query else "")


def _mark(record: object) -> bytes:
    return hashlib.blake2b(repr(record).encode("utf-8", "surrogatepass"), digest_size=16).digest()
