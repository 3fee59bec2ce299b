"""What every call of the API goes through before its view: a body that is JSON, not too large, and readable."""

from apiflask import APIFlask
from flask import abort, request
from sqlalchemy.orm import Session

from affiliate.errors import InvalidInput
from affiliate.links.sites import find_site, site_at, site_keys
from affiliate.store.tables import Site
from affiliate.urls import host_of
from affiliate.web.access import Api

PREFIX = "/api/v1"
SECURITY = "token"

_LARGEST_BODY = (
    8_000_000  # bytes; an article's HTML is at most half of that, and JSON may escape every second character
)


def blueprint(name: str, tag: str) -> Api:
    """A blueprint of the API; `tag` groups its calls in /openapi.json."""
    made = Api(f"api_{name}", f"affiliate.web.api.{name}", tag=tag, url_prefix=PREFIX)
    made.before_request(_check_body)
    return made


def describe(app: APIFlask) -> None:
    """Tells /openapi.json how scripts sign in."""
    app.security_schemes = {
        SECURITY: {"type": "http", "scheme": "bearer", "description": "A token of Settings → Tokens"}
    }


def _check_body() -> None:
    request.max_content_length = _LARGEST_BODY
    if "\x00" in request.path:
        abort(404)
    if request.method not in ("POST", "PATCH"):
        return
    if not request.is_json:
        abort(415, "Send the body as JSON, with the header Content-Type: application/json.")
    try:
        body = request.get_json()
    except RecursionError:
        abort(400, "The JSON is nested too deeply.")
    if not isinstance(body, dict):
        abort(422, "The body must be a JSON object.")


def site_of(session: Session, key: str | None, url: str | None = None) -> Site:
    """The site that a call is about: the one it names, else the one on whose host the URL is, else the only one."""
    if key is None and url and (known := site_at(session, host_of(url) or "")):
        return known
    if key is None and len(keys := site_keys(session)) > 1:
        raise InvalidInput(f"There are several sites; name one as “site”: {', '.join(keys)}.")
    return find_site(session, key)
