"""Which column of a table holds what: the map that makes any network's report readable.

A map is flat text to text, so that it is written as easily in TOML as in JSON:

    external_id = "Order ID"            # our field = the column's header; "Shop + Date + Ref" where there is no id
    advertiser = "Merchant"
    commission = "Commission"
    currency = "=GBP"                   # with = in front: the same for every row; = alone: in no column
    transaction_at = "Date"
    status = "State"
    "status.Confirmed" = "approved"     # their word = ours; "status." is an empty cell
    decimal = ","                       # options; without it the file's amounts must decide it
    date_format = "%d/%m/%Y %H:%M"
    time_zone = "America/New_York"      # of dates without an offset; else as the account says
    records = "data.transactions"       # where the rows are, if looking does not find them: sheet, JSON path, XML element
    encoding = "cp1250"                 # of a CSV, likewise
"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from affiliate.clock import zone
from affiliate.errors import AffiliateError, InvalidMoney, SettingsInvalid
from affiliate.money import currency_code
from affiliate.networks.words import KINDS, PAYMENTS, STATUSES

NEEDED = ("external_id", "advertiser", "status", "commission", "transaction_at")
SUB_IDS = ("sub_id", "sub_id_2", "sub_id_3", "sub_id_4", "sub_id_5", "sub_id_6")
OPTIONAL = (
    "currency",
    "sale",
    "kind",
    "payment",
    "line_id",
    "publisher",
    "advertiser_name",
    "order_ref",
    "payout_ref",
    "original_ref",
    "reason",
    "click_at",
    "validated_at",
    *SUB_IDS,
)
FIELDS = (*NEEDED, *OPTIONAL)
WORDS = {"status": STATUSES, "kind": KINDS, "payment": PAYMENTS}
CONSTANT = "="
JOINED = " + "  # between columns that only together tell one transaction from another
ANY = "*"  # "payment.*": whatever stands there, for networks that only fill the column once they have paid
OPTIONS = ("decimal", "date_format", "time_zone", "records", "encoding")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A checked column map. `columns` is our field → header, `constants` our field → the value of every row, `words`
    field → their word in lower case → ours (our own words are known without being mapped). `decimal` is the decimal
    mark, "." or ",", None where the file decides it; `date_format` strptime's, None for ISO 8601; `time_zone` that of moments without an offset, None for the
    reading's. `records` says where the rows are, `encoding` how the text is written; None: found by looking.
    `may_lack` are fields whose columns need not be in a sheet: those of a ready map. `fields` are ours that a column, or a
    constant, holds."""

    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decimal: str | None = None
    date_format: str | None = None
    time_zone: str | None = None
    records: str | None = None
    encoding: str | None = None
    may_lack: frozenset[str] = frozenset()
    fields: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", frozenset(self.columns) | frozenset(self.constants))

    def as_json(self) -> dict[str, str]:
        """The map as it could be written again."""
        words = {f"{name}.{theirs}": ours for name, known in self.words.items() for theirs, ours in known.items()}
        options = {name: value for name in OPTIONS if (value := getattr(self, name)) is not None}
        constants = {name: f"{CONSTANT}{value}" for name, value in self.constants.items()}
        return dict(self.columns) | constants | words | options

    @property
    def wanted(self) -> frozenset[str]:
        """All the file's columns that the map names."""
        return frozenset(header for name in self.columns for header in self.headers(name))

    def headers(self, name: str) -> tuple[str, ...]:
        """The file's columns that make up a field of ours: one, or several for an id."""
        header = self.columns[name]
        return tuple(header.split(JOINED)) if name == "external_id" else (header,)

    @classmethod
    def parse(cls, given: Mapping[str, object], source: str = "The column map") -> Self:
        """Reads a flat mapping; SettingsInvalid lists every problem at once. `source` names the map in the refusal."""
        texts = {key: value for key, value in given.items() if isinstance(value, str)}
        problems = [f"{key} must be a text, not {given[key]!r}." for key in given if key not in texts]
        words: dict[str, dict[str, str]] = {name: {ours: ours for ours in known} for name, known in WORDS.items()}
        columns: dict[str, str] = {}
        constants: dict[str, str] = {}
        for key, value in texts.items():
            name, dot, their_word = key.partition(".")
            if dot and name in WORDS:
                problems += _word_problems(key, value, WORDS[name])
                if their_word.strip() == ANY and name != "payment":
                    problems.append(f"{key}: only payment may take any word; an unknown {name} is never guessed.")
                words[name][their_word.strip().lower()] = value
            elif key in FIELDS:
                problems += _field_problems(key, value)
                if value.strip() == CONSTANT and key in OPTIONAL:
                    continue  # said to be in no column
                if value.startswith(CONSTANT):
                    constants[key] = value.removeprefix(CONSTANT).strip()
                else:
                    columns[key] = value.strip()
            elif key not in OPTIONS:
                problems.append(f"{key} is no field of ours; known are {', '.join((*FIELDS, *OPTIONS))}.")
        problems += [
            f'{key} is missing: name its column, or a value for all rows as {key} = "=…".'
            for key in NEEDED
            if key not in given
        ]
        problems += _option_problems(texts)
        if problems:
            raise SettingsInvalid(source, problems)
        return cls(
            columns,
            constants,
            words,
            texts.get("decimal") or None,
            date_format=texts.get("date_format") or None,
            time_zone=texts.get("time_zone") or None,
            records=texts.get("records") or None,
            encoding=texts.get("encoding") or None,
        )


def _word_problems(key: str, ours: str, known: tuple[str, ...]) -> list[str]:
    return [] if ours in known else [f"{key} is {ours!r}; it must be one of {', '.join(known)}."]


def _field_problems(key: str, value: str) -> list[str]:
    stated = value.removeprefix(CONSTANT).strip()
    if value.strip() == CONSTANT and key in OPTIONAL:
        return []
    if not stated:
        return [f"{key} is empty; name a column of the file."]
    if not value.startswith(CONSTANT):
        return []
    if key in WORDS:
        return _word_problems(key, stated, WORDS[key])
    if key == "currency":
        try:
            currency_code(stated)
        except InvalidMoney as problem:
            return [f"currency: {problem}"]
    if key in ("external_id", "commission", "transaction_at"):
        return [f"{key} differs from row to row; name its column instead of {value!r}."]
    return []


def _option_problems(texts: Mapping[str, str]) -> list[str]:
    problems = []
    if texts.get("decimal", ".") not in (".", ","):
        problems.append(f'decimal is {texts["decimal"]!r}; it must be "." or ",".')
    if "date_format" in texts and not _is_date_format(texts["date_format"]):
        problems.append(
            f"date_format is {texts['date_format']!r}, which is no strptime format with a day, such as %d/%m/%Y."
        )
    try:
        zone(texts.get("time_zone") or "UTC")
    except AffiliateError as problem:
        problems.append(f"time_zone: {problem}")
    try:
        codecs.lookup(texts.get("encoding") or "utf-8")
    except LookupError:
        problems.append(f"encoding is {texts['encoding']!r}, which is none that is known.")
    return problems


def _is_date_format(text: str) -> bool:
    sample = datetime(2001, 12, 31)  # noqa: DTZ001 - only its day is compared
    try:
        read = datetime.strptime(sample.strftime(text), text)  # noqa: DTZ007 - only its day is compared
    except ValueError:
        return False
    return read.date() == sample.date()
