"""How the nodes stand, for admins."""

from flask import flash, render_template, request, url_for
from werkzeug.wrappers import Response

from affiliate.commissions.health import look
from affiliate.errors import NotFound
from affiliate.nodes.queries import forget_node
from affiliate.nodes.report import overview
from affiliate.web.access import Pages
from affiliate.web.forms import go
from affiliate.web.services import services

pages = Pages("status", __name__, url_prefix="/settings/status")


@pages.get("")
def show() -> str:
    given = services()
    with given.store.reading() as session:
        found = overview(session, now=given.clock())
        connectors = look(session, now=given.clock(), has_credentials=given.has_credentials)
    return render_template("settings/status.html", found=found, connectors=connectors)


@pages.post("/forget")
def send_forget() -> Response:
    name = request.form.get("name", "")
    with services().store.transaction() as session:
        if not forget_node(session, name):
            raise NotFound("node", name, "It may have been forgotten already.")
    flash(f"{name} is forgotten. If it still works, it is back within half a minute.", "good")
    return go(url_for("status.show"))
