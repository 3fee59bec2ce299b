"""An application over a real SQLite store, and a browser for each role."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from apiflask import APIFlask
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from affiliate.links.sites import ensure_default_site
from affiliate.store import Store
from affiliate.web import Services, create_app, passwords
from affiliate.web.accounts import ADMIN, EDITOR, FINANCE, add_user
from affiliate.web.passwords import hashed
from tests.conftest import HandClock

PASSWORD = "plain-weather-teapot"
ROLES = (EDITOR, FINANCE, ADMIN)


@dataclass
class Published:
    """What the pages asked to be brought into the link table."""

    links: list[int] = field(default_factory=list)
    hosts: int = 0

    def publish(self, link_ids: Sequence[int]) -> None:
        self.links.extend(link_ids)

    def publish_hosts(self) -> None:
        self.hosts += 1


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords of tests need not resist anybody: a hash in 1 ms instead of 100."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: quick.hash("nobody's"))


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def services(sqlite_store: Store, clock: HandClock, published: Published) -> Services:
    with sqlite_store.transaction() as session:
        ensure_default_site(
            session,
            name="My site",
            language="en-GB",
            jurisdiction="uk",
            time_zone="Europe/London",
            currency="GBP",
            now=clock(),
        )
    return Services(
        store=sqlite_store,
        clock=clock,
        publish=published.publish,
        publish_hosts=published.publish_hosts,
        session_key="a key for tests",
    )


@pytest.fixture
def app(services: Services) -> APIFlask:
    made = create_app(services)
    made.config.update(TESTING=True)
    return made


@pytest.fixture
def stranger(app: APIFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def signed_in(app: APIFlask, services: Services) -> Callable[[str], "Visitor"]:
    """A visitor with this role, signed in through the page."""

    def sign_in(role: str) -> Visitor:
        email = f"{role}@magazine.example"
        with services.store.transaction() as session:
            add_user(session, email=email, role=role, password=hashed(PASSWORD), now=services.clock())
        visitor = Visitor(app.test_client())
        answer = visitor.post("/login", email=email, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return visitor

    return sign_in


@dataclass
class Visitor:
    """Sends forms as a browser does: with the token of the page that the form stands on."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, **values: Any) -> TestResponse:
        values["csrf_token"] = self.csrf_token()
        return self.client.post(path, data=values)

    def csrf_token(self) -> str:
        page = self.client.get("/account", follow_redirects=True).text
        return page.partition('name="csrf_token" value="')[2].partition('"')[0]
