"""The page of payouts, for whom it is, and the same for scripts and at the command."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from affiliate.commissions.importing import import_transactions
from affiliate.commissions.payouts import store_payouts
from affiliate.links.programmes import add_account
from affiliate.money import Money
from affiliate.networks.base import Reading, ReportedPayout
from affiliate.web import Services
from affiliate.web.accounts import ADMIN, EDITOR, FINANCE
from tests.commissions.sheets import awin_file, awin_row
from tests.conftest import NOW
from tests.web.conftest import Visitor
from tests.web.newsroom import Script, new_token

SignIn = Callable[[str], Visitor]


@pytest.fixture
def payouts(services: Services) -> Services:
    """51 payouts, so that there are two pages; two transactions are on the newest."""
    with services.store.transaction() as session:
        account = add_account(session, "awin", "426667", now=NOW)
        rows = [awin_row(number, paidToPublisher=True, paymentId=50) for number in (1, 2)]
        reading = Reading(time_zone="UTC")
        import_transactions(
            session, network="awin", file_name="a.json", content=awin_file(*rows), reading=reading, now=NOW
        )
        reported = [
            ReportedPayout(
                line=number, external_id=f"{number}", publisher_ref=None, payment="paid" if number else "invoiced",
                raw_status="PAID", commission=Money(Decimal("8.52"), "EUR"), issued_at=NOW - timedelta(days=60 - number),
                payload={"id": number, "note": "<b>as it came</b>"}, number=f"INV {number}",
            )
            for number in range(51)
        ]  # fmt: skip
        store_payouts(session, account, reported, name="f", sha256="0" * 64, as_of=NOW, now=NOW)
    return services


def test_payouts_are_shut_to_strangers_and_editors(stranger: FlaskClient, signed_in: SignIn, payouts: Services) -> None:
    editor, admin = signed_in(EDITOR), signed_in(ADMIN)
    for path in ("/payouts", "/payouts/1"):
        assert stranger.get(path).status_code == 303
        assert editor.get(path).status_code == 403
        assert admin.get(path).status_code == 200
    assert 'href="/payouts"' not in editor.get("/links").text


def test_before_there_is_a_payout_the_page_says_how_one_comes(signed_in: SignIn) -> None:
    page = signed_in(FINANCE).get("/payouts").text
    assert "No payout yet" in page
    assert 'name="network"' not in page


def test_payouts_lead_to_their_transactions_and_to_the_rows_as_they_came(signed_in: SignIn, payouts: Services) -> None:
    finance = signed_in(FINANCE)
    first, second = finance.get("/payouts").text, finance.get("/payouts?page=2").text
    assert 'href="/payouts"' in finance.get("/reports/commissions").text  # in the navigation
    assert "INV 50" in first
    assert "Page 1 of 2" in first
    assert "INV 0" in second
    assert "There is no such page" in finance.get("/payouts?page=9").text
    filtered = finance.get("/payouts?payment=invoiced&network=awin").text
    assert "1 payout, as the networks last said" in filtered
    assert "No payout fits" in finance.get("/payouts?network=impact").text
    shown = finance.get("/payouts/51").text
    assert "2 transactions name it and add up to €8.52, all of the payout." in shown
    assert "&lt;b&gt;as it came&lt;/b&gt;" in shown
    assert 'href="/transactions/1"' in shown
    assert 'href="/payouts/51"' in finance.get("/transactions/1").text
    assert "No transaction names this payout" in finance.get("/payouts/1").text


def test_a_question_that_cannot_be_answered_is_refused_in_words(signed_in: SignIn, payouts: Services) -> None:
    finance = signed_in(FINANCE)
    for query in ("payment=owed", "from=x", "to=2026-13-01", "from=2026-02-02&to=2026-02-01"):
        assert finance.get(f"/payouts?{query}").status_code == 422, query
    assert finance.get("/payouts?page=x").status_code == 200
    for path in ("/payouts/0", "/payouts/999", "/payouts/99999999999999999999"):
        assert finance.get(path).status_code == 404, path


def test_scripts_get_payouts_and_what_they_cover(app: APIFlask, payouts: Services) -> None:
    script = Script(app.test_client(), new_token(payouts, "transactions:read"))
    page = script.get("/payouts", per_page=2, network="awin").json
    assert page is not None
    assert (page["total"], [row["number"] for row in page["items"]]) == (51, ["INV 50", "INV 49"])
    assert (page["items"][0]["commission"], page["items"][0]["covered"]) == ("8.52", "8.52")
    one = script.get(f"/payouts/{page['items'][0]['id']}").json
    assert one is not None
    assert {row["external_id"] for row in one["covers"]} == {"1", "2"}
    assert one["payload"]["id"] == 50
    assert script.get("/payouts", payment="owed").status_code == 422
    assert script.get("/payouts/999").status_code == 404
    assert Script(app.test_client(), new_token(payouts, "links:read")).get("/payouts").status_code == 403
    listed = script.get(
        "/transactions", **{"from": "2026-10-01", "to": "2026-11-01", "payment": "paid", "status": "earned"}
    ).json
    assert listed is not None
    assert listed["total"] == 2
