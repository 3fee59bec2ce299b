"""Programmes: listed, added, changed; and whether addresses would earn."""

from dataclasses import replace
from typing import Any

from affiliate.articles.earning import will_earn_there
from affiliate.links import catalogue
from affiliate.links.catalogue import ProgrammeTerms
from affiliate.links.programmes import add_programme, checked_rate
from affiliate.links.queries import ProgrammeFilter
from affiliate.web.access import scoped
from affiliate.web.api.door import SECURITY, blueprint, site_of
from affiliate.web.api.models import (
    EarningIn,
    EarnListOut,
    ProgrammeChangeIn,
    ProgrammeIn,
    ProgrammeListOut,
    ProgrammeOut,
    ProgrammeQuery,
)
from affiliate.web.services import services

api = blueprint("programmes", "Programmes")

_RENAMED = {"terms": "conditions"}


@api.get("/programmes")
@api.input(ProgrammeQuery, location="query", arg_name="query")
@api.output(ProgrammeListOut)
@api.doc(security=SECURITY)
@scoped("links:read")
def list_programmes(query: ProgrammeQuery) -> dict[str, Any]:
    """Search the programmes

    The text is looked for in name, advertiser id and hosts; those to be completed first, then by name.
    """
    wanted = ProgrammeFilter(
        text=query.search,
        network=query.network,
        standing=query.standing or "",
        page=query.page,
        per_page=query.per_page,
    )
    with services().store.reading() as session:
        found, total = catalogue.list_programmes(session, wanted)
    items = [programme.as_json() for programme in found]
    return {"items": items, "total": total, "page": query.page, "per_page": query.per_page}


@api.post("/programmes")
@api.input(ProgrammeIn, arg_name="body")
@api.output(ProgrammeOut, status_code=201)
@api.doc(security=SECURITY)
@scoped("links:write")
def post_programme(body: ProgrammeIn) -> tuple[dict[str, Any], int]:
    """Add a programme"""
    with services().store.transaction() as session:
        made = add_programme(
            session,
            network=body.network,
            advertiser_ref=body.advertiser_id,
            name=body.name or "",
            hosts=body.hosts or (),
            mode=body.mode,
            template=body.template,
            parameters=body.parameters,
            account_ref=body.account,
            now=services().clock(),
        )
        terms = _changed(catalogue.show_programme(session, made.id).terms, body)
        edited = catalogue.edit_programme(session, programme_id=made.id, terms=terms, now=services().clock())
    return edited.programme.as_json(), 201


@api.get("/programmes/<int:programme_id>")
@api.output(ProgrammeOut)
@api.doc(security=SECURITY)
@scoped("links:read")
def show_programme(programme_id: int) -> dict[str, Any]:
    """Show a programme"""
    with services().store.reading() as session:
        return catalogue.show_programme(session, programme_id).as_json()


@api.patch("/programmes/<int:programme_id>")
@api.input(ProgrammeChangeIn, arg_name="body")
@api.output(ProgrammeOut)
@api.doc(security=SECURITY)
@scoped("links:write")
def patch_programme(programme_id: int, body: ProgrammeChangeIn) -> dict[str, Any]:
    """Change a programme

    All its links follow at once.
    """
    with services().store.transaction() as session:
        terms = _changed(catalogue.show_programme(session, programme_id).terms, body)
        edited = catalogue.edit_programme(session, programme_id=programme_id, terms=terms, now=services().clock())
    services().publish(edited.link_ids)
    return edited.programme.as_json()


@api.post("/earn")
@api.input(EarningIn, arg_name="body")
@api.output(EarnListOut)
@api.doc(security=SECURITY)
@scoped("links:read")
def earn(body: EarningIn) -> EarnListOut:
    """Say whether addresses would earn

    One verdict per address, in their order, with the reason in words. No request is made.
    """
    with services().store.reading() as session:
        site = site_of(session, body.site)
        verdicts = will_earn_there(session, site=site, urls=body.urls, article=body.article, policy=services().policy)
        return EarnListOut.model_validate([verdict.as_json() for verdict in verdicts])


def _changed(terms: ProgrammeTerms, body: ProgrammeChangeIn) -> ProgrammeTerms:
    """The terms with what was sent; null takes away what may be empty, and leaves what may not."""
    sent = body.model_dump(include=set(ProgrammeChangeIn.model_fields), exclude_unset=True)
    empty = ProgrammeTerms(name=terms.name, hosts=terms.hosts, mode=terms.mode, joined=terms.joined)
    changes: dict[str, Any] = {}
    for name, value in sent.items():
        ours = _RENAMED.get(name, name)
        changes[ours] = getattr(empty, ours) if value is None else value
    for name in ("rate", "approval_rate"):
        if changes.get(name) is not None:
            changes[name] = checked_rate(changes[name])
    return replace(terms, **changes)
