"""How the connectors to the networks stand, for finance and admins."""

from flask import flash, render_template, url_for
from werkzeug.wrappers import Response

from affiliate.commissions.asked import ask_now
from affiliate.commissions.health import look
from affiliate.errors import InvalidInput
from affiliate.links.setup import show_account
from affiliate.web.access import Pages
from affiliate.web.accounts import FINANCE
from affiliate.web.forms import go
from affiliate.web.services import services

pages = Pages("connectors", __name__, roles=(FINANCE,), menu=("Imports", "connectors.show"), url_prefix="/connectors")


@pages.get("")
def show() -> str:
    given = services()
    with given.store.reading() as session:
        found = look(session, now=given.clock(), has_credentials=given.has_credentials)
    return render_template("connectors/list.html", found=found)


@pages.post("/<int:account_id>/pull")
def send_pull(account_id: int) -> Response:
    given = services()
    with given.store.reading() as session:
        account = show_account(session, account_id)
    if not given.has_credentials(account.network, account.publisher_ref):
        raise InvalidInput("There is no file of credentials for this account; docs/pulling.md says what stands in it.")
    with given.store.transaction() as session:
        ask_now(session, account_id, now=given.clock())
    flash(f"{account.network_name} is being asked; what it tells is here within a minute or two.", "good")
    return go(url_for("connectors.show"))
