from collections.abc import Callable
from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from affiliate.store import Store
from affiliate.store.tables import User
from affiliate.web import Services
from affiliate.web.accounts import EDITOR, add_user, deactivate
from affiliate.web.sessions import safe_next
from tests.conftest import HandClock
from tests.web.conftest import PASSWORD, Visitor

SignIn = Callable[[str], Visitor]


def add_editor(services: Services, email: str = "editor@magazine.example") -> int:
    with services.store.transaction() as session:
        return add_user(session, email=email, role=EDITOR, password=PASSWORD, now=services.clock()).user.id


def test_a_stranger_is_sent_to_the_log_in_and_back(stranger: FlaskClient, services: Services) -> None:
    add_editor(services)
    sent = stranger.get("/account?x=1")
    assert sent.status_code == 303
    assert sent.location == "/login?next=/account?x%3D1"
    visitor = Visitor(stranger)
    answer = visitor.post("/login", email="Editor@Magazine.example ", password=PASSWORD, next="/account?x=1")
    assert (answer.status_code, answer.location) == (303, "/account?x=1")
    assert "editor@magazine.example" in visitor.get("/account").text


def test_a_wrong_password_and_an_unknown_address_look_the_same(stranger: FlaskClient, services: Services) -> None:
    add_editor(services)
    visitor = Visitor(stranger)
    wrong = visitor.post("/login", email="editor@magazine.example", password="not this one")
    unknown = visitor.post("/login", email="nobody@magazine.example", password="not this one")
    assert wrong.status_code == unknown.status_code == 401
    assert "do not fit together" in wrong.text
    assert 'value="editor@magazine.example"' in wrong.text
    assert "not this one" not in wrong.text


def test_guessing_is_braked_and_the_brake_ends(stranger: FlaskClient, services: Services, clock: HandClock) -> None:
    add_editor(services)
    visitor = Visitor(stranger)
    for _ in range(8):
        assert visitor.post("/login", email="editor@magazine.example", password="guess").status_code == 401
    assert visitor.post("/login", email="editor@magazine.example", password=PASSWORD).status_code == 429
    clock.now += timedelta(minutes=15)
    assert visitor.post("/login", email="editor@magazine.example", password=PASSWORD).status_code == 303


def test_a_changed_password_ends_the_other_sessions(signed_in: SignIn, app: APIFlask) -> None:
    here = signed_in(EDITOR)
    elsewhere = Visitor(app.test_client())
    elsewhere.post("/login", email="editor@magazine.example", password=PASSWORD)
    assert elsewhere.get("/account").status_code == 200
    changed = here.post("/account", current=PASSWORD, wanted="another plain teapot", again="another plain teapot")
    assert changed.status_code == 303
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("current", "wanted", "again", "words"),
    [
        ("wrong", "another plain teapot", "another plain teapot", "current password is not right"),
        (PASSWORD, "short", "short", "too short"),
        (PASSWORD, "another plain teapot", "another plane teapot", "differ"),
        (PASSWORD, "aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", "too easy"),
    ],
)
def test_a_refused_password_changes_nothing(
    signed_in: SignIn, current: str, wanted: str, again: str, words: str
) -> None:
    visitor = signed_in(EDITOR)
    refused = visitor.post("/account", current=current, wanted=wanted, again=again)
    assert refused.status_code == 422
    assert words in refused.text
    assert visitor.get("/account").status_code == 200


def test_a_deactivated_user_is_signed_out_at_once(signed_in: SignIn, services: Services) -> None:
    visitor = signed_in(EDITOR)
    with services.store.transaction() as session:
        deactivate(session, user_id=1)
    assert visitor.get("/account").status_code == 303


def test_logging_out_needs_a_post_and_ends_the_session(signed_in: SignIn) -> None:
    visitor = signed_in(EDITOR)
    assert visitor.get("/logout").status_code == 405
    assert visitor.post("/logout").status_code == 303
    assert visitor.get("/account").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    stranger: FlaskClient, app: APIFlask, services: Services
) -> None:
    add_editor(services)
    answer = Visitor(stranger).post("/login", email="editor@magazine.example", password=PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_a_form_without_its_token_is_refused_with_a_way_on(stranger: FlaskClient) -> None:
    answer = stranger.post("/login", data={"email": "a@b.example", "password": "x"})
    assert answer.status_code == 400
    assert "The form had expired" in answer.text
    assert "/login" in answer.text


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        ("/links?q=a b", "/links?q=a b"),
        (None, "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\n/b", "/"),
        ("/\t/evil.example", "/"),
    ],
)
def test_after_the_log_in_nobody_is_sent_elsewhere(app: APIFlask, wanted: str | None, gone: str) -> None:
    with app.test_request_context():
        assert safe_next(wanted) == gone


def test_an_old_hash_is_renewed_at_the_log_in(services: Services, stranger: FlaskClient, sqlite_store: Store) -> None:
    from argon2 import PasswordHasher

    number = add_editor(services)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with sqlite_store.transaction() as session:
        user = session.get(User, number)
        assert user is not None
        user.password_hash = weak
    assert Visitor(stranger).post("/login", email="editor@magazine.example", password=PASSWORD).status_code == 303
    with sqlite_store.reading() as session:
        user = session.get(User, number)
        assert user is not None
        assert user.password_hash != weak
        assert user.last_seen_at == services.clock()
