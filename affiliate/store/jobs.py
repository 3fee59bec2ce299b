"""Jobs are rows: enqueued in the transaction of their data, taken under a lease, taken again if the worker died."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from affiliate.store.tables import Job

_LEASE = timedelta(minutes=5)
_MOST_ATTEMPTS = 5
_KEPT, _KEPT_FAILED = (
    timedelta(days=7),
    timedelta(days=90),
)  # a failed one is looked into by a person, perhaps after a holiday


@dataclass(frozen=True, slots=True)
class LeasedJob:
    id: int
    name: str
    arguments: dict[str, Any]
    attempts: int


def enqueue(session: Session, name: str, arguments: dict[str, Any], *, now: datetime) -> None:
    """Durable together with the transaction of `session`."""
    session.add(Job(name=name, arguments=arguments, not_before=now, attempts=0))


def lease_next(session: Session, names: Collection[str], *, now: datetime) -> LeasedJob | None:
    """Takes the oldest due job of these names for five minutes, or None. Two workers never hold the same job within a lease."""
    is_free = or_(Job.leased_until.is_(None), Job.leased_until <= now)
    due = (
        select(Job)
        .where(Job.done_at.is_(None), Job.not_before <= now, is_free, Job.name.in_(names))
        .order_by(Job.not_before, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job = session.scalars(due).first()
    if job is None:
        return None
    job.leased_until = now + _LEASE
    job.attempts += 1
    return LeasedJob(job.id, job.name, dict(job.arguments), job.attempts)


def finish(session: Session, job: LeasedJob, *, now: datetime) -> None:
    session.execute(update(Job).where(Job.id == job.id).values(done_at=now, leased_until=None, error=None))


def fail(session: Session, job: LeasedJob, error: str, *, now: datetime) -> None:
    """Puts the job off, each time twice as long; after five attempts it is done, with its error kept."""
    gave_up = job.attempts >= _MOST_ATTEMPTS
    session.execute(
        update(Job)
        .where(Job.id == job.id)
        .values(
            error=error,
            leased_until=None,
            not_before=now + timedelta(seconds=30 * 2**job.attempts),
            done_at=now if gave_up else None,
        )
    )


def delete_old(session: Session, *, now: datetime, limit: int) -> int:
    """Deletes jobs that were done a week ago, and those given up 90 days ago; at most `limit`, and how many. What is not done
    stays, however old it is."""
    is_no_use = or_(Job.error.is_(None), Job.done_at < now - _KEPT_FAILED)
    old = select(Job.id).where(Job.done_at < now - _KEPT, is_no_use).order_by(Job.done_at).limit(limit)
    deleted = session.execute(delete(Job).where(Job.id.in_(old)), execution_options={"synchronize_session": False})
    return deleted.rowcount  # type: ignore[attr-defined, no-any-return] # a delete's result has it
