"""Rows that an import set aside, read again with what is known or said now; and those that it had booked, where what is said now
changes how they are read."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.importing import (
    REPLAY,
    TRANSACTIONS,
    ImportResult,
    import_rows,
    reader_of,
    reading_of,
    said_of,
)
from affiliate.commissions.maps import Told, told
from affiliate.commissions.runs import find_run
from affiliate.errors import Conflict, InvalidInput
from affiliate.networks.base import BadRow, Reader, Reading
from affiliate.networks.reading.columns import WORDS
from affiliate.networks.reading.rows import Unread
from affiliate.networks.registry import network as find_network
from affiliate.store.tables import ImportRun, QuarantinedRow

_CONTRADICTS = " contradicts line "  # the file said two things; reading it again does not say which is right
_IDENTITY = (
    "external_id",
    "line_id",
    "publisher",
)  # what makes a row this transaction: under another it would be booked twice
_OF_THE_FILE = ("records", "encoding")  # how its rows were cut out; they are cut out already
_UNSAID_IS_OPEN = ("decimal", "date_format")  # unsaid, a row was only booked where it is the same with any
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Replayed:
    """What reading a run's rows again did. `booked` is the import of those that could be booked, None where none could;
    `still` are the rows that stay set aside, with today's reason, `kept` those that stay booked as they were, because they
    cannot be read with what is said now."""

    run_id: int
    booked: ImportResult | None
    still: tuple[BadRow, ...]
    kept: tuple[BadRow, ...]
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
            "kept_as_booked": [{"line": bad.line, "reason": bad.reason} for bad in self.kept],
        }


def replay_run(
    session: Session,
    run_id: int,
    *,
    currency: str | None = None,
    time_zone: str | None = None,
    map_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    amends: Collection[int] = (),
    dry_run: bool = False,
    now: datetime,
) -> Replayed:
    """Reads what the run set aside again, the way the run was read but for what is said now, and books what can be booked as
    a run of its own, true when the first one was. Rows that were booked are marked; the others get today's reason and stay.

    Where what is said now changes how rows are read that were booked (another decimal mark, zone, column, or meaning of a
    word), these are read again too, and amended. Another id is for the rows set aside alone. `amends` are lines that were doubted
    and do amend the transaction that is known under their id.

    A dry run writes nothing, so a session that only reads will do. NotFound for an unknown run, Conflict for one that is
    undone or not of transactions, SettingsInvalid for a map that is none, InvalidInput for a line of `amends` that is not
    set aside; nothing changed then.
    """
    if not dry_run:
        queries.one_import_at_a_time(session)
    run = _replayable(session, run_id)
    rows = [row for row in queries.quarantined(session, run_id) if row.resolved_at is None]
    said = told(session, run.network, map_name, columns or {}, before=run.reading.get("columns"))
    reading = _reading(session, run, said, currency, time_zone)
    reader = reader_of(find_network(run.network), reading)
    if unknown := set(amends) - {row.line for row in rows}:
        raise InvalidInput(
            f"Line {min(unknown)} of import run {run_id} is not set aside; what is booked needs no answer."
        )
    changes = _Changes.between(_told_of(run, run.reading), _told_of(run, said_of(reading)))
    asked = [(row, _read_again(reader, row, reading)) for row in rows]
    again = _Booked(session, run, reader, reading) if changes.meaning and not changes.identity else None
    good = [known for _, known in asked if isinstance(known, Unread)]
    doubtful = {known.line for known in good} - set(amends)
    booked = None
    if good or again:
        booked = _book(session, run, chain(good, again or ()), reading, doubtful, dry_run=dry_run, now=now)
    refused = {(bad.line, bad.payload): bad for bad in booked.quarantined} if booked else {}
    aside = {(row.line, row.payload) for row in rows}
    kept = [*(again.unread if again else ()), *(bad for place, bad in refused.items() if place not in aside)]
    still = []
    for row, known in asked:
        bad = known if isinstance(known, BadRow) else refused.get((known.line, known.payload))
        if bad:
            still.append(bad)
        if not dry_run:
            _mark(row, bad, booked, now=now)
    return Replayed(run_id, booked, tuple(still), tuple(kept), dry_run)


@dataclass(frozen=True, slots=True)
class _Changes:
    """What is said otherwise than before: about which transaction a row tells of, and about what it says."""

    identity: bool
    meaning: bool

    @classmethod
    def between(cls, before: Mapping[str, str], now: Mapping[str, str]) -> "_Changes":
        """A word or an option that was not said before changes no row that could be booked without it."""
        new = {key for key in now.keys() - before.keys() if key.partition(".")[0] in WORDS or key in _UNSAID_IS_OPEN}
        changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)} - new
        identity = any(name in changed for name in _IDENTITY)
        return cls(identity, bool(changed - {*_IDENTITY, *_OF_THE_FILE}))


def _told_of(run: ImportRun, reading: Mapping[str, Any]) -> dict[str, str]:
    """All that a reading says, as a map writes it."""
    reader = find_network(run.network).reader
    ready = dict(reader.columns or {}) if reader else {}
    columns = {**(reading.get("columns") or ready), **reading.get("said", {})}
    told = {_plain(key): value for key, value in columns.items()}
    return told | {f"reading {name}": reading[name] for name in ("currency", "time_zone") if reading.get(name)}


def _plain(key: str) -> str:
    """A word's key without capitals, as it is compared."""
    name, dot, word = key.partition(".")
    return f"{name}.{word.strip().lower()}" if dot and name in WORDS else key


class _Booked:
    """The rows that the run had booked, or found unchanged, to be read again; those that cannot be are `unread` then. Of a row
    found unchanged what it repeated is read: the run kept no other text of it."""

    def __init__(self, session: Session, run: ImportRun, reader: Reader, reading: Reading) -> None:
        self._session = session
        self._versions = queries.versions_of_run(session, run.id)
        self._versions.extend(queries.versions_confirmed_by(session, run))
        self._reader = reader
        self._reading = reading
        self.unread: list[BadRow] = []

    def __iter__(self) -> Iterator[Unread]:
        for start in range(0, len(self._versions), _AT_ONCE):
            part = self._versions[start : start + _AT_ONCE]
            payloads = queries.payloads_of(self._session, set(part))
            for version_id in part:
                line, payload, _ = payloads[version_id]
                unread = _unread(self._reader, line, payload, self._reading)
                read = unread.read()
                if isinstance(read, BadRow):
                    self.unread.append(read)
                else:
                    yield unread


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


def _unread(reader: Reader, line: int, payload: str, reading: Reading) -> Unread:
    return Unread(reader, line, json.loads(payload, parse_float=Decimal), reading)


def _read_again(reader: Reader, row: QuarantinedRow, reading: Reading) -> Unread | BadRow:
    if _CONTRADICTS in row.reason:
        return BadRow(row.line, row.reason, row.payload, row.word)
    unread = _unread(reader, row.line, row.payload, reading)
    read = unread.read()
    return read if isinstance(read, BadRow) else unread


def _book(
    session: Session,
    run: ImportRun,
    rows: Iterable[Unread],
    reading: Reading,
    doubtful: Collection[int],
    *,
    dry_run: bool,
    now: datetime,
) -> ImportResult:
    digest = hashlib.sha256(f"{run.file_sha256} {said_of(reading)}".encode(errors="replace")).hexdigest()
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
        may_doubt=doubtful.__contains__,
        now=now,
    )
    if result.run_id is not None:
        replay = find_run(session, result.run_id)
        replay.replay_of = run.id
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
