"""A network's report into the ledger: what is new is appended, what is known changes nothing, what is bad is set aside."""

import gc
import hashlib
import io
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache, partial
from itertools import islice, product
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

import affiliate.commissions
import affiliate.networks
from affiliate import deadline
from affiliate.clock import zone
from affiliate.commissions import hours, queries
from affiliate.commissions.attribution import attribute, tokens_in
from affiliate.commissions.counterparties import Counterparties, Newcomer
from affiliate.commissions.file_names import kept_name
from affiliate.commissions.ledger import Facts, History, Key, RunMoment, Version, flaw, tells_of_another_sale
from affiliate.commissions.marks import Marks
from affiliate.commissions.new_rows import NewRows, payload_key
from affiliate.commissions.restating import restate
from affiliate.commissions.undo import replace_period, rivals
from affiliate.errors import InvalidInput, InvalidMoney, UnreadableFile
from affiliate.money import MICROS, from_micros
from affiliate.networks.base import BadRow, Network, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.reading.mapped import READER as MAPPED
from affiliate.networks.reading.rows import Payload, Unread, payload_text
from affiliate.networks.registry import network as find_network
from affiliate.store.tables import ImportRun, PublisherAccount

TRANSACTIONS = "transactions"
FILE, API, POSTBACK, REPLAY = "file", "api", "postback", "replay"  # where a run is from

_ANOTHERS = (
    "Transaction {id} is known of another advertiser than {advertiser}. Two networks may use the same id: if this file"
    " comes from another one than the file before, say whose it is with --account or a publisher column."
)
_ANOTHER_SALE = (
    "Transaction {id} is known as another sale: {difference}. So its id may be no transaction's, or was used twice. Read the"
    " row again and say that line {line} amends the known sale, or which column is the transaction's id (external_id)."
)
_HALF_NAMED = (
    "Transaction {id} is in the ledger {known}, and this row names {named}: both together would count it twice. If the row is"
    " right, undo the import that booked the other; else nothing needs to be done."
)
_NOBODYS = (0, 0, 0)
_NO_RUN = (1 << 31) - 1  # stands for the id of a run that is only tried out, the newest
NEW, AMENDED = "new", "amended"
_COLLECTING = gc.get_threshold()  # read once: two imports may overlap
_LARGEST_TOTAL = 10**12 * MICROS  # of a file
_STRIKING_TOTAL = 10**9 * MICROS  # of a file: above it the ledger is looked at too
_LARGEST_LEDGER = 9 * 10**18  # micros; a sum has 64 bits
_EXAMPLES = 100  # changes that a preview shows
_BATCH = 1000  # rows per look-up: 2 queries and 2 inserts a thousand rows; larger ones were not faster, only larger


Coming = ReportedTransaction | Unread | BadRow
"""A row as an import takes it; one that is not read yet is only read if it says something new."""

Record = tuple[int, object] | BadRow
"""A line's number and what stands there, as a reader cuts it from a file."""


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
    rows named and nobody knew."""

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

    UnreadableFile if the content is not such a report at all or is cut off, UndecidedFile if its rows leave open how they are
    to be read, NotFound for an unknown network, InvalidInput
    for an `as_of` in the future; nothing was stored then. All else as `import_rows` says.
    """
    source = find_network(network)
    reading = reading or reading_of(session, network)
    with named(file_name):
        report = open_report(source, content, reading)
        return import_rows(
            session,
            network=source,
            name=file_name,
            sha256=report.sha256,
            rows=report.rows(report.records),
            reading=report.reading,
            period=report.period,
            as_of=as_of,
            dry_run=dry_run,
            now=now,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """A network's file, opened: `records` are cut from it as they are taken, and read by `rows`."""

    sha256: str
    period: str | None
    reader: Reader
    reading: Reading
    records: Iterator[Record]

    def rows(self, records: Iterable[Record]) -> Iterator[Unread | BadRow]:
        return unread(self.reader, records, self.reading)


def unread(reader: Reader, records: Iterable[Record], reading: Reading) -> Iterator[Unread | BadRow]:
    """Records to be read by this reader, where they say anything new."""
    for record in records:
        yield record if isinstance(record, BadRow) else Unread(reader, *record, reading)


def open_report(network: Network, content: bytes | BinaryIO, reading: Reading) -> Report:
    """Looks at the whole file for what it decides of its reading. UndecidedFile where it leaves that open, UnreadableFile, here
    or at any row, if it is not such a report or is cut off."""
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    reader = reader_of(network, reading)
    if reader.decided:
        reading = reader.decided(file, reading)
        file.seek(0)
    period = reader.period(file, reading) if reader.period else None
    file.seek(0)
    return Report(digest, period, reader, reading, iter(reader.records(file, reading)))


@contextmanager
def named(file_name: str) -> Iterator[None]:
    """What cannot be read is called by its file's name."""
    try:
        yield
    except UnreadableFile as problem:
        raise problem.called(kept_name(file_name)) from problem


def import_rows(
    session: Session,
    *,
    network: Network,
    name: str,
    sha256: str,
    rows: Iterable[Coming],
    reading: Reading,
    origin: str = FILE,
    period: str | None = None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    may_doubt: Callable[[int], bool] = lambda _line: True,
    now: datetime,
) -> ImportResult:
    """Books rows as one run of the caller's transaction; `name` and `sha256` say where they are from.

    A transaction is known again by account, the network's id and line; of a network with ids of its own, by these alone. Rows
    that say what is known change nothing; a row that says something else becomes a further version. `as_of` is when the rows were true (default: now); an older file
    than what is known becomes history without changing the current picture.

    Within one file an equal repetition counts as unchanged. A repetition that says something else is quarantined and
    names the line that was booked: the file contradicts itself, so a person must decide, and until then the money stands
    in the books once, not twice.

    A row that names a known transaction and tells of another sale (tells_of_another_sale) is quarantined too, in one file and
    across files, whichever came first: two sales never become one unseen. `may_doubt` tells by its line whether a row may be
    doubted so.

    `period` names what the rows cover as a whole, where they have no ids of their own. This run then takes the place of
    those of older files of the same period and account, which are undone; if a newer one of another content is there, this
    run itself is booked and undone at once. The same content again replaces nothing.

    A dry run writes nothing, so a session that only reads will do, and nobody has to wait for it.

    Rows that cannot be booked are quarantined whole with line and reason; the good ones are booked. InvalidInput for an
    `as_of` in the future, and whatever `rows` raises; nothing was stored then.
    """
    if as_of is not None and as_of > now:
        raise InvalidInput(f"The file cannot have been true at {as_of.isoformat()}: that is in the future.")
    run = ImportRun(
        kind=TRANSACTIONS,
        network=network.key,
        file_name=kept_name(name),
        file_sha256=sha256,
        as_of=as_of or now,
        recorded_at=now,
        rows=0,
        new=0,
        amended=0,
        unchanged=0,
        quarantined=0,
        origin=origin,
        reading=said_of(reading),
        period=period,
        read_by=reading_code(),
    )
    if dry_run:
        run.id = _NO_RUN
        return _booked(session, run, network, rows, reading=reading, may_doubt=may_doubt, dry=True)
    with session.begin_nested():
        queries.one_import_at_a_time(session)
        session.add(run)
        session.flush()
        return _booked(session, run, network, rows, reading=reading, may_doubt=may_doubt, dry=False)


def _booked(
    session: Session,
    run: ImportRun,
    network: Network,
    rows: Iterable[Coming],
    *,
    reading: Reading,
    may_doubt: Callable[[int], bool],
    dry: bool,
) -> ImportResult:
    """Books the run's rows, or finds out what booking them would do."""
    booking = _Booking(
        session,
        run,
        Counterparties(session, network, now=run.recorded_at, dry=dry),
        may_doubt=may_doubt,
        day_in=zone((reading.columns and reading.columns.time_zone) or reading.time_zone),
        own_ids=network.reader is not None and network.reader.has_own_ids and reading.columns is None,
        dry=dry,
    )
    with _collecting_seldom():
        for batch in _batches(rows):
            booking.book(batch)
    booking.finish()
    replaced, replaced_by = _replaced(session, run, dry=dry) if run.period else ((), None)
    return ImportResult(
        run_id=None if dry else run.id,
        rows=run.rows,
        new=run.new,
        amended=run.amended,
        unchanged=run.unchanged,
        quarantined=tuple(booking.bad),
        changes=tuple(booking.changes),
        replaced=replaced,
        replaced_by=replaced_by,
        to_be_completed=tuple(booking.counterparties.newcomers),
        dry_run=dry,
    )


def _replaced(session: Session, run: ImportRun, *, dry: bool) -> tuple[tuple[int, ...], int | None]:
    """The runs whose place this one takes, and the one that takes its place."""
    if dry:
        older, newer = rivals(session, run)
        return ((), newer[-1].id) if newer else (tuple(each.id for each in older), None)
    replaced = replace_period(session, run)
    return replaced, run.replaced_by


def reader_of(network: Network, reading: Reading) -> Reader:
    """What reads this network's file: a column map where one is given, else the network's own reader. UnreadableFile where
    there is neither."""
    if reading.columns is not None:
        return MAPPED
    if network.reader is None:
        reason = f"how {network.name} writes its reports is not known; give a column map with --map."
        raise UnreadableFile("The file", reason)
    return network.reader


def said_of(reading: Reading) -> dict[str, Any]:
    """What was said about the reading, to be kept with the run."""
    said = {"currency": reading.currency, "time_zone": reading.time_zone, "publisher_ref": reading.publisher_ref}
    kept: dict[str, Any] = {name: value for name, value in said.items() if value}
    columns = {"columns": reading.columns.as_json()} if reading.columns else {}
    return kept | columns | ({"said": dict(reading.said)} if reading.said else {})


def reading_of(
    session: Session,
    network: str,
    *,
    publisher_ref: str | None = None,
    currency: str | None = None,
    time_zone: str | None = None,
    columns: ColumnMap | None = None,
    said: Mapping[str, str] | None = None,
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
        said=said or {},
    )


class _Coming(NamedTuple):
    """A row on its way, and the SHA-256 of its payload."""

    row: ReportedTransaction | Unread
    digest: str


class _Item(NamedTuple):
    """A row that can be booked."""

    key: Key
    row: ReportedTransaction
    digest: str


class _Booking:
    """One run being written, batch by batch. `seen` holds the line of each transaction that the file named so far,
    `confirmed` those that it found unchanged (1 + the parts that it left unsaid), `overtaking` the known ones of which it
    says something new while newer files were read before."""

    def __init__(
        self,
        session: Session,
        run: ImportRun,
        counterparties: Counterparties,
        *,
        may_doubt: Callable[[int], bool],
        day_in: tzinfo,
        own_ids: bool,
        dry: bool,
    ) -> None:
        self.session = session
        self.own_ids = own_ids
        self.dry = dry
        # Of a trial: what its rows said so far, which is stored nowhere; by account and id, as histories are looked up.
        self.tried: dict[tuple[int, str], dict[Key, History]] = defaultdict(dict)
        self.run = run
        self.moment = RunMoment(run.as_of, run.recorded_at, run.id)
        self.network = run.network
        self.counterparties = counterparties
        self.may_doubt = may_doubt
        self.day_in = day_in
        self.without_order = run.origin in (FILE, REPLAY)  # a message's moment may be its own, and no sale's
        self.bad: list[BadRow] = []
        self.changes: list[Change] = []
        self.seen = Marks("I")
        self.confirmed = Marks("B")
        self.overtaking = array("q")
        self.later = [one for one in queries.runs_after(session, run.network, run.kind, run.as_of) if one > self.moment]
        self.read_alike = queries.runs_read_alike(session, run, counterparties.since)
        self.new_rows = NewRows(session, dry=dry)
        self.placements: dict[str, int] = {}  # those that the rows named so far
        self.size_of_all = cache(partial(hours.size_of_all, session))  # asked once, where a file is striking
        self.commissions = self.sales = 0  # micros without their signs, of all currencies
        self.rows = self.new = self.amended = self.unchanged = 0  # counted here: a mapped object costs more to count in

    def book(self, batch: Sequence[ReportedTransaction | Unread | BadRow]) -> None:
        self.rows += len(batch)
        self.bad += (row for row in batch if isinstance(row, BadRow))
        coming = [_Coming(row, _digest(row)) for row in batch if not isinstance(row, BadRow)]
        known = self._known_word_for_word(coming)
        items = [item for place, one in enumerate(coming) if place not in known and (item := self._read(one))]
        items = self._under_known_accounts(items)
        histories = queries.histories(self.session, {item.key for item in items})
        for item in items if self.dry else ():
            histories |= self.tried[item.key[:2]]
        again = {history.transaction_id for history in histories.values()}
        for place, (transaction_id, unsaid) in known.items():
            if transaction_id in again:
                items += self._under_known_accounts(filter(None, [self._read(coming[place])]))
            else:
                self._confirm(transaction_id, unsaid, coming[place].row.line)
        self._place_all(sorted(items, key=lambda item: item.row.line), histories)
        self._check_total()
        if self.dry:
            for item in items:
                self.tried[item.key[:2]][item.key] = histories[item.key]
        self.new_rows.insert()

    def _check_total(self) -> None:
        """InvalidMoney where the amounts are too many or too large to be summed in 64 bits: where they are, a column of numbers
        of another kind was read as money."""
        total = max(self.commissions, self.sales)
        if total > _STRIKING_TOTAL and total + self.size_of_all() > _LARGEST_LEDGER:
            raise InvalidMoney(
                f"With the amounts of {self.run.file_name}, {from_micros(total):,f}, the ledger would add up to more than can be"
                " summed: is a column of ids or order numbers read as an amount, here or in an earlier file? Nothing was imported."
            )
        if total > _LARGEST_TOTAL:
            raise InvalidMoney(
                f"The amounts of {self.run.file_name} add up to {from_micros(total):,f}, which is no money in any currency: is a"
                " column of ids or order numbers read as an amount? Nothing was imported."
            )

    def finish(self) -> None:
        """Writes what was set aside and what was confirmed, and lets newer files stand that this one went under."""
        self.bad.sort(key=lambda bad: bad.line)
        self.run.rows, self.run.quarantined = self.rows, len(self.bad)
        self.run.new, self.run.amended, self.run.unchanged = self.new, self.amended, self.unchanged
        if self.dry:
            return
        self.run.confirmed = self.confirmed.packed() if self.confirmed else None
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
        restate(
            self.session,
            self.overtaking,
            later=self.later,
            since=self.run.as_of,
            joining=self.run.id,
            new_rows=self.new_rows,
            now=self.run.recorded_at,
        )
        self.new_rows.finish()

    def _known_word_for_word(self, coming: Sequence[_Coming]) -> Mapping[int, tuple[int, int]]:
        """Which rows need not be read, since they say word for word what is the current picture: by their place, the
        transaction and the parts that they leave unsaid. A repetition within the file is read."""
        if not self.read_alike:
            return {}
        said = queries.said_in_force(self.session, {payload_key(one.digest) for one in coming}, self.moment.as_of)
        known: dict[int, tuple[int, int]] = {}
        taken: set[int] = set()
        for place, one in enumerate(coming):
            transaction_id, unsaid, run_id = said.get(one.digest, _NOBODYS)
            if run_id in self.read_alike and not self.seen[transaction_id] and transaction_id not in taken:
                taken.add(transaction_id)
                known[place] = transaction_id, unsaid
        return known

    def _read(self, coming: _Coming) -> _Item | None:
        """None if the row was set aside instead."""
        row = coming.row.read() if isinstance(coming.row, Unread) else coming.row
        if isinstance(row, BadRow):
            self.bad.append(row)
            return None
        key = self._key(row)
        return _Item(key, row, coming.digest) if key else None

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

    def _under_known_accounts(self, items: Iterable[_Item]) -> list[_Item]:
        """Where the network's ids are its own, a row belongs to the account under which its transaction is known already,
        whatever the row calls it."""
        named = list(items)
        accounts = self.counterparties.account_ids
        if not self.own_ids or len(accounts) < 2 or not named:
            return named
        known = queries.accounts_that_know(self.session, accounts, {item.key.external_id for item in named})
        for item, account_id in product(named, accounts) if self.dry else ():
            if item.key._replace(account_id=account_id) in self.tried[account_id, item.key.external_id]:
                known[item.key.external_id, item.key.line_id].add(account_id)
        for place, item in enumerate(named):
            at = known[item.key.external_id, item.key.line_id]
            if not at:
                at.add(item.key.account_id)  # the file's first row of it
            elif item.key.account_id not in at:
                named[place] = item._replace(key=item.key._replace(account_id=min(at)))
        return named

    def _place_all(self, items: Sequence[_Item], histories: dict[Key, History]) -> None:
        tokens = {token for item in items if item.row.sub_ids for token in tokens_in(item.row.sub_ids)}
        self.placements |= queries.placements_of(self.session, tokens - self.placements.keys())
        with_lines = {key[:2] for key, history in histories.items() if key.line_id and history.versions}
        for item in items:
            row = item.row
            programme_id = self.counterparties.programme_of(row, item.key.account_id)
            history = histories[item.key]
            if not history.versions and (reason := _half_named(item.key, histories, with_lines)):
                self._set_aside(row, reason)
            elif row.publisher_ref is None and history.knows_another_programme(programme_id):
                self._set_aside(row, _ANOTHERS.format(id=row.external_id, advertiser=row.advertiser_ref))
            else:
                self._place(item, Facts.of(row, programme_id, attribute(row.sub_ids, self.placements)), history)
                if item.key.line_id:
                    with_lines.add(item.key[:2])

    def _place(self, item: _Item, said: Facts, history: History) -> None:
        """A row is compared with what was true at the run's moment, so that a late file with old news neither repeats what
        is known nor overrules what came later."""
        before = history.at(self.moment.as_of)
        facts = said.beside(before)
        line = self.seen[history.transaction_id]
        if facts == before:
            self._confirm(history.transaction_id, said.unsaid(before), item.row.line)
        elif reason := self._doubt(item.row, said, history):
            self._set_aside(item.row, reason)
        elif line and before:
            self._set_aside(
                item.row,
                f"Line {item.row.line} contradicts line {line} of the same file about"
                f" transaction {item.row.external_id}: {facts.difference(before)}. The earlier line was booked.",
            )
        else:
            self._append(item, facts, said.unsaid(before), history)

    def _doubt(self, row: ReportedTransaction, said: Facts, history: History) -> str | None:
        known = history.around(self.moment.as_of)
        if known is None or not self.may_doubt(row.line):
            return None
        if not tells_of_another_sale(said, known, self.day_in, without_order=self.without_order):
            return None
        difference = said.difference(known)
        return _ANOTHER_SALE.format(id=row.external_id, difference=difference, line=row.line)

    def _confirm(self, transaction_id: int, unsaid: int, line: int) -> None:
        self.unchanged += 1
        if not self.seen[transaction_id]:
            self.seen[transaction_id] = line
            self.confirmed[transaction_id] = 1 + unsaid

    def _append(self, item: _Item, facts: Facts, unsaid: int, history: History) -> None:
        if history.versions:
            self.amended += 1
        else:
            self.new += 1
        if len(self.changes) < _EXAMPLES:
            self.changes.append(self._change(history, item.row, facts))
        self.commissions += abs(facts.commission)
        self.sales += abs(facts.sale_amount or 0)
        was_known = bool(history.transaction_id)
        before = history.versions[-1].facts if history.versions else None
        if not was_known:
            history.transaction_id = self.new_rows.transaction(item.key, self.network, facts, self.moment.recorded_at)
        version_id = self.new_rows.version(
            history.transaction_id,
            number=history.next_number,
            run=self.moment,
            line=item.row.line,
            facts=facts,
            unsaid=unsaid,
            payload=_payload_of(item.row),
            digest=item.digest,
            recorded_at=self.moment.recorded_at,
        )
        history.add(
            Version(
                observed_at=self.moment.as_of,
                recorded_at=self.moment.recorded_at,
                number=history.next_number,
                run_id=self.moment.run_id,
                facts=facts,
                unsaid=unsaid,
                id=version_id,
            )
        )
        history.next_number += 1
        self.seen[history.transaction_id] = item.row.line
        if was_known and self.later:
            self.overtaking.append(history.transaction_id)
        elif was_known:
            self.new_rows.current(history.transaction_id, version_id, facts, before)

    def _change(self, history: History, row: ReportedTransaction, facts: Facts) -> Change:
        named = f"{row.external_id}/{row.line_id}" if row.line_id else row.external_id
        if (before := history.at(self.run.as_of)) is not None:
            return Change(row.line, named, AMENDED, facts.difference(before))
        if history.versions:
            known = history.versions[0].observed_at.isoformat()
            return Change(row.line, named, AMENDED, f"true at {self.run.as_of.isoformat()}, known only since {known}")
        return Change(row.line, named, NEW, f"commission {row.commission}, {row.status}")

    def _set_aside(self, row: ReportedTransaction, reason: str) -> None:
        self.bad.append(BadRow(row.line, reason, _payload_of(row)))


def _half_named(key: Key, histories: Mapping[Key, History], with_lines: Collection[tuple[int, str]]) -> str | None:
    """Why a new transaction is doubtful, or None: one of its name is known, but with a line where this has none, or the other
    way round. A line that is filled in later makes no second sale."""
    if key.line_id:
        bare = histories.get(key._replace(line_id=""))
        if bare is None or not bare.versions:
            return None
        return _HALF_NAMED.format(id=key.external_id, known="without a line", named=f"line {key.line_id}")
    if key[:2] not in with_lines:
        return None
    return _HALF_NAMED.format(id=key.external_id, known="line by line", named="none")


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """A row is 40 objects that live as long as its batch; looking for circles among them at every 700 took a sixth of an
    import."""
    gc.set_threshold(20 * _BATCH, 5, 5)
    try:
        yield
    finally:
        gc.set_threshold(*_COLLECTING)


def _batches(rows: Iterable[Coming]) -> Iterator[Sequence[Coming]]:
    coming = iter(rows)
    while batch := list(islice(coming, _BATCH)):
        deadline.check()
        yield batch


def _digest(row: ReportedTransaction | Unread) -> str:
    return hashlib.sha256(_payload_of(row).encode()).hexdigest()


def _payload_of(row: ReportedTransaction | Unread) -> str:
    """The row as it came, as JSON text that any database takes."""
    if isinstance(row, Unread):
        return row.payload
    return row.payload.text if isinstance(row.payload, Payload) else payload_text(dict(row.payload))


@cache
def reading_code() -> str:
    """What this version of the program reads reports with: where it is another, known rows are read anew."""
    digest = hashlib.sha256()
    for room in (affiliate.networks, affiliate.commissions):
        for file in sorted(Path(room.__path__[0]).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
