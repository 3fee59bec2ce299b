"""The link library: find, paste, look at, edit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from affiliate.articles.earning import will_earn_there
from affiliate.clicks.count import Counts, summed
from affiliate.clock import day_start, zone
from affiliate.errors import AffiliateError, NotFound, UnknownAdvertiser
from affiliate.links import library
from affiliate.links.catalogue import has_programmes, show_programme
from affiliate.links.earning import MOST_URLS, Verdict, in_words
from affiliate.links.library import LinkView
from affiliate.links.queries import PAGE, LinkFilter
from affiliate.links.routes import Routes, better
from affiliate.links.sites import find_site
from affiliate.money import decimal_text
from affiliate.networks.base import MODES
from affiliate.reports.link_use import clicks_by_day, clicks_of_links, placements_of_link
from affiliate.reports.why import address_of
from affiliate.urls import host_of
from affiliate.web.access import Pages
from affiliate.web.accounts import EDITOR
from affiliate.web.forms import Form, go
from affiliate.web.services import services
from affiliate.web.site_choice import chosen_site, sites

pages = Pages("links", __name__, roles=(EDITOR,), menu=("Links", "links.show_library"), url_prefix="/links")

_DAYS = 30  # clicks are shown of so many days, today included
_MOST_LINES = 200  # a paste of more would keep its request open for longer than proxies wait


@dataclass(frozen=True, slots=True)
class Pasted:
    """What became of one pasted line: `kind` is new, known or refused. `host` is set where no programme covers it; `near` are
    links to nearly the same address as a new one; `notes` say what was taken off besides click ids."""

    line: str
    kind: str
    link: LinkView | None = None
    problem: str = ""
    host: str = ""
    near: tuple[LinkView, ...] = ()
    notes: tuple[str, ...] = ()


@pages.get("")
def show_library() -> str:
    asked = Form(request.args)
    status = asked.value("status") if asked.value("status") in library.STATUSES else None
    page = int(asked.value("page")) if asked.value("page").isdecimal() and len(asked.value("page")) < 7 else 1
    site = chosen_site() if len(sites()) > 1 else None
    number = asked.value("programme")
    programme_id = int(number) if number.isdecimal() and len(number) <= 9 else None
    wanted = LinkFilter(
        text=asked.text("q"),
        status=status,
        site_id=site.id if site and not programme_id else None,
        programme_id=programme_id,
        page=max(page, 1),
    )
    with services().store.reading() as session:
        programme = show_programme(session, programme_id) if programme_id else None
        links, total = library.list_links(session, wanted)
        clicks = clicks_of_links(session, [link.id for link in links], since=_since())
        ready = total > 0 or has_programmes(session)
    return render_template(
        "links/library.html",
        form=asked,
        links=links,
        total=total,
        clicks={link.id: clicks.get(link.id, Counts()) for link in links},
        ready=ready,
        page=wanted.page,
        per_page=PAGE,
        statuses=library.STATUSES,
        searching=bool(wanted.text or wanted.status or asked.value("site") or programme),
        programme=programme,
        days=_DAYS,
        page_url=_page_url,
    )


def _page_url(page: int) -> str:
    asked: dict[str, Any] = {name: value for name, value in request.args.items() if name != "page"}
    return url_for("links.show_library", **asked, page=page)


@pages.get("/new")
def show_paste() -> str:
    site = chosen_site()
    form = Form({"site": site.key if site else "", "urls": request.args.get("url", "")})
    return render_template("links/paste.html", form=form, results=[])


@pages.post("/new")
def send_paste() -> tuple[str, int]:
    form = Form(request.form)
    lines = [line.strip() for line in form.value("urls").splitlines() if line.strip()]
    if problem := _paste_problem(form, lines):
        form.note(*problem)
        return render_template("links/paste.html", form=form, results=[]), form.status
    results = [_paste(form, line) for line in dict.fromkeys(lines)]
    services().publish([pasted.link.id for pasted in results if pasted.link])
    refused = [pasted.line for pasted in results if pasted.kind == "refused"]
    kept = {"site": form.value("site"), "urls": "\n".join(refused)}
    if refused:
        kept |= {"slug": form.value("slug"), "name": form.value("name")}
    return render_template("links/paste.html", form=Form(kept), results=results), 200


def _paste_problem(form: Form, lines: list[str]) -> tuple[str, str] | None:
    if not lines:
        return "urls", "Paste at least one address, one on each line."
    if len(lines) > _MOST_LINES:
        return "urls", f"These are {len(lines)} lines; paste at most {_MOST_LINES} at once."
    for name in ("slug", "name"):
        if len(lines) > 1 and form.text(name):
            return name, f"A {name} of its own can only be given to a single address."
    if not form.value("site") and len(sites()) > 1:
        return "site", "Choose the site that the links belong to."
    return None


def _paste(form: Form, line: str) -> Pasted:
    """One line, in a transaction of its own: a refused one never takes the others with it."""
    slug, name = form.text("slug") or None, form.text("name") or None
    try:
        with services().store.transaction() as session:
            site = find_site(session, form.value("site") or None)
            added = library.add_link(session, site=site, url=line, slug=slug, name=name, now=services().clock())
    except UnknownAdvertiser as problem:
        if problem.reason:
            return Pasted(line, "refused", problem=str(problem))
        return Pasted(line, "refused", problem=f"No programme covers {problem.host} yet.", host=problem.host)
    except AffiliateError as problem:
        return Pasted(line, "refused", problem=str(problem))
    return Pasted(line, "new" if added.created else "known", added.link, near=added.near, notes=added.notes)


@pages.get("/earn")
def show_earn() -> str:
    site = chosen_site()
    return render_template(
        "links/earn.html", form=Form({"site": site.key if site else ""}), verdicts=[], most=MOST_URLS
    )


@pages.post("/earn")
def send_earn() -> tuple[str, int]:
    form = Form(request.form)
    urls = [line.strip() for line in form.value("urls").splitlines() if line.strip()]
    verdicts: list[Verdict] = []
    if not urls:
        form.note("urls", "Paste at least one address, one on each line.")
    elif not form.value("site") and len(sites()) > 1:
        form.note("site", "Choose the site on which they would stand.")
    else:
        try:
            verdicts = _verdicts(form, urls)
        except NotFound as problem:
            form.note("article", str(problem))
        except AffiliateError as problem:
            form.note("urls", str(problem))
    return render_template("links/earn.html", form=form, verdicts=verdicts, most=MOST_URLS), form.status


def _verdicts(form: Form, urls: list[str]) -> list[Verdict]:
    with services().store.reading() as session:
        site = find_site(session, form.value("site") or None)
        article = form.text("article") or None
        return will_earn_there(session, site=site, urls=urls, article=article, policy=services().policy)


@pages.get("/<int:link_id>")
def show_link(link_id: int) -> str:
    with services().store.reading() as session:
        return _link_page(session, library.show_by_id(session, link_id), None)


@pages.post("/<int:link_id>")
def send_link(link_id: int) -> tuple[str, int] | Response:
    form = Form(request.form)

    def edit(session: Session) -> LinkView:
        known = library.show_by_id(session, link_id)
        price = form.text("price"), form.text("currency").upper()
        as_before = price == _price_texts(known)
        return library.edit_link(
            session,
            link_id=link_id,
            now=services().clock(),
            url=form.value("url"),
            name=form.value("name") if form.text("name") != known.name else None,
            note=form.value("note"),
            mode=form.value("mode"),
            price=None if as_before else price[0],
            currency=price[1],
            image_url=form.value("image_url"),
        )

    return _change(link_id, form, edit, "Saved. The link leads there from now on.")


@pages.post("/<int:link_id>/slug")
def send_slug(link_id: int) -> tuple[str, int] | Response:
    form = Form(request.form)
    now = services().clock()
    return _change(
        link_id,
        form,
        lambda session: library.rename_link(session, link_id=link_id, slug=form.value("slug"), now=now),
        "Renamed. The old path goes on answering.",
    )


@pages.post("/<int:link_id>/status")
def send_status(link_id: int) -> tuple[str, int] | Response:
    form = Form(request.form)
    wanted, now = form.value("status"), services().clock()
    return _change(
        link_id,
        form,
        lambda session: library.set_status(session, link_id=link_id, status=wanted, now=now),
        "Retired. Its paths lead to the shop without tracking." if wanted == "retired" else f"The link is {wanted}.",
    )


@pages.post("/<int:link_id>/route")
def send_route(link_id: int) -> tuple[str, int] | Response:
    now = services().clock()
    return _change(
        link_id,
        Form(request.form),
        lambda session: library.reroute_link(session, link_id=link_id, now=now),
        "Moved. It earns on the other programme from now on; its paths stay.",
    )


def _change(link_id: int, form: Form, change: Callable[[Session], LinkView], said: str) -> tuple[str, int] | Response:
    try:
        with services().store.transaction() as session:
            change(session)
    except AffiliateError as problem:
        if isinstance(problem, NotFound):
            raise
        form.refuse(problem)
        with services().store.reading() as session:
            return _link_page(session, library.show_by_id(session, link_id), form), form.status
    services().publish([link_id])
    flash(said, "good")
    return go(url_for("links.show_link", link_id=link_id))


def _link_page(session: Session, link: LinkView, sent: Form | None) -> str:
    site = find_site(session, link.site)
    today = services().clock().astimezone(zone(site.time_zone)).date()
    first, until = today - timedelta(days=_DAYS - 1), today + timedelta(days=1)
    by_day = clicks_by_day(session, link.id, first=first, until=until, zone_name=site.time_zone)
    return render_template(
        "links/link.html",
        link=link,
        link_site=site,
        form=_filled(link, sent),
        by_day=by_day,
        counts_of_link=summed(day.counts for day in by_day),
        clicks_until=until,
        days=_DAYS,
        uses=placements_of_link(session, link.id, since=day_start(first, site.time_zone)),
        modes=MODES,
        why=address_of(link.path),
        better=_better(session, link, site.entity_id),
    )


def _better(session: Session, link: LinkView, entity_id: int) -> str:
    """The route that a new link to the same page would take, in words, where this one is on another; else empty."""
    host = host_of(link.target_url) or ""
    found = better(Routes(session, entity_id).to([host])[host], link.programme_id)
    return (found.barrier or in_words(found)) if found else ""


def _filled(link: LinkView, sent: Form | None) -> Form:
    """The edit form: what the link says, overlaid by what was sent and refused."""
    amount, currency = _price_texts(link)
    values = {
        "name": link.name,
        "url": link.target_url,
        "mode": link.own_mode or "",
        "note": link.note,
        "price": amount,
        "currency": currency,
        "image_url": link.image_url or "",
        "slug": link.slug,
    }
    return sent.over(values) if sent else Form(values)


def _price_texts(link: LinkView) -> tuple[str, str]:
    if link.amount is None or link.currency is None:
        return "", ""
    return decimal_text(link.amount, link.currency), link.currency


def _since() -> datetime:
    return services().clock() - timedelta(days=_DAYS)
