"""What a reader sees when a path leads nowhere: a page with a way on, in the title's own name, without a cookie."""

import logging
from dataclasses import dataclass

from flask import render_template, request

from affiliate.errors import StoreUnavailable
from affiliate.store.tables import SiteHost
from affiliate.web.services import services

_ORPHANS = logging.getLogger("affiliate.orphans")


@dataclass(frozen=True, slots=True)
class Way:
    """Where a lost reader can go on."""

    name: str
    url: str


def not_found_page() -> tuple[str, int]:
    """Logs the path as an orphan (nothing about the reader) and shows the way to the title's front page."""
    _ORPHANS.info("%s %s", _host(), request.path)
    return render_template("reader/404.html", way=_way_on()), 404


def _way_on() -> Way | None:
    host = _host()
    try:
        with services().store.reading() as session:
            found = session.get(SiteHost, host.removeprefix("www."))
            return Way(found.site.name, f"https://{host}/") if found else None
    except StoreUnavailable:
        return None


def _host() -> str:
    return request.host.partition(":")[0].lower()
