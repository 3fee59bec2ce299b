"""How the connectors to the networks stand, for finance and admins."""

from flask import render_template

from affiliate.commissions.health import look
from affiliate.web.access import Pages
from affiliate.web.accounts import FINANCE
from affiliate.web.services import services

pages = Pages(
    "connectors", __name__, roles=(FINANCE,), menu=("Connectors", "connectors.show"), url_prefix="/connectors"
)


@pages.get("")
def show() -> str:
    given = services()
    with given.store.reading() as session:
        found = look(session, now=given.clock(), has_credentials=given.has_credentials)
    return render_template("connectors/list.html", found=found)
