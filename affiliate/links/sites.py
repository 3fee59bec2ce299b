"""Companies and titles."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from affiliate.clock import zone
from affiliate.errors import Conflict, InvalidInput, NotFound
from affiliate.money import currency_code
from affiliate.store.tables import Entity, Site, SiteHost
from affiliate.urls import host_key, host_of, normalise_host, parse_web_url

_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
DEFAULT_KEY = "default"


def checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise InvalidInput(f"{key!r} is no key: use lower-case letters and digits, joined by single hyphens.")
    return key


def add_entity(session: Session, *, key: str, name: str, base_currency: str) -> Entity:
    """A company with its own books. Conflict if the key is taken."""
    if session.scalar(select(Entity).where(Entity.key == checked_key(key))):
        raise Conflict(f"There is already a company with the key {key}.")
    entity = Entity(key=key, name=name.strip() or key, base_currency=currency_code(base_currency))
    session.add(entity)
    session.flush()
    return entity


def find_entity(session: Session, key: str | None = None) -> Entity:
    """The company of this key; without one, the first that was made."""
    chosen = select(Entity).order_by(Entity.id).limit(1)
    entity = session.scalar(chosen.where(Entity.key == key) if key else chosen)
    if entity is None:
        raise NotFound("company", key or "yet", "Add one with: affiliate site add")
    return entity


def add_site(
    session: Session,
    *,
    key: str,
    name: str,
    hosts: Sequence[str] = (),
    language: str = "en-GB",
    jurisdiction: str = "uk",
    time_zone: str = "Europe/London",
    link_base: str = "",
    entity_key: str | None = None,
    now: datetime,
) -> Site:
    """A title of a company. Conflict if the key or one of the hosts is taken; nothing is stored then."""
    if session.scalar(select(Site).where(Site.key == checked_key(key))):
        raise Conflict(f"There is already a site with the key {key}.")
    site = Site(
        entity_id=find_entity(session, entity_key).id,
        key=key,
        name=name.strip() or key,
        link_base=checked_link_base(link_base),
        language=language,
        jurisdiction=jurisdiction.lower(),
        time_zone=str(zone(time_zone)),
        monetise=True,
        created_at=now,
    )
    session.add(site)
    session.flush()
    set_hosts(session, site, hosts)
    return site


def set_hosts(session: Session, site: Site, hosts: Sequence[str]) -> None:
    """Gives the site exactly these hosts; Conflict if another site has one of them."""
    wanted = {normalise_host(host) for host in hosts}
    for host in wanted:
        taken = session.get(SiteHost, host)
        if taken and taken.site_id != site.id:
            raise Conflict(f"{host} already belongs to the site {taken.site.key}.")
    present = {host.host: host for host in site.hosts}
    site.hosts = [present.get(host) or SiteHost(host=host) for host in sorted(wanted)]
    session.flush()


def checked_link_base(link_base: str) -> str:
    """Empty (links are relative), or an absolute address without a path, such as https://magazine.example."""
    if not link_base:
        return ""
    parsed = parse_web_url(link_base)
    if parsed.path not in ("", "/"):
        raise InvalidInput(f"The link base {link_base} must not have a path.")
    return parsed.text.rstrip("/")


def find_site(session: Session, key: str | None = None) -> Site:
    """The site of this key. Without a key: the only one; with several, InvalidInput asks which."""
    if key:
        site = session.scalar(select(Site).where(Site.key == key))
        if site is None:
            raise NotFound("site", key, f"There are: {', '.join(site_keys(session)) or 'none'}.")
        return site
    sites = session.scalars(select(Site).order_by(Site.id).limit(2)).all()
    if not sites:
        raise NotFound("site", "yet", "Add one with: affiliate site add")
    if len(sites) > 1:
        raise InvalidInput(f"There are several sites; choose one with --site: {', '.join(site_keys(session))}.")
    return sites[0]


def home_zone(session: Session) -> str:
    """The zone in which days are counted where no site is chosen: the oldest site's."""
    return session.scalar(select(Site.time_zone).order_by(Site.id).limit(1)) or "UTC"


def site_keys(session: Session) -> list[str]:
    return list(session.scalars(select(Site.key).order_by(Site.id)))


def has_site(session: Session) -> bool:
    """Whether the store has a first company and site already."""
    return session.scalar(select(Site.id).limit(1)) is not None


def ensure_default_site(
    session: Session, *, name: str, language: str, jurisdiction: str, time_zone: str, currency: str, now: datetime
) -> None:
    """Gives an empty store one company and one site; does nothing where there is a site."""
    if has_site(session):
        return
    if not session.scalar(select(func.count(Entity.id))):
        add_entity(session, key=DEFAULT_KEY, name=name, base_currency=currency)
    add_site(
        session,
        key=DEFAULT_KEY,
        name=name,
        language=language,
        jurisdiction=jurisdiction,
        time_zone=time_zone,
        now=now,
    )


def site_at(session: Session, host: str) -> Site | None:
    """The site that has this host, as a request or an address names it; None for a host that no site has."""
    key = host_key(host)
    known = session.get(SiteHost, key) if key and "\x00" not in key else None
    return known.site if known else None


def own_hosts(session: Session) -> frozenset[str]:
    """Every host of ours, those of link bases included, without www.: what must never be monetised."""
    bases = session.scalars(select(Site.link_base).where(Site.link_base != ""))
    return frozenset(session.scalars(select(SiteHost.host))) | {host_key(host_of(base) or base) for base in bases}


def is_own_host(session: Session, host: str) -> bool:
    """Whether a host is one of our sites, or a subdomain of one."""
    return is_within(host, own_hosts(session))


def is_within(host: str, domains: Collection[str]) -> bool:
    """Whether a host is one of the domains, or a subdomain of one."""
    return any(host == domain or host.endswith("." + domain) for domain in domains)
