"""Checks of disclosure that a script asks for, such as a CMS after a deploy."""

from affiliate.disclosure.evidence.records import TEMPLATE
from affiliate.disclosure.occasions import queue_live
from affiliate.links.sites import find_site
from affiliate.web.access import scoped
from affiliate.web.api.door import SECURITY, blueprint
from affiliate.web.api.models import RecheckIn, RecheckOut
from affiliate.web.services import services

api = blueprint("disclosure", "Disclosure")


@api.post("/disclosure/recheck")
@api.input(RecheckIn, arg_name="body")
@api.output(RecheckOut, status_code=202)
@api.doc(security=SECURITY)
@scoped("articles:write")
def recheck(body: RecheckIn) -> dict[str, int]:
    """Have pages checked after a change of the template

    Monetised pages are asked for as readers get them, a page a second, those that fail first. What is found stands in the
    register.
    """
    now = services().clock()
    with services().store.transaction() as session:
        site_id = find_site(session, body.site).id if body.site else None
        return {"queued": queue_live(session, TEMPLATE, site_id=site_id, most=body.pages, now=now)}
