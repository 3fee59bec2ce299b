"""The SQL of the money reports: the ledger as known at a moment, and the names of things.

Dimensions are grouped by ids; names are looked up afterwards, for the values that are there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    column,
    exists,
    func,
    or_,
    select,
    tuple_,
    values,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import TypeEngine

from affiliate.disclosure.findings import FAIL, PASS, WARN
from affiliate.disclosure.state import MISSING
from affiliate.errors import InvalidInput
from affiliate.networks.words import DECLINED
from affiliate.reports.scope import FAILING, NO_ARTICLE, PASSING, UNCHECKED, WARNING, Scope
from affiliate.store.tables import (
    Advertiser,
    Article,
    ArticleDisclosure,
    ArticleVerdict,
    CommissionHour,
    ImportRun,
    Link,
    LinkPath,
    PageCheck,
    Placement,
    Programme,
    PublisherAccount,
    Site,
    Transaction,
    TransactionVersion,
)
from affiliate.store.types import Micros, UtcDateTime, UtcHours

Version = TransactionVersion

AnySelect = Select[*tuple[Any, ...]]

DAY, PAYMENT = "day", "payment"
EARNED = "earned"
"""Pending and approved together, as a status asked for."""
Labels = Mapping[str, str | None]

_AT_ONCE = 5000  # ids in one look-up of names; SQLite takes 32,766


# ---- the ledger -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sum:
    """The ledger's figures of one dimension value, currency, status and payment. `magnitude` sums amounts without their signs,
    `in_articles` the same for those attributed to an article; `sale_amount` only sales in `currency`, the others are
    counted in `sales_elsewhere`."""

    key: str | None
    currency: str
    status: str
    payment: str
    transactions: int
    commission: Decimal
    magnitude: Decimal
    in_articles: Decimal
    sale_amount: Decimal
    sales_elsewhere: int


def _said(scope: Scope) -> Any:
    """Where the report's amounts and words stand: a transaction repeats those of its current version."""
    return Version if scope.as_of else Transaction


def _dated(scope: Scope) -> Any:
    """The column that the report's date basis means."""
    said = _said(scope)
    return {"transaction": said.transaction_at, "click": said.click_at, "validation": said.validated_at}[
        scope.date_basis
    ]


def _counts_at(version: Any, run: Any, moment: datetime) -> ColumnElement[bool]:
    return and_(version.recorded_at <= moment, or_(run.undone_at.is_(None), run.undone_at > moment))


def _known(wanted: AnySelect, scope: Scope) -> AnySelect:
    """Joins each transaction with what is, or was, known of it: the current picture, which it repeats itself, or the version
    of then. Those of which nothing is known are left out."""
    if scope.as_of is None:
        return _placed(wanted.select_from(Transaction).where(Transaction.current_version_id.is_not(None)), Transaction)
    later, later_run = aliased(Version), aliased(ImportRun)
    outdated = exists().where(
        later.transaction_id == Version.transaction_id,
        later.import_run_id == later_run.id,
        _counts_at(later, later_run, scope.as_of),
        tuple_(later.observed_at, later.recorded_at, later.number)
        > tuple_(Version.observed_at, Version.recorded_at, Version.number),
    )
    joined = (
        wanted.select_from(Transaction)
        .join(Version, Version.transaction_id == Transaction.id)
        .join(ImportRun, ImportRun.id == Version.import_run_id)
        .where(_counts_at(Version, ImportRun, scope.as_of), ~outdated)
    )
    return _placed(joined, Version)


def _current(wanted: AnySelect) -> AnySelect:
    """Joins each transaction with its current version."""
    joined = wanted.select_from(Transaction).join(Version, Version.id == Transaction.current_version_id)
    return _placed(joined, Version)


def _placed(wanted: AnySelect, said: Any) -> AnySelect:
    """Outer joins, each along a key: the database leaves out those that nothing asks for."""
    return (
        wanted.outerjoin(Placement, Placement.id == said.placement_id)
        .outerjoin(Link, Link.id == Placement.link_id)
        .outerjoin(Article, Article.id == Placement.article_id)
        .outerjoin(Programme, Programme.id == said.programme_id)
    )


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    dated = _dated(scope)
    return [dated >= scope.start, dated < scope.end, *_limited(scope)]


def _limited(scope: Scope) -> list[ColumnElement[bool]]:
    """What the scope asks for besides days."""
    conditions: list[ColumnElement[bool]] = []
    if scope.site_id is not None:
        conditions.append(Link.site_id == scope.site_id)
    if scope.disclosure is not None:
        conditions.append(group_of(Placement.article_id, scope.moment) == scope.disclosure)
    if scope.payment is not None:
        conditions.append(_said(scope).payment == scope.payment)
    return conditions


def _ledger_keys(said: Any) -> dict[str, Any]:
    return {
        "article": Placement.article_id,
        "author": func.nullif(Article.author, ""),
        "link": Placement.link_id,
        "placement": said.placement_id,
        "site": Link.site_id,
        "advertiser": Programme.advertiser_id,
        "programme": said.programme_id,
        "network": Transaction.network,
        PAYMENT: said.payment,
    }


DIMENSIONS = (*_ledger_keys(Transaction), DAY)
_HOUR_KEYS: Mapping[str, Any] = {
    "site": func.nullif(CommissionHour.site_id, 0),
    "advertiser": Programme.advertiser_id,
    "programme": CommissionHour.programme_id,
    "network": Programme.network,
    PAYMENT: CommissionHour.payment,
}
"""What the roll-up by hour tells apart, besides days."""


def ledger_sums(session: Session, scope: Scope, by: str) -> list[Sum]:
    """The ledger within the scope, by dimension value, currency, status and payment, in one statement."""
    wanted = _hours_summed(scope, by) if _is_rolled_up(scope, by) else _transactions_summed(scope, by)
    zero = Decimal(0)
    return [
        Sum(
            key=_text(row.key),
            currency=row.currency,
            status=row.status,
            payment=row.payment,
            transactions=row.transactions,
            commission=row.commission,
            magnitude=row.magnitude,
            in_articles=row.in_articles or zero,
            sale_amount=row.sale_amount or zero,
            sales_elsewhere=row.sales_elsewhere,
        )
        for row in session.execute(wanted)
    ]


def _is_rolled_up(scope: Scope, by: str) -> bool:
    """Whether the roll-up by hour answers: of what is known now, by the day of the sale, where days begin with UTC hours."""
    return (
        scope.as_of is None
        and scope.date_basis == "transaction"
        and scope.disclosure is None
        and (by == DAY or by in _HOUR_KEYS)
        and not any(minutes % 60 for _, minutes in scope.offsets)
    )


def _hours_summed(scope: Scope, by: str) -> AnySelect:
    said = CommissionHour
    days = _days(scope, UtcHours()) if by == DAY else None
    key = _HOUR_KEYS[by] if days is None else days.c.day
    wanted = (
        select(
            key.label("key"),
            said.currency,
            said.status,
            said.payment,
            func.sum(said.transactions).label("transactions"),
            func.sum(said.commission).label("commission"),
            func.sum(said.magnitude).label("magnitude"),
            func.sum(said.in_articles).label("in_articles"),
            func.sum(said.sale_amount).label("sale_amount"),
            func.sum(said.sales_elsewhere).label("sales_elsewhere"),
        )
        .select_from(said)
        .outerjoin(Programme, Programme.id == said.programme_id)
        .group_by(key, said.currency, said.status, said.payment)
        .having(func.sum(said.transactions) != 0)
    )
    if scope.site_id is not None:
        wanted = wanted.where(said.site_id == scope.site_id)
    if scope.payment is not None:
        wanted = wanted.where(said.payment == scope.payment)
    if days is None:
        return wanted.where(said.hour >= scope.start, said.hour < scope.end)
    return wanted.join(days, _in_day(days, said.hour))


def _transactions_summed(scope: Scope, by: str) -> AnySelect:
    said = _said(scope)
    days = _days(scope, UtcDateTime()) if by == DAY else None
    key = _ledger_keys(said)[by] if days is None else days.c.day
    size = func.abs(said.commission, type_=Micros())
    in_its_currency = said.sale_currency == said.currency
    wanted = select(
        key.label("key"),
        said.currency,
        said.status,
        said.payment,
        func.count().label("transactions"),
        func.sum(said.commission).label("commission"),
        func.sum(size).label("magnitude"),
        func.sum(case((Placement.article_id.is_not(None), size))).label("in_articles"),
        func.sum(case((in_its_currency, said.sale_amount))).label("sale_amount"),
        func.count(case((said.sale_currency != said.currency, 1))).label("sales_elsewhere"),
    )
    wanted = _known(wanted, scope).group_by(key, said.currency, said.status, said.payment)
    if days is None:
        return wanted.where(*_within(scope))
    # the days are the range: its ends beside them led SQLite to try every day for every transaction
    return wanted.join(days, _in_day(days, _dated(scope))).where(*_limited(scope))


def undated(session: Session, scope: Scope) -> int:
    """Transactions whose transaction date is in the range but which lack the date that the report goes by."""
    if scope.date_basis == "transaction":
        return 0
    said = _said(scope)
    conditions = [said.transaction_at >= scope.start, said.transaction_at < scope.end, _dated(scope).is_(None)]
    return session.scalar(_known(select(func.count()), scope).where(*conditions, *_limited(scope))) or 0


def _days(scope: Scope, moments: TypeEngine[Any]) -> CTE:
    """The days of the range: `day`, its `first` moment, the `until` that it ends before, stored as `moments` are."""
    listed = values(column("day", String), column("first", moments), column("until", moments), name="listed")
    return listed.data([(day.isoformat(), first, until) for day, first, until in scope.days]).cte("days")


def _in_day(days: CTE, dated: Any) -> ColumnElement[bool]:
    return and_(dated >= days.c.first, dated < days.c.until)


def _text(key: object) -> str | None:
    return None if key is None else str(key)


# ---- names ----------------------------------------------------------------------------------------------------------

_SLUG = (
    select(LinkPath.slug)
    .where(LinkPath.link_id == Link.id, LinkPath.is_alias.is_(False))
    .order_by(LinkPath.id.desc())
    .limit(1)
    .scalar_subquery()
)


def article_names(session: Session, keys: Collection[str]) -> dict[str, Labels]:
    wanted = select(Article.id, Article.ref.label("article"), Article.title, Article.author, Site.key.label("site"))
    return _named(session, wanted.join(Site, Site.id == Article.site_id), Article.id, keys)


def link_names(session: Session, keys: Collection[str]) -> dict[str, Labels]:
    wanted = select(Link.id, _SLUG.label("link"), Link.name, Site.key.label("site")).join(Site, Site.id == Link.site_id)
    return _named(session, wanted, Link.id, keys)


def placement_names(session: Session, keys: Collection[str]) -> dict[str, Labels]:
    wanted = select(Placement.id, Placement.token.label("placement"), _SLUG.label("link"), Article.ref.label("article"))
    wanted = wanted.join(Link, Link.id == Placement.link_id).outerjoin(Article, Article.id == Placement.article_id)
    return _named(session, wanted, Placement.id, keys)


def site_names(session: Session, keys: Collection[str]) -> dict[str, Labels]:
    return _named(session, select(Site.id, Site.key.label("site"), Site.name), Site.id, keys)


def advertiser_names(session: Session, keys: Collection[str]) -> dict[str, Labels]:
    return _named(session, select(Advertiser.id, Advertiser.name.label("advertiser")), Advertiser.id, keys)


def programme_names(session: Session, keys: Collection[str]) -> dict[str, Labels]:
    wanted = select(Programme.id, Programme.name.label("programme"), Programme.advertiser_ref, Programme.network)
    return _named(session, wanted, Programme.id, keys)


def _named(session: Session, wanted: AnySelect, identity: Any, keys: Collection[str]) -> dict[str, Labels]:
    found: dict[str, Labels] = {}
    for batch in _batches(sorted(int(key) for key in keys)):
        for row in session.execute(wanted.where(identity.in_(batch))).mappings():
            found[str(row["id"])] = {name: value for name, value in row.items() if name != "id"}
    return found


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(ids)
    while batch := list(islice(remaining, _AT_ONCE)):
        yield batch


# ---- disclosures ----------------------------------------------------------------------------------------------------


_BADNESS = {PASS: 1, WARN: 2, FAIL: 3}


def group_of(article_id: Any, moment: datetime) -> ColumnElement[str]:
    """Which of GROUPS an article belongs to at a moment, as a column over that of its id."""
    rank = func.max(case(_BADNESS, value=ArticleVerdict.verdict, else_=0))
    worst = select(rank).where(ArticleVerdict.article_id == article_id, _held(moment)).scalar_subquery()
    shows_nothing = exists().where(
        ArticleDisclosure.article_id == article_id,
        ArticleDisclosure.state == MISSING,
        _shown(moment),
    )
    return case(
        (article_id.is_(None), NO_ARTICLE),
        (shows_nothing, FAILING),
        else_=case({3: FAILING, 2: WARNING, 1: PASSING}, value=worst, else_=UNCHECKED),
    )


def groups_at(session: Session, article_keys: Collection[str], moment: datetime) -> dict[str, str]:
    """By article key its one of GROUPS at a moment."""
    found: dict[str, str] = {}
    wanted = select(Article.id, group_of(Article.id, moment))
    for batch in _batches(sorted(int(key) for key in article_keys)):
        found.update((str(key), group) for key, group in session.execute(wanted.where(Article.id.in_(batch))))
    return found


def _held(moment: datetime) -> ColumnElement[bool]:
    return and_(
        ArticleVerdict.held_from <= moment,
        or_(ArticleVerdict.held_until.is_(None), ArticleVerdict.held_until > moment),
    )


def _shown(moment: datetime) -> ColumnElement[bool]:
    return and_(
        ArticleDisclosure.shown_from <= moment,
        or_(ArticleDisclosure.shown_until.is_(None), ArticleDisclosure.shown_until > moment),
    )


@dataclass(frozen=True, slots=True)
class HeldVerdict:
    """What held of a variant of an article for a profile; `number` and `checked_at` are of the newest check until then that
    had said so."""

    profile: str
    verdict: str
    number: int
    checked_at: datetime


def verdicts_at(session: Session, article_keys: Collection[str], moment: datetime) -> dict[str, list[HeldVerdict]]:
    """The verdicts that held of each article at a moment, by article key."""
    found: dict[str, list[HeldVerdict]] = {}
    for batch in _batches(sorted(int(key) for key in article_keys)):
        wanted = (
            select(ArticleVerdict, PageCheck.number)
            .join(PageCheck, PageCheck.id == ArticleVerdict.check_id)
            .where(ArticleVerdict.article_id.in_(batch), _held(moment))
            .order_by(ArticleVerdict.id)
        )
        rows = session.execute(wanted).all()
        confirmed_since = {held.article_id for held, _ in rows if held.checked_at > moment}
        earlier = _newest_checks(session, confirmed_since, moment)
        for held, number in rows:
            said = (number, held.checked_at)
            if held.checked_at > moment:
                key = (held.article_id, held.variant, held.profile, held.verdict)
                said = earlier.get(key, (number, held.held_from))
            found.setdefault(str(held.article_id), []).append(HeldVerdict(held.profile, held.verdict, *said))
    return found


def _newest_checks(
    session: Session, article_ids: Collection[int], moment: datetime
) -> dict[tuple[int, str, str, str], tuple[int, datetime]]:
    """(article, variant, profile, verdict) → number and moment of the newest check until then that said so."""
    wanted = (
        select(PageCheck.article_id, PageCheck.variant, PageCheck.number, PageCheck.checked_at, PageCheck.verdicts)
        .where(PageCheck.article_id.in_(article_ids), PageCheck.checked_at <= moment)
        .order_by(PageCheck.number)
    )
    rows = session.execute(wanted) if article_ids else ()
    return {
        (article_id, variant, profile, verdict): (number, checked_at)
        for article_id, variant, number, checked_at, verdicts in rows
        for profile, verdict in verdicts.items()
    }


def articles_of_placements(session: Session, keys: Collection[str]) -> dict[str, str]:
    """By placement key that of the article it stands in; nothing for those that stand in none."""
    found: dict[str, str] = {}
    wanted = select(Placement.id, Placement.article_id).where(Placement.article_id.is_not(None))
    for batch in _batches(sorted(int(key) for key in keys)):
        found.update(
            (str(row.id), str(row.article_id)) for row in session.execute(wanted.where(Placement.id.in_(batch)))
        )
    return found


def disclosures_at(session: Session, article_keys: Collection[str], moment: datetime) -> dict[str, ArticleDisclosure]:
    """What each article showed at a moment, by article key; nothing for those with no record of it."""
    found: dict[str, ArticleDisclosure] = {}
    for batch in _batches(sorted(int(key) for key in article_keys)):
        wanted = select(ArticleDisclosure).where(ArticleDisclosure.article_id.in_(batch), _shown(moment))
        for shown in session.scalars(wanted.order_by(ArticleDisclosure.shown_from, ArticleDisclosure.id)):
            found[str(shown.article_id)] = shown
    return found


# ---- transactions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drill:
    """Which transactions stand behind a figure: a dimension value (`key` None: what has none), a status (or EARNED), a
    currency."""

    by: str | None = None
    key: str | None = None
    status: str | None = None
    currency: str | None = None


def _chosen(drill: Drill, scope: Scope) -> list[ColumnElement[bool]]:
    said = _said(scope)
    conditions: list[ColumnElement[bool]] = []
    if drill.by is not None:
        conditions.append(_is_key(drill.by, drill.key, scope))
    if drill.status == EARNED:
        conditions.append(said.status != DECLINED)
    elif drill.status:
        conditions.append(said.status == drill.status)
    if drill.currency:
        conditions.append(said.currency == drill.currency)
    return conditions


def _is_key(by: str, key: str | None, scope: Scope) -> ColumnElement[bool]:
    if by == DAY:
        bounds = {day.isoformat(): (first, until) for day, first, until in scope.days}
        if key not in bounds:
            raise InvalidInput(f"{key!r} is no day of the range {scope.first} to {scope.until}.")
        dated, (first, until) = _dated(scope), bounds[key]
        return and_(dated >= first, dated < until)
    expression = _ledger_keys(_said(scope))[by]
    if key is None:
        return expression.is_(None)  # type: ignore[no-any-return] # a column of any type
    if by in ("author", "network", PAYMENT):
        return expression == key  # type: ignore[no-any-return] # a column of any type
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise InvalidInput(f"{key!r} is no {by} of a report.")
    return expression == int(key)  # type: ignore[no-any-return] # a column of any type


_TRANSACTION_FACTS = (
    Transaction.id,
    Transaction.external_id,
    Transaction.line_id,
    Transaction.network,
    PublisherAccount.publisher_ref.label("account"),
    Programme.id.label("programme_id"),
    Programme.name.label("programme"),
    Advertiser.name.label("advertiser"),
    Version.kind,
    Version.status,
    Version.raw_status,
    Version.payment,
    Version.raw_payment,
    Version.commission,
    Version.currency,
    Version.sale_amount,
    Version.sale_currency,
    Version.transaction_at,
    Version.click_at,
    Version.validated_at,
    Version.order_ref,
    Version.payout_ref,
    Version.reason,
    Version.sub_id,
    Version.attribution,
    Placement.token.label("placement"),
    Link.id.label("link_id"),
    Link.name.label("link_name"),
    _SLUG.label("link"),
    Article.id.label("article_id"),
    Article.ref.label("article"),
    Article.title.label("article_title"),
    Article.author,
    Site.key.label("site"),
)


def transactions(
    session: Session, scope: Scope, drill: Drill, *, limit: int, offset: int
) -> Sequence[Mapping[str, Any]]:
    """One page, newest first."""
    dated, facts = _dated(scope), select(*_TRANSACTION_FACTS)
    known = _known(facts, scope) if scope.as_of else _current(facts)
    wanted = _with_names(known).where(*_within(scope), *_chosen(drill, scope))
    wanted = wanted.order_by(dated.desc(), Transaction.id.desc()).limit(limit).offset(offset)
    return [dict(row) for row in session.execute(wanted).mappings()]


def transactions_of_payout(
    session: Session, account_id: int, payout_ref: str, *, limit: int, offset: int
) -> Sequence[Mapping[str, Any]]:
    """One page of an account's transactions that name a payout now, newest first."""
    wanted = _with_names(_current(select(*_TRANSACTION_FACTS))).where(
        Version.payout_ref == payout_ref,
        Transaction.id == Version.transaction_id,  # so that the payout's versions are looked up first
        Transaction.account_id == account_id,
    )
    wanted = wanted.order_by(Transaction.transaction_at.desc(), Transaction.id.desc()).limit(limit).offset(offset)
    return [dict(row) for row in session.execute(wanted).mappings()]


def transaction_sums(session: Session, scope: Scope, drill: Drill) -> Sequence[tuple[str, str, int, Decimal]]:
    """(currency, status, transactions, commission) of all pages together."""
    said = _said(scope)
    wanted = select(said.currency, said.status, func.count(), func.sum(said.commission))
    wanted = _known(wanted, scope).where(*_within(scope), *_chosen(drill, scope))
    rows = session.execute(wanted.group_by(said.currency, said.status).order_by(said.currency, said.status))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def transaction_facts(session: Session, transaction_id: int) -> Mapping[str, Any] | None:
    """One transaction as its current version says; if every run that named it was undone, as its newest one said."""
    newest = (
        select(Version.id)
        .where(Version.transaction_id == transaction_id)
        .order_by(Version.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = (
        select(*_TRANSACTION_FACTS, Transaction.current_version_id)
        .select_from(Transaction)
        .join(Version, Version.id == func.coalesce(Transaction.current_version_id, newest))
        .outerjoin(Placement, Placement.id == Version.placement_id)
        .outerjoin(Link, Link.id == Placement.link_id)
        .outerjoin(Article, Article.id == Placement.article_id)
        .outerjoin(Programme, Programme.id == Version.programme_id)
        .where(Transaction.id == transaction_id)
    )
    row = session.execute(_with_names(wanted)).mappings().first()
    return dict(row) if row else None


def _with_names(wanted: AnySelect) -> AnySelect:
    return (
        wanted.join(PublisherAccount, PublisherAccount.id == Transaction.account_id)
        .join(Advertiser, Advertiser.id == Programme.advertiser_id)
        .outerjoin(Site, Site.id == Link.site_id)
    )


def versions(session: Session, transaction_id: int) -> Sequence[tuple[Version, ImportRun]]:
    """Every version with its run, undone ones included, in the order in which they were learnt."""
    wanted = select(Version, ImportRun).join(ImportRun, ImportRun.id == Version.import_run_id)
    rows = session.execute(wanted.where(Version.transaction_id == transaction_id).order_by(Version.number))
    return [(row[0], row[1]) for row in rows]
