"""People who sign in, and tokens for scripts: kept, checked and ended. Knows no Flask."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from affiliate.errors import ChangedMeanwhile, Conflict, InvalidInput, NotFound
from affiliate.store import Store
from affiliate.store.tables import ApiToken, User
from affiliate.web.passwords import Hashed, fits, hashed, is_weak
from affiliate.web.signed_in import end_sessions

EDITOR, FINANCE, ADMIN = "editor", "finance", "admin"
ROLES = (EDITOR, FINANCE, ADMIN)

SCOPES = {
    "links:read": "list and read links, sites, products and programmes",
    "links:write": "add and change links, sites, accounts and programmes",
    "articles:read": "read articles and what they disclose",
    "articles:write": "rewrite articles",
    "transactions:read": "read transactions, payouts and periods",
    "transactions:write": "import transactions, undo an import",
    "reports:read": "read reports",
    "admin": "everything",
}

_TOKEN_PREFIX = "aff_"  # noqa: S105 - lets secret scanners and people recognise a token; it is no secret itself
_EMAIL = re.compile(r"[^@\s\"<>,;]+@[^@\s\"<>,;.]+(?:\.[^@\s\"<>,;.]+)*")
_TOKEN_USE_STEP = timedelta(minutes=5)  # last_used_at is written at most this often: not a write per API call


@dataclass(frozen=True, slots=True)
class NewUser:
    """The password stands here only, once."""

    user: "UserRow"
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UserRow:
    id: int
    email: str
    name: str
    role: str
    active: bool
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenRow:
    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or ADMIN in self.scopes


@dataclass(frozen=True, slots=True)
class NewToken:
    """The text stands here only, once; the store keeps its SHA-256."""

    token: TokenRow
    text: str


def checked_email(text: str) -> str:
    """Lower-case, trimmed; InvalidInput if it is no address."""
    email = text.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise InvalidInput(f"{text.strip()!r} is no e-mail address.")
    return email


def checked_role(text: str) -> str:
    if text not in ROLES:
        raise InvalidInput(f"{text!r} is no role; there are {', '.join(ROLES)}.")
    return text


def add_user(session: Session, *, email: str, role: str, password: Hashed, name: str = "", now: datetime) -> NewUser:
    """Conflict if the address is known; nothing is stored then."""
    address = checked_email(email)
    if session.scalar(select(User.id).where(User.email == address)):
        raise Conflict(f"{address} has an account already.")
    user = User(
        email=address,
        name=name.strip(),
        role=checked_role(role),
        password_hash=password.hash,
        active=True,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return NewUser(user_row(user), password.text)


@dataclass(frozen=True, slots=True)
class Verified:
    """Somebody whose password fitted. `known` is the hash that it fitted, `better` one to store instead, if any."""

    user_id: int
    email: str
    known: str = field(repr=False)
    better: str | None = field(repr=False)


def check_password(store: Store, *, email: str, password: str) -> Verified | None:
    """The active user with this address and password, else None, after the same effort in either case. Writes nothing and
    holds no transaction meanwhile. TooBusy where too many are being checked."""
    with store.reading() as session:
        user = session.scalar(select(User).where(User.email == email.strip().lower(), User.active))
    if not fits(user.password_hash if user else None, password) or user is None:
        return None
    better = hashed(password).hash if is_weak(user.password_hash) else None
    return Verified(user.id, user.email, user.password_hash, better)


def user_id_of(session: Session, email: str) -> int | None:
    """The number of the account with this address."""
    return session.scalar(select(User.id).where(User.email == email.strip().lower()))


def verified_user(session: Session, verified: Verified) -> User | None:
    """The user, if they are still active and have the password that was checked; a better hash of it is stored."""
    user = session.get(User, verified.user_id)
    if user is None or not user.active or user.password_hash != verified.known:
        return None
    user.password_hash = verified.better or verified.known
    return user


def change_password(session: Session, verified: Verified, wanted: Hashed) -> None:
    """Gives somebody who proved the old password a new one. ChangedMeanwhile where the old one is no longer right."""
    user = verified_user(session, verified)
    if user is None:
        raise ChangedMeanwhile("The account")
    user.password_hash = wanted.hash


def reset_password(session: Session, *, user_id: int, password: Hashed, now: datetime) -> NewUser:
    """A new password for a user who forgot theirs. Ends every session of the user."""
    user = _user(session, user_id)
    user.password_hash = password.hash
    end_sessions(session, user_id=user_id, now=now)
    return NewUser(user_row(user), password.text)


def set_role(session: Session, *, user_id: int, role: str) -> UserRow:
    user = _user(session, user_id)
    wanted = checked_role(role)
    if user.role == ADMIN and wanted != ADMIN:
        _refuse_without_admin(session, user)
    user.role = wanted  # every request asks for it: sessions go on, with what the new role may do
    return user_row(user)


def deactivate(session: Session, *, user_id: int, now: datetime) -> None:
    """The user can no longer sign in, and is signed out. What they did stays theirs."""
    user = _user(session, user_id)
    if user.role == ADMIN:
        _refuse_without_admin(session, user)
    user.active = False
    end_sessions(session, user_id=user_id, now=now)


def reactivate(session: Session, *, user_id: int) -> None:
    _user(session, user_id).active = True


def list_users(session: Session) -> list[UserRow]:
    users = session.scalars(select(User).order_by(User.active.desc(), User.email))
    return [user_row(user) for user in users]


def add_token(session: Session, *, name: str, scopes: Sequence[str], now: datetime) -> NewToken:
    """A token for a script; InvalidInput for an unknown scope, or for none."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise InvalidInput(f"{unknown[0]!r} is no scope; there are {', '.join(SCOPES)}.")
    if not scopes:
        raise InvalidInput(f"Name at least one scope that the token has: {', '.join(SCOPES)}.")
    if not name.strip():
        raise InvalidInput("Give the token a name that tells what uses it.")
    text = _TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(name=name.strip(), token_sha256=_digest(text), scopes=sorted(set(scopes)), created_at=now)
    session.add(token)
    session.flush()
    return NewToken(_token_row(token), text)


def find_token(session: Session, text: str, *, now: datetime | None = None) -> TokenRow | None:
    """The token of this text if it is not revoked. With `now`, in a transaction, its use is noted (to five minutes)."""
    token = session.scalar(select(ApiToken).where(ApiToken.token_sha256 == _digest(text)))
    if token is None or token.revoked_at is not None:
        return None
    if now is not None:
        token.last_used_at = now
    return _token_row(token)


def use_is_noted(token: TokenRow, now: datetime) -> bool:
    return token.last_used_at is not None and now - token.last_used_at < _TOKEN_USE_STEP


def revoke_token(session: Session, *, token_id: int, now: datetime) -> TokenRow:
    token = session.get(ApiToken, token_id)
    if token is None:
        raise NotFound("token", token_id)
    token.revoked_at = token.revoked_at or now
    return _token_row(token)


def list_tokens(session: Session) -> list[TokenRow]:
    return [_token_row(token) for token in session.scalars(select(ApiToken).order_by(ApiToken.id.desc()))]


def _refuse_without_admin(session: Session, leaving: User) -> None:
    others = session.scalar(select(func.count(User.id)).where(User.role == ADMIN, User.active, User.id != leaving.id))
    if not others:
        raise Conflict(f"{leaving.email} is the only admin; make somebody else admin first.")


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("user", user_id)
    return user


def user_row(user: User) -> UserRow:
    return UserRow(user.id, user.email, user.name, user.role, user.active, user.created_at, user.last_seen_at)


def _token_row(token: ApiToken) -> TokenRow:
    return TokenRow(token.id, token.name, tuple(token.scopes), token.created_at, token.last_used_at, token.revoked_at)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
