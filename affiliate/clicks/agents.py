"""The dictionary of user-agent strings. A string gets in once 20 visitors of one day showed it: then it names nobody, and
clicks may refer to it, so that their class can be made anew when the list of bots grows."""

from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import blake2b

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import kind_of
from affiliate.clicks.shapes import Shapes
from affiliate.redirect.records import Journalled

SHARED_BY = 20  # visitors


def note_agents(session: Session, shapes: Shapes, records: Iterable[Journalled], *, now: datetime) -> None:
    """Notes who showed strings that are not in the dictionary, and takes up those that enough visitors share."""
    unlisted = {
        key: shape.user_agent
        for key in {record.shape for record in records}
        if (shape := shapes.get(key)) and shape.user_agent_id is None and shape.user_agent
    }
    if not unlisted:
        return
    digests = {text: _digest(text) for text in unlisted.values()}
    sightings = {
        (digests[text], record.visitor): record.time_ms
        for record in records
        if record.visitor and (text := unlisted.get(record.shape))
    }
    shared = queries.note_sightings(session, sightings, SHARED_BY)
    _take_up(session, shapes, [text for text, digest in digests.items() if digest in shared], now=now)


def _take_up(session: Session, shapes: Shapes, texts: Collection[str], *, now: datetime) -> None:
    if texts:
        shapes.name(queries.add_user_agents(session, {text: kind_of(text) for text in texts}, now=now))
        queries.forget_agents(session, [_digest(text) for text in texts])


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little", signed=True)
