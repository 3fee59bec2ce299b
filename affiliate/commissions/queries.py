"""The SQL of the commissions room."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, func, insert, select, text, update
from sqlalchemy.orm import Session

from affiliate.commissions.ledger import Facts, History, Key, Version
from affiliate.store.tables import ImportRun, Placement, QuarantinedRow, Transaction, TransactionVersion

# Core, not mapped classes: the mapper would cut a batch at every change between a null and a value (ten times slower)
_TRANSACTIONS = cast("Table", Transaction.__table__)
_VERSIONS = cast("Table", TransactionVersion.__table__)
_QUARANTINED = cast("Table", QuarantinedRow.__table__)
REPEATED = ("programme_id", "kind", "transaction_at", "click_at", "order_ref", "sub_id", "placement_id", "attribution")


def one_import_at_a_time(session: Session) -> None:
    """Makes writers of the ledger stand in line until the transaction ends; readers go on. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE import_runs IN SHARE ROW EXCLUSIVE MODE"))


def histories(session: Session, keys: Collection[Key]) -> dict[Key, History]:
    """What is known of these transactions, in one query. Versions of undone runs only count in the numbering."""
    found: dict[Key, History] = defaultdict(History)
    facts = [getattr(TransactionVersion, name) for name in Facts._fields]
    rows = session.execute(
        select(
            Transaction.id,
            Transaction.account_id,
            Transaction.external_id,
            Transaction.line_id,
            ImportRun.undone_at,
            TransactionVersion.observed_at,
            TransactionVersion.recorded_at,
            TransactionVersion.number,
            *facts,
        )
        .join(TransactionVersion, TransactionVersion.transaction_id == Transaction.id)
        .join(ImportRun, ImportRun.id == TransactionVersion.import_run_id)
        .where(
            Transaction.account_id.in_({key.account_id for key in keys}),
            Transaction.external_id.in_({key.external_id for key in keys}),
        )
        .order_by(TransactionVersion.transaction_id, TransactionVersion.number)
    )
    for transaction_id, account_id, external_id, line_id, undone_at, observed_at, recorded_at, number, *said in rows:
        history = found[Key(account_id, external_id, line_id)]
        history.transaction_id = transaction_id
        history.next_number = number + 1
        if undone_at is None:
            history.add(Version(observed_at, recorded_at, number, Facts(*said)))
    return found


def placements_of(session: Session, tokens: Collection[str]) -> dict[str, int]:
    """Token → placement id, for those of the tokens that exist."""
    if not tokens:
        return {}
    rows = session.execute(select(Placement.token, Placement.id).where(Placement.token.in_(tokens)))
    return {row.token: row.id for row in rows}


def insert_transactions(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[Key, int]:
    """The ids of the new rows. Asked for afterwards: RETURNING in the order of the rows would insert them one by one."""
    if not rows:
        return {}
    session.execute(insert(_TRANSACTIONS), rows)
    inserted = session.execute(
        select(Transaction.id, *(getattr(Transaction, name) for name in Key._fields)).where(
            Transaction.account_id.in_({row["account_id"] for row in rows}),
            Transaction.external_id.in_({row["external_id"] for row in rows}),
        )
    )
    return {Key(*key): transaction_id for transaction_id, *key in inserted}


def insert_versions(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(_VERSIONS), rows)


def insert_quarantined(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(_QUARANTINED), rows)


def settle(session: Session, run_id: int) -> None:
    """Makes the newest observed live version the current one of every transaction that the run has a version of."""
    touched = Transaction.id.in_(
        select(TransactionVersion.transaction_id).where(TransactionVersion.import_run_id == run_id)
    )
    newest = (
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
    in_sets = {"synchronize_session": False}
    session.execute(update(Transaction).where(touched).values(current_version_id=newest), execution_options=in_sets)
    session.execute(
        update(Transaction)
        .where(touched, TransactionVersion.id == Transaction.current_version_id)
        .values({name: getattr(TransactionVersion, name) for name in REPEATED}),
        execution_options=in_sets,
    )
    for known in session:
        if isinstance(known, Transaction):
            session.expire(known)  # the statements above went past it


def touched_by(session: Session, run_id: int) -> tuple[int, int]:
    """(transactions that the run has a version of, those among them without a live version)."""
    named = select(Transaction.id, Transaction.current_version_id).where(
        Transaction.id.in_(select(TransactionVersion.transaction_id).where(TransactionVersion.import_run_id == run_id))
    )
    counted = named.subquery()
    row = session.execute(select(func.count(), func.count(counted.c.current_version_id)).select_from(counted)).one()
    return row[0], row[0] - row[1]


def runs_resting_on(session: Session, run: ImportRun) -> list[int]:
    """Later runs of the network that found rows unchanged: what they confirmed is not repeated in the ledger."""
    return _confirmations(session, run, ImportRun.id > run.id)


def newer_confirmations(session: Session, run: ImportRun) -> list[int]:
    """Runs of the network whose files are newer than this run's, read before it, that found rows unchanged."""
    return _confirmations(session, run, ImportRun.id < run.id, ImportRun.as_of > run.as_of)


def _confirmations(session: Session, run: ImportRun, *which: ColumnElement[bool]) -> list[int]:
    """In the order in which to import them again; of a file that was read several times only its last run."""
    last = func.max(ImportRun.id)
    wanted = select(last).where(
        *which,
        ImportRun.network == run.network,
        ImportRun.kind == run.kind,
        ImportRun.undone_at.is_(None),
        ImportRun.unchanged > 0,
    )
    return list(
        session.scalars(wanted.group_by(ImportRun.file_sha256, ImportRun.as_of).order_by(ImportRun.as_of, last))
    )


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


def quarantined(session: Session, run_id: int) -> Sequence[QuarantinedRow]:
    wanted = select(QuarantinedRow).where(QuarantinedRow.import_run_id == run_id)
    return session.scalars(wanted.order_by(QuarantinedRow.line, QuarantinedRow.id)).all()
