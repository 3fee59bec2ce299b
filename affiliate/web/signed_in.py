"""Who is signed in where: a row for each device, which ends. Knows no Flask.

A session ends by signing out, by its owner's hand from another device, with a changed password, when its user is switched
off, and by age: so long after it was last used, and so long after it began.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from affiliate.errors import NotFound
from affiliate.store.tables import User, UserSession

_SEEN_STEP = timedelta(minutes=5)  # `seen_at` is written at most this often: not a write for every page
_KEPT = timedelta(days=7)  # what has ended, for a look at what was
_LONGEST_DEVICE = 120  # characters; the column's


@dataclass(frozen=True, slots=True)
class Life:
    """How long a session lives without being used, and at most."""

    idle: timedelta = timedelta(days=14)
    longest: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user, and the session in which they are. `key` is what the cookie holds. The three `is_…` members and
    `get_id` are what the session library asks for."""

    id: int
    email: str
    name: str
    role: str
    session_id: int
    key: str = field(repr=False)
    seen_at: datetime
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def shown_name(self) -> str:
        return self.name or self.email

    def get_id(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its owner sees it."""

    id: int
    device: str
    created_at: datetime
    seen_at: datetime


def begin_session(session: Session, user: User, *, device: str, now: datetime) -> Person:
    """Signs a user in on a device."""
    key = secrets.token_urlsafe(32)
    row = UserSession(
        key_sha256=_digest(key), user_id=user.id, device=device[:_LONGEST_DEVICE], created_at=now, seen_at=now
    )
    session.add(row)
    session.flush()
    user.last_seen_at = now
    return _person(user, row, key)


def find_person(session: Session, key: str, *, life: Life, now: datetime) -> Person | None:
    """The active user whose session has this key, while it lasts."""
    lasting = (UserSession.key_sha256 == _digest(key), *_lasts(life, now))
    found = session.execute(
        select(UserSession, User).join(User, User.id == UserSession.user_id).where(*lasting, User.active)
    ).first()
    return _person(found[1], found[0], key) if found else None


def is_use_noted(person: Person, now: datetime) -> bool:
    return now - person.seen_at < _SEEN_STEP


def note_use(session: Session, person: Person, *, now: datetime) -> None:
    session.execute(update(UserSession).where(UserSession.id == person.session_id).values(seen_at=now))


def list_sessions(session: Session, user_id: int, *, life: Life, now: datetime) -> Sequence[SessionRow]:
    """Those that last, the last used one first."""
    rows = session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, *_lasts(life, now))
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
    )
    return [SessionRow(row.id, row.device, row.created_at, row.seen_at) for row in rows]


def end_session(session: Session, session_id: int, *, user_id: int, now: datetime) -> None:
    """NotFound where this user has no such session; one that has ended stays as it is."""
    row = session.get(UserSession, session_id)
    if row is None or row.user_id != user_id:
        raise NotFound("session", session_id)
    row.ended_at = row.ended_at or now


def end_sessions(session: Session, *, user_id: int, besides: int | None = None, now: datetime) -> int:
    """Ends all sessions of a user but one; how many."""
    theirs = [UserSession.user_id == user_id, UserSession.ended_at.is_(None)]
    if besides is not None:
        theirs.append(UserSession.id != besides)
    ended = session.execute(update(UserSession).where(*theirs).values(ended_at=now).returning(UserSession.id))
    return len(ended.all())


def purge_sessions(session: Session, *, life: Life, now: datetime) -> int:
    """Deletes what ended, or grew too old, a week ago; how many."""
    then = now - _KEPT
    over = or_(
        UserSession.ended_at < then,
        UserSession.seen_at < then - life.idle,
        UserSession.created_at < then - life.longest,
    )
    return len(session.execute(delete(UserSession).where(over).returning(UserSession.id)).all())


def _lasts(life: Life, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        UserSession.ended_at.is_(None),
        UserSession.seen_at > now - life.idle,
        UserSession.created_at > now - life.longest,
    )


def _person(user: User, row: UserSession, key: str) -> Person:
    return Person(user.id, user.email, user.name, user.role, row.id, key, row.seen_at)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
