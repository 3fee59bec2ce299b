"""The brake on guessing passwords: tries are counted before they are checked, in the database, which all workers and nodes
share.

Who guesses is slowed down, not whose password is guessed. From a device on which nobody signed in to the account yet, a try
counts against the address with this account, against the address with all accounts, and against the account from all such
devices; the last is generous, and never keeps out a device on which its owner signed in before. Each allowance comes back
drop by drop.

Written here because `limits`, the usual library, keeps its counts in memory, Redis or the like and in no SQL database: a
storage for it would be longer than the arithmetic (a leaky bucket, kept as the one moment at which it is empty again).
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from affiliate.redirect.addresses import packed
from affiliate.store import Store
from affiliate.store.tables import LogInBrake


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many tries at once, and one more each time that so long has passed."""

    name: str
    tries: int
    every: timedelta

    @property
    def whole(self) -> timedelta:
        return self.tries * self.every


_PAIR = Allowance("pair", 8, timedelta(minutes=2))  # one person's slips
_ADDRESS = Allowance("address", 60, timedelta(seconds=15))  # a newsroom behind one address
_ACCOUNT = Allowance(
    "account", 60, timedelta(minutes=1)
)  # many addresses, one account: NIST SP 800-63B wants 100 or fewer
_DEVICE = Allowance("device", 8, timedelta(minutes=2))


class Tries:
    """The tries of one client at one account. `device` is the client's own where its owner signed in to this account on it
    before: it is slowed down by its own tries alone."""

    def __init__(self, store: Store, secret: str, *, account: str, address: str, device: str = "") -> None:
        self._store = store
        network = _network(address)
        used = (
            [(_DEVICE, f"{device} {account}")]
            if device
            else [(_PAIR, f"{network} {account}"), (_ADDRESS, network), (_ACCOUNT, account)]
        )
        self._allowances = sorted((_key(secret, each, whose), each) for each, whose in used)

    def take(self, now: datetime) -> timedelta | None:
        """Counts one try, before it is made; or says how long to wait for one, and counts nothing."""
        with self._store.reading() as session:  # who has to wait anyway keeps nobody else from writing
            if wait := _wait(session, self._allowances, now):
                return wait
        while True:
            try:
                with self._store.transaction() as session:
                    return self._taken(session, now)
            except IntegrityError:  # another request began the same count
                continue

    def _taken(self, session: Session, now: datetime) -> timedelta | None:
        rows = [session.get(LogInBrake, key, with_for_update=True) for key, _ in self._allowances]
        if wait := _wait(session, self._allowances, now):
            return wait
        for row, (key, allowance) in zip(rows, self._allowances, strict=True):
            if row is None:
                session.add(LogInBrake(key=key, free_at=now + allowance.every))
            else:
                row.free_at = max(row.free_at, now) + allowance.every
        return None

    def give_back(self, session: Session) -> None:
        """Takes the count of one try back: it was right, or was never made."""
        for key, allowance in self._allowances:
            row = session.get(LogInBrake, key, with_for_update=True)
            if row is not None:
                row.free_at -= allowance.every


def purge_brakes(session: Session, *, now: datetime) -> int:
    """Deletes counts that say nothing any more; how many."""
    return len(session.execute(delete(LogInBrake).where(LogInBrake.free_at < now).returning(LogInBrake.key)).all())


def _wait(session: Session, allowances: Sequence[tuple[str, Allowance]], now: datetime) -> timedelta | None:
    waits = []
    for key, allowance in allowances:
        row = session.get(LogInBrake, key)
        if row is not None:
            waits.append(row.free_at + allowance.every - allowance.whole - now)
    longest = max(waits, default=timedelta())
    return longest if longest > timedelta() else None


def _network(address: str) -> str:
    """An IPv4 address, or the network of an IPv6 one: a client has 2^64 of these."""
    read = packed(address)
    return (read[:8] if len(read) == 16 else read).hex()


def _key(secret: str, allowance: Allowance, whose: str) -> str:
    """Neither address nor account can be read from it, or tried out without the secret."""
    return hmac.new(secret.encode(), f"log-in {allowance.name} {whose}".encode(), hashlib.sha256).hexdigest()
