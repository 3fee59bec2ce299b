"""CSV, TSV and their kin: a text cut into rows as it is read."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

from affiliate.errors import UnreadableFile
from affiliate.networks.reading.encodings import found_encoding
from affiliate.networks.reading.table import CSV, FILE, Header, Knows, Record, Shape, Table, set_aside, with_surplus

DELIMITERS = (",", ";", "\t", "|")
_BEGINNING = 200_000  # characters in which the header is looked for
_LONGEST_LINE = 1_000_000  # characters; what has no line ends is no table, and would be held in memory as a whole
_MARK = re.compile(r"[.,]")
_ROWS_FOR_A_RULE = 3  # fewer tell nothing of how a whole cell looks


def read_delimited(file: BinaryIO, knows: Knows | None, encoding: str | None = None) -> Table:
    """Cuts a CSV. Its header is the best of the first lines, under the delimiter that makes it so: a title, or Excel's
    `sep=;`, may stand above it."""
    encoding = encoding or found_encoding(file)
    beginning = _beginning(file, encoding)
    found = [(Header.among(_first_lines(beginning, mark), knows), mark) for mark in DELIMITERS]
    best = max((header.score, mark) for header, mark in _there(found)) if any(header for header, _ in found) else None
    if best is None:
        return Table(Shape(CSV, encoding), (), iter(()))
    header, delimiter = next((header, mark) for header, mark in _there(found) if (header.score, mark) == best)
    lines = _lines(_characters(file, encoding), delimiter)
    below = ((line, cells) for line, cells in lines if line > header.line and any(cells))
    records = _records(header.names, below, is_cut=not _ends_a_line(file, encoding))
    return Table(Shape(CSV, encoding, delimiter), header.names, records, header.above)


def _there(found: Sequence[tuple[Header | None, str]]) -> Iterator[tuple[Header, str]]:
    return ((header, mark) for header, mark in found if header)


def _characters(file: BinaryIO, encoding: str) -> Iterator[str]:
    """The file's lines, from its beginning; the file itself stays open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        line = 0
        while piece := text.readline(
            _LONGEST_LINE + 1
        ):  # not from the text itself: it would be closed, and the file too
            line += 1
            if len(piece) > _LONGEST_LINE:
                raise UnreadableFile(FILE, f"line {line} is longer than {_LONGEST_LINE:,} characters.")
            yield piece
    except (UnicodeDecodeError, LookupError) as problem:
        raise UnreadableFile(FILE, f"it is not written in {encoding} ({problem}).") from problem
    finally:
        with suppress(ValueError):
            text.detach()


def _beginning(file: BinaryIO, encoding: str) -> list[str]:
    lines: list[str] = []
    characters = 0
    for line in _characters(file, encoding):
        lines.append(line)
        characters += len(line)
        if characters > _BEGINNING:
            break
    return lines


def _lines(text: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as problem:
        raise UnreadableFile(FILE, f"from line {line} on its quotes do not close ({problem}).") from problem


def _first_lines(beginning: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    with suppress(UnreadableFile):  # the quotes of a later line tell nothing of those before it
        yield from _lines(beginning, delimiter)


def _records(names: tuple[str, ...], lines: Iterable[tuple[int, list[str]]], *, is_cut: bool) -> Iterator[Record]:
    """`is_cut`: the file does not end its last line, so that it may have been cut in the middle of a cell."""
    width = len(names)
    usual = _Usual()
    waiting: tuple[int, list[str]] | None = None
    for following in lines:
        if waiting:
            usual.note(waiting[1][-1])
            yield _record(names, width, *waiting)
        waiting = following
    if not waiting:
        return
    line, cells = waiting
    if is_cut and len(cells) == width and usual.is_cut(cells[-1]):
        reason = "The file ends in the middle of this row: its last cell has fewer decimals than those above. Download it anew."
        yield set_aside(line, dict(zip(names, cells, strict=True)), reason)
    else:
        yield _record(names, width, line, cells)


def _record(names: tuple[str, ...], width: int, line: int, cells: list[str]) -> Record:
    if len(cells) > width and any(cells[width:]):
        return with_surplus(names, cells, line)
    record: dict[str, object] = dict(zip(names, cells, strict=False))
    if len(cells) < width:
        return set_aside(line, record, f"The row has fewer cells than the header's {width}.")
    return line, record


class _Usual:
    """How many decimals the last cells of a file have, where all have as many."""

    def __init__(self) -> None:
        self._rows = 0
        self._decimals: set[int] = set()

    def note(self, cell: str) -> None:
        self._rows += 1
        if len(self._decimals) < 2:
            self._decimals.add(_decimals(cell))

    def is_cut(self, cell: str) -> bool:
        one_rule = self._rows >= _ROWS_FOR_A_RULE and len(self._decimals) == 1
        return one_rule and cell != "" and _decimals(cell) < max(self._decimals)


def _decimals(cell: str) -> int:
    return len(_MARK.split(cell)[-1]) if _MARK.search(cell) else 0


def _ends_a_line(file: BinaryIO, encoding: str) -> bool:
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 4))
    end = file.read()
    file.seek(0)
    plain = end.replace(b"\x00", b"") if encoding.startswith("utf-16") else end
    return plain.endswith((b"\n", b"\r"))
