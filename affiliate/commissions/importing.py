"""A network's report into the ledger: what is new is appended, what is known changes nothing, what is bad is set aside."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.attribution import attribute, tokens_in
from affiliate.commissions.counterparties import Counterparties, Newcomer
from affiliate.commissions.ledger import Facts, History, Key, Version, flaw
from affiliate.commissions.undo import replace_period
from affiliate.errors import InvalidInput, UnreadableFile
from affiliate.networks.base import BadRow, Network, Reader, Reading, ReportedTransaction
from affiliate.networks.columns import ColumnMap
from affiliate.networks.mapped import READER as MAPPED
from affiliate.networks.registry import network as find_network
from affiliate.networks.rows import Payload, payload_text, read_report
from affiliate.store.tables import ImportRun, PublisherAccount

TRANSACTIONS = "transactions"
FILE, API, POSTBACK, REPLAY = "file", "api", "postback", "replay"  # where a run is from

_ANOTHERS = (
    "Transaction {id} is known of another advertiser than {advertiser}. Two networks may use the same id: if this file"
    " comes from another one than the file before, say whose it is with --account or a publisher column."
)
NEW, AMENDED = "new", "amended"
_EXAMPLES = 100  # changes that a preview shows
_BATCH = 1000  # rows per look-up: 2 queries and 2 inserts a thousand rows; larger ones were not faster, only larger


@dataclass(frozen=True, slots=True)
class Change:
    """What one row changed. `transaction` is the network's id of it, with its line after a slash where it has one; `what` is
    new or amended; `says` tells it in words."""

    line: int
    transaction: str
    what: str
    says: str

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line, "transaction": self.transaction, "what": self.what, "says": self.says}


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What one import did: `rows` = new + amended + unchanged + quarantined. `run_id` is None for a dry run, which stored
    nothing. `changes` are the first hundred. `replaced` are the runs of older files of the same period, which count no more;
    `replaced_by` is the run of a newer file of that period: then this one does not count. `to_be_completed` lists what
    rows named and nobody knew. `import_again` are runs of newer files that were read earlier and found rows unchanged: what
    they confirmed may now look older than what this file says."""

    run_id: int | None
    rows: int
    new: int
    amended: int
    unchanged: int
    quarantined: tuple[BadRow, ...]
    changes: tuple[Change, ...]
    replaced: tuple[int, ...]
    replaced_by: int | None
    to_be_completed: tuple[Newcomer, ...]
    import_again: tuple[int, ...]
    dry_run: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run_id,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "new": self.new,
            "amended": self.amended,
            "unchanged": self.unchanged,
            "quarantined": [{"line": bad.line, "reason": bad.reason} for bad in self.quarantined],
            "changes": [change.as_json() for change in self.changes],
            "replaced": list(self.replaced),
            "replaced_by": self.replaced_by,
            "to_be_completed": [newcomer.as_json() for newcomer in self.to_be_completed],
            "import_again": list(self.import_again),
        }


def import_transactions(
    session: Session,
    *,
    network: str,
    file_name: str,
    content: bytes | BinaryIO,
    as_of: datetime | None = None,
    reading: Reading | None = None,
    dry_run: bool = False,
    now: datetime,
) -> ImportResult:
    """Books a network's own report, or any table with a column map, as one run of the caller's transaction.

    UnreadableFile if the content is not such a report at all or is cut off, NotFound for an unknown network, InvalidInput
    for an `as_of` in the future; nothing was stored then. All else as `import_rows` says.
    """
    source = find_network(network)
    reading = reading or reading_of(session, network)
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    try:
        reader = reader_of(source, reading)
        period = reader.period(file, reading) if reader.period else None
        file.seek(0)
        return import_rows(
            session,
            network=source,
            name=file_name,
            sha256=digest,
            rows=read_report(reader, file, reading),
            reading=reading,
            period=period,
            as_of=as_of,
            dry_run=dry_run,
            now=now,
        )
    except UnreadableFile as problem:
        raise UnreadableFile(file_name, problem.reason) from problem


def import_rows(
    session: Session,
    *,
    network: Network,
    name: str,
    sha256: str,
    rows: Iterable[ReportedTransaction | BadRow],
    reading: Reading,
    origin: str = FILE,
    period: str | None = None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    now: datetime,
) -> ImportResult:
    """Books rows as one run of the caller's transaction; `name` and `sha256` say where they are from.

    A transaction is known again by account, the network's id and line. Rows that say what is known change nothing; a row
    that says something else becomes a further version. `as_of` is when the rows were true (default: now); an older file
    than what is known becomes history without changing the current picture.

    Within one file an equal repetition counts as unchanged. A repetition that says something else is quarantined and
    names the line that was booked: the file contradicts itself, so a person must decide, and until then the money stands
    in the books once, not twice.

    `period` names what the rows cover as a whole, where they have no ids of their own. This run then takes the place of
    those of older files of the same period and account, which are undone; if a newer one of another content is there, this
    run itself is booked and undone at once. The same content again replaces nothing.

    Rows that cannot be booked are quarantined whole with line and reason; the good ones are booked. InvalidInput for an
    `as_of` in the future, and whatever `rows` raises; nothing was stored then.
    """
    if as_of is not None and as_of > now:
        raise InvalidInput(f"The file cannot have been true at {as_of.isoformat()}: that is in the future.")
    with session.begin_nested() as unit:
        queries.one_import_at_a_time(session)
        run = ImportRun(
            kind=TRANSACTIONS,
            network=network.key,
            file_name=_kept_name(name),
            file_sha256=sha256,
            as_of=as_of or now,
            recorded_at=now,
            rows=0,
            new=0,
            amended=0,
            unchanged=0,
            quarantined=0,
            origin=origin,
            reading=_said(reading),
            period=period,
        )
        session.add(run)
        session.flush()
        replaced = replace_period(session, run) if period else ()
        booking = _Booking(session, run, Counterparties(session, network, now=now))
        for batch in _batches(rows):
            booking.book(batch)
        booking.finish()
        result = ImportResult(
            run_id=None if dry_run else run.id,
            rows=run.rows,
            new=run.new,
            amended=run.amended,
            unchanged=run.unchanged,
            quarantined=tuple(booking.bad),
            changes=tuple(booking.changes),
            replaced=replaced,
            replaced_by=run.replaced_by,
            to_be_completed=tuple(booking.counterparties.newcomers),
            import_again=tuple(queries.newer_confirmations(session, run) if run.amended else ()),
            dry_run=dry_run,
        )
        if dry_run:
            unit.rollback()
    return result


def reader_of(network: Network, reading: Reading) -> Reader:
    """What reads this network's file: a column map where one is given, else the network's own reader. UnreadableFile where
    there is neither."""
    if reading.columns is not None:
        return MAPPED
    if network.reader is None:
        reason = f"how {network.name} writes its reports is not known; give a column map with --map."
        raise UnreadableFile("The file", reason)
    return network.reader


def _said(reading: Reading) -> dict[str, Any]:
    """What was said about the reading, to be kept with the run."""
    said = {"currency": reading.currency, "time_zone": reading.time_zone, "publisher_ref": reading.publisher_ref}
    kept: dict[str, Any] = {name: value for name, value in said.items() if value}
    return kept | ({"columns": reading.columns.as_json()} if reading.columns else {})


def reading_of(
    session: Session,
    network: str,
    *,
    publisher_ref: str | None = None,
    currency: str | None = None,
    time_zone: str | None = None,
    columns: ColumnMap | None = None,
) -> Reading:
    """How to read a file of this network: what is given, else what our account says (the named one, or the only one)."""
    wanted = select(PublisherAccount).where(PublisherAccount.network == find_network(network).key)
    if publisher_ref:
        wanted = wanted.where(PublisherAccount.publisher_ref == publisher_ref)
    accounts = session.scalars(wanted.limit(2)).all()
    account = accounts[0] if len(accounts) == 1 else None
    return Reading(
        currency=currency or (account.currency if account else None),
        time_zone=time_zone or (account.time_zone if account else None) or "UTC",
        publisher_ref=publisher_ref,
        columns=columns,
    )


@dataclass(slots=True)
class _Booking:
    """One run being written, batch by batch. `seen` holds the line of each transaction that the file named so far."""

    session: Session
    run: ImportRun
    counterparties: Counterparties
    bad: list[BadRow] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    seen: dict[Key, int] = field(default_factory=dict)

    def book(self, batch: Sequence[ReportedTransaction | BadRow]) -> None:
        self.run.rows += len(batch)
        self.bad += (row for row in batch if isinstance(row, BadRow))
        rows = [row for row in batch if not isinstance(row, BadRow)]
        keyed = [(key, row) for row in rows if (key := self._key(row))]
        histories = queries.histories(self.session, {key for key, _ in keyed})
        tokens = {token for _, row in keyed for token in tokens_in(row.sub_ids)}
        placements = queries.placements_of(self.session, tokens)
        fresh: dict[Key, Facts] = {}
        versions: list[tuple[Key, dict[str, Any]]] = []
        for key, row in keyed:
            facts = Facts.of(
                row, self.counterparties.programme_of(row, key.account_id), attribute(row.sub_ids, placements)
            )
            history = histories.setdefault(key, History())
            if row.publisher_ref is None and history.knows_another_programme(facts.programme_id):
                self._set_aside(row, _ANOTHERS.format(id=row.external_id, advertiser=row.advertiser_ref))
                continue
            completed, same = history.place(facts, self.run.as_of)
            if same:
                self.run.unchanged += 1
            elif key in self.seen:
                self._contradicts(key, row, completed, history)
                continue
            else:
                if history.transaction_id is None:
                    fresh[key] = completed
                versions.append((key, self._append(history, row, completed)))
            self.seen.setdefault(key, row.line)
        ids = queries.insert_transactions(self.session, [self._transaction(key, facts) for key, facts in fresh.items()])
        for key in fresh:
            histories[key].transaction_id = ids[key]
        queries.insert_versions(
            self.session, [{**version, "transaction_id": histories[key].transaction_id} for key, version in versions]
        )

    def finish(self) -> None:
        """Settles the current picture and writes what was set aside."""
        self.bad.sort(key=lambda bad: bad.line)
        self.run.quarantined = len(self.bad)
        queries.insert_quarantined(
            self.session,
            [
                {
                    "import_run_id": self.run.id,
                    "line": bad.line,
                    "reason": bad.reason,
                    "payload": bad.payload,
                    "word": bad.word[:255] if bad.word else None,
                }
                for bad in self.bad
            ],
        )
        self.session.flush()
        if self.run.new or self.run.amended:
            queries.settle(self.session, self.run.id)

    def _key(self, row: ReportedTransaction) -> Key | None:
        """None if the row was set aside instead."""
        reason = flaw(row)
        if reason is None:
            account_id = self.counterparties.account_of(row)
            if account_id is not None:
                return Key(account_id, row.external_id, row.line_id)
            known = ", ".join(self.counterparties.account_refs)
            reason = f"The row names no publisher account, and there are several at {self.run.network}: {known}."
        self._set_aside(row, reason)
        return None

    def _append(self, history: History, row: ReportedTransaction, facts: Facts) -> dict[str, Any]:
        if history.versions:
            self.run.amended += 1
        else:
            self.run.new += 1
        if len(self.changes) < _EXAMPLES:
            self.changes.append(self._change(history, row, facts))
        payload = _payload_text(row)
        version = Version(self.run.as_of, self.run.recorded_at, history.next_number, facts)
        history.add(version)
        history.next_number += 1
        return {
            "number": version.number,
            "import_run_id": self.run.id,
            "line": row.line,
            "observed_at": version.observed_at,
            "recorded_at": version.recorded_at,
            **facts._asdict(),
            "payload": payload,
            "payload_sha256": hashlib.sha256(payload.encode()).hexdigest(),
        }

    def _change(self, history: History, row: ReportedTransaction, facts: Facts) -> Change:
        named = f"{row.external_id}/{row.line_id}" if row.line_id else row.external_id
        if (before := history.at(self.run.as_of)) is not None:
            return Change(row.line, named, AMENDED, facts.difference(before))
        if history.versions:
            known_since = history.versions[0].observed_at.isoformat()
            return Change(
                row.line, named, AMENDED, f"true at {self.run.as_of.isoformat()}, known only since {known_since}"
            )
        return Change(row.line, named, NEW, f"commission {row.commission}, {row.status}")

    def _transaction(self, key: Key, facts: Facts) -> dict[str, Any]:
        return {
            **key._asdict(),
            "network": self.run.network,
            **{name: getattr(facts, name) for name in queries.REPEATED},
            "created_at": self.run.recorded_at,
        }

    def _contradicts(self, key: Key, row: ReportedTransaction, facts: Facts, history: History) -> None:
        booked = history.at(self.run.as_of)
        assert booked is not None  # noqa: S101 - the earlier line was booked, or confirmed what was
        self._set_aside(
            row,
            f"Line {row.line} contradicts line {self.seen[key]} of the same file about"
            f" transaction {row.external_id}: {facts.difference(booked)}. The earlier line was booked.",
        )

    def _set_aside(self, row: ReportedTransaction, reason: str) -> None:
        self.bad.append(BadRow(row.line, reason, _payload_text(row)))


def _batches(rows: Iterable[ReportedTransaction | BadRow]) -> Iterator[Sequence[ReportedTransaction | BadRow]]:
    coming = iter(rows)
    while batch := list(islice(coming, _BATCH)):
        yield batch


def _payload_text(row: ReportedTransaction) -> str:
    return row.payload.text if isinstance(row.payload, Payload) else payload_text(dict(row.payload))


def _kept_name(file_name: str) -> str:
    return file_name.replace("\x00", "")[-255:]
