"""The whole application as one callable: what the settings say reaches the redirect."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from affiliate.app import Application, open_application
from affiliate.links.library import add_link
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import find_site
from affiliate.redirect.records import BEACON, INTERNAL, ClickRecord
from affiliate.redirect.segments import read_segment, segments
from affiliate.settings import Clicks, Settings
from affiliate.settings import Server as Listening
from affiliate.store.tables import Programme, ProgrammeHost
from affiliate.web.accounts import EDITOR, add_user
from affiliate.web.passwords import hashed
from tests.redirect.hostile import request, sent
from tests.serve.conftest import TOP, Server
from tests.waiting import wait_until

LONDON = "81.2.69.142"
PASSWORD = "a long password for tests"
Open = Callable[..., Application]


@pytest.fixture
def open_with(tmp_path: Path) -> Open:
    """An application with one link, `/go/dress`, whose redirect believes 10.0.0.0/8."""

    def open_with(**clicks: Any) -> Application:
        listening = Listening(trusted_proxies=["10.0.0.0/8"])
        app = open_application(Settings(data_dir=tmp_path, server=listening, clicks=Clicks(**clicks)))
        now = app.clock()
        with app.store.transaction() as session:
            add_account(session, "awin", "1", now=now)
            terms = {"network": "awin", "advertiser_ref": "2", "name": "Shop", "hosts": ["shop.example"]}
            add_programme(session, **terms, now=now)  # type: ignore[arg-type]
            site = find_site(session)
            link = add_link(session, site=site, url="https://shop.example/dress", slug="dress", now=now).link
            add_user(session, email="editor@mag.example", role=EDITOR, password=hashed(PASSWORD), now=now)
        app.publish([link.id])
        return app

    return open_with


def clicks(app: Application) -> list[ClickRecord]:
    found = [each.record() for path in segments(app.settings.journal_dir) for each in read_segment(path).records]
    return sorted(found, key=lambda click: click.time_ms)


def get(client: Client, path: str, address: str = LONDON, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(
        path, environ_overrides={"REMOTE_ADDR": "10.0.0.1"}, headers={"X-Forwarded-For": address, **named}
    )


def test_the_country_of_the_reader_and_not_of_the_proxy_is_journalled(open_with: Open) -> None:
    app = open_with()
    client = Client(app.wsgi())
    for address in (LONDON, "8.8.8.8", "10.9.9.9", "203.0.113.9"):
        assert get(client, "/go/dress", address).status_code == 302
    assert [click.country for click in clicks(app)] == ["GB", "US", "", ""]


@pytest.mark.parametrize("database", ["off", "missing.mmdb"])
def test_without_countries_redirects_go_on(open_with: Open, database: str, caplog: pytest.LogCaptureFixture) -> None:
    app = open_with(country_database=database)
    assert get(Client(app.wsgi()), "/go/dress").status_code == 302
    assert clicks(app)[0].country == ""
    assert ("missing.mmdb cannot be read" in caplog.text) == (database != "off")


@pytest.mark.parametrize(
    ("unknown", "headers", "told"),
    [
        ("say-nothing", {}, False),
        ("say-nothing", {"Sec_GPC": "1"}, True),
        ("refuse", {}, True),
        ("refuse", {"DNT": "1"}, True),
    ],
)
def test_awin_is_told_of_a_refusal_as_the_setting_says(
    open_with: Open, unknown: str, headers: dict[str, str], told: bool
) -> None:
    app = open_with(unknown_consent=unknown)
    location = get(Client(app.wsgi()), "/go/dress", **headers).headers["Location"]
    assert location.count("&cons=0&") == told
    assert location.endswith("&ued=https%3A%2F%2Fshop.example%2Fdress")


def test_who_is_signed_in_is_staff_to_the_redirect_and_to_beacons(open_with: Open) -> None:
    app = open_with(internal_networks=["198.51.100.0/24"])
    client = Client(app.wsgi())
    get(client, "/go/dress")
    token = client.get("/login").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    get(client, "/go/dress")  # with a session, but nobody's
    form = {"email": "editor@mag.example", "password": PASSWORD, "csrf_token": token}
    assert client.post("/login", data=form).status_code == 303
    answer = get(client, "/go/dress")
    assert "Set-Cookie" not in answer.headers
    assert client.post("/go/-/go/dress").status_code == 204
    get(Client(app.wsgi()), "/go/dress", "198.51.100.9")
    flags = [click.flags for click in clicks(app)]
    assert flags == [0, 0, INTERNAL, INTERNAL | BEACON, INTERNAL]


def test_a_programmes_referrer_policy_is_live_on_every_worker_at_once(server: Server) -> None:
    with server.store.transaction() as session:
        programme = session.scalars(select(Programme).where(Programme.advertiser_ref == "1")).one()
        session.add(ProgrammeHost(programme_id=programme.id, host="shop.example"))
    server.start()
    command = [sys.executable, "-m", "affiliate", "programme", "edit", "--network", "awin", "--advertiser-id", "1"]
    subprocess.run(
        [*command, "--referrer-policy", "no-referrer"],
        check=True,
        cwd=TOP,
        env={**os.environ, **server.environment},
        stdout=subprocess.DEVNULL,
    )
    raw = request(server.paths[3].encode())

    def all_follow() -> bool:
        answers = [sent(("127.0.0.1", server.port), raw).lower() for _ in range(20)]
        return all(b"referrer-policy: no-referrer\r" in answer for answer in answers)

    assert wait_until(all_follow)
