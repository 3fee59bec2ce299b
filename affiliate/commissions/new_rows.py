"""Rows of the ledger on their way into the database: gathered, numbered here, and handed over together."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.hours import following
from affiliate.commissions.ledger import Facts, Key, RunMoment
from affiliate.store.tables import Transaction

_UNSTORED = 1 << 48  # ids of what is only tried out begin here: no row has one of them

_Said = TypeVar("_Said", bound=NamedTuple)
_repeated: Callable[[NamedTuple], tuple[object, ...]] = attrgetter(*queries.REPEATED)
_indexed: Callable[[NamedTuple], tuple[object, ...]] = attrgetter(*queries.INDEXED)
_money: Callable[[NamedTuple], tuple[object, ...]] = attrgetter(*queries.MONEY)


def moments_of(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a named tuple that hold a moment, or may hold one."""
    return tuple(name for name, hint in get_type_hints(kind).items() if datetime in (hint, *get_args(hint)))


_MOMENTS = moments_of(Facts)


def stored(said: _Said, moments: tuple[str, ...], moment: Callable[[datetime | None], object]) -> _Said:
    """The same with its moments as the database takes them."""
    values = list(said)
    for place in places_of(type(said), moments):
        values[place] = moment(values[place])
    return said._make(values)


@cache
def places_of(kind: type[Any], names: tuple[str, ...]) -> tuple[int, ...]:
    """Where these fields stand in a named tuple: found by name, once."""
    return tuple(kind._fields.index(name) for name in names)


class NewRows:
    """Keeps what is appended until `insert`, which throws it away where it is only tried out (`dry`). While the ledger's lock is held, ids are counted here: asking the database
    for each costs more than inserting."""

    def __init__(self, session: Session, *, dry: bool = False) -> None:
        self._session = session
        self._dry = dry
        self._transaction_id = _UNSTORED if dry else queries.next_id(session, "transactions")
        self._version_id = _UNSTORED if dry else queries.next_id(session, "transaction_versions")
        self._moment = queries.stored_moment(session)
        self._at: dict[datetime, object] = {}  # the runs' own moments, which come with every row
        self._said: Facts | None = None
        self._stored_facts: Facts | None = None
        self._transactions: list[tuple[object, ...]] = []
        self._versions: list[tuple[object, ...]] = []
        self._current: list[tuple[object, ...]] = []
        self._revalued: list[tuple[object, ...]] = []
        self._moved: list[tuple[object, ...]] = []
        self._new: set[int] = set()  # transactions
        self._changed: set[int] = set()  # transactions whose amounts or words are others than before

    def transaction(self, key: Key, network: str, facts: Facts, created_at: datetime) -> int:
        """A transaction that nobody knew, whose only version comes next. Its id."""
        transaction_id, self._transaction_id = self._transaction_id, self._transaction_id + 1
        begins = queries.TransactionBegins(
            id=transaction_id,
            network=network,
            current_version_id=self._version_id,
            created_at=self._run_moment(created_at),
        )
        self._transactions.append((*begins, *key, *_repeated(self._stored(facts))))
        self._new.add(transaction_id)
        return transaction_id

    def version(
        self,
        transaction_id: int,
        *,
        number: int,
        run: RunMoment,
        line: int,
        facts: Facts,
        unsaid: int,
        payload: str,
        digest: str,
        recorded_at: datetime,
    ) -> int:
        """A further version. Its id."""
        version_id, self._version_id = self._version_id, self._version_id + 1
        begins = queries.VersionBegins(
            id=version_id,
            transaction_id=transaction_id,
            number=number,
            import_run_id=run.run_id,
            line=line,
            observed_at=self._run_moment(run.as_of),
            recorded_at=self._run_moment(recorded_at),
        )
        ends = queries.VersionEnds(
            unsaid=unsaid, payload=payload, payload_sha256=digest, payload_key=payload_key(digest)
        )
        self._versions.append((*begins, *self._stored(facts), *ends))
        return version_id

    def current(self, transaction_id: int, version_id: int, facts: Facts, before: Facts | None) -> None:
        """Makes a version the current picture of a transaction that was known, `before` its picture so far. What is indexed
        of it is written only where it differs, since a million transactions' indexes lie all over the file."""
        is_indexed_so = before is not None and _indexed(facts) == _indexed(before)
        if is_indexed_so and before is not None and _money(facts) == _money(before):
            self._current.append((version_id, transaction_id))
            return
        self._changed.add(transaction_id)
        if is_indexed_so:
            self._revalued.append((version_id, *_money(self._stored(facts)), transaction_id))
        else:
            self._moved.append((version_id, *_repeated(self._stored(facts)), transaction_id))

    def insert(self) -> None:
        if not self._dry:
            self._write()
        for rows in (self._transactions, self._versions, self._current, self._revalued, self._moved):
            rows.clear()
        self._new.clear()
        self._changed.clear()

    def _write(self) -> None:
        with following(self._session, self._changed - self._new, new=self._new):
            queries.insert_transactions(self._session, self._transactions)
            queries.insert_versions(self._session, self._versions)
            queries.make_current(self._session, self._current, repeating=())
            queries.make_current(self._session, self._revalued, repeating=queries.MONEY)
            queries.make_current(self._session, self._moved, repeating=queries.REPEATED)

    def finish(self) -> None:
        """Inserts what is left, and tells the database which ids were used."""
        self.insert()
        queries.keep_ids(self._session, transactions=self._transaction_id, transaction_versions=self._version_id)
        for known in self._session:
            if isinstance(known, Transaction):
                self._session.expire(known)  # what was written went past it

    def _stored(self, facts: Facts) -> Facts:
        if (
            facts is not self._said or self._stored_facts is None
        ):  # a new transaction and its version ask one after the other
            self._said, self._stored_facts = facts, stored(facts, _MOMENTS, self._moment)
        return self._stored_facts

    def _run_moment(self, at: datetime) -> object:
        stored = self._at.get(at)
        if stored is None:
            stored = self._at[at] = self._moment(at)
        return stored


def payload_key(digest: str) -> int:
    """The start of a payload's SHA-256 as the signed number by which it is found again."""
    return int(digest[:16], 16) - (1 << 63)
