import re
from collections.abc import Callable

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from affiliate import errors
from affiliate.errors import AffiliateError, StoreUnavailable
from affiliate.store import Store
from affiliate.web import Services
from affiliate.web.access import Pages
from affiliate.web.accounts import EDITOR
from affiliate.web.refusals import STATUSES, status_of
from tests.web.conftest import Visitor

SignIn = Callable[[str], Visitor]


def test_every_refusal_has_a_status_that_is_not_a_crash() -> None:
    def leaves(kind: type[AffiliateError]) -> list[type[AffiliateError]]:
        return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]

    for kind in leaves(AffiliateError):
        status = status_of(kind.__new__(kind))
        assert 400 <= status < 600
        assert status != 500, kind
    assert set(STATUSES) <= set(leaves(AffiliateError))
    assert status_of(errors.SlugTaken("/go/a", "A")) == 409
    assert status_of(errors.InvalidSlug("A", "upper case")) == 422


def test_a_lost_reader_gets_a_way_on_and_no_cookie(stranger: FlaskClient, services: Services) -> None:
    from affiliate.links.sites import find_site, set_hosts

    with services.store.transaction() as session:
        site = find_site(session)
        site.name = "North Magazine"
        set_hosts(session, site, ["magazine.example"])
    answer = stranger.get("/recommends/gone", base_url="https://www.magazine.example")
    assert answer.status_code == 404
    assert 'href="https://www.magazine.example/"' in answer.text
    assert "North Magazine" in answer.text
    assert "Set-Cookie" not in answer.headers


def test_a_lost_editor_stays_in_the_frame(signed_in: SignIn) -> None:
    answer = signed_in(EDITOR).get("/nothing-here")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert 'aria-label="Main"' in answer.text


def test_a_script_gets_its_refusals_as_json(stranger: FlaskClient) -> None:
    below = stranger.get("/api/v1/nothing")
    asked = stranger.get("/nothing", headers={"Accept": "application/json"})
    for answer in (below, asked):
        assert answer.status_code == 404
        assert answer.get_json()["error"]["message"]


def test_without_the_database_a_page_says_so(
    signed_in: SignIn, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = signed_in(EDITOR)

    def away(_store: Store) -> None:
        raise StoreUnavailable("The database does not answer: secret-host:5432 refused")

    monkeypatch.setattr(Store, "reading", away)
    monkeypatch.setattr(Store, "transaction", away)
    for path in ("/links", "/account", "/login"):
        answer = visitor.get(path)
        assert answer.status_code == 503
        assert "Redirects go on working" in answer.text
        assert "secret-host" not in answer.text
    assert visitor.get("/nothing").status_code == 404


def test_a_crash_shows_no_trace(app: APIFlask) -> None:
    broken = Pages("broken", __name__, everybody=True)

    @broken.get("/broken")
    def breaks() -> str:
        raise RuntimeError("a secret in a message")

    app.register_blueprint(broken)
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_too_much_is_refused_in_words(stranger: FlaskClient, app: APIFlask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = stranger.post("/login", data={"email": "a" * 2000})
    assert answer.status_code == 413
    assert "larger" in answer.text


def test_a_method_that_does_not_exist_names_those_that_do(signed_in: SignIn) -> None:
    answer = signed_in(EDITOR).client.delete("/links")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_every_answer_carries_the_policy_and_no_page_breaks_it(signed_in: SignIn) -> None:
    visitor = signed_in("admin")
    for path in ("/links", "/links/new", "/settings/sites", "/settings/users", "/account", "/nothing"):
        answer = visitor.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", answer.text), path
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text), path


def test_static_files_are_kept_for_ever_under_their_version_only(stranger: FlaskClient) -> None:
    page = stranger.get("/login").text
    found = re.search(r'href="(/static/app\.css\?v=[0-9a-f]{10})"', page)
    assert found
    versioned = stranger.get(found.group(1))
    assert "immutable" in versioned.headers["Cache-Control"]
    bare = stranger.get("/static/app.css")
    assert bare.headers["Cache-Control"] == "public, no-cache"
    again = stranger.get("/static/app.css", headers={"If-None-Match": bare.headers["ETag"]})
    assert again.status_code == 304
    for answer in (versioned, bare, again):
        answer.close()


PASTED = {"html": "<p>Eight hundred words, typed with care.</p>", "title": "Partywear & more"}


def test_a_session_that_ended_does_not_eat_an_article(signed_in: SignIn) -> None:
    visitor = signed_in(EDITOR)
    visitor.post("/logout")
    for path in ("/articles/new", "/articles/publish"):
        answer = visitor.client.post(path, data={**PASTED, "csrf_token": "of the old session"})
        assert answer.status_code == 401
        assert "You are signed out" in answer.text
        assert 'href="/login" target="_blank"' in answer.text
        assert "&lt;p&gt;Eight hundred words, typed with care.&lt;/p&gt;</textarea>" in answer.text
        assert "Partywear &amp; more</textarea>" in answer.text
        assert "of the old session" not in answer.text


def test_a_form_that_expired_gives_back_what_was_typed(signed_in: SignIn) -> None:
    answer = signed_in(EDITOR).client.post("/articles/new", data={**PASTED, "csrf_token": "of the old session"})
    assert answer.status_code == 400
    assert "The form had expired" in answer.text
    assert "Eight hundred words, typed with care." in answer.text


def test_without_the_database_what_was_typed_is_given_back(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = signed_in(EDITOR)
    sent = {**PASTED, "csrf_token": visitor.csrf_token()}

    def away(_store: Store) -> None:
        raise StoreUnavailable("The database does not answer")

    monkeypatch.setattr(Store, "reading", away)
    monkeypatch.setattr(Store, "transaction", away)
    answer = visitor.client.post("/articles/publish", data=sent)
    assert answer.status_code == 503
    assert "Eight hundred words, typed with care." in answer.text


def test_neither_passwords_nor_choices_are_given_back(signed_in: SignIn) -> None:
    visitor = signed_in(EDITOR)
    secret = visitor.client.post("/account", data={"current": "a secret of many letters", "wanted": "another " * 5})
    assert "secret of many" not in secret.text
    choice = visitor.client.post("/articles/1/switch", data={"monetise": "off"})
    assert "What you had typed" not in secret.text + choice.text
