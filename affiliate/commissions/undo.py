"""Taking an import back, whole."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.runs import find_run
from affiliate.errors import Conflict


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
    run.undone_at = now
    session.flush()
    queries.settle(session, run_id)
    transactions, gone = queries.touched_by(session, run_id)
    resting = queries.runs_resting_on(session, run) if transactions else []
    return Undone(run_id, transactions, gone, tuple(resting))
