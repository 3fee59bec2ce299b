"""What the evidence asks the store."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.orm import Session

from affiliate.disclosure.evidence.records import RuleException
from affiliate.disclosure.state import NOT_NEEDED
from affiliate.store.tables import (
    Article,
    ArticleDisclosure,
    ArticleVerdict,
    EvidenceFile,
    EvidenceStamp,
    Job,
    PageCheck,
    RuleChange,
)

_CHAIN_LOCK = 0x6469_7363_6C6F_7365  # of this database: any number that nobody else locks
_AT_ONCE = 200  # rows, of up to some hundred kB each


def lock_chain(session: Session) -> None:
    """Waits until nobody else appends, until the transaction ends. SQLite's transactions write one at a time as it is."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})


def head(session: Session) -> PageCheck | None:
    """The newest record."""
    return session.scalar(select(PageCheck).order_by(PageCheck.number.desc()).limit(1))


def newest_check(session: Session, article_id: int, *, origin: str) -> PageCheck | None:
    wanted = select(PageCheck).where(PageCheck.article_id == article_id, PageCheck.origin == origin)
    return session.scalar(wanted.order_by(PageCheck.number.desc()).limit(1))


def chain(session: Session) -> Iterator[PageCheck]:
    """Every record in the order of numbers, a few at a time; none of them stays in the session."""
    wanted = select(PageCheck).order_by(PageCheck.number, PageCheck.id).execution_options(yield_per=_AT_ONCE)
    for check in session.scalars(wanted):
        yield check
        session.expunge(check)


def files(session: Session) -> Iterator[EvidenceFile]:
    """Every file with its content, a few at a time."""
    wanted = select(EvidenceFile).order_by(EvidenceFile.sha256)
    last = ""
    while found := session.scalars(wanted.where(EvidenceFile.sha256 > last).limit(20)).all():
        for file in found:
            yield file
            last = file.sha256
        session.expunge_all()


def stamps(session: Session) -> Sequence[EvidenceStamp]:
    """Every time stamp, the oldest first."""
    return session.scalars(select(EvidenceStamp).order_by(EvidenceStamp.id)).all()


def shown_now(session: Session, article_id: int) -> ArticleDisclosure | None:
    """What the article shows by its register."""
    wanted = select(ArticleDisclosure).where(
        ArticleDisclosure.article_id == article_id, ArticleDisclosure.shown_until.is_(None)
    )
    return session.scalar(wanted.order_by(ArticleDisclosure.id.desc()).limit(1))


def verdicts_now(session: Session, article_id: int, variant: str) -> Sequence[tuple[ArticleVerdict, PageCheck]]:
    """The verdicts that hold, each with the check that last said so."""
    wanted = (
        select(ArticleVerdict, PageCheck)
        .join(PageCheck, PageCheck.id == ArticleVerdict.check_id)
        .where(
            ArticleVerdict.article_id == article_id,
            ArticleVerdict.variant == variant,
            ArticleVerdict.held_until.is_(None),
        )
    )
    return [(verdict, check) for verdict, check in session.execute(wanted)]


def stamp_of(session: Session, number: int, authority: str) -> EvidenceStamp | None:
    wanted = select(EvidenceStamp).where(EvidenceStamp.number == number, EvidenceStamp.authority == authority)
    return session.scalar(wanted.order_by(EvidenceStamp.id).limit(1))


def verdicts_and_checks(session: Session) -> Iterator[tuple[ArticleVerdict, PageCheck]]:
    """Every verdict of an article, also those that hold no more, with the check that last said so."""
    wanted = (
        select(ArticleVerdict, PageCheck)
        .join(PageCheck, PageCheck.id == ArticleVerdict.check_id)
        .order_by(ArticleVerdict.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    yield from session.execute(wanted)


def exceptions_in_force(session: Session, site_id: int, article_id: int, *, now: datetime) -> tuple[RuleException, ...]:
    """The rules that are taken differently on a site or for an article, the article's own after the site's."""
    wanted = select(RuleChange).where(
        RuleChange.site_id == site_id,
        or_(RuleChange.article_id.is_(None), RuleChange.article_id == article_id),
        RuleChange.made_at <= now,
        or_(RuleChange.ends_at.is_(None), RuleChange.ends_at > now),
        RuleChange.ended_at.is_(None),
    )
    return tuple(
        RuleException(each.rule, each.severity, each.reason, each.made_by, each.made_at, each.ends_at)
        for each in session.scalars(wanted.order_by(RuleChange.article_id.is_not(None), RuleChange.id))
    )


def due_articles(session: Session, *, site_id: int | None, most: int | None, has_url: bool = True) -> list[int]:
    """The monetised articles, those that fail first, then those that were checked longest ago or never."""
    last = select(func.max(PageCheck.number)).where(PageCheck.article_id == Article.id, PageCheck.origin == "live")
    failing = exists().where(
        ArticleVerdict.article_id == Article.id, ArticleVerdict.held_until.is_(None), ArticleVerdict.verdict == "FAIL"
    )
    paid = exists().where(
        ArticleDisclosure.article_id == Article.id,
        ArticleDisclosure.shown_until.is_(None),
        ArticleDisclosure.state != NOT_NEEDED,
    )
    wanted = (
        select(Article.id)
        .where(or_(paid, failing))
        .order_by(failing.desc(), func.coalesce(last.scalar_subquery(), 0), Article.id)
    )
    if has_url:
        wanted = wanted.where(Article.url.is_not(None))
    if site_id is not None:
        wanted = wanted.where(Article.site_id == site_id)
    return list(session.scalars(wanted.limit(most) if most is not None else wanted))


def checked_on(session: Session, occasion: str) -> set[int]:
    """The articles that were ever checked on this occasion."""
    wanted = select(PageCheck.article_id).where(PageCheck.occasion == occasion, PageCheck.article_id.is_not(None))
    return {article_id for article_id in session.scalars(wanted.distinct()) if article_id is not None}


def was_queued(session: Session, name: str, *, since: datetime) -> bool:
    wanted = select(Job.id).where(Job.name == name, Job.not_before >= since).limit(1)
    return session.scalar(wanted) is not None


def span(
    session: Session,
    *,
    site_id: int | None = None,
    article_id: int | None = None,
    first: datetime | None = None,
    until: datetime | None = None,
) -> tuple[int, int] | None:
    """The first and the last number among the records that were checked from `first` until `until` (exclusive) and are of this
    site and article; None if there are none."""
    wanted = select(func.min(PageCheck.number), func.max(PageCheck.number))
    if site_id is not None:
        wanted = wanted.where(PageCheck.site_id == site_id)
    if article_id is not None:
        wanted = wanted.where(PageCheck.article_id == article_id)
    if first is not None:
        wanted = wanted.where(PageCheck.checked_at >= first)
    if until is not None:
        wanted = wanted.where(PageCheck.checked_at < until)
    ends = session.execute(wanted).one()
    return None if None in ends else (ends[0], ends[1])


def chain_between(session: Session, lowest: int, highest: int) -> Iterator[PageCheck]:
    """The records with these numbers (inclusive) in their order, a few at a time; none of them stays in the session."""
    wanted = select(PageCheck).where(PageCheck.number >= lowest, PageCheck.number <= highest)
    for check in session.scalars(wanted.order_by(PageCheck.number).execution_options(yield_per=_AT_ONCE)):
        yield check
        session.expunge(check)


def file(session: Session, sha256: str) -> EvidenceFile | None:
    return session.get(EvidenceFile, sha256)


def article_named(session: Session, named: str, *, site_id: int | None = None) -> int | None:
    """The article of this address, id in its CMS, or number here, in this order."""
    wanted = select(Article.id).order_by(Article.id).limit(1)
    if site_id is not None:
        wanted = wanted.where(Article.site_id == site_id)
    found = session.scalar(wanted.where(or_(Article.url == named, Article.ref == named)))
    if found is None and named.isascii() and named.isdecimal() and len(named) < 10:
        found = session.scalar(wanted.where(Article.id == int(named)))
    return found
