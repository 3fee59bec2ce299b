"""Whoever is signed in is staff to the redirect too; a forged, old or empty session is nobody's."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from affiliate.web.accounts import EDITOR
from affiliate.web.staff import staff_of
from tests.conftest import HandClock
from tests.web.conftest import Visitor

SignIn = Callable[[str], Visitor]


def cookies_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("affiliate")
    return f"reader=1; affiliate={cookie.value}; other=2" if cookie else ""


@pytest.fixture
def session(signed_in: SignIn) -> str:
    visitor = signed_in(EDITOR)
    visitor.get("/account")
    return cookies_of(visitor.client)


def test_a_signed_in_person_is_staff_until_the_session_ends(app: APIFlask, session: str) -> None:
    is_staff = staff_of(app)
    now = datetime.now(UTC)  # sessions are signed with the machine's time
    assert is_staff(session, now)
    assert is_staff(session, now + timedelta(days=13))
    assert not is_staff(session, now + timedelta(days=15))


@pytest.mark.parametrize(
    "header", ["", "affiliate=", "affiliate", "x=affiliate=1; y=", "affiliate=a.b.c", "a" * 70_000]
)
def test_a_cookie_that_is_no_session_is_nobodys(app: APIFlask, clock: HandClock, header: str) -> None:
    assert not staff_of(app)(header, clock())
    assert not staff_of(app)(f"affiliate={header}", clock())


def test_a_forged_session_is_nobodys(app: APIFlask, session: str, clock: HandClock) -> None:
    is_staff = staff_of(app)
    value = session.partition("affiliate=")[2].partition(";")[0]
    for place in range(0, len(value), 7):
        forged = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
        assert not is_staff(f"affiliate={forged}", clock())
    app.config["SECRET_KEY"] = "another one"
    assert not staff_of(app)(session, clock())


def test_a_session_of_nobody_is_nobodys(app: APIFlask, stranger: FlaskClient, clock: HandClock) -> None:
    stranger.get("/login")
    cookies = cookies_of(stranger)
    assert cookies
    assert not staff_of(app)(cookies, clock())


def test_who_signed_out_is_no_staff_any_more(app: APIFlask, signed_in: SignIn, clock: HandClock) -> None:
    visitor = signed_in(EDITOR)
    assert staff_of(app)(cookies_of(visitor.client), clock())
    visitor.post("/logout")
    assert not staff_of(app)(cookies_of(visitor.client), clock())
