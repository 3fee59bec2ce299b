"""What every answer says to the browser besides its content."""

from apiflask import APIFlask
from flask import request, session
from werkzeug.wrappers import Response

from affiliate.web.static_files import version_of

# Pictures come from here or from data: alone. A merchant's picture is offered as a link, because loading it would tell
# the merchant's server what an editor is working on.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR = 31_536_000


def install(app: APIFlask) -> None:
    app.after_request(_add)


def _add(response: Response) -> Response:
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        response.headers["Cache-Control"] = _static_caching()
    else:
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
    if response.cache_control.public:
        session.accessed = False  # Flask-Login looks into every session, and Flask would answer “Vary: Cookie” for it
    return response


def _static_caching() -> str:
    """For ever if the address names this very content, else with a question each time (answered by ETag)."""
    path = (request.view_args or {}).get("filename", "")
    asked = request.args.get("v")
    return f"public, max-age={_YEAR}, immutable" if asked and asked == version_of(path) else "public, no-cache"
