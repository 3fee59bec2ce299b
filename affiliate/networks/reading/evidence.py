"""How the amounts and the days of a file are written, as far as its rows tell, and what must be asked. Whoever proposes a
column map and whoever books rows asks here, so that neither takes from a default what the other would ask."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from affiliate.networks.base import BadRow
from affiliate.networks.reading.amounts import ANY_MARK, marks_of
from affiliate.networks.reading.days import DAY_FIRST, MONTH_FIRST
from affiliate.networks.reading.moments import numbered, read_moment, style_of
from affiliate.networks.reading.table import Record

AMOUNTS, MOMENTS = ("commission", "sale"), ("transaction_at", "click_at", "validated_at")
_NAMED = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%B %d %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y")
_STYLES = tuple(f"{date}{time}" for date in _NAMED for time in ("", " %H:%M", " %H:%M:%S"))
_MARKS = {".": "a point", ",": "a comma"}
_ORDERS = {DAY_FIRST: "the day", MONTH_FIRST: "the month"}
_EITHER, _SAME, _OTHER, _NO_DAY = "either", "the same in both", "another way", "no day"


class Cell(NamedTuple):
    """A text of the file, and the line that it stands in."""

    text: str
    line: int

    def __str__(self) -> str:
        return f"{self.shown} (line {self.line})"

    @property
    def shown(self) -> str:
        return self.text if len(self.text) <= 80 else f"{self.text[:79]}…"


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can say. `field` is what the answer names in the map."""

    field: str
    asks: str


@dataclass(frozen=True, slots=True)
class Decision:
    """How the file's amounts and days are to be read: said, or decided by its rows. None where nothing needs it. Where
    there are `questions`, what they are about is not decided."""

    decimal: str | None
    date_format: str | None
    questions: tuple[Question, ...] = ()


@dataclass(slots=True)
class Evidence:
    """What the cells seen so far tell. Of each kind of cell only the first is kept, so that a file of any size takes the same
    memory. `marks` and `orders`: the first cell that is an amount (a day) with that mark (order) alone; `open_amount` and
    `open_day`: the first that is another amount (day) with each."""

    marks: dict[str, Cell] = field(default_factory=dict)
    open_amount: Cell | None = None
    orders: dict[str, Cell] = field(default_factory=dict)
    open_day: Cell | None = None
    shapes: dict[str, Cell] = field(default_factory=dict)  # of days in numbers: mark between and digits of the year
    named: Cell | None = None
    styles: tuple[str, ...] = _STYLES  # those that read every day with a month's name
    unread: Cell | None = None

    def note_row(self, line: int, row: Mapping[str, object], amounts: Iterable[str], moments: Iterable[str]) -> None:
        """`amounts` and `moments` are the columns that hold them. Numbers of JSON and of sheets are exact amounts."""
        for column in amounts:
            if isinstance(text := row.get(column), str):
                self.note_amount(text, line)
        for column in moments:
            if (value := row.get(column)) not in (None, ""):
                self.note_moment(str(value), line)

    def note_amount(self, text: str, line: int) -> None:
        marks = marks_of(text)
        if len(marks) == 2:
            self.open_amount = self.open_amount or Cell(text, line)
        elif marks not in ("", ANY_MARK):
            self.marks.setdefault(marks, Cell(text, line))

    def note_moment(self, text: str, line: int) -> None:
        order, shape = _order_of(text)
        if order is None:
            return
        cell = Cell(text, line)
        if shape:
            self.shapes.setdefault(shape, cell)
        if order in _ORDERS:
            self.orders.setdefault(order, cell)
        elif order == _EITHER:
            self.open_day = self.open_day or cell
        elif order == _OTHER and (styles := tuple(style for style in self.styles if _is_read(text, style))):
            self.named, self.styles = self.named or cell, styles
        elif order != _SAME:
            self.unread = self.unread or cell

    def decide(self, decimal: str | None = None, date_format: str | None = None) -> Decision:
        """What is said counts, unless the file's rows speak against it with one voice while a cell hangs on it."""
        questions: list[Question] = []
        return Decision(self._mark(decimal, questions), self._style(date_format, questions), tuple(questions))

    def _mark(self, said: str | None, questions: list[Question]) -> str | None:
        proven = next(iter(self.marks)) if len(self.marks) == 1 else None
        if said:
            if proven and proven != said and self.open_amount:
                asks = (
                    f"The decimal mark is said to be {_MARKS[said]}, but {self.marks[proven]} has {_MARKS[proven]}:"
                    f" which is the mark in {self.open_amount}?"
                )
                questions.append(Question("decimal", asks))
            return said
        if self.marks and not proven:
            asks = (
                "Some amounts have a decimal point, others a decimal comma: which is right?"
                f" {self.marks['.']}, {self.marks[',']}"
            )
            questions.append(Question("decimal", asks))
        elif not proven and self.open_amount:
            cell = self.open_amount
            asks = f"Is the mark in {cell.shown} the decimal mark, or does it part thousands? (line {cell.line})"
            questions.append(Question("decimal", asks))
        return proven

    def _style(self, said: str | None, questions: list[Question]) -> str | None:
        proven = next(iter(self.orders)) if len(self.orders) == 1 else None
        if said:
            order = order_in(said)
            if proven and order and proven != order and self.open_day:
                asks = (
                    f"The date format is said to be {said}, but {self.orders[proven]} begins with {_ORDERS[proven]}:"
                    f" how does {self.open_day} begin?"
                )
                questions.append(Question("date_format", asks))
            return said
        ways = [*self.shapes.values(), *([self.named] if self.named else [])]
        if len(ways) > 1:
            asks = f"Dates are written in more than one way, {ways[0]} and {ways[1]}: which is right? (a format such as %d/%m/%Y)"
        elif len(self.orders) > 1:
            asks = (
                f"Some dates begin with the day, {self.orders[DAY_FIRST]}, others with the month, {self.orders[MONTH_FIRST]}:"
                " was the file changed by a spreadsheet?"
            )
        elif self.open_day and not proven:
            cell = self.open_day
            asks = f"Does {cell.shown} begin with the day (%d/%m/%Y) or with the month (%m/%d/%Y)? (line {cell.line})"
        elif self.shapes:
            return style_of(ways[0].text, proven or DAY_FIRST)
        else:
            return self.styles[0] if self.named else None
        questions.append(Question("date_format", asks))
        return None


def survey(records: Iterable[Record], columns: Mapping[str, str]) -> Evidence:
    """Reads all rows. `columns`: our field → the file's column."""
    evidence = Evidence()
    amounts = [columns[name] for name in AMOUNTS if name in columns]
    moments = [columns[name] for name in MOMENTS if name in columns]
    for line, row in _whole(records):
        evidence.note_row(line, row, amounts, moments)
    return evidence


def _whole(records: Iterable[Record]) -> Iterator[tuple[int, dict[str, object]]]:
    return (record for record in records if not isinstance(record, BadRow))


def order_in(date_format: str) -> str | None:
    """Whether a format of days in numbers begins with the day or with the month; None for others."""
    day, month = date_format.find("%d"), date_format.find("%m")
    if day < 0 or month < 0 or date_format.lstrip().startswith(("%Y", "%y")):
        return None
    return DAY_FIRST if day < month else MONTH_FIRST


def _order_of(text: str) -> tuple[str | None, str]:
    """What a day tells of the order of its numbers, and how it is written: (None, "") where a moment is read without being told
    how."""
    if (found := numbered(text)) is not None:
        return _order_of_day(found.day, found.shape)
    return (None, "") if _is_read(text, None) else (_OTHER, "")


@lru_cache(maxsize=20_000)  # a day's sales share it
def _order_of_day(day: str, shape: str) -> tuple[str, str]:
    days = {order: read for order in _ORDERS if (read := _read(day, style_of(day, order)))}
    if not days:
        return _NO_DAY, ""
    if shape.startswith(".") or len(set(days.values())) < len(days):
        return _SAME, shape
    return next(iter(days)) if len(days) == 1 else _EITHER, shape


def _is_read(text: str, style: str | None) -> bool:
    return _read(text, style) is not None


def _read(text: str, style: str | None) -> datetime | None:
    try:
        return read_moment(text, "UTC", style)
    except ValueError:
        return None
