"""Every SQL statement about nodes and what they have still to do. Statements act on a session's transaction and commit
nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from affiliate.networks.asking.api import CHANGE, TRANSACTION
from affiliate.store.tables import JournalSegment, LinkChange, Node, Postback, PublisherAccount, Pull
from affiliate.store.types import UtcDateTime

_IN_ONE_QUERY = 500


class Unpublished(NamedTuple):
    """Changes of links that a node's table lacks: how many, and when the oldest was made."""

    newest: int
    changes: int
    since: datetime | None


class Fed(NamedTuple):
    """How networks feed us: by network and our id there when its API last answered whole, and how many messages wait."""

    pulled_at: Mapping[tuple[str, str], datetime]
    messages: int


class NodeRow(NamedTuple):
    """What a node told of itself, in the order of the columns."""

    name: str
    version: str
    seen_at: datetime
    loaded_at: datetime | None
    waiting_bytes: int
    waiting_since: datetime | None
    journal_failures: int
    problem: str
    overruled: int = 0
    unclear: int = 0
    unknown_hosts: str = ""


class Load(NamedTuple):
    """A segment of any node's journal, and when clicks of it were last loaded."""

    at: datetime
    clicks: int
    set_aside: int


def checkpoints(session: Session, uuids: Sequence[str]) -> dict[str, int]:
    """How far each of these segments is loaded, as an offset; those never seen are left out."""
    found: dict[str, int] = {}
    for start in range(0, len(uuids), _IN_ONE_QUERY):
        some = uuids[start : start + _IN_ONE_QUERY]
        rows = session.execute(select(JournalSegment.uuid, JournalSegment.offset).where(JournalSegment.uuid.in_(some)))
        found.update((uuid, offset) for uuid, offset in rows)
    return found


def unpublished(session: Session, checkpoint: int) -> Unpublished:
    """What changed after the change that a node's table has as its newest."""
    newest = session.scalar(select(func.max(LinkChange.id)))
    changes, since = session.execute(
        select(func.count(), func.min(LinkChange.changed_at)).where(LinkChange.id > checkpoint)
    ).one()
    return Unpublished(newest or checkpoint, changes, since)  # old ones are deleted


def fed(session: Session) -> Fed:
    pulled = session.execute(
        select(PublisherAccount.network, PublisherAccount.publisher_ref, func.max(Pull.finished_at))
        .join(Pull, Pull.account_id == PublisherAccount.id)
        .where(Pull.state == "done", Pull.basis.in_((TRANSACTION, CHANGE)))
        .group_by(PublisherAccount.id, PublisherAccount.network, PublisherAccount.publisher_ref)
    )
    messages = session.scalar(select(func.count()).where(Postback.booked_at.is_(None))) or 0
    return Fed({(network, ref): at for network, ref, at in pulled if at}, messages)


def note_node(session: Session, row: NodeRow) -> None:
    session.merge(Node(**row._asdict()))


def list_nodes(session: Session) -> list[NodeRow]:
    nodes = session.scalars(select(Node).order_by(Node.name))
    return [NodeRow(*(getattr(node, column) for column in NodeRow._fields)) for node in nodes]


def forget_node(session: Session, name: str) -> bool:
    """Whether there was such a node. One that is still at work tells of itself again."""
    return bool(session.execute(delete(Node).where(Node.name == name)).rowcount)  # type: ignore[attr-defined] # a DELETE has it


def last_loads(session: Session, limit: int) -> list[Load]:
    """The segments that were loaded from last, newest first."""
    rows = session.execute(
        select(JournalSegment.updated_at, JournalSegment.loaded, JournalSegment.set_aside)
        .order_by(JournalSegment.updated_at.desc())
        .limit(limit)
    )
    return [Load(*row) for row in rows]


def set_aside(session: Session) -> int:
    """Records of all nodes' journals that were set aside."""
    return session.scalar(select(func.coalesce(func.sum(JournalSegment.set_aside), 0))) or 0


def database_time(session: Session) -> datetime | None:
    """What time it is for the database server; None where it is this machine."""
    if session.get_bind().dialect.name == "sqlite":
        return None
    return session.scalar(select(func.now(type_=UtcDateTime())))
