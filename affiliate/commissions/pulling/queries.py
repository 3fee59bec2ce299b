"""What the pulls ask the database."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from affiliate.commissions.pulling.windows import Past, Request
from affiliate.networks.asking.api import Window
from affiliate.store.tables import PublisherAccount, Pull

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


def accounts(session: Session, network: str, publisher_ref: str | None = None) -> Sequence[PublisherAccount]:
    wanted = select(PublisherAccount).where(PublisherAccount.network == network).order_by(PublisherAccount.id)
    if publisher_ref is not None:
        wanted = wanted.where(PublisherAccount.publisher_ref == publisher_ref)
    return session.scalars(wanted).all()


def past_requests(session: Session, account_id: int, *, since: datetime) -> list[Past]:
    """Requests of an account, oldest first."""
    pulls = session.scalars(
        select(Pull)
        .where(Pull.account_id == account_id, Pull.requested_at >= since)
        .order_by(Pull.requested_at, Pull.basis, Pull.first, Pull.id)
    )
    return [_past(list(group)) for _, group in groupby(pulls, key=lambda pull: (pull.requested_at, pull.basis))]


def windows_of(session: Session, account_id: int, past: Past) -> Sequence[Pull]:
    """The windows of a request in the order of time."""
    return session.scalars(
        select(Pull)
        .where(Pull.account_id == account_id, Pull.requested_at == past.requested_at, Pull.basis == past.basis)
        .order_by(Pull.first, Pull.id)
    ).all()


def add_request(session: Session, account_id: int, request: Request, *, now: datetime) -> Past:
    """Keeps the windows as waiting; durable with the session's transaction."""
    pulls = [
        Pull(
            account_id=account_id,
            basis=request.basis,
            first=window.first,
            until=window.until,
            state=WAITING,
            attempts=0,
            requested_at=now,
            rows=0,
            problem="",
        )
        for window in request.windows
    ]
    session.add_all(pulls)
    session.flush()
    return _past(pulls)


def start(session: Session, pull_id: int, *, now: datetime) -> None:
    """Takes a window; one that a crash left running too."""
    session.execute(
        update(Pull)
        .where(Pull.id == pull_id)
        .values(
            state=RUNNING, attempts=Pull.attempts + 1, started_at=now, finished_at=None, not_before=None, problem=""
        )
    )


def finish(session: Session, pull_id: int, *, run_id: int | None, rows: int, now: datetime) -> None:
    session.execute(
        update(Pull).where(Pull.id == pull_id).values(state=DONE, run_id=run_id, rows=rows, finished_at=now, problem="")
    )


def fail(session: Session, pull_id: int, problem: str, *, not_before: datetime, now: datetime) -> None:
    session.execute(
        update(Pull)
        .where(Pull.id == pull_id)
        .values(state=FAILED, problem=problem, not_before=not_before, finished_at=now)
    )


def put_off(session: Session, pull_ids: Sequence[int], *, not_before: datetime) -> None:
    session.execute(update(Pull).where(Pull.id.in_(pull_ids)).values(not_before=not_before))


def _past(pulls: Sequence[Pull]) -> Past:
    waits = [pull.not_before for pull in pulls if pull.state != DONE and pull.not_before is not None]
    return Past(
        pulls[0].basis,
        pulls[0].requested_at,
        min(pull.first for pull in pulls),
        max(pull.until for pull in pulls),
        all(pull.state == DONE for pull in pulls),
        tuple(Window(pull.first, pull.until) for pull in pulls),
        max(waits, default=None),
    )


def delete_old(session: Session, before: datetime, limit: int) -> int:
    """Deletes windows asked for before a moment that brought nothing to book; at most `limit`, and how many. Those that led to
    an import run stay with it, and so does the last one of each account and basis: it says when the network last answered."""
    last = select(func.max(Pull.id)).group_by(Pull.account_id, Pull.basis, Pull.state)
    old = select(Pull.id).where(Pull.requested_at < before, Pull.run_id.is_(None), Pull.id.not_in(last))
    deleted = session.execute(
        delete(Pull).where(Pull.id.in_(old.order_by(Pull.id).limit(limit))),
        execution_options={"synchronize_session": False},
    )
    return deleted.rowcount  # type: ignore[attr-defined, no-any-return] # a delete's result has it
