"""What clicks are booked on, looked up once: links, placements, user agents, and the rows of the store that stand for what
many clicks have in common. Everything that costs a query or a parser is done here, for a whole batch at a time."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import client_of
from affiliate.clicks.queries import Context, LinkFacts, Origin, PlacementFacts
from affiliate.redirect.records import Journalled, Parts

MOST_KEPT = 200_000  # of each kind; about 300 bytes each

Key = TypeVar("Key")
Value = TypeVar("Value")
Row = TypeVar("Row", bound=tuple[object, ...])


@dataclass(slots=True)
class Agent:
    """A user-agent string and what it says. `id` is None while it is not in the dictionary."""

    text: str
    kind: str
    device: str
    family: str
    id: int | None


# A record and where its click is booked: (record, flags, link, advertiser, context, origin, agent). The advertiser is 0 where
# the click was sent past the network (retired, direct …), which cannot have counted it. A plain tuple, for speed.
Booked = tuple[Journalled, int, int, int, int, int, Agent]

# link, token, country, device, referrer host; and user-agent family, referrer path, reason
_ContextKey = tuple[int, bytes, bytes, str, bytes]
_OriginKey = tuple[str, bytes, bytes]


class Facts:
    """What has been looked up so far. It rests on rows of the store: `clear` when those may have changed, or when the
    transaction that made some of them was rolled back."""

    def __init__(self) -> None:
        self._links: dict[int, LinkFacts] = {}
        self._placements: dict[bytes, PlacementFacts | None] = {}
        self._agents: dict[bytes, Agent] = {}
        self._contexts: dict[_ContextKey, int] = {}
        self._origins: dict[_OriginKey, int] = {}
        self._stamp: object = None

    def keep_while(self, stamp: object) -> None:
        """Clears everything unless the stamp is the one of the last time."""
        if stamp != self._stamp:
            self.clear()
        self._stamp = stamp

    def clear(self) -> None:
        for known in self._all():
            known.clear()

    def name(self, ids: Mapping[str, int]) -> None:
        """Says which user-agent strings are in the dictionary now."""
        for agent in self._agents.values():
            agent.id = ids.get(agent.text, agent.id)

    def book(self, session: Session, records: Sequence[Journalled]) -> tuple[list[Booked], list[Journalled]]:
        """The records with where they are booked, and those that cannot be: of a link that nobody knows, or unreadable.
        Contexts and origins that are new are made."""
        for known in self._all():
            if len(known) > MOST_KEPT:
                known.clear()
        parts = [record.parts() for record in records]
        readable = [each for each in parts if each]
        _learn(self._links, {each[0] for each in readable}, lambda new: queries.link_facts(session, new))
        _learn(self._placements, {each[2] for each in readable}, lambda new: _placements(session, new))
        _learn(self._agents, {each[4] for each in readable}, lambda new: _agents(session, new))
        placed = [
            (record, each, *self._keys(each))
            for record, each in zip(records, parts, strict=True)
            if each and each[0] in self._links
        ]
        _learn(self._contexts, {each[2] for each in placed}, lambda new: self._context_ids(session, new))
        _learn(self._origins, {each[3] for each in placed}, lambda new: _origin_ids(session, new))
        links, contexts, origins, agents = self._links, self._contexts, self._origins, self._agents
        booked = [
            (
                record,
                each[1],
                each[0],
                0 if each[8] else links[each[0]].advertiser_id,
                contexts[context],
                origins[origin],
                agents[each[4]],
            )
            for record, each, context, origin in placed
        ]
        if len(booked) == len(records):
            return booked, []
        return booked, [record for record, each in zip(records, parts, strict=True) if not each or each[0] not in links]

    def _all(self) -> tuple[dict[Any, Any], ...]:
        return self._links, self._placements, self._agents, self._contexts, self._origins

    def _keys(self, parts: Parts) -> tuple[_ContextKey, _OriginKey]:
        link_id, _, token, country, user_agent, referrer_host, referrer_path, _, reason = parts
        agent = self._agents[user_agent]
        if not reason:
            placement = self._placements[token]
            if placement is None:
                reason = b"unknown-token"
            elif placement.link_id != link_id:
                reason = b"token-of-another-link"
        return (link_id, token, country, agent.device, referrer_host), (agent.family, referrer_path, reason)

    def _context_ids(self, session: Session, keys: Iterable[_ContextKey]) -> dict[_ContextKey, int]:
        contexts = {key: self._context(*key) for key in keys}
        return _ids(contexts, partial(queries.context_ids, session))

    def _context(self, link_id: int, token: bytes, country: bytes, device: str, referrer_host: bytes) -> Context:
        """A token of another link, or of none, books the click on the link's default placement."""
        link, placement = self._links[link_id], self._placements[token]
        placement_id, article_id = link.default_placement_id, None
        if placement and placement.link_id == link_id:
            placement_id, article_id = placement.placement_id, placement.article_id
        return Context(
            link.site_id,
            link_id,
            placement_id,
            article_id,
            link.programme_id,
            _text(country),
            device,
            _text(referrer_host),
        )


def _learn(
    known: dict[Key, Value], wanted: Collection[Key], look_up: Callable[[list[Key]], Mapping[Key, Value]]
) -> None:
    if new := [key for key in wanted if key not in known]:
        known.update(look_up(new))


def _placements(session: Session, tokens: Collection[bytes]) -> dict[bytes, PlacementFacts | None]:
    found = queries.placements(session, [_text(token) for token in tokens])
    return {token: found.get(_text(token)) for token in tokens}


def _agents(session: Session, user_agents: Collection[bytes]) -> dict[bytes, Agent]:
    ids = queries.user_agent_ids(session, [_text(user_agent) for user_agent in user_agents])
    agents = {}
    for user_agent in user_agents:
        text = _text(user_agent)
        client = client_of(text)
        agents[user_agent] = Agent(text, client.kind, client.device, client.family, ids.get(text))
    return agents


def _origin_ids(session: Session, keys: Iterable[_OriginKey]) -> dict[_OriginKey, int]:
    origins = {key: Origin(key[0], _text(key[1]), _text(key[2])) for key in keys}
    return _ids(origins, partial(queries.origin_ids, session))


def _ids(rows: Mapping[Key, Row], look_up: Callable[[dict[bytes, Row]], Mapping[bytes, int]]) -> dict[Key, int]:
    digests = {key: blake2b("\0".join(map(str, row)).encode(), digest_size=16).digest() for key, row in rows.items()}
    ids = look_up({digests[key]: row for key, row in rows.items()})
    return {key: ids[digest] for key, digest in digests.items()}


def _text(written: bytes) -> str:
    return written.decode("utf-8", "replace")
