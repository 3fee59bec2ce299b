"""Small ledgers that reports are checked against."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.reports.commissions import CommissionsReport, commissions_report
from affiliate.store.tables import ArticleDisclosure, Placement

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


def october(session: Session, by: str = "article", *, now: datetime, **parts: Any) -> CommissionsReport:
    """The report of October 2026 in London."""
    first, until = OCTOBER
    return commissions_report(
        session, **{"first": first, "until": until, "by": by, "time_zone": "Europe/London", "now": now, **parts}
    )
