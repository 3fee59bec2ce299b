"""Links: listed, added, shown, changed."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.links import library
from affiliate.links.library import LinkView
from affiliate.links.queries import LinkFilter
from affiliate.links.sites import find_site
from affiliate.web.access import scoped
from affiliate.web.api.door import SECURITY, blueprint, site_of
from affiliate.web.api.models import AddedLinkOut, LinkChangeIn, LinkIn, LinkListOut, LinkOut, LinkQuery, SiteQuery
from affiliate.web.services import services

api = blueprint("links", "Links")


@api.get("/links")
@api.input(LinkQuery, location="query", arg_name="query")
@api.output(LinkListOut)
@api.doc(security=SECURITY)
@scoped("links:read")
def list_links(query: LinkQuery) -> dict[str, Any]:
    """Search the links

    Words are looked for in name, path, target and advertiser; newest first.
    """
    with services().store.reading() as session:
        wanted = LinkFilter(
            text=query.search,
            status=query.status,
            site_id=find_site(session, query.site).id if query.site else None,
            page=query.page,
            per_page=query.per_page,
        )
        views, total = library.list_links(session, wanted)
    items = [view.as_json() for view in views]
    return {"items": items, "total": total, "page": query.page, "per_page": query.per_page}


@api.post("/links")
@api.input(LinkIn, arg_name="body")
@api.output(AddedLinkOut, status_code=201)
@api.doc(security=SECURITY)
@scoped("links:write")
def add_link(body: LinkIn) -> tuple[dict[str, Any], int]:
    """Make a link

    Answers 201 for a new link, 200 for an address that the site links to already. `near` lists the paths of links to nearly
    the same address: each is a link of its own.
    """
    with services().store.transaction() as session:
        added = library.add_link(
            session,
            site=site_of(session, body.site),
            url=body.url,
            slug=body.slug,
            name=body.name,
            now=services().clock(),
        )
    services().publish([added.link.id])
    duplicates = [other.path for other in added.duplicates]
    lists = {"duplicates": duplicates, "near": [other.path for other in added.near], "notes": added.notes}
    return {**added.link.as_json(), "created": added.created, **lists}, 201 if added.created else 200


@api.get("/links/<path:slug>")
@api.input(SiteQuery, location="query", arg_name="query")
@api.output(LinkOut)
@api.doc(security=SECURITY)
@scoped("links:read")
def show_link(slug: str, query: SiteQuery) -> dict[str, Any]:
    """Show a link

    By its slug or an old one.
    """
    with services().store.reading() as session:
        return library.show_link(session, site_of(session, query.site), slug).as_json()


@api.patch("/links/<path:slug>")
@api.input(SiteQuery, location="query", arg_name="query")
@api.input(LinkChangeIn, arg_name="body")
@api.output(LinkOut)
@api.doc(security=SECURITY)
@scoped("links:write")
def change_link(slug: str, query: SiteQuery, body: LinkChangeIn) -> dict[str, Any]:
    """Change a link

    The change is everywhere at once; a link that gets a new slug goes on answering at the old one.
    """
    with services().store.transaction() as session:
        found = library.find_link(session, site_of(session, query.site), slug)
        view = _changed(session, found.id, body, services().clock())
    services().publish([view.id])
    return view.as_json()


def _changed(session: Session, link_id: int, body: LinkChangeIn, now: datetime) -> LinkView:
    sent = body.model_dump(exclude_unset=True)
    edits = {name: sent[name] for name in ("url", "name", "note", "price", "currency") if sent.get(name) is not None}
    if "mode" in sent:
        edits["mode"] = sent["mode"] or ""
    if edits:
        library.edit_link(session, link_id=link_id, now=now, **edits)
    if body.status:
        library.set_status(session, link_id=link_id, status=body.status, now=now)
    if body.slug is not None:
        library.rename_link(session, link_id=link_id, slug=body.slug, now=now)
    return library.show_by_id(session, link_id)
