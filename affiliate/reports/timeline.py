"""Clicks and commission day by day: what the picture above the report shows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from affiliate.clicks.count import Counts
from affiliate.networks.words import DECLINED
from affiliate.reports import queries
from affiliate.reports.clicks import counts_by_value
from affiliate.reports.scope import Scope
from affiliate.store.tables import Site


@dataclass(frozen=True, slots=True)
class Day:
    """Clicks, transactions of any status, and earned (pending + approved) commission by currency."""

    day: date
    counts: Counts
    transactions: int
    commission: Mapping[str, Decimal]

    @property
    def clicks(self) -> int:
        return self.counts.human


@dataclass(frozen=True, slots=True)
class Timeline:
    """Every day of the range in order, empty ones included. `currencies` in the order of the alphabet."""

    days: tuple[Day, ...]
    currencies: tuple[str, ...]


def timeline(
    session: Session,
    *,
    first: date,
    until: date,
    date_basis: str = "transaction",
    as_of: datetime | None = None,
    site: Site | None = None,
    disclosure: str | None = None,
    payment: str | None = None,
    time_zone: str,
) -> Timeline:
    """The days [first, until) of `time_zone`; its sums are those of the commission report of the same range."""
    scope = Scope.of(
        first=first,
        until=until,
        time_zone=time_zone,
        date_basis=date_basis,
        as_of=as_of,
        site=site,
        disclosure=disclosure,
        payment=payment,
    )
    counts = counts_by_value(session, scope, queries.DAY, until=as_of)
    transactions: dict[str | None, int] = defaultdict(int)
    commission: dict[str | None, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in queries.ledger_sums(session, scope, queries.DAY):
        transactions[one.key] += one.transactions
        if one.status != DECLINED:
            commission[one.key][one.currency] += one.commission
    days = tuple(
        Day(day, counts.get(key, Counts()), transactions.get(key, 0), dict(commission.get(key, {})))
        for day, key in ((day, day.isoformat()) for day, _, _ in scope.days)
    )
    return Timeline(days, tuple(sorted({currency for day in days for currency in day.commission})))
