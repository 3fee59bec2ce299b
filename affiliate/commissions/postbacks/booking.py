"""Messages that wait into the ledger, in bundles; hints into pulls.

A bundle is one import run. It ends where a transaction is named a second time, so that what was said of it later stands as a
later version, and after five minutes of messages: all of a run is true as of one moment, that of its first message, and a
pull made in between must win over what was said before it.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.clock import zone
from affiliate.commissions.asked import ask_for, was_asked_for
from affiliate.commissions.importing import POSTBACK, import_rows, reader_of
from affiliate.commissions.maps import find_map
from affiliate.commissions.queries import one_import_at_a_time
from affiliate.errors import NotFound, UnreadableFile
from affiliate.networks.asking.api import Window
from affiliate.networks.base import BadRow, Network, Reading, ReportedTransaction
from affiliate.networks.reading.objects import flat
from affiliate.networks.reading.rows import read_record
from affiliate.networks.registry import network as find_network
from affiliate.store import Store
from affiliate.store.tables import Postback, PublisherAccount

_SPAN = timedelta(minutes=5)
_MOST = 1000  # messages of one account in one transaction
_PAUSE = timedelta(minutes=15)  # between two pulls of a day that hints ask for


@dataclass(frozen=True, slots=True)
class Booked:
    """How many messages were booked, in which runs, and how many days were asked to be pulled."""

    messages: int = 0
    runs: tuple[int, ...] = ()
    days: int = 0


@dataclass(slots=True)
class _Bundle:
    messages: list[Postback] = field(default_factory=list)
    rows: list[ReportedTransaction | BadRow] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)

    def is_too_old_for(self, message: Postback) -> bool:
        return bool(self.messages) and message.said_at - self.messages[0].said_at > _SPAN

    def names(self, row: ReportedTransaction | BadRow) -> bool:
        """Whether the row's transaction is in it already."""
        return isinstance(row, ReportedTransaction) and (row.external_id, row.line_id) in self.keys

    def add(self, message: Postback, row: ReportedTransaction | BadRow) -> None:
        self.messages.append(message)
        self.rows.append(row)
        if isinstance(row, ReportedTransaction):
            self.keys.add((row.external_id, row.line_id))


def waiting(session: Session) -> list[int]:
    """The accounts that have messages to be booked."""
    return list(session.scalars(select(Postback.account_id).where(Postback.booked_at.is_(None)).distinct()))


def book(store: Store, *, now: datetime) -> Booked:
    """Books what waits. Nothing is booked twice, whoever else is at it; a message that cannot be read is quarantined in its
    run and no longer waits."""
    with store.reading() as session:
        accounts = waiting(session)
    booked = Booked()
    for account_id in accounts:
        with store.transaction() as session:
            one_import_at_a_time(session)
            done = _book_account(session, session.get_one(PublisherAccount, account_id), now)
        booked = Booked(booked.messages + done.messages, booked.runs + done.runs, booked.days + done.days)
    return booked


def map_name(account: PublisherAccount) -> str:
    """The saved column map that reads an account's messages, where there is one."""
    return f"postback-{account.network}-{account.publisher_ref}"


def _book_account(session: Session, account: PublisherAccount, now: datetime) -> Booked:
    messages = session.scalars(
        select(Postback)
        .where(Postback.account_id == account.id, Postback.booked_at.is_(None))
        .order_by(Postback.said_at, Postback.id)
        .limit(_MOST)
    ).all()
    days = _ask_for_days(session, account, [each for each in messages if each.hint_at is not None], now)
    books = _Books(session, account, find_network(account.network), _reading(session, account), now)
    runs = books.book([each for each in messages if each.hint_at is None])
    return Booked(sum(each.booked_at is not None for each in messages), runs, days)


@dataclass(frozen=True, slots=True)
class _Books:
    """One account's messages into the ledger."""

    session: Session
    account: PublisherAccount
    network: Network
    reading: Reading
    now: datetime

    def book(self, messages: Sequence[Postback]) -> tuple[int, ...]:
        """The runs that they became."""
        return tuple(self._book_bundle(bundle) for bundle in self._bundles(messages))

    def _bundles(self, messages: Sequence[Postback]) -> Iterator[_Bundle]:
        bundle = _Bundle()
        for message in messages:
            if bundle.is_too_old_for(message) or bundle.names(self._read(1, message)):
                yield bundle
                bundle = _Bundle()
            bundle.add(message, self._read(len(bundle.rows) + 1, message))
        if bundle.rows:
            yield bundle

    def _book_bundle(self, bundle: _Bundle) -> int:
        digests = "".join(each.digest for each in bundle.messages)
        many = "1 message" if len(bundle.rows) == 1 else f"{len(bundle.rows)} messages"
        result = import_rows(
            self.session,
            network=self.network,
            name=f"{self.account.network} {self.account.publisher_ref}: {many}",
            sha256=hashlib.sha256(digests.encode()).hexdigest(),
            rows=bundle.rows,
            reading=self.reading,
            origin=POSTBACK,
            as_of=min(bundle.messages[0].said_at, self.now),
            now=self.now,
        )
        assert result.run_id is not None  # noqa: S101 - it was no dry run
        for each in bundle.messages:
            each.booked_at, each.run_id = self.now, result.run_id
        return result.run_id

    def _read(self, line: int, message: Postback) -> ReportedTransaction | BadRow:
        """By the account's column map, else as a row of the network's own report. A message proves one account alone."""
        record = json.loads(message.payload, parse_float=Decimal)
        fields = flat(record) if self.reading.columns else record
        try:
            row = read_record(reader_of(self.network, self.reading), line, fields, self.reading)
        except UnreadableFile:  # what only a whole file tells is missing
            reason = f"Nothing says how to read it: save a column map named {map_name(self.account)}."
            return BadRow(line, reason, message.payload)
        if isinstance(row, ReportedTransaction) and row.publisher_ref not in (None, self.account.publisher_ref):
            reason = (
                f"It names the account {row.publisher_ref}, but came with the proof of {self.account.publisher_ref}."
            )
            return BadRow(line, reason, message.payload)
        return row


def _reading(session: Session, account: PublisherAccount) -> Reading:
    try:
        columns = find_map(session, map_name(account))
    except NotFound:
        columns = None
    return Reading(account.currency, account.time_zone or "UTC", account.publisher_ref, columns)


def _ask_for_days(session: Session, account: PublisherAccount, hints: Sequence[Postback], now: datetime) -> int:
    """Asks for the days that hints are about; one that was asked for lately has its hints wait."""
    zone_ = zone(account.time_zone or "UTC")
    asked = 0
    by_day: dict[datetime, list[Postback]] = {}
    for hint in hints:
        assert hint.hint_at is not None  # noqa: S101 - that is what makes it a hint
        day = datetime.combine(hint.hint_at.astimezone(zone_).date(), time.min, tzinfo=zone_)
        by_day.setdefault(day, []).append(hint)
    for day, of_day in by_day.items():
        if was_asked_for(session, account.id, day, since=now - _PAUSE):
            continue
        ask_for(session, account.id, Window(day, day + timedelta(days=1)), now=now)
        asked += 1
        for hint in of_day:
            hint.booked_at = now
    return asked
