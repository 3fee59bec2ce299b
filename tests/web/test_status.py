from collections.abc import Callable
from datetime import timedelta

import pytest

from affiliate.links.programmes import add_account
from affiliate.networks.asking.api import TRANSACTION
from affiliate.nodes.queries import NodeRow, note_node
from affiliate.store.tables import JournalSegment, Pull
from affiliate.web import Services
from affiliate.web.accounts import ADMIN
from tests.conftest import NOW
from tests.web.conftest import Visitor

SignIn = Callable[[str], Visitor]


@pytest.fixture
def admin(signed_in: SignIn) -> Visitor:
    return signed_in(ADMIN)


def node(services: Services, name: str = "web-1", *, heard_s: int = 5, waits_s: int = 0, problem: str = "") -> None:
    seen_at = NOW - timedelta(seconds=heard_s)
    since = seen_at - timedelta(seconds=waits_s) if waits_s else None
    with services.store.transaction() as session:
        note_node(session, NodeRow(name, "1.0", seen_at, seen_at, 5_000_000 if waits_s else 0, since, 3, problem))


def test_before_any_node_has_reported_the_page_says_how_one_does(admin: Visitor) -> None:
    page = admin.get("/settings/status").text
    assert "No node has told of itself yet" in page
    assert "No click has been loaded yet" in page


def test_nodes_that_are_well_are_said_to_be(admin: Visitor, services: Services) -> None:
    node(services, waits_s=2)
    page = admin.get("/settings/status").text
    assert "All nodes answer, and their loaders keep up." in page
    assert "keeps up</span>" in page


def test_a_node_that_is_behind_and_one_that_is_silent_are_shown_with_what_to_do(
    admin: Visitor, services: Services
) -> None:
    node(services, "web-1", waits_s=300, problem="Clicks have been waiting for 5 minutes to be loaded.")
    node(services, "web-2", heard_s=600, waits_s=300)
    page = admin.get("/settings/status").text
    assert "All nodes answer" not in page
    assert "5 minutes behind" in page
    assert "5.0 MB waiting" in page
    assert "Clicks have been waiting for 5 minutes to be loaded." in page
    assert "Nothing was heard of it for 10 minutes" in page


def test_a_silent_node_can_be_forgotten_once(admin: Visitor, services: Services) -> None:
    node(services, "web-2", heard_s=600)
    assert admin.post("/settings/status/forget", name="web-2").location == "/settings/status"
    page = admin.get("/settings/status").text
    assert "web-2 is forgotten" in page
    assert "No node has told of itself yet" in page
    assert admin.post("/settings/status/forget", name="web-2").status_code == 404


def test_connectors_that_need_somebody_are_named_with_the_way_to_their_page(admin: Visitor, services: Services) -> None:
    assert "There is no publisher account yet." in admin.get("/settings/status").text
    with services.store.transaction() as session:
        account = add_account(session, "awin", "45628", now=NOW)
    assert "All are well, and no row waits." in admin.get("/settings/status").text
    at = NOW - timedelta(days=5)
    with services.store.transaction() as session:
        session.add(
            Pull(
                account_id=account.id,
                basis=TRANSACTION,
                first=at,
                until=at,
                state="done",
                requested_at=at,
                finished_at=at,
            )
        )
    page = admin.get("/settings/status").text
    assert "Awin 45628: Nothing was pulled for 5 days." in page
    assert 'href="/connectors"' in page


def test_what_was_loaded_and_set_aside_is_shown(admin: Visitor, services: Services) -> None:
    with services.store.transaction() as session:
        session.add(JournalSegment(uuid="a" * 32, offset=9, loaded=12_345, set_aside=2, updated_at=NOW))
    page = admin.get("/settings/status").text
    assert "12,345" in page
    assert "2 records were set aside in all" in page
