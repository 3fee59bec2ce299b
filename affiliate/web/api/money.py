"""What was clicked and earned: transactions, and the reports."""

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from affiliate.links.sites import find_site
from affiliate.reports.clicks import clicks_report
from affiliate.reports.commissions import commissions_report
from affiliate.reports.export import csv_text
from affiliate.reports.transactions import list_transactions
from affiliate.store.tables import Site
from affiliate.web.access import scoped
from affiliate.web.api.door import SECURITY, blueprint
from affiliate.web.api.models import (
    ClicksQuery,
    CommissionsOut,
    Days,
    Period,
    ReportOut,
    ReportQuery,
    TransactionListOut,
    TransactionQuery,
)
from affiliate.web.services import services
from affiliate.web.site_choice import oldest_site

api = blueprint("money", "Transactions and reports")


@api.get("/transactions")
@api.input(TransactionQuery, location="query", arg_name="query")
@api.output(TransactionListOut)
@api.doc(security=SECURITY)
@scoped("transactions:read")
def transactions(query: TransactionQuery) -> dict[str, Any]:
    """List transactions

    Those behind a row of the report with the same days, zone, date basis, moment and site; newest first.
    """
    with services().store.reading() as session:
        page = list_transactions(
            session,
            **_period(session, query),
            by=query.by,
            key=query.key,
            status=query.status,
            currency=query.currency,
            page=query.page,
            per_page=query.per_page,
        )
    items = [row.as_json() for row in page.rows]
    return {"items": items, "total": page.total, "page": page.page, "per_page": page.per_page}


@api.get("/reports/commissions")
@api.input(ReportQuery, location="query", arg_name="query")
@api.output(CommissionsOut)
@api.doc(security=SECURITY)
@scoped("reports:read")
def commissions(query: ReportQuery) -> dict[str, Any] | Response:
    """Report commissions

    Clicks, transactions and commission per value of `by` and currency. With `format=csv` the answer is a CSV.
    """
    with services().store.reading() as session:
        asked = _period(session, query)
        groups = query.format != "csv"
        report = commissions_report(session, **asked, by=query.by, groups=groups, now=services().clock())
    if query.format == "csv":
        return Response(csv_text(report), mimetype="text/csv")
    return report.as_json()


@api.get("/reports/clicks")
@api.input(ClicksQuery, location="query", arg_name="query")
@api.output(ReportOut)
@api.doc(security=SECURITY)
@scoped("reports:read")
def clicks(query: ClicksQuery) -> dict[str, Any] | Response:
    """Report clicks

    The three counts and every class per value of `by`, for every day or hour where `every` says so. With `format=csv` the
    answer is a CSV.
    """
    with services().store.reading() as session:
        report = clicks_report(
            session,
            **_days(session, query),
            by=query.by,
            every=query.every,
            click_class=query.click_class,
            within=query.within,
            key=query.key,
            now=services().clock(),
        )
    if query.format == "csv":
        return Response(csv_text(report), mimetype="text/csv")
    return report.as_json()


def _days(session: Session, query: Days) -> dict[str, Any]:
    """The arguments that all of these share."""
    site: Site | None = find_site(session, query.site) if query.site else None
    zone_of = site or oldest_site()
    time_zone = zone_of.time_zone if zone_of else "UTC"
    return {"first": query.first, "until": query.until, "site": site, "time_zone": time_zone}


def _period(session: Session, query: Period) -> dict[str, Any]:
    """The arguments that the commission report and transactions share."""
    return {
        **_days(session, query),
        "date_basis": query.date_basis,
        "as_of": query.as_of,
        "disclosure": query.disclosure,
        "payment": query.payment,
    }
