"""The register of disclosure: every monetised page, what it shows since when, what its checks said, and its exceptions.

A page is monetised when it holds paid links by its last rewriting, or when a check of it found something to say.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session

from affiliate.disclosure.evidence.chain import hash_of
from affiliate.disclosure.findings import FAIL, PASS, WARN
from affiliate.disclosure.state import NOT_NEEDED
from affiliate.errors import NotFound
from affiliate.store.tables import Article, ArticleDisclosure, ArticleVerdict, PageCheck, RuleChange, Site

UNCHECKED = "UNCHECKED"  # no check holds: a filter beside the three verdicts
SORTS = ("worst", "title", "checked", "shown")

_WEIGHT = {PASS: 0, UNCHECKED: 1, WARN: 2, FAIL: 3}  # the order of "worst first"
_CHECKS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class RegisterFilter:
    """Words found in title or address (all of them), a site, a verdict (or UNCHECKED) by any profile or by `profile`; `sort`
    is one of SORTS; pages count from 1."""

    text: str = ""
    site_id: int | None = None
    verdict: str | None = None
    profile: str | None = None
    sort: str = "worst"
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A monetised page. `verdicts` are those that hold, by profile; `checked_at` and `check` (a record's number) are of its
    last check, None without one; `exceptions` counts what is in force for this article alone."""

    article_id: int
    title: str
    url: str | None
    site: str
    kind: str
    state: str
    label: str | None
    sentence: str | None
    text_version: str | None
    paid_links: int
    shown_from: datetime | None
    verdicts: Mapping[str, str]
    worst: str
    checked_at: datetime | None
    check: int | None
    exceptions: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many monetised pages there are, by the worst verdict that holds of each."""

    pages: int
    failing: int
    warning: int
    passing: int
    unchecked: int


@dataclass(frozen=True, slots=True)
class HeldVerdict:
    """From `held_from` until `held_until` (exclusive; None: still)."""

    variant: str
    profile: str
    verdict: str
    held_from: datetime
    held_until: datetime | None
    check: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check in a list."""

    number: int
    checked_at: datetime
    occasion: str
    origin: str
    mode: str
    worst: str
    verdicts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RuleException:
    """A rule taken more or less seriously than its pack says, on a site or for one article."""

    rule: str
    severity: str
    reason: str
    made_by: str
    made_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    article_id: int | None


@dataclass(frozen=True, slots=True)
class ArticleHistory:
    """All that is known of one page, the newest first."""

    row: RegisterRow
    verdicts: Sequence[HeldVerdict]
    shown: Sequence[ArticleDisclosure]
    checks: Sequence[CheckRow]
    exceptions: Sequence[RuleException]


@dataclass(frozen=True, slots=True)
class Check:
    """One record; `record` is what it says, {} if it is not as it was written: then nothing of it is to be believed."""

    row: PageCheck
    record: Mapping[str, Any]
    is_itself: bool


def list_register(session: Session, wanted: RegisterFilter, *, now: datetime) -> tuple[list[RegisterRow], int]:
    """A page of the register, and how many rows there are in all."""
    held = _worst(wanted.profile)
    query = _monetised(held).where(*_conditions(wanted, held))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(*_order(wanted.sort, held), Article.id)
    found = session.execute(ordered.limit(wanted.per_page).offset((wanted.page - 1) * wanted.per_page)).all()
    return _rows(session, [(each[0], each[1], each[2]) for each in found], now=now), total


def count_register(session: Session, *, site_id: int | None = None) -> Counts:
    held = _worst(None)
    found = _monetised(held)
    if site_id is not None:
        found = found.where(Article.site_id == site_id)
    weights = found.with_only_columns(func.coalesce(held.c.weight, _WEIGHT[UNCHECKED]).label("weight")).subquery()
    by_weight: dict[int, int] = dict(
        session.execute(select(weights.c.weight, func.count()).group_by(weights.c.weight)).all()
    )
    failing, warning, unchecked, passing = (by_weight.get(_WEIGHT[one], 0) for one in (FAIL, WARN, UNCHECKED, PASS))
    return Counts(failing + warning + unchecked + passing, failing, warning, passing, unchecked)


def profiles_in_register(session: Session) -> list[str]:
    """The profiles by which a verdict holds anywhere."""
    held = select(ArticleVerdict.profile).where(ArticleVerdict.held_until.is_(None)).distinct()
    return sorted(session.scalars(held))


def show_history(session: Session, article_id: int, *, now: datetime) -> ArticleHistory:
    """NotFound for an article that is not there; one without paid links has a history too."""
    found = session.execute(
        select(Article, Site, ArticleDisclosure)
        .join(Site, Site.id == Article.site_id)
        .outerjoin(ArticleDisclosure, _still_shown())
        .where(Article.id == article_id)
        .order_by(ArticleDisclosure.id.desc())
    ).first()
    if found is None:
        raise NotFound("article", article_id)
    article, site, shown = found
    checks = session.scalars(
        select(PageCheck)
        .where(PageCheck.article_id == article_id)
        .order_by(PageCheck.number.desc())
        .limit(_CHECKS_SHOWN)
    )
    return ArticleHistory(
        _rows(session, [(article, site.name, shown)], now=now)[0],
        _verdicts_of(session, article_id),
        session.scalars(
            select(ArticleDisclosure)
            .where(ArticleDisclosure.article_id == article_id)
            .order_by(ArticleDisclosure.id.desc())
        ).all(),
        [_check_row(check) for check in checks],
        exceptions_of(session, site_id=article.site_id, article_id=article_id),
    )


def show_check(session: Session, number: int) -> Check:
    check = session.scalar(select(PageCheck).where(PageCheck.number == number))
    if check is None:
        raise NotFound("check", number)
    is_itself = hash_of(check.previous_hash, check.record) == check.hash
    return Check(check, json.loads(check.record) if is_itself else {}, is_itself)


def newest_checks(session: Session, *, site_id: int | None = None, most: int = 10) -> list[CheckRow]:
    wanted = select(PageCheck).order_by(PageCheck.number.desc()).limit(most)
    if site_id is not None:
        wanted = wanted.where(PageCheck.site_id == site_id)
    return [_check_row(check) for check in session.scalars(wanted)]


def exceptions_of(
    session: Session, *, site_id: int | None = None, article_id: int | None = None
) -> list[RuleException]:
    """What was ever taken differently, the newest first: on a site and, with `article_id`, for this article and no other."""
    wanted = select(RuleChange).order_by(RuleChange.id.desc())
    if site_id is not None:
        wanted = wanted.where(RuleChange.site_id == site_id)
    if article_id is not None:
        wanted = wanted.where(or_(RuleChange.article_id.is_(None), RuleChange.article_id == article_id))
    return [
        RuleException(
            each.rule,
            each.severity,
            each.reason,
            each.made_by,
            each.made_at,
            each.ends_at,
            each.ended_at,
            each.article_id,
        )
        for each in session.scalars(wanted)
    ]


def _worst(profile: str | None) -> Subquery:
    """The weight of the worst verdict that holds, by article."""
    weight = case(
        *[(ArticleVerdict.verdict == verdict, _WEIGHT[verdict]) for verdict in (FAIL, WARN)], else_=_WEIGHT[PASS]
    )
    held = (
        select(
            ArticleVerdict.article_id,
            func.max(weight).label("weight"),
            func.max(ArticleVerdict.checked_at).label("checked_at"),
        )
        .where(ArticleVerdict.held_until.is_(None))
        .group_by(ArticleVerdict.article_id)
    )
    if profile:
        held = held.where(ArticleVerdict.profile == profile)
    return held.subquery()


def _still_shown() -> ColumnElement[bool]:
    return and_(ArticleDisclosure.article_id == Article.id, ArticleDisclosure.shown_until.is_(None))


def _monetised(held: Subquery) -> Select[Article, str, ArticleDisclosure]:
    return (
        select(Article, Site.name, ArticleDisclosure)
        .join(Site, Site.id == Article.site_id)
        .outerjoin(ArticleDisclosure, _still_shown())
        .outerjoin(held, held.c.article_id == Article.id)
        .where(or_(ArticleDisclosure.state != NOT_NEEDED, held.c.weight > _WEIGHT[PASS]))
    )


def _conditions(wanted: RegisterFilter, held: Subquery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for word in wanted.text.split():
        sought = [func.lower(column).contains(word.lower(), autoescape=True) for column in (Article.title, Article.url)]
        conditions.append(or_(*sought))
    if wanted.site_id is not None:
        conditions.append(Article.site_id == wanted.site_id)
    if wanted.verdict == UNCHECKED:
        conditions.append(held.c.weight.is_(None))
    elif wanted.verdict:
        conditions.append(held.c.weight == _WEIGHT[wanted.verdict])
    elif wanted.profile:
        conditions.append(held.c.weight.is_not(None))
    return conditions


def _order(sort: str, held: Subquery) -> Sequence[ColumnElement[Any]]:
    if sort == "title":
        return [func.lower(Article.title)]
    if sort == "checked":
        return [held.c.checked_at.is_not(None), held.c.checked_at]
    if sort == "shown":
        return [ArticleDisclosure.shown_from.is_(None), ArticleDisclosure.shown_from.desc()]
    return [func.coalesce(held.c.weight, _WEIGHT[UNCHECKED]).desc(), ArticleDisclosure.shown_from.desc()]


def _rows(
    session: Session, found: Sequence[tuple[Article, str, ArticleDisclosure | None]], *, now: datetime
) -> list[RegisterRow]:
    ids = [article.id for article, _, _ in found]
    verdicts: dict[int, dict[str, str]] = {}
    held = select(ArticleVerdict).where(ArticleVerdict.article_id.in_(ids), ArticleVerdict.held_until.is_(None))
    for each in session.scalars(held.order_by(ArticleVerdict.profile)):
        known = verdicts.setdefault(each.article_id, {})
        known[each.profile] = max(known.get(each.profile, PASS), each.verdict, key=_WEIGHT.__getitem__)
    last = _last_checks(session, ids)
    exceptions = _exceptions_in_force(session, ids, now)
    rows = []
    for article, site, shown in found:
        said = verdicts.get(article.id, {})
        number, checked_at = last.get(article.id, (None, None))
        rows.append(
            RegisterRow(
                article_id=article.id,
                title=article.title or article.url or article.ref,
                url=article.url,
                site=site,
                kind=article.kind,
                state=shown.state if shown else "",
                label=shown.label if shown else None,
                sentence=shown.sentence if shown else None,
                text_version=shown.text_version if shown else None,
                paid_links=shown.paid_links if shown else 0,
                shown_from=shown.shown_from if shown else None,
                verdicts=said,
                worst=max(said.values(), key=_WEIGHT.__getitem__, default=UNCHECKED),
                checked_at=checked_at,
                check=number,
                exceptions=exceptions.get(article.id, 0),
            )
        )
    return rows


def _last_checks(session: Session, article_ids: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    newest = (
        select(func.max(PageCheck.number)).where(PageCheck.article_id.in_(article_ids)).group_by(PageCheck.article_id)
    )
    wanted = select(PageCheck.article_id, PageCheck.number, PageCheck.checked_at).where(PageCheck.number.in_(newest))
    return {row[0]: (row[1], row[2]) for row in session.execute(wanted) if row[0] is not None}


def _exceptions_in_force(session: Session, article_ids: Sequence[int], now: datetime) -> dict[int, int]:
    wanted = (
        select(RuleChange.article_id, func.count())
        .where(
            RuleChange.article_id.in_(article_ids),
            RuleChange.ended_at.is_(None),
            or_(RuleChange.ends_at.is_(None), RuleChange.ends_at > now),
        )
        .group_by(RuleChange.article_id)
    )
    return {article_id: count for article_id, count in session.execute(wanted) if article_id is not None}


def _verdicts_of(session: Session, article_id: int) -> list[HeldVerdict]:
    wanted = (
        select(ArticleVerdict, PageCheck.number)
        .join(PageCheck, PageCheck.id == ArticleVerdict.check_id)
        .where(ArticleVerdict.article_id == article_id)
        .order_by(ArticleVerdict.held_until.is_not(None), ArticleVerdict.held_from.desc(), ArticleVerdict.profile)
    )
    return [
        HeldVerdict(each.variant, each.profile, each.verdict, each.held_from, each.held_until, number)
        for each, number in session.execute(wanted)
    ]


def _check_row(check: PageCheck) -> CheckRow:
    return CheckRow(
        check.number, check.checked_at, check.occasion, check.origin, check.mode, check.worst, check.verdicts
    )
