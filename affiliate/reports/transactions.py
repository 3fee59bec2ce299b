"""Behind a figure: the transactions that make it, and behind each of those what the network said, word for word."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from affiliate.errors import InvalidInput, NotFound
from affiliate.money import decimal_text
from affiliate.networks.words import STATUSES
from affiliate.reports import queries
from affiliate.reports.dimensions import checked_dimension
from affiliate.reports.disclosures import Shown, shown_at
from affiliate.reports.queries import EARNED, Drill
from affiliate.reports.scope import Scope
from affiliate.store.tables import ImportRun, Site, TransactionVersion

PER_PAGE = 50
ASKED_STATUSES = (*STATUSES, EARNED)
_MOST_PER_PAGE = 1000


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """One transaction with everything it hangs on. Amounts are signed; names are None where it is attributed to nothing.
    `link` is the link's slug, `article` the article's ref, `placement` the token. `disclosure` is what the article showed at the
    moment of the report, or, of a transaction looked at by itself, when it was clicked (sold, where that is not known)."""

    id: int
    external_id: str
    line_id: str
    network: str
    account: str
    programme_id: int
    programme: str
    advertiser: str
    kind: str
    status: str
    raw_status: str
    payment: str
    raw_payment: str | None
    commission: Decimal
    currency: str
    sale_amount: Decimal | None
    sale_currency: str | None
    transaction_at: datetime
    click_at: datetime | None
    validated_at: datetime | None
    order_ref: str | None
    payout_ref: str | None
    reason: str | None
    sub_id: str | None
    attribution: str
    placement: str | None
    link_id: int | None
    link: str | None
    link_name: str | None
    article_id: int | None
    article: str | None
    article_title: str | None
    author: str | None
    site: str | None
    disclosure: Shown | None = None

    def as_json(self) -> dict[str, Any]:
        written = {one.name: getattr(self, one.name) for one in fields(self)}
        written["disclosure"] = self.disclosure.as_json() if self.disclosure else None
        written["commission"] = decimal_text(self.commission, self.currency)
        if self.sale_amount is not None:
            written["sale_amount"] = decimal_text(self.sale_amount, self.sale_currency or self.currency)
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in written.items()}


@dataclass(frozen=True, slots=True)
class StatusSum:
    """All pages together: transactions and signed commission of one currency and status."""

    currency: str
    status: str
    transactions: int
    commission: Decimal


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """A page, newest first. `page` counts from 1; `total` counts the transactions of all pages."""

    rows: tuple[TransactionRow, ...]
    sums: tuple[StatusSum, ...]
    page: int
    per_page: int

    @property
    def total(self) -> int:
        return sum(one.transactions for one in self.sums)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def list_transactions(
    session: Session,
    *,
    first: date,
    until: date,
    time_zone: str,
    by: str | None = None,
    key: str | None = None,
    status: str | None = None,
    currency: str | None = None,
    date_basis: str = "transaction",
    as_of: datetime | None = None,
    site: Site | None = None,
    disclosure: str | None = None,
    payment: str | None = None,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> TransactionPage:
    """The transactions behind a row of the commission report made with the same range, zone, basis, moment, site and group of
    disclosures.

    `status` is one of ASKED_STATUSES, `payment` one of PAYMENTS. `by` and `key` are the report's dimension and the row's `key`; `key` None with a `by` means the row of what is
    attributed to nothing. InvalidInput for words and keys that no report has.
    """
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
    if status is not None and status not in ASKED_STATUSES:
        raise InvalidInput(f"{status!r} is no status; there are {', '.join(ASKED_STATUSES)}.")
    if page < 1 or not 1 <= per_page <= _MOST_PER_PAGE:
        raise InvalidInput(f"Pages count from 1 and hold 1 to {_MOST_PER_PAGE} transactions.")
    drill = Drill(checked_dimension(by) if by else None, key, status, currency.upper() if currency else None)
    sums = tuple(StatusSum(*one) for one in queries.transaction_sums(session, scope, drill))
    rows = queries.transactions(session, scope, drill, limit=per_page, offset=(page - 1) * per_page)
    articles = {str(row["article_id"]) for row in rows if row["article_id"] is not None}
    shown = shown_at(session, articles, scope.moment)
    with_shown = tuple(TransactionRow(**row, disclosure=shown.get(str(row["article_id"]))) for row in rows)
    return TransactionPage(with_shown, sums, page, per_page)


@dataclass(frozen=True, slots=True)
class VersionView:
    """What a network said once, with the run and line that brought it. `payload` is the row as it came, as JSON text."""

    number: int
    is_current: bool
    observed_at: datetime
    recorded_at: datetime
    status: str
    raw_status: str
    payment: str
    raw_payment: str | None
    commission: Decimal
    currency: str
    sale_amount: Decimal | None
    sale_currency: str | None
    transaction_at: datetime
    validated_at: datetime | None
    payout_ref: str | None
    reason: str | None
    attribution: str
    sub_id: str | None
    run_id: int
    file_name: str
    line: int
    undone_at: datetime | None
    payload: str
    payload_sha256: str

    @property
    def pretty_payload(self) -> str:
        """The payload with one field per line."""
        return json.dumps(json.loads(self.payload), ensure_ascii=False, indent=2)


@dataclass(frozen=True, slots=True)
class TransactionDetail:
    """`counts` is False where every run that named the transaction was undone. Versions in the order we learnt them."""

    transaction: TransactionRow
    counts: bool
    versions: tuple[VersionView, ...]


def transaction_detail(session: Session, transaction_id: int) -> TransactionDetail:
    """Everything about one transaction, for the current picture; NotFound if there is none."""
    facts = queries.transaction_facts(session, transaction_id)
    if facts is None:
        raise NotFound("transaction", transaction_id)
    current = facts["current_version_id"]
    row: Mapping[str, Any] = {name: value for name, value in facts.items() if name != "current_version_id"}
    versions = tuple(_view(version, run, current) for version, run in queries.versions(session, transaction_id))
    article, moment = row["article_id"], row["click_at"] or row["transaction_at"]
    shown = shown_at(session, {str(article)}, moment)[str(article)] if article is not None else None
    return TransactionDetail(TransactionRow(**row, disclosure=shown), current is not None, versions)


def _view(version: TransactionVersion, run: ImportRun, current: int | None) -> VersionView:
    return VersionView(
        number=version.number,
        is_current=version.id == current,
        observed_at=version.observed_at,
        recorded_at=version.recorded_at,
        status=version.status,
        raw_status=version.raw_status,
        payment=version.payment,
        raw_payment=version.raw_payment,
        commission=version.commission,
        currency=version.currency,
        sale_amount=version.sale_amount,
        sale_currency=version.sale_currency,
        transaction_at=version.transaction_at,
        validated_at=version.validated_at,
        payout_ref=version.payout_ref,
        reason=version.reason,
        attribution=version.attribution,
        sub_id=version.sub_id,
        run_id=run.id,
        file_name=run.file_name,
        line=version.line,
        undone_at=run.undone_at,
        payload=version.payload,
        payload_sha256=version.payload_sha256,
    )
