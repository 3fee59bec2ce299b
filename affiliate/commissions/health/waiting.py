"""Rows that were set aside and wait: how many, for what word, and how much money."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from affiliate.commissions.health import queries
from affiliate.commissions.health.queries import SetAside
from affiliate.commissions.importing import reader_of
from affiliate.errors import AffiliateError
from affiliate.money import Money
from affiliate.networks.base import Reading
from affiliate.networks.columns import ColumnMap
from affiliate.networks.registry import network as find_network
from affiliate.networks.registry import network_name
from affiliate.networks.rows import BadValue, Row

WORD, CURRENCY, OTHER = "word", "currency", "other"
"""What a row waits for: that we learn a word, that an account gets its currency, something else."""

_NO_CURRENCY = "The currency of "  # affiliate/networks/rows.py
_WAYS_OUT = {
    WORD: "Find out at the network what it means; say it in the column map, or update Affiliate. Then read them again: affiliate import replay RUN",
    CURRENCY: "Give the account its currency under Settings, Publisher accounts, then: affiliate import replay RUN",
    OTHER: "Open the import to see each row with its reason; correct the cause, then: affiliate import replay RUN",
}
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
    groups: dict[_Cause, list[SetAside]] = defaultdict(list)
    for row in queries.set_aside(session, _MOST):
        groups[_Cause(row.network, _cause(row), row.word)].append(row)
    return sorted((_waiting(cause, rows) for cause, rows in groups.items()), key=lambda each: -each.rows)


class _Cause(NamedTuple):
    network: str
    cause: str
    word: str | None


def _cause(row: SetAside) -> str:
    if row.word:
        return WORD
    return CURRENCY if row.reason.startswith(_NO_CURRENCY) else OTHER


def _waiting(cause: _Cause, rows: Sequence[SetAside]) -> Waiting:
    """`rows` newest first."""
    distinct = {row.payload: row for row in reversed(rows)}
    return Waiting(
        **cause._asdict(),
        network_name=network_name(cause.network),
        reason=rows[0].reason,
        rows=len(distinct),
        money=_sums(distinct.values()),
        run_ids=tuple(dict.fromkeys(row.run_id for row in rows)),
    )


def _sums(rows: Iterable[SetAside]) -> tuple[Money, ...]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if amount := _commission(row):
            sums[amount.currency] += amount.amount
    return tuple(Money(amount, currency) for currency, amount in sorted(sums.items()))


class _AnyWord(Row):
    """A row of which only the amounts matter: a word that nobody knows stands for any that is known."""

    def word(self, words: Mapping[str, str], *path: str) -> str:
        try:
            return super().word(words, *path)
        except BadValue:
            return next(iter(words.values()))


def _commission(row: SetAside) -> Money | None:
    try:
        record = json.loads(row.payload, parse_float=Decimal)
        reading = _reading(row)
        reader = reader_of(find_network(row.network), reading)
        return reader.transaction(1, _AnyWord(record), reading).commission
    except (AffiliateError, BadValue, ValueError, AttributeError):
        return None


def _reading(row: SetAside) -> Reading:
    """How the run was read, knowing the unknown word."""
    said = row.reading
    columns = ColumnMap.parse(said["columns"]) if "columns" in said else None
    if columns and row.word:
        words = {name: {row.word.lower(): next(iter(known.values())), **known} for name, known in columns.words.items()}
        columns = replace(columns, words=words)
    return Reading(said.get("currency"), said.get("time_zone") or "UTC", said.get("publisher_ref"), columns)
