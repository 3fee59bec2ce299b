"""What an author wrote at each link of ours, kept with its placement, and how it is put back: byte for byte where we know it.

An address that an earlier run wrote is no author's: what its placement keeps stays, also where the HTML was copied. An
author's own use of a path of ours, or of a network's link that pays us, cannot be put back where nothing may earn: the
advertiser's page is written there, and its `rel` is put back.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from affiliate.articles.document import PLACEMENT_MARK, Anchor
from affiliate.articles.queries import placements_with
from affiliate.articles.rewrite import Replacement
from affiliate.articles.routes import Route
from affiliate.errors import InvalidUrl
from affiliate.links.cleaning import clean
from affiliate.networks.inspect import inspect
from affiliate.store.tables import Placement
from affiliate.urls import identity


class Originals:
    """What is known of the authors' addresses behind the anchors of one document on one site."""

    def __init__(self, session: Session, site_id: int, routes: Mapping[int, Route]) -> None:
        tokens = {route.token for route in routes.values() if route.token}
        self._known: Mapping[str, Placement] = placements_with(session, site_id, tokens) if tokens else {}

    def keep(self, placement: Placement, anchor: Anchor, route: Route) -> None:
        """Keeps with a placement what the author of its anchor wrote, as far as the anchor or an earlier run tells."""
        if not route.token:
            href, rel = anchor.attribute("href"), anchor.attribute("rel")
            placement.authored_url = None if route.written else anchor.url
            placement.authored_href = None if route.written or href is None else href.written
            placement.authored_rel = rel.written if rel else ""
            if PLACEMENT_MARK in anchor.attributes:  # of an earlier run, whose words may stand in its rel
                placement.authored_rel = None
            return
        known = self._of(route, placement.link_id)
        if known is not placement:
            placement.authored_url = known.authored_url if known else None
            placement.authored_href = known.authored_href if known else None
            placement.authored_rel = known.authored_rel if known else None

    def back(self, anchor: Anchor, route: Route) -> Replacement | None:
        """What stands there again where nothing may earn; None for what no run of ours wrote and for what never earned."""
        if not route.written and not self._is_ours(anchor, route):
            return None
        target = route.link.target_url if route.link else route.target
        if target is None:
            return None
        known = self._of(route, route.link.id if route.link else None)
        if known is None or not self._is_of(known, route):
            return Replacement(target, paid=False)
        if known.authored_url is None:
            return Replacement(target, paid=False, rel=known.authored_rel)
        if (plain := _unpaid(known.authored_url)) != known.authored_url:
            return Replacement(plain or target, paid=False, rel=known.authored_rel)
        return Replacement(plain, paid=False, written=known.authored_href, rel=known.authored_rel)

    def _is_ours(self, anchor: Anchor, route: Route) -> bool:
        """Whether an earlier run wrote the anchor's address, and its target is known."""
        return route.target is not None and (PLACEMENT_MARK in anchor.attributes or route.token in self._known)

    def _of(self, route: Route, link_id: int | None) -> Placement | None:
        """The placement that an address names; None where it is one of another link than the address leads to."""
        known = self._known.get(route.token)
        return known if known and link_id in (None, known.link_id) else None

    @staticmethod
    def _is_of(known: Placement, route: Route) -> bool:
        """Whether a direct link still leads where the run that wrote it led."""
        if route.written or route.target is None:
            return True
        return identity(route.target) in {identity(known.link.target_url), identity(_page(known.authored_url or ""))}


def _page(url: str) -> str:
    """What a link is made of for an author's address; "" for what is none."""
    try:
        return clean(_absolute(url)).url.text
    except InvalidUrl:
        return ""


def _unpaid(url: str) -> str:
    """An author's address if it pays nobody, else the page behind it ("" where it does not show that)."""
    try:
        taken = inspect(_absolute(url))
    except InvalidUrl:
        return ""
    return (taken.target_url or "") if taken.layers else url


def _absolute(url: str) -> str:
    return "https:" + url if url.startswith("//") else url
