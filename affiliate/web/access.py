"""Who may open what: everything is shut until a blueprint says to whom it is open.

`Pages` are for people: signed in, with one of the roles (an admin may all), or for everybody. `Api` is for scripts: a
bearer token with the scope that the view names. `Signed` is for messages that carry a proof of their own. A route of any other blueprint, or of none, is refused.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from apiflask import APIBlueprint, APIFlask
from flask import abort, current_app, g, redirect, request, url_for
from flask_login import LoginManager, current_user
from werkzeug.wrappers import Response

from affiliate.errors import NotAllowed, StoreUnavailable
from affiliate.web.accounts import ADMIN, ROLES, TokenRow, find_token, use_is_noted
from affiliate.web.services import services
from affiliate.web.signed_in import Person, find_person, is_use_noted, note_use

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of the main navigation, shown to those who may open it."""

    label: str
    endpoint: str
    current: bool = False


class Pages(APIBlueprint):
    """Pages for people. `roles` besides admin; `everybody` opens them without log-in. `menu` is (label, endpoint)."""

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        roles: Iterable[str] = (),
        everybody: bool = False,
        menu: tuple[str, str] | None = None,
        url_prefix: str | None = None,
    ) -> None:
        super().__init__(name, import_name, enable_openapi=False, url_prefix=url_prefix)
        self.roles = frozenset(roles) | {ADMIN}
        self.everybody = everybody
        self.menu = menu


class Api(APIBlueprint):
    """Views for scripts. Each names its scope with `scoped`; one without is refused to all."""


class Signed(APIBlueprint):
    """Doors for other machines' messages: open without log-in, because every view asks the message itself for a proof."""

    def __init__(self, name: str, import_name: str, *, url_prefix: str) -> None:
        super().__init__(name, import_name, enable_openapi=False, url_prefix=url_prefix)


def scoped(scope: str) -> Callable[[View], View]:
    """Names the scope that a token needs for this view. Stands directly above the function."""

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined] # read by the guard, kept by functools.wraps
        return view

    return mark


def install(app: APIFlask) -> None:
    """Makes the guard the first thing that happens to a request."""
    manager = LoginManager()
    manager.session_protection = None  # it would bind sessions to addresses, which change on the way to work
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(_person_of_cookie)
    app.before_request(guard)


def guard() -> Response | None:
    if request.endpoint is None or request.endpoint == "static":
        return None  # no such page, for which there is a page
    blueprint = current_app.blueprints.get(request.blueprint or "")
    if isinstance(blueprint, Pages):
        return None if blueprint.everybody else _admit_person(blueprint)
    if isinstance(blueprint, Api):
        _admit_token(getattr(current_app.view_functions[request.endpoint], "scope", None))
        return None
    if isinstance(blueprint, Signed):
        return None
    if request.endpoint == "openapi.spec":
        return None if person() or bearer() else abort(401)
    raise NotAllowed("This page is not open to anybody.")


def person() -> Person | None:
    """Who is signed in. StoreUnavailable if that cannot be told (asked again, the answer is nobody)."""
    if "person" not in g:
        g.person = None
        g.person = current_user if current_user.is_authenticated else None
    return cast("Person | None", g.person)


def somebody() -> Person:
    """Who is signed in, on a page that needs it."""
    found = person()
    if found is None:
        abort(401)
    return found


def glimpse() -> Person | None:
    """Who is signed in, for the frame of a page that must also come without a database."""
    try:
        return person()
    except StoreUnavailable:
        return None


def menu_for(who: Person | None) -> list[MenuEntry]:
    """What this person may open, in the order in which blueprints are registered. Those of the same label share an entry,
    which leads to the first of them."""
    if who is None:
        return []
    entries: dict[str, MenuEntry] = {}
    for blueprint in current_app.blueprints.values():
        if isinstance(blueprint, Pages) and blueprint.menu and who.role in blueprint.roles:
            entry = MenuEntry(*blueprint.menu, current=_is_within(blueprint))
            first = entries.setdefault(entry.label, entry)
            entries[entry.label] = replace(first, current=first.current or entry.current)
    return list(entries.values())


def _is_within(blueprint: Pages) -> bool:
    below = bool(blueprint.url_prefix) and f"{request.path}/".startswith(f"{blueprint.url_prefix}/")
    return below or request.blueprint == blueprint.name


def may_open(endpoint: str) -> bool:
    """Whether the signed-in person may open this endpoint, for links between pages."""
    blueprint = current_app.blueprints.get(endpoint.rpartition(".")[0])
    who = glimpse()
    return isinstance(blueprint, Pages) and (blueprint.everybody or (who is not None and who.role in blueprint.roles))


def is_route(endpoint: str) -> bool:
    """Whether there is such an endpoint at all, for tabs of rooms that come and go."""
    return endpoint in current_app.view_functions


def bearer() -> TokenRow | None:
    """The token that the request carries in its Authorization header; its use is noted."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        return None
    store, now = services().store, services().clock()
    with store.reading() as session:
        token = find_token(session, text.strip())
    if token and not use_is_noted(token, now):
        with store.transaction() as session:
            find_token(session, text.strip(), now=now)
    return token


def token() -> TokenRow:
    """The token of an API request that was let in."""
    return cast("TokenRow", g.token)


def _admit_person(blueprint: Pages) -> Response | None:
    who = person()
    if who is None:
        if wants_json() or request.method == "POST":
            abort(401)  # not to the log-in, where what was sent would be gone
        return redirect(url_for("sessions.log_in", next=request.full_path.rstrip("?")), code=303)
    if who.role not in blueprint.roles:
        allowed = " or ".join(role for role in ROLES if role in blueprint.roles)
        raise NotAllowed(f"This page is for the role {allowed}; you are signed in as {who.role}.")
    return None


def _admit_token(scope: str | None) -> None:
    found = bearer()
    if found is None:
        abort(401)
    if scope is None or not found.allows(scope):
        raise NotAllowed(f"This needs a token with the scope {scope or ADMIN}; this one has {', '.join(found.scopes)}.")
    g.token = found


def wants_json() -> bool:
    """Whether a refusal is for a script: below /api/, or when JSON is what the client asked for."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return request.path.startswith("/api/") or best == "application/json"


def _person_of_cookie(key: str) -> Person | None:
    """Whose session the cookie names; that it was used is noted where that can be."""
    given = services()
    now = given.clock()
    with given.store.reading() as session:
        found = find_person(session, key, life=given.life, now=now)
    if found and not is_use_noted(found, now):
        with suppress(StoreUnavailable), given.store.transaction() as session:
            note_use(session, found, now=now)
    return found
