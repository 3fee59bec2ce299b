"""The commission report: what was clicked and earned, per currency, with the disclosure beside each article."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy.orm import Session

from affiliate import __version__
from affiliate.clicks.count import MEANINGS, Counts, summed
from affiliate.money import decimal_text
from affiliate.networks.words import APPROVED, DECLINED, PENDING, STATUSES
from affiliate.reports import queries
from affiliate.reports.clicks import counts_by_value
from affiliate.reports.dimensions import DIMENSIONS, Labels, checked_dimension, names_of, unnamed
from affiliate.reports.disclosures import Shown, shown_at
from affiliate.reports.fingerprint import fingerprint
from affiliate.reports.queries import Sum
from affiliate.reports.scope import DATE_BASES, GROUPS, NO_ARTICLE, Scope
from affiliate.store.tables import Site

__all__ = ["DATE_BASES", "DIMENSIONS", "CommissionsReport", "commissions_report"]

NAME = "commissions"
ARTICLE = "article"

_ZERO = Decimal(0)
_SIX_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one dimension value, or of all, in one currency (None: clicks only).

    `transactions` counts each transaction once, whatever its status. `commission_declined` is the positive amount that
    was declined; pending and approved commission are signed, so that a reversal reported as a negative row lowers them.
    Unpaid, invoiced and paid commission are what was earned, pending and approved, told apart by what the network says of its
    payment: together they are as much. `sale_amount` sums the sales of all those transactions. `clicks` are human ones, and
    all ratios rest on them.
    """

    currency: str | None
    counts: Counts
    transactions_pending: int = 0
    transactions_approved: int = 0
    transactions_declined: int = 0
    commission_pending: Decimal = _ZERO
    commission_approved: Decimal = _ZERO
    commission_declined: Decimal = _ZERO
    sale_amount: Decimal = _ZERO
    commission_unpaid: Decimal = _ZERO
    commission_invoiced: Decimal = _ZERO
    commission_paid: Decimal = _ZERO

    @property
    def clicks(self) -> int:
        return self.counts.human

    @property
    def transactions(self) -> int:
        return self.transactions_pending + self.transactions_approved + self.transactions_declined

    @property
    def commission(self) -> Decimal:
        """What counts as earned: pending and approved."""
        return self.commission_pending + self.commission_approved

    @property
    def epc(self) -> Decimal | None:
        """Earned commission per one human click, to six decimals; None without clicks."""
        return _ratio(self.commission, Decimal(self.clicks))

    @property
    def cvr(self) -> Decimal | None:
        """Transactions of any status per human click, as a fraction; None without clicks."""
        return _ratio(Decimal(self.transactions), Decimal(self.clicks))

    @property
    def approval_rate(self) -> Decimal | None:
        """Approved ÷ (approved + declined) transactions, as a fraction; None while nothing is decided.

        By count, as networks give it: approval is decided per transaction, and an amount that is lowered before it is
        approved would otherwise raise the rate.
        """
        decided = self.transactions_approved + self.transactions_declined
        return _ratio(Decimal(self.transactions_approved), Decimal(decided))

    def money(self, amount: Decimal) -> str:
        """An amount of these figures as decimal text, with at least the currency's decimals."""
        return decimal_text(amount, self.currency) if self.currency else f"{amount:.2f}"

    def as_json(self) -> dict[str, Any]:
        return {
            "clicks": self.clicks,
            "clicks_raw": self.counts.raw,
            "clicks_network_comparable": self.counts.network_comparable,
            "transactions": self.transactions,
            "transactions_pending": self.transactions_pending,
            "transactions_approved": self.transactions_approved,
            "transactions_declined": self.transactions_declined,
            "commission_pending": self.money(self.commission_pending),
            "commission_approved": self.money(self.commission_approved),
            "commission_declined": self.money(self.commission_declined),
            "sale_amount": self.money(self.sale_amount),
            "currency": self.currency,
            "epc": None if self.epc is None else self.money(self.epc),
            "cvr": _number(self.cvr),
            "approval_rate": _number(self.approval_rate),
            "commission_unpaid": self.money(self.commission_unpaid),
            "commission_invoiced": self.money(self.commission_invoiced),
            "commission_paid": self.money(self.commission_paid),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Figures):
    """One dimension value in one currency. `key` names it for the drill-down, None for what belongs to no value;
    `labels` is what people call it, its first entry under the dimension's own name."""

    key: str | None
    labels: Labels
    disclosure: Shown | None = None

    def as_json(self) -> dict[str, Any]:
        disclosure = self.disclosure.as_json() if self.disclosure else None
        return {**self.labels, **Figures.as_json(self), "disclosure": disclosure}


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureLine(Figures):
    """What was earned, in one currency, on all the articles of one of GROUPS: those with a transaction in that currency are
    counted in `articles`. `share` is that of the earned commission of the currency, a fraction by magnitude as in Coverage;
    None where nothing was earned."""

    group: str
    articles: int
    share: Decimal | None

    def as_json(self) -> dict[str, Any]:
        return {
            "disclosure": self.group,
            "articles": self.articles,
            **Figures.as_json(self),
            "share": _number(self.share),
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the earned commission of a currency is attributed to an article. By magnitude, so that a reversal
    without a sub-id cannot lift it over 100 %. `percent` is None where nothing was earned."""

    currency: str
    attributed: Decimal
    total: Decimal

    @property
    def percent(self) -> Decimal | None:
        if not self.total:
            return None
        return (100 * self.attributed / self.total).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def as_json(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "attributed": decimal_text(self.attributed, self.currency),
            "total": decimal_text(self.total, self.currency),
            "percent": None if self.percent is None else str(self.percent),
        }


@dataclass(frozen=True, slots=True)
class Basis:
    """What the figures rest on: enough to make the same report again and to see whether it is the same.

    `undated` transactions of the period lack the date that the report goes by and are in no row; `sales_elsewhere` were
    sold in another currency than their commission's and are not in `sale_amount`. `sha256` is over rows and totals.
    """

    scope: Scope
    by: str
    known_at: datetime
    generated_at: datetime
    coverage: tuple[Coverage, ...]
    undated: int
    sales_elsewhere: int
    sha256: str

    @property
    def disclosure_as_of(self) -> datetime:
        """The moment at which pages' disclosures and checks were looked at."""
        return min(self.scope.moment, self.known_at)

    def as_json(self) -> dict[str, Any]:
        return {
            "report": NAME,
            "from": self.scope.first.isoformat(),
            "to": self.scope.until.isoformat(),
            "zone": self.scope.time_zone,
            "by": self.by,
            "date_basis": self.scope.date_basis,
            "statuses": list(STATUSES),
            "filters": {
                "site": self.scope.site_key,
                "disclosure": self.scope.disclosure,
                "payment": self.scope.payment,
            },
            "disclosure_as_of": self.disclosure_as_of.isoformat(),
            "counts": dict(MEANINGS),
            "currencies": "as reported; nothing is converted",
            "as_known_at": self.known_at.isoformat(),
            "coverage": [one.as_json() for one in self.coverage],
            "undated_transactions": self.undated,
            "sales_in_another_currency": self.sales_elsewhere,
            "version": __version__,
            "generated_at": self.generated_at.isoformat(),
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class CommissionsReport:
    """Rows per dimension value and currency, the highest earning first within a currency, and the totals per currency.
    Clicks stand on every currency row of a value, and once in a total. `by_disclosure` tells each total apart, in the order of
    GROUPS, whatever the rows go by: figure by figure these lines sum up to it; none where they were not asked for."""

    basis: Basis
    rows: tuple[Row, ...]
    totals: tuple[Figures, ...]
    by_disclosure: tuple[DisclosureLine, ...]

    def earned(self, currency: str | None) -> Decimal:
        """Pending and approved commission in a currency."""
        return sum((total.commission for total in self.totals if total.currency == currency), _ZERO)

    def as_json(self) -> dict[str, Any]:
        return {
            "basis": self.basis.as_json(),
            "rows": [row.as_json() for row in self.rows],
            "totals": [total.as_json() for total in self.totals],
            "by_disclosure": [line.as_json() for line in self.by_disclosure],
        }


def commissions_report(
    session: Session,
    *,
    first: date,
    until: date,
    by: str = "article",
    date_basis: str = "transaction",
    as_of: datetime | None = None,
    site: Site | None = None,
    disclosure: str | None = None,
    payment: str | None = None,
    time_zone: str,
    groups: bool = True,
    now: datetime,
) -> CommissionsReport:
    """The days [first, until) of `time_zone`, cut by one of DIMENSIONS, by one of DATE_BASES.

    `as_of` gives the ledger as it was known at that moment. With a `site` only what is attributed to its links; without
    one everything, and what is attributed to nothing stands in a row whose key is None, so that rows sum to totals.
    `disclosure`, one of GROUPS, leaves only what was earned on such pages, `payment`, one of PAYMENTS, only the money of
    which the network says so, beside all clicks. InvalidInput for an unknown dimension, basis, zone, group or payment, or an
    empty range. Without `groups` the totals are not told apart by disclosure, which asks the ledger once more.
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
    sums = queries.ledger_sums(session, scope, checked_dimension(by))
    counts = _counts(session, scope, by)
    known_at = as_of or now
    rows = _with_names(session, by, _figures_by_value(sums, counts), scope.moment)
    totals = _totals(sums, summed(counts.values()))
    basis = Basis(
        scope=scope,
        by=by,
        known_at=known_at,
        generated_at=now,
        coverage=_coverage(sums),
        undated=queries.undated(session, scope),
        sales_elsewhere=sum(one.sales_elsewhere for one in sums),
        sha256=fingerprint([row.as_json() for row in rows], [total.as_json() for total in totals]),
    )
    if not groups:
        return CommissionsReport(basis, rows, totals, ())
    if by != ARTICLE:
        sums, counts = queries.ledger_sums(session, scope, ARTICLE), _counts(session, scope, ARTICLE)
    return CommissionsReport(basis, rows, totals, _by_disclosure(session, scope, totals, sums, counts))


def _counts(session: Session, scope: Scope, by: str) -> dict[str | None, Counts]:
    """The clicks of each value; all of them belong to none where the dimension tells money apart alone."""
    if by != queries.PAYMENT:
        return counts_by_value(session, scope, by, until=scope.as_of)
    counted = summed(counts_by_value(session, scope, queries.DAY, until=scope.as_of).values())
    return {None: counted} if counted.raw else {}


def _figures_by_value(
    sums: Iterable[Sum], counts: Mapping[str | None, Counts]
) -> list[tuple[str | None, str | None, dict[str, Any]]]:
    """(key, currency, figures) of everything that earned, and of what was only clicked."""
    by_value: dict[tuple[str | None, str | None], list[Sum]] = defaultdict(list)
    for one in sums:
        by_value[one.key, one.currency].append(one)
    earning = {key for key, _ in by_value}
    by_value.update({(key, None): [] for key in counts if key not in earning})
    return [
        (key, currency, {"counts": counts.get(key, Counts()), **_added_up(of_value)})
        for (key, currency), of_value in by_value.items()
    ]


def _with_names(
    session: Session, by: str, figures: Sequence[tuple[str | None, str | None, dict[str, Any]]], moment: datetime
) -> tuple[Row, ...]:
    """The rows in their order. `moment`: when articles' disclosures are looked at."""
    keys = {key for key, _, _ in figures if key is not None}
    names, nameless = names_of(session, by, keys), unnamed(by)
    articles = _articles_of(session, by, keys)
    of_articles = shown_at(session, set(articles.values()), moment)
    shown = {key: of_articles[article] for key, article in articles.items()}
    rows = [
        Row(
            key=key,
            labels=names.get(key, nameless) if key else nameless,
            disclosure=shown.get(key) if key else None,
            currency=currency,
            **amounts,
        )
        for key, currency, amounts in figures
    ]
    return tuple(sorted(rows, key=_day_order if by == queries.DAY else _earning_order))


def _articles_of(session: Session, by: str, keys: set[str]) -> Mapping[str, str]:
    """The article of each value that has one."""
    if by == ARTICLE:
        return {key: key for key in keys}
    return queries.articles_of_placements(session, keys) if by == "placement" else {}


def _day_order(row: Row) -> tuple[str, str]:
    return (row.key or "", row.currency or "")


def _earning_order(row: Row) -> tuple[Any, ...]:
    """Currency by currency, the highest earning first, what is attributed to nothing last; clicks only at the end."""
    return (row.currency is None, row.currency or "", row.key is None, -row.commission, -row.clicks, row.key or "")


def _added_up(sums: Iterable[Sum]) -> dict[str, Any]:
    figures: dict[str, Any] = defaultdict(int)
    for one in sums:
        figures[f"transactions_{one.status}"] += one.transactions
        figures[f"commission_{one.status}"] += one.magnitude if one.status == DECLINED else one.commission
        if one.status != DECLINED:
            figures[f"commission_{one.payment}"] += one.commission
        figures["sale_amount"] += one.sale_amount
    return dict(figures)


def _totals(sums: Sequence[Sum], counts: Counts) -> tuple[Figures, ...]:
    """One per currency, all clicks once in each; without any money one of clicks only, without clicks too none."""
    currencies: list[str | None] = [*sorted({one.currency for one in sums})]
    if counts.raw and not currencies:
        currencies = [None]
    return tuple(
        Figures(currency=currency, counts=counts, **_added_up(one for one in sums if one.currency == currency))
        for currency in currencies
    )


def _coverage(sums: Sequence[Sum]) -> tuple[Coverage, ...]:
    earned = [one for one in sums if one.status in (PENDING, APPROVED)]
    return tuple(
        Coverage(
            currency,
            sum((one.in_articles for one in earned if one.currency == currency), _ZERO),
            sum((one.magnitude for one in earned if one.currency == currency), _ZERO),
        )
        for currency in sorted({one.currency for one in sums})
    )


def _by_disclosure(
    session: Session,
    scope: Scope,
    totals: Sequence[Figures],
    sums: Sequence[Sum],
    counts: Mapping[str | None, Counts],
) -> tuple[DisclosureLine, ...]:
    """A line for every total and group, from sums and counts by article."""
    keys = {one.key for one in sums if one.key is not None} | {key for key in counts if key is not None}
    groups: dict[str | None, str] = {None: NO_ARTICLE}
    groups.update(queries.groups_at(session, keys, scope.moment))
    of_group: dict[tuple[str | None, str], list[Sum]] = defaultdict(list)
    for one in sums:
        of_group[one.currency, groups[one.key]].append(one)
    clicked = {group: summed(of for key, of in counts.items() if groups[key] == group) for group in GROUPS}
    return tuple(
        _line(total, group, of_group[total.currency, group], clicked[group], earned)
        for total, earned in (
            (total, _earned(one for one in sums if one.currency == total.currency)) for total in totals
        )
        for group in GROUPS
    )


def _line(total: Figures, group: str, sums: Sequence[Sum], counts: Counts, earned: Decimal) -> DisclosureLine:
    return DisclosureLine(
        group=group,
        articles=len({one.key for one in sums if one.key is not None}),
        share=_ratio(_earned(sums), earned),
        currency=total.currency,
        counts=counts,
        **_added_up(sums),
    )


def _earned(sums: Iterable[Sum]) -> Decimal:
    """Pending and approved commission by magnitude."""
    return sum((one.magnitude for one in sums if one.status != DECLINED), _ZERO)


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(_SIX_PLACES, ROUND_HALF_UP) if whole else None


def _number(ratio: Decimal | None) -> float | None:
    return None if ratio is None else float(ratio)
