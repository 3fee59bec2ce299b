"""A column map proposed for a file that nobody has described yet: what is found, what it would mean, what must be asked."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from affiliate.errors import InvalidMoney, SettingsInvalid, UnreadableFile
from affiliate.ids import placement_of_sub_id
from affiliate.money import currency_code
from affiliate.networks.base import BadRow
from affiliate.networks.reading.amounts import decimal_marks, plain_amount
from affiliate.networks.reading.columns import CONSTANT, FIELDS, JOINED, NEEDED, WORDS, ColumnMap
from affiliate.networks.reading.days import DAY_FIRST, orders
from affiliate.networks.reading.formats import open_table
from affiliate.networks.reading.headers import MEANING, currency_mark, found_columns, plain
from affiliate.networks.reading.moments import read_moment
from affiliate.networks.reading.privacy import is_personal, reveals
from affiliate.networks.reading.table import FILE, Shape

_LOOKED_AT = 20_000  # rows: a date beyond the twelfth comes within a few hundred
_KEPT = 500  # distinct values of a column
_SHOWN = 5
_AMOUNTS, _MOMENTS = ("commission", "sale"), ("transaction_at", "click_at", "validated_at")
_NUMBERED = re.compile(
    r"\d{1,2}([/.\-])\d{1,2}\1(\d{4}|\d{2})(?:([ T]|, )\d{1,2}:\d{2}(:\d{2})?( ?)([AaPp][Mm])?)?", re.ASCII
)
_NAMED = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%B %d %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S")
_ONE_CURRENCY = {"€": "EUR", "£": "GBP", "R$": "BRL", "₹": "INR", "zł": "PLN"}


@dataclass(frozen=True, slots=True)
class Understood:
    """One cell as the proposal would read it."""

    field: str
    column: str
    written: str
    read: str


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can say. `field` is what the answer names in the map."""

    field: str
    asks: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """`columns` are the file's, `rows` the first of them without personal data; `proposed` is a column map as it is written,
    complete if there are no `questions`."""

    shape: Shape
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    proposed: Mapping[str, str]
    understood: tuple[Understood, ...]
    questions: tuple[Question, ...]

    def as_json(self) -> dict[str, Any]:
        shape = self.shape
        return {
            "format": shape.format,
            "encoding": shape.encoding,
            "delimiter": shape.delimiter,
            "records": shape.place,
            "columns": list(self.columns),
            "rows": [dict(row) for row in self.rows],
            "map": dict(self.proposed),
            "understood": [
                {"field": one.field, "column": one.column, "written": one.written, "read": one.read}
                for one in self.understood
            ],
            "questions": [{"field": one.field, "question": one.asks} for one in self.questions],
        }


def propose(
    file: BinaryIO, said: Mapping[str, str] | None = None, currency: str | None = None, *, is_settled: bool = False
) -> Proposal:
    """Looks at a file and proposes how to read it. `said` are parts of the map that are certain and stay as they are (with
    `is_settled` no further columns are proposed); `currency` is the account's. A date's order and a decimal mark are proposed only where the file decides them.
    UnreadableFile for what is no table."""
    said = said or {}
    table = open_table(
        file,
        lambda names: len(found_columns(names)) + 100 * len(set(said.values()) & set(names)),
        place=said.get("records"),
        encoding=said.get("encoding"),
    )
    seen = _Seen(table.columns)
    for record in islice(table.records, _LOOKED_AT):
        seen.note(record)
    if not seen.columns:
        raise UnreadableFile(FILE, "it is empty; its first line must name the columns.")
    known = {name: value for name, value in said.items() if name not in FIELDS or _is_there(value, seen.columns)}
    return _Guess(table.shape, seen, known, currency).proposal(is_settled=is_settled)


def _is_there(value: str, columns: Sequence[str]) -> bool:
    """Whether the file has this column, or these; a ready map knows more of them than a download may have."""
    return value.startswith(CONSTANT) or value in columns or set(value.split(JOINED)) <= set(columns)


class _Seen:
    """The distinct texts of each column, and the first rows. What a column holds beside texts (numbers, true, null) is not
    in need of guessing, and counted only."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self.rows: list[Mapping[str, Any]] = []
        self.texts: dict[str, dict[str, None]] = {column: {} for column in columns}
        self.others: dict[str, int] = dict.fromkeys(columns, 0)

    def note(self, record: tuple[int, dict[str, object]] | BadRow) -> None:
        if isinstance(record, BadRow):
            return
        row = record[1]
        if len(self.rows) < _SHOWN:
            self.rows.append({name: _shown(value) for name, value in row.items() if not _is_hidden(name, value)})
        for column, value in row.items():
            texts = self.texts.get(column)
            if texts is None or value is None or value == "":
                continue
            if isinstance(value, str):
                if len(texts) < _KEPT:
                    texts[value] = None
            else:
                self.others[column] += 1

    def is_empty(self, column: str) -> bool:
        return not self.texts[column] and not self.others[column]


def _is_hidden(name: str, value: object) -> bool:
    return is_personal(name) or (isinstance(value, str) and reveals(value))


def _shown(value: object) -> object:
    return value if value is None or isinstance(value, str | int | bool) else str(value)


@dataclass(slots=True)
class _Guess:
    shape: Shape
    seen: _Seen
    map: dict[str, str]
    currency: str | None
    questions: list[Question] = field(default_factory=list)

    def proposal(self, *, is_settled: bool) -> Proposal:
        if not is_settled:
            self.columns()
            self.id()
        self.currencies()
        self.decimal()
        self.date_format()
        self.words()
        for name in NEEDED:
            if name not in self.map:
                self.ask(name, f"Which column holds the {name}? (or a value for all rows: {name} = “=…”)")
        return Proposal(
            self.shape,
            tuple(column for column in self.seen.columns if not is_personal(column)),
            tuple(self.seen.rows),
            self.map,
            tuple(self.understood()),
            tuple(self.questions),
        )

    def ask(self, name: str, asks: str) -> None:
        self.questions.append(Question(name, asks))

    def columns(self) -> None:
        """By their names, where what they hold is no contradiction; a sub-id by what it holds, too."""
        taken = set(self.map.values())
        for ours, fitting in found_columns(self.seen.columns).items():
            if ours in self.map:
                continue
            column = next((one for one in fitting if one not in taken and self.may_be(ours, one)), None)
            if column:
                self.map[ours] = column
                taken.add(column)
        if "sub_id" not in self.map:
            ours_inside = [one for one in self.seen.columns if any(map(placement_of_sub_id, self.seen.texts[one]))]
            self.map |= {"sub_id": ours_inside[0]} if ours_inside else {}

    def may_be(self, ours: str, column: str) -> bool:
        if is_personal(column) or self.seen.is_empty(column):
            return False
        texts = list(self.seen.texts[column])
        if ours in _AMOUNTS:
            return all(_is_amount(text) for text in texts)
        if ours in _MOMENTS:
            return all(any(character.isdecimal() for character in text) for text in texts)
        return all(_is_currency(text) for text in texts) if ours == "currency" else True

    def id(self) -> None:
        """Where nothing names the transaction, its order does."""
        if "external_id" not in self.map and (order := self.map.get("order_ref")):
            self.map["external_id"] = order
            self.ask("external_id", f"Nothing but “{order}” tells one row from another: is each row one order?")

    def currencies(self) -> None:
        if "currency" in self.map:
            return
        marks = {mark for name in _AMOUNTS if (mark := currency_mark(self.map.get(name, "")))}
        known = {_ONE_CURRENCY.get(mark) or (mark if _is_currency(mark) else None) for mark in marks}
        if len(known) == 1 and (code := known.pop()):
            self.map["currency"] = f"{CONSTANT}{code}"
        elif self.currency is None:
            written = f"“{', '.join(sorted(marks))}” may be several" if marks else "the file names none"
            self.ask("currency", f"In which currency are the amounts? ({written})")

    def decimal(self) -> None:
        if "decimal" in self.map:
            return
        texts = [text for name in _AMOUNTS for text in self.texts_of(name)]
        marks = decimal_marks(texts)
        if len(marks) == 1:
            self.map["decimal"] = next(iter(marks))
        elif not marks:
            self.ask("decimal", "Some amounts have a decimal point, others a decimal comma: which is right?")
        elif doubtful := next((text for text in texts if any(mark in text for mark in ".,")), None):
            self.ask("decimal", f"Is the mark in {doubtful} the decimal mark, or does it part thousands?")

    def date_format(self) -> None:
        if "date_format" in self.map:
            return
        texts = [text for name in _MOMENTS for text in self.texts_of(name)]
        if not texts or all(_is_read(text, None) for text in texts):
            return
        if style := next((style for style in _styles(texts) if all(_is_read(text, style) for text in texts)), None):
            self.map["date_format"] = style
            return
        possible = orders(texts)
        doubtful = next(text for text in texts if not _is_read(text, None))
        if len(possible) == 2 and _NUMBERED.fullmatch(doubtful):
            self.ask("date_format", f"Does {doubtful} begin with the day (%d/%m/%Y) or with the month (%m/%d/%Y)?")
        elif not possible:
            self.ask(
                "date_format",
                "Some dates begin with the day, others with the month: was the file changed by a spreadsheet?",
            )
        else:
            self.ask("date_format", f"How is {doubtful} to be read? (a format such as %d/%m/%Y %H:%M)")

    def words(self) -> None:
        for name, ours in WORDS.items():
            for text in self.words_of(name):
                if text.lower() in ours or f"{name}.{text}" in self.map or f"{name}.*" in self.map:
                    continue
                if name == "status" and (meaning := MEANING.get(plain(text))):
                    self.map[f"status.{text}"] = meaning
                else:
                    self.ask(f"{name}.{text}", f"What does “{text}” mean: {', '.join(ours)}?")

    def words_of(self, name: str) -> list[str]:
        known = {key.casefold() for key in self.map}
        return [text for text in self.texts_of(name) if f"{name}.{text}".casefold() not in known]

    def texts_of(self, name: str) -> list[str]:
        return list(self.seen.texts.get(self.map.get(name, ""), ()))

    def understood(self) -> Iterable[Understood]:
        """The most telling cells: of amounts those with most marks, of dates any."""
        for name in _AMOUNTS:
            telling = sorted(self.texts_of(name), key=lambda text: -sum(map(text.count, ".,(-")))
            for text in telling[:2]:
                if amount := plain_amount(text, self.map.get("decimal", ".")):
                    yield Understood(name, self.map[name], text, amount)
        for name in _MOMENTS:
            for text in self.texts_of(name)[:2]:
                if moment := _read(text, self.map.get("date_format")):
                    yield Understood(name, self.map[name], text, _in_words(moment))


def is_whole(proposed: Mapping[str, str]) -> bool:
    """Whether a map can be used as it is."""
    try:
        ColumnMap.parse(proposed)
    except SettingsInvalid:
        return False
    return True


def _is_amount(text: str) -> bool:
    return plain_amount(text, ".") is not None or plain_amount(text, ",") is not None


def _is_currency(text: str) -> bool:
    try:
        currency_code(text)
    except InvalidMoney:
        return False
    return True


def _styles(texts: Sequence[str]) -> Iterable[str]:
    """Formats that the first date that is not ISO has, and that the others decide."""
    first = next(text for text in texts if not _is_read(text, None))
    if found := _NUMBERED.fullmatch(first):
        mark, year, between, seconds, space, half = found.groups()
        possible = orders(texts) if mark != "." else {DAY_FIRST}
        if len(possible) != 1:
            return
        days = ("%d", "%m") if DAY_FIRST in possible else ("%m", "%d")
        date = mark.join((*days, "%Y" if len(year) == 4 else "%y"))
        hours = f"%I:%M{':%S' if seconds else ''}{space}%p" if half else f"%H:%M{':%S' if seconds else ''}"
        yield f"{date}{between}{hours}" if between else date
        return
    yield from (f"{date}{time}" for date in _NAMED for time in _TIMES)


def _is_read(text: str, style: str | None) -> bool:
    return _read(text, style) is not None


def _read(text: str, style: str | None) -> datetime | None:
    try:
        return read_moment(text, "UTC", style)
    except ValueError:
        return None


def _in_words(moment: datetime) -> str:
    """3 April 2026, with the time where there is one."""
    day = f"{moment.day} {moment:%B %Y}"
    return day if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else f"{day}, {moment:%H:%M:%S}"
