"""A table: rows under named columns, whatever file they came in."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from affiliate.errors import UnreadableFile
from affiliate.networks.base import BadRow
from affiliate.networks.reading.rows import payload_text

CSV, XLSX, JSON, NDJSON, XML = "csv", "xlsx", "json", "ndjson", "xml"
FILE = "The file"
HEADER_WITHIN = 20  # filled lines: a report's title and its period take a few
_SURPLUS = "cells beyond the header"
_NOT_WHOLE = "not whole"

Record = tuple[int, dict[str, object]] | BadRow
Knows = Callable[[Sequence[str]], int]
"""How many of these names are columns that the reader of the table looks for."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written, found by looking at it. `encoding` of a text, `delimiter` of a CSV; `place` says where the rows
    are: a sheet's name, the path of a list in JSON ("" at the top), the name of an XML element."""

    format: str
    encoding: str | None = None
    delimiter: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file cut into records. `columns` are distinct names in the file's order (of JSON and XML: those of the first
    records); `records` come lazily, with the line in a CSV, the row of a sheet, else the record's number from 1. A value is
    a text, or what JSON and spreadsheets know beyond that: a number (exact), true, false, null. `above` is what stands
    above the header, cell by cell."""

    shape: Shape
    columns: tuple[str, ...]
    records: Iterator[Record]
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """The line of a sheet that names its columns. `score` tells how well it does; higher is better."""

    line: int
    cells: tuple[str, ...]
    score: tuple[int, ...]
    above: tuple[str, ...] = ()

    @classmethod
    def among(cls, lines: Iterable[tuple[int, Sequence[str]]], knows: Knows | None) -> "Header | None":
        """The best of the first filled lines: the one that shows most of the names that are known; where none are, the first
        of those as wide as most lines are. None where nothing is filled."""
        first = [(line, trimmed(cells)) for line, cells in islice(_filled(lines), HEADER_WITHIN)]
        if not first:
            return None
        widths = Counter(len(cells) for _, cells in first)
        usual, times = max(widths.items(), key=lambda one: (one[0] > 1, one[1], one[0]))
        best: Header | None = None
        above: list[str] = []
        for line, cells in first:
            score = (knows(cells), len(cells)) if knows else (len(cells) == usual, times, usual)
            if best is None or score > best.score:
                best = cls(line, cells, score, tuple(above))
            above += (cell for cell in cells if cell)
        return best

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(distinct(self.cells))


def _filled(lines: Iterable[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Sequence[str]]]:
    return ((line, cells) for line, cells in lines if any(cells))


def trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    """Without the empty cells at the end: every row may end in a delimiter."""
    width = max((number for number, cell in enumerate(cells, start=1) if cell), default=0)
    return tuple(cells[:width])


def distinct(names: Sequence[str]) -> Iterator[str]:
    """A name that comes again is numbered, so that no cell of a row is lost."""
    for position, name in enumerate(names):
        before = names[:position].count(name)
        yield f"{name} ({before + 1})" if before else name


def set_aside(line: int, record: Mapping[str, object], reason: str) -> BadRow:
    """A row that is not whole: kept for people to look at, in a form that nobody can take for a row later."""
    return BadRow(line, reason, payload_text({_NOT_WHOLE: dict(record)}))


def with_surplus(names: Sequence[str], cells: Sequence[object], line: int) -> BadRow:
    """A row that is wider than its header, set aside whole."""
    record = dict(zip(names, cells, strict=False)) | {_SURPLUS: list(cells[len(names) :])}
    return set_aside(line, record, f"The row has more cells than the header's {len(names)}.")


def refuse_missing(columns: Sequence[str], wanted: Sequence[str]) -> None:
    """UnreadableFile names the columns that are not there, and those that are."""
    if not any(columns):
        raise UnreadableFile(FILE, "it is empty; its first line must name the columns.")
    found = f"The file's columns are: {', '.join(columns)}"[:2000]
    if missing := [name for name in wanted if name not in columns]:
        quoted = ", ".join(f"“{name}”" for name in missing)
        raise UnreadableFile(FILE, f"there is no column {quoted}. {found}.")
    if twice := [name for name in wanted if f"{name} (2)" in columns]:
        raise UnreadableFile(FILE, f"the column “{twice[0]}” is there twice, so its value is not certain. {found}.")
