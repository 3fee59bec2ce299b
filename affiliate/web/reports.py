"""What was earned: the commission report with its picture, and the way from every figure to the network's own row."""

from collections.abc import Callable
from datetime import datetime

from flask import Response, abort, render_template, request, url_for
from sqlalchemy.orm import Session

from affiliate.errors import AffiliateError
from affiliate.networks.words import PAYMENTS
from affiliate.reports.commissions import ARTICLE, DATE_BASES, DIMENSIONS, CommissionsReport, commissions_report
from affiliate.reports.dimensions import names_of
from affiliate.reports.export import csv_text, json_text
from affiliate.reports.payouts import find_payout
from affiliate.reports.scope import FAILING, NO_ARTICLE, PASSING, UNCHECKED, WARNING
from affiliate.reports.timeline import timeline
from affiliate.reports.transactions import (
    ASKED_STATUSES,
    PER_PAGE,
    VersionView,
    list_transactions,
    transaction_detail,
)
from affiliate.web.access import Pages
from affiliate.web.accounts import FINANCE
from affiliate.web.articles import page_number, page_url
from affiliate.web.forms import Form
from affiliate.web.period import Period, asked_period
from affiliate.web.services import services

pages = Pages("reports", __name__, roles=(FINANCE,), menu=("Reports", "reports.show_commissions"))

# what pages of a group do, after "pages that"; and the group of what no page earned
PAGES_THAT = {
    FAILING: "fail",
    WARNING: "pass with warnings",
    PASSING: "pass",
    UNCHECKED: "were not checked",
    NO_ARTICLE: "are no article",
}

_LARGEST_ID = 2**63 - 1
_COMPARED = (
    "status",
    "raw_status",
    "payment",
    "raw_payment",
    "commission",
    "currency",
    "sale_amount",
    "sale_currency",
    "transaction_at",
    "validated_at",
    "payout_ref",
    "reason",
    "attribution",
    "sub_id",
)


@pages.get("/reports/commissions")
def show_commissions() -> str | tuple[str, int]:
    form, now = Form(request.args), services().clock()
    try:
        period = asked_period(form, now)
        with services().store.reading() as session:
            groups = period.by == ARTICLE and not (
                period.disclosure or period.payment
            )  # else the page does not show them
            report = commissions_report(session, **period.arguments(session), by=period.by, groups=groups, now=now)
            days = timeline(session, **period.arguments(session))
    except AffiliateError as problem:
        form.refuse(problem)
        return render_template("reports/refused.html", form=form, endpoint="reports.show_commissions"), form.status
    return render_template(
        "reports/commissions.html",
        form=form,
        period=period,
        presets=period.presets(now),
        report=report,
        timeline=days,
        cuts=DIMENSIONS,
        bases=DATE_BASES,
        payments=PAYMENTS,
        behind=_behind(period),
        pages_that=PAGES_THAT,
        pages_of_group=lambda group: url_for(
            "reports.show_commissions", **period.query(by="article", disclosure=group)
        ),
    )


def _behind(period: Period) -> Callable[..., str]:
    """Gives the address of the transactions behind a figure; `by` None: of those of all values."""

    def address(**asked: str | None) -> str:
        return url_for("reports.show_transactions", **period.query(**asked))

    return address


@pages.get("/reports/commissions.<any(csv, json):form>")
def download_commissions(form: str) -> Response:
    report, period = _asked_report(groups=form != "csv")
    name = f"commissions-by-{period.by}-{period.first}-{period.until}.{form}"
    text, kind = (csv_text(report), "text/csv") if form == "csv" else (json_text(report), "application/json")
    return Response(text, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _asked_report(*, groups: bool) -> tuple[CommissionsReport, Period]:
    now = services().clock()
    period = asked_period(Form(request.args), now)
    with services().store.reading() as session:
        return commissions_report(session, **period.arguments(session), by=period.by, groups=groups, now=now), period


@pages.get("/reports/commissions/<what>.svg")
def picture(what: str) -> Response:
    """Clicks, or the commission of one currency, day by day."""
    from affiliate.web.picture import PICTURE_POLICY, clicks_picture, commission_picture  # pygal: no page needs it

    period = asked_period(Form(request.args), services().clock())
    with services().store.reading() as session:
        days = timeline(session, **period.arguments(session))
    if what != "clicks" and what not in days.currencies:
        abort(404)
    drawn = clicks_picture(days) if what == "clicks" else commission_picture(days, what)
    return Response(drawn, mimetype="image/svg+xml", headers={"Content-Security-Policy": PICTURE_POLICY})


@pages.get("/transactions")
def show_transactions() -> str | tuple[str, int]:
    form, now = Form(request.args), services().clock()
    cut = form.text("by") or None
    try:
        period = asked_period(form, now)
        with services().store.reading() as session:
            page = list_transactions(
                session,
                **period.arguments(session),
                by=cut,
                key=request.args.get("key") or None,
                status=form.text("status") or None,
                currency=form.text("currency") or None,
                page=page_number(form.value("page")),
            )
            value = _name_of(session, cut, request.args.get("key"))
    except AffiliateError as problem:
        form.refuse(problem)
        return render_template("reports/refused.html", form=form, endpoint="reports.show_commissions"), form.status
    return render_template(
        "reports/transactions.html",
        form=form,
        period=period,
        page=page,
        per_page=PER_PAGE,
        cut=cut,
        value=value,
        statuses=ASKED_STATUSES,
        payments=PAYMENTS,
        bases=DATE_BASES,
        pages_that=PAGES_THAT,
        without_cut=url_for(
            "reports.show_transactions",
            **period.query(by=None, status=form.text("status") or None, currency=form.text("currency") or None),
        ),
        page_url=page_url,
    )


def _name_of(session: Session, cut: str | None, key: str | None) -> str:
    if cut is None or not key:
        return ""
    labels = names_of(session, cut, [key]).get(key, {})
    return labels.get("title") or labels.get("name") or labels.get(cut) or key


@pages.get(f"/transactions/<int(max={_LARGEST_ID}):transaction_id>")
def show_transaction(transaction_id: int) -> str:
    with services().store.reading() as session:
        detail = transaction_detail(session, transaction_id)
        row = detail.transaction
        payout_id = find_payout(session, row.network, row.account, row.payout_ref) if row.payout_ref else None
    versions = detail.versions
    changes = [_differences(before, after) for before, after in zip((None, *versions), versions, strict=False)]
    return render_template(
        "reports/transaction.html",
        row=row,
        payout_id=payout_id,
        counts=detail.counts,
        versions=list(zip(versions, changes, strict=True))[::-1],
    )


def _differences(before: VersionView | None, after: VersionView) -> list[tuple[str, object, object]]:
    """(what, before, after) of everything in which a version differs from the one that we learnt before it."""
    if before is None:
        return []
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _COMPARED)
    return [(name.replace("_", " "), _plain(old), _plain(new)) for name, old, new in pairs if old != new]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return "nothing" if value is None else value
