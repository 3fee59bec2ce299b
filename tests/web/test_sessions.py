import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from affiliate.redirect.addresses import Networks, client_of
from affiliate.store import Store
from affiliate.store.tables import User, UserSession
from affiliate.web import Services, accounts, create_app, passwords
from affiliate.web.accounts import EDITOR, FINANCE, add_user, deactivate, set_role
from affiliate.web.passwords import hashed
from affiliate.web.sessions import safe_next
from tests.conftest import HandClock
from tests.web.conftest import PASSWORD, Visitor

SignIn = Callable[[str], Visitor]


def add_editor(services: Services, email: str = "editor@magazine.example") -> int:
    with services.store.transaction() as session:
        return add_user(session, email=email, role=EDITOR, password=hashed(PASSWORD), now=services.clock()).user.id


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
    braked = visitor.post("/login", email="editor@magazine.example", password=PASSWORD)
    assert braked.status_code == 429
    assert "Wait 2 minutes" in braked.text
    clock.now += timedelta(minutes=2)
    assert visitor.post("/login", email="editor@magazine.example", password=PASSWORD).status_code == 303


def from_address(app: APIFlask, address: str) -> Visitor:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return Visitor(client)


def guess(visitor: Visitor, times: int, email: str = "editor@magazine.example") -> list[int]:
    return [visitor.post("/login", email=email, password="guess").status_code for _ in range(times)]


def test_wrong_tries_of_a_stranger_keep_nobody_else_out(app: APIFlask, services: Services) -> None:
    add_editor(services)
    assert guess(from_address(app, "192.0.2.1"), 10) == [401] * 8 + [429] * 2
    owner = from_address(app, "192.0.2.2")
    assert owner.post("/login", email="editor@magazine.example", password=PASSWORD).status_code == 303


def test_many_addresses_slow_an_account_down_but_not_on_a_device_that_it_knows(
    app: APIFlask, services: Services, clock: HandClock
) -> None:
    add_editor(services)
    owner = from_address(app, "198.51.100.1")
    assert owner.post("/login", email="editor@magazine.example", password=PASSWORD).status_code == 303
    owner.post("/logout")
    for number in range(60):
        assert guess(from_address(app, f"192.0.2.{number}"), 1) == [401]
    assert guess(from_address(app, "192.0.2.200"), 1) == [429]
    assert guess(from_address(app, "192.0.2.200"), 1, "nobody@magazine.example") == [401]
    clock.forward(minutes=1)
    assert guess(from_address(app, "192.0.2.201"), 2) == [401, 429]  # drop by drop
    assert owner.post("/login", email="editor@magazine.example", password=PASSWORD).status_code == 303
    owner.post("/logout")
    assert guess(owner, 10) == [401] * 8 + [429] * 2  # a known device may guess no faster


def test_one_address_cannot_try_many_accounts(app: APIFlask, services: Services) -> None:
    visitor = from_address(app, "2001:db8::1")
    tried = [guess(visitor, 1, f"{number}@magazine.example") for number in range(62)]
    assert tried == [[401]] * 60 + [[429]] * 2
    assert guess(from_address(app, "2001:db8::2"), 1, "x@magazine.example") == [429]  # the same network
    assert guess(from_address(app, "2001:db8:0:1::2"), 1, "x@magazine.example") == [401]


def test_the_address_is_that_behind_our_proxies(services: Services) -> None:
    proxies = Networks(["10.0.0.0/8"])
    app = create_app(replace(services, client_of=lambda peer, sent: client_of(peer, sent, proxies)))
    add_editor(services)

    def behind(client: str) -> Visitor:
        visitor = from_address(app, "10.0.0.1")
        visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = client
        return visitor

    assert guess(behind("192.0.2.1"), 9) == [401] * 8 + [429]
    assert guess(behind("192.0.2.2"), 1) == [401]


def test_known_and_unknown_accounts_are_braked_alike(app: APIFlask, services: Services) -> None:
    add_editor(services)
    visitor, pages = from_address(app, "192.0.2.1"), []
    for email in ("editor@magazine.example", "nobody@magazine.example"):
        answers = [visitor.post("/login", email=email, password="guess") for _ in range(9)]
        pages.append([(each.status_code, each.text.replace(email, "")) for each in answers])
    hide = re.compile(r'value="[^"]*"')  # the token of the form
    known, unknown = ([(code, hide.sub("", text)) for code, text in page] for page in pages)
    assert known == unknown


def test_of_forty_wrong_tries_at_once_no_more_are_hashed_than_are_allowed(
    app: APIFlask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_editor(services)
    visitor = from_address(app, "192.0.2.1")
    token, cookie = visitor.csrf_token(), visitor.client.get_cookie("affiliate")
    assert cookie is not None
    hashes, real = [], passwords.fits

    def counting(known: str | None, password: str) -> bool:
        hashes.append(known)
        return real(known, password)

    monkeypatch.setattr(accounts, "fits", counting)

    def try_once(_: int) -> int:
        client = app.test_client()
        client.set_cookie("affiliate", cookie.value)
        sent = {"email": "editor@magazine.example", "password": "guess", "csrf_token": token}
        return client.post("/login", data=sent, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code

    with ThreadPoolExecutor(40) as pool:
        codes = list(pool.map(try_once, range(40)))
    assert sorted(codes) == [401] * 8 + [429] * 32
    assert len(hashes) == 8


def test_too_many_log_ins_at_once_are_told_to_come_again(
    app: APIFlask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_editor(services)
    monkeypatch.setattr(passwords, "_gate", passwords.Gate(at_once=0, waiting=0, seconds=0))
    visitor = from_address(app, "192.0.2.1")
    for _ in range(10):  # what was not checked does not count
        busy = visitor.post("/login", email="editor@magazine.example", password=PASSWORD)
        assert busy.status_code == 503
    assert "Try again in a few seconds" in busy.text


def test_only_staff_get_the_device_cookie_and_it_lets_nobody_in(stranger: FlaskClient, services: Services) -> None:
    add_editor(services)
    visitor = Visitor(stranger)
    assert "affiliate-device" not in str(visitor.get("/login").headers)
    assert "affiliate-device" not in str(visitor.post("/login", email="x@y.example", password="x").headers)
    answer = visitor.post("/login", email="editor@magazine.example", password=PASSWORD)
    given = next(text for text in answer.headers.getlist("Set-Cookie") if text.startswith("affiliate-device="))
    for part in ("HttpOnly", "SameSite=Lax", "Path=/login", "Max-Age=34560000"):
        assert part in given
    visitor.post("/logout")
    assert visitor.get("/account").status_code == 303


def test_a_copied_cookie_is_worth_nothing_after_signing_out(signed_in: SignIn, app: APIFlask) -> None:
    visitor = signed_in(EDITOR)
    cookie = visitor.client.get_cookie("affiliate")
    assert cookie is not None
    thief = app.test_client()
    thief.set_cookie("affiliate", cookie.value)
    assert thief.get("/links").status_code == 200
    visitor.post("/logout")
    assert thief.get("/links").status_code == 303


def test_the_owner_sees_and_ends_sessions(signed_in: SignIn, app: APIFlask) -> None:
    here = signed_in(EDITOR)
    elsewhere = [Visitor(app.test_client()) for _ in range(3)]
    for visitor in elsewhere:
        visitor.client.environ_base["HTTP_USER_AGENT"] = (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        )
        visitor.post("/login", email="editor@magazine.example", password=PASSWORD)
    page = here.get("/account").text
    assert page.count("Firefox on Linux") == 3
    assert page.count("This device") == 1
    assert here.post("/account/sessions/2/end").status_code == 422  # not confirmed
    assert here.post("/account/sessions/2/end", sure="yes").status_code == 303
    assert [visitor.get("/account").status_code for visitor in elsewhere] == [303, 200, 200]
    assert here.post("/account/sessions/end-others", sure="yes").status_code == 303
    assert [visitor.get("/account").status_code for visitor in elsewhere] == [303, 303, 303]
    assert here.get("/account").text.count("Sign me out") == 1
    assert here.post("/account/sessions/99/end", sure="yes").status_code == 404
    assert here.post("/account/sessions/1/end", sure="yes").location == "/login"
    assert here.get("/account").status_code == 303


def test_nobody_ends_the_sessions_of_somebody_else(signed_in: SignIn) -> None:
    editor, finance = signed_in(EDITOR), signed_in(FINANCE)
    assert finance.post("/account/sessions/1/end", sure="yes").status_code == 404
    assert finance.post("/account/sessions/end-others", sure="yes").status_code == 303
    assert editor.get("/account").status_code == 200


def test_a_new_role_counts_at_once_in_sessions_that_go_on(signed_in: SignIn, services: Services) -> None:
    visitor = signed_in(EDITOR)
    with services.store.transaction() as session:
        set_role(session, user_id=1, role=FINANCE)
    assert visitor.get("/account").status_code == 200
    assert visitor.get("/links").status_code == 403


def test_a_session_is_seen_to_five_minutes_and_ends_when_it_is_left(
    signed_in: SignIn, services: Services, clock: HandClock
) -> None:
    def seen() -> list[datetime]:
        with services.store.reading() as session:
            return list(session.scalars(select(UserSession.seen_at)))

    visitor, began = signed_in(EDITOR), clock()
    clock.forward(minutes=4)
    visitor.get("/account")
    assert seen() == [began]
    clock.forward(minutes=1)
    visitor.get("/account")
    assert seen() == [clock()]
    clock.forward(days=14)
    assert visitor.get("/account").status_code == 303


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
        deactivate(session, user_id=1, now=services.clock())
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
