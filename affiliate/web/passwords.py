"""Hashing of passwords: slow on purpose, so never inside a transaction, and few at a time. Knows no Flask and no database.

A hash takes 64 MiB and about a tenth of a second of a whole core. Strangers can ask for as many as they like on the log-in
page: beyond a few at once they would take memory and processor from everybody who is signed in.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from affiliate.errors import InvalidInput, TooBusy

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0, 1: people type it from paper

_AT_ONCE = 2  # hashes of one process
_WAITING = 16  # more than a newsroom begins its day with; each keeps one of the 28 threads that make pages
_PATIENCE = 5.0  # seconds: fifty hashes


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password that is ready to be stored. `text` stands here only, to be shown once."""

    text: str = field(repr=False)
    hash: str = field(repr=False)


class Gate:
    """Lets so many in at a time and so many more wait for so many seconds. TooBusy for the others, at once."""

    def __init__(self, at_once: int, waiting: int, seconds: float) -> None:
        self._room = threading.BoundedSemaphore(at_once + waiting)
        self._work = threading.BoundedSemaphore(at_once)
        self._seconds = seconds

    @contextmanager
    def entered(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise TooBusy(_BUSY)
        try:
            if not self._work.acquire(timeout=self._seconds):
                raise TooBusy(_BUSY)
            try:
                yield
            finally:
                self._work.release()
        finally:
            self._room.release()


_BUSY = "Too many passwords are being checked at this moment. Try again in a few seconds."
_gate = Gate(_AT_ONCE, _WAITING, _PATIENCE)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # argon2id, RFC 9106 low-memory profile: 64 MiB, 3 passes


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def hashed(password: str) -> Hashed:
    """TooBusy where too many are being hashed."""
    with _gate.entered():
        return Hashed(password, _hasher().hash(password))


def made_password() -> Hashed:
    """Four groups of five letters: 99 bits, and short enough to be read out."""
    return hashed("-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4)))


def checked_password(password: str, email: str = "") -> str:
    """A password that somebody chose: 12 to 200 characters, and not the address itself."""
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput(f"The password is too short; use at least {SHORTEST_PASSWORD} characters.")
    if len(password) > LONGEST_PASSWORD:
        raise InvalidInput(f"The password is longer than {LONGEST_PASSWORD} characters.")
    if (email and password.lower() == email) or len(set(password)) < 5:
        raise InvalidInput("The password is too easy to guess; choose another one.")
    return password


def fits(known: str | None, password: str) -> bool:
    """Whether a password is that of a known hash. None takes the same effort and never fits. TooBusy where too many are being
    checked."""
    with _gate.entered():
        try:
            _hasher().verify(known or _nobodys_hash(), password[: LONGEST_PASSWORD + 1])
        except (VerifyMismatchError, InvalidHashError):
            return False
    return known is not None


def is_weak(known: str) -> bool:
    """Whether a hash was made with less effort than is taken now."""
    return _hasher().check_needs_rehash(known)
