"""Any table, read with a column map: one that was saved, or the one that is ready for a network."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import BinaryIO

from affiliate.errors import SettingsInvalid, UndecidedFile, UnreadableFile
from affiliate.money import Money
from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.amounts import marks_of, plain_amount
from affiliate.networks.reading.columns import ANY, NEEDED, SUB_IDS, ColumnMap
from affiliate.networks.reading.evidence import survey
from affiliate.networks.reading.formats import open_table
from affiliate.networks.reading.rows import BadValue, Row, moment_of, money_of
from affiliate.networks.reading.table import CSV, FILE, XLSX, Table, refuse_missing
from affiliate.networks.words import SALE, UNPAID

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}.*"
)  # how a sheet's own dates come, whatever the map says of texts
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")  # what a spreadsheet leaves of a long number
_DECIDED = ("decimal", "date_format")  # what a whole file decides, or is said of it
_NO_MAP = "nothing says which column holds what; give a column map with --map."


def mapped(ready: Mapping[str, str] | None = None) -> Reader:
    """Reads any table with the column map of the reading, else with the one that is `ready`. A ready one may leave out what
    is not known of the network: then it asks."""

    def records(file: BinaryIO, reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
        return _records(file, _map_of(reading, ready))

    def transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
        return _MappedRow(line, row, _map_of(reading, ready), reading).transaction()

    def decided(file: BinaryIO, reading: Reading) -> Reading:
        return _decided(file, reading, _map_of(reading, ready))

    return Reader(records, transaction, columns=ready, decided=decided)


def beside(own: Reader, ready: Mapping[str, str]) -> Reader:
    """Reads a network's own report with its own reader, and its export, a table with these columns, with the map."""
    table = mapped(ready)
    needed = {header for name in NEEDED for header in ColumnMap.parse(ready).headers(name)}

    def reader_of(file: BinaryIO) -> Reader:
        beginning = file.read(200).lstrip(b"\xef\xbb\xbf \r\n\t")
        file.seek(0)
        return own if beginning[:1] in (b"{", b"[") else table

    def records(file: BinaryIO, reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
        return reader_of(file).records(file, reading)

    def decided(file: BinaryIO, reading: Reading) -> Reading:
        decides = reader_of(file).decided
        return decides(file, reading) if decides else reading

    def transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
        return (table if all(map(row.holds, needed)) else own).transaction(line, row, reading)

    return Reader(records, transaction, decided=decided, has_own_ids=own.has_own_ids)


def _map_of(reading: Reading, ready: Mapping[str, str] | None) -> ColumnMap:
    if reading.columns is not None:
        return reading.columns
    if ready is None:
        raise UnreadableFile(FILE, _NO_MAP)
    said = {name: value for name, value in reading.said.items() if name in _DECIDED}
    return _ready(tuple({**ready, **said}.items()))


def _decided(file: BinaryIO, reading: Reading, columns: ColumnMap) -> Reading:
    """What the file decides goes where the reading keeps what is said of its map: into it, or beside a ready one, which may
    know more words by the time that a row is read again."""
    evidence = survey(_open(file, columns).records, columns.columns)
    file.seek(0)
    found = evidence.decide(columns.decimal, columns.date_format)
    if found.questions:
        raise UndecidedFile(FILE, {one.field: one.asks for one in found.questions})
    if reading.columns is not None:
        return replace(reading, columns=replace(reading.columns, decimal=found.decimal, date_format=found.date_format))
    new = {"decimal": found.decimal, "date_format": found.date_format}
    known = {"decimal": columns.decimal, "date_format": columns.date_format}
    added = {name: value for name, value in new.items() if value is not None and value != known[name]}
    return replace(reading, said={**reading.said, **added}) if added else reading


@cache
def _ready(items: tuple[tuple[str, str], ...]) -> ColumnMap:
    try:
        columns = ColumnMap.parse(dict(items), "The ready-made column map")
        return replace(columns, may_lack=frozenset(columns.columns))
    except SettingsInvalid as problem:
        missing = " ".join(problem.problems)
        raise UnreadableFile(
            FILE, f"the map that is ready for this network does not know all: {missing} Say it with --column."
        ) from problem


def _records(file: BinaryIO, columns: ColumnMap) -> Iterator[tuple[int, object] | BadRow]:
    """UnreadableFile names a column that is not there and lists those that are."""
    yield from _open(file, columns).records


def _open(file: BinaryIO, columns: ColumnMap) -> Table:
    wanted = columns.wanted
    table = open_table(
        file, lambda names: len(wanted.intersection(names)), place=columns.records, encoding=columns.encoding
    )
    _refuse_other_columns(table, columns)
    return table


def _refuse_other_columns(table: Table, columns: ColumnMap) -> None:
    """In a sheet every column that somebody named must be there. A ready map knows more columns than a download may have,
    and objects leave out what is empty: then only what every row needs must be there."""
    is_sheet = table.shape.format in (CSV, XLSX)
    asked = [name for name in columns.columns if name in NEEDED or (is_sheet and name not in columns.may_lack)]
    refuse_missing(table.columns, tuple(dict.fromkeys(header for name in asked for header in columns.headers(name))))


READER = mapped()


@dataclass(frozen=True, slots=True)
class _MappedRow:
    line: int
    row: Row
    columns: ColumnMap
    reading: Reading

    def transaction(self) -> ReportedTransaction:
        fields = self.columns.fields
        currency = self.get("currency") if "currency" in fields else self.reading.currency
        raw_status, status = self.word("status")
        raw_payment, payment = self.word("payment", UNPAID) if "payment" in fields else ("", UNPAID)
        _, kind = self.word("kind", SALE) if "kind" in fields else ("", SALE)
        commission, transaction_at = self.money("commission", currency), self.moment("transaction_at")
        if commission is None or transaction_at is None:
            missing = "commission" if commission is None else "transaction_at"
            raise BadValue(f"{self.called(missing)} is missing.")
        return ReportedTransaction(
            line=self.line,
            external_id=self.identity(),
            line_id=(self.get("line_id") or "") if "line_id" in fields else "",
            publisher_ref=self.get("publisher") or self.reading.publisher_ref,
            advertiser_ref=self.need("advertiser"),
            advertiser_name=self.get("advertiser_name") if "advertiser_name" in fields else None,
            kind=kind,
            status=status,
            raw_status=raw_status,
            payment=payment,
            raw_payment=raw_payment or None,
            commission=commission,
            sale=self.money("sale", currency) if "sale" in fields else None,
            transaction_at=transaction_at,
            sub_ids=tuple(value for name in SUB_IDS if name in fields and (value := self.get(name))),
            payload=self.row.payload,
            click_at=self.moment("click_at") if "click_at" in fields else None,
            validated_at=self.moment("validated_at") if "validated_at" in fields else None,
            order_ref=self.get("order_ref") if "order_ref" in fields else None,
            payout_ref=self.get("payout_ref") if "payout_ref" in fields else None,
            original_ref=self.get("original_ref") if "original_ref" in fields else None,
            reason=self.get("reason") if "reason" in fields else None,
        )

    def value(self, name: str) -> object:
        """What the cell holds: a text, or a number of JSON or a sheet; None where there is nothing."""
        header = self.columns.columns.get(name)
        if header is None:
            return self.columns.constants.get(name)
        value = self.row.raw(header)
        return (value.strip() or None) if isinstance(value, str) else value

    def get(self, name: str) -> str | None:
        value = self.value(name)
        if value is None or isinstance(value, str):  # nearly always
            return value
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, int | Decimal):
            raise BadValue(f"{self.called(name)} is {str(value)[:80]!r} where a text was expected.")
        return str(value)

    def need(self, name: str) -> str:
        if value := self.get(name):
            return value
        raise BadValue(f"{self.called(name)} is missing.")

    def called(self, name: str) -> str:
        """Our field as the file's reader knows it: under its column's header."""
        return f"{name} (column “{self.columns.columns[name]}”)" if name in self.columns.columns else name

    def word(self, name: str, default: str | None = None) -> tuple[str, str]:
        """(their word, ours) of status, kind or payment."""
        theirs = self.get(name)
        if theirs is None and default is not None:
            return "", default
        words = self.columns.words.get(name, {})
        theirs = theirs if theirs is not None or "" in words else self.need(name)
        theirs = theirs or ""
        if (ours := words.get(theirs.lower(), words.get(ANY))) is None:
            known = ", ".join(words)
            raise BadValue(
                f"{self.called(name)} is {theirs!r}, an unknown word; known are {known}."
                f' The map can name it: "{name}.{theirs}".',
                word=theirs,
            )
        return theirs, ours

    def money(self, name: str, currency: str | None) -> Money | None:
        value = self.value(name)
        if not isinstance(value, str):
            return None if value is None else money_of(value, currency, self.called(name))
        mark = self.columns.decimal
        try:
            return _money(value, mark, currency)
        except BadValue:  # said again under the name of its column
            plain = plain_amount(value, mark) if mark else _certain(value)
            if plain is None:
                raise BadValue(self.no_amount(name, value, mark)) from None
            return money_of(plain, currency, self.called(name))

    def no_amount(self, name: str, value: str, mark: str | None) -> str:
        if mark:
            return f"{self.called(name)} is {value!r}, no amount with the decimal mark “{mark}”."
        if not marks_of(value):
            return f"{self.called(name)} is {value!r}, which is no amount."
        return (
            f"{self.called(name)} is {value!r}: whether its mark is the decimal mark or parts thousands is not said."
            ' The map can say it: decimal = "." or ",".'
        )

    def moment(self, name: str) -> datetime | None:
        text = self.get(name)
        if text is None:
            return None
        date_format = None if _ISO.fullmatch(text) else self.columns.date_format
        return moment_of(text, self.columns.time_zone or self.reading.time_zone, self.called(name), date_format)

    def identity(self) -> str:
        """The network's id of the transaction; not what a spreadsheet made of it."""
        if len(headers := self.columns.headers("external_id")) > 1:
            return " ".join(self.row.text(header) or "" for header in headers)
        text = self.need("external_id")
        if _ROUNDED.fullmatch(text):
            raise BadValue(
                f"{self.called('external_id')} is {text!r}: a spreadsheet rounded it, and its last digits are lost."
                " Import the file as the network gave it."
            )
        return text


@lru_cache(maxsize=20_000)  # prices come again: a second look costs a twentieth
def _money(text: str, mark: str | None, currency: str | None) -> Money:
    return money_of(plain_amount(text, mark) if mark else _certain(text), currency, "")


def _certain(text: str) -> str | None:
    """An amount that is the same with whichever decimal mark it is one."""
    marks = marks_of(text)
    return None if len(marks) != 1 else plain_amount(text, "," if marks == "," else ".")
