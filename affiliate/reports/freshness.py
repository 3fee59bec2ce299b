"""How far clicks are loaded, and which node is behind."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from affiliate.store.tables import JournalSegment, Node

LATE = timedelta(seconds=60)  # a loader that keeps up needs less, and a node tells of itself four times as often
_GONE = timedelta(days=1)  # what a node that is silent for so long still holds does not make today's figures old


@dataclass(frozen=True, slots=True)
class Freshness:
    """All clicks until `loaded_until` are in (None: nothing was ever loaded) but for those of the nodes that are `late`:
    behind, or silent, by more than LATE."""

    loaded_until: datetime | None
    late: tuple[str, ...]


def freshness(session: Session, *, now: datetime) -> Freshness:
    """By what the nodes tell of themselves; where none does, by when something was last loaded."""
    nodes = session.scalars(select(Node).order_by(Node.name)).all()
    known = [_loaded_until(node) for node in nodes if now - node.seen_at < _GONE]
    until = min(known) if known else session.scalar(select(func.max(JournalSegment.updated_at)))
    return Freshness(until, tuple(node.name for node in nodes if _is_late(node, now)))


def _loaded_until(node: Node) -> datetime:
    """A node that never loaded anything is in until it was last seen: it would have said that something waits."""
    return node.waiting_since or node.loaded_at or node.seen_at


def _is_late(node: Node, now: datetime) -> bool:
    return now - min(_loaded_until(node), node.seen_at) > LATE
