"""The page of connectors: in the demo as it is, and with connectors that are not well."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from affiliate.clock import utc_now
from affiliate.links.programmes import add_account
from affiliate.networks.asking.api import TRANSACTION
from affiliate.store import Store
from affiliate.store.tables import ImportRun, PublisherAccount, Pull, QuarantinedRow
from tests.browser.checks import assert_sound, shoot
from tests.browser.newsroom import Newsroom
from tests.commissions.sheets import awin_file, awin_row


@pytest.fixture
def ill(demo: Newsroom) -> Iterator[Newsroom]:
    """The demo with an account at Rakuten that was not pulled for 28 days, and rows whose word nobody knows."""
    now = utc_now()
    store = Store(f"sqlite:///{demo.data / 'affiliate.db'}")
    with store.transaction() as session:
        account_id = add_account(session, "rakuten", "3140001", name="North, United States", now=now).id
        for days in (100, 28):
            until = now - timedelta(days=days)
            session.add(
                Pull(
                    account_id=account_id,
                    basis=TRANSACTION,
                    first=until - timedelta(days=30),
                    until=until,
                    state="done",
                    requested_at=until,
                    finished_at=until,
                )
            )
        run = ImportRun(
            kind="transactions",
            network="awin",
            file_name="awin API 2026-10-01–2026-11-01 by change",
            file_sha256="0" * 64,
            as_of=now,
            recorded_at=now,
            rows=2,
            new=0,
            amended=0,
            unchanged=0,
            quarantined=2,
            origin="api",
        )
        session.add(run)
        session.flush()
        for number in (1, 2):
            payload = awin_file(awin_row(number, commissionStatus="provisionally-confirmed")).decode()[1:-1]
            reason = (
                "commissionStatus is 'provisionally-confirmed', an unknown word; known are pending, approved, declined."
            )
            session.add(
                QuarantinedRow(
                    import_run_id=run.id, line=number, reason=reason, payload=payload, word="provisionally-confirmed"
                )
            )
        run_id = run.id
    yield demo
    with store.transaction() as session:
        session.execute(delete(QuarantinedRow).where(QuarantinedRow.import_run_id == run_id))
        session.execute(delete(ImportRun).where(ImportRun.id == run_id))
        session.execute(delete(Pull).where(Pull.account_id == account_id))
        session.execute(delete(PublisherAccount).where(PublisherAccount.id == account_id))
        assert session.scalars(select(Pull.id)).all() == []
    store.close()


def test_connectors_of_the_demo_are_shown_with_their_days(demo: Newsroom, page: Page) -> None:
    demo.log_in(page, "finance")
    page.goto(f"{demo.address}/connectors")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connectors")
    assert_sound(page)
    shoot(page, "connectors")


def test_what_is_wrong_with_connectors_is_said_with_the_way_out(ill: Newsroom, page: Page) -> None:
    ill.log_in(page, "finance")
    page.goto(f"{ill.address}/connectors")
    main = page.get_by_role("main")
    expect(main).to_contain_text("Rakuten Advertising tells only the last 30 days")
    expect(main).to_contain_text("provisionally-confirmed")
    expect(main).to_contain_text("€8.52")
    for details in page.locator("details").all():
        details.locator("summary").click()
    assert_sound(page)
    shoot(page, "state-connectors-ill")
