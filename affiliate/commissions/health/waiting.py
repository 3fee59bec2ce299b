"""Rows that were set aside and wait: how many, for what word, and how much money."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from affiliate.commissions.health import queries
from affiliate.commissions.health.queries import SetAside
from affiliate.commissions.importing import reader_of
from affiliate.errors import AffiliateError
from affiliate.money import Money
from affiliate.networks.base import Reading, ReportedTransaction
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.reading.rows import NO_CURRENCY, BadValue, Row
from affiliate.networks.registry import network as find_network
from affiliate.networks.registry import network_name

WORD, CURRENCY, OTHER = "word", "currency", "other"
"""What a row waits for: that we learn a word, that an account gets its currency, something else."""

_WAYS_OUT = {
    WORD: "Find out at the network what it means; say it in the column map, or update Affiliate. Then read them again: affiliate import replay RUN",
    CURRENCY: "Give the account its currency under Settings, Publisher accounts, then: affiliate import replay RUN",
    OTHER: "Open the import to see each row with its reason; correct the cause, then: affiliate import replay RUN",
}
_UNKNOWN = "XXX"  # ISO 4217: no currency
_MOST = 5000  # rows looked at, about 10 MB; whoever has more has one cause for them all


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows of one network that were set aside for the same cause: a `word` that nobody knew, a missing currency, or
    something else; `reason` is that of the newest of them. The same row in several runs counts once. `money` is what they
    say of commission, one sum per currency, as far as that can be read. `run_ids` newest first."""

    network: str
    network_name: str
    cause: str
    word: str | None
    reason: str
    rows: int
    money: tuple[Money, ...]
    run_ids: tuple[int, ...]

    @property
    def way_out(self) -> str:
        return _WAYS_OUT[self.cause]

    def as_json(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "cause": self.cause,
            "word": self.word,
            "reason": self.reason,
            "way_out": self.way_out,
            "rows": self.rows,
            "money": [str(sum_) for sum_ in self.money],
            "runs": list(self.run_ids),
        }


def waiting_rows(session: Session) -> list[Waiting]:
    """By network and cause, the most rows first."""
    groups: dict[_Cause, list[_Read]] = defaultdict(list)
    for each in _still_waiting(session, [_Read(row, _read(row)) for row in queries.set_aside(session, _MOST)]):
        groups[_Cause(each.row.network, _cause(each.row), each.row.word)].append(each)
    return sorted((_waiting(cause, rows) for cause, rows in groups.items()), key=lambda each: -each.rows)


class _Read(NamedTuple):
    """A row that waits, and what can be made of it."""

    row: SetAside
    said: ReportedTransaction | None


def _still_waiting(session: Session, rows: Sequence[_Read]) -> Iterator[_Read]:
    """Without those of whose transactions a later import told something that is at least as new."""
    ids = {each.said.external_id for each in rows if each.said}
    told = queries.versions_of(session, sorted(ids)) if ids else {}
    for each in rows:
        row, said = each
        later = told.get((row.network, said.external_id, said.line_id), ()) if said else ()
        if not any(run_id > row.run_id and at >= row.as_of for run_id, at in later):
            yield each


class _Cause(NamedTuple):
    network: str
    cause: str
    word: str | None


def _cause(row: SetAside) -> str:
    if row.word:
        return WORD
    return CURRENCY if row.reason.startswith(NO_CURRENCY) else OTHER


def _waiting(cause: _Cause, rows: Sequence[_Read]) -> Waiting:
    """`rows` newest first."""
    distinct = {each.row.payload: each.said for each in reversed(rows)}
    return Waiting(
        **cause._asdict(),
        network_name=network_name(cause.network),
        reason=rows[0].row.reason,
        rows=len(distinct),
        money=_sums(distinct.values()),
        run_ids=tuple(dict.fromkeys(each.row.run_id for each in rows)),
    )


def _sums(rows: Iterable[ReportedTransaction | None]) -> tuple[Money, ...]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row and row.commission.currency != _UNKNOWN:
            sums[row.commission.currency] += row.commission.amount
    return tuple(Money(amount, currency) for currency, amount in sorted(sums.items()))


class _Lenient(Row):
    """A row read for its id and its amounts: a word that nobody knows stands for any that is known, a missing currency for
    none."""

    def word(self, words: Mapping[str, str], *path: str) -> str:
        try:
            return super().word(words, *path)
        except BadValue:
            return next(iter(words.values()))

    def money(self, currency: str | None, *path: str) -> Money | None:
        return super().money(currency or _UNKNOWN, *path)


def _read(row: SetAside) -> ReportedTransaction | None:
    try:
        record = json.loads(row.payload, parse_float=Decimal)
        reading = _reading(row)
        return reader_of(find_network(row.network), reading).transaction(1, _Lenient(record), reading)
    except (AffiliateError, BadValue, ValueError, AttributeError):
        return None


def _reading(row: SetAside) -> Reading:
    """How the run was read, knowing the unknown word."""
    said = row.reading
    columns = ColumnMap.parse(said["columns"]) if "columns" in said else None
    if columns and row.word:
        words = {name: {row.word.lower(): next(iter(known.values())), **known} for name, known in columns.words.items()}
        columns = replace(columns, words=words)
    return Reading(
        said.get("currency") or _UNKNOWN,
        said.get("time_zone") or "UTC",
        said.get("publisher_ref"),
        columns,
        said.get("said", {}),
    )
