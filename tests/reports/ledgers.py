"""Small ledgers that reports are checked against."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.reports.commissions import CommissionsReport, commissions_report
from affiliate.store.tables import Article, ArticleDisclosure, ArticleVerdict, PageCheck, Placement

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))


def disclosed(
    session: Session, placement: Placement, state: str, shown_from: datetime, shown_until: datetime | None = None
) -> None:
    present = state == "present"
    session.add(
        ArticleDisclosure(
            article_id=placement.article_id or 0,
            state=state,
            jurisdiction="uk",
            label="Ad" if present else None,
            sentence="We earn commission." if present else None,
            text_version="uk-1" if present else None,
            paid_links=1,
            html_sha256="0" * 64,
            shown_from=shown_from,
            shown_until=shown_until,
        )
    )
    session.flush()


def checked(session: Session, placement: Placement, at: datetime, variant: str = "web", **verdicts: str) -> PageCheck:
    """Writes a check of the article down, and what holds of it from then on (or still does), as a check does it."""
    article = session.get_one(Article, placement.article_id)
    number = session.query(PageCheck).count() + 1
    check = PageCheck(
        number=number,
        site_id=article.site_id,
        article_id=article.id,
        url=article.url,
        variant=variant,
        origin="stored",
        mode="static",
        occasion="publish",
        checked_at=at,
        verdicts=verdicts,
        worst="",
        html_sha256="",
        record="{}",
        previous_hash="",
        hash=f"{number:064}",
    )
    session.add(check)
    session.flush()
    for profile, verdict in verdicts.items():
        held = session.query(ArticleVerdict).filter_by(
            article_id=article.id, variant=variant, profile=profile, held_until=None
        )
        known = held.one_or_none()
        if known is not None and known.verdict == verdict:
            known.check_id, known.checked_at = check.id, at
            continue
        if known is not None:
            known.held_until = at
        session.add(
            ArticleVerdict(
                article_id=article.id,
                variant=variant,
                profile=profile,
                verdict=verdict,
                check_id=check.id,
                checked_at=at,
                held_from=at,
            )
        )
    session.flush()
    return check


def october(session: Session, by: str = "article", *, now: datetime, **parts: Any) -> CommissionsReport:
    """The report of October 2026 in London."""
    first, until = OCTOBER
    return commissions_report(
        session, **{"first": first, "until": until, "by": by, "time_zone": "Europe/London", "now": now, **parts}
    )
