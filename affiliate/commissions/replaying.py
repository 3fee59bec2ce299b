"""Rows that an import set aside, read again: with what is known or said now."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.importing import REPLAY, TRANSACTIONS, ImportResult, import_rows, reader_of, reading_of
from affiliate.commissions.maps import Told, told
from affiliate.commissions.runs import find_run
from affiliate.errors import Conflict
from affiliate.networks.base import BadRow, Reader, Reading
from affiliate.networks.reading.rows import Unread
from affiliate.networks.registry import network as find_network
from affiliate.store.tables import ImportRun, QuarantinedRow

_CONTRADICTS = " contradicts line "  # the file said two things; reading it again does not say which is right


@dataclass(frozen=True, slots=True)
class Replayed:
    """What reading a run's rows again did. `booked` is the import of those that could be booked, None where none could;
    `still` are the rows that stay set aside, with today's reason."""

    run_id: int
    booked: ImportResult | None
    still: tuple[BadRow, ...]
    dry_run: bool

    @property
    def replay(self) -> int | None:
        return self.booked.run_id if self.booked else None

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run_id,
            "replay": self.replay,
            "dry_run": self.dry_run,
            "booked": self.booked.as_json() if self.booked else None,
            "still_set_aside": [{"line": bad.line, "reason": bad.reason} for bad in self.still],
        }


def replay_run(
    session: Session,
    run_id: int,
    *,
    currency: str | None = None,
    time_zone: str | None = None,
    map_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    dry_run: bool = False,
    now: datetime,
) -> Replayed:
    """Reads what the run set aside again, the way the run was read but for what is said now, and books what can be booked as
    a run of its own, true when the first one was. Rows that were booked are marked; the others get today's reason and stay.

    NotFound for an unknown run, Conflict for one that is undone or not of transactions, SettingsInvalid for a map that is none;
    nothing changed then.
    """
    queries.one_import_at_a_time(session)
    run = _replayable(session, run_id)
    rows = [row for row in queries.quarantined(session, run_id) if row.resolved_at is None]
    said = told(session, run.network, map_name, columns or {}, before=run.reading.get("columns"))
    reading = _reading(session, run, said, currency, time_zone)
    reader = reader_of(find_network(run.network), reading)
    asked = [(row, _read_again(reader, row, reading)) for row in rows]
    good = [known for _, known in asked if isinstance(known, Unread)]
    booked = _book(session, run, good, reading, dry_run=dry_run, now=now) if good else None
    refused = {(bad.line, bad.payload): bad for bad in booked.quarantined} if booked else {}
    still = []
    for row, known in asked:
        bad = known if isinstance(known, BadRow) else refused.get((known.line, known.payload))
        if bad:
            still.append(bad)
        if not dry_run:
            _mark(row, bad, booked, now=now)
    return Replayed(run_id, booked, tuple(still), dry_run)


def _replayable(session: Session, run_id: int) -> ImportRun:
    run = find_run(session, run_id)
    if run.kind != TRANSACTIONS:
        raise Conflict(f"Import run {run_id} is of {run.kind}; only transactions can be read again.")
    if run.undone_at is not None:
        raise Conflict(f"Import run {run_id} is undone; import its file again instead.")
    return run


def _reading(session: Session, run: ImportRun, now: Told, currency: str | None, time_zone: str | None) -> Reading:
    """The run's reading; what was not said then may stand in the account's settings by now."""
    then = run.reading
    return reading_of(
        session,
        run.network,
        publisher_ref=then.get("publisher_ref"),
        currency=currency or then.get("currency"),
        time_zone=time_zone or then.get("time_zone"),
        columns=now.columns,
        said={**then.get("said", {}), **now.said},
    )


def _read_again(reader: Reader, row: QuarantinedRow, reading: Reading) -> Unread | BadRow:
    if _CONTRADICTS in row.reason:
        return BadRow(row.line, row.reason, row.payload, row.word)
    unread = Unread(reader, row.line, json.loads(row.payload, parse_float=Decimal), reading)
    read = unread.read()
    return read if isinstance(read, BadRow) else unread


def _book(
    session: Session, run: ImportRun, rows: Sequence[Unread], reading: Reading, *, dry_run: bool, now: datetime
) -> ImportResult:
    digest = hashlib.sha256("\n".join(row.payload for row in rows).encode(errors="replace")).hexdigest()
    result = import_rows(
        session,
        network=find_network(run.network),
        name=run.file_name,
        sha256=digest,
        rows=rows,
        reading=reading,
        origin=REPLAY,
        as_of=run.as_of,
        dry_run=dry_run,
        now=now,
    )
    if result.run_id is not None:
        replay = find_run(session, result.run_id)
        replay.period = run.period  # a newer file of the period takes the place of both
        queries.forget_quarantined(session, replay.id)
        replay.rows -= replay.quarantined
        replay.quarantined = 0
    return result


def _mark(row: QuarantinedRow, bad: BadRow | None, booked: ImportResult | None, *, now: datetime) -> None:
    if bad:
        row.reason, row.word = bad.reason, bad.word[:255] if bad.word else None
    elif booked:
        row.resolved_at, row.resolved_by = now, booked.run_id
