"""The SQL of connector health."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, func, select, true, type_coerce
from sqlalchemy.orm import Session

from affiliate.networks.asking.api import CHANGE, TRANSACTION, Window
from affiliate.store.tables import (
    ImportRun,
    Postback,
    Programme,
    PublisherAccount,
    Pull,
    QuarantinedRow,
    Transaction,
    TransactionVersion,
)

DONE, FAILED = "done", "failed"
_IN_ONE_QUERY = 500
_OF_SALES = (TRANSACTION, CHANGE)  # a window of changes tells what is new in it too


class Told(NamedTuple):
    """A run that brought rows: when, from where, and what was said of its account."""

    run_id: int
    network: str
    origin: str
    recorded_at: datetime
    publisher_ref: str | None


class LastPull(NamedTuple):
    """How an account's last finished pull went; `problem` is empty where it was done."""

    at: datetime
    problem: str


class SetAside(NamedTuple):
    """A row that waits; `word` is the network's word that nobody knew, where it was that. `reading` is the run's."""

    network: str
    word: str | None
    run_id: int
    reason: str
    payload: str
    reading: dict[str, Any]
    as_of: datetime


def accounts(session: Session) -> Sequence[PublisherAccount]:
    return session.scalars(
        select(PublisherAccount).order_by(PublisherAccount.network, PublisherAccount.publisher_ref)
    ).all()


def windows(session: Session, since: datetime) -> Mapping[int, list[Window]]:
    """By account the windows of sales that were pulled whole and reach beyond `since`."""
    wanted = select(Pull.account_id, Pull.first, Pull.until).where(
        Pull.state == DONE, Pull.basis.in_(_OF_SALES), Pull.until > since
    )
    found: dict[int, list[Window]] = defaultdict(list)
    for account_id, first, until in session.execute(wanted):
        found[account_id].append(Window(first, until))
    return found


def last_success(session: Session) -> Mapping[int, datetime]:
    """By account when its API was last asked with success."""
    rows = session.execute(
        select(Pull.account_id, func.max(Pull.finished_at))
        .where(Pull.state == DONE, Pull.basis.in_(_OF_SALES))
        .group_by(Pull.account_id)
    )
    return {account_id: at for account_id, at in rows if at is not None}


def last_pulls(session: Session) -> Mapping[int, LastPull]:
    """By account how the pull went that finished last."""
    newest = (
        select(Pull.account_id, func.max(Pull.finished_at).label("at"))
        .where(Pull.state.in_((DONE, FAILED)))
        .group_by(Pull.account_id)
        .subquery()
    )
    rows = session.execute(
        select(Pull.account_id, Pull.finished_at, Pull.problem, Pull.state)
        .join(newest, (newest.c.account_id == Pull.account_id) & (newest.c.at == Pull.finished_at))
        .order_by(Pull.id)
    )
    return {row.account_id: LastPull(row.finished_at, row.problem if row.state == FAILED else "") for row in rows}


def tellings(session: Session, kind: str, since: datetime) -> list[Told]:
    """Live runs of files and postbacks since then, the newest last. (Pulls are told by their windows.)"""
    rows = session.execute(
        select(ImportRun.id, ImportRun.network, ImportRun.origin, ImportRun.recorded_at, ImportRun.reading)
        .where(ImportRun.kind == kind, ImportRun.undone_at.is_(None), ImportRun.recorded_at >= since)
        .where(ImportRun.id.not_in(select(Pull.run_id).where(Pull.run_id.is_not(None))))
        .order_by(ImportRun.recorded_at, ImportRun.id)
    )
    return [Told(row.id, row.network, row.origin, row.recorded_at, row.reading.get("publisher_ref")) for row in rows]


def accounts_of_run(session: Session, run_id: int, among: Collection[int]) -> list[int]:
    """Which of these accounts the run brought a version for."""
    has_version = (
        select(TransactionVersion.id)
        .join(Transaction, Transaction.id == TransactionVersion.transaction_id)
        .where(TransactionVersion.import_run_id == run_id, Transaction.account_id == PublisherAccount.id)
        .correlate(PublisherAccount)
        .exists()
    )
    return list(session.scalars(select(PublisherAccount.id).where(PublisherAccount.id.in_(among), has_version)))


def rows_by_day(
    session: Session, since: datetime, among: Collection[int] | None = None
) -> Mapping[int, dict[date, int]]:
    """By account (of those `among`, None: all) and day of the sale (UTC) how many transactions are known. A million rows of
    a year take SQLite about two seconds, ten weeks of them a fifth of that."""
    day = _utc_day(session)
    rows = session.execute(
        select(Transaction.account_id, day, func.count())
        .where(Transaction.transaction_at >= since, Transaction.current_version_id.is_not(None))
        .where(true() if among is None else Transaction.account_id.in_(among))
        .group_by(Transaction.account_id, day)
    )
    found: dict[int, dict[date, int]] = defaultdict(dict)
    for account_id, text, count in rows:
        found[account_id][date.fromisoformat(text)] = count
    return found


def days_told(
    session: Session, account_id: int, stretches: Iterable[tuple[datetime, datetime]], origins: Collection[str]
) -> set[date]:
    """The days within these stretches [first, until) of which a run of such an origin told something."""
    told: set[date] = set()
    for first, until in stretches:
        rows = session.scalars(
            select(TransactionVersion.transaction_at)
            .join(ImportRun, ImportRun.id == TransactionVersion.import_run_id)
            .join(Transaction, Transaction.id == TransactionVersion.transaction_id)
            .where(
                TransactionVersion.transaction_at >= first,
                TransactionVersion.transaction_at < until,
                Transaction.account_id == account_id,
                ImportRun.origin.in_(origins),
                ImportRun.undone_at.is_(None),
            )
            .distinct()
        )
        told.update(at.date() for at in rows)
    return told


def waiting_postbacks(session: Session) -> Mapping[int, datetime]:
    """By account when the oldest message came that is not booked."""
    rows = session.execute(
        select(Postback.account_id, func.min(Postback.received_at))
        .where(Postback.booked_at.is_(None))
        .group_by(Postback.account_id)
    )
    return {row[0]: row[1] for row in rows}


def programmes_to_complete(session: Session) -> Mapping[int, int]:
    rows = session.execute(
        select(Programme.account_id, func.count()).where(Programme.to_be_completed).group_by(Programme.account_id)
    )
    return {row[0]: row[1] for row in rows}


def set_aside(session: Session, limit: int) -> list[SetAside]:
    """Rows that wait, the newest runs' first; not those of runs that were undone or replaced."""
    rows = session.execute(
        select(
            ImportRun.network,
            QuarantinedRow.word,
            QuarantinedRow.import_run_id,
            QuarantinedRow.reason,
            QuarantinedRow.payload,
            ImportRun.reading,
            ImportRun.as_of,
        )
        .join(ImportRun, ImportRun.id == QuarantinedRow.import_run_id)
        .where(QuarantinedRow.resolved_at.is_(None), ImportRun.undone_at.is_(None), ImportRun.replaced_by.is_(None))
        .order_by(QuarantinedRow.import_run_id.desc(), QuarantinedRow.line)
        .limit(limit)
    )
    return [SetAside(*row) for row in rows]


def versions_of(
    session: Session, external_ids: Sequence[str]
) -> Mapping[tuple[str, str, str], list[tuple[int, datetime]]]:
    """By network, id and line the live runs that told of such transactions, and when what they said was true."""
    found: dict[tuple[str, str, str], list[tuple[int, datetime]]] = defaultdict(list)
    ours = session.scalars(select(PublisherAccount.id)).all()  # the index of ids begins with the account
    for start in range(0, len(external_ids), _IN_ONE_QUERY):
        some = external_ids[start : start + _IN_ONE_QUERY]
        rows = session.execute(
            select(Transaction.id, Transaction.network, Transaction.external_id, Transaction.line_id).where(
                Transaction.account_id.in_(ours), Transaction.external_id.in_(some)
            )
        )
        keys = {row[0]: (row[1], row[2], row[3]) for row in rows}
        versions = session.execute(
            select(TransactionVersion.transaction_id, TransactionVersion.import_run_id, TransactionVersion.observed_at)
            .join(ImportRun, ImportRun.id == TransactionVersion.import_run_id)
            .where(TransactionVersion.transaction_id.in_(list(keys)), ImportRun.undone_at.is_(None))
        )
        for transaction_id, run_id, observed_at in versions:
            found[keys[transaction_id]].append((run_id, observed_at))
    return found


def _utc_day(session: Session) -> ColumnElement[str]:
    at = Transaction.transaction_at
    if session.get_bind().dialect.name == "sqlite":
        return func.substr(type_coerce(at, String), 1, 10)
    return func.to_char(func.timezone("UTC", at), "YYYY-MM-DD")
