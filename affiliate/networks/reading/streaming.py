"""The list of records in a JSON file, one after the other, whatever the file's size: half a gigabyte is read in a few
megabytes of memory."""

import codecs
import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

import msgspec

from affiliate.errors import UnreadableFile

_PIECE = 1 << 18  # bytes read at once; four times as many were not faster
_LARGEST = 16_000_000  # characters of one record: beyond, what does not end is damaged
_AT_ONCE = msgspec.json.Decoder(float_hook=Decimal)
_SPACE = re.compile(r"[ \t\n\r]*")


def json_records(file: BinaryIO, report: str, *path: str) -> Iterator[tuple[int, object]]:
    """The records of the list at a path of the document, numbered from 1, decimals exact, as they are read.

    UnreadableFile, also after many records, where the file is no such JSON or is cut off; `report` names it then.
    """
    document = _Document(file)
    try:
        yield from enumerate(document.list_at(path), start=1)
        document.end()
    except UnicodeDecodeError as problem:
        raise UnreadableFile(report, "it is not UTF-8 text, as JSON must be.") from problem
    except json.JSONDecodeError as problem:
        line, column = document.place_of(problem)
        raise UnreadableFile(report, f"it is no JSON: {problem.msg} in line {line}, column {column}.") from problem
    except _OtherDocumentError as problem:
        where = f"a list under {'.'.join(path)}" if path else "a list of rows at the top"
        raise UnreadableFile(report, f"{where} was expected, but it holds {problem}.") from problem
    except (ValueError, RecursionError) as problem:
        raise UnreadableFile(report, "it holds numbers or a nesting that no such report has.") from problem


class _OtherDocumentError(Exception):
    """JSON, but without the list; says in words what is there."""


class _Document:
    """A JSON text and the place in it up to which it is read. What is read is forgotten, but for the number of its lines."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._parse = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number).raw_decode
        self._text = ""
        self._at = 0
        self._ended = False
        self._between = ""  # what stands between two records, with a brace on either side
        self._tried = False  # whether the text that waits was decoded at once
        self._lines, self._columns = 1, 0  # where the text begins in the file

    def list_at(self, path: tuple[str, ...]) -> Iterator[object]:
        """The list's values, and then what stands around it is read too, to its end."""
        if not path:
            yield from self._list()
            return
        found, others = False, []
        for name in self._names():
            if name == path[0]:
                found = True
                yield from self.list_at(path[1:])
            else:
                others.append(name)
                self._value()
        if not found:
            raise _OtherDocumentError(f"an object with {', '.join(others)[:200] or 'nothing'}")

    def end(self) -> None:
        """Nothing may follow."""
        if self._next():
            self._wrong("Extra data")

    def place_of(self, problem: json.JSONDecodeError) -> tuple[int, int]:
        """(line, column) in the file, from 1."""
        before = self._columns if problem.lineno == 1 else 0
        return self._lines + problem.lineno - 1, before + problem.colno

    def _list(self) -> Iterator[object]:
        if self._next() != "[":
            self._refuse()
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return
        yield self._value()
        first_end = self._at
        while self._mark(",]") == ",":
            if not self._between:
                self._next()
                gap = self._text[first_end : self._at]
                self._between = f"}}{gap if gap.strip() == ',' else ','}{{"
            yield from self._waiting()
            yield self._value()

    def _waiting(self) -> Sequence[object]:
        """The records that wait in the text, up to the last gap that looks like the first one between two of them: all at
        once, which is three times as fast as one by one. If what stands before that gap makes a list when it is put in
        brackets, it is one; else the gap was inside a record, or something is wrong, and `_value` sees to it."""
        if self._tried:
            return ()
        self._tried = True
        last = self._text.rfind(self._between, self._at)
        try:
            records: list[object] = _AT_ONCE.decode(f"[{self._text[self._at : last + 1]}]") if last > 0 else []
        except (msgspec.MsgspecError, RecursionError):
            return ()
        if records:
            self._at = last + 1 + self._text[last + 1 :].index(",") + 1
        return records

    def _names(self) -> Iterator[str]:
        """The names of an object; each one's value must be read before the next is asked for."""
        if self._next() != "{":
            self._refuse()
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return
        yield self._name()
        while self._mark(",}") == ",":
            yield self._name()

    def _name(self) -> str:
        if self._next() != '"':
            self._wrong("Expecting property name enclosed in double quotes")
        name = str(self._value())
        self._mark(":")
        return name

    def _refuse(self) -> None:
        """Reads what stands here instead to its end, and says what it is."""
        if self._next() == "{":
            names = []
            for name in self._names():
                names.append(name)
                self._value()
            raise _OtherDocumentError(f"an object with {', '.join(names)[:200] or 'nothing'}")
        if self._next() == "[":
            deque(self._list(), maxlen=0)
            raise _OtherDocumentError("a list")
        raise _OtherDocumentError(repr(self._value())[:200])

    def _value(self) -> object:
        self._next()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
            except json.JSONDecodeError:
                if self._ended or len(self._text) - self._at > _LARGEST:
                    raise
            else:
                if end < len(self._text) or self._ended:  # else a number may go on
                    self._at = end
                    return value
            self._more()

    def _mark(self, allowed: str) -> str:
        mark = self._next()
        if not mark or mark not in allowed:
            self._wrong(f"Expecting '{allowed[0]}' delimiter")
        self._at += 1
        return mark

    def _next(self) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr] # it always matches
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more()

    def _more(self) -> None:
        """Reads on, each time as much as is waiting, so that a long value is not tried too often."""
        read, self._text = self._text[: self._at], self._text[self._at :]
        self._at = 0
        if lines := read.count("\n"):
            self._lines += lines
            self._columns = 0
        self._columns += len(read) - read.rfind("\n") - 1
        content = self._file.read(max(_PIECE, len(self._text)))
        self._ended = not content
        self._tried = False
        self._text += self._decode(content, self._ended)

    def _wrong(self, what: str) -> None:
        raise json.JSONDecodeError(what, self._text, self._at)


def _no_number(name: str) -> Any:
    raise ValueError(name)
