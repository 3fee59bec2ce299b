"""The rules of disclosure in plain words with their sources; which profiles a site is checked against."""

from flask import render_template

from affiliate.disclosure.rules import pack, profile_names
from affiliate.web.access import Pages
from affiliate.web.accounts import EDITOR, FINANCE

pages = Pages(
    "disclosure",
    __name__,
    roles=(EDITOR, FINANCE),
    menu=("Disclosure", "disclosure.show_rules"),
    url_prefix="/disclosure",
)


@pages.get("/rules")
def show_rules() -> str:
    return render_template("disclosure/rules.html", packs=[pack(name) for name in profile_names()])
