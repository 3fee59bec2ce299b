"""What a publisher needs first, for admins: titles, companies, publisher accounts, programmes."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, BinaryIO, cast

from flask import flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from affiliate.clock import zone
from affiliate.disclosure.texts import TEXTS, checked_jurisdiction
from affiliate.errors import AffiliateError, InvalidInput, NotFound, UnreadableFile
from affiliate.links import catalogue, setup
from affiliate.links.catalogue import ProgrammeTerms, ProgrammeView, checked_days, checked_markets
from affiliate.links.programme_files import COLUMNS, programmes_in
from affiliate.links.programmes import add_account, add_programme, checked_rate
from affiliate.links.queries import PAGE, STANDINGS, ProgrammeFilter
from affiliate.links.routes import ENOUGH
from affiliate.links.setup import AccountView, SiteView
from affiliate.links.sites import add_entity, add_site, checked_key, checked_link_base
from affiliate.links.told import ToldProgrammes, store_programmes
from affiliate.money import currency_code, exact
from affiliate.networks.base import MODES
from affiliate.networks.registry import networks
from affiliate.redirect.referrers import REFERRER_POLICIES
from affiliate.store.tables import PublisherAccount
from affiliate.urls import normalise_host
from affiliate.web.access import Pages
from affiliate.web.forms import Form, go
from affiliate.web.services import services

pages = Pages("settings", __name__, menu=("Settings", "settings.home"), url_prefix="/settings")

Answer = tuple[str, int] | Response


@pages.get("")
def home() -> Response:
    return go(url_for("settings.show_sites"))


# ---- sites


@pages.get("/sites")
def show_sites() -> Answer:
    return _sites_page(Form({"language": "en-GB", "jurisdiction": "uk", "time_zone": "Europe/London"}))


@pages.post("/sites")
def send_site() -> Answer:
    form = _checked_site(Form(request.form))
    form.required("key", "The key")
    form.checked("key", checked_key)
    if not form.ok:
        return _sites_page(form)
    try:
        with services().store.transaction() as session:
            made = add_site(
                session,
                key=form.text("key"),
                name=form.text("name"),
                hosts=form.lines("hosts"),
                language=setup.checked_language(form.text("language")),
                jurisdiction=form.text("jurisdiction"),
                time_zone=form.text("time_zone"),
                link_base=form.text("link_base"),
                entity_key=form.value("company") or None,
                now=services().clock(),
            ).name
    except AffiliateError as problem:
        form.refuse(problem)
        return _sites_page(form)
    services().publish_hosts()
    flash(f"{made} is added.", "good")
    return go(url_for("settings.show_sites"))


@pages.get("/sites/<int:site_id>")
def show_site(site_id: int) -> Answer:
    with services().store.reading() as session:
        site = setup.show_site(session, site_id)
    return _site_page(site, Form(_site_values(site)))


@pages.post("/sites/<int:site_id>")
def send_site_edit(site_id: int) -> Answer:
    form = _checked_site(Form(request.form))
    with services().store.reading() as session:
        site = setup.show_site(session, site_id)
    if not form.ok:
        return _site_page(site, form)
    try:
        with services().store.transaction() as session:
            setup.edit_site(
                session,
                site_id=site_id,
                name=form.text("name"),
                hosts=form.lines("hosts"),
                language=form.text("language"),
                jurisdiction=form.text("jurisdiction"),
                time_zone=form.text("time_zone"),
                link_base=form.text("link_base"),
                monetise=bool(form.value("monetise")),
            )
    except AffiliateError as problem:
        form.refuse(problem)
        return _site_page(site, form)
    services().publish_hosts()
    flash("Saved.", "good")
    return go(url_for("settings.show_sites"))


def _checked_site(form: Form) -> Form:
    form.required("name", "The name")
    form.required("language", "The language")
    form.checked("language", setup.checked_language)
    form.checked("jurisdiction", checked_jurisdiction)
    form.required("time_zone", "The time zone")
    form.checked("time_zone", zone)
    form.checked("link_base", checked_link_base)
    form.checked_lines("hosts", normalise_host)
    return form


def _site_values(site: SiteView) -> dict[str, str]:
    return {
        "name": site.name,
        "hosts": "\n".join(site.hosts),
        "language": site.language,
        "jurisdiction": site.jurisdiction,
        "time_zone": site.time_zone,
        "link_base": site.link_base,
        "monetise": "yes" if site.monetise else "",
    }


def _sites_page(form: Form) -> tuple[str, int]:
    with services().store.reading() as session:
        sites, companies = setup.list_sites(session), setup.list_companies(session)
    return render_template(
        "settings/sites.html", form=form, rows=sites, companies=companies, jurisdictions=_jurisdictions()
    ), form.status


def _site_page(site: SiteView, form: Form) -> tuple[str, int]:
    return render_template("settings/site.html", form=form, row=site, jurisdictions=_jurisdictions()), form.status


def _jurisdictions() -> list[tuple[str, str]]:
    """Those whose disclosure texts we have, with the languages of these."""
    keys = dict.fromkeys(text.jurisdiction for text in TEXTS)
    return [(key, f"{key} ({', '.join(text.language for text in TEXTS if text.jurisdiction == key)})") for key in keys]


# ---- companies


@pages.get("/companies")
def show_companies() -> Answer:
    return _companies_page(Form())


@pages.post("/companies")
def send_company() -> Answer:
    form = Form(request.form)
    form.required("name", "The name")
    form.required("key", "The key")
    form.checked("key", checked_key)
    form.required("base_currency", "The base currency")
    form.checked("base_currency", currency_code)
    if not form.ok:
        return _companies_page(form)
    try:
        with services().store.transaction() as session:
            add_entity(session, key=form.text("key"), name=form.text("name"), base_currency=form.text("base_currency"))
    except AffiliateError as problem:
        form.refuse(problem)
        return _companies_page(form)
    flash(f"{form.text('name')} is added.", "good")
    return go(url_for("settings.show_companies"))


@pages.post("/companies/<int:company_id>")
def send_company_edit(company_id: int) -> Answer:
    form = Form(request.form)
    try:
        with services().store.transaction() as session:
            setup.edit_company(session, company_id=company_id, name=form.value("name"))
    except InvalidInput as problem:
        flash(str(problem), "bad")
        return go(url_for("settings.show_companies"))
    flash("Saved.", "good")
    return go(url_for("settings.show_companies"))


def _companies_page(form: Form) -> tuple[str, int]:
    with services().store.reading() as session:
        companies = setup.list_companies(session)
    return render_template("settings/companies.html", form=form, rows=companies), form.status


# ---- publisher accounts


@pages.get("/accounts")
def show_accounts() -> Answer:
    return _accounts_page(Form())


@pages.post("/accounts")
def send_account() -> Answer:
    form = _checked_account(Form(request.form))
    form.required("publisher_ref", "The publisher id")
    if not form.ok:
        return _accounts_page(form)
    try:
        with services().store.transaction() as session:
            add_account(
                session,
                form.value("network"),
                form.text("publisher_ref"),
                entity_key=form.value("company") or None,
                name=form.text("name"),
                currency=form.text("currency") or None,
                time_zone=form.text("time_zone") or None,
                now=services().clock(),
            )
    except AffiliateError as problem:
        form.refuse(problem)
        return _accounts_page(form)
    flash("The account is added. Now add the programmes that you joined there.", "good")
    return go(url_for("settings.show_programmes"))


@pages.get("/accounts/<int:account_id>")
def show_account(account_id: int) -> Answer:
    with services().store.reading() as session:
        account = setup.show_account(session, account_id)
    values = {
        "name": account.name,
        "company": account.company_key,
        "currency": account.currency,
        "time_zone": account.time_zone,
    }
    return _account_page(account, Form(values))


@pages.post("/accounts/<int:account_id>")
def send_account_edit(account_id: int) -> Answer:
    form = _checked_account(Form(request.form))
    with services().store.reading() as session:
        account = setup.show_account(session, account_id)
    if not form.ok:
        return _account_page(account, form)
    try:
        with services().store.transaction() as session:
            setup.edit_account(
                session,
                account_id=account_id,
                name=form.text("name"),
                company_key=form.value("company") or account.company_key,
                currency=form.text("currency"),
                time_zone=form.text("time_zone"),
            )
    except AffiliateError as problem:
        form.refuse(problem)
        return _account_page(account, form)
    flash("Saved.", "good")
    return go(url_for("settings.show_accounts"))


def _checked_account(form: Form) -> Form:
    if form.text("currency"):
        form.checked("currency", currency_code)
    if form.text("time_zone"):
        form.checked("time_zone", zone)
    return form


def _accounts_page(form: Form) -> tuple[str, int]:
    with services().store.reading() as session:
        accounts, companies = setup.list_accounts(session), setup.list_companies(session)
    choices = [(network.key, network.name) for network in networks()]
    return render_template(
        "settings/accounts.html", form=form, rows=accounts, companies=companies, networks=choices
    ), form.status


def _account_page(account: AccountView, form: Form) -> tuple[str, int]:
    with services().store.reading() as session:
        companies = setup.list_companies(session)
    return render_template("settings/account.html", form=form, row=account, companies=companies), form.status


# ---- programmes


@pages.get("/programmes")
def show_programmes() -> str:
    asked = Form(request.args)
    page = int(asked.value("page")) if asked.value("page").isdecimal() and len(asked.value("page")) < 7 else 1
    wanted = ProgrammeFilter(
        text=asked.text("q"),
        network=asked.value("network"),
        standing=asked.value("standing") if asked.value("standing") in STANDINGS else "",
        page=max(page, 1),
    )
    with services().store.reading() as session:
        programmes, total = catalogue.list_programmes(session, wanted)
        accounts = setup.list_accounts(session)
    return render_template(
        "settings/programmes.html",
        form=asked,
        rows=programmes,
        total=total,
        page=wanted.page,
        per_page=PAGE,
        page_url=_programmes_url,
        searching=bool(wanted.text or wanted.network or wanted.standing),
        networks=sorted({(account.network, account.network_name) for account in accounts}),
        enough=ENOUGH,
    )


def _programmes_url(page: int) -> str:
    asked: dict[str, Any] = {name: value for name, value in request.args.items() if name != "page"}
    return url_for("settings.show_programmes", **asked, page=page)


@pages.get("/programmes/new")
def new_programme() -> Answer:
    return _programme_page(None, Form({"hosts": request.args.get("host", ""), "joined": "yes"}))


@pages.post("/programmes/new")
def send_programme() -> Answer:
    form = _checked_programme(Form(request.form))
    form.required("advertiser_ref", "The advertiser id")
    if not form.ok:
        return _programme_page(None, form)
    try:
        with services().store.transaction() as session:
            account = _chosen_account(session, form)
            made = add_programme(
                session,
                network=account.network,
                account_ref=account.publisher_ref,
                advertiser_ref=form.text("advertiser_ref"),
                name=form.text("name"),
                hosts=form.lines("hosts"),
                mode=form.value("mode") or None,
                template=form.text("template") or None,
                parameters=_pairs(form.value("parameters")),
                now=services().clock(),
            )
            terms = replace(_sent_terms(form, made.mode), joined=True)
            catalogue.edit_programme(session, programme_id=made.id, terms=terms, now=services().clock())
    except AffiliateError as problem:
        form.refuse(problem)
        return _programme_page(None, form)
    flash(f"{form.text('name')} is added: links to {', '.join(form.lines('hosts'))} earn from now on.", "good")
    return go(url_for("settings.show_programmes"))


@pages.get("/programmes/file")
def show_programme_file() -> Answer:
    return _programme_file_page(Form())


@pages.post("/programmes/file")
def send_programme_file() -> Answer:
    """Shows what a list of programmes would do, or does it."""
    form = Form(request.form)
    preview = form.value("step") != "store"
    file = request.files.get("file")
    if file is None or not file.filename:
        form.note("file", "Choose a file.")
        return _programme_file_page(form)
    try:
        rows = list(programmes_in(cast("BinaryIO", file.stream)))
        with services().store.transaction() as session, session.begin_nested() as savepoint:
            account = session.get_one(PublisherAccount, _chosen_account(session, form).id)
            result = store_programmes(session, account, rows, whole=bool(form.value("whole")), now=services().clock())
            if preview:
                savepoint.rollback()
    except UnreadableFile as problem:
        form.note("file", str(problem))
        return _programme_file_page(form)
    except AffiliateError as problem:
        form.refuse(problem)
        return _programme_file_page(form)
    if not preview:
        services().publish(result.link_ids)
    return _programme_file_page(form, result, preview=preview)


def _programme_file_page(form: Form, result: ToldProgrammes | None = None, *, preview: bool = True) -> tuple[str, int]:
    with services().store.reading() as session:
        accounts = setup.list_accounts(session)
    return render_template(
        "settings/programme_file.html", form=form, result=result, preview=preview, accounts=accounts, columns=COLUMNS
    ), form.status


@pages.get("/programmes/<int:programme_id>")
def show_programme(programme_id: int) -> Answer:
    with services().store.reading() as session:
        programme = catalogue.show_programme(session, programme_id)
    return _programme_page(programme, Form(_programme_values(programme)))


@pages.post("/programmes/<int:programme_id>")
def send_programme_edit(programme_id: int) -> Answer:
    form = _checked_programme(Form(request.form))
    with services().store.reading() as session:
        programme = catalogue.show_programme(session, programme_id)
    if not form.ok:
        return _programme_page(programme, form)
    try:
        with services().store.transaction() as session:
            terms = _sent_terms(form, programme.terms.mode)
            edited = catalogue.edit_programme(session, programme_id=programme_id, terms=terms, now=services().clock())
    except AffiliateError as problem:
        form.refuse(problem)
        return _programme_page(programme, form)
    services().publish(edited.link_ids)
    flash(f"Saved. {len(edited.link_ids)} links follow.", "good")
    return go(url_for("settings.show_programmes"))


def _chosen_account(session: Session, form: Form) -> AccountView:
    number = form.value("account")
    if not number.isdecimal() or len(number) > 9:
        raise NotFound("publisher account", number or "without a choice", "Choose one of the list.")
    return setup.show_account(session, int(number))


def _checked_programme(form: Form) -> Form:
    form.required("name", "The name")
    if not form.lines("hosts"):
        form.note("hosts", "Name at least one host that the programme pays for, such as shop.example.")
    form.checked_lines("hosts", normalise_host)
    for name in ("rate", "approval_rate"):
        form.checked(name, _fraction)
    for name in ("cookie_days", "payment_days"):
        form.checked(name, _days)
    for name in ("parameters", "permissions"):
        form.checked(name, _pairs)
    form.checked("markets", lambda _text: checked_markets(form.lines("markets")))
    return form


def _sent_terms(form: Form, mode: str) -> ProgrammeTerms:
    """What a checked form says; `mode` where it leaves that open."""
    return ProgrammeTerms(
        name=form.text("name"),
        hosts=form.lines("hosts"),
        mode=form.value("mode") or mode,
        rate=_fraction(form.text("rate")),
        template=form.text("template"),
        parameters=_pairs(form.value("parameters")),
        referrer_policy=form.value("referrer_policy"),
        joined=bool(form.value("joined")),
        conditions=form.text("conditions"),
        cookie_days=_days(form.text("cookie_days")),
        markets=form.lines("markets"),
        permissions=_pairs(form.value("permissions")),
        approval_rate=_fraction(form.text("approval_rate")),
        payment_days=_days(form.text("payment_days")),
        pinned=bool(form.value("pinned")),
    )


def _fraction(percentage: str) -> Decimal | None:
    """What people type as a percentage (8 or 8 %), as a fraction (0.08)."""
    text = percentage.removesuffix("%").strip()
    if not text:
        return None
    try:
        return checked_rate(exact(text) / 100)
    except AffiliateError as problem:
        raise InvalidInput(f"{percentage!r} is no percentage between 0 and 100.") from problem


def _days(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 5:
        raise InvalidInput(f"{text!r} is no number of days.")
    return checked_days(int(text))


def _pairs(text: str) -> dict[str, str]:
    """Lines of `name=value`."""
    pairs = [line.strip() for line in text.splitlines() if line.strip()]
    for pair in pairs:
        if "=" not in pair:
            raise InvalidInput(f"{pair!r}: write name=value, one on each line.")
    return {name.strip(): value.strip() for name, _, value in (pair.partition("=") for pair in pairs)}


def _programme_values(programme: ProgrammeView) -> dict[str, str]:
    terms = programme.terms
    return {
        "name": terms.name,
        "hosts": "\n".join(terms.hosts),
        "mode": terms.mode,
        "rate": _percentage(terms.rate),
        "conditions": terms.conditions,
        "cookie_days": _number(terms.cookie_days),
        "markets": ", ".join(terms.markets),
        "permissions": _lines(terms.permissions),
        "approval_rate": _percentage(terms.approval_rate),
        "payment_days": _number(terms.payment_days),
        "pinned": "yes" if terms.pinned else "",
        "template": terms.template,
        "parameters": _lines(terms.parameters),
        "referrer_policy": terms.referrer_policy,
        "joined": "yes" if terms.joined else "",
    }


def _percentage(fraction: Decimal | None) -> str:
    return f"{(fraction * Decimal(100)).normalize():f}" if fraction is not None else ""


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _lines(pairs: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in pairs.items())


def _programme_page(programme: ProgrammeView | None, form: Form) -> tuple[str, int]:
    with services().store.reading() as session:
        accounts = setup.list_accounts(session)
    return render_template(
        "settings/programme.html",
        form=form,
        row=programme,
        accounts=accounts,
        modes=MODES,
        referrer_policies=REFERRER_POLICIES,
        enough=ENOUGH,
    ), form.status
