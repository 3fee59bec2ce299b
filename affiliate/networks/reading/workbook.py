"""XLSX: the sheet of a workbook, row by row."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import IO, Any, BinaryIO, Self
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl.reader.excel import ExcelReader
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
_MOST_SHARED = 3_000_000  # shared texts: three columns of them in each of Excel's rows; each takes about 150 bytes
_BEFORE_ROWS = 200  # rows in which the header is looked for; many of them may be empty
_PIECE = 1 << 20
_MOST_LINES = 1_048_576  # rows, as Excel has them; a cell may say that it stands in row 2,000,000,000
_LARGEST_ROW = 8_000_000  # bytes; Excel’s 16,384 columns of numbers take 1,000,000
_LARGEST_PART = 10_000_000  # bytes of a part that is no sheet: styles, names, relations
_ROW_END = re.compile(rb"</(?:[\w.-]+:)?row[\s>]|<(?:[\w.-]+:)?row(?:\s[^<>]*)?/>")
_NO_MARKUP = re.compile(rb"<!--|<!\[CDATA")  # in which the end of a row is none
_SHARED_TEXT = re.compile(rb"<si[\s/>]")
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
        reader = _Reader(file, read_only=True, data_only=True, keep_links=False)
        reader.read()
        book: Any = reader.wb
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
    if sum(part.file_size for part in parts) > _UNPACKED or shared > _SHARED or _shared_texts(file) > _MOST_SHARED:
        raise UnreadableFile(FILE, "it would unpack to more than any report holds; save the sheet as CSV.")
    if not any(part.filename.startswith("xl/") for part in parts):
        raise UnreadableFile(FILE, "it is no XLSX workbook; save the sheet as XLSX or CSV.")


class _Reader(ExcelReader):
    """openpyxl's, which would hold a part as a whole, a row until it ends, and all rows of a sheet that tells no size while
    it looks for one."""

    def __init__(self, file: BinaryIO, **options: bool) -> None:
        super().__init__(file, **options)
        self.archive: Any = _Parts(file)

    def read_worksheets(self) -> None:
        book: Any = self.wb
        book._archive = _NoSheets()  # noqa: SLF001 - what opens the sheets; there is no other way to their bytes
        super().read_worksheets()
        book._archive = _Sheets(self.archive)  # noqa: SLF001


class _Parts(zipfile.ZipFile):
    """The parts of a workbook that are read as a whole, which are small in any report."""

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        if self.getinfo(str(name)).file_size > _LARGEST_PART:
            raise UnreadableFile(
                FILE, f"its part {name} takes more than {_LARGEST_PART:,} bytes; save the sheet as CSV."
            )
        return super().read(name, pwd)


class _NoSheets:
    """Stands for the archive while the sizes of sheets would be looked for, which nobody needs."""

    def open(self, _path: str) -> BinaryIO:
        return io.BytesIO(b"<worksheet/>")


class _Sheets:
    """The archive of a workbook that is read row by row."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def open(self, path: str) -> "_Rows":
        return _Rows(self._archive.open(path))


class _Rows:
    """A sheet's XML as it is read. UnreadableFile where so much comes without the end of a row that it would be held."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._held = 0
        self._end = b""

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size if 0 <= size < _PIECE else _PIECE)
        seen = self._end + piece
        self._end = piece[-16:]
        self._held += len(piece)
        if _ROW_END.search(seen) and not _NO_MARKUP.search(seen):
            self._held = 0
        if self._held > _LARGEST_ROW:
            raise UnreadableFile(FILE, f"a row of it takes more than {_LARGEST_ROW:,} bytes; save the sheet as CSV.")
        return piece

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _shared_texts(file: BinaryIO) -> int:
    """How many texts are shared, at most one more than are read; nothing of them is kept."""
    found = 0
    with zipfile.ZipFile(file) as archive:
        for part in archive.infolist():
            if part.filename.lower().endswith("sharedstrings.xml"):
                with archive.open(part) as texts:
                    end = b""
                    while found <= _MOST_SHARED and (piece := texts.read(_PIECE)):
                        found += len(_SHARED_TEXT.findall(end + piece))
                        end = piece[-2:]
    return found


def _unreadable(problem: Exception) -> UnreadableFile:
    return UnreadableFile(
        FILE, f"it is no whole XLSX workbook ({type(problem).__name__}); download it anew, or have it saved as CSV."
    )


def _rows(sheet: Any) -> Iterator[tuple[int, list[object]]]:
    sheet.reset_dimensions()  # some writers tell a wrong size
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > _MOST_LINES:
            raise UnreadableFile(FILE, f"it has more than {_MOST_LINES:,} rows, or says so; save the sheet as CSV.")
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
