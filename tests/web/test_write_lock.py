"""Nobody holds SQLite's one write lock while something slow is done: every view is asked, with inputs that are heavy."""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import local
from typing import Any

import jinja2
import pytest
import turbohtml
from apiflask import APIFlask
from argon2 import PasswordHasher
from openpyxl.reader.excel import ExcelReader
from sqlalchemy.orm import Session

from affiliate.articles.article import ArticleFacts
from affiliate.articles.publish import rewrite_article
from affiliate.disclosure.profiles import choose_profile
from affiliate.links import library
from affiliate.links.sites import find_site
from affiliate.networks.http import PoliteClient
from affiliate.networks.reading import markup
from affiliate.store import Store
from affiliate.web import Services, create_app
from affiliate.web.accounts import ADMIN, EDITOR, add_user
from affiliate.web.passwords import hashed
from tests.web.conftest import PASSWORD, Visitor
from tests.web.newsroom import ARTICLE, ARTICLE_URL, SHOP, Script, furnish, new_token, rewrite_body

LONGEST = 0.2  # seconds of processor between BEGIN and COMMIT

MANY = 300
HEAVY = "<h1>Partywear</h1>" + "".join(
    f'<p>{"<b>" * 50}We like{"</b>" * 50} <a href="{SHOP}-{number % 40}">this</a>.</p>' for number in range(MANY // 3)
)
SHEET = "Order,Shop,Commission,Currency,Date,State\n" + "".join(
    f"{number},Shop,12.50,GBP,2026-11-18T10:00:00+00:00,approved\n" for number in range(MANY)
)
MAP = "\n".join(
    f'{ours} = "{theirs}"'
    for ours, theirs in {
        "external_id": "Order", "advertiser": "Shop", "commission": "Commission", "currency": "Currency",
        "transaction_at": "Date", "status": "State",
    }.items()
)  # fmt: skip
PROGRAMMES = "advertiser_id,name,hosts\n" + "".join(f"{n},Shop {n},shop{n}.example\n" for n in range(60))

FORMS: dict[str, dict[str, Any]] = {
    "own.send_own": {"current": PASSWORD, "wanted": "another plain teapot", "again": "another plain teapot"},
    "own.send_end": {"sure": "yes", "path": "/account/sessions/2/end"},
    "own.send_end_others": {"sure": "yes"},
    "own.choose_site": {"site": ""},
    "sessions.send_log_in": {"email": "admin@magazine.example", "password": PASSWORD},
    "sessions.log_out": {},
    "desk.send_paste": {"html": HEAVY, "url": ARTICLE_URL, "kind": "mixed"},
    "desk.send_publish": {"html": HEAVY, "url": ARTICLE_URL, "kind": "mixed"},
    "desk.send_switch": {"monetise": "off"},
    "connectors.send_pull": {},
    "register.send_check": {},
    "disclosure_desk.send_change": {"rule": "uk.label-missing", "severity": "warning", "reason": "tried"},
    "disclosure_desk.send_end": {},
    "crawls_desk.send_start": {"url": "https://magazine.example/", "pages": "10"},
    "crawls_desk.send_resume": {},
    "crawls_desk.send_stop": {},
    "disclosure_desk.send_profile": {"profile": "us"},
    "disclosure_desk.send_drop": {"drop_reason": "tried"},
    "texts_desk.send": {
        "jurisdiction": "uk", "language": "en", "label": "Ad", "step": "store",
        "sentence": "We earn a commission if you buy through links on this page.",
    },
    "texts_desk.send_retirement": {},
    "imports.send_replay": {"currency": "EUR"},
    "imports.send_undo": {"sure": "yes"},
    "imports.send_upload": {"network": "generic", "columns": MAP, "step": "import", "file": SHEET},
    "links.send_link": {"url": SHOP, "name": "Dress"},
    "links.send_route": {},
    "links.send_slug": {"slug": "another-dress"},
    "links.send_status": {"status": "retired"},
    "links.send_earn": {"urls": "\n".join(f"{SHOP}-{number}" for number in range(40))},
    "links.send_paste": {"urls": "\n".join(f"{SHOP}-x{number}" for number in range(40))},
    "networks.send_inspect": {"urls": SHOP},
    "settings.send_account": {"network": "cj", "publisher_ref": "123", "currency": "GBP"},
    "settings.send_account_edit": {"name": "Ours"},
    "settings.send_company": {"key": "north", "name": "North", "base_currency": "GBP"},
    "settings.send_company_edit": {"name": "South"},
    "settings.send_programme_edit": {"name": "Shop", "hosts": "shop.example", "mode": "redirect"},
    "settings.send_programme_file": {"account": "1", "step": "store", "file": PROGRAMMES},
    "settings.send_programme": {"account": "1", "advertiser_ref": "99", "name": "New", "hosts": "new.example"},
    "settings.send_site": {
        "key": "second", "name": "Second", "language": "en", "jurisdiction": "uk", "time_zone": "Europe/London",
        "hosts": "second.example",
    },
    "settings.send_site_edit": {
        "name": "First", "language": "en", "jurisdiction": "uk", "time_zone": "Europe/London", "hosts": "magazine.example",
    },
    "status.send_forget": {"name": "node"},
    "people.send_token": {"name": "cms", "scopes": "articles:write"},
    "people.send_revoke": {},
    "people.send_user": {"email": "new@magazine.example", "role": "editor"},
    "people.send_active": {"path": "/settings/users/2/active"},
    "people.send_reset": {"path": "/settings/users/2/password"},
    "people.send_role": {"role": "finance", "path": "/settings/users/2/role"},
}  # fmt: skip

BODIES: dict[str, dict[str, Any]] = {
    "api_disclosure.recheck": {},
    "api_programmes.earn": {"urls": [SHOP] * 40},
    "api_articles.inspect_links": {"urls": [SHOP] * 100},
    "api_links.add_link": {"url": f"{SHOP}-api"},
    "api_links.change_link": {"name": "Dress"},
    "api_programmes.post_programme": {
        "network": "awin",
        "advertiser_id": "98",
        "name": "Api",
        "hosts": ["api.example"],
    },
    "api_programmes.patch_programme": {"name": "Shop"},
    "api_articles.rewrite": rewrite_body(HEAVY),
    "api_articles.teasers": {"html": f'<a href="{ARTICLE_URL}">x</a>' * MANY},
    "postbacks.send": {"id": "1"},
}

_PROVEN = {"postbacks.send": {403}}  # nothing proves the message
LAST = ("own.send_end", "own.send_own", "imports.send_undo", "sessions.log_out")  # what takes away what others need
PLACES = {"slug": "marble-midi", "network": "awin", "form": "csv", "what": "daily", "asked": "go/marble-midi",
          "version": "own-uk-en-1", "profile": "uk", "sha256": "0" * 64}  # fmt: skip


class SlowUnderTheLock(AssertionError):
    """Something that is known to be slow was called by a thread that holds the write lock."""


class Watched:
    """What is done between BEGIN and COMMIT: how much processor it takes, and whether it is of a kind that must not be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._here = local()
        self.longest = 0.0
        real = Store.transaction

        @contextmanager
        def transaction(store: Store) -> Iterator[Session]:
            with real(store) as session:
                self._here.holds, began = True, time.thread_time()
                try:
                    yield session
                finally:
                    self._here.holds = False
                    self.longest = max(self.longest, time.thread_time() - began)

        monkeypatch.setattr(Store, "transaction", transaction)
        for owner, name in (
            (PasswordHasher, "hash"), (PasswordHasher, "verify"), (turbohtml, "parse"), (csv, "reader"),
            (ExcelReader, "read"), (markup, "iterparse"), (PoliteClient, "get"), (jinja2.Template, "render"),
            (Path, "read_text"), (Path, "read_bytes"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self._refused(name, getattr(owner, name)))

    def _refused(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            if getattr(self._here, "holds", False):
                raise SlowUnderTheLock(name)
            return real(*given, **named)

        return called


@pytest.fixture
def newsroom(services: Services, signed_in: Callable[[str], Visitor]) -> Visitor:
    """A filled newsroom and its admin."""
    furnish(services)
    admin = signed_in(ADMIN)
    now = services.clock()
    with services.store.transaction() as session:
        add_user(session, email="other@magazine.example", role=EDITOR, password=hashed(PASSWORD), now=now)
        site = find_site(session)
        facts = ArticleFacts(url=ARTICLE_URL, kind="product-led", title="Partywear")
        rewrite_article(session, site=site, html=ARTICLE, article=facts, now=now)
        library.add_link(session, site=site, url=f"{SHOP}-second", now=now)
        choose_profile(session, site, "uk", by="admin@magazine.example", now=now)
    return admin


@pytest.fixture
def watched(newsroom: Visitor, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def address(rule: str) -> str:
    """A path for a rule: the first row of everything, and what the newsroom has."""
    path = re.sub(r"<int(?:\([^)]*\))?:[a-z_]+>", "1", rule)
    path = re.sub(r"<any\(([a-z]+)[^>]*>", r"\1", path)
    return re.sub(r"<(?:path:)?([a-z_0-9]+)>", lambda found: PLACES[found[1]], path)


def test_no_view_does_anything_slow_under_the_write_lock(
    app: APIFlask, services: Services, newsroom: Visitor, watched: Watched
) -> None:
    other = Visitor(app.test_client())
    assert other.post("/login", email="admin@magazine.example", password=PASSWORD).status_code == 303  # session 2
    rules = {
        (method, rule.endpoint): address(rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"  # a file, and no view
        for method in (rule.methods or set()) & {"GET", "POST", "PATCH", "PUT", "DELETE"}
    }
    sent = {endpoint for method, endpoint in rules if method != "GET"}
    assert sent == {*FORMS, *BODIES}, "A view is new or gone: say here what is sent to it."
    script = Script(app.test_client(), new_token(services, "admin"))
    order = sorted(
        rules, key=lambda each: (LAST.index(each[1]) if each[1] in LAST else -1, each[1] != "imports.send_upload", each)
    )
    for method, endpoint in order:
        path = rules[method, endpoint]
        watched.longest = 0.0
        answer = _asked(newsroom, script, path) if method == "GET" else _sent(newsroom, script, endpoint, method, path)
        assert answer.status_code < 500, (endpoint, answer.status_code, answer.text[:500])
        assert answer.status_code not in {400, 401, 405} | ({403} - _PROVEN.get(endpoint, set())), endpoint
        assert watched.longest < LONGEST, f"{endpoint} held the write lock for {watched.longest:.2f} s of processor"


def _asked(newsroom: Visitor, script: Script, path: str) -> Any:
    return script.get(path.removeprefix("/api/v1")) if path.startswith("/api/") else newsroom.get(path)


def _sent(newsroom: Visitor, script: Script, endpoint: str, method: str, path: str) -> Any:
    if endpoint in BODIES:
        call = script.patch if method == "PATCH" else script.post
        return call(path.removeprefix("/api/v1"), BODIES[endpoint])
    values = dict(FORMS[endpoint])
    path = values.pop("path", path)
    if "file" in values:
        values["file"] = (io.BytesIO(values["file"].encode()), "sent.csv")
    return newsroom.post(path, **values)


@pytest.mark.parametrize(
    ("path", "values", "words"),
    [
        ("/imports/new", {"network": "generic", "columns": MAP, "step": "preview", "file": SHEET}, "new: commission"),
        ("/articles/new", FORMS["desk.send_paste"], "/go/marble-midi"),
    ],
)
def test_a_preview_takes_no_write_lock(
    newsroom: Visitor, services: Services, path: str, values: dict[str, Any], words: str
) -> None:
    sent = dict(values)
    if "file" in sent:
        sent["file"] = (io.BytesIO(sent["file"].encode()), "sent.csv")
    with services.store.transaction():  # a writer would wait for this one, and give up
        answer = newsroom.post(path, **sent)
    assert answer.status_code == 200
    assert words in answer.text


def test_a_dry_run_of_the_api_takes_no_write_lock(app: APIFlask, newsroom: Visitor, services: Services) -> None:
    script = Script(app.test_client(), new_token(services, "articles:write"))
    script.post("/rewrite", {**rewrite_body(), "dry_run": True})  # the token's use is noted now
    with services.store.transaction():
        answer = script.post("/rewrite", {**rewrite_body(), "dry_run": True})
    assert answer.status_code == 200
    assert answer.get_json()["placements"]


def test_the_watch_catches_what_is_slow(services: Services, watched: Watched) -> None:
    with pytest.raises(SlowUnderTheLock, match="hash"), services.store.transaction():
        hashed("x")
    with services.store.transaction():
        until = time.thread_time() + LONGEST
        while time.thread_time() < until:
            pass
    assert watched.longest >= LONGEST


def test_a_request_that_takes_too_long_is_given_up_with_a_clear_answer(newsroom: Visitor, services: Services) -> None:
    token = new_token(services, "articles:write")
    hasty = create_app(replace(services, request_seconds=1e-9))
    answer = Script(hasty.test_client(), token).post("/rewrite", rewrite_body())
    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "TookTooLong"
    visitor, form_token = hasty.test_client(), newsroom.csrf_token()
    cookie = newsroom.client.get_cookie("affiliate")
    assert cookie is not None
    visitor.set_cookie("affiliate", cookie.value)
    page = visitor.post("/articles/new", data={"html": ARTICLE, "kind": "mixed", "csrf_token": form_token})
    assert page.status_code == 503
    assert "was given up" in page.text
