"""The dictionary of user-agent strings. A string gets in once 20 visitors of one day showed it: then it names nobody, and
clicks may refer to it, so that their class can be made anew when the list of bots grows."""

from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import blake2b

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import kind_of
from affiliate.clicks.facts import Booked, Facts

SHARED_BY = 20  # visitors


def note_agents(session: Session, facts: Facts, booked: Iterable[Booked], *, now: datetime) -> None:
    """Notes who showed strings that are not in the dictionary, and takes up those that enough visitors share."""
    seen = {
        (agent.text, record.visitor): record.time_ms
        for record, *_, agent in booked
        if agent.id is None and record.visitor and agent.text
    }
    digests = {text: _digest(text) for text in {text for text, _ in seen}}
    sightings = {(digests[text], visitor): time_ms for (text, visitor), time_ms in seen.items()}
    shared = queries.note_sightings(session, sightings, SHARED_BY)
    _take_up(session, facts, [text for text, digest in digests.items() if digest in shared], now=now)


def _take_up(session: Session, facts: Facts, texts: Collection[str], *, now: datetime) -> None:
    if texts:
        facts.name(queries.add_user_agents(session, {text: kind_of(text) for text in texts}, now=now))
        queries.forget_agents(session, [_digest(text) for text in texts])


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little", signed=True)
