"""A column map proposed for a file that nobody has described yet: what is found, what it would mean, what must be asked.

A column is proposed where its name and all that it holds fit one meaning, and no other column may have that meaning too.
Where several may, they are asked about: a wrong column that nobody was asked about is money in the wrong place.
"""

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any, BinaryIO

from affiliate.errors import InvalidMoney, SettingsInvalid, UnreadableFile
from affiliate.ids import placement_of_sub_id
from affiliate.money import currency_code
from affiliate.networks.base import BadRow
from affiliate.networks.reading.amounts import marks_of, plain_amount
from affiliate.networks.reading.columns import CONSTANT, FIELDS, JOINED, NEEDED, OPTIONAL, SUB_IDS, WORDS, ColumnMap
from affiliate.networks.reading.evidence import AMOUNTS, MOMENTS, Evidence, Question, survey
from affiliate.networks.reading.formats import open_table
from affiliate.networks.reading.headers import (
    GENERIC_SALES,
    MEANING,
    NAMES,
    SHARED,
    currency_mark,
    family,
    found_columns,
    names_of,
    plain,
    words_of,
)
from affiliate.networks.reading.moments import read_as, read_moment
from affiliate.networks.reading.own_formats import own_format
from affiliate.networks.reading.privacy import is_personal, reveals
from affiliate.networks.reading.table import FILE, Record, Shape, Table

_KEPT = 500  # distinct values of a column
_SHOWN = 5
_FIRST = 10_000  # rows in which an id that comes twice is noticed at once
_PARTS = 16
_ONE_CURRENCY = {"€": "EUR", "£": "GBP", "R$": "BRL", "₹": "INR", "zł": "PLN"}
_LIKE_A_DAY = re.compile(r"\d+[^\d\s]+\d+[^\d\s]+\d+|\d+\W+[^\W\d_]{3,}|[^\W\d_]{3,}\W+\d+")


@dataclass(frozen=True, slots=True)
class Understood:
    """One cell as the proposal would read it."""

    field: str
    column: str
    written: str
    read: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """`columns` are the file's, `rows` the first of them without personal data; `proposed` is a column map as it is written,
    complete if there are no `questions`. `network` is the key of the network whose own report this is, if it is one that is known:
    its own reader reads it better than any map."""

    shape: Shape
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    proposed: Mapping[str, str]
    understood: tuple[Understood, ...]
    questions: tuple[Question, ...]
    network: str | None = None

    def as_json(self) -> dict[str, Any]:
        shape = self.shape
        return {
            "network": self.network,
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
    """Looks at all of a file, twice, and proposes how to read it. `said` are parts of the map that are certain and stay as they
    are (with `is_settled` no further columns are proposed); `currency` is the account's. UnreadableFile for what is no table."""
    said = said or {}
    table = _opened(file, said)
    seen = _Seen(table.columns)
    for record in table.records:
        seen.note(record)
    if not seen.columns:
        raise UnreadableFile(FILE, "it is empty; its first line must name the columns.")
    seen.settle()
    known = {name: value for name, value in said.items() if name not in FIELDS or _is_there(value, seen.columns)}
    guess = _Guess(table.shape, seen, known, currency)
    if not is_settled:
        guess.columns()
    cells = _Cells(guess.map)
    guess.read(survey(cells.noting(_opened(file, said).records), guess.map), cells)
    return guess.proposal()


def _opened(file: BinaryIO, said: Mapping[str, str]) -> Table:
    return open_table(
        file,
        lambda names: len(found_columns(names)) + 100 * len(set(said.values()) & set(names)),
        place=said.get("records"),
        encoding=said.get("encoding"),
    )


def _is_there(value: str, columns: Sequence[str]) -> bool:
    """Whether the file has this column, or these; a ready map knows more of them than a download may have."""
    return value.startswith(CONSTANT) or value in columns or set(value.split(JOINED)) <= set(columns)


class _Ids:
    """Whether what one column holds, or several together, tells the rows of a file apart: nothing comes twice but in rows that say
    the same. 16 bytes a row, until something does come twice."""

    def __init__(self) -> None:
        self._ids, self._rows = array("q"), array("q")
        self._first: dict[int, int] = {}
        self.repeats = False

    def note(self, value: object, row: int) -> None:
        if self.repeats:
            return
        one = hash(value)
        if len(self._first) < _FIRST and self._first.setdefault(one, row) != row:
            self.give_up()
            return
        self._ids.append(one)
        self._rows.append(row)

    def give_up(self) -> None:
        self.repeats = True
        self._ids, self._rows, self._first = array("q"), array("q"), {}

    def settle(self) -> None:
        """Looks at all of them, a part at a time."""
        for part in range(_PARTS if len(self._ids) > len(self._first) else 0):
            pairs = {pair for pair in zip(self._ids, self._rows, strict=True) if pair[0] % _PARTS == part}
            if len(pairs) > len({one for one, _ in pairs}):
                self.give_up()
                return


class _Seen:
    """The distinct values of each column as texts, and the first rows. `numbers` are columns with an amount of JSON or of a sheet,
    which is exact; `tells_apart` the columns, and pairs of columns, that may be a transaction's id."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self.rows: list[Mapping[str, Any]] = []
        self.texts: dict[str, dict[str, None]] = {column: {} for column in columns}
        self.numbers: set[str] = set()
        self.differing: set[tuple[str, str]] = set()  # currency columns that are not the same in every row
        found = found_columns(columns)
        ids, lines = [*found.get("external_id", ()), *found.get("order_ref", ())], found.get("line_id", ())
        self.tells_apart: dict[tuple[str, ...], _Ids] = {(one,): _Ids() for one in ids}
        self.tells_apart |= {(one, line): _Ids() for one in ids for line in lines}
        self._currencies = [one for one in columns if plain(one.rpartition(".")[2]) in NAMES["currency"]]

    def note(self, record: Record) -> None:
        if isinstance(record, BadRow):
            return
        row = record[1]
        if len(self.rows) < _SHOWN:
            self.rows.append({name: _shown(value) for name, value in row.items() if not _is_hidden(name, value)})
        for column, value in row.items():
            texts = self.texts.get(column)
            if texts is None or value is None or value == "":
                continue
            if not isinstance(value, str):
                self.numbers.add(column)
            if len(texts) < _KEPT:
                texts[text_of(value)] = None
        self._note_ids(row)
        for one, other in combinations(self._currencies, 2):
            if row.get(one) != row.get(other):
                self.differing |= {(one, other), (other, one)}

    def _note_ids(self, row: Mapping[str, object]) -> None:
        if not self.tells_apart:
            return
        whole = hash(tuple(map(str, row.values())))
        for columns, ids in self.tells_apart.items():
            if row.get(columns[0]) not in (None, ""):
                ids.note(tuple(str(row.get(column)) for column in columns), whole)

    def settle(self) -> None:
        for ids in self.tells_apart.values():
            ids.settle()

    def is_empty(self, column: str) -> bool:
        return not self.texts[column]

    def is_id(self, *columns: str) -> bool:
        ids = self.tells_apart.get(columns)
        return ids is not None and not ids.repeats and not any(map(self.is_empty, columns))


def text_of(value: object) -> str:
    """A value as the reader of a map compares it with words: true and 1 of JSON are the texts "true" and "1"."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Cells:
    """What the columns of a map hold: the words of states, and whether some rows have none; the amounts and dates that tell most."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = {name: columns[name] for name in (*WORDS, *AMOUNTS, *MOMENTS) if name in columns}
        self._id = columns.get("external_id", "").split(JOINED)
        self.texts: dict[str, dict[str, None]] = {name: {} for name in self._columns}
        self.without_status = False

    def noting(self, records: Iterable[Record]) -> Iterable[Record]:
        for record in records:
            if not isinstance(record, BadRow):
                self._note(record[1])
            yield record

    def _note(self, row: Mapping[str, object]) -> None:
        for name, column in self._columns.items():
            texts, value = self.texts[name], row.get(column)
            if value is None or value == "":
                if name == "status" and any(row.get(one) not in (None, "") for one in self._id):
                    self.without_status = True
            elif len(texts) < _KEPT and (isinstance(value, str) or name not in AMOUNTS):
                texts[text_of(value)] = None


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
    cells: _Cells = field(init=False)

    def proposal(self) -> Proposal:
        return Proposal(
            self.shape,
            tuple(column for column in self.seen.columns if not is_personal(column)),
            tuple(self.seen.rows),
            self.map,
            tuple(self.understood()),
            tuple(self.questions),
            own_format(self.shape, self.seen.columns),
        )

    def ask(self, name: str, asks: str) -> None:
        self.questions.append(Question(name, asks))

    def ask_which(self, name: str, columns: Sequence[str]) -> None:
        said = " or ".join(f"“{column}”" for column in columns)
        none = f" (“{CONSTANT}” if in none)" if name in OPTIONAL else ""
        self.ask(name, f"Which column holds the {name}: {said}?{none}")

    def is_open(self, name: str) -> bool:
        return name not in self.map and all(one.field != name for one in self.questions)

    def columns(self) -> None:
        """By their names, where what they hold is no contradiction and no other column may be meant; a sub-id by what it holds."""
        found = found_columns(self.seen.columns)
        self.ids(found)
        self.advertisers(found)
        for ours in ("commission", "sale", "transaction_at"):
            self.column(ours, [one for one in found.get(ours, ()) if family(one) in (ours, None)], self.rivals(ours))
        if "commission" not in self.map and plain(self.map.get("sale", "")) in GENERIC_SALES:
            self.ask_which("commission", [self.map.pop("sale")])
        self.currency_column(found.get("currency", ()))
        self.sub_ids(found)
        for ours in ("status", "payment", "order_ref", "payout_ref", "original_ref", "publisher", "reason"):
            self.column(ours, found.get(ours, ()))
        for ours in ("click_at", "validated_at"):
            self.column(ours, found.get(ours, ()))

    def column(self, ours: str, fitting: Sequence[str], rivals: Sequence[str] = ()) -> None:
        """The only column that may be meant; where there are several, the question which."""
        if ours in self.map:
            return
        named = self.viable(ours, fitting)
        possible = list(dict.fromkeys([*named, *self.viable(ours, rivals)]))
        if len(possible) == 1 and named:
            self.map[ours] = named[0]
        elif len(possible) > 1 and (named or ours in NEEDED):
            self.ask_which(ours, possible)

    def rivals(self, ours: str) -> list[str]:
        return [column for column in self.seen.columns if family(column) == ours]

    def viable(self, ours: str, columns: Iterable[str]) -> list[str]:
        taken = set(self.map.values())
        return [one for one in columns if one not in taken and self.may_be(ours, one)]

    def may_be(self, ours: str, column: str) -> bool:
        if is_personal(column) or self.seen.is_empty(column) or (ours in AMOUNTS and "%" in column):
            return False
        texts = list(self.seen.texts[column])
        if ours in AMOUNTS:
            return all(map(_is_amount, texts))
        if ours in MOMENTS:
            return all(map(_may_be_moment, texts))
        return all(map(_is_currency, texts)) if ours == "currency" else True

    def ids(self, found: Mapping[str, Sequence[str]]) -> None:
        """The one column that tells the rows apart. An id that items or corrections may share is asked about, and so is an
        order, where nothing else names the transaction."""
        if "external_id" in self.map:
            return
        lines = found.get("line_id", ())
        named = self.viable("external_id", found.get("external_id", ()))
        own = [one for one in named if not SHARED & set(names_of(one)) and self.seen.is_id(one)]
        if len(own) == 1:
            self.map["external_id"] = own[0]
            return
        if len(own) > 1:
            self.ask_which("external_id", own)
            return
        shared = [one for one in named if SHARED & set(names_of(one))]
        for one in shared or found.get("order_ref", ()):
            line = next((line for line in lines if self.seen.is_id(one, line)), None)
            if self.seen.is_id(one) or line:
                self.map |= {"external_id": one} | ({"line_id": line} if line and not self.seen.is_id(one) else {})
                self.ask("external_id", f"Nothing but “{one}” tells one row from another: is each row one order?")
                return
        if repeated := [*named, *found.get("order_ref", ())]:
            self.ask(
                "external_id",
                f"Which column holds the external_id? “{repeated[0]}” is the same in rows that say different things.",
            )

    def advertisers(self, found: Mapping[str, Sequence[str]]) -> None:
        """An id counts for more than the name beside it; two that name different things are asked about."""
        fitting = self.viable("advertiser", found.get("advertiser", ()))
        of_whom = {one: _whose(one) for one in fitting}
        if "advertiser" not in self.map and len(set(of_whom.values())) == 1:
            self.map["advertiser"] = fitting[0]
        elif "advertiser" not in self.map and fitting:
            self.ask_which("advertiser", fitting)
        whose = _whose(self.map.get("advertiser", ""))
        names = [*self.viable("advertiser_name", found.get("advertiser_name", ())), *fitting[1:]]
        beside = [one for one in dict.fromkeys(names) if _whose(one) == whose and one != self.map.get("advertiser")]
        if len(beside) == 1 and "advertiser_name" not in self.map:
            self.map["advertiser_name"] = beside[0]

    def sub_ids(self, found: Mapping[str, Sequence[str]]) -> None:
        if "sub_id" not in self.map:
            taken = set(self.map.values())
            texts = self.seen.texts
            ours = [one for one in self.seen.columns if one not in taken and any(map(placement_of_sub_id, texts[one]))]
            if len(ours) == 1:
                self.map["sub_id"] = ours[0]
        for name in SUB_IDS:
            self.column(name, found.get(name, ()))

    def currency_column(self, fitting: Sequence[str]) -> None:
        """The one beside the commission, where amounts have their own; else the only one, or the first of several that are the
        same in every row. A sale in another currency cannot be read beside the commission: its column is asked for."""
        own = self.viable("currency", self.beside("commission"))
        viable = own or self.viable("currency", fitting)
        if "currency" in self.map or not viable:
            return
        if any((viable[0], one) in self.seen.differing for one in viable[1:]):
            self.ask_which("currency", viable)
            return
        self.map["currency"] = viable[0]
        if any((viable[0], one) in self.seen.differing for one in self.beside("sale")):
            asks = f"“{self.map.pop('sale')}” is in another currency than the commission: which column holds the sale?"
            self.ask("sale", f"{asks} (“{CONSTANT}” if in none)")

    def beside(self, name: str) -> list[str]:
        """The currency columns of the object that holds the field's amount."""
        inside = self.map.get(name, "").rpartition(".")[0]
        columns = [one for one in self.seen.columns if inside and one.rpartition(".")[0] == inside]
        return [one for one in columns if plain(one.rpartition(".")[2]) in NAMES["currency"]]

    def read(self, evidence: Evidence, cells: _Cells) -> None:
        """What the columns hold: currency, marks, dates and words."""
        self.cells = cells
        self.currencies()
        found = evidence.decide(self.map.get("decimal"), self.map.get("date_format"))
        self.questions += found.questions
        decided = {"decimal": found.decimal, "date_format": found.date_format}
        self.map |= {name: value for name, value in decided.items() if value}
        if evidence.unread and "date_format" not in self.map and not found.questions:
            cell = evidence.unread
            asks = f"How is {cell.shown} to be read? (line {cell.line}; a format such as %d/%m/%Y %H:%M)"
            self.ask("date_format", asks)
        self.words()
        for name in NEEDED:
            if self.is_open(name):
                self.ask(name, f"Which column holds the {name}? (or a value for all rows: {name} = “=…”)")

    def currencies(self) -> None:
        if not self.is_open("currency"):
            return
        marks = {mark for name in AMOUNTS if (mark := currency_mark(self.map.get(name, "")))}
        known = {_ONE_CURRENCY.get(mark) or (mark if _is_currency(mark) else None) for mark in marks}
        if len(known) == 1 and (code := known.pop()):
            self.map["currency"] = f"{CONSTANT}{code}"
        elif self.currency is None:
            written = f"“{', '.join(sorted(marks))}” may be several" if marks else "the file names none"
            self.ask("currency", f"In which currency are the amounts? ({written})")

    def words(self) -> None:
        for name, ours in WORDS.items():
            for text in self.words_of(name):
                if text.lower() in ours or f"{name}.*" in self.map:
                    continue
                if name == "status" and (meaning := MEANING.get(plain(text))):
                    self.map[f"status.{text}"] = meaning
                else:
                    self.ask(f"{name}.{text}", f"What does “{text}” mean: {', '.join(ours)}?")
        if self.cells.without_status and "status." not in self.map:
            self.ask(
                "status.", f"What does it mean where “{self.map['status']}” is empty: {', '.join(WORDS['status'])}?"
            )

    def words_of(self, name: str) -> list[str]:
        known = {key.casefold() for key in self.map}
        return [text for text in self.texts_of(name) if f"{name}.{text}".casefold() not in known]

    def texts_of(self, name: str) -> list[str]:
        return list(self.cells.texts.get(name, ()))

    def understood(self) -> Iterable[Understood]:
        """The most telling cells: of amounts those with most marks, of dates any."""
        for name in AMOUNTS:
            telling = sorted(self.texts_of(name), key=lambda text: -sum(map(text.count, ".,(-")))
            for text in telling[:2]:
                if amount := plain_amount(text, self.map.get("decimal", ".")):
                    yield Understood(name, self.map[name], text, amount)
        for name in MOMENTS:
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
    return marks_of(text) != ""


def _whose(column: str) -> frozenset[str]:
    """Of whom a column tells: the words of its name without those for an id and for a name."""
    return words_of(column) - {"id", "name", "title", "label", "organization", "details"}


def _may_be_moment(text: str) -> bool:
    """Whether a cell is a moment, or looks like one: three numbers or a month's name between marks. A number alone counts
    something, and what it counts is not said."""
    evidence = Evidence()
    evidence.note_moment(text, 0)
    return evidence.unread is None or bool(_LIKE_A_DAY.search(text))


def _is_currency(text: str) -> bool:
    try:
        currency_code(text)
    except InvalidMoney:
        return False
    return True


def _read(text: str, style: str | None) -> datetime | None:
    try:
        return read_as(text, "UTC", style) if style else read_moment(text, "UTC")
    except ValueError:
        return None


def _in_words(moment: datetime) -> str:
    """3 April 2026, with the time where there is one."""
    day = f"{moment.day} {moment:%B %Y}"
    return day if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else f"{day}, {moment:%H:%M:%S}"
