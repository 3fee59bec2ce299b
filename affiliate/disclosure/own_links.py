"""Where the links of ours in a page lead, and for whom they earn: what no markup says."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.ids import is_placement_token
from affiliate.store.tables import Link, LinkPath, Programme, Site
from affiliate.urls import host_key, host_of


@dataclass(frozen=True, slots=True)
class OwnLink:
    """A link of ours as a page uses it. `placement` is the token in its address, "" for bare use."""

    target_url: str
    network: str
    programme: str
    placement: str


class OwnLinks:
    """Looks links of a site up by their address; each is asked for once."""

    def __init__(self, session: Session, site: Site) -> None:
        self._session, self._site = session, site
        self._hosts = {one.host for one in site.hosts} | (
            {host_key(base)} if (base := host_of(site.link_base)) else set()
        )
        self._known: dict[str, OwnLink | None] = {}

    def find(self, href: str) -> OwnLink | None:
        """The link of this address, relative or absolute; None for what is not ours."""
        if href not in self._known:
            self._known[href] = self._find(href)
        return self._known[href]

    def leads_to(self, href: str) -> str | None:
        """The advertiser's page behind an address of ours."""
        found = self.find(href)
        return found.target_url if found else None

    def _find(self, href: str) -> OwnLink | None:
        try:
            parts = urlsplit(href)
            host = parts.hostname
        except ValueError:
            return None
        if (host is not None and host_key(host) not in self._hosts) or not parts.path.startswith("/"):
            return None
        path, token = unquote(parts.path), ""
        head, _, tail = path.rpartition("/-")
        if head and is_placement_token(tail):
            path, token = head, tail
        row = _link_at(self._session, self._site.id, path)
        return OwnLink(*row, token) if row else None


def _link_at(session: Session, site_id: int, path: str) -> tuple[str, str, str] | None:
    """(target, network, programme in words) of the link that answers under a path."""
    if "\x00" in path or len(path) > 1000:
        return None
    wanted = (
        select(Link.target_url, Programme.network, Programme.name, Programme.advertiser_ref)
        .join(LinkPath, LinkPath.link_id == Link.id)
        .join(Programme, Programme.id == Link.programme_id)
        .where(LinkPath.site_id == site_id, LinkPath.path == path)
    )
    row = session.execute(wanted).first()
    return (row[0], row[1], f"{row[2]} ({row[3]})") if row else None
