"""People who sign in, and tokens for scripts: kept, checked and ended. Knows no Flask."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from affiliate.errors import Conflict, InvalidInput, NotAllowed, NotFound
from affiliate.store.tables import ApiToken, User

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

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
_TOKEN_PREFIX = "aff_"  # noqa: S105 - lets secret scanners and people recognise a token; it is no secret itself
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0, 1: people type it from paper
_EMAIL = re.compile(r"[^@\s\"<>,;]+@[^@\s\"<>,;.]+(?:\.[^@\s\"<>,;.]+)*")
_TOKEN_USE_STEP = timedelta(minutes=5)  # last_used_at is written at most this often: not a write per API call


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user. The four `is_…`/`get_id` members are what the session library asks for."""

    id: int
    email: str
    name: str
    role: str
    session_key: str
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def shown_name(self) -> str:
        return self.name or self.email

    def get_id(self) -> str:
        """What the cookie holds: a new session key makes every older cookie worthless."""
        return f"{self.id}.{self.session_key}"


@dataclass(frozen=True, slots=True)
class NewUser:
    """The password stands here only, once."""

    user: Person
    password: str


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


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # argon2id, RFC 9106 low-memory profile: 64 MiB, 3 passes


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def new_password() -> str:
    """Four groups of five letters: 99 bits, and short enough to be read out."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


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


def checked_password(password: str, email: str = "") -> str:
    """A password that somebody chose: 12 to 200 characters, and not the address itself."""
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput(f"The password is too short; use at least {SHORTEST_PASSWORD} characters.")
    if len(password) > LONGEST_PASSWORD:
        raise InvalidInput(f"The password is longer than {LONGEST_PASSWORD} characters.")
    if (email and password.lower() == email) or len(set(password)) < 5:
        raise InvalidInput("The password is too easy to guess; choose another one.")
    return password


def add_user(
    session: Session, *, email: str, role: str, name: str = "", password: str | None = None, now: datetime
) -> NewUser:
    """Without a password a strong one is made. Conflict if the address is known; nothing is stored then."""
    address = checked_email(email)
    if session.scalar(select(User.id).where(User.email == address)):
        raise Conflict(f"{address} has an account already.")
    chosen = checked_password(password, address) if password is not None else new_password()
    user = User(
        email=address,
        name=name.strip(),
        role=checked_role(role),
        password_hash=_hasher().hash(chosen),
        session_key=secrets.token_urlsafe(24),
        active=True,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return NewUser(_person(user), chosen)


def check_password(session: Session, *, email: str, password: str, now: datetime) -> Person | None:
    """The active user with this address and password, else None, after the same effort in either case."""
    user = session.scalar(select(User).where(User.email == email.strip().lower(), User.active))
    known = user.password_hash if user else _nobodys_hash()
    try:
        _hasher().verify(known, password[: LONGEST_PASSWORD + 1])
    except (VerifyMismatchError, InvalidHashError):
        return None
    if user is None:
        return None
    if _hasher().check_needs_rehash(known):
        user.password_hash = _hasher().hash(password)
    user.last_seen_at = now
    return _person(user)


def find_person(session: Session, cookie_id: str) -> Person | None:
    """The active user whom a cookie names, if it was given under the user's current session key."""
    number, _, key = cookie_id.partition(".")
    user = session.get(User, int(number)) if number.isdecimal() and len(number) < 10 else None
    if user is None or not user.active or not secrets.compare_digest(user.session_key.encode(), key.encode()):
        return None
    return _person(user)


def change_password(session: Session, *, user_id: int, current: str, wanted: str, now: datetime) -> Person:
    """Ends every session of the user, by a new session key. NotAllowed if `current` is wrong; nothing changed then."""
    user = _user(session, user_id)
    if check_password(session, email=user.email, password=current, now=now) is None:
        raise NotAllowed("The current password is not right.")
    return _with_password(user, checked_password(wanted, user.email))


def reset_password(session: Session, *, user_id: int) -> NewUser:
    """A new, made password, for a user who forgot theirs. Ends every session of the user."""
    password = new_password()
    return NewUser(_with_password(_user(session, user_id), password), password)


def set_role(session: Session, *, user_id: int, role: str) -> Person:
    user = _user(session, user_id)
    wanted = checked_role(role)
    if user.role == ADMIN and wanted != ADMIN:
        _refuse_without_admin(session, user)
    user.role = wanted
    return _person(user)


def deactivate(session: Session, *, user_id: int) -> None:
    """The user can no longer sign in, and is signed out. What they did stays theirs."""
    user = _user(session, user_id)
    if user.role == ADMIN:
        _refuse_without_admin(session, user)
    user.active = False
    user.session_key = secrets.token_urlsafe(24)


def reactivate(session: Session, *, user_id: int) -> None:
    _user(session, user_id).active = True


def list_users(session: Session) -> list[UserRow]:
    users = session.scalars(select(User).order_by(User.active.desc(), User.email))
    return [UserRow(u.id, u.email, u.name, u.role, u.active, u.created_at, u.last_seen_at) for u in users]


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


def _with_password(user: User, password: str) -> Person:
    user.password_hash = _hasher().hash(password)
    user.session_key = secrets.token_urlsafe(24)
    return _person(user)


def _refuse_without_admin(session: Session, leaving: User) -> None:
    others = session.scalar(select(func.count(User.id)).where(User.role == ADMIN, User.active, User.id != leaving.id))
    if not others:
        raise Conflict(f"{leaving.email} is the only admin; make somebody else admin first.")


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("user", user_id)
    return user


def _person(user: User) -> Person:
    return Person(user.id, user.email, user.name, user.role, user.session_key)


def _token_row(token: ApiToken) -> TokenRow:
    return TokenRow(token.id, token.name, tuple(token.scopes), token.created_at, token.last_used_at, token.revoked_at)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
