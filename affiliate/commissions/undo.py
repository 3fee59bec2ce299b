"""Taking an import back, whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.new_rows import NewRows
from affiliate.commissions.restating import restate
from affiliate.commissions.runs import find_run
from affiliate.errors import Conflict
from affiliate.store.tables import ImportRun

_OF_TRANSACTIONS = "transactions"
_ACCOUNT = "publisher_ref"  # in what was said about the reading


@dataclass(frozen=True, slots=True)
class Undone:
    """`transactions` that the run had said something new of, and how many of them are `gone` (no other run names them)."""

    run_id: int
    transactions: int
    gone: int


def undo_import(session: Session, run_id: int, *, now: datetime) -> Undone:
    """Marks the run undone. Its versions stay in the ledger but count no more, from now on: a report as known before
    still shows them. What other runs said, or found unchanged, still stands. Accounts and programmes that it created stay.
    The same file can be imported anew. Its replays go with it; where it is a replay itself, the rows that it had booked are
    set aside again.

    NotFound for an unknown run, Conflict for one that was undone already or that is not of transactions; nothing changed
    then.
    """
    queries.one_import_at_a_time(session)
    run = find_run(session, run_id)
    if run.undone_at is not None:
        raise Conflict(f"Import run {run_id} was undone already, at {run.undone_at.isoformat()}.")
    if run.kind != _OF_TRANSACTIONS:
        raise Conflict(
            f"Import run {run_id} is of {run.kind}, which are kept as the network last said them. Ask for them again instead:"
            f" affiliate pull {run.network}"
        )
    take_back(session, [run, *queries.replays_of(session, run_id)], now)
    transactions, gone = queries.touched_by(session, run_id)
    return Undone(run_id, transactions, gone)


def replace_period(session: Session, run: ImportRun) -> tuple[int, ...]:
    """Lets one file stand for the run's period and account: takes back the runs of older files of another content and
    returns them, or takes back this run where a newer such file is there."""
    others, newer = rivals(session, run)
    if newer:
        run.replaced_by = newer[-1].id
        take_back(session, [run], run.recorded_at)
        return ()
    for known in others:
        known.replaced_by = run.id
    take_back(session, others, run.recorded_at)
    return tuple(known.id for known in others)


def rivals(session: Session, run: ImportRun) -> tuple[list[ImportRun], list[ImportRun]]:
    """The live runs of other contents for the run's period and account, and those of them whose files are newer."""
    others = [
        known
        for known in queries.runs_of_period(session, run)
        if known.file_sha256 != run.file_sha256 and known.reading.get(_ACCOUNT) == run.reading.get(_ACCOUNT)
    ]
    return others, [known for known in others if known.as_of > run.as_of]


def take_back(session: Session, runs: Sequence[ImportRun], now: datetime) -> None:
    """Lets runs of one network count no more, under the ledger's lock."""
    if not runs:
        return
    for run in runs:
        run.undone_at = now
    session.flush()
    queries.open_rows_again(session, {run.id for run in runs})
    leaving = {run.id for run in runs}
    since = min(run.as_of for run in runs)
    new_rows = NewRows(session)
    restate(
        session,
        queries.transactions_of(session, leaving),
        later=queries.runs_after(session, runs[0].network, runs[0].kind, since),
        since=since,
        leaving=leaving,
        new_rows=new_rows,
        now=now,
    )
    new_rows.finish()
