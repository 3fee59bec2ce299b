"""What readers see without signing in: why a link stands where it stands, and a page with a way on where a path leads
nowhere; in the title's own name, without a cookie."""

import logging
from dataclasses import dataclass
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from flask import Response, current_app, render_template, request

from affiliate.clock import zone
from affiliate.errors import StoreUnavailable
from affiliate.links.sites import site_at
from affiliate.reports.why import Offer, Title, Why, title_of, why
from affiliate.urls import without_port
from affiliate.web.access import Pages
from affiliate.web.services import services
from affiliate.web.why_words import Words, words_for

pages = Pages("reader", __name__, everybody=True)

_KEPT = "public, max-age=300"  # seconds; an edit of a link shows after five minutes at the latest
_ORPHANS = logging.getLogger("affiliate.orphans")


@dataclass(frozen=True, slots=True)
class Way:
    """Where a lost reader can go on."""

    name: str
    url: str


@pages.get("/why/", defaults={"asked": ""})
@pages.get("/why/<path:asked>")
def show_why(asked: str) -> Response:
    """Who chose a link, who pays, where else: for whoever was sent here by an article. Never sees who asks."""
    host = _host()
    try:
        with services().store.reading() as session:
            found = why(session, host=host, asked=asked, now=services().clock())
            title = found.title if found else title_of(session, host)
    except StoreUnavailable:
        words = words_for("en")
        return _reader_page(503, words, None, heading=words.trouble, text=words.trouble_text, caching="no-store")
    words = words_for(title.language if title else "en")
    if found is None:
        return _reader_page(404, words, title, heading=words.unknown, text=words.unknown_text)
    return _reader_page(200, words, title, found, seen=lambda offer: _seen(offer, words, found.title))


def _reader_page(
    status: int, words: Words, title: Title | None, found: Why | None = None, *, caching: str = _KEPT, **values: Any
) -> Response:
    """Rendered without what other pages know of the person who asks: the answer is the same for all."""
    template = current_app.jinja_env.get_template("reader/why.html")
    page = template.render(words=words, title=title, why=found, **values)
    return Response(page, status, {"Cache-Control": caching}, mimetype="text/html")


def _seen(offer: Offer, words: Words, title: Title) -> str:
    """A price with the day on which it was seen, as the site's readers write both."""
    if offer.price is None or offer.price_as_of is None:
        return ""
    locale = _locale(title.language, words)
    day = format_date(offer.price_as_of.astimezone(zone(title.time_zone)), "long", locale=locale)
    return words.price.format(price=offer.price.format(locale), day=day)


def _locale(language: str, words: Words) -> str:
    """The site's own (en-GB, de-AT) where it is one of the page's language, else that language's."""
    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return words.language
    return str(locale) if locale.language == words.language else words.language


def not_found_page() -> tuple[str, int]:
    """Logs the path as an orphan (nothing about the reader) and shows the way to the title's front page."""
    _ORPHANS.info("%s %s", _host(), request.path)
    return render_template("reader/404.html", way=_way_on()), 404


def _way_on() -> Way | None:
    host = _host()
    try:
        with services().store.reading() as session:
            found = site_at(session, host)
            return Way(found.name, f"https://{host}/") if found else None
    except StoreUnavailable:
        return None


def _host() -> str:
    return without_port(request.host)
