"""Any network's CSV, read with a column map."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import BinaryIO, NamedTuple

from affiliate.errors import UnreadableFile
from affiliate.money import Money
from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.columns import SUB_IDS, ColumnMap
from affiliate.networks.rows import BadValue, Row, moment_of, money_of, payload_text
from affiliate.networks.words import SALE, UNPAID

DELIMITERS = (",", ";", "\t", "|")
_FILE = "The CSV"
_SURPLUS = "cells beyond the header"
_HEADER_WITHIN = 20  # filled lines: a report's title and its period take a few
_SYMBOLS = "$£€¥ \u00a0\u202f"


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV cut into records: the header, its names distinct, and lazily (line in the file where the record begins, its
    cells), empty lines left out."""

    header: tuple[str, ...]
    records: Iterator[tuple[int, list[str]]]


def _records(file: BinaryIO, reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    """UnreadableFile names a column that is not there and lists those that are, or says that there is no map."""
    if reading.columns is None:
        raise UnreadableFile(_FILE, "nothing says which column holds what; give a column map with --map.")
    table = read_table(file.read(), tuple(reading.columns.columns.values()))
    for line, cells in table.records:
        record = dict(zip(table.header, cells, strict=False))
        if reason := _odd_width(table.header, cells):
            surplus = {_SURPLUS: cells[len(table.header) :]} if len(cells) > len(table.header) else {}
            yield BadRow(line, reason, payload_text({**record, **surplus}))
        else:
            yield line, record


def read_table(content: bytes, wanted: tuple[str, ...]) -> Table:
    """Cuts a CSV. Its header is the line among the first that shows most of the wanted columns, under the delimiter that
    shows them: a title, or Excel's `sep=;`, may stand above it."""
    text = _text(content)
    found = max(
        (_Header(delimiter, line, cells) for delimiter in DELIMITERS for line, cells in _first_lines(text, delimiter)),
        key=lambda one: (len(set(wanted) & set(one.cells)), len(one.cells)),
        default=_Header(",", 1, []),
    )
    header = tuple(found.cells)
    _refuse_missing(header, wanted)
    below = ((line, cells) for line, cells in _lines(text, found.delimiter) if line > found.line and any(cells))
    return Table(tuple(_distinct(header)), below)


class _Header(NamedTuple):
    delimiter: str
    line: int
    cells: list[str]


def _text(content: bytes) -> str:
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # a spreadsheet's "Unicode text"
    encodings = ["utf-16"] if is_utf16 else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnreadableFile(_FILE, "it is no text; a spreadsheet must be saved as CSV first.")


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as problem:
        raise UnreadableFile(_FILE, f"from line {line} on its quotes do not close ({problem}).") from problem


def _first_lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Lines that might be the header, without the empty cells at their end (every row may end in a delimiter)."""
    filled = ((line, cells) for line, cells in _lines(text, delimiter) if any(cells))
    with suppress(UnreadableFile):  # the quotes of a later line tell nothing of those before it
        for line, cells in islice(filled, _HEADER_WITHIN):
            yield line, _trimmed(cells)


def _trimmed(cells: list[str]) -> list[str]:
    width = max((number for number, cell in enumerate(cells, start=1) if cell), default=0)
    return cells[:width]


def _distinct(header: Sequence[str]) -> Iterator[str]:
    """A name that comes again is numbered, so that no cell of a row is lost."""
    for position, name in enumerate(header):
        before = header[:position].count(name)
        yield f"{name} ({before + 1})" if before else name


def _refuse_missing(header: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    if not any(header):
        raise UnreadableFile(_FILE, "it is empty; its first line must name the columns.")
    found = f"The file's columns are: {', '.join(header)}"[:2000]
    if missing := [name for name in wanted if name not in header]:
        quoted = ", ".join(f"“{name}”" for name in missing)
        raise UnreadableFile(_FILE, f"there is no column {quoted}. {found}.")
    if twice := [name for name in wanted if header.count(name) > 1]:
        raise UnreadableFile(_FILE, f"the column “{twice[0]}” is there twice, so its value is not certain. {found}.")


def _odd_width(header: tuple[str, ...], cells: list[str]) -> str:
    """Why a row of this width is none, or ""."""
    if any(cells[len(header) :]):
        return f"The row has more cells than the header's {len(header)}."
    if len(cells) < len(header):
        return f"The row has fewer cells than the header's {len(header)}."
    return ""


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    if reading.columns is None:
        raise BadValue("Nothing says which column holds what; give a column map.")
    return _MappedRow(line, row, reading.columns, reading).transaction()


READER = Reader(_records, _transaction)


@dataclass(frozen=True, slots=True)
class _MappedRow:
    line: int
    row: Row
    columns: ColumnMap
    reading: Reading

    def transaction(self) -> ReportedTransaction:
        currency = self.get("currency") if self.columns.has("currency") else self.reading.currency
        raw_status, status = self.word("status")
        raw_payment, payment = self.word("payment", UNPAID)
        _, kind = self.word("kind", SALE)
        return ReportedTransaction(
            line=self.line,
            external_id=self.need("external_id"),
            line_id=self.get("line_id") or "",
            publisher_ref=self.get("publisher") or self.reading.publisher_ref,
            advertiser_ref=self.need("advertiser"),
            advertiser_name=self.get("advertiser_name"),
            kind=kind,
            status=status,
            raw_status=raw_status,
            payment=payment,
            raw_payment=raw_payment or None,
            commission=self.money("commission", self.need("commission"), currency),
            sale=self.money("sale", amount, currency) if (amount := self.get("sale")) else None,
            transaction_at=self.moment("transaction_at", self.need("transaction_at")),
            click_at=self.moment("click_at", at) if (at := self.get("click_at")) else None,
            validated_at=self.moment("validated_at", at) if (at := self.get("validated_at")) else None,
            sub_ids=tuple(value for name in SUB_IDS if (value := self.get(name))),
            order_ref=self.get("order_ref"),
            payout_ref=self.get("payout_ref"),
            reason=self.get("reason"),
            payload=self.row.payload,
        )

    def get(self, name: str) -> str | None:
        if header := self.columns.columns.get(name):
            return self.row.text(header)
        return self.columns.constants.get(name)

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
        theirs = theirs or self.need(name)
        words = self.columns.words.get(name, {})
        if (ours := words.get(theirs.lower())) is None:
            known = ", ".join(words)
            raise BadValue(
                f"{self.called(name)} is {theirs!r}, an unknown word; known are {known}."
                f' The map can name it: "{name}.{theirs}".',
                word=theirs,
            )
        return theirs, ours

    def money(self, name: str, text: str, currency: str | None) -> Money:
        plain = plain_amount(text, self.columns.decimal)
        if plain is None:
            raise BadValue(
                f"{self.called(name)} is {text!r}, no amount with the decimal mark “{self.columns.decimal}”."
            )
        return money_of(plain, currency, self.called(name))

    def moment(self, name: str, text: str) -> datetime:
        return moment_of(text, self.reading.time_zone, self.called(name), self.columns.date_format)


def plain_amount(text: str, decimal: str) -> str | None:
    """An amount as spreadsheets write it as a plain decimal: currency signs, proper thousands marks and accounting
    brackets taken off. None for what does not fit the decimal mark, so that it is refused and not misread: "1,5" is no
    amount where the mark is a point."""
    bare = text.strip(_SYMBOLS)
    sign = ""
    if bare.startswith("(") and bare.endswith(")"):
        sign, bare = "-", bare[1:-1].strip(_SYMBOLS)
    elif bare[:1] in ("-", "+", "−"):
        sign, bare = "-" if bare[0] != "+" else "", bare[1:].strip(_SYMBOLS)
    found = _amount(decimal).fullmatch(bare)
    if not found:
        return None
    whole = "".join(filter(str.isdecimal, found.group(1)))
    return f"{sign}{whole}.{found.group(2) or '0'}"


@cache
def _amount(decimal: str) -> re.Pattern[str]:
    thousands = "," if decimal == "." else "."
    grouped = rf"[0-9]{{1,3}}(?:[{re.escape(thousands)} '’\u00a0\u202f][0-9]{{3}})+|[0-9]+"
    return re.compile(rf"({grouped})(?:{re.escape(decimal)}([0-9]+))?")
