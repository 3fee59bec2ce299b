"""Every route of the application, asked by everybody."""

from collections.abc import Callable, Iterator

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule

from affiliate.web import Services
from affiliate.web.access import Api, Pages, scoped
from affiliate.web.accounts import ADMIN, EDITOR, FINANCE, add_token, revoke_token
from tests.web.conftest import ROLES, Visitor

SignIn = Callable[[str], Visitor]

OPEN = {"static", "sessions.log_in", "sessions.send_log_in", "sessions.log_out", "postbacks.send", "reader.show_why"}

# What each role may open, by blueprint. A new blueprint has to be put here on purpose.
BLUEPRINTS = {
    "own": {EDITOR, FINANCE, ADMIN},
    "links": {EDITOR, ADMIN},
    "reports": {FINANCE, ADMIN},
    "payouts": {FINANCE, ADMIN},
    "clicks": {EDITOR, FINANCE, ADMIN},
    "articles": {EDITOR, FINANCE, ADMIN},
    "desk": {EDITOR, ADMIN},  # what changes an article
    "disclosure": {EDITOR, FINANCE, ADMIN},
    "register": {EDITOR, FINANCE, ADMIN},
    "disclosure_desk": {ADMIN},
    "crawls": {EDITOR, FINANCE, ADMIN},
    "crawls_desk": {ADMIN},
    "texts": {EDITOR, ADMIN},
    "texts_desk": {ADMIN},
    "imports": {FINANCE, ADMIN},
    "connectors": {FINANCE, ADMIN},
    "networks": {EDITOR, ADMIN},
    "settings": {ADMIN},
    "people": {ADMIN},
    "status": {ADMIN},
}


def fitting(kind: BaseConverter) -> object:
    """A value that a part of a path takes."""
    if isinstance(kind, IntegerConverter):
        return 1
    return min(kind.items) if isinstance(kind, AnyConverter) else "x"


def asked(app: APIFlask) -> Iterator[tuple[Rule, str, str]]:
    """(rule, method, a path that fits it) of every route."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, {name: fitting(kind) for name, kind in rule._converters.items()})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, path


def test_every_page_but_the_log_in_is_shut_to_strangers(app: APIFlask, stranger: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    for rule, method, path in asked(app):
        if rule.endpoint in OPEN:
            continue
        answer = stranger.open(path, method=method)
        if answer.status_code == 303:
            assert answer.location.startswith("/login"), rule
        else:
            assert answer.status_code == 401, (rule, method, answer.status_code)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_open_exactly_what_is_meant_for_it(app: APIFlask, signed_in: SignIn, role: str) -> None:
    visitor = signed_in(role)
    app.config["WTF_CSRF_ENABLED"] = False
    for rule, method, path in asked(app):
        blueprint = app.blueprints.get(rule.endpoint.rpartition(".")[0])
        if rule.endpoint in OPEN or not isinstance(blueprint, Pages):
            continue
        answer = visitor.client.open(path, method=method)
        allowed = role in BLUEPRINTS[blueprint.name]
        assert (answer.status_code != 403) is allowed, (rule, method, answer.status_code)
        assert answer.status_code < 500
        if not allowed:
            assert f"signed in as {role}" in answer.text


def test_every_blueprint_of_pages_is_known_here(app: APIFlask) -> None:
    names = {each.name for each in app.blueprints.values() if isinstance(each, Pages) and not each.everybody}
    assert names == set(BLUEPRINTS)


@pytest.mark.parametrize(
    ("role", "seen", "hidden"),
    [
        (EDITOR, ["/links", "/reports/clicks", "/articles"], ["/settings", "/reports/commissions", "/imports"]),
        (FINANCE, ["/reports/commissions", "/articles", "/imports"], ["/links", "/settings"]),
        (ADMIN, ["/links", "/articles", "/reports/commissions", "/imports", "/settings"], []),
    ],
)
def test_the_navigation_shows_what_the_role_may_open(
    signed_in: SignIn, role: str, seen: list[str], hidden: list[str]
) -> None:
    page = signed_in(role).get("/account").text
    navigation = page.partition('<nav class="main-nav"')[2].partition("</nav>")[0]
    assert all(f'href="{path}"' in navigation for path in seen)
    assert not any(f'href="{path}"' in navigation for path in hidden)


def test_an_editor_begins_with_the_links(signed_in: SignIn) -> None:
    assert signed_in(EDITOR).get("/").location == "/links"


def add_api(app: APIFlask) -> None:
    api = Api("things", __name__, url_prefix="/api/v1")

    @api.get("/things")
    @scoped("links:read")
    def things() -> dict[str, str]:
        return {"thing": "a"}

    @api.get("/forgotten")
    def forgotten() -> dict[str, str]:
        return {"thing": "b"}

    app.register_blueprint(api)


def test_the_api_takes_a_token_with_the_scope_and_nothing_else(
    app: APIFlask, services: Services, signed_in: SignIn
) -> None:
    add_api(app)
    with services.store.transaction() as session:
        reader = add_token(session, name="CMS", scopes=["links:read"], now=services.clock())
        other = add_token(session, name="books", scopes=["reports:read"], now=services.clock())
        chief = add_token(session, name="chief", scopes=["admin"], now=services.clock())
        gone = add_token(session, name="gone", scopes=["admin"], now=services.clock())
        revoke_token(session, token_id=gone.token.id, now=services.clock())
    client = app.test_client()

    def status(path: str, text: str) -> int:
        return client.get(path, headers={"Authorization": f"Bearer {text}"}).status_code

    assert status("/api/v1/things", reader.text) == 200
    assert status("/api/v1/things", chief.text) == 200
    assert status("/api/v1/things", other.text) == 403
    assert status("/api/v1/things", gone.text) == 401
    assert status("/api/v1/things", reader.text + "x") == 401
    assert status("/api/v1/forgotten", reader.text) == 403
    assert signed_in(ADMIN).get("/api/v1/things").status_code == 401
    refused = client.get("/api/v1/things")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert refused.is_json


def test_the_description_of_the_api_needs_a_log_in_or_a_token(
    app: APIFlask, services: Services, signed_in: SignIn
) -> None:
    with services.store.transaction() as session:
        token = add_token(session, name="CMS", scopes=["links:read"], now=services.clock())
    assert app.test_client().get("/openapi.json").status_code == 401
    assert signed_in(EDITOR).get("/openapi.json").status_code == 200
    described = app.test_client().get("/openapi.json", headers={"Authorization": f"Bearer {token.text}"})
    assert described.status_code == 200
    assert not any(path.startswith(("/links", "/settings", "/login")) for path in described.get_json()["paths"])
