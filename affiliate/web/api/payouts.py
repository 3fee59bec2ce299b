"""What the networks paid or will pay."""

from typing import Any

from affiliate.reports.payouts import list_payouts, payout_detail
from affiliate.web.access import scoped
from affiliate.web.api.door import SECURITY, blueprint
from affiliate.web.api.models import Page, PayoutDetailOut, PayoutListOut, PayoutQuery
from affiliate.web.services import services
from affiliate.web.site_choice import oldest_site

api = blueprint("payouts", "Payouts")


@api.get("/payouts")
@api.input(PayoutQuery, location="query", arg_name="query")
@api.output(PayoutListOut)
@api.doc(security=SECURITY)
@scoped("transactions:read")
def payouts(query: PayoutQuery) -> dict[str, Any]:
    """List payouts

    As the networks last said them, the newest issued first. Days are those of the oldest site's zone.
    """
    site = oldest_site()
    with services().store.reading() as session:
        page = list_payouts(
            session,
            network=query.network,
            payment=query.payment,
            first=query.first,
            until=query.until,
            time_zone=site.time_zone if site else "UTC",
            page=query.page,
            per_page=query.per_page,
        )
    items = [row.as_json() for row in page.rows]
    return {"items": items, "total": page.total, "page": page.page, "per_page": page.per_page}


@api.get("/payouts/<int:payout_id>")
@api.input(Page, location="query", arg_name="query")
@api.output(PayoutDetailOut)
@api.doc(security=SECURITY)
@scoped("transactions:read")
def payout(payout_id: int, query: Page) -> dict[str, Any]:
    """Show a payout

    With the row as it came and a page of the transactions that name it.
    """
    with services().store.reading() as session:
        return payout_detail(session, payout_id, page=query.page, per_page=query.per_page).as_json()
