"""JSON: the objects of a list, or one object to a line."""

import io
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from affiliate.errors import UnreadableFile
from affiliate.networks.base import BadRow
from affiliate.networks.reading.encodings import found_encoding
from affiliate.networks.reading.rows import json_document, payload_text
from affiliate.networks.reading.streaming import json_records
from affiliate.networks.reading.table import FILE, JSON, NDJSON, Knows, Record, Shape, Table

_LISTS_WITHIN = 4  # names deep: no known report keeps its rows further down
_DEEPEST = 50
_HELD = 4_000_000  # bytes: of a document up to this size all lists are looked at
_BEGINNING = 200_000  # bytes: of a larger one the lists that begin there; no row alone on its line is longer
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"\s*:|"|\\?\Z)|[{}\[\]]', re.DOTALL)


def read_objects(file: BinaryIO, knows: Knows | None, path: str | None = None) -> Table:
    """Cuts JSON. The rows are the objects of the list at the path ("" at the top), or of the list that shows most of the
    known columns, or one object to a line. Columns are names joined by dots; lists inside a row stay lists."""
    if path is None and _is_one_to_a_line(file):
        return _table(Shape(NDJSON, "utf-8"), lambda: _lines(file))
    if file.seek(0, io.SEEK_END) > _HELD:
        paths = list(dict.fromkeys(_first_lists(file)))
        first = {at: [row for _, row in islice(_rows(file, at), 100)] for at in paths}
    else:
        file.seek(0)
        first = dict(_lists(json_document(file, FILE), ()))
    if path is None:
        if not first:
            raise UnreadableFile(FILE, "there is no list of objects in it.")
        path = max(first, key=lambda at: _worth(first[at], knows))
    if path not in first:
        raise UnreadableFile(FILE, f"there is no list of objects under “{path}”. Lists are under: {', '.join(first)}.")
    found = path
    return _table(Shape(JSON, "utf-8", place=found), lambda: _rows(file, found))


def _rows(file: BinaryIO, path: str) -> Iterator[tuple[int, object]]:
    file.seek(0)
    return json_records(file, FILE, *(path.split(".") if path else ()))


def _first_lists(file: BinaryIO) -> Iterator[str]:
    """The paths of lists that begin with the document: of a large one the first lists are those with rows."""
    file.seek(0)
    names: list[str | None] = []  # of the objects around; None for a list
    name = ""
    for found in _TOKEN.finditer(file.read(_BEGINNING).decode("utf-8-sig", "replace")):
        part = found.group()
        if part == "[" and None not in names and len(names) <= _LISTS_WITHIN:
            yield ".".join(around for around in (*names[1:], name) if around)
        if part in "{[":
            names.append(name if part == "{" else None)
        elif part in "}]" and names:
            names.pop()
        elif part.endswith(":"):
            name = part[1 : part.rindex('"')]


def _table(shape: Shape, rows: Any) -> Table:
    columns = dict.fromkeys(name for _, row in islice(rows(), 100) if isinstance(row, dict) for name in flat(row))
    return Table(shape, tuple(columns), (_record(number, row) for number, row in rows()))


def _record(number: int, row: object) -> Record:
    if isinstance(row, dict):
        return number, flat(row)
    return BadRow(number, "The record is no object with fields.", payload_text(row))


def flat(row: dict[str, Any], path: str = "", depth: int = 0) -> dict[str, object]:
    """One object's values under the dotted paths to them."""
    record: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            record |= flat(value, f"{path}{name}.", depth + 1)
        else:
            record[f"{path}{name}"] = value
    return record


def _is_one_to_a_line(file: BinaryIO) -> bool:
    """Whether the first line is an object by itself, and not the document with the list."""
    file.seek(0)
    first = file.readline(_BEGINNING)
    more = file.readline(_BEGINNING)
    file.seek(0)
    try:
        row = json.loads(first.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and (bool(more.strip()) or not dict(_lists(row, ())))


def _lines(file: BinaryIO) -> Iterator[tuple[int, object]]:
    file.seek(0)
    found_encoding(file)
    for number, line in enumerate(file, start=1):
        if text := line.strip():
            yield number, _object(number, text)


def _object(number: int, text: bytes) -> object:
    try:
        return json.loads(text.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise UnreadableFile(FILE, f"line {number} is no whole JSON object ({problem}).") from problem


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _lists(value: object, path: Sequence[str]) -> Iterator[tuple[str, list[Any]]]:
    """Lists of objects, and empty ones, each under the dotted path to it."""
    if isinstance(value, list):
        if not path or not value or any(isinstance(each, dict) for each in value):
            yield ".".join(path), value
    elif isinstance(value, dict) and len(path) < _LISTS_WITHIN:
        for name, inner in value.items():
            yield from _lists(inner, (*path, str(name)))


def _worth(rows: list[Any], knows: Knows | None) -> tuple[int, int]:
    names = dict.fromkeys(name for row in rows[:100] if isinstance(row, dict) for name in flat(row))
    return (knows(tuple(names)) if knows else 0, len(rows))
