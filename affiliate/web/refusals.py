"""How refusals look from outside: one table of statuses, a page for people, JSON for scripts."""

import logging
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import current_app, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadHost, HTTPException
from werkzeug.wrappers import Response

from affiliate import deadline
from affiliate.errors import (
    AffiliateError,
    BlockedAddress,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    SettingsInvalid,
    StoreUnavailable,
    TooBusy,
    TookTooLong,
    UnknownAdvertiser,
    Unreachable,
    UnreadableMessage,
)
from affiliate.web.access import glimpse, wants_json
from affiliate.web.reader import not_found_page

_LOG = logging.getLogger(__name__)

_NOT_TYPED = {"csrf_token", "next", "packed", "file_name", "step", "username"}
_SECRET = {"password", "current", "wanted", "again"}
_WORTH_KEEPING = 20  # characters: shorter texts are choices and names, soon made again

STATUSES: dict[type[AffiliateError], int] = {
    InvalidInput: 422,
    UnknownAdvertiser: 422,
    BlockedAddress: 422,
    NotFound: 404,
    Conflict: 409,
    NotAllowed: 403,
    UnreadableMessage: 400,
    Unreachable: 502,
    StoreUnavailable: 503,
    TooBusy: 503,
    TookTooLong: 503,
    SettingsInvalid: 422,  # here: a column map that somebody sent
    AffiliateError: 422,
}

_HEADINGS = {
    400: "This request could not be read",
    401: "Please sign in",
    403: "This is not open to you",
    404: "There is no such page",
    405: "This address cannot be used like that",
    409: "That is already there",
    413: "That is too large",
    415: "That kind of content cannot be used",
    422: "That cannot be used as it is",
    429: "Too many tries",
    500: "Something went wrong on our side",
    502: "Another server did not answer",
    503: "The database does not answer at the moment",
}

_NAMED: dict[type[AffiliateError], str] = {
    TooBusy: "Too much at once",
    TookTooLong: "That took too long",
}

_TEXTS = {
    401: "Sign in; a script sends a valid token in the header “Authorization: Bearer …”, which an admin makes.",
    404: "Nothing stands at this address. It may have been typed with a slip, or the thing was never there.",
    405: "The address exists, but not for this kind of request. Use the page's own buttons and links.",
    413: "What was sent is larger than this page takes.",
    500: "The problem has been logged. Nothing that was saved before is lost; try again, or go on elsewhere.",
    503: "Redirects go on working. Try again in a minute; what you sent was not saved.",
}


def status_of(problem: AffiliateError) -> int:
    """The status of the nearest class in the table."""
    return next(STATUSES[kind] for kind in type(problem).__mro__ if kind in STATUSES)


def install(app: APIFlask) -> None:
    app.error_processor(_schema)  # first: it also takes every HTTPException for itself
    app.register_error_handler(AffiliateError, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def _refused(problem: AffiliateError) -> tuple[Any, int] | Response:
    status = status_of(problem)
    if status >= 500:
        _LOG.warning("%s %s: %s", request.method, request.path, problem)
    text = _TEXTS[503] if isinstance(problem, StoreUnavailable) else str(problem)
    return _answer(status, type(problem).__name__, text, heading=_NAMED.get(type(problem), ""))


def _forged(_problem: CSRFError) -> tuple[Any, int] | Response:
    return _answer(
        400,
        "FormExpired",
        "The form had expired, or came from another page. Nothing was saved: open its page again and send it once more.",
        heading="The form had expired",
    )


def _http(problem: HTTPException) -> tuple[Any, int] | Response:
    status = problem.code or 500
    if isinstance(problem, BadHost):  # without a host no page can be made: it would hold addresses
        return Response("The name of the host cannot be read.\n", status, mimetype="text/plain")
    if problem.response is not None or status < 400:
        return problem.get_response()
    if status == 404 and not wants_json() and glimpse() is None:
        return not_found_page()
    if status == 401 and request.method == "POST" and not wants_json():
        answer = _answer(
            401, "SignedOut", "Nothing was saved. Sign in and send it again.", heading="You are signed out"
        )
    else:
        said = _TEXTS.get(status, problem.description or problem.name)
        answer = _answer(status, problem.name.replace(" ", ""), said)
    response = current_app.make_response(answer)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="affiliate"'
    if allowed := getattr(problem, "valid_methods", None):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _broken(problem: Exception) -> tuple[Any, int] | Response:
    if current_app.testing:
        raise problem
    _LOG.exception("%s %s", request.method, request.path, exc_info=problem)
    return _answer(500, "InternalError", _TEXTS[500])


def _schema(problem: HTTPError) -> tuple[Any, int, Any]:
    """What the API's own checks of input refuse, in the form of every other refusal."""
    fields = {name: texts for found in problem.detail.values() for name, texts in found.items()}
    message = " ".join(f"{name}: {texts[0]}." for name, texts in fields.items()) or problem.message
    return (
        {"error": {"code": "InvalidRequest", "message": message, "fields": fields}},
        problem.status_code,
        problem.headers,
    )


def _answer(status: int, kind: str, text: str, *, heading: str = "") -> tuple[Any, int]:
    if wants_json():
        return jsonify(error={"code": kind, "message": text}), status
    heading = heading or _HEADINGS.get(status, "This did not work")
    with deadline.lifted():
        return render_template("error.html", status=status, heading=heading, text=text, kept=_typed()), status


def _typed() -> list[tuple[str, str]]:
    """(field, text) of a form that was refused whole: the way back would load its page anew, with nothing in it."""
    try:
        fields = request.form.items(multi=True)
    except HTTPException:  # larger than is read
        return []
    typed = [(name, text) for name, text in fields if text.strip() and name not in _NOT_TYPED | _SECRET]
    return typed if any(len(text) > _WORTH_KEEPING for _, text in typed) else []
