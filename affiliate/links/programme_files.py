"""Programmes and aliases in a table that somebody downloaded or wrote: CSV, TSV, XLSX, JSON or XML with named columns."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from affiliate.errors import InvalidMoney, UnreadableFile
from affiliate.money import exact
from affiliate.networks.base import BadRow, ReportedProgramme
from affiliate.networks.reading.formats import open_table
from affiliate.networks.reading.rows import BadValue, payload_text

# Our column, then the names under which networks' own lists were seen to have it or people write it. The first that is
# there counts.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "advertiser_id": ("advertiser_id", "programme_id", "program_id", "merchant_id", "mid"),
    "name": ("name", "advertiser", "advertiser_name", "programme", "programme_name", "program_name", "merchant"),
    "hosts": ("hosts", "host", "domains", "domain", "url", "website"),
    "status": ("status", "joined", "relationship"),
    "rate": ("rate", "commission_rate"),
    "terms": ("terms", "commission"),
    "cookie_days": ("cookie_days", "cookie_period"),
    "markets": ("markets", "market", "countries", "country"),
}
ALIAS_COLUMNS = ("network", "advertiser_id", "to_network", "to_advertiser_id")
_NAMED = re.compile(r"(parameter|permission)s?\.(.+)", re.IGNORECASE)

JOINED = ("joined", "active", "approved", "accepted", "yes", "true", "1")
NOT_JOINED = (
    "not joined",
    "notjoined",
    "pending",
    "declined",
    "rejected",
    "suspended",
    "paused",
    "inactive",
    "closed",
    "expired",
    "left",
    "no",
    "false",
    "0",
)


@dataclass(frozen=True, slots=True)
class AliasRow:
    """One line of a file of aliases."""

    line: int
    network: str
    advertiser_ref: str
    to_network: str
    to_advertiser_ref: str


def programmes_in(file: BinaryIO) -> Iterator[ReportedProgramme | BadRow]:
    """The file's programmes, row by row. UnreadableFile where it is no table, has no column with the advertiser's id, or
    (in the middle) is cut off: nothing of it may be kept then."""
    known = {name for names in COLUMNS.values() for name in names}
    table = open_table(file, lambda names: sum(_folded(name) in known for name in names))
    columns = _columns(table.columns)
    if "advertiser_id" not in columns:
        _refuse("advertiser_id", table.columns)
    for record in table.records:
        if isinstance(record, BadRow):
            yield record
            continue
        line, values = record
        try:
            yield _programme(line, columns, values)
        except BadValue as problem:
            yield BadRow(line, str(problem), payload_text(values), problem.word)


def aliases_in(file: BinaryIO) -> Iterator[AliasRow | BadRow]:
    """The file's aliases, row by row; UnreadableFile as above."""
    table = open_table(file, lambda names: sum(_folded(name) in ALIAS_COLUMNS for name in names))
    columns = {_folded(name): name for name in reversed(table.columns)}
    for wanted in ALIAS_COLUMNS:
        if wanted not in columns:
            _refuse(wanted, table.columns)
    for record in table.records:
        if isinstance(record, BadRow):
            yield record
            continue
        line, values = record
        texts = [_text(values.get(columns[wanted])) for wanted in ALIAS_COLUMNS]
        missing = [wanted for wanted, text in zip(ALIAS_COLUMNS, texts, strict=True) if not text]
        if missing:
            yield BadRow(line, f"{missing[0]} is missing.", payload_text(values))
        else:
            yield AliasRow(line, *texts)


def _refuse(wanted: str, columns: Sequence[str]) -> None:
    found = f"The file's columns are: {', '.join(columns) or 'none'}"[:2000]
    raise UnreadableFile("The file", f"there is no column {wanted}. {found}.")


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _columns(names: Sequence[str]) -> dict[str, str]:
    """Our column → the file's."""
    there = {_folded(name): name for name in reversed(names)}
    found = ((ours, next((there[each] for each in theirs if each in there), None)) for ours, theirs in COLUMNS.items())
    return {ours: name for ours, name in found if name is not None}


def _programme(line: int, columns: Mapping[str, str], values: Mapping[str, object]) -> ReportedProgramme:
    texts = {ours: _text(values.get(theirs)) for ours, theirs in columns.items()}
    if not texts["advertiser_id"]:
        raise BadValue("advertiser_id is missing.")
    rate_text, terms = texts.get("rate", ""), texts.get("terms", "")
    rate = _rate(rate_text)
    return ReportedProgramme(
        line=line,
        advertiser_ref=texts["advertiser_id"],
        name=texts.get("name", ""),
        joined=_joined(texts.get("status", "")),
        raw_status=texts.get("status", ""),
        hosts=tuple(_parts(texts.get("hosts", ""))),
        rate=rate,
        terms=terms or ("" if rate is not None else rate_text),
        cookie_days=_days(texts.get("cookie_days", "")),
        markets=tuple(part.upper() for part in _parts(texts.get("markets", ""))),
        permissions=_named_values("permission", values),
        parameters=_named_values("parameter", values),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,;|]+", text) if part]


def _named_values(kind: str, values: Mapping[str, object]) -> dict[str, str]:
    """The values of columns such as `parameter.ad_id`, by the name behind the point."""
    found = ((_NAMED.fullmatch(name.strip()), _text(value)) for name, value in values.items())
    return {match[2]: text for match, text in found if match and text and match[1].lower() == kind}


def _joined(status: str) -> bool:
    """Without a status a programme of the list is one that we are in."""
    word = " ".join(status.lower().replace("_", " ").split())
    if word and word not in JOINED and word not in NOT_JOINED:
        known = ", ".join((*JOINED, *NOT_JOINED))
        raise BadValue(f"status is {status!r}, an unknown word; known are {known}.", word=status)
    return word not in NOT_JOINED


def _rate(text: str) -> Decimal | None:
    """A fraction or a percentage with its sign; None for a text that is neither, such as "4 to 6 %"."""
    number, percent = text.removesuffix("%").strip(), text.endswith("%")
    try:
        value = exact(number.replace(",", ".")) / (100 if percent else 1)
    except InvalidMoney:
        return None
    if not 0 <= value <= 1:
        raise BadValue(f"rate is {text!r}; write 8% or 0.08.")
    return value


def _days(text: str) -> int | None:
    """30, or 30 days; None for what is no number of days."""
    found = re.fullmatch(r"(\d{1,4})(?:\.0+)?(?: ?d(?:ays?)?)?", text, re.IGNORECASE)
    return int(found[1]) if found else None
