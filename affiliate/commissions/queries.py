"""The SQL of the commissions room."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import BigInteger, Table, and_, delete, func, insert, or_, select, text, type_coerce, update
from sqlalchemy.orm import Session, aliased

from affiliate.commissions.attribution import UNKNOWN_TOKEN
from affiliate.commissions.ledger import OVERRULED, Facts, History, Key, RunMoment, Version
from affiliate.commissions.marks import Marks
from affiliate.store.copying import copy
from affiliate.store.tables import (
    ImportRun,
    Payout,
    Placement,
    Postback,
    QuarantinedRow,
    Transaction,
    TransactionVersion,
)

# Core, not mapped classes: the mapper would cut a batch at every change between a null and a value (ten times slower)
_QUARANTINED = cast("Table", QuarantinedRow.__table__)
_AT_ONCE = 5000  # transactions
INDEXED = ("programme_id", "kind", "transaction_at", "click_at", "order_ref", "sub_id", "placement_id", "attribution")
MONEY = ("status", "payment", "sale_amount", "sale_currency", "commission", "currency", "validated_at")
REPEATED = (*INDEXED, *MONEY)
"""What a transaction repeats of its current version: for the indexes, and for the reports."""


class VersionBegins(NamedTuple):
    """The columns of a version before its facts; moments in this module's rows are as `stored_moment` makes them."""

    id: int
    transaction_id: int
    number: int
    import_run_id: int
    line: int
    observed_at: object
    recorded_at: object


class VersionEnds(NamedTuple):
    """The columns of a version after its facts."""

    unsaid: int
    payload: str
    payload_sha256: str
    payload_key: int


class TransactionBegins(NamedTuple):
    """The columns of a transaction before its key."""

    id: int
    network: str
    current_version_id: int
    created_at: object


VERSION = (*VersionBegins._fields, *Facts._fields, *VersionEnds._fields)
TRANSACTION = (*TransactionBegins._fields, *Key._fields, *REPEATED)
_SAID = [
    type_coerce(column, BigInteger) if name in ("commission", "sale_amount") else column  # micros, as they are
    for name in Facts._fields
    for column in [getattr(TransactionVersion, name)]
]


def one_import_at_a_time(session: Session) -> None:
    """Makes writers of the ledger stand in line until the transaction ends; readers go on. SQLite has one writer anyway."""
    if _is_postgresql(session):
        session.execute(text("LOCK TABLE import_runs IN SHARE ROW EXCLUSIVE MODE"))


def histories(session: Session, keys: Collection[Key]) -> dict[Key, History]:
    """What is known of these transactions, in one query. Versions of undone runs only count in the numbering."""
    found: dict[Key, History] = defaultdict(History)
    if not keys:
        return found
    rows = session.execute(
        select(
            *(getattr(Transaction, name) for name in Key._fields),
            TransactionVersion.transaction_id,
            ImportRun.undone_at,
            TransactionVersion.observed_at,
            TransactionVersion.recorded_at,
            TransactionVersion.number,
            TransactionVersion.import_run_id,
            TransactionVersion.unsaid,
            TransactionVersion.id,
            *_SAID,
        )
        .join(TransactionVersion, TransactionVersion.transaction_id == Transaction.id)
        .join(ImportRun, ImportRun.id == TransactionVersion.import_run_id)
        .where(
            Transaction.account_id.in_({key.account_id for key in keys}),
            Transaction.external_id.in_({key.external_id for key in keys}),
        )
        .order_by(TransactionVersion.transaction_id, TransactionVersion.number)
    )
    for account_id, external_id, line_id, transaction_id, undone_at, observed_at, recorded_at, *version in rows:
        number, run_id, unsaid, version_id, *said = version
        history = found[Key(account_id, external_id, line_id)]
        history.transaction_id = transaction_id
        history.next_number = number + 1
        if undone_at is None:
            history.add(Version(observed_at, recorded_at, number, run_id, Facts(*said), unsaid, version_id))
    return found


def accounts_that_know(
    session: Session, account_ids: Collection[int], external_ids: Collection[str]
) -> dict[tuple[str, str], set[int]]:
    """(the network's id, its line) → the accounts among these that have a transaction of that name in force."""
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    rows = session.execute(
        select(Transaction.external_id, Transaction.line_id, Transaction.account_id).where(
            Transaction.account_id.in_(account_ids),
            Transaction.external_id.in_(external_ids),
            Transaction.current_version_id.is_not(None),
        )
    )
    for external_id, line_id, account_id in rows:
        found[external_id, line_id].add(account_id)
    return found


def said_in_force(session: Session, payload_keys: Collection[int], as_of: datetime) -> dict[str, tuple[int, int, int]]:
    """Which payloads are, word for word, the current picture of a transaction at a moment: by their SHA-256 (the
    transaction, what its report left unsaid, the run). Those whose sub-id may name a placement by now are left out, and
    those that only stand for a confirmation."""
    if not payload_keys:
        return {}
    rows = session.execute(
        select(
            TransactionVersion.payload_sha256,
            TransactionVersion.transaction_id,
            TransactionVersion.unsaid,
            TransactionVersion.import_run_id,
            TransactionVersion.attribution,
        )
        .join(Transaction, Transaction.id == TransactionVersion.transaction_id)
        .where(
            TransactionVersion.payload_key.in_(payload_keys),
            TransactionVersion.id == Transaction.current_version_id,
            TransactionVersion.observed_at <= as_of,
            TransactionVersion.line > 0,
        )
    )
    return {
        digest: (transaction_id, unsaid, run_id)
        for digest, transaction_id, unsaid, run_id, attribution in rows
        if attribution != UNKNOWN_TOKEN and not unsaid & OVERRULED
    }


def placements_of(session: Session, tokens: Collection[str]) -> dict[str, int]:
    """Token → placement id, for those of the tokens that exist."""
    if not tokens:
        return {}
    rows = session.execute(select(Placement.token, Placement.id).where(Placement.token.in_(tokens)))
    return {row.token: row.id for row in rows}


def next_id(session: Session, table: str) -> int:
    of_postgresql = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))"
    of_sqlite = f"SELECT coalesce(max(id), 0) + 1 FROM {table}"  # noqa: S608 - our own table names
    number: int = session.execute(text(of_postgresql if _is_postgresql(session) else of_sqlite)).scalar_one()
    return number


def keep_ids(session: Session, **used: int) -> None:
    """Sets PostgreSQL's own counters, by table, behind ids that were counted elsewhere."""
    for table, number in used.items() if _is_postgresql(session) else ():
        session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), :number)"), {"number": number})


def insert_transactions(session: Session, rows: Sequence[Sequence[object]]) -> None:
    """Rows in the order of TRANSACTION, moments as `stored_moment` makes them."""
    _insert(session, "transactions", TRANSACTION, rows)


def insert_versions(session: Session, rows: Sequence[Sequence[object]]) -> None:
    """Rows in the order of VERSION, moments as `stored_moment` makes them."""
    _insert(session, "transaction_versions", VERSION, rows)


def _insert(session: Session, table: str, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Hands rows to the driver as they are: SQLAlchemy's way through its column types took half of an import's time."""
    if not rows:
        return
    columns = ", ".join(names)
    connection = session.connection()
    if _is_postgresql(session):
        copy(connection, f"COPY {table} ({columns}) FROM STDIN", rows)
    else:
        places = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(rows))  # noqa: S608


def stored_moment(session: Session) -> Callable[[datetime | None], object]:
    """How the database takes an aware moment from its driver (see store/types.py)."""
    return _as_it_is if _is_postgresql(session) else _as_text


def _as_it_is(moment: datetime | None) -> object:
    return moment


def _as_text(moment: datetime | None) -> object:
    if moment is None:
        return None
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:26]


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def make_current(session: Session, rows: Sequence[tuple[object, ...]], *, repeating: Sequence[str]) -> None:
    """Rows of (the newest version's id, what transactions repeat of it in the order of `repeating`, transaction id)."""
    if not rows:
        return
    mark = "%s" if _is_postgresql(session) else "?"
    repeated = "".join(f", {name} = {mark}" for name in repeating)
    session.connection().exec_driver_sql(
        f"UPDATE transactions SET current_version_id = {mark}{repeated} WHERE id = {mark}",  # noqa: S608
        list(rows),
    )


def insert_quarantined(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(_QUARANTINED), rows)


_NEWEST = (
    select(TransactionVersion.id)
    .join(ImportRun, ImportRun.id == TransactionVersion.import_run_id)
    .where(TransactionVersion.transaction_id == Transaction.id, ImportRun.undone_at.is_(None))
    .order_by(
        TransactionVersion.observed_at.desc(),
        TransactionVersion.recorded_at.desc(),
        TransactionVersion.number.desc(),
    )
    .limit(1)
    .correlate(Transaction)
    .scalar_subquery()
)
"""A transaction's newest observed version of a live run."""


def count_unsettled(session: Session) -> int:
    """Transactions whose current version is not the newest observed live one, or that do not repeat it."""
    said = aliased(TransactionVersion)
    differs = [getattr(Transaction, name).is_distinct_from(getattr(said, name)) for name in REPEATED]
    wanted = (
        select(func.count())
        .select_from(Transaction)
        .outerjoin(said, said.id == Transaction.current_version_id)
        .where(
            or_(
                Transaction.current_version_id.is_distinct_from(_NEWEST),
                and_(Transaction.current_version_id.is_not(None), or_(*differs)),
            )
        )
    )
    return session.scalar(wanted) or 0


def transaction_ids(session: Session, *, after: int, limit: int) -> Sequence[int]:
    wanted = select(Transaction.id).where(Transaction.id > after).order_by(Transaction.id).limit(limit)
    return session.scalars(wanted).all()


def settle(session: Session, transaction_ids: Collection[int]) -> None:
    """Makes the newest observed live version the current one of each of these transactions."""
    touched = Transaction.id.in_(transaction_ids)
    in_sets = {"synchronize_session": False}
    session.execute(update(Transaction).where(touched).values(current_version_id=_NEWEST), execution_options=in_sets)
    session.execute(
        update(Transaction)
        .where(touched, TransactionVersion.id == Transaction.current_version_id)
        .values({name: getattr(TransactionVersion, name) for name in REPEATED}),
        execution_options=in_sets,
    )


def transactions_of(session: Session, run_ids: Collection[int]) -> "array[int]":
    """The ids of the transactions that these runs have versions of, in their order."""
    named = select(TransactionVersion.transaction_id).where(TransactionVersion.import_run_id.in_(run_ids)).distinct()
    rows = session.execute(named.order_by(TransactionVersion.transaction_id), execution_options={"yield_per": 10_000})
    return array("q", rows.scalars())


def with_later_versions(
    session: Session, transaction_ids: Collection[int], since: datetime, besides: Collection[int]
) -> set[int]:
    """Those that live runs besides these have said something of, true at the moment or later."""
    named = (
        select(TransactionVersion.transaction_id)
        .join(ImportRun, ImportRun.id == TransactionVersion.import_run_id)
        .where(
            TransactionVersion.transaction_id.in_(transaction_ids),
            TransactionVersion.observed_at >= since,
            ImportRun.undone_at.is_(None),
            ImportRun.id.not_in(besides),
        )
    )
    return set(session.scalars(named))


def versions_of(session: Session, transaction_ids: Collection[int]) -> dict[int, list[tuple[Version, RunMoment, bool]]]:
    """Every version by number, with its run and whether that is live."""
    found: dict[int, list[tuple[Version, RunMoment, bool]]] = defaultdict(list)
    rows = session.execute(
        select(
            TransactionVersion.transaction_id,
            ImportRun.undone_at,
            ImportRun.as_of,
            ImportRun.recorded_at,
            TransactionVersion.observed_at,
            TransactionVersion.recorded_at,
            TransactionVersion.number,
            TransactionVersion.import_run_id,
            TransactionVersion.unsaid,
            TransactionVersion.id,
            *_SAID,
        )
        .join(ImportRun, ImportRun.id == TransactionVersion.import_run_id)
        .where(TransactionVersion.transaction_id.in_(transaction_ids))
        .order_by(TransactionVersion.transaction_id, TransactionVersion.number)
    )
    for transaction_id, undone_at, as_of, run_recorded_at, observed_at, recorded_at, *version in rows:
        number, run_id, unsaid, version_id, *said = version
        known = Version(observed_at, recorded_at, number, run_id, Facts(*said), unsaid, version_id)
        found[transaction_id].append((known, RunMoment(as_of, run_recorded_at, run_id), undone_at is None))
    return found


def payloads_of(session: Session, version_ids: Collection[int]) -> dict[int, tuple[int, str, str]]:
    """(line, payload, its SHA-256) of versions."""
    rows = session.execute(
        select(
            TransactionVersion.id,
            TransactionVersion.line,
            TransactionVersion.payload,
            TransactionVersion.payload_sha256,
        ).where(TransactionVersion.id.in_(version_ids))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def versions_of_run(session: Session, run_id: int) -> "array[int]":
    """The ids of the versions that the run wrote of its own rows, one for each row, in the file's order."""
    first = func.min(TransactionVersion.id)
    rows = session.execute(
        select(first)
        .where(TransactionVersion.import_run_id == run_id)
        .group_by(TransactionVersion.transaction_id, TransactionVersion.line, TransactionVersion.payload_sha256)
        .order_by(TransactionVersion.line, first),
        execution_options={"yield_per": 10_000},
    )
    return array("q", rows.scalars())


def versions_confirmed_by(session: Session, run: ImportRun) -> Iterator[int]:
    """The ids of the versions that the run found unchanged: those in force when it was true."""
    packed = confirmed_by(session, run.id)
    ids = [transaction_id for transaction_id, _ in Marks.unpacked(packed).items()] if packed else []
    for start in range(0, len(ids), _AT_ONCE):
        for known in versions_of(session, ids[start : start + _AT_ONCE]).values():
            live = [one for one, said, is_live in known if is_live and said.as_of <= run.as_of]
            if live:
                yield max(live, key=lambda one: one[:3]).id


def confirmed_by(session: Session, run_id: int) -> bytes | None:
    return session.scalar(select(ImportRun.confirmed).where(ImportRun.id == run_id))


def runs_read_alike(session: Session, run: ImportRun, since: datetime | None) -> set[int]:
    """The live runs of the run's network that were recorded at the moment or later and read as this one is: by the same
    code, with the same things said about the reading."""
    rows = session.execute(
        select(ImportRun.id, ImportRun.reading).where(
            ImportRun.network == run.network,
            ImportRun.kind == run.kind,
            ImportRun.read_by == run.read_by,
            ImportRun.undone_at.is_(None),
            ImportRun.id != run.id,
            *([ImportRun.recorded_at >= since] if since else []),
        )
    )
    return {row.id for row in rows if row.reading == run.reading}


def touched_by(session: Session, run_id: int) -> tuple[int, int]:
    """(transactions that the run has a version of, those among them without a live version)."""
    named = select(Transaction.id, Transaction.current_version_id).where(
        Transaction.id.in_(select(TransactionVersion.transaction_id).where(TransactionVersion.import_run_id == run_id))
    )
    counted = named.subquery()
    row = session.execute(select(func.count(), func.count(counted.c.current_version_id)).select_from(counted)).one()
    return row[0], row[0] - row[1]


def runs_after(session: Session, network: str, kind: str, moment: datetime) -> list[RunMoment]:
    """The live runs of a network whose files were true at the moment or later, oldest first."""
    rows = session.execute(
        select(ImportRun.as_of, ImportRun.recorded_at, ImportRun.id)
        .where(
            ImportRun.network == network,
            ImportRun.kind == kind,
            ImportRun.as_of >= moment,
            ImportRun.undone_at.is_(None),
        )
        .order_by(ImportRun.as_of, ImportRun.recorded_at, ImportRun.id)
    )
    return [RunMoment(*row) for row in rows]


def runs(session: Session, limit: int | None = None) -> Sequence[ImportRun]:
    """Newest first."""
    return session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(limit)).all()


def runs_of_period(session: Session, run: ImportRun) -> Sequence[ImportRun]:
    """The other live runs of the run's network and period, the one true last at the end."""
    wanted = select(ImportRun).where(
        ImportRun.network == run.network,
        ImportRun.kind == run.kind,
        ImportRun.period == run.period,
        ImportRun.undone_at.is_(None),
        ImportRun.id != run.id,
    )
    return session.scalars(wanted.order_by(ImportRun.as_of, ImportRun.id)).all()


def replays_of(session: Session, run_id: int) -> Sequence[ImportRun]:
    """The live runs that read this run's rows again."""
    return session.scalars(select(ImportRun).where(ImportRun.replay_of == run_id, ImportRun.undone_at.is_(None))).all()


def open_rows_again(session: Session, replays: Collection[int]) -> None:
    """What these replays had booked counts as set aside again."""
    booked = update(QuarantinedRow).where(QuarantinedRow.resolved_by.in_(replays))
    session.execute(booked.values(resolved_at=None, resolved_by=None), execution_options={"synchronize_session": False})
    for known in session:
        if isinstance(known, QuarantinedRow):
            session.expire(known)  # the statement went past it


def forget_quarantined(session: Session, run_id: int) -> None:
    """Drops what a replay set aside: it stays with the run that it is from."""
    session.execute(delete(QuarantinedRow).where(QuarantinedRow.import_run_id == run_id))


def quarantined(session: Session, run_id: int) -> Sequence[QuarantinedRow]:
    wanted = select(QuarantinedRow).where(QuarantinedRow.import_run_id == run_id)
    return session.scalars(wanted.order_by(QuarantinedRow.line, QuarantinedRow.id)).all()


def payouts_of(session: Session, account_id: int, external_ids: Sequence[str]) -> dict[str, Payout]:
    found = session.scalars(select(Payout).where(Payout.account_id == account_id, Payout.external_id.in_(external_ids)))
    return {payout.external_id: payout for payout in found}


def delete_hints(session: Session, before: datetime, limit: int) -> int:
    """Deletes messages that only hinted at a sale and were followed before a moment; at most `limit`, and how many."""
    old = select(Postback.id).where(
        Postback.booked_at < before, Postback.hint_at.is_not(None), Postback.run_id.is_(None)
    )
    deleted = session.execute(
        delete(Postback).where(Postback.id.in_(old.order_by(Postback.booked_at).limit(limit))),
        execution_options={"synchronize_session": False},
    )
    return deleted.rowcount  # type: ignore[attr-defined, no-any-return] # a delete's result has it
