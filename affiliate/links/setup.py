"""What a publisher has set up, to look at and to change: companies, titles, accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError
from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.clock import zone
from affiliate.errors import InvalidInput, NotFound
from affiliate.links.sites import checked_link_base, find_entity, set_hosts
from affiliate.money import currency_code
from affiliate.networks.registry import network
from affiliate.store.tables import Entity, PublisherAccount, Site


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


def list_companies(session: Session) -> list[CompanyView]:
    return [_company(entity) for entity in session.scalars(select(Entity).order_by(Entity.name, Entity.id))]


def edit_company(session: Session, *, company_id: int, name: str) -> CompanyView:
    """The base currency stays: the books are kept in it."""
    entity = session.get(Entity, company_id)
    if entity is None:
        raise NotFound("company", company_id)
    entity.name = named(name, "company")
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
    site.name = named(name, "site")
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


def checked_language(tag: str) -> str:
    """A language tag such as en-GB or de; InvalidInput if nobody speaks it."""
    try:
        return str(Locale.parse(tag.strip(), sep="-")).replace("_", "-")
    except (ValueError, UnknownLocaleError) as problem:
        raise InvalidInput(f"{tag!r} is no language; write a tag such as en-GB or de.") from problem


def named(name: str, thing: str) -> str:
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
