"""Placements of an article: which token stands at which anchor, stable from run to run."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.articles.document import Anchor
from affiliate.articles.queries import placements_of
from affiliate.articles.routes import carried_token
from affiliate.ids import new_placement_token
from affiliate.store.tables import LinkChange, Placement

_LONGEST_TEXT = 300  # characters of an anchor's text that reports show


def place(
    session: Session, *, article_id: int, kind: str, uses: Sequence[tuple[Anchor, int]], now: datetime
) -> Mapping[int, Placement]:
    """The placement of every use (anchor, link id) in one variant of an article, by the anchor's number. Each kind (article,
    amp, feed, newsletter, app) has placements of its own, so that reports tell where a click came from.

    An anchor that carries a token of this article and link keeps it; the others take the link's remaining placements
    in their order, removed ones last, those of the very address that the author wrote first; then new ones. What no anchor
    has any more is marked removed, never deleted. Links with new placements are marked for publishing: the redirect knows
    links by their placements.
    """
    left = {old.token: old for old in placements_of(session, article_id, kind)}
    placed: dict[int, Placement] = {}
    with_new: set[int] = set()
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
        if anchor.number in placed:
            continue
        if own := _next(same_link[link_id], left):
            placed[anchor.number] = own
        else:
            placed[anchor.number] = _new(session, article_id, kind, link_id, now)
            with_new.add(link_id)
    for position, (anchor, _) in enumerate(uses, start=1):
        placement = placed[anchor.number]
        placement.position = position
        placement.anchor_text = anchor.text[:_LONGEST_TEXT]
        placement.removed_at = None
    for old in left.values():
        old.removed_at = old.removed_at or now
    session.add_all(LinkChange(link_id=link_id, changed_at=now) for link_id in sorted(with_new))
    session.flush()
    return placed


def _next(queue: deque[Placement], left: dict[str, Placement]) -> Placement | None:
    """Takes the first placement of a queue that is still left."""
    while queue:
        if own := left.pop(queue.popleft().token, None):
            return own
    return None


def _new(session: Session, article_id: int, kind: str, link_id: int, now: datetime) -> Placement:
    placement = Placement(
        token=new_placement_token(), link_id=link_id, article_id=article_id, kind=kind, created_at=now
    )
    session.add(placement)
    return placement
