"""Amazon's earnings report: one line per item shipped (or returned, negative) and tag, without any id.

A row stands for what was shipped, so it is approved; whether it was paid is not told. Two equal rows are two sales. So a row
is known again by all that it says and by how many equal ones stand above it, and a file of the same days and tags takes an
older one's place as a whole.

Sources. English and Spanish header lines, the title, the `Total` line, two date styles in one file: importers' tests in
public code (three witnesses for English, one for Spanish). German, Portuguese and Polish names: Amazon's own help page "How
to read the earnings report" (help/node/topic/GCDWWRFEMW3Q2TE2 of partnernet.amazon.de, associados.amazon.com.br,
affiliate-program.amazon.pl), which names the columns but not the download's header. Of French and Italian nothing was found:
there the columns must be said. Read 2026-11-22; no file of a live account was seen, so all of it is unverified.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from affiliate.clock import day_start
from affiliate.errors import UnreadableFile
from affiliate.money import Money
from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.amounts import decimal_marks, plain_amount
from affiliate.networks.reading.days import DAY_FIRST, MONTH_FIRST, orders, read_day
from affiliate.networks.reading.formats import open_table
from affiliate.networks.reading.rows import BadValue, Row, money_of
from affiliate.networks.reading.table import Table, set_aside
from affiliate.networks.words import APPROVED, SALE, UNPAID

REPORT = "The Amazon report"
TAG, DAY, ASIN, FEES, REVENUE, SELLER = "publisher", "transaction_at", "order_ref", "commission", "sale", "advertiser"
SUB_TAG = "sub_id"
NAMES: Mapping[str, frozenset[str]] = {
    TAG: frozenset({"tracking id", "tracking-id", "id de seguimiento"}),
    DAY: frozenset({"date shipped", "date", "fecha de envío"}),
    ASIN: frozenset({"asin"}),
    FEES: frozenset({"ad fees", "advertising fees", "comisiones", "einnahmen", "comissão", "zarobki"}),
    REVENUE: frozenset({"revenue", "ingresos", "umsatz", "receita de produtos enviados", "przychód"}),
    SELLER: frozenset({"seller", "vendedor", "händler", "sprzedający"}),
    SUB_TAG: frozenset({"sub tag"}),
}
_NEEDED = (TAG, DAY, FEES)
_ORDERED = frozenset({"qty", "quantity", "items ordered", "link type"})  # columns of the orders report
_MARK = re.compile(r"(|.*?\S)\s*+\(([^()]+)\)")  # Price($)
_READ_AS = "read as"  # what the whole file decided, beside the cells of each row

_OF_MARK: Mapping[str, frozenset[str]] = {
    "$": frozenset({"USD", "CAD", "MXN", "AUD", "SGD", "BRL"}),
    "£": frozenset({"GBP"}),
    "€": frozenset({"EUR"}),
    "¥": frozenset({"JPY", "CNY"}),
    "R$": frozenset({"BRL"}),
    "₹": frozenset({"INR"}),
    "zł": frozenset({"PLN"}),
}
_OF_SHOP: Mapping[str, str] = {
    "amazon.com": "USD",
    "amazon.ca": "CAD",
    "amazon.com.mx": "MXN",
    "amazon.com.br": "BRL",
    "amazon.co.uk": "GBP",
    "amazon.de": "EUR",
    "amazon.fr": "EUR",
    "amazon.it": "EUR",
    "amazon.es": "EUR",
    "amazon.nl": "EUR",
    "amazon.ie": "EUR",
    "amazon.com.be": "EUR",
    "amazon.se": "SEK",
    "amazon.pl": "PLN",
    "amazon.co.jp": "JPY",
    "amazon.in": "INR",
    "amazon.com.au": "AUD",
    "amazon.sg": "SGD",
}
# Only where a country writes one way: in Canada, Mexico and India Amazon's own style was not seen.
_MONTH_FIRST = frozenset({"amazon.com"})
_DAY_FIRST = frozenset(shop for shop, currency in _OF_SHOP.items() if currency in ("GBP", "EUR", "BRL", "AUD"))


@dataclass(slots=True)
class _Survey:
    """What the rows of a file say together."""

    shops: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    amounts: set[str] = field(default_factory=set)


def _records(file: BinaryIO, reading: Reading) -> Iterator[tuple[int, object] | BadRow]:
    """UnreadableFile where the file leaves open what one row cannot decide: the currency, the order of a date's numbers."""
    table, columns = _opened(file, reading)
    decided = _Decided.of(_survey(table, columns), table, columns, reading)
    table, _ = _opened(file, reading)
    seen: Counter[bytes] = Counter()
    total = _Total(columns)
    for record in table.records:
        if isinstance(record, BadRow):
            total.is_known = False
            yield record
            continue
        line, row = record
        if _is_beside(row, columns):
            if bad := total.differs(line, row, decided.decimal):
                yield bad
            continue
        total.add(row, decided.decimal)
        digest = hashlib.sha256(repr(sorted(row.items())).encode(errors="replace")).digest()[:16]
        seen[digest] += 1
        yield line, {**row, _READ_AS: decided.as_record(columns, digest.hex()[:12], seen[digest])}


def _opened(file: BinaryIO, reading: Reading) -> tuple[Table, Mapping[str, str]]:
    table = open_table(file, lambda names: len(_found(names, reading.said)))
    columns = _found(table.columns, reading.said)
    if missing := [name for name in _NEEDED if name not in columns]:
        raise _not_earnings(table.columns, missing)
    return table, columns


def _found(names: Iterable[str], said: Mapping[str, str]) -> dict[str, str]:
    """Our field → the file's column."""
    found = {ours: column for ours, column in said.items() if ours in NAMES and column in names}
    for column in names:
        plain = _plain(column)
        for ours, known in NAMES.items():
            if plain in known and ours not in found:
                found[ours] = column
    return found


def _plain(column: str) -> str:
    """A column's name without the currency behind it."""
    found = _MARK.fullmatch(column)
    return (found.group(1) if found else column).strip().casefold()


def _not_earnings(names: tuple[str, ...], missing: list[str]) -> UnreadableFile:
    if any(_plain(name) in _ORDERED for name in names) and FEES in missing:
        return UnreadableFile(
            REPORT,
            "this is the orders report: it says what was ordered, not what was earned. Download the earnings report.",
        )
    ways = ", ".join(f"--column {name}=…" for name in missing)
    return UnreadableFile(
        REPORT, f"its columns {', '.join(names)} are not those known of an earnings report; say which is which: {ways}."
    )


def _survey(table: Table, columns: Mapping[str, str]) -> _Survey:
    survey = _Survey()
    for record in table.records:
        if isinstance(record, BadRow) or _is_beside(record[1], columns):
            continue
        cells = {ours: str(record[1].get(column) or "").strip() for ours, column in columns.items()}
        survey.tags.add(cells[TAG])
        survey.days.add(cells[DAY])
        survey.amounts |= {cells[name] for name in (FEES, REVENUE) if cells.get(name)}
        if (shop := cells.get(SELLER, "").casefold()) in _OF_SHOP:
            survey.shops.add(shop)
    return survey


def _is_beside(row: Mapping[str, object], columns: Mapping[str, str]) -> bool:
    """A `Total` line: it names neither a tag nor an item."""
    return not any(row.get(columns[name]) for name in (TAG, ASIN) if name in columns)


@dataclass(frozen=True, slots=True)
class _Decided:
    """What holds for every row of the file."""

    shop: str
    currency: str
    decimal: str
    order: str

    @classmethod
    def of(cls, survey: _Survey, table: Table, columns: Mapping[str, str], reading: Reading) -> "_Decided":
        seller = next(iter(survey.shops)) if len(survey.shops) == 1 else ""
        shop = reading.said.get("marketplace") or seller
        return cls(
            shop=shop,
            currency=_currency(seller, columns, reading),
            decimal=_decimal(survey, reading),
            order=_order(survey, table, shop, reading),
        )

    def as_record(self, columns: Mapping[str, str], digest: str, number: int) -> dict[str, object]:
        decided = {"shop": self.shop, "currency": self.currency, "decimal": self.decimal, "order": self.order}
        return {**decided, "columns": dict(columns), "digest": digest, "number": number}


def _currency(seller: str, columns: Mapping[str, str], reading: Reading) -> str:
    """What was said, or the currency of the marketplace that was said, or what the column titles say if that is one. A
    marketplace that only sells in the file is a hint for whoever must say it, no more."""
    marks = {found.group(2) for name in (FEES, REVENUE) if (found := _MARK.fullmatch(columns.get(name, "")))}
    possible = frozenset.union(*(_OF_MARK.get(mark, frozenset({mark})) for mark in marks)) if marks else None
    told = reading.currency or _OF_SHOP.get(reading.said.get("marketplace", ""))
    if told is None and possible is not None and len(possible) == 1:
        return next(iter(possible))
    written = f"“{', '.join(sorted(marks))}”"
    if told is None:
        open_ = f"{written} may be {', '.join(sorted(possible or ()))}" if marks else "it names none"
        hint = f" (its seller {seller} has {_OF_SHOP[seller]})" if seller else ""
        raise UnreadableFile(
            REPORT, f"its currency is not certain: {open_}{hint}. Say it with --currency, or in the account's settings."
        )
    if possible is not None and told not in possible:
        raise UnreadableFile(REPORT, f"its columns are in {written}, which is not {told}. Say another with --currency.")
    return told


def _decimal(survey: _Survey, reading: Reading) -> str:
    if said := reading.said.get("decimal"):
        return said
    marks = decimal_marks(survey.amounts)
    if len(marks) == 1:
        return next(iter(marks))
    if marks and not any(mark in amount for amount in survey.amounts for mark in ".,"):
        return "."
    raise UnreadableFile(
        REPORT, "whether its decimal mark is a point or a comma is not certain. Say --column decimal=…."
    )


def _order(survey: _Survey, table: Table, shop: str, reading: Reading) -> str:
    """The order of a date's numbers: said, told by a number above twelve in a row or in the title, or the marketplace's."""
    if style := reading.said.get("date_format"):
        return DAY_FIRST if style.find("%d") < style.find("%m") else MONTH_FIRST
    title = re.findall(r"\d{1,2}[/\-]\d{1,2}[/\-]\d{2,4}", " ".join(table.above))
    possible = orders([*survey.days, *title])
    if len(possible) == 1:
        return next(iter(possible))
    if not possible:
        raise UnreadableFile(REPORT, "some of its dates begin with the day, others with the month. Download it anew.")
    if shop in _MONTH_FIRST or shop in _DAY_FIRST:
        return MONTH_FIRST if shop in _MONTH_FIRST else DAY_FIRST
    for text in survey.days:
        if not _is_clear(text):
            raise UnreadableFile(
                REPORT,
                f"whether {text} begins with the day or the month is not certain."
                " Say --column date_format=%d/%m/%Y or --column date_format=%m/%d/%Y.",
            )
    return DAY_FIRST


def _is_clear(text: str) -> bool:
    """Whether a day needs no order; also true of what is no day at all, whose row is set aside later."""
    read: list[date | None] = []
    for order in (DAY_FIRST, MONTH_FIRST):
        try:
            read.append(read_day(text, order))
        except ValueError:
            read.append(None)
    return read[0] == read[1]


class _Total:
    """The sum of the rows, to be held against the file's own `Total` line."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._column = columns[FEES]
        self._sum = Decimal(0)
        self.is_known = True

    def add(self, row: Mapping[str, object], decimal: str) -> None:
        try:
            self._sum += _number(row.get(self._column), decimal)
        except BadValue:
            self.is_known = False

    def differs(self, line: int, row: Mapping[str, object], decimal: str) -> BadRow | None:
        """The line set aside, if what stands above is not what it sums up."""
        try:
            total = _number(row.get(self._column), decimal)
        except BadValue:
            return None
        if not self.is_known or total == self._sum:
            return None
        reason = f"The file's total is {total}, but the rows above add up to {self._sum}: rows are missing."
        return set_aside(line, row, reason)


def _number(value: object, decimal: str) -> Decimal:
    plain = plain_amount(value, decimal) if isinstance(value, str) else value
    if isinstance(plain, bool) or not isinstance(plain, str | int | Decimal):
        raise BadValue(f"The amount is {str(value)!r}, which is none with the decimal mark “{decimal}”.")
    return Decimal(plain)


def _transaction(line: int, row: Row, reading: Reading) -> ReportedTransaction:
    columns = {ours: row.need(_READ_AS, "columns", ours) for ours in NAMES if row.text(_READ_AS, "columns", ours)}
    currency, decimal = row.need(_READ_AS, "currency"), row.need(_READ_AS, "decimal")
    shop = row.text(_READ_AS, "shop") or "amazon"
    tag = row.text(columns[TAG]) or reading.publisher_ref
    if tag is None:
        raise BadValue(f"{columns[TAG]} is missing.")
    day = _day(row.need(columns[DAY]), row.need(_READ_AS, "order"), columns[DAY])
    item = row.text(columns[ASIN]) if ASIN in columns else None
    sub_tag = row.text(columns[SUB_TAG]) if SUB_TAG in columns else None
    digest, number = row.need(_READ_AS, "digest"), row.need(_READ_AS, "number")
    return ReportedTransaction(
        line=line,
        external_id=f"{day.isoformat()} {item or 'item'} {digest}",
        line_id=number,
        publisher_ref=tag,
        advertiser_ref=shop,
        advertiser_name=None,
        kind=SALE,
        status=APPROVED,
        raw_status="",
        payment=UNPAID,
        commission=money_of(_number(row.raw(columns[FEES]), decimal), currency, columns[FEES]),
        sale=_sale(row, columns, decimal, currency),
        transaction_at=day_start(day, reading.time_zone),
        sub_ids=(sub_tag,) if sub_tag else (),
        payload=row.payload,
    )


def _sale(row: Row, columns: Mapping[str, str], decimal: str, currency: str) -> Money | None:
    sold = row.raw(columns[REVENUE]) if REVENUE in columns else None
    return None if sold is None else money_of(_number(sold, decimal), currency, columns[REVENUE])


def _day(text: str, order: str, column: str) -> date:
    try:
        return read_day(text, order)
    except ValueError as problem:
        raise BadValue(f"{column} is {text!r}: {problem}.") from problem


def _period(file: BinaryIO, reading: Reading) -> str | None:
    """The marketplace, the days from the first to the last row's (or those that were said), and the tags."""
    table, columns = _opened(file, reading)
    survey = _survey(table, columns)
    decided = _Decided.of(survey, table, columns, reading)
    days = sorted(day for text in survey.days if (day := _read(text, decided.order)))
    if not days:
        return None
    covered = reading.said.get("period") or f"{days[0]}..{days[-1]}"
    tags = sorted(tag for tag in survey.tags if tag)
    named = " ".join(tags) if len(tags) <= 3 else hashlib.sha256(" ".join(tags).encode()).hexdigest()[:16]
    return f"{decided.shop or 'amazon'} {covered} {reading.publisher_ref or named}"


def _read(text: str, order: str) -> date | None:
    try:
        return read_day(text, order)
    except ValueError:
        return None


READER = Reader(_records, _transaction, _period)
