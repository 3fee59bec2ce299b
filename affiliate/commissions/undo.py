"""Taking an import back, whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.runs import find_run
from affiliate.errors import Conflict
from affiliate.store.tables import ImportRun

_ACCOUNT = "publisher_ref"  # in what was said about the reading


@dataclass(frozen=True, slots=True)
class Undone:
    """`transactions` that the run had named, how many of them are `gone` (no other run names them), and the later runs
    whose files should be imported again: they found rows unchanged, and part of what they confirmed is now undone."""

    run_id: int
    transactions: int
    gone: int
    import_again: tuple[int, ...]


def undo_import(session: Session, run_id: int, *, now: datetime) -> Undone:
    """Marks the run undone. Its versions stay in the ledger but count no more, from now on: a report as known before
    still shows them. Accounts and programmes that it created stay. The same file can be imported anew.

    NotFound for an unknown run, Conflict for one that was undone already; nothing changed then.
    """
    queries.one_import_at_a_time(session)
    run = find_run(session, run_id)
    if run.undone_at is not None:
        raise Conflict(f"Import run {run_id} was undone already, at {run.undone_at.isoformat()}.")
    _take_back(session, [run], now)
    transactions, gone = queries.touched_by(session, run_id)
    resting = queries.runs_resting_on(session, run) if transactions else []
    return Undone(run_id, transactions, gone, tuple(resting))


def replace_period(session: Session, run: ImportRun) -> tuple[int, ...]:
    """Lets one file stand for the run's period and account: takes back the runs of older files of another content and
    returns them, or takes back this run where a newer such file is there."""
    others = [
        known
        for known in queries.runs_of_period(session, run)
        if known.file_sha256 != run.file_sha256 and known.reading.get(_ACCOUNT) == run.reading.get(_ACCOUNT)
    ]
    newer = [known for known in others if known.as_of > run.as_of]
    if newer:
        run.replaced_by = newer[-1].id
        _take_back(session, [run], run.recorded_at)
        return ()
    for known in others:
        known.replaced_by = run.id
    _take_back(session, others, run.recorded_at)
    return tuple(known.id for known in others)


def _take_back(session: Session, runs: Sequence[ImportRun], now: datetime) -> None:
    for run in runs:
        run.undone_at = now
    session.flush()
    for run in runs:
        queries.settle(session, run.id)
