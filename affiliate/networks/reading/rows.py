"""Rows of a network's report: typed reading of their fields, and the quarantine for those that cannot be booked."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, BinaryIO, TypeVar

import msgspec

from affiliate.errors import InvalidInput, InvalidMoney, UnreadableFile
from affiliate.money import Money, currency_code, exact
from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.moments import read_as, read_moment
from affiliate.networks.reading.privacy import is_personal, reveals

T = TypeVar("T")

_NOTHING = "{}"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DEEPEST = 50
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_THREE_DOTS = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_THREE_COLONS = re.compile(r":[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:")
_LARGEST_FLOATED = 10**6  # above, a float's tail reaches the decimals that count
_FLOAT_TAIL = Decimal("1e-9")
NO_CURRENCY = "The currency of "  # begins the reason of rows that wait for one
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


class BadValue(InvalidInput):
    """A field that cannot be booked; its row is quarantined. `word` is the network's word that nobody knew, if it was
    that."""

    def __init__(self, reason: str, word: str | None = None) -> None:
        self.word = word
        super().__init__(reason)


class Row:
    """One record of a report. Fields are named by their path: `row.text("saleAmount", "currency")`.

    Null and an empty text are the same nothing (impact writes "" for null), and so is an empty list where an object was
    expected (Awin writes `customParameters` so, as PHP writes every empty object). Whatever cannot be read raises BadValue,
    which names the field and the value.
    """

    __slots__ = ("_payload", "_values")

    def __init__(self, values: dict[str, Any], payload: "Payload | None" = None) -> None:
        self._values = values
        self._payload = payload

    def raw(self, first: str, *path: str) -> Any:
        value: Any = self._values.get(first)
        for name in path:
            if value is None or value == []:
                return None
            if not isinstance(value, dict):
                raise BadValue(f"{'.'.join((first, *path))} cannot be read: {_shown(value)} has no fields.")
            value = value.get(name)
        return None if value == "" else value

    def holds(self, name: str) -> bool:
        """Whether the record has this field at all, be it empty."""
        return name in self._values

    def text(self, first: str, *path: str) -> str | None:
        value = self.raw(first, *path) if path else self._values.get(first)
        if value.__class__ is str:
            return value.strip() or None
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise BadValue(f"{'.'.join((first, *path))} is {_shown(value)} where a text was expected.")
        return str(value).strip() or None

    def texts(self, names: Iterable[str], *path: str) -> tuple[str, ...]:
        """Those of these texts, under the path, that are filled."""
        values = self.raw(*path) if path else self._values
        if isinstance(values, dict):
            names = [name for name in names if name in values]
        return tuple(value for name in names if (value := self.text(*path, name)))

    def need(self, *path: str) -> str:
        if (value := self.text(*path)) is None:
            raise BadValue(f"{'.'.join(path)} is missing.")
        return value

    def flag(self, *path: str) -> bool:
        """A JSON boolean; missing is False."""
        value = self.raw(*path)
        if value is not None and not isinstance(value, bool):
            raise BadValue(f"{'.'.join(path)} is {_shown(value)} where true or false was expected.")
        return bool(value)

    def word(self, words: Mapping[str, str], *path: str) -> str:
        """Our word for the network's (compared without case); an unknown one is never guessed."""
        value = self.need(*path)
        if (ours := words.get(value.lower())) is None:
            known = ", ".join(words)
            raise BadValue(f"{'.'.join(path)} is {_shown(value)}, an unknown word; known are {known}.", word=value)
        return ours

    def money(self, currency: str | None, *path: str) -> Money | None:
        """The signed amount at the path, None where there is none."""
        value = self.raw(*path)
        return None if value is None else money_of(value, currency, ".".join(path))

    def need_money(self, currency: str | None, *path: str) -> Money:
        if (money := self.money(currency, *path)) is None:
            raise BadValue(f"{'.'.join(path)} is missing.")
        return money

    def moment(self, zone_name: str, *path: str) -> datetime | None:
        value = self.text(*path)
        return None if value is None else moment_of(value, zone_name, ".".join(path))

    def need_moment(self, zone_name: str, *path: str) -> datetime:
        return moment_of(self.need(*path), zone_name, ".".join(path))

    @property
    def payload(self) -> "Payload":
        """The row as it came, without personal data."""
        return Payload(payload_text(self._values)) if self._payload is None else self._payload


class Payload(Mapping[str, object]):
    """A record as JSON `text` without personal data, made once; as a mapping, the values of that text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __getitem__(self, name: str) -> object:
        return self._values()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def _values(self) -> dict[str, object]:
        values: dict[str, object] = json.loads(self.text)
        return values


def money_of(value: object, currency: str | None, field: str) -> Money:
    """An exact amount of a known currency; BadValue names the field otherwise."""
    if isinstance(value, str):
        value = value.strip()
        if not _DECIMAL.fullmatch(value):
            raise BadValue(f"{field} is {_shown(value)}, which is no amount.")
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadValue(f"{field} is {_shown(value)}, which is no amount.")
    try:
        amount = exact(_as_meant(value) if isinstance(value, Decimal) else value)
    except InvalidMoney as problem:
        raise BadValue(f"{field}: {problem}") from problem
    try:
        return Money(amount, currency_code(currency))
    except InvalidMoney as problem:
        raise BadValue(f"{NO_CURRENCY}{field} cannot be used: {problem}") from problem


def _as_meant(number: Decimal) -> Decimal:
    """A JSON number without the tail that binary floats leave in the network's own sums (40.470000000000006)."""
    if not abs(number) < _LARGEST_FLOATED or (rounded := round(number, 6)) == number:
        return number
    return rounded if abs(number - rounded) < _FLOAT_TAIL else number


def moment_of(text: str, zone_name: str, field: str, date_format: str | None = None) -> datetime:
    try:
        return read_as(text, zone_name, date_format) if date_format else read_moment(text, zone_name)
    except ValueError as problem:
        expected = f"a moment written as {date_format}" if date_format else "a moment that can be read"
        raise BadValue(f"{field} is {_shown(text)}, which is not {expected}.") from problem


class Unread:
    """One record of a report, not read yet: its `payload` alone tells whether it says what is known already."""

    __slots__ = ("_reader", "_reading", "_record", "line", "payload")

    def __init__(self, reader: Reader, line: int, record: object, reading: Reading) -> None:
        self._reader = reader
        self._record = record
        self._reading = reading
        self.line = line
        self.payload = payload_text(record)

    def read(self) -> ReportedTransaction | BadRow:
        return _read(
            self.line, self._record, self.payload, lambda row: self._reader.transaction(self.line, row, self._reading)
        )


def unread_report(reader: Reader, file: BinaryIO, reading: Reading) -> Iterator[Unread | BadRow]:
    """Cuts a report into its records, in the file's order.

    UnreadableFile, at the first record or at any later one, says that the file is not such a report or is cut off."""
    for record in reader.records(file, reading):
        yield record if isinstance(record, BadRow) else Unread(reader, *record, reading)


def read_record(reader: Reader, line: int, record: object, reading: Reading) -> ReportedTransaction | BadRow:
    """Reads one record, which may be one that was set aside earlier."""
    return Unread(reader, line, record, reading).read()


def read_each(records: Iterable[tuple[int, object]], read: Callable[[int, Row], T]) -> Iterator[T | BadRow]:
    """Reads other records than transactions (payouts, programmes) the same way: a bad one is set aside whole."""
    for line, record in records:
        yield _read(line, record, payload_text(record), partial(read, line))


def _read(line: int, record: object, payload: str, read: Callable[[Row], T]) -> T | BadRow:
    try:
        if "\\u" in payload or payload == _NOTHING:  # walking through every record would cost a fifth of reading it
            _refuse_unstorable(record)
        if not isinstance(record, dict):
            raise BadValue(f"The record is {_shown(record)} where an object with fields was expected.")
        return read(Row(record, Payload(payload)))
    except BadValue as problem:
        return BadRow(line, str(problem), payload, problem.word)
    except _TooDeepError:
        return BadRow(line, "The record is nested deeper than any report's.", _NOTHING)


def json_document(file: BinaryIO, report: str) -> Any:
    """The JSON value of a file, decimals exact. UnreadableFile if it is no JSON; `report` names it in the refusal."""
    try:
        return json.loads(file.read().decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except UnicodeDecodeError as problem:
        raise UnreadableFile(report, "it is not UTF-8 text, as JSON must be.") from problem
    except json.JSONDecodeError as problem:
        reason = f"it is no JSON: {problem.msg} in line {problem.lineno}, column {problem.colno}."
        raise UnreadableFile(report, reason) from problem
    except (ValueError, RecursionError) as problem:
        raise UnreadableFile(report, "it holds numbers or a nesting that no such report has.") from problem


def records_at(document: Any, report: str, *path: str) -> Iterator[tuple[int, object]]:
    """The list of records at a path of the document, numbered from 1; UnreadableFile where there is none."""
    found = document
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, list):
        return iter(enumerate(found, start=1))
    where = f"a list under {'.'.join(path)}" if path else "a list of rows at the top"
    there = (
        f"an object with {', '.join(map(str, document)) or 'nothing'}"
        if isinstance(document, dict)
        else _shown(document)
    )
    raise UnreadableFile(report, f"{where} was expected, but it holds {there[:200]}.")


def payload_text(record: object) -> str:
    """A record as JSON text without personal data, fit for any database; of one nested too deeply nothing is kept."""
    try:
        kept = _kept(record)
    except _TooDeepError:
        return _NOTHING
    text = _json(kept)
    return _json(_without_addresses(kept)) if _may_reveal(text) else text


def _json(value: object) -> str:
    """Decimals are numbers, digit for digit."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(value, default=str)


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _shown(value: object) -> str:
    shown = repr(str(value) if isinstance(value, Decimal) else value)
    return shown if len(shown) <= 80 else shown[:80] + "…"


def _kept(value: object, depth: int = 0) -> object:
    """The same value without personal fields."""
    if depth > _DEEPEST:
        raise _TooDeepError
    if isinstance(value, dict):
        kept = value.copy()
        for name in _personal(tuple(value)):
            del kept[name]
        for name, inner in kept.items():
            if type(inner) is dict or type(inner) is list:
                kept[name] = _kept(inner, depth + 1)
        return kept
    if isinstance(value, list):
        return [_kept(inner, depth + 1) for inner in value]
    return value


@lru_cache(maxsize=1000)  # a report's records have the same fields, and asking for each field took half of this
def _personal(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if is_personal(name)]


def _without_addresses(value: object) -> object:
    """The same value without texts that are a person's address."""
    if isinstance(value, dict):
        return {name: _without_addresses(inner) for name, inner in value.items() if not _is_address(inner)}
    if isinstance(value, list):
        return [_without_addresses(inner) for inner in value if not _is_address(inner)]
    return value


def _may_reveal(payload: str) -> bool:
    """Whether a text in it may be the address of a person: e-mail, IPv4, IPv6 with or without its gap. Nearly none is, and to
    ask each of a row's texts took longer than to read the row."""
    return bool("@" in payload or "::" in payload or _THREE_DOTS.search(payload) or _THREE_COLONS.search(payload))


def _is_address(value: object) -> bool:
    return isinstance(value, str) and reveals(value)


class _TooDeepError(Exception):
    """A record nested so deeply that walking it could exhaust the stack; no known report goes deeper than five."""


def _refuse_unstorable(value: object, depth: int = 0) -> None:
    """PostgreSQL stores neither NUL nor half a surrogate pair; such a text is damaged anyway."""
    if depth > _DEEPEST:
        raise _TooDeepError
    if isinstance(value, str):
        if not _storable(value):
            raise BadValue(f"The text {_shown(value)} is damaged: it holds characters that are none.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unstorable(key)
            _refuse_unstorable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_unstorable(inner, depth + 1)


def _storable(text: str) -> bool:
    return not _UNSTORABLE.search(text)
