"""Any network's CSV, read with a column map."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from affiliate.errors import UnreadableFile
from affiliate.money import Money
from affiliate.networks.base import Reading, Report, ReportedTransaction
from affiliate.networks.columns import SUB_IDS, ColumnMap
from affiliate.networks.rows import BadValue, Row, moment_of, money_of, read_rows
from affiliate.networks.words import SALE, UNPAID

DELIMITERS = (",", ";", "\t", "|")
_FILE = "The CSV"
_SURPLUS = "cells beyond the header"
_SYMBOLS = "$£€¥ \u00a0\u202f"


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV cut into records: the header and (line in the file where the record begins, its cells by header)."""

    header: tuple[str, ...]
    records: tuple[tuple[int, Mapping[str, str]], ...]


def read_delimited(content: bytes, reading: Reading) -> Report:
    """Reads a CSV as `reading.columns` says. UnreadableFile names a column that is not there and lists those that are;
    InvalidInput if there is no map."""
    columns = reading.columns
    if columns is None:
        raise UnreadableFile(_FILE, "nothing says which column holds what; give a column map with --map.")
    table = read_table(content, tuple(columns.columns.values()))
    return read_rows(table.records, lambda line, row: _MappedRow(row, columns, reading).transaction(line, table.header))


def read_table(content: bytes, wanted: tuple[str, ...]) -> Table:
    """Cuts a CSV. The delimiter is the one under which the header shows most of the wanted columns."""
    text = _text(content)
    headers = {delimiter: _header(text, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda one: (len(set(wanted) & set(headers[one])), len(headers[one])))
    header = headers[delimiter]
    _refuse_missing(header, wanted)
    return Table(header, tuple(_records(text, delimiter, header)))


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


def _header(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next((cells for _, cells in _lines(text, delimiter) if any(cells)), ()))
    except UnreadableFile:
        return ()


def _records(text: str, delimiter: str, header: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    filled = ((line, cells) for line, cells in _lines(text, delimiter) if any(cells))
    next(filled, None)
    for line, cells in filled:
        record = dict(zip(header, cells, strict=False))
        surplus = [cell for cell in cells[len(header) :] if cell]
        yield line, {**record, _SURPLUS: delimiter.join(surplus)} if surplus else record


def _refuse_missing(header: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    if not any(header):
        raise UnreadableFile(_FILE, "it is empty; its first line must name the columns.")
    found = f"The file's columns are: {', '.join(header)}"[:2000]
    if missing := [name for name in wanted if name not in header]:
        quoted = ", ".join(f"“{name}”" for name in missing)
        raise UnreadableFile(_FILE, f"there is no column {quoted}. {found}.")
    if twice := [name for name in wanted if header.count(name) > 1]:
        raise UnreadableFile(_FILE, f"the column “{twice[0]}” is there twice, so its value is not certain. {found}.")


@dataclass(frozen=True, slots=True)
class _MappedRow:
    row: Row
    columns: ColumnMap
    reading: Reading

    def transaction(self, line: int, header: tuple[str, ...]) -> ReportedTransaction:
        self._refuse_odd_width(header)
        currency = self.get("currency") or self.reading.currency
        raw_status, status = self.word("status")
        raw_payment, payment = self.word("payment", UNPAID)
        _, kind = self.word("kind", SALE)
        return ReportedTransaction(
            line=line,
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
        if name in self.columns.constants:
            return self.columns.constants[name]
        header = self.columns.columns.get(name)
        return self.row.text(header) if header else None

    def need(self, name: str) -> str:
        if value := self.get(name):
            return value
        raise BadValue(f"{self.called(name)} is missing.")

    def called(self, name: str) -> str:
        """Our field as the file's reader knows it: under its column's header."""
        return f"{name} (column “{self.columns.columns[name]}”)" if name in self.columns.columns else name

    def word(self, name: str, default: str | None = None) -> tuple[str, str]:
        """(their word, ours) of status, kind or payment."""
        if default is not None and not self.get(name):
            return "", default
        theirs = self.need(name)
        words = self.columns.words.get(name, {})
        if (ours := words.get(theirs.lower())) is None:
            known = ", ".join(words)
            raise BadValue(
                f"{self.called(name)} is {theirs!r}, an unknown word; known are {known}."
                f' The map can name it: "{name}.{theirs}".'
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

    def _refuse_odd_width(self, header: tuple[str, ...]) -> None:
        if self.row.raw(_SURPLUS) is not None:
            raise BadValue(f"The row has more cells than the header's {len(header)}.")
        if not self.row.holds(header[-1]):
            raise BadValue(f"The row has fewer cells than the header's {len(header)}.")


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
    thousands = "," if decimal == "." else "."
    grouped = rf"[0-9]{{1,3}}(?:[{re.escape(thousands)} '’\u00a0\u202f][0-9]{{3}})+|[0-9]+"
    found = re.fullmatch(rf"({grouped})(?:{re.escape(decimal)}([0-9]+))?", bare)
    if not found:
        return None
    whole = re.sub(r"[^0-9]", "", found.group(1))
    return f"{sign}{whole}.{found.group(2) or '0'}"
