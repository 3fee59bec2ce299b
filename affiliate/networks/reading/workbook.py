"""XLSX: the sheet of a workbook, row by row."""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from affiliate.errors import UnreadableFile
from affiliate.networks.reading.table import (
    FILE,
    HEADER_WITHIN,
    XLSX,
    Header,
    Knows,
    Record,
    Shape,
    Table,
    with_surplus,
)

_UNPACKED = 3_000_000_000  # bytes: a sheet of Excel's 1,048,576 rows with 30 columns is near 2 GB of XML
_SHARED = 300_000_000  # bytes of shared texts, which are held in memory
_ROUNDED_FROM = (
    10**15
)  # spreadsheets keep fifteen digits: an id beyond has lost its last ones, and its reader must see that
_BEFORE_ROWS = 200  # rows in which the header is looked for; many of them may be empty
_BROKEN = (
    zipfile.BadZipFile,
    InvalidFileException,
    DefusedXmlException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    OSError,
    EOFError,
    IndexError,
    AttributeError,
)


def read_workbook(file: BinaryIO, knows: Knows | None, sheet: str | None = None) -> Table:
    """Cuts a sheet: the named one, or the one whose header is best. Numbers are exact decimals as they were typed, dates
    texts in ISO 8601. UnreadableFile for what is no workbook, is cut off, or would unpack beyond all measure."""
    file.seek(0)
    _refuse_bomb(file)
    try:
        book: Any = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        names = [sheet] if sheet else list(book.sheetnames)
        found = [(name, header) for name in names if (header := Header.among(_first(book[name]), knows))]
    except _BROKEN as problem:
        raise _unreadable(problem) from problem
    if not found:
        return Table(Shape(XLSX, place=sheet), (), iter(()))
    name, header = max(found, key=lambda one: one[1].score)
    return Table(Shape(XLSX, place=name), header.names, _records(book[name], header), header.above)


def _refuse_bomb(file: BinaryIO) -> None:
    try:
        parts = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError) as problem:
        raise _unreadable(problem) from problem
    shared = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    if sum(part.file_size for part in parts) > _UNPACKED or shared > _SHARED:
        raise UnreadableFile(FILE, "it would unpack to more than any report holds; save the sheet as CSV.")
    if not any(part.filename.startswith("xl/") for part in parts):
        raise UnreadableFile(FILE, "it is no XLSX workbook; save the sheet as XLSX or CSV.")


def _unreadable(problem: Exception) -> UnreadableFile:
    return UnreadableFile(
        FILE, f"it is no whole XLSX workbook ({type(problem).__name__}); download it anew, or have it saved as CSV."
    )


def _rows(sheet: Any) -> Iterator[tuple[int, list[object]]]:
    sheet.reset_dimensions()  # some writers tell a wrong size
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield number, [_value(cell) for cell in cells]


def _first(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    texts = ((number, ["" if cell is None else str(cell) for cell in cells]) for number, cells in _rows(sheet))
    return islice((row for row in islice(texts, _BEFORE_ROWS) if any(row[1])), HEADER_WITHIN)


def _records(sheet: Any, header: Header) -> Iterator[Record]:
    names = header.names
    try:
        for number, cells in _rows(sheet):
            if number > header.line and any(cell is not None for cell in cells):
                yield _record(names, number, cells)
    except _BROKEN as problem:
        raise _unreadable(problem) from problem


def _record(names: Sequence[str], number: int, cells: list[object]) -> Record:
    if any(cell is not None for cell in cells[len(names) :]):
        return with_surplus(names, cells, number)
    missing = [None] * (len(names) - len(cells))
    return number, dict(zip(names, [*cells, *missing], strict=False))


def _value(cell: object) -> object:
    if isinstance(cell, str):
        return cell.strip() or None
    if cell is None or isinstance(cell, bool | int):
        return cell
    if isinstance(cell, float):
        if abs(cell) >= _ROUNDED_FROM:
            return f"{Decimal(repr(cell)):E}"
        return int(cell) if cell.is_integer() else Decimal(repr(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)
