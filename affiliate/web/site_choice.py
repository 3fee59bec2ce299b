"""Which title a person works on. With one site there is nothing to choose and nothing is shown."""

from dataclasses import dataclass
from typing import cast

from flask import g, request, session
from sqlalchemy import select

from affiliate.errors import StoreUnavailable
from affiliate.store.tables import Site
from affiliate.web.services import services

_KEY = "site"


@dataclass(frozen=True, slots=True)
class SiteChoice:
    id: int
    key: str
    name: str
    time_zone: str
    language: str


def sites() -> tuple[SiteChoice, ...]:
    """Every site, in the order of their names. Asked once per request."""
    if "sites" not in g:
        with services().store.reading() as reading:
            rows = reading.scalars(select(Site).order_by(Site.name, Site.id)).all()
        g.sites = tuple(SiteChoice(row.id, row.key, row.name, row.time_zone, row.language) for row in rows)
    return cast("tuple[SiteChoice, ...]", g.sites)


def chosen_site() -> SiteChoice | None:
    """The only site where there is one; else the one that the page's address names (an empty name: all), or that this
    person chose; None for all sites."""
    if len(sites()) == 1:
        return sites()[0]
    key = request.args.get(_KEY, session.get(_KEY))
    return next((site for site in sites() if site.key == key), None)


def choose_site(key: str) -> None:
    """Remembers the choice in the session; an empty or unknown key means all sites."""
    session[_KEY] = key if any(site.key == key for site in sites()) else ""


def shown_zone() -> str:
    """The zone in which moments are shown: the chosen site's, else the oldest one's, as the command does."""
    try:
        site = chosen_site() or oldest_site()
    except StoreUnavailable:
        return "UTC"
    return site.time_zone if site else "UTC"


def oldest_site() -> SiteChoice | None:
    return min(sites(), key=lambda site: site.id, default=None)
