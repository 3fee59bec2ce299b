"""The status page with nodes that are not well, which the demo newsroom does not have."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from affiliate.clock import utc_now
from affiliate.nodes.queries import NodeRow, note_node
from affiliate.store import Store
from tests.browser.checks import assert_sound, shoot
from tests.browser.newsroom import Newsroom, reload_until


def test_a_node_of_ours_is_there_and_well_by_itself(demo: Newsroom, page: Page) -> None:
    demo.log_in(page, "admin")
    page.goto(f"{demo.address}/settings/status")
    reload_until(page, page.get_by_text("All nodes answer, and their loaders keep up."))
    assert_sound(page)


def test_what_is_wrong_with_nodes_is_said_and_a_silent_one_is_forgotten(demo: Newsroom, page: Page) -> None:
    now = utc_now()
    ill = NodeRow(
        "web-2.magazine.example",
        "0.1.0",
        now,
        now - timedelta(minutes=4),
        48_000_000,
        now - timedelta(minutes=4),
        17,
        "Clicks have been waiting for 4 minutes to be loaded; its log says why.",
    )
    gone = ill._replace(name="web-3.magazine.example", seen_at=now - timedelta(hours=3), problem="")
    store = Store(f"sqlite:///{demo.data / 'affiliate.db'}")
    with store.transaction() as session:
        note_node(session, ill)
        note_node(session, gone)
    demo.log_in(page, "admin")
    page.goto(f"{demo.address}/settings/status")
    expect(page.get_by_role("main")).to_contain_text("4 minutes behind")
    expect(page.get_by_role("main")).to_contain_text("Nothing was heard of it for 3 hours")
    assert_sound(page)
    shoot(page, "state-status-ill")
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("web-3.magazine.example is forgotten")).to_be_visible()
    assert_sound(page)
    with store.transaction() as session:
        note_node(session, ill._replace(seen_at=now - timedelta(hours=3)))
    page.reload()
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("web-2.magazine.example is forgotten")).to_be_visible()
    store.close()
