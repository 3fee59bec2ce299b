"""Placements of an article: which token stands at which anchor, stable from run to run."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.articles.document import Anchor
from affiliate.articles.queries import placements_of
from affiliate.articles.routes import carried_token
from affiliate.errors import ChangedMeanwhile
from affiliate.ids import new_placement_token
from affiliate.store.drafts import draft_of, values_of
from affiliate.store.tables import LinkChange, Placement

_LONGEST_TEXT = 300  # characters of an anchor's text that reports show


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the links of one variant of an article stand, decided and not stored yet: the placement of each use by its
    anchor's number, and those that no anchor has any more. `seen` is what was stored when it was decided."""

    kind: str
    placed: Mapping[int, Placement]
    left: Sequence[Placement]
    seen: Sequence[dict[str, Any]]

    def store(self, session: Session, *, article_id: int, link_ids: Mapping[int, int]) -> None:
        """Stores it; `link_ids` are those of links that were only proposed. Links with new placements are marked for
        publishing, because the redirect knows links by their placements. ChangedMeanwhile where somebody else placed
        links of this article since; nothing is stored then."""
        stored = placements_of(session, article_id, self.kind)
        if [values_of(row) for row in stored] != list(self.seen):
            raise ChangedMeanwhile("The article")
        for placement in (*self.placed.values(), *self.left):
            placement.article_id = article_id
            placement.link_id = link_ids.get(placement.link_id, placement.link_id)
            session.merge(placement)
        known = {row["token"] for row in self.seen}
        new = {each.link_id: each.created_at for each in self.placed.values() if each.token not in known}
        session.add_all(LinkChange(link_id=link_id, changed_at=new[link_id]) for link_id in sorted(new))
        session.flush()


def place(
    session: Session, *, article_id: int | None, kind: str, uses: Sequence[tuple[Anchor, int]], now: datetime
) -> Placing:
    """The placement of every use (anchor, link id) in one variant of an article. Each kind (article,
    amp, feed, newsletter, app) has placements of its own, so that reports tell where a click came from.

    An anchor that carries a token of this article and link keeps it; the others take the link's remaining placements
    in their order, removed ones last, those of the very address that the author wrote first; then new ones. What no anchor
    has any more is marked removed, never deleted. Nothing is stored.
    """
    known = placements_of(session, article_id, kind) if article_id is not None else ()
    seen = [values_of(row) for row in known]
    left = {row.token: draft_of(row) for row in known}
    placed: dict[int, Placement] = {}
    for anchor, link_id in uses:
        token = carried_token(anchor)
        if token and token in left and left[token].link_id == link_id:
            placed[anchor.number] = left.pop(token)
    same_link: dict[int, deque[Placement]] = defaultdict(deque)
    same_address: dict[tuple[int, str | None], deque[Placement]] = defaultdict(deque)
    for old in left.values():
        same_link[old.link_id].append(old)
        same_address[old.link_id, old.authored_url].append(old)
    for anchor, link_id in uses:
        written = (link_id, anchor.url)
        if anchor.number not in placed and (own := _next(same_address[written], left)):
            placed[anchor.number] = own
    for anchor, link_id in uses:
        if anchor.number not in placed:
            placed[anchor.number] = _next(same_link[link_id], left) or _new(kind, link_id, now)
    for position, (anchor, _) in enumerate(uses, start=1):
        placement = placed[anchor.number]
        placement.position = position
        placement.anchor_text = anchor.text[:_LONGEST_TEXT]
        placement.removed_at = None
    for old in left.values():
        old.removed_at = old.removed_at or now
    return Placing(kind, placed, list(left.values()), seen)


def _next(queue: deque[Placement], left: dict[str, Placement]) -> Placement | None:
    """Takes the first placement of a queue that is still left."""
    while queue:
        if own := left.pop(queue.popleft().token, None):
            return own
    return None


def _new(kind: str, link_id: int, now: datetime) -> Placement:
    return Placement(token=new_placement_token(), link_id=link_id, kind=kind, is_default=False, created_at=now)
