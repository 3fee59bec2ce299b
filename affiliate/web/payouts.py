"""What the networks paid or will pay, and the way from each payout to the network's own rows."""

from flask import render_template, request

from affiliate.clock import parse_day
from affiliate.errors import AffiliateError
from affiliate.reports.payouts import list_payouts, payout_detail
from affiliate.reports.payouts.listing import LARGEST_ID, STATES
from affiliate.web.access import Pages
from affiliate.web.accounts import FINANCE
from affiliate.web.articles import page_number, page_url
from affiliate.web.forms import Form
from affiliate.web.services import services
from affiliate.web.site_choice import shown_zone

pages = Pages("payouts", __name__, roles=(FINANCE,), menu=("Payouts", "payouts.show_list"), url_prefix="/payouts")


@pages.get("")
def show_list() -> str | tuple[str, int]:
    form = Form(request.args)
    try:
        with services().store.reading() as session:
            page = list_payouts(
                session,
                network=form.text("network") or None,
                payment=form.text("payment") or None,
                first=parse_day(form.text("from")) if form.text("from") else None,
                until=parse_day(form.text("to")) if form.text("to") else None,
                time_zone=shown_zone(),
                page=page_number(form.value("page")),
            )
    except AffiliateError as problem:
        form.refuse(problem)
        return render_template("reports/refused.html", form=form, endpoint="payouts.show_list"), form.status
    asked = any(form.text(name) for name in ("network", "payment", "from", "to"))
    return render_template("payouts/list.html", form=form, page=page, states=STATES, asked=asked, page_url=page_url)


@pages.get(f"/<int(max={LARGEST_ID}):payout_id>")
def show(payout_id: int) -> str:
    with services().store.reading() as session:
        detail = payout_detail(session, payout_id, page=page_number(request.args.get("page", "")))
    return render_template("payouts/payout.html", detail=detail, row=detail.payout, page_url=page_url)
