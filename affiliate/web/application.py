"""The Flask application, put together."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from apiflask import APIFlask
from flask import request
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.routing import IntegerConverter

from affiliate import deadline
from affiliate.clicks.count import MEANINGS
from affiliate.errors import StoreUnavailable
from affiliate.networks.registry import compared_count
from affiliate.web import (
    access,
    api,
    articles,
    clicks,
    connectors,
    crawls,
    disclosure,
    headers,
    imports,
    links,
    networks,
    payouts,
    people,
    postbacks,
    reader,
    refusals,
    register,
    reports,
    sessions,
    setup,
    status,
    texts,
    words,
)
from affiliate.web import services as given
from affiliate.web.access import Api, Pages, Signed, glimpse, is_route, may_open, menu_for
from affiliate.web.folders import templates_folder
from affiliate.web.services import Services
from affiliate.web.site_choice import chosen_site, shown_zone, sites
from affiliate.web.static_files import FOLDER, static_url

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_REQUEST = 32_000_000  # bytes; a network's yearly report of a large publisher has about 20 MB

# The order of the pages with a menu is the order of the navigation, and the first one that a role may open its home.
BLUEPRINTS: tuple[Pages | Api | Signed, ...] = (
    sessions.doors,
    sessions.pages,
    links.pages,
    reports.pages,
    payouts.pages,
    clicks.pages,
    articles.pages,
    articles.desk,
    register.pages,
    disclosure.pages,
    disclosure.desk,
    texts.pages,
    texts.desk,
    crawls.pages,
    crawls.desk,
    imports.pages,
    connectors.pages,
    networks.pages,
    setup.pages,
    people.pages,
    status.pages,
    *api.BLUEPRINTS,
    postbacks.door,
    reader.pages,
)


class RowId(IntegerConverter):
    """A number that every database can look up; a longer one is no page."""

    regex = r"\d{1,15}"


def create_app(wanted: Services) -> APIFlask:
    """The web application. Touches neither disk nor database until the first request."""
    app = APIFlask(
        "affiliate",
        title="Affiliate",
        version=version("affiliate"),
        docs_path=None,  # its pages load scripts from elsewhere
        json_errors=False,
        static_folder=str(FOLDER),
        template_folder=str(templates_folder()),
    )
    app.config.update(
        SECRET_KEY=wanted.session_key,
        SESSION_COOKIE_NAME="__Host-affiliate" if wanted.secure_cookies else "affiliate",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=wanted.secure_cookies,
        PERMANENT_SESSION_LIFETIME=wanted.life.idle,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch is not lost
    )
    app.url_map.converters["int"] = RowId
    given.install(app, wanted)
    app.wsgi_app = _limited(app.wsgi_app, wanted.request_seconds)  # type: ignore[assignment, method-assign] # Flask's own way
    app.extensions["affiliate.postbacks"] = postbacks.new_throttles()
    headers.install(app)
    refusals.install(app)
    access.install(app)
    forgery = CSRFProtect(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
        if isinstance(blueprint, Api | Signed):
            forgery.exempt(blueprint)  # a browser never sends a token or a signature on its own
    api.describe(app)
    _prepare_templates(app)
    return app


def _limited(pages: "WSGIApplication", seconds: float) -> "WSGIApplication":
    """The same, each request with its time limit."""

    def limited(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with deadline.within(seconds):
            return pages(environ, start_response)

    return limited


def _prepare_templates(app: APIFlask) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(words.FILTERS, zip=zip)
    app.jinja_env.globals.update(
        static_url=static_url,
        may_open=may_open,
        is_route=is_route,
        click_meanings=MEANINGS,
        compared_count=compared_count,
    )
    app.context_processor(_frame)


def _frame() -> dict[str, Any]:
    """What the frame of every page shows: who, where they may go, which site, in which zone."""
    who = glimpse()
    if who is None:
        return {"person": None, "menu": [], "sites": (), "site": None, "site_names": {}, "zone": "UTC"}
    try:
        return {
            "person": who,
            "menu": menu_for(who),
            "sites": sites(),
            "site": chosen_site(),
            "site_names": {site.key: site.name for site in sites()},
            "zone": shown_zone(),
            "here": request.full_path.rstrip("?"),
        }
    except StoreUnavailable:
        return {"person": who, "menu": menu_for(who), "sites": (), "site": None, "site_names": {}, "zone": "UTC"}
