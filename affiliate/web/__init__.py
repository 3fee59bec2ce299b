"""The web: pages for editors, finance and admins, and the JSON API. The only room that knows Flask.

How to add pages:

1. A module with a blueprint that says who may open it; everything else is refused (`access.py`):

       pages = Pages("reports", __name__, roles=(FINANCE,), menu=("Reports", "reports.overview"), url_prefix="/reports")

   An admin may open all. `menu` is the entry of the main navigation, shown to those who may open it. `everybody=True`
   opens pages without log-in. Views for scripts stand in an `Api` blueprint, each with `@scoped("reports:read")` directly
   above the function (below APIFlask's decorators); `access.token()` is the token. Add the blueprint to `BLUEPRINTS` in
   `application.py`; its place there is its place in the navigation.

2. A view parses, calls one use case, chooses the status, renders. `services()` gives store, clock and what else there
   is; `chosen_site()` the site that the address names or the person works on (None: all). A refusal that reaches the
   edge becomes a page or JSON with the status of the table in `refusals.py`. A form keeps what was typed and shows
   refusals beside the fields:

       form = Form(request.form)
       try:
           with services().store.transaction() as session: ...
       except AffiliateError as problem:
           form.refuse(problem)
           return render_template("…", form=form), form.status
       flash("Saved.", "good")
       return go(url_for("…"))

   After a change of links: `services().publish([link_id])`, outside the transaction.

3. A template that extends `base.html` (blocks `title`, `heading`, `actions`, `content`) and uses the macros:
   `macros/forms.html`: `field(form, "name", "Label", help="…", type="text")`, `area`, `choice`, `checks`, `csrf()`,
   `submit("Save")`, `problem(form)`; in a filter `kept_site()`, for the header alone chooses the site.
   `macros/tables.html`: `{% call table("Caption") %}<thead>…{% endcall %}` scrolls inside its own box (class `cards`
   makes cards of rows on a phone; give each `td` a `data-label`), `pages_of(…)`, `status("live")`, `copy(text,
   "path")`, `empty("…")`. Numbers in cells of class `number`. Filters: `number`, `percent`, `money("GBP")`,
   `day(zone)`, `moment(zone)`; `zone` is in every template.
   No inline style or script: the content security policy refuses them. A chart is inline SVG with classes and
   presentation attributes, or an `<img>` with a data: address.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from affiliate.web.application import create_app
    from affiliate.web.services import Services

__all__ = ["Services", "create_app"]

_HOMES = {"Services": "services", "create_app": "application"}


def __getattr__(name: str) -> Any:
    """Loads Flask and the pages for whoever asks for them, and not for a command that needs the accounts alone."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
