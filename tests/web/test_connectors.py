from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from apiflask import APIFlask

from affiliate.commissions.asked import asked
from affiliate.commissions.importing import import_transactions
from affiliate.links.programmes import add_account
from affiliate.networks.asking.api import TRANSACTION
from affiliate.store.tables import Pull
from affiliate.web import Services
from affiliate.web.accounts import ADMIN, EDITOR, FINANCE
from tests.commissions.sheets import awin_file, awin_row
from tests.conftest import NOW
from tests.web.conftest import Visitor
from tests.web.newsroom import Script, new_token

SignIn = Callable[[str], Visitor]


@pytest.fixture
def finance(signed_in: SignIn) -> Visitor:
    return signed_in(FINANCE)


def pulled(services: Services, hours: int) -> None:
    with services.store.transaction() as session:
        account = add_account(session, "awin", "426667", name="Ours", now=NOW)
        until = NOW - timedelta(hours=hours)
        session.add(
            Pull(
                account_id=account.id,
                basis=TRANSACTION,
                first=until - timedelta(days=30),
                until=until,
                state="done",
                requested_at=until,
                finished_at=until,
            )
        )


def test_before_there_is_an_account_the_page_says_how_one_comes_to_be(finance: Visitor, signed_in: SignIn) -> None:
    page = finance.get("/connectors").text
    assert "No publisher account yet" in page
    assert "Import the first report" in page
    assert "Add a publisher account" not in page  # finance may not
    assert "Add a publisher account" in signed_in(ADMIN).get("/connectors").text


def test_connectors_that_are_well_are_said_to_be(finance: Visitor, services: Services) -> None:
    pulled(services, hours=2)
    page = finance.get("/connectors").text
    assert "All connectors are well, and no row waits." in page
    assert "20 Nov 2026, 10:00" in page


def test_a_late_connector_is_shown_with_its_way_out(finance: Visitor, services: Services) -> None:
    pulled(services, hours=50)
    page = finance.get("/connectors").text
    assert "All connectors are well" not in page
    assert "Nothing was pulled for 2 days." in page
    assert "needs a look</span>" in page


def test_rows_that_wait_lead_to_their_import(finance: Visitor, services: Services) -> None:
    with services.store.transaction() as session:
        content = awin_file(awin_row(1, commissionStatus="<b>parked</b>"))
        import_transactions(session, network="awin", file_name="a.json", content=content, now=NOW)
    page = finance.get("/connectors").text
    assert "the unknown word <code>&lt;b&gt;parked&lt;/b&gt;</code>" in page
    assert "€4.26" in page
    assert 'href="/imports/1"' in page


def test_editors_may_not_see_connectors(signed_in: SignIn) -> None:
    assert signed_in(EDITOR).get("/connectors").status_code == 403


def test_scripts_read_the_same_with_a_token(services: Services, app: object, finance: Visitor) -> None:
    pulled(services, hours=50)
    told = Script(finance.client, new_token(services, "reports:read")).get("/connectors").json
    assert told is not None
    assert told["needs_somebody"] is True
    assert [alarm["kind"] for alarm in told["connectors"][0]["alarms"]] == ["late"]
    assert Script(finance.client, new_token(services, "links:read")).get("/connectors").status_code == 403


def test_pulling_now_asks_for_the_account_once_and_only_where_there_are_credentials(
    finance: Visitor, services: Services, app: APIFlask
) -> None:
    pulled(services, hours=2)
    assert "Pull now" not in finance.get("/connectors").text
    assert finance.post("/connectors/1/pull").status_code == 422
    app.extensions["affiliate"] = replace(services, has_credentials=lambda _network, _ref: True)
    assert "Pull now" in finance.get("/connectors").text
    assert finance.post("/connectors/1/pull").location == "/connectors"
    assert "Awin is being asked" in finance.get("/connectors").text
    with services.store.reading() as session:
        assert [account.publisher_ref for account in asked(session, now=services.clock())] == ["426667"]
        assert asked(session, now=services.clock() + timedelta(days=2)) == []
    assert finance.post("/connectors/99/pull").status_code == 404
