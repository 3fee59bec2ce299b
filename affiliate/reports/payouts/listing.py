"""Payouts in a list, and one with everything it covers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from affiliate.clock import day_start
from affiliate.errors import InvalidInput, NotFound
from affiliate.money import decimal_text
from affiliate.networks.words import INVOICED, PAID
from affiliate.reports.payouts import queries
from affiliate.reports.payouts.queries import Asked
from affiliate.reports.queries import transactions_of_payout
from affiliate.reports.transactions import TransactionRow

PER_PAGE = 50
STATES = (INVOICED, PAID)
LARGEST_ID = 2**31 - 1
_MOST_PER_PAGE = 1000
_AMOUNTS = ("commission", "vat", "withheld", "net", "covered")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRow:
    """A payout as the network last said it. Amounts are signed, in `currency`, None where it does not tell them. `covered` is
    the commission of the `transactions` that name the payout; `elsewhere` of these are in another currency and not in it.
    Where a network's transactions do not name their payout (docs/networks.md), there are none."""

    id: int
    network: str
    account: str
    external_id: str
    number: str | None
    payment: str
    raw_status: str
    currency: str
    commission: Decimal
    vat: Decimal | None
    withheld: Decimal | None
    net: Decimal | None
    issued_at: datetime
    paid_at: datetime | None
    observed_at: datetime
    recorded_at: datetime
    run_id: int
    transactions: int = 0
    covered: Decimal = Decimal(0)
    elsewhere: int = 0

    @property
    def called(self) -> str:
        return self.number or self.external_id

    @property
    def difference(self) -> Decimal:
        """What the payout says less what its transactions add up to."""
        return self.commission - self.covered

    def as_json(self) -> dict[str, Any]:
        written = {one.name: getattr(self, one.name) for one in fields(self)}
        amounts = {name: written[name] for name in _AMOUNTS if written[name] is not None}
        written |= {name: decimal_text(amount, self.currency) for name, amount in amounts.items()}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in written.items()}


@dataclass(frozen=True, slots=True)
class PayoutSum:
    """All pages together: payouts and signed commission of one currency and state of payment."""

    currency: str
    payment: str
    payouts: int
    commission: Decimal


@dataclass(frozen=True, slots=True)
class PayoutPage:
    """A page, the newest issued first. `page` counts from 1; `networks` are those that any payout is known of."""

    rows: tuple[PayoutRow, ...]
    sums: tuple[PayoutSum, ...]
    networks: tuple[str, ...]
    page: int
    per_page: int

    @property
    def total(self) -> int:
        return sum(one.payouts for one in self.sums)


@dataclass(frozen=True, slots=True)
class PayoutDetail:
    """One payout, the row as it came, and a page of the transactions that name it, the newest first."""

    payout: PayoutRow
    payload: str
    transactions: tuple[TransactionRow, ...]
    page: int
    per_page: int

    @property
    def pretty_payload(self) -> str:
        """The payload with one field per line."""
        return json.dumps(json.loads(self.payload), ensure_ascii=False, indent=2)

    def as_json(self) -> dict[str, Any]:
        return {
            **self.payout.as_json(),
            "payload": json.loads(self.payload),
            "covers": [row.as_json() for row in self.transactions],
            "page": self.page,
            "per_page": self.per_page,
        }


def list_payouts(
    session: Session,
    *,
    network: str | None = None,
    payment: str | None = None,
    first: date | None = None,
    until: date | None = None,
    time_zone: str,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> PayoutPage:
    """The payouts of a network (key), of one of STATES, issued on the days [first, until) of `time_zone`; None: all.
    InvalidInput for an unknown state, days that end before they begin, or no page."""
    if payment is not None and payment not in STATES:
        raise InvalidInput(f"{payment!r} is no state of a payout; there are {', '.join(STATES)}.")
    if first and until and until < first:
        raise InvalidInput(f"The days end on {until}, before they begin on {first}.")
    _check_page(page, per_page)
    asked = Asked(
        network,
        payment,
        day_start(first, time_zone) if first else None,
        day_start(until, time_zone) if until else None,
    )
    found = queries.payouts(session, asked, limit=per_page, offset=(page - 1) * per_page)
    sums = tuple(PayoutSum(*one) for one in queries.sums(session, asked))
    return PayoutPage(_rows(session, found), sums, tuple(queries.networks_paying(session)), page, per_page)


def payout_detail(session: Session, payout_id: int, *, page: int = 1, per_page: int = PER_PAGE) -> PayoutDetail:
    """NotFound if there is none, InvalidInput for no page."""
    _check_page(page, per_page)
    facts = queries.payout(session, payout_id) if payout_id <= LARGEST_ID else None
    if facts is None:
        raise NotFound("payout", payout_id)
    known = {name: value for name, value in facts.items() if name not in ("payload", "account_id")}
    (row,) = _rows(session, [known])
    covers = transactions_of_payout(
        session, facts["account_id"], row.external_id, limit=per_page, offset=(page - 1) * per_page
    )
    return PayoutDetail(row, facts["payload"], tuple(TransactionRow(**each) for each in covers), page, per_page)


def find_payout(session: Session, network: str, account: str, external_id: str) -> int | None:
    """The id of the payout that a transaction names, None where it was not told."""
    return queries.payout_id(session, network, account, external_id)


def _rows(session: Session, found: Sequence[Mapping[str, Any]]) -> tuple[PayoutRow, ...]:
    covered = queries.covered(session, [row["id"] for row in found]) if found else {}
    nothing = (0, Decimal(0), 0)
    return tuple(_row(row, *covered.get(row["id"], nothing)) for row in found)


def _row(facts: Mapping[str, Any], transactions: int, covered: Decimal, elsewhere: int) -> PayoutRow:
    return PayoutRow(**facts, transactions=transactions, covered=covered, elsewhere=elsewhere)


def _check_page(page: int, per_page: int) -> None:
    if page < 1 or not 1 <= per_page <= _MOST_PER_PAGE:
        raise InvalidInput(f"Pages count from 1 and hold 1 to {_MOST_PER_PAGE} rows.")
