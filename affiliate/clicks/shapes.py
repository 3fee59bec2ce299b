"""What the clicks of one shape have in common, looked up once: where they are booked and how they are judged.

A shape is the part of a journal record that many clicks share, as bytes. A loader meets some thousands of shapes and
millions of clicks; everything that costs a query or a parser is done here, a batch of new shapes at a time.
"""

import struct
from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from typing import TypeVar

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import client_of, judge
from affiliate.clicks.queries import Context, LinkFacts, Origin, PlacementFacts
from affiliate.redirect.records import PREFETCH, ClickRecord, Journalled

Row = TypeVar("Row", bound=tuple[object, ...])

MOST_KEPT = 200_000  # shapes; about 500 bytes each


class Shape:
    """`user_agent_id` is None while the string is not in the dictionary. `is_remembered`: a prefetch is not, lest it make
    the click that follows it a duplicate."""

    __slots__ = (
        "advertiser_id",
        "click_class",
        "context_id",
        "flags",
        "is_remembered",
        "link_id",
        "origin_id",
        "user_agent",
        "user_agent_id",
    )

    def __init__(self, record: ClickRecord, link: LinkFacts) -> None:
        self.link_id = record.link_id
        self.advertiser_id = link.advertiser_id
        self.flags = record.flags
        self.is_remembered = not record.flags & PREFETCH
        self.user_agent = record.user_agent
        self.user_agent_id: int | None = None
        self.click_class = judge(record.flags, client_of(record.user_agent).kind)
        self.context_id = self.origin_id = 0


class Shapes:
    """The shapes met so far. They stand on rows of the store: `clear` when those may have changed, or when the
    transaction that made some of them was rolled back."""

    def __init__(self) -> None:
        self._known: dict[bytes, Shape] = {}
        self._stamp: object = None

    def keep_while(self, stamp: object) -> None:
        """Clears the shapes unless the stamp is the one of the last time."""
        if stamp != self._stamp or len(self._known) > MOST_KEPT:
            self.clear()
        self._stamp = stamp

    def clear(self) -> None:
        self._known.clear()

    def get(self, key: bytes) -> Shape | None:
        """The shape of these bytes; None for one that cannot be booked (no such link, no readable text)."""
        return self._known.get(key)

    def learn(self, session: Session, records: Iterable[Journalled]) -> None:
        """Makes the shapes of these records known."""
        new = {record.shape: record for record in records if record.shape not in self._known}
        readable = {key: read for key, record in new.items() if (read := _read(record))}
        if readable:
            self._known |= _resolved(session, readable)

    def name(self, ids: Mapping[str, int]) -> None:
        """Says which user-agent strings are in the dictionary now."""
        for shape in self._known.values():
            shape.user_agent_id = ids.get(shape.user_agent, shape.user_agent_id)


def _read(journalled: Journalled) -> ClickRecord | None:
    try:
        return journalled.record()
    except (ValueError, struct.error):
        return None


def _resolved(session: Session, records: Mapping[bytes, ClickRecord]) -> dict[bytes, Shape]:
    links = queries.link_facts(session, {record.link_id for record in records.values()})
    placements = queries.placements(session, {record.token for record in records.values()})
    agents = queries.user_agent_ids(session, {record.user_agent for record in records.values()})
    shapes: dict[bytes, Shape] = {}
    contexts: dict[bytes, Context] = {}
    origins: dict[bytes, Origin] = {}
    for key, record in records.items():
        if (link := links.get(record.link_id)) is not None:
            shape = shapes[key] = Shape(record, link)
            shape.user_agent_id = agents.get(record.user_agent)
            contexts[key], origins[key] = _booked(record, link, placements.get(record.token))
    context_ids = queries.context_ids(session, _by_digest(contexts.values()))
    origin_ids = queries.origin_ids(session, _by_digest(origins.values()))
    for key, shape in shapes.items():
        shape.context_id = context_ids[_digest(contexts[key])]
        shape.origin_id = origin_ids[_digest(origins[key])]
    return shapes


def _booked(record: ClickRecord, link: LinkFacts, placement: PlacementFacts | None) -> tuple[Context, Origin]:
    """A token of another link, or of none, books the click on the link's default placement, with the reason."""
    client, reason = client_of(record.user_agent), record.reason
    placement_id, article_id = link.default_placement_id, None
    if placement and placement.link_id == record.link_id:
        placement_id, article_id = placement.placement_id, placement.article_id
    else:
        reason = reason or ("token-of-another-link" if placement else "unknown-token")
    context = Context(
        link.site_id,
        record.link_id,
        placement_id,
        article_id,
        link.programme_id,
        record.country,
        client.device,
        record.referrer_host,
    )
    return context, Origin(client.family, record.referrer_path, reason)


def _by_digest(rows: Collection[Row]) -> dict[bytes, Row]:
    return {_digest(row): row for row in rows}


def _digest(row: tuple[object, ...]) -> bytes:
    return blake2b("\0".join(map(str, row)).encode(), digest_size=16).digest()
