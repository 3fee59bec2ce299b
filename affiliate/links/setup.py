"""What a publisher has set up, to look at and to change: companies, titles, accounts, programmes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from affiliate.clock import zone
from affiliate.errors import CannotBuild, InvalidInput, NotFound
from affiliate.links import queries
from affiliate.links.programmes import checked_mode, checked_rate, checked_referrer_policy, find_account
from affiliate.links.routes import lacks
from affiliate.links.sites import checked_link_base, find_entity, set_hosts
from affiliate.money import currency_code
from affiliate.networks.registry import network
from affiliate.store.tables import Entity, LinkChange, Programme, ProgrammeHost, PublisherAccount, Site
from affiliate.urls import normalise_host


@dataclass(frozen=True, slots=True)
class CompanyView:
    id: int
    key: str
    name: str
    base_currency: str


@dataclass(frozen=True, slots=True)
class SiteView:
    id: int
    key: str
    name: str
    company: str
    company_key: str
    hosts: tuple[str, ...]
    language: str
    jurisdiction: str
    time_zone: str
    link_base: str
    monetise: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """`network_name` is how people write the network."""

    id: int
    network: str
    network_name: str
    publisher_ref: str
    name: str
    company: str
    company_key: str
    currency: str
    time_zone: str
    to_be_completed: bool


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """`rate` is a fraction. `referrer_policy` is empty where the usual one applies. `lacks` says why no deep link can be
    built, empty where one can."""

    id: int
    name: str
    advertiser: str
    network: str
    network_name: str
    account: str
    advertiser_ref: str
    hosts: tuple[str, ...]
    mode: str
    rate: Decimal | None
    template: str
    parameters: dict[str, str]
    referrer_policy: str
    joined: bool
    to_be_completed: bool
    lacks: str


@dataclass(frozen=True, slots=True)
class EditedProgramme:
    """`link_ids`: the links that the change concerns, to be published."""

    programme: ProgrammeView
    link_ids: tuple[int, ...]


def has_programmes(session: Session) -> bool:
    return session.scalar(select(Programme.id).limit(1)) is not None


def list_companies(session: Session) -> list[CompanyView]:
    return [_company(entity) for entity in session.scalars(select(Entity).order_by(Entity.name, Entity.id))]


def edit_company(session: Session, *, company_id: int, name: str) -> CompanyView:
    """The base currency stays: the books are kept in it."""
    entity = session.get(Entity, company_id)
    if entity is None:
        raise NotFound("company", company_id)
    entity.name = _named(name, "company")
    return _company(entity)


def list_sites(session: Session) -> list[SiteView]:
    return [_site(site) for site in session.scalars(select(Site).order_by(Site.name, Site.id))]


def show_site(session: Session, site_id: int) -> SiteView:
    return _site(_whole_site(session, site_id))


def edit_site(
    session: Session,
    *,
    site_id: int,
    name: str,
    hosts: Sequence[str],
    language: str,
    jurisdiction: str,
    time_zone: str,
    link_base: str,
    monetise: bool,
) -> SiteView:
    """Changes everything but key and company. Conflict if a host belongs to another site; nothing changed then."""
    site = _whole_site(session, site_id)
    site.name = _named(name, "site")
    site.language, site.jurisdiction = checked_language(language), jurisdiction.lower()
    site.time_zone = str(zone(time_zone))
    site.link_base = checked_link_base(link_base)
    site.monetise = monetise
    set_hosts(session, site, hosts)
    return _site(site)


def list_accounts(session: Session) -> list[AccountView]:
    """Those to be completed first, then by network."""
    wanted = select(PublisherAccount).order_by(
        PublisherAccount.to_be_completed.desc(), PublisherAccount.network, PublisherAccount.publisher_ref
    )
    return [_account(account) for account in session.scalars(wanted)]


def show_account(session: Session, account_id: int) -> AccountView:
    return _account(_whole_account(session, account_id))


def edit_account(
    session: Session,
    *,
    account_id: int,
    name: str,
    company_key: str,
    currency: str,
    time_zone: str,
) -> AccountView:
    """Completes or changes an account; its network and publisher id stay, because transactions hang on them."""
    account = _whole_account(session, account_id)
    account.entity_id = find_entity(session, company_key).id
    account.name = name.strip()
    account.currency = currency_code(currency) if currency.strip() else None
    account.time_zone = str(zone(time_zone)) if time_zone.strip() else None
    account.to_be_completed = False
    session.flush()
    session.refresh(account)
    return _account(account)


def list_programmes(session: Session, text: str = "") -> list[ProgrammeView]:
    """Those to be completed first, then by name; with `text` only those with it in name, id or a host."""
    wanted = (
        select(Programme)
        .options(joinedload(Programme.account), joinedload(Programme.advertiser), selectinload(Programme.hosts))
        .order_by(Programme.to_be_completed.desc(), func.lower(Programme.name), Programme.id)
    )
    found = [_programme(programme) for programme in session.scalars(wanted)]
    word = text.strip().lower()
    return [each for each in found if word in " ".join((each.name, each.advertiser_ref, *each.hosts)).lower()]


def find_programme(
    session: Session, *, network: str, advertiser_ref: str, account_ref: str | None = None
) -> ProgrammeView:
    """NotFound, or InvalidInput where our account at the network has to be named."""
    account = find_account(session, network, account_ref)
    found = session.scalar(
        select(Programme).where(Programme.account_id == account.id, Programme.advertiser_ref == advertiser_ref)
    )
    if found is None:
        raise NotFound("programme", advertiser_ref, "Add it with: affiliate programme add")
    return _programme(found)


def show_programme(session: Session, programme_id: int) -> ProgrammeView:
    return _programme(_whole_programme(session, programme_id))


def edit_programme(
    session: Session,
    *,
    programme_id: int,
    name: str,
    hosts: Sequence[str],
    mode: str,
    rate: str | Decimal | None,
    template: str,
    parameters: dict[str, str],
    referrer_policy: str | None = None,
    joined: bool,
    now: datetime,
) -> EditedProgramme:
    """Completes or changes a programme; all its links follow. CannotBuild if its network could not build a deep link
    from these terms; nothing changed then."""
    programme = _whole_programme(session, programme_id)
    covered = sorted({normalise_host(host) for host in hosts})
    if not covered:
        raise InvalidInput("Name at least one host that the programme pays for, such as shop.example.")
    programme.name = _named(name, "programme")
    programme.mode, programme.rate = checked_mode(mode), checked_rate(rate)
    programme.template, programme.parameters = template.strip() or None, parameters
    programme.referrer_policy = checked_referrer_policy(referrer_policy)
    programme.joined, programme.to_be_completed = joined, False
    if problem := lacks(programme, covered[0]):
        raise CannotBuild(programme.network, problem)
    present = {host.host: host for host in programme.hosts}
    programme.hosts = [present.get(host) or ProgrammeHost(host=host) for host in covered]
    link_ids = tuple(queries.links_of_programmes(session, [programme.id]))
    session.add_all(LinkChange(link_id=link_id, changed_at=now) for link_id in link_ids)
    session.flush()
    return EditedProgramme(_programme(programme), link_ids)


def checked_language(tag: str) -> str:
    """A language tag such as en-GB or de; InvalidInput if nobody speaks it."""
    try:
        return str(Locale.parse(tag.strip(), sep="-")).replace("_", "-")
    except (ValueError, UnknownLocaleError) as problem:
        raise InvalidInput(f"{tag!r} is no language; write a tag such as en-GB or de.") from problem


def _named(name: str, thing: str) -> str:
    if not name.strip():
        raise InvalidInput(f"The name is empty; give the {thing} the name that people know it by.")
    return name.strip()


def _whole_site(session: Session, site_id: int) -> Site:
    site = session.get(Site, site_id)
    if site is None:
        raise NotFound("site", site_id)
    return site


def _whole_account(session: Session, account_id: int) -> PublisherAccount:
    account = session.get(PublisherAccount, account_id)
    if account is None:
        raise NotFound("publisher account", account_id)
    return account


def _whole_programme(session: Session, programme_id: int) -> Programme:
    programme = session.get(Programme, programme_id)
    if programme is None:
        raise NotFound("programme", programme_id)
    return programme


def _company(entity: Entity) -> CompanyView:
    return CompanyView(entity.id, entity.key, entity.name, entity.base_currency)


def _site(site: Site) -> SiteView:
    return SiteView(
        id=site.id,
        key=site.key,
        name=site.name,
        company=site.entity.name,
        company_key=site.entity.key,
        hosts=tuple(sorted(host.host for host in site.hosts)),
        language=site.language,
        jurisdiction=site.jurisdiction,
        time_zone=site.time_zone,
        link_base=site.link_base,
        monetise=site.monetise,
    )


def _account(account: PublisherAccount) -> AccountView:
    return AccountView(
        id=account.id,
        network=account.network,
        network_name=network(account.network).name,
        publisher_ref=account.publisher_ref,
        name=account.name,
        company=account.entity.name,
        company_key=account.entity.key,
        currency=account.currency or "",
        time_zone=account.time_zone or "",
        to_be_completed=account.to_be_completed,
    )


def _programme(programme: Programme) -> ProgrammeView:
    hosts = tuple(sorted(host.host for host in programme.hosts))
    return ProgrammeView(
        id=programme.id,
        name=programme.name,
        advertiser=programme.advertiser.name,
        network=programme.network,
        network_name=network(programme.network).name,
        account=programme.account.name or programme.account.publisher_ref,
        advertiser_ref=programme.advertiser_ref,
        hosts=hosts,
        mode=programme.mode,
        rate=programme.rate,
        template=programme.template or "",
        parameters=dict(programme.parameters),
        referrer_policy=programme.referrer_policy or "",
        joined=programme.joined,
        to_be_completed=programme.to_be_completed,
        lacks=lacks(programme, hosts[0]) if hosts else "its hosts are not known yet.",
    )
