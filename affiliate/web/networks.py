"""What works with which network, for editors and admins."""

from flask import render_template

from affiliate.networks.coverage import PARTS, cells, covered
from affiliate.web.access import Pages
from affiliate.web.accounts import EDITOR

pages = Pages("networks", __name__, roles=(EDITOR,), url_prefix="/networks")


@pages.get("")
def show() -> str:
    rows = [(known, cells(known)) for known in covered()]
    return render_template("networks/list.html", rows=rows, parts=PARTS.values())
