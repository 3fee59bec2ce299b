"""Writing out what runs had said, where a late file or an undone one changes what it rests on."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.hours import following
from affiliate.commissions.ledger import Restated, RunMoment, restated
from affiliate.commissions.marks import Marks
from affiliate.commissions.new_rows import NewRows

_AT_ONCE = 5000  # transactions: with three versions each they take 30 MB
_Confirmed = dict[int, list[tuple[RunMoment, int]]]


class _Writing(NamedTuple):
    transaction_id: int
    number: int
    restated: Restated


def restate(
    session: Session,
    transaction_ids: Sequence[int],
    *,
    later: Sequence[RunMoment],
    since: datetime,
    joining: int | None = None,
    leaving: Collection[int] = (),
    new_rows: NewRows,
    now: datetime,
) -> None:
    """Appends the versions that these transactions need after the run `joining` has said something of them, true at `since`,
    or after those `leaving` are undone, and settles their current pictures. `later` are the live runs of the network from
    that moment on. What is appended is recorded `now`, so that what was known before stays what it was."""
    besides = {*leaving, *([joining] if joining else [])}
    others = [run for run in later if run.run_id not in besides]
    for start in range(0, len(transaction_ids), _AT_ONCE):
        part = transaction_ids[start : start + _AT_ONCE]
        if others:
            confirmed = _confirmed(session, part, others)
            concerned = queries.with_later_versions(session, part, since, besides) | confirmed.keys()
            writings = list(_writings(session, concerned, confirmed, joining, leaving))
            _write(session, writings, new_rows, now)
        with following(session, part):
            queries.settle(session, part)


def _confirmed(session: Session, transaction_ids: Sequence[int], runs: Sequence[RunMoment]) -> _Confirmed:
    found: _Confirmed = defaultdict(list)
    for run in runs:
        packed = queries.confirmed_by(session, run.run_id)
        marks = Marks.unpacked(packed) if packed else None
        for transaction_id in transaction_ids if marks else ():
            if marks and (mark := marks[transaction_id]):
                found[transaction_id].append((run, mark - 1))
    return found


def _writings(
    session: Session,
    transaction_ids: Collection[int],
    confirmed: _Confirmed,
    joining: int | None,
    leaving: Collection[int],
) -> Iterator[_Writing]:
    for transaction_id, known in queries.versions_of(session, transaction_ids).items():
        counted = [(version, run) for version, run, live in known if live or run.run_id in leaving]
        confirmations = confirmed.get(transaction_id, [])
        needed = restated(
            [version for version, _ in counted],
            confirmations,
            [run for _, run in counted],
            joining=joining,
            leaving=leaving,
        )
        newest = known[-1][0].number
        for number, one in enumerate(needed, start=newest + 1):
            yield _Writing(transaction_id, number, one)


def _write(session: Session, writings: Sequence[_Writing], new_rows: NewRows, now: datetime) -> None:
    payloads = queries.payloads_of(session, {writing.restated.source_id for writing in writings})
    for transaction_id, number, one in writings:
        line, payload, digest = payloads[one.source_id]
        new_rows.version(
            transaction_id,
            number=number,
            run=one.run,
            line=0 if one.copied else line,
            facts=one.facts,
            unsaid=one.unsaid,
            payload=payload,
            digest=digest,
            recorded_at=now,
        )
    new_rows.insert()
